// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IGuardian} from "../interfaces/IGuardian.sol";
import {IStakeObserver} from "../interfaces/IStakeObserver.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {CollateralMath} from "../math/CollateralMath.sol";
import {ListedToken} from "./ListedToken.sol";
import {VaultRights} from "./VaultRights.sol";

/// @title StakeVault
/// @notice Immutable custody of stakes (decision D19). See {IStakeVault}.
contract StakeVault is VaultRights, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev Everything of one account. Arrays are by token: MASA, TAO.
    struct Account {
        Exposure exposure;
        Position[2] positions;
        /// Shares of a queue, kept only once a slash has cut it (flag QUEUE_CUT): until then shares are token units.
        uint256[2] shares;
        Deferral deferral;
        mapping(uint256 id => UnbondingEntry)[2] entries;
        mapping(uint256 id => SlashRecord) slashes;
    }

    /// @dev Sums over all accounts for one token. One slot and the pot. All three together fit 104 bits: {_stake} lets in
    /// no more, so no part of an account or of a sum outgrows its field.
    struct Ledger {
        uint104 staked;
        uint104 unbonding;
        uint256 appealPot;
    }

    uint128 public constant MAX_TAO_WEIGHT = 1_000_000e18;
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;
    uint256 private constant WAD = 1e18;
    uint256 private constant MASA = 0;
    uint256 private constant TAO = 1;
    /// @dev Flags of {Exposure}: the account has held TAO; the queue of a token keeps shares; a slash is deferred.
    uint8 private constant HAS_TAO = 1;
    uint8 private constant QUEUE_CUT = 2; // MASA; TAO has the next bit
    uint8 private constant DEFERRED = 8;

    /// @inheritdoc IStakeVault
    address public immutable masa;
    /// @inheritdoc IStakeVault
    address public immutable tao;
    /// @dev 10^(18 − decimals of TAO).
    uint256 private immutable _taoScale;
    Collateral private _collateral;
    SlashDestinations private _destinations;
    Ledger[2] private _ledgers;
    mapping(address account => Account) private _accounts;

    /// @param tao_ The wrapped TAO, or the zero address where the network has none.
    constructor(
        address owner_,
        IEpochClock clock_,
        address masa_,
        address tao_,
        Delays memory delays,
        Collateral memory collateral_,
        SlashDestinations memory destinations
    ) Ownable(owner_) VaultRights(clock_, delays) {
        if (masa_ == tao_) revert StakeVault_TokenRefused(tao_, "MASA and TAO are one token");
        if (ListedToken.check(masa_) != 18) revert StakeVault_TokenRefused(masa_, "MASA has 18 decimals");
        masa = masa_;
        tao = tao_;
        _taoScale = tao_ == address(0) ? 1 : 10 ** (18 - ListedToken.check(tao_));
        _setCollateral(collateral_);
        _setDestinations(destinations);
    }

    // ---------------------------------------------------------------- accounts

    /// @inheritdoc IStakeVault
    function stake(address token, uint256 amount) external nonReentrant {
        _stake(token, amount);
    }

    /// @inheritdoc IStakeVault
    function stakeWithPermit(
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        _indexOf(token);
        // Whoever front-runs the permit has only granted the allowance that the transfer needs.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(token, amount);
    }

    /// @inheritdoc IStakeVault
    function startUnbonding(address token, uint256 amount) external returns (uint256 id) {
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        Position memory p = a.positions[i];
        // Reserved stake may leave too: it is slashable in the queue for longer than any commitment is open, so no module
        // can hold stake fast by reserving it.
        if (amount == type(uint256).max) amount = p.staked;
        if (amount == 0) revert StakeVault_ZeroAmount();
        if (amount > p.staked) revert StakeVault_InsufficientStake(msg.sender, p.staked, amount);

        uint256 poolShares = _poolShares(a, i, e, p);
        uint256 shares = poolShares == 0 ? amount : FixedPointMathLib.fullMulDiv(amount, poolShares, p.queued);
        if (shares == 0 || poolShares + shares > type(uint152).max) revert StakeVault_QueueDiluted(msg.sender);
        id = p.nextUnbondingId;
        uint40 maturesAt = uint40(block.timestamp) + unbondingDelay;
        a.entries[i][id] = UnbondingEntry(uint152(shares), maturesAt, p.generation);
        uint256 previous = p.staked;
        p.staked -= uint104(amount);
        p.queued += uint104(amount);
        ++p.nextUnbondingId;
        _storeQueue(a, i, e, p, poolShares + shares);
        _moveToQueue(i, amount);
        emit UnbondingStarted(msg.sender, token, id, amount, maturesAt);
        if (i == MASA) _notify(msg.sender, previous, p.staked);
    }

    /// @inheritdoc IStakeVault
    function cancelUnbonding(address token, uint256 id) external returns (uint256 amount) {
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        Position memory p = a.positions[i];
        UnbondingEntry memory entry = _requireEntry(a, i, id);
        uint256 poolShares = _poolShares(a, i, e, p);
        amount = _worth(entry, p, poolShares);
        delete a.entries[i][id];
        uint256 previous = p.staked;
        if (entry.generation == p.generation) {
            p.staked += uint104(amount);
            p.queued -= uint104(amount);
            _storeQueue(a, i, e, p, poolShares - entry.shares);
            Ledger storage ledger = _ledgers[i];
            ledger.staked += uint104(amount);
            ledger.unbonding -= uint104(amount);
        }
        emit UnbondingCancelled(msg.sender, token, id, amount);
        if (i == MASA) _notify(msg.sender, previous, p.staked);
    }

    /// @inheritdoc IStakeVault
    function withdraw(
        address token,
        uint256 id,
        uint256 amount,
        address recipient
    ) external nonReentrant returns (uint256 paid) {
        if (recipient == address(0)) revert StakeVault_ZeroAddress();
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        UnbondingEntry memory entry = _requireEntry(a, i, id);
        if (block.timestamp < entry.maturesAt) {
            revert StakeVault_NotMatured(msg.sender, id, entry.maturesAt, block.timestamp);
        }
        Position memory p = a.positions[i];
        uint256 poolShares = _poolShares(a, i, e, p);
        uint256 worth = _worth(entry, p, poolShares);
        if (amount == 0) revert StakeVault_ZeroAmount();
        if (amount != type(uint256).max && amount > worth) {
            revert StakeVault_EntryTooSmall(msg.sender, id, worth, amount);
        }
        uint256 shares = entry.shares;
        if (amount >= worth) {
            paid = worth;
            delete a.entries[i][id];
        } else {
            paid = amount;
            shares = FixedPointMathLib.fullMulDivUp(amount, poolShares, p.queued);
            a.entries[i][id].shares = uint152(entry.shares - shares);
        }
        if (entry.generation == p.generation) {
            p.queued -= uint104(paid);
            _storeQueue(a, i, e, p, poolShares - shares);
            _ledgers[i].unbonding -= uint104(paid);
        }
        if (e.flags & DEFERRED != 0) _requireUnfrozen(msg.sender, a);
        emit Withdrawn(msg.sender, token, id, recipient, paid);
        if (paid != 0) IERC20(token).safeTransfer(recipient, paid);
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc IStakeVault
    function reserve(address account, uint256 amount) external {
        _requireSlasher(msg.sender);
        Account storage a = _accounts[account];
        Exposure memory e = _settled(account, a);
        uint256 held = uint256(e.reserved) + (e.flags & DEFERRED == 0 ? 0 : _frozen(a));
        uint256 free = _saturatingSub(a.positions[MASA].staked, held);
        if (amount > free) revert StakeVault_InsufficientFreeStake(account, free, amount);
        e.reserved += uint104(amount);
        _storeExposure(a, e);
        emit Reserved(account, amount, e.reserved);
    }

    /// @inheritdoc IStakeVault
    function release(address account, uint256 amount) external {
        _requireReleaser(msg.sender);
        Exposure storage e = _accounts[account].exposure;
        uint256 reserved = e.reserved;
        uint256 released = amount < reserved ? amount : reserved;
        reserved -= released;
        e.reserved = uint104(reserved);
        emit Released(account, released, reserved);
    }

    /// @inheritdoc IStakeVault
    function slash(address account, uint256 reservation, uint256 amount) external returns (uint256 booked) {
        Account storage a = _accounts[account];
        Exposure storage e = a.exposure;
        uint256 word;
        assembly ("memory-safe") {
            word := sload(e.slot)
        }
        // A module that was revoked may have released more than its own: no report reverts for it.
        if (reservation > uint104(word)) reservation = uint104(word);
        if (amount > reservation) amount = _coverable(a, reservation, amount);
        booked = _spend(amount);
        if (booked != amount) {
            _deferOrForgo(account, a, amount - booked);
            assembly ("memory-safe") {
                word := sload(e.slot)
            }
        }
        assembly ("memory-safe") {
            // `reserved` and `pendingCut` lie beside each other: one write for both. No borrow, as `reserved` holds the
            // reservation; no carry, see {_coverable}.
            sstore(e.slot, add(sub(word, reservation), shl(104, booked)))
        }
        emit SlashBooked(account, msg.sender, booked);
    }

    /// @inheritdoc IStakeVault
    function reverseSlash(address account, uint256 id, uint256 masa_, uint256 tao_) external {
        if (msg.sender != address(guardian)) revert StakeVault_NotGuardian(msg.sender);
        Account storage a = _accounts[account];
        SlashRecord memory record = _requireSlash(a, account, id);
        if (masa_ > record.masa || tao_ > record.tao) {
            revert StakeVault_MoreThanSlashed(account, id, record.masa, record.tao);
        }
        _settled(account, a);
        record.masa -= uint104(masa_);
        record.tao -= uint104(tao_);
        a.slashes[id] = record;
        uint256 previous = a.positions[MASA].staked;
        _giveBack(a, MASA, uint104(masa_));
        if (tao_ != 0) _giveBack(a, TAO, uint104(tao_));
        emit SlashReversed(account, id, masa_, tao_);
        _notify(account, previous, previous + masa_);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IStakeVault
    function applySlash(address account) external returns (uint256 id) {
        Account storage a = _accounts[account];
        if (a.exposure.pendingCut == 0) return 0;
        return _settled(account, a).slashes;
    }

    /// @inheritdoc IStakeVault
    function bookDeferred(address account) external returns (uint256 booked) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        Deferral memory d = a.deferral;
        if (e.flags & DEFERRED == 0 || _frozen(a) == 0) revert StakeVault_NothingDeferred(account);
        booked = _spendDeferred(d.slasher, d.amount);
        d.amount -= uint96(booked);
        a.deferral = d;
        if (d.amount == 0) e.flags &= ~DEFERRED;
        e.pendingCut += uint104(booked);
        _storeExposure(a, e);
        emit DeferredSlashBooked(account, d.slasher, booked, d.amount);
    }

    /// @inheritdoc IStakeVault
    function releaseSlash(address account, uint256 id) external nonReentrant {
        Account storage a = _accounts[account];
        SlashRecord memory record = _requireSlash(a, account, id);
        if (block.timestamp <= record.releasableAt) {
            revert StakeVault_AppealOpen(account, id, record.releasableAt, block.timestamp);
        }
        bool guarded =
            address(guardian) != address(0) && guardian.rightUntil(IGuardian.Right.ReverseSlash) >= record.releasableAt;
        if (!guarded && msg.sender != owner()) revert StakeVault_WaitsForGovernance(account, id);
        delete a.slashes[id];
        _payOut(account, id, MASA, record.masa);
        _payOut(account, id, TAO, record.tao);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Sets how TAO counts. The weight moves by at most a factor of 2 at a time.
    function setCollateral(Collateral calldata collateral_) external onlyOwner {
        uint256 current = _collateral.taoWeight;
        _requireWithin("taoWeight", collateral_.taoWeight, (current + 1) / 2, current * 2);
        _setCollateral(collateral_);
    }

    function setSlashDestinations(SlashDestinations calldata destinations) external onlyOwner {
        _setDestinations(destinations);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function stakeUnitsOf(address account) external view returns (uint256) {
        (uint256 masaStaked, uint256 taoUnits) = _netStake(account);
        return masaStaked + taoUnits;
    }

    /// @inheritdoc IStakeVault
    function stakeToward(address account, uint256 required) external view returns (uint256 units) {
        (units, ) = standingStakeOf(account, required);
    }

    /// @inheritdoc IStakeVault
    function standingStakeOf(
        address account,
        uint256 required
    ) public view returns (uint256 units, uint256 masaStaked) {
        uint256 taoUnits;
        (masaStaked, taoUnits) = _netStake(account);
        units = masaStaked;
        if (taoUnits != 0) units += CollateralMath.cappedUnitsDown(taoUnits, required, _collateral.taoMaxShare);
    }

    /// @inheritdoc IStakeVault
    function masaStakeOf(address account) external view returns (uint256 masaStaked) {
        (masaStaked, ) = _netStake(account);
    }

    /// @inheritdoc IStakeVault
    function taoUnitsDown(uint256 amount) public view returns (uint256) {
        return CollateralMath.unitsDown(amount, _taoScale, _collateral.taoWeight);
    }

    /// @inheritdoc IStakeVault
    function positionOf(address account, address token) external view returns (Position memory p) {
        (p, ) = _netPosition(account, _indexOf(token));
    }

    /// @inheritdoc IStakeVault
    function exposureOf(address account) external view returns (Exposure memory) {
        return _accounts[account].exposure;
    }

    /// @inheritdoc IStakeVault
    function deferralOf(address account) external view returns (Deferral memory d) {
        if (_frozen(_accounts[account]) != 0) d = _accounts[account].deferral;
    }

    /// @inheritdoc IStakeVault
    function unbondingEntryOf(
        address account,
        address token,
        uint256 id
    ) external view returns (UnbondingEntry memory entry, uint256 worth) {
        uint256 i = _indexOf(token);
        entry = _accounts[account].entries[i][id];
        (Position memory p, uint256 poolShares) = _netPosition(account, i);
        worth = _worth(entry, p, poolShares);
    }

    /// @inheritdoc IStakeVault
    function slashRecordOf(address account, uint256 id) external view returns (SlashRecord memory) {
        return _accounts[account].slashes[id];
    }

    /// @inheritdoc IStakeVault
    function totalsOf(address token) external view returns (uint256 staked, uint256 unbonding, uint256 appealPot) {
        Ledger memory ledger = _ledgers[_indexOf(token)];
        return (ledger.staked, ledger.unbonding, ledger.appealPot);
    }

    /// @inheritdoc IStakeVault
    function collateral() external view returns (Collateral memory) {
        return _collateral;
    }

    /// @inheritdoc IStakeVault
    function slashDestinations() external view returns (SlashDestinations memory) {
        return _destinations;
    }

    // ---------------------------------------------------------------- stake

    /// @inheritdoc VaultRights
    function _masaStaked() internal view override returns (uint256) {
        return _ledgers[MASA].staked;
    }

    function _stake(address token, uint256 amount) private {
        uint256 i = _indexOf(token);
        if (amount == 0) revert StakeVault_ZeroAmount();
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        if (i == TAO && e.flags & HAS_TAO == 0) a.exposure.flags = e.flags | HAS_TAO;
        Position storage p = a.positions[i];
        Ledger storage ledger = _ledgers[i];
        uint256 owed = uint256(ledger.staked) + ledger.unbonding + ledger.appealPot;
        // What it then owes fits 104 bits, and so does every part of it, whatever moves between them later.
        (owed + amount).toUint104();
        ledger.staked += uint104(amount);
        uint256 previous = p.staked;
        uint104 staked = uint104(previous + amount);
        p.staked = staked;
        emit Staked(msg.sender, token, amount, staked);
        if (i == MASA) _notify(msg.sender, previous, staked);

        uint256 before = IERC20(token).balanceOf(address(this));
        if (before < owed) revert StakeVault_Insolvent(token, owed, before);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert StakeVault_FeeOnTransfer(token, amount, received);
    }

    /// @dev The sums lie beside each other: one write moves an amount from stake to queue.
    function _moveToQueue(uint256 i, uint256 amount) private {
        Ledger storage ledger = _ledgers[i];
        assembly ("memory-safe") {
            // No borrow, as the sum of stakes holds the amount; no carry, as all that the vault owes fits 104 bits.
            sstore(ledger.slot, add(sub(sload(ledger.slot), amount), shl(104, amount)))
        }
    }

    function _notify(address account, uint256 previous, uint256 current) private {
        IStakeObserver told = observer;
        if (address(told) != address(0)) told.onStakeChanged(account, previous, current);
    }

    /// @dev Shares of all entries of a queue.
    function _poolShares(
        Account storage a,
        uint256 i,
        Exposure memory e,
        Position memory p
    ) private view returns (uint256) {
        return e.flags & _cutFlag(i) == 0 ? p.queued : a.shares[i];
    }

    /// @dev Stores a position whose queue changed, and its shares where they differ from token units. An empty queue
    /// forgets that it was cut. `e` is the stored exposure.
    function _storeQueue(Account storage a, uint256 i, Exposure memory e, Position memory p, uint256 shares) private {
        _storePosition(a, i, p);
        if (e.flags & _cutFlag(i) == 0) return;
        a.shares[i] = shares;
        if (shares == 0) {
            e.flags &= ~_cutFlag(i);
            a.exposure.flags = e.flags;
        }
    }

    /// @dev Token units of an entry, rounded down; the last shares of a queue are worth all that is left.
    function _worth(UnbondingEntry memory entry, Position memory p, uint256 poolShares) private pure returns (uint256) {
        if (entry.shares == 0 || entry.generation != p.generation) return 0;
        return FixedPointMathLib.fullMulDiv(entry.shares, p.queued, poolShares);
    }

    function _requireEntry(
        Account storage a,
        uint256 i,
        uint256 id
    ) private view returns (UnbondingEntry memory entry) {
        entry = a.entries[i][id];
        if (entry.shares == 0) revert StakeVault_UnknownEntry(msg.sender, id);
    }

    /// @dev One write for all fields, which the compiler would store one by one.
    function _storePosition(Account storage a, uint256 i, Position memory p) private {
        Position storage stored = a.positions[i];
        uint256 word =
            p.staked |
                (uint256(p.queued) << 104) |
                (uint256(p.nextUnbondingId) << 208) |
                (uint256(p.generation) << 232);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    /// @dev See {_storePosition}.
    function _storeExposure(Account storage a, Exposure memory e) private {
        Exposure storage stored = a.exposure;
        uint256 word =
            e.reserved | (uint256(e.pendingCut) << 104) | (uint256(e.flags) << 208) | (uint256(e.slashes) << 216);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    // ---------------------------------------------------------------- slashes

    /// @dev Applies what is booked; the exposure as stored then.
    function _settled(address account, Account storage a) private returns (Exposure memory e) {
        e = a.exposure;
        if (e.pendingCut == 0) return e;
        uint256 pending = e.pendingCut;
        Position memory m = a.positions[MASA];
        Position memory t;
        if (e.flags & HAS_TAO != 0) t = a.positions[TAO];
        CollateralMath.Cut memory cut = _cut(m, t, e.reserved, pending);
        uint256 previous = m.staked;
        _take(a, e, MASA, m, cut.masaStaked, cut.masaQueued);
        _take(a, e, TAO, t, cut.taoStaked, cut.taoQueued);
        e.pendingCut = 0;
        uint256 id = ++e.slashes;
        _storeExposure(a, e);
        a.slashes[id] = SlashRecord(
            uint104(cut.masaStaked + cut.masaQueued),
            uint104(cut.taoStaked + cut.taoQueued),
            uint40(block.timestamp) + appealWindow
        );
        emit SlashApplied(
            account,
            id,
            pending,
            cut.masaStaked,
            cut.masaQueued,
            cut.taoStaked,
            cut.taoQueued,
            cut.shortfall
        );
        if (cut.masaStaked != 0) _notify(account, previous, m.staked);
    }

    /// @dev Moves a cut of one token from an account to the pot. Changes `e` in memory only.
    function _take(
        Account storage a,
        Exposure memory e,
        uint256 i,
        Position memory p,
        uint256 fromStake,
        uint256 fromQueue
    ) private {
        if (fromStake + fromQueue == 0) return;
        if (fromQueue != 0) {
            uint256 poolShares = _poolShares(a, i, e, p);
            p.queued -= uint104(fromQueue);
            if (p.queued == 0) {
                ++p.generation;
                e.flags &= ~_cutFlag(i);
            } else {
                e.flags |= _cutFlag(i);
                a.shares[i] = poolShares;
            }
        }
        p.staked -= uint104(fromStake);
        _storePosition(a, i, p);
        Ledger storage ledger = _ledgers[i];
        ledger.staked -= uint104(fromStake);
        ledger.unbonding -= uint104(fromQueue);
        ledger.appealPot += fromStake + fromQueue;
    }

    function _giveBack(Account storage a, uint256 i, uint104 amount) private {
        a.positions[i].staked += amount;
        _ledgers[i].staked += amount;
        _ledgers[i].appealPot -= amount;
    }

    function _payOut(address account, uint256 id, uint256 i, uint256 amount) private {
        if (amount == 0) return;
        SlashDestinations memory to = _destinations;
        uint256 compensated = (amount * to.compensationShare) / WAD;
        uint256 burned = (amount * to.burnShare) / WAD;
        uint256 kept = amount - compensated - burned;
        _ledgers[i].appealPot -= amount;
        IERC20 token = IERC20(i == MASA ? masa : tao);
        emit SlashReleased(account, id, address(token), kept, compensated, burned);
        if (kept != 0) token.safeTransfer(to.treasury, kept);
        if (compensated != 0) token.safeTransfer(to.compensation, compensated);
        if (burned != 0) token.safeTransfer(BURN_ADDRESS, burned);
    }

    /// @dev `amount`, cut down to the reservation and what the account holds beyond its other reservations and earlier
    /// bookings. Whatever the TAO is worth, no more than 104 bits are ever spoken for: a slash within its reservation
    /// and a deferral that is booked move what is spoken for already, and {reserve} adds staked MASA alone.
    function _coverable(Account storage a, uint256 reservation, uint256 amount) private view returns (uint256) {
        Exposure memory e = a.exposure;
        uint256 spokenFor = uint256(e.reserved) + e.pendingCut + (e.flags & DEFERRED == 0 ? 0 : _frozen(a));
        uint256 held = _heldUnits(a, e);
        if (held > type(uint104).max) held = type(uint104).max;
        uint256 most = _saturatingSub(held + reservation, spokenFor);
        if (amount <= most) return amount;
        return most > reservation ? most : reservation;
    }

    /// @dev Freezes what the epoch's cap leaves no room for, for the calling slasher; what cannot be frozen is forgone.
    /// One deferral an account: another slasher's is left alone.
    function _deferOrForgo(address account, Account storage a, uint256 excess) private {
        Exposure memory e = a.exposure;
        Deferral memory d = a.deferral;
        uint256 accepted;
        if (e.flags & DEFERRED == 0 || _isRevoked(d.slasher)) d = Deferral(msg.sender, 0);
        if (d.slasher == msg.sender) accepted = _growDeferral(d.amount, excess);
        if (accepted != 0) {
            a.deferral = Deferral(msg.sender, (d.amount + accepted).toUint96());
            a.exposure.flags = e.flags | DEFERRED;
            emit SlashDeferred(account, msg.sender, accepted);
        }
        if (accepted != excess) emit SlashForgone(account, msg.sender, excess - accepted);
    }

    /// @dev Stake units that a deferral holds; none once its slasher is revoked.
    function _frozen(Account storage a) private view returns (uint256) {
        Deferral memory d = a.deferral;
        return d.amount == 0 || _isRevoked(d.slasher) ? 0 : d.amount;
    }

    /// @dev What a deferral needs lies beside what backs commitments: a deferral that is booked leaves that alone. Only
    /// active stake backs them here, so that reservations alone never hold a queue fast.
    function _requireUnfrozen(address account, Account storage a) private view {
        uint256 frozen = _frozen(a);
        Exposure memory e = a.exposure;
        uint256 staked = a.positions[MASA].staked;
        uint256 held = _saturatingSub(_heldUnits(a, e), e.reserved < staked ? e.reserved : staked);
        if (held < frozen) revert StakeVault_Frozen(account, frozen, held);
    }

    function _requireSlash(
        Account storage a,
        address account,
        uint256 id
    ) private view returns (SlashRecord memory record) {
        record = a.slashes[id];
        if (record.releasableAt == 0) revert StakeVault_NoSuchSlash(account, id);
    }

    // ---------------------------------------------------------------- net of bookings

    function _cut(
        Position memory m,
        Position memory t,
        uint256 reserved,
        uint256 pending
    ) private view returns (CollateralMath.Cut memory) {
        return
            CollateralMath.cut(
                [uint256(m.staked), m.queued, t.staked, t.queued],
                reserved,
                pending,
                _taoScale,
                t.staked + t.queued == 0 ? 0 : _collateral.taoWeight
            );
    }

    /// @dev Active and queued stake of both tokens, stake units, before bookings.
    function _heldUnits(Account storage a, Exposure memory e) private view returns (uint256 held) {
        Position memory m = a.positions[MASA];
        held = uint256(m.staked) + m.queued;
        if (e.flags & HAS_TAO != 0) {
            Position memory t = a.positions[TAO];
            held += taoUnitsDown(uint256(t.staked) + t.queued);
        }
    }

    /// @dev Staked MASA and staked TAO in stake units, net of booked slashes; a deferral is taken from MASA first.
    function _netStake(address account) private view returns (uint256 masaStaked, uint256 taoUnits) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        Position memory m = a.positions[MASA];
        Position memory t;
        if (e.flags & HAS_TAO != 0) t = a.positions[TAO];
        masaStaked = m.staked;
        uint256 taoStaked = t.staked;
        if (e.pendingCut != 0) {
            CollateralMath.Cut memory cut = _cut(m, t, e.reserved, e.pendingCut);
            masaStaked -= cut.masaStaked;
            taoStaked -= cut.taoStaked;
        }
        if (taoStaked != 0) taoUnits = taoUnitsDown(taoStaked);
        if (e.flags & DEFERRED != 0) {
            uint256 frozen = _frozen(a);
            taoUnits = _saturatingSub(taoUnits, _saturatingSub(frozen, masaStaked));
            masaStaked = _saturatingSub(masaStaked, frozen);
        }
    }

    function _netPosition(address account, uint256 i) private view returns (Position memory p, uint256 poolShares) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        p = a.positions[i];
        poolShares = _poolShares(a, i, e, p);
        if (e.pendingCut == 0) return (p, poolShares);
        CollateralMath.Cut memory cut = _cut(a.positions[MASA], a.positions[TAO], e.reserved, e.pendingCut);
        uint256 fromQueue = i == MASA ? cut.masaQueued : cut.taoQueued;
        p.staked -= uint104(i == MASA ? cut.masaStaked : cut.taoStaked);
        p.queued -= uint104(fromQueue);
        if (fromQueue != 0 && p.queued == 0) ++p.generation;
    }

    // ---------------------------------------------------------------- checks

    function _indexOf(address token) private view returns (uint256) {
        if (token == masa) return MASA;
        if (token == address(0) || token != tao) revert StakeVault_UnlistedToken(token);
        return TAO;
    }

    function _setCollateral(Collateral memory c) private {
        _requireWithin("taoWeight", c.taoWeight, 1, MAX_TAO_WEIGHT);
        _requireWithin("taoMaxShare", c.taoMaxShare, 0, WAD);
        emit CollateralSet(_collateral, c);
        _collateral = c;
    }

    function _setDestinations(SlashDestinations memory d) private {
        if (d.treasury == address(0)) revert StakeVault_ZeroAddress();
        if (d.compensationShare != 0 && d.compensation == address(0)) revert StakeVault_ZeroAddress();
        _requireWithin("burnShare", d.burnShare, 0, WAD);
        _requireWithin("compensationShare", d.compensationShare, 0, WAD - d.burnShare);
        emit SlashDestinationsSet(_destinations, d);
        _destinations = d;
    }

    function _cutFlag(uint256 i) private pure returns (uint8) {
        return i == MASA ? QUEUE_CUT : QUEUE_CUT << 1;
    }

    function _saturatingSub(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }
}
