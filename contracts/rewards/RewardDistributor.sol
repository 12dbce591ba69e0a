// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {MerkleProofLib} from "solady/src/utils/MerkleProofLib.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {IEmissions} from "../interfaces/IEmissions.sol";
import {IGuardian} from "../interfaces/IGuardian.sol";
import {IModuleRights} from "../interfaces/IModuleRights.sol";
import {IRewardDistributor} from "../interfaces/IRewardDistributor.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {RewardLeaf} from "./RewardLeaf.sol";

/// @title RewardDistributor
/// @notice Pots, roots and claims. See {IRewardDistributor}.
contract RewardDistributor is IRewardDistributor, ModuleRights, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One slot: all that a claim reads beside the root itself. Roots 0..active−1 were active when it was written;
    /// activation times never fall along the list, so a binary search finds those that became active since.
    struct State {
        uint64 lastEpoch;
        uint32 count; // accepted roots
        uint32 active;
        uint40 nextActiveFrom; // of root `active`; NEVER if there is none
        uint40 lastActiveFrom; // of root count−1; 0 if there is none
        uint32 activationDelay; // seconds
    }

    /// @dev One slot: all that a claim writes.
    struct Account {
        address claimer; // 0: the account itself
        uint96 claimed; // wei, since the beginning
    }

    /// @dev One slot, wei.
    struct Funds {
        uint128 validators;
        uint128 workers;
    }

    bytes32 public constant POST = "POST";
    /// @dev The right that this contract holds at the emissions.
    bytes32 private constant RELEASE = "RELEASE";
    /// @notice Bounds of the activation delay, seconds.
    uint256 public constant MIN_ACTIVATION_DELAY = 1 minutes;
    uint256 public constant MAX_ACTIVATION_DELAY = 30 days;
    uint40 private constant NEVER = type(uint40).max;

    IERC20 public immutable masa;
    IEmissions public immutable emissions;
    IStakeVault public immutable vault;

    State private _state;
    Funds private _funded;
    /// @dev In the order in which they were accepted; epochs and activation times rise along it.
    mapping(uint256 index => Root) private _roots;
    mapping(address account => Account) private _accounts;

    /// @param vault_ Names the guardian and the delay of new modules.
    constructor(
        address owner_,
        IERC20 masa_,
        IEmissions emissions_,
        IStakeVault vault_,
        uint32 activationDelay_
    ) Ownable(owner_) {
        if (address(masa_) == address(0) || address(emissions_) == address(0) || address(vault_) == address(0)) {
            revert RewardDistributor_ZeroAddress();
        }
        masa = masa_;
        emissions = emissions_;
        vault = vault_;
        _state.nextActiveFrom = NEVER;
        _setActivationDelay(activationDelay_);
    }

    /// @notice Names the consensus, once.
    function wire(address consensus) external {
        _beginWiring();
        _grant(POST, consensus, block.timestamp);
    }

    // ---------------------------------------------------------------- pots

    /// @inheritdoc IRewardDistributor
    function fundValidators(uint256 amount) external nonReentrant {
        if (amount == 0) revert RewardDistributor_ZeroAmount();
        _book(msg.sender, amount, 0);
        _pull(amount);
    }

    /// @inheritdoc IRewardDistributor
    function fundWorkers(uint256 amount) external nonReentrant {
        if (amount == 0) revert RewardDistributor_ZeroAmount();
        _book(msg.sender, 0, amount);
        _pull(amount);
    }

    // ---------------------------------------------------------------- roots

    /// @inheritdoc IRewardDistributor
    function postRoot(
        uint64 epoch,
        bytes32 root,
        uint128 validatorTotal,
        uint128 workerTotal
    ) external nonReentrant onlyModule(POST) {
        State memory state = _state;
        if (epoch <= state.lastEpoch) revert RewardDistributor_EpochNotAfter(epoch, state.lastEpoch);
        _release(epoch);
        (uint128 validatorsBefore, uint128 workersBefore) = _totalsOf(state.count);
        Funds memory held = _funded;
        _requireTotal(Pot.Validators, validatorTotal, validatorsBefore, held.validators);
        _requireTotal(Pot.Workers, workerTotal, workersBefore, held.workers);
        state.lastEpoch = epoch;
        if (root == bytes32(0)) {
            if (validatorTotal != validatorsBefore || workerTotal != workersBefore) {
                revert RewardDistributor_RootMissing(validatorTotal, workerTotal);
            }
            _state = state;
            emit RootKept(epoch);
            return;
        }

        uint40 activeFrom = uint40(block.timestamp + state.activationDelay);
        // A delay that was shortened must not let a root overtake the one it builds on.
        if (activeFrom < state.lastActiveFrom) activeFrom = state.lastActiveFrom;
        _roots[state.count] = Root(root, validatorTotal, workerTotal, epoch, activeFrom);
        state.count += 1;
        state.lastActiveFrom = activeFrom;
        _settle(state);
        emit RootPosted(epoch, root, validatorTotal, workerTotal, activeFrom);
    }

    /// @inheritdoc IRewardDistributor
    function cancelRoot(uint64 epoch) external {
        _requireGuardian();
        State memory state = _state;
        (bool found, uint256 index) = _find(state.count, epoch);
        if (!found) revert RewardDistributor_UnknownRoot(epoch);
        uint256 activeFrom = _roots[index].activeFrom;
        if (block.timestamp >= activeFrom) {
            revert RewardDistributor_AlreadyActive(epoch, activeFrom, block.timestamp);
        }
        for (uint256 i = state.count; i > index; --i) {
            emit RootCancelled(_roots[i - 1].epoch, _roots[i - 1].root, msg.sender);
            delete _roots[i - 1];
        }
        state.count = uint32(index);
        state.lastActiveFrom = index == 0 ? 0 : _roots[index - 1].activeFrom;
        _settle(state);
    }

    // ---------------------------------------------------------------- claims

    /// @inheritdoc IRewardDistributor
    function claim(address account, uint256 cumulative, bytes32[] calldata proof) external returns (uint256 amount) {
        uint256 active = _activeCount();
        if (active == 0) revert RewardDistributor_NoActiveRoot();
        if (!MerkleProofLib.verifyCalldata(proof, _roots[active - 1].root, leafOf(account, cumulative))) {
            revert RewardDistributor_InvalidProof(account, cumulative);
        }
        Account storage own = _accounts[account];
        (address recipient, uint256 claimed) = (own.claimer, own.claimed);
        if (cumulative <= claimed) revert RewardDistributor_NothingToClaim(account, cumulative, claimed);
        own.claimed = cumulative.toUint96();
        amount = cumulative - claimed;
        if (recipient == address(0)) recipient = account;
        emit RewardClaimed(account, recipient, amount, cumulative);
        // Last, after all bookkeeping: a second claim from within it would find nothing left.
        masa.safeTransfer(recipient, amount);
    }

    /// @inheritdoc IRewardDistributor
    function setClaimer(address claimer) external {
        emit ClaimerSet(msg.sender, claimerOf(msg.sender), claimer == address(0) ? msg.sender : claimer);
        _accounts[msg.sender].claimer = claimer;
    }

    // ---------------------------------------------------------------- owner

    /// @inheritdoc IRewardDistributor
    function setActivationDelay(uint32 delay) external onlyOwner {
        _setActivationDelay(delay);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function funded() external view returns (uint256 validators, uint256 workers) {
        return (_funded.validators, _funded.workers);
    }

    /// @inheritdoc IRewardDistributor
    function pots() public view returns (uint256 validators, uint256 workers) {
        (uint128 validatorTotal, uint128 workerTotal) = lastTotals();
        return (_funded.validators - validatorTotal, _funded.workers - workerTotal);
    }

    /// @inheritdoc IRewardDistributor
    function nextPots() external view returns (uint256 validators, uint256 workers) {
        (validators, workers) = pots();
        if (!_mayRelease()) return (validators, workers);
        (, uint256 toValidators, uint256 toWorkers) = emissions.nextRelease();
        return (validators + toValidators, workers + toWorkers);
    }

    /// @inheritdoc IRewardDistributor
    function lastTotals() public view returns (uint128 validatorTotal, uint128 workerTotal) {
        return _totalsOf(_state.count);
    }

    /// @inheritdoc IRewardDistributor
    function lastEpoch() external view returns (uint64) {
        return _state.lastEpoch;
    }

    /// @inheritdoc IRewardDistributor
    function lastRoot() external view returns (Root memory root) {
        uint256 count = _state.count;
        if (count != 0) root = _roots[count - 1];
    }

    /// @inheritdoc IRewardDistributor
    function activeRoot() external view returns (Root memory root) {
        uint256 active = _activeCount();
        if (active != 0) root = _roots[active - 1];
    }

    /// @inheritdoc IRewardDistributor
    function pendingRoots() external view returns (Root[] memory pending) {
        State memory state = _state;
        uint256 active = _activeCount();
        pending = new Root[](state.count - active);
        for (uint256 i; i < pending.length; ++i) {
            pending[i] = _roots[active + i];
        }
    }

    /// @inheritdoc IRewardDistributor
    function rootOf(uint64 epoch) external view returns (Root memory root) {
        (bool found, uint256 index) = _find(_state.count, epoch);
        if (found) root = _roots[index];
    }

    /// @inheritdoc IRewardDistributor
    function claimedOf(address account) external view returns (uint256) {
        return _accounts[account].claimed;
    }

    /// @inheritdoc IRewardDistributor
    function claimerOf(address account) public view returns (address) {
        address claimer = _accounts[account].claimer;
        return claimer == address(0) ? account : claimer;
    }

    /// @inheritdoc IRewardDistributor
    function claimable(address account, uint256 cumulative, bytes32[] calldata proof) external view returns (uint256) {
        uint256 active = _activeCount();
        uint256 claimed = _accounts[account].claimed;
        if (active == 0 || cumulative <= claimed || cumulative > type(uint96).max) return 0;
        bool given = MerkleProofLib.verifyCalldata(proof, _roots[active - 1].root, leafOf(account, cumulative));
        return given ? cumulative - claimed : 0;
    }

    /// @inheritdoc IRewardDistributor
    function activationDelay() external view returns (uint256) {
        return _state.activationDelay;
    }

    /// @inheritdoc IRewardDistributor
    function leafOf(address account, uint256 cumulative) public pure returns (bytes32) {
        return RewardLeaf.hash(account, cumulative);
    }

    // ---------------------------------------------------------------- internal

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    /// @dev Takes the emission of `epoch` in, and believes what has arrived.
    function _release(uint64 epoch) private {
        if (!_mayRelease()) return;
        uint256 before = masa.balanceOf(address(this));
        (uint256 validators, uint256 workers) = emissions.release(epoch);
        uint256 received = masa.balanceOf(address(this)) - before;
        if (received != validators + workers) revert RewardDistributor_FeeOnTransfer(validators + workers, received);
        _book(address(emissions), validators, workers);
    }

    function _mayRelease() private view returns (bool) {
        uint256 activeFrom = IModuleRights(address(emissions)).moduleActiveFrom(RELEASE, address(this));
        return activeFrom != 0 && block.timestamp >= activeFrom;
    }

    function _book(address from, uint256 validators, uint256 workers) private {
        Funds memory held = _funded;
        if (validators != 0) {
            held.validators = (held.validators + validators).toUint128();
            emit PotFunded(Pot.Validators, from, validators, held.validators);
        }
        if (workers != 0) {
            held.workers = (held.workers + workers).toUint128();
            emit PotFunded(Pot.Workers, from, workers, held.workers);
        }
        _funded = held;
    }

    function _pull(uint256 amount) private {
        uint256 before = masa.balanceOf(address(this));
        masa.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = masa.balanceOf(address(this)) - before;
        if (received != amount) revert RewardDistributor_FeeOnTransfer(amount, received);
    }

    function _requireTotal(Pot pot, uint256 total, uint256 previous, uint256 held) private pure {
        if (total < previous) revert RewardDistributor_TotalFell(pot, total, previous);
        if (total > held) revert RewardDistributor_NotFunded(pot, total, held);
    }

    /// @dev The guardian that the vault names: replacing it there replaces it here.
    function _requireGuardian() private view {
        if (msg.sender == owner()) return;
        IGuardian guardian = vault.guardian();
        IGuardian.Right right = IGuardian.Right.CancelRewardRoot;
        uint256 until = guardian.rightUntil(right);
        if (msg.sender == guardian.holderOf(right) && block.timestamp <= until) return;
        revert IGuardian.Guardian_RightNotHeld(right, msg.sender, until, block.timestamp);
    }

    /// @dev Writes the state down after `count` has changed.
    function _settle(State memory state) private {
        uint256 active = _search(state.active, state.count);
        state.active = uint32(active);
        state.nextActiveFrom = active == state.count ? NEVER : _roots[active].activeFrom;
        _state = state;
    }

    /// @dev How many roots are active at this block.
    function _activeCount() private view returns (uint256) {
        State storage state = _state;
        // All of them, unless one was posted within the last delay: the usual claim reads no root but the one it needs.
        if (block.timestamp >= state.lastActiveFrom) return state.count;
        if (block.timestamp < state.nextActiveFrom) return state.active;
        return _search(state.active, state.count);
    }

    /// @dev The first root in [low, high) that is not active yet; `high` if all are.
    function _search(uint256 low, uint256 high) private view returns (uint256) {
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_roots[middle].activeFrom <= block.timestamp) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// @dev The index of the root of `epoch` among the first `count`.
    function _find(uint256 count, uint64 epoch) private view returns (bool found, uint256 low) {
        uint256 high = count;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_roots[middle].epoch < epoch) low = middle + 1;
            else high = middle;
        }
        found = low < count && _roots[low].epoch == epoch;
    }

    function _totalsOf(uint256 count) private view returns (uint128 validatorTotal, uint128 workerTotal) {
        if (count == 0) return (0, 0);
        Root storage root = _roots[count - 1];
        return (root.validatorTotal, root.workerTotal);
    }

    function _setActivationDelay(uint256 delay) private {
        if (delay < MIN_ACTIVATION_DELAY || delay > MAX_ACTIVATION_DELAY) {
            revert RewardDistributor_OutOfRange("activationDelay", delay, MIN_ACTIVATION_DELAY, MAX_ACTIVATION_DELAY);
        }
        emit ActivationDelaySet(_state.activationDelay, delay);
        _state.activationDelay = uint32(delay);
    }
}
