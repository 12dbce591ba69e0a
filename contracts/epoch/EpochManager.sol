// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IEpochManager} from "../interfaces/IEpochManager.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IScoreConsensus} from "../interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title EpochManager
/// @notice The top floor: calls the lower ones in the order of the roll, and pays who calls it. See {IEpochManager}.
contract EpochManager is IEpochManager, Ownable {
    using SafeERC20 for IERC20;

    IEpochClock public immutable clock;
    IERC20 public immutable masa;
    IStakeVault public immutable vault;
    INodeStanding public immutable standing;
    IValidatorSet public immutable validatorSet;
    IScoreConsensus public immutable consensus;

    /// @inheritdoc IEpochManager
    uint64 public rolledEpoch;
    /// @inheritdoc IEpochManager
    uint256 public rollBounty;

    constructor(
        address owner_,
        IEpochClock clock_,
        IERC20 masa_,
        IStakeVault vault_,
        INodeStanding standing_,
        IValidatorSet validatorSet_,
        IScoreConsensus consensus_,
        uint256 rollBounty_
    ) Ownable(owner_) {
        if (
            address(clock_) == address(0) ||
            address(masa_) == address(0) ||
            address(vault_) == address(0) ||
            address(standing_) == address(0) ||
            address(validatorSet_) == address(0) ||
            address(consensus_) == address(0)
        ) revert EpochManager_ZeroAddress();
        clock = clock_;
        masa = masa_;
        vault = vault_;
        standing = standing_;
        validatorSet = validatorSet_;
        consensus = consensus_;
        _requireLength(clock_.epochLength());
        _setRollBounty(rollBounty_);
    }

    /// @inheritdoc IEpochManager
    function roll() external returns (bool) {
        uint64 epoch = clock.currentEpoch();
        uint64 previous = rolledEpoch;
        if (epoch <= previous) return false;
        rolledEpoch = epoch;
        // Validators' utilities moved when their report came in; the snapshot takes the sums as they stand.
        standing.snapshot(epoch);
        validatorSet.roll(epoch);
        uint256 bounty = rollBounty;
        uint256 held = masa.balanceOf(address(this));
        if (bounty > held) bounty = held;
        // A payment that fails must not hold the epoch up.
        if (bounty != 0 && !masa.trySafeTransfer(msg.sender, bounty)) bounty = 0;
        emit EpochRolled(epoch, previous, msg.sender, bounty);
        return true;
    }

    /// @inheritdoc IEpochManager
    function setEpochLength(uint32 length) external onlyOwner {
        _requireLength(length);
        clock.setEpochLength(length);
    }

    /// @inheritdoc IEpochManager
    function setRollBounty(uint256 bounty) external onlyOwner {
        _setRollBounty(bounty);
    }

    /// @dev Reports of an epoch come in until the end of the next (decision D14).
    function _requireLength(uint256 length) private view {
        uint256 least = consensus.roundLength();
        uint256 most = vault.reportPath() / 2;
        if (length < least || length > most) revert EpochManager_LengthOutOfRange(length, least, most);
    }

    function _setRollBounty(uint256 bounty) private {
        emit RollBountySet(rollBounty, bounty);
        rollBounty = bounty;
    }
}
