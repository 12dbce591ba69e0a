// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IGuardian} from "../interfaces/IGuardian.sol";
import {IStakeObserver} from "../interfaces/IStakeObserver.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {SlashBudget} from "./SlashBudget.sol";

/// @title VaultRights
/// @notice Who may slash, how much an epoch, and how long everyone can leave before another may (decisions D14, D15,
/// D19). Holds no stake.
abstract contract VaultRights is IStakeVault, Ownable {
    using SlashBudget for Slasher;

    uint40 public constant MAX_UNBONDING_DELAY = 90 days;
    uint40 public constant MAX_MODULE_DELAY = 180 days;
    /// @notice Time to notice a module that waits, on top of unbonding (decision D19).
    uint40 public constant MODULE_MARGIN = 3 days;
    uint256 private constant WAD = 1e18;

    IEpochClock public immutable clock;
    /// @inheritdoc IStakeVault
    uint40 public immutable requestPath;
    /// @inheritdoc IStakeVault
    uint40 public immutable reportPath;
    /// @inheritdoc IStakeVault
    uint40 public immutable evidenceWindow;
    /// @inheritdoc IStakeVault
    uint40 public immutable appealWindow;

    // One slot: what every change of stake reads.
    /// @inheritdoc IStakeVault
    IStakeObserver public observer;
    /// @inheritdoc IStakeVault
    uint40 public unbondingDelay;
    /// @inheritdoc IStakeVault
    uint40 public moduleDelay;

    // One slot.
    /// @inheritdoc IStakeVault
    IGuardian public guardian;
    bool private _wired;
    /// @dev Latest second at which something scheduled takes effect.
    uint40 private _lastActivation;

    // One slot.
    IStakeObserver private _nextObserver;
    uint40 private _observerFrom;

    mapping(address slasher => Slasher) private _slashers;

    constructor(IEpochClock clock_, Delays memory delays) {
        if (address(clock_) == address(0)) revert StakeVault_ZeroAddress();
        clock = clock_;
        requestPath = delays.requestPath;
        reportPath = delays.reportPath;
        evidenceWindow = delays.evidenceWindow;
        appealWindow = delays.appealWindow;
        _requireWithin("appealWindow", delays.appealWindow, 1, MAX_UNBONDING_DELAY);
        _setDelays(delays.unbondingDelay, delays.moduleDelay);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IStakeVault
    function activateSlasher(address slasher) external {
        Slasher storage right = _slashers[slasher];
        if (right.activeFrom == 0 || right.revoked || right.epochEndsAt != 0) {
            revert StakeVault_SlasherUnknown(slasher);
        }
        if (block.timestamp < right.activeFrom) revert StakeVault_TooEarly(right.activeFrom, block.timestamp);
        _activate(slasher);
    }

    /// @inheritdoc IStakeVault
    function activateObserver() external {
        uint40 from = _observerFrom;
        if (from == 0 || block.timestamp < from) revert StakeVault_TooEarly(from, block.timestamp);
        _setObserver(_nextObserver);
        _observerFrom = 0;
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the first slasher, the guardian and the observer, once, at deployment.
    /// @param observer_ May be the zero address: nobody is told.
    function wire(address slasher, uint64 capShare, IGuardian guardian_, IStakeObserver observer_) external onlyOwner {
        if (_wired) revert StakeVault_AlreadyWired();
        _wired = true;
        _schedule(slasher, capShare, uint40(block.timestamp));
        _activate(slasher);
        _setGuardian(guardian_);
        _setObserver(observer_);
    }

    /// @notice Lets `slasher` reserve and slash after `moduleDelay` and {activateSlasher}; without the delay until the
    /// vault is wired, as nobody has staked by then.
    /// @param capShare Most it may slash an epoch, of all staked MASA, WAD; type(uint64).max: no cap, for proofs (D8).
    function scheduleSlasher(address slasher, uint64 capShare) external onlyOwner {
        _schedule(slasher, capShare, _wired ? _afterDelay() : uint40(block.timestamp));
    }

    /// @notice Takes the right away at once and for good; its deferred slashes are void, its bookings stand, and it may
    /// still release what it reserved.
    function revokeSlasher(address slasher) external onlyOwner {
        Slasher storage right = _requireKnown(slasher);
        // One that never began has reserved nothing: it may not release either.
        if (right.epochEndsAt == 0) right.activeFrom = type(uint40).max;
        right.epochEndsAt = 0;
        right.revoked = true;
        emit SlasherRevoked(slasher);
    }

    /// @notice Lowers a cap with the next epoch, raises it with the first epoch after `moduleDelay`.
    function setSlashCap(address slasher, uint64 capShare) external onlyOwner {
        Slasher storage right = _requireKnown(slasher);
        _requireCap(capShare);
        // Or a raise from a cap that has come down, but was not used since, would not wait.
        right.takeDueCap();
        uint40 from = capShare > right.capShare ? _afterDelay() : uint40(block.timestamp);
        emit SlashCapSet(slasher, right.capShare, capShare, from);
        right.setCap(capShare, from);
    }

    /// @notice Names who is told of every change of staked MASA, after `moduleDelay` and {activateObserver}: one that
    /// fails would hold stakes fast.
    function scheduleObserver(IStakeObserver observer_) external onlyOwner {
        _nextObserver = observer_;
        _observerFrom = _afterDelay();
        emit ObserverScheduled(address(observer_), _observerFrom);
    }

    /// @notice Sets the delays of entries queued, and of rights granted, from now on. Seconds.
    function setDelays(uint40 unbondingDelay_, uint40 moduleDelay_) external onlyOwner {
        _setDelays(unbondingDelay_, moduleDelay_);
    }

    function setGuardian(IGuardian guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function slasherOf(address slasher) external view returns (Slasher memory) {
        return _slashers[slasher];
    }

    /// @inheritdoc IStakeVault
    function longestOffencePath() public view returns (uint256) {
        return uint256(requestPath) + reportPath + evidenceWindow + appealWindow;
    }

    // ---------------------------------------------------------------- internal

    /// @dev All staked MASA, wei: what caps are shares of.
    function _masaStaked() internal view virtual returns (uint256);

    function _requireSlasher(address caller) internal view {
        if (_slashers[caller].epochEndsAt == 0) revert StakeVault_NotSlasher(caller);
    }

    /// @dev A revoked slasher may still give back what it reserved: its open commitments must be able to end.
    function _requireReleaser(address caller) internal view {
        Slasher storage right = _slashers[caller];
        if (right.epochEndsAt != 0 || (right.revoked && right.activeFrom <= block.timestamp)) return;
        revert StakeVault_NotSlasher(caller);
    }

    function _isRevoked(address slasher) internal view returns (bool) {
        return _slashers[slasher].revoked;
    }

    /// @dev Takes `amount` from the caller's budget, as far as it goes.
    function _spend(uint256 amount) internal returns (uint256 booked) {
        Slasher storage right = _slashers[msg.sender];
        uint256 word = right.load();
        if (SlashBudget.isStale(word)) {
            _requireSlasher(msg.sender);
            _renew(right);
            word = right.load();
        }
        return right.spend(word, amount);
    }

    /// @dev Takes `amount` from what this epoch sets aside for the deferrals of `slasher`, as far as it goes.
    function _spendDeferred(address slasher, uint256 amount) internal returns (uint256 booked) {
        Slasher storage right = _slashers[slasher];
        if (right.isStale()) _renew(right);
        booked = right.spendDeferred(amount);
        if (booked == 0) revert StakeVault_CapReached(slasher, right.epochEndsAt);
    }

    /// @dev Lets a deferral of the caller grow; see {SlashBudget.defer}.
    function _growDeferral(uint256 previous, uint256 excess) internal returns (uint256 accepted) {
        return _slashers[msg.sender].defer(previous, excess, _masaStaked());
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) internal pure {
        if (value < least || value > most) revert StakeVault_OutOfRange(name, value, least, most);
    }

    /// @dev A new epoch, a new budget; deferrals come first.
    function _renew(Slasher storage right) private {
        right.renew(uint40(clock.epochStart(clock.currentEpoch() + 1)), _masaStaked());
    }

    function _requireKnown(address slasher) private view returns (Slasher storage right) {
        right = _slashers[slasher];
        if (right.activeFrom == 0 || right.revoked) revert StakeVault_SlasherUnknown(slasher);
    }

    function _afterDelay() private returns (uint40 from) {
        from = uint40(block.timestamp) + moduleDelay;
        if (from > _lastActivation) _lastActivation = from;
    }

    function _schedule(address slasher, uint64 capShare, uint40 activeFrom) private {
        if (slasher == address(0)) revert StakeVault_ZeroAddress();
        Slasher storage right = _slashers[slasher];
        if (right.activeFrom != 0) revert StakeVault_SlasherKnown(slasher);
        _requireCap(capShare);
        right.activeFrom = activeFrom;
        right.capShare = capShare;
        emit SlasherScheduled(slasher, capShare, activeFrom);
    }

    function _activate(address slasher) private {
        _slashers[slasher].epochEndsAt = 1; // in the past: the first slash asks the clock
        emit SlasherActivated(slasher);
    }

    function _requireCap(uint64 capShare) private pure {
        if (capShare != type(uint64).max) _requireWithin("capShare", capShare, 1, WAD);
    }

    /// @dev Stake queued until now leaves before anything scheduled takes effect, and so must stake queued with a longer
    /// delay.
    function _setDelays(uint40 unbonding, uint40 module) private {
        _requireWithin("unbondingDelay", unbonding, longestOffencePath() + 1, MAX_UNBONDING_DELAY);
        _requireWithin("moduleDelay", module, uint256(unbonding) + MODULE_MARGIN + 1, MAX_MODULE_DELAY);
        uint256 needed = block.timestamp + unbonding + MODULE_MARGIN;
        if (unbonding > unbondingDelay && _lastActivation > block.timestamp && _lastActivation < needed) {
            revert StakeVault_ActivationPending(_lastActivation, needed);
        }
        emit DelaysSet(unbondingDelay, unbonding, moduleDelay, module);
        unbondingDelay = unbonding;
        moduleDelay = module;
    }

    function _setGuardian(IGuardian guardian_) private {
        if (address(guardian_) == address(0)) revert StakeVault_ZeroAddress();
        emit GuardianSet(address(guardian), address(guardian_));
        guardian = guardian_;
    }

    function _setObserver(IStakeObserver observer_) private {
        emit ObserverSet(address(observer), address(observer_));
        observer = observer_;
    }
}
