// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "../support/Results.sol";
import {ReportTypes} from "../../contracts/consensus/ReportTypes.sol";
import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../../contracts/math/ConsensusMath.sol";
import {DistributorMock} from "../../contracts/mocks/DistributorMock.sol";
import {OffencesMock} from "../../contracts/mocks/OffencesMock.sol";
import {SettlementMock} from "../../contracts/mocks/SettlementMock.sol";
import {ValidatorSetMock} from "../../contracts/mocks/ValidatorSetMock.sol";
import {ConsensusBed} from "../support/ConsensusBed.sol";

contract ScoreConsensusConstructorTest is ConsensusBed {
    function test_KeepsItsParts() public view {
        assertEq(address(consensus.clock()), address(clock), "clock");
        assertEq(address(consensus.validatorSet()), address(set), "set");
        assertEq(address(consensus.escrow()), address(settlement), "escrow");
        assertEq(address(consensus.distributor()), address(distributor), "distributor");
        assertEq(address(consensus.offences()), address(offences), "offences");
        assertEq(consensus.deployer(), address(this), "deployer");
        assertEq(consensus.roundLength(), ROUND_LENGTH, "round length");
        assertEq(consensus.attemptLength(), ATTEMPT_LENGTH, "attempt length");
    }

    function test_RevertGiven_ZeroAddress() public {
        for (uint256 missing; missing < 4; ++missing) {
            vm.expectRevert(IScoreConsensus.ScoreConsensus_ZeroAddress.selector);
            new ScoreConsensus(
                missing == 0 ? IEpochClock(address(0)) : clock,
                IValidatorSet(missing == 1 ? address(0) : address(set)),
                IRequestEscrow(missing == 2 ? address(0) : address(settlement)),
                IRewardDistributor(missing == 3 ? address(0) : address(distributor)),
                1,
                1,
                address(this)
            );
        }
    }

    function test_RevertGiven_RoundLengthOutOfRange() public {
        uint32[2] memory bad = [uint32(0), uint32(EPOCH_LENGTH) + 1];
        for (uint256 i; i < bad.length; ++i) {
            _expectOutOfRange("roundLength", bad[i], EPOCH_LENGTH);
            unwiredConsensus(bad[i], 1);
        }
        assertEq(unwiredConsensus(2, 1).roundLength(), 2, "shortest that has two attempts");
        assertEq(unwiredConsensus(uint32(EPOCH_LENGTH), 1).roundLength(), EPOCH_LENGTH, "longest");
    }

    function test_RevertGiven_AttemptLengthOutOfRange() public {
        uint32[2] memory bad = [uint32(0), ROUND_LENGTH / 2 + 1];
        for (uint256 i; i < bad.length; ++i) {
            _expectOutOfRange("attemptLength", bad[i], ROUND_LENGTH / 2);
            unwiredConsensus(ROUND_LENGTH, bad[i]);
        }
        assertEq(unwiredConsensus(ROUND_LENGTH, 1).attemptLength(), 1, "shortest");
        assertEq(unwiredConsensus(ROUND_LENGTH, ROUND_LENGTH / 2).attemptLength(), ROUND_LENGTH / 2, "longest");
    }

    function test_WiresOnceAndByItsDeployerAlone() public {
        ScoreConsensus fresh = unwiredConsensus(ROUND_LENGTH, ATTEMPT_LENGTH);
        assertEq(address(fresh.offences()), address(0), "not wired yet");
        bytes4 refused = IScoreConsensus.ScoreConsensus_NotDeployer.selector;
        vm.prank(poster);
        vm.expectRevert(abi.encodeWithSelector(refused, poster));
        fresh.wire(IOffences(address(offences)));
        vm.expectRevert(abi.encodeWithSelector(refused, address(this)));
        fresh.wire(IOffences(address(0)));
        vm.expectEmit(address(fresh));
        emit IScoreConsensus.Wired(address(offences));
        fresh.wire(IOffences(address(offences)));
        vm.expectRevert(abi.encodeWithSelector(refused, address(this)));
        fresh.wire(IOffences(poster));
        assertEq(address(fresh.offences()), address(offences), "the first stays");
    }

    function _expectOutOfRange(bytes32 name, uint256 length, uint256 most) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_LengthOutOfRange.selector,
                name,
                length,
                uint256(1),
                most
            )
        );
    }
}

contract ScoreReportTest is ConsensusBed {
    function test_FinalisesAndSettles() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0, 3);
        vm.warp(clock.epochStart(1) + 3 * ATTEMPT_LENGTH);
        bytes32 digest = consensus.scoreReportDigest(report);
        assertFalse(consensus.isFinal(1, 0), "not final yet");
        bytes memory signatures = sign(digest, 0xb);
        draw(1, 0, 3, 3);

        vm.expectEmit(address(consensus));
        emit IScoreConsensus.ScoreReportFinalised(1, 0, digest, 0xb, 3, poster);
        vm.prank(address(0xCAFE)); // anyone may post
        consensus.postScoreReport(report, 0xb, signatures);

        assertTrue(consensus.isFinal(1, 0), "final");
        assertEq(settlement.calls(), 1, "settled once");
        assertEq(settlement.payments(), 0, "and paid within it");
        assertEq(settlement.lastResultsHash(), keccak256(report.results), "the results it was signed for");
        assertEq(settlement.lastPoster(), poster, "the poster that the report names, not the caller");
    }

    /// @dev What the escrow is told the gas began with: what is left, a transaction's own, and its calldata without zeros.
    function test_TheGasOfATransactionIsReckonedFromItsBeginning() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        bytes memory signatures = sign(consensus.scoreReportDigest(report), 0x7);
        drawSigner(1, 0, 0, 0x7);
        bytes memory data = abi.encodeCall(consensus.postScoreReport, (report, 0x7, signatures));
        uint256 most = 1_000_000 + 21_000 + 16 * data.length;
        consensus.postScoreReport{gas: 1_000_000}(report, 0x7, signatures);
        assertLe(settlement.lastGasAtStart(), most, "no more than there was");
        assertGt(settlement.lastGasAtStart() + 3_000, most, "nor less, but for the call's own beginning");
    }

    function test_SCO05_I13_ARoundFinalisesOnce() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        vm.warp(clock.epochStart(1) + ATTEMPT_LENGTH);
        post(report, 0x7);
        bytes32 first = settlement.lastResultsHash();
        bytes memory again = abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, 0);

        expectRefused(report, 0x7, again); // the same report
        expectRefused(report, 0xf, again); // with more signatures
        report.results = Results.encode(resultsOf(2));
        expectRefused(report, 0xe, again); // another report
        report.commitmentSet = keccak256("others");
        expectRefused(report, 0xf, again); // of other commitments
        report.attempt = 1;
        expectRefused(report, 0xf, again); // of another attempt
        assertTrue(consensus.isFinal(1, 0), "I-13");
        assertEq(settlement.calls(), 1, "I-13");
        assertEq(settlement.lastResultsHash(), first, "I-13");
    }

    function test_EachRoundAndEpochHasItsOwnReport() public {
        freezeEqual(2, 4, 3);
        vm.warp(clock.epochStart(2) + ROUND_LENGTH);
        post(scoreReport(1, 0), 0x7);
        post(scoreReport(1, 143), 0x7);
        post(scoreReport(2, 0), 0x7);
        post(scoreReport(2, 1), 0x7);
        assertEq(settlement.calls(), 4, "four rounds");
    }

    function test_EPO05_TakenInItsEpochAndTheNextAlone() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        report.epoch = 2;
        expectRefused(report, 0x7, outsideWindow(2, 1));
        report.epoch = type(uint64).max;
        expectRefused(report, 0x7, outsideWindow(type(uint64).max, 1));

        report.epoch = 1;
        vm.warp(clock.epochStart(3)); // the first second of n + 2
        expectRefused(report, 0x7, outsideWindow(1, 3));
        vm.warp(clock.epochStart(3) - 1); // the last of n + 1
        post(report, 0x7);
        assertTrue(consensus.isFinal(1, 0), "taken in the next epoch");
    }

    function test_RevertGiven_NoSuchRound() public {
        vm.warp(clock.epochStart(2));
        expectRefused(
            scoreReport(1, 144),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, 144, 144)
        );
        post(scoreReport(1, 143), 0x7);
        // A rest shorter than a round is no round.
        consensus = newConsensus(uint32(EPOCH_LENGTH / 2) + 1, ATTEMPT_LENGTH);
        expectRefused(
            scoreReport(1, 1),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, 1, 1)
        );
        post(scoreReport(1, 0), 0x7);
    }

    function test_RevertGiven_RoundNotBegun() public {
        uint256 beginsAt = clock.epochStart(1) + 5 * ROUND_LENGTH;
        vm.warp(beginsAt - 1);
        expectRefused(scoreReport(1, 5), 0x7, notBegun(1, 5, 0, beginsAt));
        vm.warp(beginsAt);
        post(scoreReport(1, 5), 0x7);
    }

    /// @dev Rounds are bits of words of 96: neither the last of a word nor the first of the next stands for another.
    function test_I13_RoundsBeyondAWordOfTheBitmap() public {
        consensus = newConsensus(60, 30); // 1,440 rounds
        freezeEqual(2, 4, 3);
        vm.warp(clock.epochStart(2) - 1);
        uint32[6] memory rounds = [uint32(95), 96, 97, 191, 192, 1_439];
        for (uint256 i; i < rounds.length; ++i) {
            assertFalse(consensus.isFinal(1, rounds[i]), "I-13 not final before its own report");
            post(scoreReport(1, rounds[i]), 0x7);
            assertTrue(consensus.isFinal(1, rounds[i]), "I-13 final by it");
            expectRefused(
                scoreReport(1, rounds[i]),
                0x7,
                abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, rounds[i])
            );
        }
        uint256 count;
        for (uint32 round; round < 1_440; ++round) {
            if (consensus.isFinal(1, round)) ++count;
            assertFalse(consensus.isFinal(2, round), "I-13 of another epoch");
        }
        assertEq(count, rounds.length, "I-13 these and no other");
    }

    /// @dev What a word's first report has read of the epoch serves the rest of its rounds: the same draws, and the same
    /// beginning and length.
    function test_EQ27_TheRandomnessOfAnEpochIsReadOnceForNinetySixRounds() public {
        vm.warp(clock.epochStart(2) - 1);
        post(scoreReport(1, 0), 0x7);
        uint256 kept = set.randomnessOf(1);
        uint96 other = uint96(kept + 1);
        while (drawnWith(other, 1, 1, 0) == drawnWith(kept, 1, 1, 0)) ++other;
        set.setRandomness(1, other);
        uint64 signers = 0xf & ~uint64(1 << drawnWith(other, 1, 1, 0));
        postAsDrawn(scoreReport(1, 1), signers);
        assertTrue(consensus.isFinal(1, 1), "EQ-27 by the draw that was kept");
        // Of a word without a report nothing is kept.
        uint256 drawn = drawnWith(other, 1, 96, 0);
        expectRefused(
            scoreReport(1, 96),
            0xf & ~uint64(1 << drawn),
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_ProposerMissing.selector, drawn)
        );
        postAsDrawn(scoreReport(1, 96), 0xf);
    }

    function test_RevertGiven_EpochNotFrozen() public {
        vm.warp(clock.epochStart(2));
        expectRefused(
            scoreReport(2, 0),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochNotFrozen.selector, 2)
        );
        vm.warp(GENESIS); // epoch 0 has no validators
        expectRefused(
            scoreReport(0, 0),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochNotFrozen.selector, 0)
        );
    }

    function test_NothingIsFinalIfSettlementFails() public {
        settlement.setRefuses(true);
        expectRefused(scoreReport(1, 0), 0x7, abi.encodeWithSelector(SettlementMock.SettlementMock_Refused.selector));
        assertFalse(consensus.isFinal(1, 0), "not final");
        settlement.setRefuses(false);
        post(scoreReport(1, 0), 0x7);
    }

    /// @dev A report has its epoch and round for a nonce and the end of the next epoch for a deadline.
    function test_SIG09_ExpiredReusedOrSkipped() public {
        vm.warp(clock.epochStart(1) + ROUND_LENGTH);
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        bytes memory signatures = sign(consensus.scoreReportDigest(report), 0x7);
        drawSigner(1, 0, 0, 0x7);
        consensus.postScoreReport(report, 0x7, signatures);
        expectRefused(
            report,
            0x7,
            signatures,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, 0)
        );
        expectRefused(scoreReport(1, 2), 0x7, notBegun(1, 2, 0, clock.epochStart(1) + 2 * ROUND_LENGTH));
        post(scoreReport(1, 1), 0x7); // no round waits for another
        vm.warp(clock.epochStart(3));
        expectRefused(scoreReport(1, 3), 0x7, outsideWindow(1, 3));
        assertEq(settlement.calls(), 2, "SIG-09");
    }
}

contract EpochReportTest is ConsensusBed {
    uint256 private begins;

    function setUp() public override {
        super.setUp();
        begins = clock.epochStart(2) + ATTEMPT_LENGTH;
        vm.warp(begins);
    }

    function test_FinalisesAndRecords() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        report.attempt = 2;
        report.idle = 0x5;
        vm.warp(begins + 2 * ATTEMPT_LENGTH);
        bytes32 digest = consensus.epochReportDigest(report);
        bytes memory signatures = sign(digest, 0xd);
        draw(1, EPOCH_ROUND, 2, 0);
        vm.expectEmit(address(consensus));
        emit IScoreConsensus.EpochReportFinalised(
            1,
            digest,
            0xd,
            2,
            poster,
            report.rewardRoot,
            report.validatorTotal,
            report.workerTotal,
            report.idle
        );
        vm.prank(address(0xCAFE));
        consensus.postEpochReport(report, 0xd, signatures);
        assertTrue(consensus.isEpochFinal(1), "final");
        assertEq(set.recordedHash(), keccak256(abi.encode(report.scores)), "the scores it was signed for");
        assertEq(distributor.epoch(), 1, "the root's epoch");
        assertEq(distributor.root(), report.rewardRoot, "the root it was signed for");
        assertEq(distributor.validatorTotal(), 5e18, "validators' total");
        assertEq(distributor.workerTotal(), 7e18, "workers' total");
        assertEq(offences.epoch(), 1, "the epoch of the idle");
        assertEq(offences.idleSeats(), 0x5, "the idle seats");
        assertEq(settlement.payments(), 1, "paid once");
        assertEq(settlement.lastPoster(), poster, "the poster that the report names, not the caller");
        assertEq(settlement.calls(), 0, "nothing is settled");
        assertEq(set.recorded() + distributor.calls() + offences.calls(), 3, "each once");
    }

    function test_WithoutIdleSeatsNobodyIsAskedToSlash() public {
        offences.setRefuses(true);
        post(epochReport(1), 0x7);
        assertEq(offences.calls(), 0, "not asked");
    }

    function test_TheGasOfATransactionIsReckonedFromItsBeginning() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        bytes memory signatures = sign(consensus.epochReportDigest(report), 0x7);
        drawSigner(1, EPOCH_ROUND, 0, 0x7);
        bytes memory data = abi.encodeCall(consensus.postEpochReport, (report, 0x7, signatures));
        uint256 most = 1_000_000 + 21_000 + 16 * data.length;
        consensus.postEpochReport{gas: 1_000_000}(report, 0x7, signatures);
        assertLe(settlement.lastGasAtStart(), most, "no more than there was");
        assertGt(settlement.lastGasAtStart() + 3_000, most, "nor less, but for the call's own beginning");
    }

    function test_SCO05_I13_AnEpochFinalisesOnce() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        vm.warp(begins + ATTEMPT_LENGTH);
        post(report, 0x7);
        bytes memory again = abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochAlreadyFinal.selector, 1);
        expectRefused(report, 0x7, again);
        report.scores.llm[2] = 0;
        expectRefused(report, 0xf, again);
        report.rewardRoot = keccak256("another root");
        expectRefused(report, 0xf, again);
        report.attempt = 1;
        expectRefused(report, 0xf, again);
        assertTrue(consensus.isEpochFinal(1), "I-13");
        assertEq(set.recorded(), 1, "I-13");
        assertEq(distributor.calls(), 1, "I-13");
        assertEq(distributor.root(), keccak256("root"), "SCO-05 the first root stays");
    }

    function test_I13_EpochsBeyondAWordOfTheBitmap() public {
        for (uint64 epoch = 254; epoch <= 257; ++epoch) {
            freezeEqual(epoch, 4, 3);
            assertFalse(consensus.isEpochFinal(epoch), "I-13 not final before its own report");
            vm.warp(clock.epochStart(epoch + 1) + ATTEMPT_LENGTH);
            post(epochReport(epoch), 0x7);
            assertTrue(consensus.isEpochFinal(epoch), "I-13 final by it");
        }
        assertFalse(consensus.isEpochFinal(1), "I-13 no other");
        assertFalse(consensus.isEpochFinal(0), "I-13 no other");
        assertFalse(consensus.isEpochFinal(512), "I-13 no other");
    }

    function test_EPO05_TakenInTheNextEpochAlone() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        vm.warp(clock.epochStart(2) - 1);
        expectRefused(report, 0x7, outsideWindow(1, 1));
        vm.warp(clock.epochStart(3));
        expectRefused(report, 0x7, outsideWindow(1, 3));
        report.epoch = 4;
        expectRefused(report, 0x7, outsideWindow(4, 3));
        report.epoch = type(uint64).max;
        expectRefused(report, 0x7, outsideWindow(type(uint64).max, 3));
        report.epoch = 1;
        vm.warp(clock.epochStart(3) - 1);
        post(report, 0x7);
        assertTrue(consensus.isEpochFinal(1), "the last second of the next epoch");
    }

    /// @dev A round of the old epoch may be on its way while the next begins: it has one attempt's time.
    function test_EPO05_TheFirstAttemptBeginsOneAttemptIntoTheNextEpoch() public {
        vm.warp(clock.epochStart(2));
        expectRefused(epochReport(1), 0x7, notBegun(1, EPOCH_ROUND, 0, begins));
        vm.warp(begins - 1);
        expectRefused(epochReport(1), 0x7, notBegun(1, EPOCH_ROUND, 0, begins));
        vm.warp(begins);
        post(epochReport(1), 0x7);
        assertEq(set.recorded(), 1, "recorded");
    }

    function test_RevertGiven_ScoresOfAnotherEpoch() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        report.scores.epoch = 0;
        expectRefused(
            report,
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_ScoresOfAnotherEpoch.selector, 1, 0)
        );
    }

    function test_RevertGiven_EpochNotFrozen() public {
        vm.warp(clock.epochStart(3) + ATTEMPT_LENGTH);
        expectRefused(
            epochReport(2),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochNotFrozen.selector, 2)
        );
    }

    function test_RevertGiven_TooFewSignatures() public {
        expectRefused(
            epochReport(1),
            0x3,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0.5e18, 1e18, 2, 3)
        );
    }

    function test_NothingIsFinalIfTheScoresAreRefused() public {
        set.setRefuses(true);
        _expectNothingFinal(ValidatorSetMock.ValidatorSetMock_Refused.selector);
        set.setRefuses(false);
        post(epochReport(1), 0x7);
    }

    function test_NothingIsFinalIfTheRootIsRefused() public {
        distributor.setRefuses(true);
        _expectNothingFinal(DistributorMock.DistributorMock_Refused.selector);
        distributor.setRefuses(false);
        post(epochReport(1), 0x7);
    }

    function test_NothingIsFinalIfTheIdleCannotBeSlashed() public {
        offences.setRefuses(true);
        _expectNothingFinal(OffencesMock.OffencesMock_Refused.selector);
        offences.setRefuses(false);
        post(epochReport(1), 0x7);
    }

    function test_NothingIsFinalIfThePosterCannotBePaid() public {
        settlement.setRefuses(true);
        _expectNothingFinal(SettlementMock.SettlementMock_Refused.selector);
        settlement.setRefuses(false);
        post(epochReport(1), 0x7);
    }

    function _expectNothingFinal(bytes4 reason) private {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        report.idle = 0x8;
        drawSigner(1, EPOCH_ROUND, 0, 0x7);
        expectRefused(report, 0x7, abi.encodeWithSelector(reason));
        assertFalse(consensus.isEpochFinal(1), "not final");
        uint256 done = set.recorded() + distributor.calls() + offences.calls() + settlement.payments();
        assertEq(done, 0, "nothing of it stands");
    }
}

/// @notice Decision D20: a key that was revoked since the freeze counts no more.
contract MaskedSeatTest is ConsensusBed {
    function test_REG09_RevertGiven_SignersWhoseKeysWereRevoked() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        set.setMask(1, 0x2);
        expectRefused(report, 0x7, _revoked(0x2));
        expectRefused(report, 0xf, _revoked(0x2));
        set.setMask(1, 0xa);
        expectRefused(report, 0xf, _revoked(0xa)); // all that are masked and signed
        expectRefused(report, 0x7, _revoked(0x2)); // and those alone
        assertEq(settlement.calls(), 0, "REG-09 nothing settled");
    }

    function test_REG09_RevertGiven_AnEpochReportOfRevokedKeys() public {
        vm.warp(clock.epochStart(2) + ATTEMPT_LENGTH);
        set.setMask(1, 0x5);
        expectRefused(epochReport(1), 0xf, _revoked(0x5));
        assertFalse(consensus.isEpochFinal(1), "REG-09 not final");
        set.setMask(1, 0x1);
        post(epochReport(1), 0xe);
        assertEq(set.recorded(), 1, "REG-09 the others suffice");
    }

    /// @dev The threshold stays that of the frozen set: revoked weight counts as silent.
    function test_REG09_RevokedWeightStaysInTheTotal() public {
        set.setMask(1, 0x3);
        expectRefused(
            scoreReport(1, 0),
            0xc,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0.5e18, 1e18, 2, 3)
        );
        set.setMask(1, 0x1);
        post(scoreReport(1, 0), 0xe);
        assertTrue(consensus.isFinal(1, 0), "REG-09 three of four");
    }

    /// @dev Every seat has its own bit, the last one too, whatever the signatures are worth.
    function test_REG09_EachOfTheSixtyFourSeats() public {
        freezeEqual(1, 64, 43);
        for (uint256 seat; seat < 64; ++seat) {
            uint64 mask = uint64(1) << uint64(seat);
            set.setMask(1, mask);
            expectRefused(scoreReport(1, 0), type(uint64).max, "", _revoked(mask));
        }
        set.setMask(1, uint64(1) << 63);
        post(scoreReport(1, 0), type(uint64).max >> 1);
        assertEq(settlement.calls(), 1, "the other 63");
    }

    function test_REG09_AMaskHoldsForItsEpochAlone() public {
        freezeEqual(2, 4, 3);
        vm.warp(clock.epochStart(2));
        set.setMask(2, 0x1);
        post(scoreReport(1, 0), 0x7);
        expectRefused(scoreReport(2, 0), 0x7, _revoked(0x1));
    }

    function _revoked(uint64 seats) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, seats);
    }
}

/// @notice Rounds are counted in the epoch they belong to, whatever the length of the others (decision D18).
contract RoundsOfChangedEpochsTest is ConsensusBed {
    function setUp() public override {
        super.setUp();
        clock.wire(address(this)); // this test is the epoch manager
        freezeEqual(2, 4, 3);
        freezeEqual(3, 4, 3);
    }

    function test_AShorterEpochHasFewerRoundsFromTheNextOneOn() public {
        assertEq(clock.setEpochLength(12 hours), 2, "from the next epoch on");
        vm.warp(clock.epochStart(2) + 12 hours - 1); // the last second of epoch 2
        assertEq(clock.currentEpoch(), 2, "the shorter epoch");
        post(scoreReport(1, 143), 0x7); // the last round of the longer one
        expectRefused(scoreReport(1, 144), 0x7, _noSuchRound(144, 144));
        post(scoreReport(2, 71), 0x7);
        expectRefused(scoreReport(2, 72), 0x7, _noSuchRound(72, 72));
        assertEq(settlement.calls(), 2, "the last round of each");
    }

    function test_ALongerEpochHasMoreRoundsFromTheNextOneOn() public {
        clock.setEpochLength(2 days);
        expectRefused(scoreReport(1, 144), 0x7, _noSuchRound(144, 144));
        uint256 beginsAt = clock.epochStart(2) + 287 * ROUND_LENGTH;
        vm.warp(beginsAt - 1);
        expectRefused(scoreReport(2, 287), 0x7, notBegun(2, 287, 0, beginsAt));
        vm.warp(beginsAt);
        post(scoreReport(2, 287), 0x7);
        expectRefused(scoreReport(2, 288), 0x7, _noSuchRound(288, 288));
        assertTrue(consensus.isFinal(2, 287), "the last of twice as many");
    }

    /// @dev The rest of an epoch that is no whole round is none; a round is where the epoch's own start puts it.
    function test_RoundsFollowTheStartOfTheirOwnEpoch() public {
        clock.setEpochLength(ROUND_LENGTH + 599);
        vm.warp(clock.epochStart(3));
        assertEq(clock.epochStart(3) - clock.epochStart(2), ROUND_LENGTH + 599, "the new length");
        expectRefused(scoreReport(2, 1), 0x7, _noSuchRound(1, 1));
        post(scoreReport(2, 0), 0x7);
        post(scoreReport(3, 0), 0x7); // it began with this second
        assertEq(settlement.calls(), 2, "one round each");
    }

    /// @dev The window is counted in epochs: it shrinks with them and never skips one.
    function test_EPO05_TheWindowEndsWithTheNextEpochHoweverShort() public {
        clock.setEpochLength(ROUND_LENGTH);
        vm.warp(clock.epochStart(3) - 1);
        post(scoreReport(1, 0), 0x7);
        post(epochReport(1), 0x7);
        vm.warp(clock.epochStart(3));
        expectRefused(
            scoreReport(1, 1),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, 1, 3)
        );
    }

    function _noSuchRound(uint32 round, uint256 rounds) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, round, rounds);
    }
}

contract ReportThresholdTest is ConsensusBed {
    function isFinal(uint256 signed, uint256 total, uint256 count, uint256 least) external pure returns (bool) {
        return ConsensusMath.isFinal(signed, total, count, least);
    }

    /// @dev For n equal seats the least number of signatures is ⌊2n/3⌋ + 1; two such sets share more than f members,
    /// f = ⌊(n − 1)/3⌋ being the most that may fail.
    function test_SCO01_SCO12_ThresholdOfOneToSixtyFourEqualSeats() public view {
        for (uint256 n = 1; n <= 64; ++n) {
            uint256 weight = 1e18 / n;
            uint256 least = (2 * n) / 3 + 1;
            uint256 faulty = (n - 1) / 3;
            for (uint256 k; k <= n; ++k) {
                assertEq(this.isFinal(k * weight, n * weight, k, 1), k >= least, "SCO-01");
            }
            assertTrue(n > 3 * faulty, "SCO-01 n > 3f");
            assertGt(2 * least, n + faulty, "SCO-05 two quorums share an honest seat");
            assertGe(n - faulty, least, "SCO-12 f offline: final");
            assertLt(n - faulty - 1, least, "SCO-12 f + 1 offline: halted");
        }
    }

    function test_SCO01_RealSignaturesOfEqualSeats() public {
        uint8[8] memory counts = [1, 2, 3, 4, 5, 10, 33, 64];
        for (uint256 i; i < counts.length; ++i) {
            uint256 n = counts[i];
            freezeEqual(1, n, 1);
            uint256 least = (2 * n) / 3 + 1;
            uint256 weight = 1e18 / n;
            IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
            consensus = newConsensus();
            expectRefused(
                report,
                lowest(least - 1),
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                    (least - 1) * weight,
                    n * weight,
                    least - 1,
                    1
                )
            );
            post(report, lowest(least) << uint64(n - least)); // the highest seats
            assertTrue(consensus.isFinal(1, 0), "SCO-01");
        }
    }

    function test_SCO12_OneOfFourOfflineFinalisesTwoDoNot() public {
        expectRefused(
            scoreReport(1, 0),
            0x9,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0.5e18, 1e18, 2, 3)
        );
        post(scoreReport(1, 0), 0xd);
    }

    function test_SCO01_ExactlyTwoThirdsIsNotEnough() public {
        uint64[] memory weights = new uint64[](3);
        (weights[0], weights[1], weights[2]) = (4, 2, 3);
        freeze(1, weights, 1);
        expectRefused(
            scoreReport(1, 0),
            0x3, // 6 of 9
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 6, 9, 2, 1)
        );
        post(scoreReport(1, 0), 0x5); // 7 of 9
    }

    function test_SCO01_OneUnitOfWeightBesideTwoThirds() public {
        uint64[] memory weights = new uint64[](2);
        (weights[0], weights[1]) = (2e17, 1e17);
        freeze(1, weights, 1);
        bytes4 tooLittle = IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector;
        expectRefused(scoreReport(1, 0), 0x1, abi.encodeWithSelector(tooLittle, 2e17, 3e17, 1, 1));
        (weights[0], weights[1]) = (2e17 - 1, 1e17);
        freeze(1, weights, 1);
        expectRefused(scoreReport(1, 0), 0x1, abi.encodeWithSelector(tooLittle, 2e17 - 1, 3e17 - 1, 1, 1));
        (weights[0], weights[1]) = (2e17 + 1, 1e17);
        freeze(1, weights, 1);
        post(scoreReport(1, 0), 0x1);
    }

    function test_RevertGiven_FewerThanTheLeastConfirmations() public {
        uint64[] memory weights = new uint64[](4);
        (weights[0], weights[1], weights[2], weights[3]) = (9e17, 5e16, 4e16, 1e16);
        freeze(1, weights, 3);
        bytes4 tooFew = IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector;
        expectRefused(scoreReport(1, 0), 0x1, abi.encodeWithSelector(tooFew, 9e17, 1e18, 1, 3));
        expectRefused(scoreReport(1, 0), 0x3, abi.encodeWithSelector(tooFew, 9.5e17, 1e18, 2, 3));
        expectRefused(scoreReport(1, 0), 0xe, abi.encodeWithSelector(tooFew, 1e17, 1e18, 3, 3));
        post(scoreReport(1, 0), 0xd);
    }

    /// @dev A set without seats or weight can finalise nothing.
    function test_SCO03_AnEmptySetFinalisesNothing() public {
        freeze(1, new uint64[](0), 1);
        bytes4 tooLittle = IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector;
        expectRefused(scoreReport(1, 0), 0, abi.encodeWithSelector(tooLittle, 0, 0, 0, 1));
        freeze(1, new uint64[](0), 0);
        expectRefused(scoreReport(1, 0), 0, abi.encodeWithSelector(tooLittle, 0, 0, 0, 0));
    }

    function test_SCO13_AnOpenReportKeepsTheThresholdOfItsEpoch() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 7);
        bytes memory signatures = sign(consensus.scoreReportDigest(report), 0x7);
        drawSigner(1, 7, 0, 0x7);
        freezeEqual(2, 9, 9); // more members, a higher quorum
        vm.warp(clock.epochStart(2));
        consensus.postScoreReport(report, 0x7, signatures);
        assertTrue(consensus.isFinal(1, 7), "final by its own set");
        expectRefused(
            scoreReport(2, 0),
            0x7,
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                3 * (uint256(1e18) / 9),
                9 * (uint256(1e18) / 9),
                3,
                9
            )
        );
    }

    /// @dev The rule said another way: the silent weigh less than half of those who signed, and enough of them signed.
    /// hardhat-config: fuzz.runs = 64
    function testFuzz_SCO01_FinalWithMoreThanTwoThirds(uint64[6] memory weights, uint8 signers, uint8 least) public {
        uint64[] memory frozen = new uint64[](6);
        uint256 signed;
        uint256 silent;
        uint256 count;
        for (uint256 i; i < 6; ++i) {
            frozen[i] = uint64(bound(weights[i], 1, 1.6e17));
            if ((signers >> i) & 1 == 1) (signed, count) = (signed + frozen[i], count + 1);
            else silent += frozen[i];
        }
        signers &= 0x3f;
        least = uint8(bound(least, 1, 6));
        freeze(1, frozen, least);
        if (signed > 2 * silent && count >= least) {
            post(scoreReport(1, 0), signers);
            assertTrue(consensus.isFinal(1, 0), "I-13");
        } else {
            expectRefused(
                scoreReport(1, 0),
                signers,
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                    signed,
                    signed + silent,
                    count,
                    least
                )
            );
            assertFalse(consensus.isFinal(1, 0), "I-13");
        }
    }
}

contract ReportSignatureTest is ConsensusBed {
    bytes4 private constant BAD = IScoreConsensus.ScoreConsensus_BadSignature.selector;

    bytes32 private digest;

    function setUp() public override {
        super.setUp();
        digest = consensus.scoreReportDigest(_report());
        drawSigner(1, 0, 0, 0x7);
    }

    /// @dev EIP-712 by the letter, from the type strings of the interface.
    function test_DigestsAreEip712() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Masa Score Consensus"),
                keccak256("1"),
                block.chainid,
                address(consensus)
            )
        );
        bytes32 scoreHash = keccak256(
            abi.encode(
                keccak256(
                    "ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 commitmentSet,bytes results)"
                ),
                uint256(1),
                uint256(0),
                uint256(0),
                poster,
                keccak256("commitments"),
                keccak256(Results.encode(resultsOf(1)))
            )
        );
        assertEq(digest, keccak256(abi.encodePacked(hex"1901", domain, scoreHash)), "score report");
        IScoreConsensus.EpochReport memory epoch = epochReport(1);
        (epoch.attempt, epoch.idle) = (2, 9);
        bytes32 epochHash = keccak256(
            abi.encode(
                keccak256(
                    "EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash,bytes32 rewardRoot,uint128 validatorTotal,uint128 workerTotal,uint64 idle)"
                ),
                uint256(1),
                uint256(2),
                poster,
                keccak256(abi.encode(epoch.scores)),
                keccak256("root"),
                uint256(5e18),
                uint256(7e18),
                uint256(9)
            )
        );
        assertEq(
            consensus.epochReportDigest(epoch),
            keccak256(abi.encodePacked(hex"1901", domain, epochHash)),
            "epoch report"
        );
    }

    function test_SCO03_WrongLength() public {
        bytes memory three = sign(digest, 0x7);
        bytes4 wrongLength = IScoreConsensus.ScoreConsensus_SignatureLength.selector;
        expectRefused(_report(), 0x7, "", abi.encodeWithSelector(wrongLength, 0, 195));
        expectRefused(_report(), 0x7, sign(digest, 0x3), abi.encodeWithSelector(wrongLength, 130, 195));
        expectRefused(_report(), 0x7, sign(digest, 0xf), abi.encodeWithSelector(wrongLength, 260, 195));
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(three, bytes1(0)),
            abi.encodeWithSelector(wrongLength, 196, 195)
        );
        expectRefused(_report(), 0, three, abi.encodeWithSelector(wrongLength, 195, 0));
        expectRefused(
            _report(),
            type(uint64).max,
            sign(digest, type(uint64).max & ~uint64(1)),
            abi.encodeWithSelector(wrongLength, 63 * 65, 64 * 65)
        );
    }

    function test_SCO03_NobodySigned() public {
        expectRefused(
            _report(),
            0,
            "",
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0, 1e18, 0, 3)
        );
    }

    function test_SCO03_OutOfOrder() public {
        bytes memory unsorted = abi.encodePacked(sign(digest, 0x2), sign(digest, 0x1), sign(digest, 0x4));
        expectRefused(_report(), 0x7, unsorted, abi.encodeWithSelector(BAD, 0, vm.addr(keyOf(1))));
    }

    function test_SCO03_OneSignatureForTwoSeats() public {
        bytes memory twice = abi.encodePacked(sign(digest, 0x1), sign(digest, 0x1), sign(digest, 0x4));
        expectRefused(_report(), 0x7, twice, abi.encodeWithSelector(BAD, 1, vm.addr(keyOf(0))));
    }

    function test_SCO03_UnknownSeat() public {
        bytes4 unknown = IScoreConsensus.ScoreConsensus_UnknownSeat.selector;
        expectRefused(_report(), 0x17, sign(digest, 0x17), abi.encodeWithSelector(unknown, 4));
        uint64 last = uint64(1) << 63;
        expectRefused(_report(), 0x7 | last, sign(digest, 0x7 | last), abi.encodeWithSelector(unknown, 63));
        // Seats 0 and 1 are free, the rest of the bitmap reaches a taken one.
        uint64[] memory weights = new uint64[](3);
        weights[2] = 1e18;
        freeze(1, weights, 1);
        expectRefused(_report(), 0x5, sign(digest, 0x5), abi.encodeWithSelector(unknown, 0));
        post(_report(), 0x4);
    }

    function test_BadSignatureNamesTheSeatAndTheSigner() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(9), digest);
        bytes memory stranger = abi.encodePacked(sign(digest, 0x3), v, r, s);
        expectRefused(_report(), 0x7, stranger, abi.encodeWithSelector(BAD, 2, vm.addr(keyOf(9))));
    }

    function test_SIG01_AnotherChain() public {
        bytes memory here = sign(digest, 0x7);
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        bytes32 there = consensus.scoreReportDigest(_report());
        assertNotEq(there, digest, "SIG-01 the domain follows the chain");
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(_report(), 0x7, here);
        consensus.postScoreReport(_report(), 0x7, sign(there, 0x7));
        assertTrue(consensus.isFinal(1, 0), "SIG-01");
        vm.chainId(home);
        assertEq(consensus.scoreReportDigest(_report()), digest, "SIG-01 and comes back");
    }

    function test_SIG02_AnotherContract() public {
        bytes memory signatures = sign(digest, 0x7);
        ScoreConsensus redeployed = newConsensus();
        assertNotEq(redeployed.scoreReportDigest(_report()), digest, "SIG-02");
        vm.expectPartialRevert(BAD);
        redeployed.postScoreReport(_report(), 0x7, signatures);
        consensus.postScoreReport(_report(), 0x7, signatures);
    }

    function test_SIG03_AnotherEpochRoundAttemptPosterCommitmentsOrResult() public {
        freezeEqual(2, 4, 3);
        vm.warp(clock.epochStart(2) + ROUND_LENGTH);
        bytes memory signatures = sign(digest, 0x7);
        IScoreConsensus.ScoreReport memory other = _report();
        other.epoch = 2;
        _expectBad(other, signatures);
        other = _report();
        other.round = 1;
        _expectBad(other, signatures);
        other = _report();
        other.attempt = 1;
        _expectBad(other, signatures);
        other = _report();
        other.poster = address(this);
        _expectBad(other, signatures);
        other = _report();
        other.commitmentSet = keccak256("other commitments");
        _expectBad(other, signatures);
        other = _report();
        other.results[9] = bytes1(uint8(other.results[9]) ^ 1);
        _expectBad(other, signatures);
        consensus.postScoreReport(_report(), 0x7, signatures);
    }

    function test_SIG03_AnotherMemberOfAnEpochReport() public {
        vm.warp(clock.epochStart(2) + 2 * ATTEMPT_LENGTH);
        bytes memory signatures = sign(consensus.epochReportDigest(epochReport(1)), 0x7);
        IScoreConsensus.EpochReport memory other = epochReport(1);
        other.attempt = 1;
        _expectBad(other, signatures);
        other = epochReport(1);
        other.poster = address(this);
        _expectBad(other, signatures);
        other = epochReport(1);
        other.scores.consensus[0] -= 1;
        _expectBad(other, signatures);
        other = epochReport(1);
        other.rewardRoot = keccak256("another root");
        _expectBad(other, signatures);
        other = epochReport(1);
        other.validatorTotal += 1;
        _expectBad(other, signatures);
        other = epochReport(1);
        other.workerTotal += 1;
        _expectBad(other, signatures);
        other = epochReport(1);
        other.idle = 8;
        _expectBad(other, signatures);
        drawSigner(1, EPOCH_ROUND, 0, 0x7);
        consensus.postEpochReport(epochReport(1), 0x7, signatures);
    }

    function test_SIG03_AnotherType() public {
        IScoreConsensus.EpochReport memory epoch = epochReport(1);
        bytes32 epochDigest = consensus.epochReportDigest(epoch);
        vm.warp(clock.epochStart(2) + ATTEMPT_LENGTH);
        bytes memory ofEpoch = sign(epochDigest, 0x7);
        bytes memory ofScores = sign(digest, 0x7);
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(_report(), 0x7, ofEpoch);
        vm.expectPartialRevert(BAD);
        consensus.postEpochReport(epoch, 0x7, ofScores);
        consensus.postScoreReport(_report(), 0x7, ofScores);
        drawSigner(1, EPOCH_ROUND, 0, 0x7);
        consensus.postEpochReport(epoch, 0x7, ofEpoch);
    }

    /// @dev What a validator signs on its way to a report is no report: neither its vector, nor its commitment, nor the
    /// set of commitments, nor what it saw of availability.
    function test_SIG03_WhatIsSignedOnTheWayToAReport() public {
        IScoreConsensus.ScoreReport memory report = _report();
        bytes32 resultsHash = keccak256(report.results);
        bytes32[4] memory hashes = [
            ReportTypes.structHash(ReportTypes.ScoreVector(1, 0, 0, vm.addr(keyOf(0)), resultsHash)),
            ReportTypes.structHash(ReportTypes.VectorCommitment(1, 0, 0, vm.addr(keyOf(0)), report.commitmentSet)),
            ReportTypes.structHash(ReportTypes.CommitmentSet(1, 0, 0, report.commitmentSet)),
            ReportTypes.structHash(ReportTypes.AvailabilityVector(1, vm.addr(keyOf(0)), resultsHash))
        ];
        bytes32 domain = ReportTypes.domainSeparator(address(consensus));
        for (uint256 i; i < hashes.length; ++i) {
            _expectBad(report, sign(keccak256(abi.encodePacked(hex"1901", domain, hashes[i])), 0x7));
        }
    }

    function test_SIG04_HighS() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(0), digest);
        bytes memory high = abi.encodePacked(v == 27 ? uint8(28) : uint8(27), r, bytes32(CURVE_ORDER - uint256(s)));
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(high, sign(digest, 0x6)),
            abi.encodeWithSelector(BAD, 0, address(0))
        );
    }

    function test_SIG04_RecoveryIdOfZeroOrOne() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(0), digest);
        bytes memory rest = sign(digest, 0x6);
        uint8[4] memory others = [v - 27, 0, 1, 29];
        for (uint256 i; i < others.length; ++i) {
            expectRefused(
                _report(),
                0x7,
                abi.encodePacked(others[i], r, s, rest),
                abi.encodeWithSelector(BAD, 0, address(0))
            );
        }
    }

    function test_SIG04_CompactForm() public {
        bytes memory compact;
        for (uint256 seat; seat < 3; ++seat) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(seat), digest);
            compact = abi.encodePacked(compact, r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        }
        expectRefused(
            _report(),
            0x7,
            compact,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_SignatureLength.selector, 192, 195)
        );
    }

    function test_SIG05_AFailedRecoveryIsNoMember() public {
        // r = 0 recovers to the zero address, which is also the hot key of a free seat.
        bytes memory nobody = abi.encodePacked(uint8(27), bytes32(0), bytes32(uint256(1)));
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(nobody, sign(digest, 0x6)),
            abi.encodeWithSelector(BAD, 0, address(0))
        );
        // Nor does the signature before it stand for one that recovers to nobody.
        bytes memory behind = abi.encodePacked(sign(digest, 0x3), nobody);
        expectRefused(_report(), 0x7, behind, abi.encodeWithSelector(BAD, 2, address(0)));
        uint64[] memory weights = new uint64[](3);
        (weights[1], weights[2]) = (1, 1);
        freeze(1, weights, 1);
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(nobody, sign(digest, 0x6)),
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_UnknownSeat.selector, 0)
        );
        (weights[0], weights[1]) = (1, 0);
        freeze(1, weights, 1);
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(sign(digest, 0x1), nobody, sign(digest, 0x4)),
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_UnknownSeat.selector, 1)
        );
    }

    /// hardhat-config: fuzz.runs = 128
    function testFuzz_SIG04_OneChangedByteSpoilsASignature(uint256 position, uint8 flip) public {
        bytes memory signatures = sign(digest, 0x7);
        position = bound(position, 0, signatures.length - 1);
        flip = uint8(bound(flip, 1, 255));
        signatures[position] = bytes1(uint8(signatures[position]) ^ flip);
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(_report(), 0x7, signatures);
        assertFalse(consensus.isFinal(1, 0), "I-13");
    }

    function _report() private view returns (IScoreConsensus.ScoreReport memory) {
        return scoreReport(1, 0);
    }

    /// @dev SIG-10: a hot key with code behind it (EIP-7702) is judged by its signature alone, and counts once. What the
    /// code would say of a signature (ERC-1271) is not asked.
    function test_SIG10_AKeyWithCodeIsJudgedByItsSignatureAlone() public {
        // Answers every call with the word 0x1626ba7e…, ERC-1271's yes.
        bytes memory wallet = hex"631626ba7e60e01b5f5260205ff3";
        address delegate = address(0x7702);
        vm.etch(delegate, wallet);
        vm.etch(vm.addr(keyOf(0)), abi.encodePacked(hex"ef0100", delegate));
        vm.etch(vm.addr(keyOf(1)), wallet);
        (, bytes memory yes) = vm.addr(keyOf(1)).staticcall("");
        assertEq(bytes32(yes), bytes32(bytes4(0x1626ba7e)), "SIG-10 the wallet says yes to everything");

        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(9), digest);
        bytes memory stranger = abi.encodePacked(v, r, s);
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(stranger, sign(digest, 0x6)),
            abi.encodeWithSelector(BAD, 0, vm.addr(keyOf(9)))
        );
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(sign(digest, 0x1), stranger, sign(digest, 0x4)),
            abi.encodeWithSelector(BAD, 1, vm.addr(keyOf(9)))
        );
        expectRefused(
            _report(),
            0x3,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0.5e18, 1e18, 2, 3)
        );
        postAsDrawn(_report(), 0x7);
        assertTrue(consensus.isFinal(1, 0), "SIG-10 its signature counts, once");
    }

    function _expectBad(IScoreConsensus.EpochReport memory other, bytes memory signatures) private {
        vm.expectPartialRevert(BAD);
        consensus.postEpochReport(other, 0x7, signatures);
    }

    function _expectBad(IScoreConsensus.ScoreReport memory other, bytes memory signatures) private {
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(other, 0x7, signatures);
    }
}
