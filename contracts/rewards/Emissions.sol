// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {IEmissions} from "../interfaces/IEmissions.sol";
import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {EmissionMath} from "../math/EmissionMath.sol";

/// @title Emissions
/// @notice The emission pool and the two pots that wait for their parts. See {IEmissions}.
contract Emissions is IEmissions, ModuleRights, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One slot.
    struct Ledger {
        uint128 pool; // wei
        uint64 lastReleased; // epoch
        uint64 parametersFrom; // first epoch of `_parameters`
    }

    /// @dev What one release gives to whom, wei.
    struct Parts {
        uint256 validators;
        uint256 workers;
        uint256 dataContributors;
        uint256 governanceParticipants;
        uint256 total;
    }

    bytes32 public constant RELEASE = "RELEASE";
    bytes32 public constant DATA = "DATA";
    bytes32 public constant GOVERNANCE = "GOVERNANCE";
    /// @notice Bound of the rate, WAD: no single epoch empties more than a tenth of the pool.
    uint256 public constant MAX_RATE = 0.1e18;
    uint256 private constant WAD = 1e18;

    IERC20 public immutable masa;
    IEpochClock public immutable clock;
    IStakeVault public immutable vault;

    Ledger private _ledger;
    /// @dev By pot, wei.
    mapping(Pot pot => uint256) private _pots;
    EmissionParameters private _parameters;
    /// @dev What held before `parametersFrom`: the report of the epoch before a change may still come.
    EmissionParameters private _previous;

    constructor(
        address owner_,
        IERC20 masa_,
        IEpochClock clock_,
        IStakeVault vault_,
        EmissionParameters memory parameters
    ) Ownable(owner_) {
        if (address(masa_) == address(0) || address(clock_) == address(0) || address(vault_) == address(0)) {
            revert Emissions_ZeroAddress();
        }
        masa = masa_;
        clock = clock_;
        vault = vault_;
        _check(parameters);
        emit EmissionParametersSet(0, _parameters, parameters);
        _parameters = parameters;
    }

    /// @notice Names the reward distributor, once.
    function wire(address distributor) external {
        _beginWiring();
        _grant(RELEASE, distributor, block.timestamp);
    }

    /// @inheritdoc IEmissions
    function fund(uint256 amount) external nonReentrant {
        if (amount == 0) revert Emissions_ZeroAmount();
        uint128 held = (_ledger.pool + amount).toUint128();
        _ledger.pool = held;
        emit Funded(msg.sender, amount, held);
        uint256 before = masa.balanceOf(address(this));
        masa.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = masa.balanceOf(address(this)) - before;
        if (received != amount) revert Emissions_FeeOnTransfer(amount, received);
    }

    /// @inheritdoc IEmissions
    function release(uint64 epoch) external nonReentrant onlyModule(RELEASE) returns (uint256, uint256) {
        Ledger memory ledger = _ledger;
        if (epoch <= ledger.lastReleased) revert Emissions_EpochNotAfter(epoch, ledger.lastReleased);
        uint64 current = clock.currentEpoch();
        // With strictly rising epochs this bounds the releases by the epochs that are over, whoever holds the right (I-09).
        if (epoch >= current) revert Emissions_EpochNotOver(epoch, current);
        Parts memory parts = _partsOf(ledger, epoch);
        ledger.lastReleased = epoch;
        // At most the pool: no share of a tenth exceeds the whole.
        ledger.pool -= uint128(parts.total);
        _ledger = ledger;
        _pots[Pot.DataContributors] += parts.dataContributors;
        _pots[Pot.GovernanceParticipants] += parts.governanceParticipants;
        emit Released(
            epoch,
            parts.validators,
            parts.workers,
            parts.dataContributors,
            parts.governanceParticipants,
            ledger.pool
        );
        uint256 sent = parts.validators + parts.workers;
        if (sent != 0) masa.safeTransfer(msg.sender, sent);
        return (parts.validators, parts.workers);
    }

    /// @inheritdoc IEmissions
    function pay(Pot pot, address to, uint256 amount) external nonReentrant onlyModule(_rightOf(pot)) {
        if (to == address(0)) revert Emissions_ZeroAddress();
        if (amount == 0) revert Emissions_ZeroAmount();
        uint256 held = _pots[pot];
        if (amount > held) revert Emissions_InsufficientPot(pot, held, amount);
        _pots[pot] = held - amount;
        emit PaidFromPot(pot, to, amount, held - amount);
        masa.safeTransfer(to, amount);
    }

    /// @inheritdoc IEmissions
    function setEmissionParameters(EmissionParameters calldata parameters) external onlyOwner {
        _check(parameters);
        uint64 current = clock.currentEpoch();
        // A second change within an epoch replaces the first, which has released nothing.
        if (current != _ledger.parametersFrom) {
            _previous = _parameters;
            _ledger.parametersFrom = current;
        }
        emit EmissionParametersSet(current, _parameters, parameters);
        _parameters = parameters;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IEmissions
    function nextRelease() external view returns (uint256 total, uint256 validators, uint256 workers) {
        Ledger memory ledger = _ledger;
        uint64 current = clock.currentEpoch();
        uint64 epoch = current == 0 || ledger.lastReleased + 1 == current ? current : current - 1;
        Parts memory parts = _partsOf(ledger, epoch);
        return (parts.total, parts.validators, parts.workers);
    }

    /// @inheritdoc IEmissions
    function pool() external view returns (uint256) {
        return _ledger.pool;
    }

    /// @inheritdoc IEmissions
    function potOf(Pot pot) external view returns (uint256) {
        return _pots[pot];
    }

    /// @inheritdoc IEmissions
    function lastReleasedEpoch() external view returns (uint64) {
        return _ledger.lastReleased;
    }

    /// @inheritdoc IEmissions
    function emissionParametersFor(uint64 epoch) external view returns (EmissionParameters memory) {
        return _parametersFor(_ledger, epoch);
    }

    // ---------------------------------------------------------------- internal

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    function _partsOf(Ledger memory ledger, uint64 epoch) private view returns (Parts memory parts) {
        EmissionParameters memory p = _parametersFor(ledger, epoch);
        uint256 released = EmissionMath.releaseDown(ledger.pool, p.rate.unwrap());
        parts.validators = EmissionMath.shareDown(released, p.validators.unwrap());
        parts.workers = EmissionMath.shareDown(released, p.workers.unwrap());
        parts.dataContributors = EmissionMath.shareDown(released, p.dataContributors.unwrap());
        parts.governanceParticipants = EmissionMath.shareDown(released, p.governanceParticipants.unwrap());
        parts.total = parts.validators + parts.workers + parts.dataContributors + parts.governanceParticipants;
    }

    function _parametersFor(Ledger memory ledger, uint64 epoch) private view returns (EmissionParameters memory) {
        return epoch < ledger.parametersFrom ? _previous : _parameters;
    }

    function _rightOf(Pot pot) private pure returns (bytes32) {
        return pot == Pot.DataContributors ? DATA : GOVERNANCE;
    }

    function _check(EmissionParameters memory p) private pure {
        uint256 rate = p.rate.unwrap();
        if (rate == 0 || rate > MAX_RATE) revert Emissions_OutOfRange("rate", rate, 1, MAX_RATE);
        uint256 sum =
            uint256(p.validators.unwrap()) +
                p.workers.unwrap() +
                p.dataContributors.unwrap() +
                p.governanceParticipants.unwrap();
        if (sum != WAD) revert Emissions_SharesDoNotSumToOne(sum);
    }
}
