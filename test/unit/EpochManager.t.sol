// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IEpochManager} from "../../contracts/interfaces/IEpochManager.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title EpochManager: construction and setters
contract EpochManagerParametersTest is SeatsFixture {
    function test_KeepsItsParts() public {
        vm.expectEmit();
        emit IEpochManager.RollBountySet(0, 7);
        EpochManager fresh = new EpochManager(_account(1), clock, masa, vault, standing, validatorSet, consensus, 7);
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(address(fresh.standing()), address(standing), "standing");
        assertEq(address(fresh.validatorSet()), address(validatorSet), "validatorSet");
        assertEq(address(fresh.consensus()), address(consensus), "consensus");
        assertEq(fresh.owner(), _account(1), "owner");
        assertEq(fresh.rollBounty(), 7, "bounty");
        assertEq(fresh.rolledEpoch(), 0, "not rolled");
    }

    function test_RevertGiven_ZeroAddress() public {
        for (uint256 missing; missing < 6; ++missing) {
            vm.expectRevert(abi.encodeWithSelector(IEpochManager.EpochManager_ZeroAddress.selector));
            new EpochManager(
                address(this),
                missing == 0 ? IEpochClock(address(0)) : clock,
                missing == 1 ? IERC20(address(0)) : masa,
                missing == 2 ? IStakeVault(address(0)) : vault,
                missing == 3 ? INodeStanding(address(0)) : standing,
                missing == 4 ? IValidatorSet(address(0)) : validatorSet,
                missing == 5 ? IScoreConsensus(address(0)) : consensus,
                0
            );
        }
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _account(1));
        vm.startPrank(_account(1));
        vm.expectRevert(refused);
        manager.setEpochLength(EPOCH);
        vm.expectRevert(refused);
        manager.setRollBounty(1);
        vm.stopPrank();
    }

    function test_SetRollBounty() public {
        vm.expectEmit(address(manager));
        emit IEpochManager.RollBountySet(0, 3e18);
        manager.setRollBounty(3e18);
        assertEq(manager.rollBounty(), 3e18, "set");
        vm.expectEmit(address(manager));
        emit IEpochManager.RollBountySet(3e18, 0);
        manager.setRollBounty(0);
    }

    /// Between a round, which an epoch must hold, and half of the vault's path of reports: a report of the first second
    /// of an epoch may come in the last of the next.
    function test_LengthBounds() public {
        vm.expectEmit(address(clock));
        emit IEpochClock.EpochLengthSet(1, START + EPOCH, EPOCH, ROUND);
        manager.setEpochLength(ROUND);
        manager.setEpochLength(uint32(REPORT_PATH / 2));
        assertEq(clock.lengthOf(1), REPORT_PATH / 2, "longest");
        vm.expectRevert(_outOfRange(ROUND - 1));
        manager.setEpochLength(ROUND - 1);
        vm.expectRevert(_outOfRange(REPORT_PATH / 2 + 1));
        manager.setEpochLength(uint32(REPORT_PATH / 2 + 1));
    }

    function test_RevertGiven_AClockOutsideTheBounds() public {
        EpochClock slow = new EpochClock(0, uint32(REPORT_PATH / 2 + 1), address(this));
        vm.expectRevert(_outOfRange(REPORT_PATH / 2 + 1));
        new EpochManager(address(this), slow, masa, vault, standing, validatorSet, consensus, 0);
        EpochClock fast = new EpochClock(0, ROUND - 1, address(this));
        vm.expectRevert(_outOfRange(ROUND - 1));
        new EpochManager(address(this), fast, masa, vault, standing, validatorSet, consensus, 0);
    }

    function _outOfRange(uint256 length) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IEpochManager.EpochManager_LengthOutOfRange.selector,
                length,
                uint256(ROUND),
                uint256(REPORT_PATH / 2)
            );
    }
}

/// @title EpochManager: the roll
contract EpochManagerTest is SeatsFixture {
    uint256 private constant BOUNTY = 5e18;

    function test_EpochZeroIsNotRolled() public {
        assertFalse(manager.roll(), "rolled in epoch 0");
        assertEq(manager.rolledEpoch(), 0, "rolledEpoch");
        vm.warp(clock.epochStart(1) - 1);
        assertFalse(manager.roll(), "rolled a second early");
    }

    function test_EPO01_RollAtTheBoundarySecond() public {
        _warpTo(1);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(1, 0, address(this), 0);
        assertTrue(manager.roll(), "EPO-01");
        assertEq(manager.rolledEpoch(), 1, "EPO-01 rolledEpoch");
        assertEq(standing.rolledEpoch(), 1, "EPO-01 standing");
        assertNotEq(validatorSet.frozenSetOf(1).table, address(0), "EPO-01 frozen");
    }

    function test_EPO03_SecondRollOfAnEpochDoesNothing() public {
        _seatValidators(4, STAKE);
        manager.setRollBounty(BOUNTY);
        _fund(address(manager), 10 * BOUNTY);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _leaveSeat(_ownerAt(0));
        bytes32 frozen = _hashOfFrozen(1);
        vm.prevrandao(uint256(77));
        vm.prank(address(0xb0b));
        assertFalse(manager.roll(), "EPO-03 another caller");
        assertFalse(manager.roll(), "EPO-03 the same block");
        vm.warp(clock.epochStart(2) - 1);
        assertFalse(manager.roll(), "EPO-03 later in the epoch");
        assertEq(_hashOfFrozen(1), frozen, "EPO-03 frozen set moved");
        assertFalse(_isSeated(late), "EPO-03 nobody was seated");
        assertTrue(_isSeated(_ownerOf(1)), "EPO-03 nobody left");
        assertEq(masa.balanceOf(address(manager)), 10 * BOUNTY, "EPO-03 nobody was paid");
        (uint32 silent, ) = validatorSet.silence();
        assertEq(silent, 0, "EPO-03 not counted");
    }

    function test_AnyoneMayRoll() public {
        _warpTo(3);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(3, 0, address(0xb0b), 0);
        vm.prank(address(0xb0b));
        assertTrue(manager.roll(), "rolled");
    }

    /// Standings are frozen first: the set's candidates are asked for what the new epoch requires.
    function test_TheRollFreezesStandingsAndSet() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(2);
        _reportOne(1, 3, POOR);
        INodeStanding.RoleSnapshot memory next = standing.nextSnapshotOf(NodeRole.Validator);
        _rollTo(3);
        INodeStanding.RoleSnapshot memory now_ = standing.snapshotOf(NodeRole.Validator);
        assertEq(now_.base, next.base, "base");
        assertEq(now_.meanUtility, next.meanUtility, "mean");
        assertEq(now_.epoch, 3, "epoch");
        assertFalse(_isSeated(owners[3]), "and the lowest was pruned");
    }

    // ---------------------------------------------------------------- bounty

    function test_TheBountyIsPaidOnce() public {
        manager.setRollBounty(BOUNTY);
        _fund(address(manager), 3 * BOUNTY);
        _warpTo(4);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(4, 0, address(0xb0b), BOUNTY);
        vm.prank(address(0xb0b));
        manager.roll();
        assertEq(masa.balanceOf(address(0xb0b)), BOUNTY, "one, though epochs were missed");
        assertEq(masa.balanceOf(address(manager)), 2 * BOUNTY, "the rest stays");
    }

    function test_AnEmptyPotRollsAllTheSame() public {
        manager.setRollBounty(BOUNTY);
        _fund(address(manager), BOUNTY - 1);
        _warpTo(1);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(1, 0, address(0xb0b), BOUNTY - 1);
        vm.prank(address(0xb0b));
        assertTrue(manager.roll(), "as far as it goes");
        assertEq(masa.balanceOf(address(0xb0b)), BOUNTY - 1, "all there was");
        _warpTo(2);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(2, 1, address(0xb0b), 0);
        vm.prank(address(0xb0b));
        assertTrue(manager.roll(), "without a bounty");
    }

    /// A token that refuses the transfer, by reverting or by saying so, holds no epoch up.
    function test_APaymentThatFailsDoesNotBlockTheRoll() public {
        manager.setRollBounty(BOUNTY);
        _fund(address(manager), 3 * BOUNTY);
        bytes memory payment = abi.encodeCall(IERC20.transfer, (address(this), BOUNTY));
        vm.mockCallRevert(address(masa), payment, "refused");
        _warpTo(1);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(1, 0, address(this), 0);
        assertTrue(manager.roll(), "reverted");
        vm.clearMockedCalls();
        vm.mockCall(address(masa), payment, abi.encode(false));
        _warpTo(2);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(2, 1, address(this), 0);
        assertTrue(manager.roll(), "false");
        vm.clearMockedCalls();
        assertEq(masa.balanceOf(address(manager)), 3 * BOUNTY, "nothing was paid");
        uint256 before = masa.balanceOf(address(this));
        _rollTo(3);
        assertEq(masa.balanceOf(address(this)) - before, BOUNTY, "the next one is");
    }

    // ---------------------------------------------------------------- time

    /// D18: what was missed is not caught up, so that it costs nothing.
    function test_D18_AThousandMissedEpochsCostWhatOneCosts() public {
        _seatValidators(8, STAKE);
        _rollTo(2);
        uint256 state = vm.snapshotState();
        uint256 one = _gasOfRollInto(3);
        vm.revertToState(state);
        uint256 thousand = _gasOfRollInto(1_002);
        assertEq(manager.rolledEpoch(), 1_002, "rolled");
        assertNear(one, thousand, one / 50, "D18 gas");
    }

    /// D18: nor does a change of length among what was missed.
    function test_D18_MissedEpochsOfSeveralLengthsCostTheSame() public {
        _seatValidators(8, STAKE);
        _rollTo(2);
        uint256 state = vm.snapshotState();
        uint256 one = _gasOfRollInto(3);
        vm.revertToState(state);
        for (uint32 i; i < 10; ++i) {
            manager.setEpochLength(ROUND + i);
            _warpTo(clock.currentEpoch() + 1);
        }
        assertNear(one, _gasOfRollInto(1_002), one / 50, "D18 gas");
    }

    function _gasOfRollInto(uint64 epoch) private returns (uint256 used) {
        _warpTo(epoch);
        uint256 before = gasleft();
        manager.roll();
        used = before - gasleft();
    }

    /// D18: after any gap everything goes on with the next roll.
    function test_D18_MissedEpochsBrickNothing() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(1_001);
        _rollNext();
        _reportOne(1_001, 2, POOR);
        assertEq(_rollAsForetold().owner, owners[2], "D18 pruned as ever");
    }

    function test_ALengthChangeMovesTheRollAndTheReports() public {
        _seatValidators(5, STAKE);
        manager.setEpochLength(2 * EPOCH);
        _rollTo(2);
        vm.warp(block.timestamp + EPOCH);
        assertFalse(manager.roll(), "the longer epoch is not over");
        _postEpoch(_scores(1, 5, GOOD));
        vm.warp(block.timestamp + EPOCH);
        assertTrue(manager.roll(), "now it is");
        assertEq(manager.rolledEpoch(), 3, "epoch 3");
        manager.setEpochLength(ROUND);
        _rollTo(4);
        vm.warp(block.timestamp + ROUND - 1);
        _postEpoch(_scores(3, _rowsOf(3), GOOD));
        assertTrue(consensus.isEpochFinal(3), "EPO-05 until the end of the short one");
    }

    /// EPO-05: the report of epoch n that comes in n + 2 is refused and leaves nothing behind: neither scores nor weights
    /// nor the count of silent rolls move.
    function test_EPO05_AReportOfTheEpochBeforeTheLastChangesNothing() public {
        _seatValidators(5, STAKE);
        _rollTo(2);
        _rollTo(3);
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(1, 5, POOR));
        bytes memory signatures = _sign(1, 31, consensus.epochReportDigest(report));
        vm.expectRevert(
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, uint64(1), uint64(3))
        );
        consensus.postEpochReport(report, 31, signatures);
        (bool scored, , ) = validatorSet.scoreOf(0);
        assertFalse(scored, "EPO-05 no score");
        assertEq(_seat(0).weight, WEIGHT, "EPO-05 no weight");
        (uint32 silent, ) = validatorSet.silence();
        assertEq(silent, 2, "EPO-05 still silent");
    }

    /// EPO-07: who sets a block's second may move a roll over a boundary by ±12 s. That shifts who calls first and
    /// nothing else: twelve seconds early there is no roll and no bounty; twelve seconds late the same set with the same
    /// weights is frozen, the same validator is pruned, the bounty is the same and is paid once, and neither the next
    /// boundary nor the window of the reports moves.
    function test_EPO07_TwelveSecondsGiveNoProfit() public {
        _seatValidators(6, STAKE);
        manager.setRollBounty(BOUNTY);
        _fund(address(manager), 3 * BOUNTY);
        _rollTo(2);
        _reportOne(1, 4, POOR);
        _joinWaitlist(_registerValidator(9, STAKE));
        uint256 boundary = clock.epochStart(3);

        vm.warp(boundary - 12);
        vm.prank(address(0xb0b));
        assertFalse(manager.roll(), "EPO-07 early");
        assertEq(masa.balanceOf(address(0xb0b)), 0, "EPO-07 nothing for it");

        uint256 state = vm.snapshotState();
        bytes32 punctual = _outcomeOfRollAt(boundary);
        vm.revertToState(state);
        assertEq(_outcomeOfRollAt(boundary + 12), punctual, "EPO-07 late");
        vm.prank(address(0xa11ce));
        assertFalse(manager.roll(), "EPO-07 paid once");

        // A late block costs a report its window, and only if it was kept back for the last one.
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(2, 6, GOOD));
        bytes memory signatures = _sign(2, 63, consensus.epochReportDigest(report));
        vm.warp(clock.epochStart(4) + 11);
        vm.expectRevert(
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, uint64(2), uint64(4))
        );
        consensus.postEpochReport(report, 63, signatures);
        vm.warp(clock.epochStart(4) - 1);
        consensus.postEpochReport(report, 63, signatures);
    }

    function _outcomeOfRollAt(uint256 timestamp) private returns (bytes32) {
        vm.warp(timestamp);
        vm.prevrandao(uint256(5));
        vm.prank(address(0xb0b));
        assertTrue(manager.roll(), "EPO-07 rolled");
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(3);
        return
            keccak256(
                abi.encode(
                    keys,
                    weights,
                    validatorSet.randomnessOf(3),
                    validatorSet.proposerOf(3, 0, 0),
                    standing.snapshotOf(NodeRole.Validator),
                    masa.balanceOf(address(0xb0b)),
                    clock.epochStart(3),
                    clock.epochStart(4)
                )
            );
    }
}
