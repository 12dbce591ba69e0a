// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {RewardMath} from "../math/RewardMath.sol";

/// @title StakeVault
/// @notice Immutable custody of stakes (decision D19). The ledger is kept per token; MASA is the one token listed.
contract StakeVault is IStakeVault, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    uint64 public constant MAX_UNBONDING_DELAY = 90 days;

    IEpochClock public immutable clock;
    address public immutable masa;
    /// @inheritdoc IStakeVault
    uint64 public immutable appealWindow;
    /// @inheritdoc IStakeVault
    uint64 public immutable longestOffencePath;

    /// @notice Seconds between {startUnbonding} and {withdraw}.
    uint64 public unbondingDelay;
    /// @notice May reserve, release and slash; set once by {wire}.
    address public market;
    /// @notice Receives slashed funds after the appeal window.
    address public treasury;

    mapping(address token => mapping(address account => Position)) private _positions;
    mapping(address token => mapping(address account => UnbondingPool)) private _pools;
    mapping(address token => mapping(address account => mapping(uint256 id => UnbondingEntry))) private _entries;
    mapping(address token => uint256) private _totalStaked;
    mapping(address token => uint256) private _totalUnbonding;
    mapping(address token => uint256) private _appealPot;
    mapping(address token => mapping(uint64 epoch => uint256)) private _slashedIn;

    /// @param owner_ Wires the market and sets parameters; the timelock after deployment.
    constructor(
        address owner_,
        IEpochClock clock_,
        address masa_,
        address treasury_,
        uint64 unbondingDelay_,
        uint64 appealWindow_,
        uint64 longestOffencePath_
    ) Ownable(owner_) {
        if (masa_ == address(0) || address(clock_) == address(0)) revert StakeVault_ZeroAddress();
        if (longestOffencePath_ <= appealWindow_ || longestOffencePath_ >= MAX_UNBONDING_DELAY) {
            revert StakeVault_DelayOutOfRange(longestOffencePath_, appealWindow_ + 1, MAX_UNBONDING_DELAY - 1);
        }
        clock = clock_;
        masa = masa_;
        appealWindow = appealWindow_;
        longestOffencePath = longestOffencePath_;
        _setTreasury(treasury_);
        _setUnbondingDelay(unbondingDelay_);
    }

    modifier onlyMarket() {
        if (msg.sender != market) revert StakeVault_NotMarket(msg.sender);
        _;
    }

    // ---------------------------------------------------------------- accounts

    /// @inheritdoc IStakeVault
    function stake(address token, uint256 amount) external nonReentrant {
        _requireListed(token);
        if (amount == 0) revert StakeVault_ZeroAmount();
        Position storage position = _positions[token][msg.sender];
        uint104 staked = (position.staked + amount).toUint104();
        position.staked = staked;
        _totalStaked[token] += amount;
        emit Staked(msg.sender, token, amount, staked);

        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert StakeVault_FeeOnTransfer(token, amount, received);
    }

    /// @inheritdoc IStakeVault
    function startUnbonding(address token, uint256 amount) external returns (uint256 id) {
        _requireListed(token);
        if (amount == 0) revert StakeVault_ZeroAmount();
        Position memory position = _positions[token][msg.sender];
        uint256 free = position.staked - position.reserved;
        if (amount > free) revert StakeVault_InsufficientFreeStake(msg.sender, free, amount);

        UnbondingPool storage pool = _pools[token][msg.sender];
        uint256 shares = pool.shares == 0 ? amount : FixedPointMathLib.fullMulDiv(amount, pool.shares, pool.amount);
        if (shares == 0 || pool.shares + shares > type(uint152).max) revert StakeVault_QueueDiluted(msg.sender);
        pool.amount = (pool.amount + amount).toUint104();
        pool.shares += uint152(shares);

        id = position.nextUnbondingId;
        uint40 maturesAt = uint40(block.timestamp + unbondingDelay);
        _entries[token][msg.sender][id] = UnbondingEntry(uint152(shares), maturesAt, position.generation);
        position.staked -= uint104(amount);
        ++position.nextUnbondingId;
        _positions[token][msg.sender] = position;
        _totalStaked[token] -= amount;
        _totalUnbonding[token] += amount;
        emit UnbondingStarted(msg.sender, token, id, amount, maturesAt);
    }

    /// @inheritdoc IStakeVault
    function withdraw(address token, uint256 id) external nonReentrant returns (uint256 amount) {
        UnbondingEntry memory entry = _entries[token][msg.sender][id];
        if (entry.shares == 0) revert StakeVault_UnknownEntry(msg.sender, id);
        if (block.timestamp < entry.maturesAt) {
            revert StakeVault_NotMatured(msg.sender, id, entry.maturesAt, block.timestamp);
        }
        delete _entries[token][msg.sender][id];
        if (entry.generation == _positions[token][msg.sender].generation) {
            UnbondingPool memory pool = _pools[token][msg.sender];
            amount = FixedPointMathLib.fullMulDiv(entry.shares, pool.amount, pool.shares);
            pool.amount -= uint104(amount);
            pool.shares -= entry.shares;
            _pools[token][msg.sender] = pool;
            _totalUnbonding[token] -= amount;
        }
        emit Withdrawn(msg.sender, token, id, amount);
        if (amount != 0) IERC20(token).safeTransfer(msg.sender, amount);
    }

    // ---------------------------------------------------------------- market

    /// @inheritdoc IStakeVault
    function reserve(address account, uint256 amount) external onlyMarket {
        Position storage position = _positions[masa][account];
        uint256 free = position.staked - position.reserved;
        if (amount > free) revert StakeVault_InsufficientFreeStake(account, free, amount);
        position.reserved += uint104(amount);
        emit Reserved(account, amount, position.reserved);
    }

    /// @inheritdoc IStakeVault
    function release(address account, uint256 amount) external onlyMarket {
        Position storage position = _positions[masa][account];
        position.reserved -= amount.toUint104();
        emit Released(account, amount, position.reserved);
    }

    /// @inheritdoc IStakeVault
    /// @dev The part taken from stake is at most `amount <= reservation`, so `reserved <= staked` survives.
    function slash(address account, uint256 reservation, uint256 amount) external onlyMarket returns (uint256 slashed) {
        address token = masa;
        Position memory position = _positions[token][account];
        UnbondingPool memory pool = _pools[token][account];
        uint256 held = uint256(position.staked) + pool.amount;
        slashed = held - RewardMath.stakeAfterSlash(held, amount);
        uint256 fromUnbonding = held == 0 ? 0 : (slashed * pool.amount) / held;
        uint256 fromStake = slashed - fromUnbonding; // <= ⌈slashed·staked / held⌉ <= staked

        position.reserved -= reservation.toUint104();
        position.staked -= uint104(fromStake);
        if (fromUnbonding != 0) {
            pool.amount -= uint104(fromUnbonding);
            if (pool.amount == 0) {
                pool.shares = 0;
                ++position.generation;
            }
            _pools[token][account] = pool;
            _totalUnbonding[token] -= fromUnbonding;
        }
        _positions[token][account] = position;
        _totalStaked[token] -= fromStake;
        _appealPot[token] += slashed;
        uint64 epoch = clock.currentEpoch();
        _slashedIn[token][epoch] += slashed;
        emit Slashed(account, token, amount, fromStake, fromUnbonding, epoch);
    }

    /// @inheritdoc IStakeVault
    function releaseSlashedFunds(address token, uint64 epoch) external nonReentrant returns (uint256 amount) {
        uint256 releasableAt = uint256(clock.epochStart(epoch + 1)) + appealWindow;
        if (block.timestamp < releasableAt) revert StakeVault_AppealOpen(epoch, releasableAt, block.timestamp);
        amount = _slashedIn[token][epoch];
        if (amount == 0) revert StakeVault_NothingToRelease(epoch);
        delete _slashedIn[token][epoch];
        _appealPot[token] -= amount;
        emit SlashedFundsReleased(token, epoch, treasury, amount);
        IERC20(token).safeTransfer(treasury, amount);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the market, once.
    function wire(address market_) external onlyOwner {
        if (market != address(0)) revert StakeVault_AlreadyWired(market);
        if (market_ == address(0)) revert StakeVault_ZeroAddress();
        market = market_;
        emit Wired(market_);
    }

    /// @notice Sets the delay of entries queued from now on.
    /// @param delay Seconds, above `longestOffencePath`.
    function setUnbondingDelay(uint64 delay) external onlyOwner {
        _setUnbondingDelay(delay);
    }

    function setTreasury(address treasury_) external onlyOwner {
        _setTreasury(treasury_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function stakeUnitsOf(address account) external view returns (uint256) {
        return _positions[masa][account].staked;
    }

    /// @inheritdoc IStakeVault
    function masaStakeOf(address account) external view returns (uint256) {
        return _positions[masa][account].staked;
    }

    /// @inheritdoc IStakeVault
    function positionOf(address account, address token) external view returns (Position memory) {
        return _positions[token][account];
    }

    /// @inheritdoc IStakeVault
    function unbondingPoolOf(address account, address token) external view returns (UnbondingPool memory) {
        return _pools[token][account];
    }

    /// @inheritdoc IStakeVault
    function unbondingEntryOf(
        address account,
        address token,
        uint256 id
    ) external view returns (UnbondingEntry memory entry, uint256 amount) {
        entry = _entries[token][account][id];
        UnbondingPool memory pool = _pools[token][account];
        if (entry.shares != 0 && entry.generation == _positions[token][account].generation) {
            amount = FixedPointMathLib.fullMulDiv(entry.shares, pool.amount, pool.shares);
        }
    }

    /// @inheritdoc IStakeVault
    function totalsOf(address token) external view returns (uint256 staked, uint256 unbonding, uint256 appealPot) {
        return (_totalStaked[token], _totalUnbonding[token], _appealPot[token]);
    }

    /// @inheritdoc IStakeVault
    function slashedFundsOf(address token, uint64 epoch) external view returns (uint256) {
        return _slashedIn[token][epoch];
    }

    // ---------------------------------------------------------------- internal

    function _requireListed(address token) private view {
        if (token != masa) revert StakeVault_UnlistedToken(token);
    }

    function _setUnbondingDelay(uint64 delay) private {
        if (delay <= longestOffencePath || delay > MAX_UNBONDING_DELAY) {
            revert StakeVault_DelayOutOfRange(delay, longestOffencePath + 1, MAX_UNBONDING_DELAY);
        }
        emit UnbondingDelaySet(unbondingDelay, delay);
        unbondingDelay = delay;
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert StakeVault_ZeroAddress();
        emit TreasurySet(treasury, treasury_);
        treasury = treasury_;
    }
}
