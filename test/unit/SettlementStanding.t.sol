// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @notice Decision D7: answers that fail for different askers suspend a worker for the rest of the epoch.
contract SettlementStrikesTest is SettlementBed {
    uint88 private constant STRIKE_SIZE = 50e18;
    bytes32 private constant C = keccak256("commitment");

    address[] private askers;

    function setUp() public override {
        super.setUp();
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.maxStrikes, p.strikeSize) = (3, STRIKE_SIZE);
        standing.setStandingParameters(p);
        askers.push(asker);
        for (uint256 i = 1; i < 4; ++i) {
            askers.push(_registerOracle(100 + i, 500_000e18, CREDIT));
        }
        _rollNext();
    }

    function test_FailuresForDifferentAskersSuspendForTheRestOfTheEpoch() public {
        uint256[3] memory ids;
        for (uint256 i; i < 3; ++i) {
            ids[i] = _answeredFor(askers[i], REWARD);
        }
        for (uint256 i; i < 3; ++i) {
            assertFalse(_standing(workers[0]).suspended, "not yet");
            _commit(workers[0], _submit(askers[3], REWARD));
            vm.expectEmit(address(standing));
            emit INodeStanding.Struck(workers[0], askers[i], 1, i + 1);
            if (i == 2) {
                vm.expectEmit(address(standing));
                emit INodeStanding.Suspended(workers[0], 1);
            }
            _settleAsConsensus(ids[i], _one(_score(1e8)));
        }
        assertTrue(_standing(workers[0]).suspended, "suspended");
        assertEq(_standing(workers[0]).strikes, 3, "strikes");

        _expectSuspended(workers[0]);
        // Time alone lifts nothing: the epoch lasts until the roll.
        vm.warp(clock.epochStart(2));
        _expectSuspended(workers[0]);
        manager.roll();
        assertFalse(_standing(workers[0]).suspended, "the next epoch");
        assertEq(_standing(workers[0]).strikes, 0, "begins anew");
        _commit(workers[0], _submit(asker, REWARD));
    }

    function test_OneAskerStrikesOnce() public {
        for (uint256 i; i < 5; ++i) {
            _fail(0, REWARD);
        }
        assertEq(_standing(workers[0]).strikes, 1, "one asker cannot suspend a worker");
        _fail(1, REWARD);
        assertFalse(_standing(workers[0]).suspended, "nor two");
    }

    function test_DustStrikesNobody() public {
        for (uint256 i; i < 4; ++i) {
            _fail(i, STRIKE_SIZE - 1e9);
        }
        assertEq(_standing(workers[0]).strikes, 0, "below the size");
        _fail(0, STRIKE_SIZE);
        assertEq(_standing(workers[0]).strikes, 1, "at the size");
    }

    function test_OnlySlashesStrike() public {
        _settleFor(0, REWARD, _score(8e8)); // paid
        IRequestEscrow.Submission memory s = _submission(REWARD);
        (s.minQuality, s.maxResponses) = (0.8e18, 1);
        uint256 rejected = _submit(askers[1], s);
        _commit(workers[0], rejected);
        _settleAsConsensus(rejected, _one(_score(7e8)));
        assertEq(_standing(workers[0]).strikes, 0, "neither a paid answer nor a rejected one");
        Results.Score memory fraud = _score(1e9);
        fraud.fraud = 2;
        _settleFor(2, REWARD, fraud);
        assertEq(_standing(workers[0]).strikes, 1, "a fraud does, whatever its scores");
    }

    function test_AnUnscoredAnswerStrikesNobody() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        uint256 id = _submit(asker, s);
        _commit(workers[0], id);
        _commit(workers[1], id);
        Results.Score[] memory scores = new Results.Score[](2);
        (scores[0], scores[1]) = (_score(0), _score(0));
        scores[0].scored = false;
        _settleAsConsensus(id, scores);
        assertEq(_standing(workers[0]).strikes, 0, "unscored");
        assertEq(_standing(workers[1]).strikes, 1, "scored");
    }

    function test_StrikesDoNotOutlastTheirEpoch() public {
        _fail(0, REWARD);
        _fail(1, REWARD);
        _rollNext();
        _fail(2, REWARD);
        assertEq(_standing(workers[0]).strikes, 1, "counted anew");
        assertFalse(_standing(workers[0]).suspended, "three in two epochs");
        _fail(0, REWARD);
        _fail(1, REWARD);
        assertTrue(_standing(workers[0]).suspended, "three in one");
    }

    /// @dev What was promised before is settled still, paid or slashed.
    function test_ASuspendedWorkerIsSettledStill() public {
        uint256 good = _answeredFor(askers[3], REWARD);
        uint256 bad = _answeredFor(askers[3], REWARD);
        for (uint256 i; i < 3; ++i) {
            _fail(i, REWARD);
        }
        _settleAsConsensus(good, _one(_score(8e8)));
        assertEq(escrow.creditOf(workers[0]), 80e18, "paid");
        _settleAsConsensus(bad, _one(_score(0)));
        (uint256 staked, ) = _position(workers[0]);
        assertEq(WORKER_STAKE - staked, 4 * 50e18, "slashed");
        assertEq(_openSlash(workers[0]), 0, "I-19 nothing stays at stake");
        _assertBacking(workers[0]);
        assertEq(_standing(workers[0]).strikes, 3, "a fourth changes nothing");
    }

    function test_SuspensionIsOneWorkersAlone() public {
        for (uint256 i; i < 3; ++i) {
            _fail(i, REWARD);
        }
        uint256 id = _submit(asker, REWARD);
        _commit(workers[1], id);
        assertTrue(standing.isEligible(workers[1], NodeRole.Worker), "another worker");
        assertFalse(standing.isEligible(workers[0], NodeRole.Worker), "the suspended one");
    }

    function test_NobodyIsSuspendedWhereStrikesAreOff() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.maxStrikes, p.strikeSize) = (0, 0);
        standing.setStandingParameters(p);
        for (uint256 i; i < 4; ++i) {
            _fail(i, REWARD);
        }
        assertFalse(_standing(workers[0]).suspended, "maxStrikes 0");
    }

    function _fail(uint256 i, uint96 reward) private {
        _settleFor(i, reward, _score(1e8));
    }

    function _settleFor(uint256 i, uint96 reward, Results.Score memory score) private {
        _settleAsConsensus(_answeredFor(askers[i], reward), _one(score));
    }

    function _answeredFor(address who, uint96 reward) private returns (uint256 id) {
        IRequestEscrow.Submission memory s = _submission(reward);
        s.maxResponses = 1;
        id = _submit(who, s);
        _commit(workers[0], id);
    }

    function _expectSuspended(address worker) private {
        uint256 id = _submit(askers[3], REWARD);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, worker));
        vm.prank(worker);
        escrow.commit(id, C);
    }

    function _standing(address worker) private view returns (INodeStanding.Standing memory) {
        return standing.standingOf(worker, NodeRole.Worker);
    }
}

/// @notice Decision D5: what a settled request adds to its asker's consumption.
contract SettlementConsumptionTest is SettlementBed {
    struct Row {
        string name;
        uint64 resourceShare;
        uint32 quality;
        uint256 consumed;
    }

    /// @dev R_base 100; minQuality 0.7; an answer of Q = 0.8 is paid 80.
    function test_ConsumptionMixesResourcesAndAcceptedValue() public {
        Row[9] memory rows = [
            Row("accepted value alone: paid", 0, 8e8, 80e18),
            Row("accepted value alone: rejected", 0, 65e7, 0),
            Row("accepted value alone: slashed", 0, 1e8, 0),
            Row("a quarter of resources: paid", 0.25e18, 8e8, 85e18),
            Row("a quarter of resources: rejected", 0.25e18, 65e7, 25e18),
            Row("a quarter of resources: slashed", 0.25e18, 1e8, 25e18),
            Row("resources alone: paid", 1e18, 8e8, 100e18),
            Row("resources alone: rejected", 1e18, 65e7, 100e18),
            Row("resources alone: slashed", 1e18, 1e8, 100e18)
        ];
        uint256 total;
        for (uint256 i; i < rows.length; ++i) {
            _setShare(rows[i].resourceShare);
            IRequestEscrow.Submission memory s = _submission(REWARD);
            s.minQuality = 0.7e18;
            uint256 id = _answered(s, 1);
            _settleAsConsensus(id, _one(_score(rows[i].quality)));
            total += rows[i].consumed;
            escrow.tellConsumption(asker);
            assertEq(_consumption(), total, rows[i].name);
        }
    }

    /// @dev One unit and shares that do not divide: down, against nobody.
    function test_ConsumptionRoundsDown() public {
        _setShare(0.333333333333333333e18);
        uint256 id = _answered(_submission(7e9), 1);
        _settleAsConsensus(id, _one(_score(6e8)));
        escrow.tellConsumption(asker);
        // 4.2e9 + 0.333333333333333333 · (7e9 − 4.2e9) = 5,133,333,333.33, in units of 1e9
        assertEq(_consumption(), 5e9, "EQ-08 rounded down");
    }

    function test_WhatNeverSettlesConsumesNothing() public {
        _setShare(1e18);
        uint256 cancelled = _submit(asker, REWARD);
        vm.prank(asker);
        escrow.cancel(cancelled);
        uint256 expired = _submit(asker, REWARD);
        uint256 unscored = _answered(_submission(REWARD), 1);
        vm.warp(START + 25 minutes + 1);
        escrow.close(expired);
        escrow.close(unscored);
        escrow.tellConsumption(asker);
        assertEq(_consumption(), 0, "refunded in full");
    }

    /// @dev U_o falls by (1 − γ)·(U − (1 − c)) with c = 100 of 1,000: what was rejected counts where resources do.
    function test_RejectedAnswersMoveTheAskersUtilityWhereResourcesCount() public {
        _setShare(1e18);
        _rollNext();
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.minQuality = 0.7e18;
        _settleAsConsensus(_answered(s, 1), _one(_score(65e7)));
        _rollNext();
        _submit(asker, REWARD);
        assertEq(standing.utilityOf(asker, NodeRole.Oracle), 0.5e18, "within the epoch nothing moves");
        _rollNext();
        // 0.5 + 0.2 · (0.9 − 0.5)
        assertEq(standing.utilityOf(asker, NodeRole.Oracle), 0.58e18, "folded at its end");
        assertEq(_consumption(), 0, "the new epoch begins at nothing");
    }

    function _setShare(uint64 share) private {
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.resourceShare = UD2x18.wrap(share);
        standing.setStandingParameters(p);
    }

    function _consumption() private view returns (uint256) {
        return standing.standingOf(asker, NodeRole.Oracle).workThisEpoch;
    }
}

/// @notice Decisions D14 and D15: a report books; the vault applies, and defers what is above the epoch's cap.
contract SettlementBookingTest is SettlementBed {
    /// @dev A hundred-thousandth of the 8,500,000 MASA that are staked: 85 MASA an epoch.
    uint64 private constant CAP = 1e13;
    uint256 private constant STAKED = 8_500_000e18;

    function setUp() public override {
        super.setUp();
        vault.setSlashCap(address(escrow), CAP);
        (uint256 staked, , ) = vault.totalsOf(address(masa));
        assertEq(staked, STAKED, "what the cap is a share of");
        _rollNext();
    }

    /// @dev Four slashes of 50 against a cap of 85, and another 85 for deferrals: 50, 35 + 15 deferred, 50 deferred,
    /// 20 deferred + 30 forgone.
    function test_AReportBeyondTheCapSettlesAndDefersTheExcess() public {
        uint256 id = _answered(_submission(REWARD), 4);
        _expectBooked(workers[0], 50e18, 0, 0);
        _expectSettled(id, workers[0]);
        _expectBooked(workers[1], 35e18, 15e18, 0);
        _expectSettled(id, workers[1]);
        _expectBooked(workers[2], 0, 50e18, 0);
        _expectBooked(workers[3], 0, 20e18, 30e18);
        _settleAsConsensus(id, _many([uint32(0), 0, 0, 0]));
        _assertState(id, IRequestEscrow.RequestState.Settled, "whatever the cap");
        assertEq(escrow.creditOf(asker), CREDIT - FEE, "refunded, less the fee");
        uint256[4] memory booked = [uint256(50e18), 35e18, 0, 0];
        uint256[4] memory deferred = [uint256(0), 15e18, 50e18, 20e18];
        for (uint256 i; i < 4; ++i) {
            IStakeVault.Exposure memory e = vault.exposureOf(workers[i]);
            assertEq(e.pendingCut, booked[i], "I-14 booked within the cap");
            assertEq(_openSlash(workers[i]), 0, "I-19 freed all the same");
            _assertBacking(workers[i]);
            assertEq(vault.deferralOf(workers[i]).amount, deferred[i], "D15 the rest is frozen, up to one more cap");
            assertEq(
                vault.stakeUnitsOf(workers[i]),
                WORKER_STAKE - booked[i] - deferred[i],
                "and counts as lost at once"
            );
        }
        _assertBooks();
    }

    function test_TheNextEpochBooksWhatWasDeferredFirst() public {
        uint256 id = _answered(_submission(REWARD), 4);
        _settleAsConsensus(id, _many([uint32(0), 0, 0, 0]));
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_CapReached.selector,
                address(escrow),
                uint256(clock.epochStart(2))
            )
        );
        vault.bookDeferred(workers[1]);

        _rollNext();
        // 85 are deferred, the cap is 85 again: what is booked counts as stake until it is applied.
        assertEq(vault.bookDeferred(workers[1]), 15e18, "all of it");
        assertEq(vault.bookDeferred(workers[2]), 50e18, "all of it");
        assertEq(vault.bookDeferred(workers[3]), 20e18, "all that was not forgone");
        // A new failure finds nothing left of this epoch, and waits behind.
        uint256 again = _answered(_submission(REWARD), 1);
        _expectBooked(workers[0], 0, 50e18, 0);
        _settleAsConsensus(again, _one(_score(0)));

        _rollNext();
        assertEq(vault.bookDeferred(workers[0]), 50e18, "all of it");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NothingDeferred.selector, workers[0]));
        vault.bookDeferred(workers[0]);
        uint256[4] memory lost = [uint256(100e18), 50e18, 50e18, 20e18];
        for (uint256 i; i < 4; ++i) {
            vault.applySlash(workers[i]);
            (uint256 staked, ) = _position(workers[i]);
            assertEq(WORKER_STAKE - staked, lost[i], "I-14 in the end exactly what each owed, less what was forgone");
        }
        (, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(pot, 220e18, "I-01 all of it in the pot");
    }

    /// @dev A deferred slash holds stake that no new answer may stand on.
    function test_FrozenStakeBacksNoCommitment() public {
        uint256 id = _answered(_submission(REWARD), 3);
        Results.Score[] memory scores = new Results.Score[](3);
        for (uint256 i; i < 3; ++i) {
            scores[i] = _score(0);
        }
        _settleAsConsensus(id, scores); // worker 2: 50 deferred
        _unbond(workers[2], WORKER_STAKE - 100e18 + 1);
        id = _submit(asker, REWARD);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, workers[2], 50e18 - 1, 50e18)
        );
        vm.prank(workers[2]);
        escrow.commit(id, keccak256("commitment"));
    }

    /// @dev Settled twice before anybody applies anything; the next commitment does.
    function test_ABookedSlashIsAppliedByTheNextCommitment() public {
        uint256 bad = _answered(_submission(REWARD), 1);
        uint256 good = _answered(_submission(REWARD), 1);
        uint256 worse = _answered(_submission(20e18), 1);
        _settleAsConsensus(bad, _one(_score(0)));
        assertEq(vault.exposureOf(workers[0]).pendingCut, 50e18, "booked");
        _settleAsConsensus(good, _one(_score(9e8)));
        assertEq(escrow.creditOf(workers[0]), 90e18, "paid in between");
        _settleAsConsensus(worse, _one(_score(0)));
        IStakeVault.Exposure memory e = vault.exposureOf(workers[0]);
        assertEq(e.pendingCut, 60e18, "both are booked");
        assertEq(e.slashes, 0, "none is applied");
        assertEq(_openSlash(workers[0]), 0, "I-19");
        (uint256 total, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(total, STAKED, "I-01 a booking moves nothing");
        assertEq(pot, 0, "I-01 the pot is empty");

        uint256 next = _submit(asker, REWARD);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(workers[0], 1, 60e18, 60e18, 0, 0, 0, 0);
        // What was reserved ahead is given back first, as eligibility is established again.
        vm.expectEmit(address(vault));
        emit IStakeVault.Reserved(workers[0], 100e18, 100e18);
        _commit(workers[0], next);
        e = vault.exposureOf(workers[0]);
        assertEq(e.pendingCut, 0, "applied");
        assertEq(e.slashes, 1, "as one record");
        assertEq(vault.slashRecordOf(workers[0], 1).masa, 60e18, "of both");
        (total, , pot) = vault.totalsOf(address(masa));
        assertEq(total, STAKED - 60e18, "I-01 stake");
        assertEq(pot, 60e18, "I-01 pot");
    }

    function test_ARequestOfAWorkerWithABookingCloses() public {
        uint256 bad = _answered(_submission(REWARD), 1);
        uint256 unscored = _answered(_submission(REWARD), 1);
        _settleAsConsensus(bad, _one(_score(0)));
        vm.warp(block.timestamp + 25 minutes + 1);
        escrow.close(unscored);
        IStakeVault.Exposure memory e = vault.exposureOf(workers[0]);
        assertEq(_openSlash(workers[0]), 0, "I-19 freed");
        _assertBacking(workers[0]);
        assertEq(e.pendingCut, 50e18, "the booking stands");
    }

    function _expectBooked(address worker, uint256 booked, uint256 deferred, uint256 forgone) private {
        if (deferred != 0) {
            vm.expectEmit(address(vault));
            emit IStakeVault.SlashDeferred(worker, address(escrow), deferred);
        }
        if (forgone != 0) {
            vm.expectEmit(address(vault));
            emit IStakeVault.SlashForgone(worker, address(escrow), forgone);
        }
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(worker, address(escrow), booked);
    }

    function _expectSettled(uint256 id, address worker) private {
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResponseSettled(id, worker, SLASHED, 0, 50e18, 0);
    }
}
