// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../../contracts/math/ConsensusMath.sol";
import {SettlementMock} from "../../contracts/mocks/SettlementMock.sol";
import {ValidatorSetMock} from "../../contracts/mocks/ValidatorSetMock.sol";
import {ConsensusBed} from "../support/ConsensusBed.sol";

contract ScoreConsensusConstructorTest is ConsensusBed {
    function test_KeepsItsParts() public view {
        assertEq(address(consensus.clock()), address(clock), "clock");
        assertEq(address(consensus.validatorSet()), address(set), "set");
        assertEq(address(consensus.escrow()), address(settlement), "escrow");
        assertEq(consensus.roundLength(), ROUND_LENGTH, "round length");
        assertEq(consensus.MAX_RESULTS(), 150, "cap");
    }

    function test_RevertGiven_ZeroAddress() public {
        IValidatorSet set_ = IValidatorSet(address(set));
        IRequestEscrow escrow_ = IRequestEscrow(address(settlement));
        vm.expectRevert(IScoreConsensus.ScoreConsensus_ZeroAddress.selector);
        new ScoreConsensus(IEpochClock(address(0)), set_, escrow_, 1);
        vm.expectRevert(IScoreConsensus.ScoreConsensus_ZeroAddress.selector);
        new ScoreConsensus(clock, IValidatorSet(address(0)), escrow_, 1);
        vm.expectRevert(IScoreConsensus.ScoreConsensus_ZeroAddress.selector);
        new ScoreConsensus(clock, set_, IRequestEscrow(address(0)), 1);
    }

    function test_RevertGiven_RoundLengthOutOfRange() public {
        IValidatorSet set_ = IValidatorSet(address(set));
        IRequestEscrow escrow_ = IRequestEscrow(address(settlement));
        uint32[2] memory bad = [uint32(0), uint32(EPOCH_LENGTH) + 1];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_RoundLengthOutOfRange.selector,
                    bad[i],
                    EPOCH_LENGTH
                )
            );
            new ScoreConsensus(clock, set_, escrow_, bad[i]);
        }
        assertEq(new ScoreConsensus(clock, set_, escrow_, 1).roundLength(), 1, "shortest");
        assertEq(new ScoreConsensus(clock, set_, escrow_, uint32(EPOCH_LENGTH)).roundLength(), EPOCH_LENGTH, "longest");
    }
}

contract ScoreReportTest is ConsensusBed {
    function test_FinalisesAndSettles() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        report.attempt = 3;
        bytes32 digest = consensus.scoreReportDigest(report);
        assertEq(consensus.finalDigestOf(1, 0), bytes32(0), "not final yet");
        bytes memory signatures = sign(digest, 0xb);

        vm.expectEmit(address(consensus));
        emit IScoreConsensus.ScoreReportFinalised(1, 0, digest, 0xb, 3, poster);
        vm.prank(address(0xCAFE)); // anyone may post
        consensus.postScoreReport(report, 0xb, signatures);

        assertEq(consensus.finalDigestOf(1, 0), digest, "final");
        assertEq(settlement.calls(), 1, "settled once");
        assertEq(settlement.lastResultsHash(), keccak256(abi.encode(report.results)), "the results it was signed for");
    }

    function test_SCO05_I13_ARoundFinalisesOnce() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        post(report, 0x7);
        bytes32 first = consensus.finalDigestOf(1, 0);
        bytes memory again = abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, 0);

        expectRefused(report, 0x7, again); // the same report
        expectRefused(report, 0xf, again); // with more signatures
        report.results[0].responses[0].relevance = 1;
        expectRefused(report, 0xe, again); // another report
        report.attempt = 1;
        expectRefused(report, 0xf, again); // of another attempt
        assertEq(consensus.finalDigestOf(1, 0), first, "I-13");
        assertEq(settlement.calls(), 1, "I-13");
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
        expectRefused(report, 0x7, _outsideWindow(2, 1));
        report.epoch = type(uint64).max;
        expectRefused(report, 0x7, _outsideWindow(type(uint64).max, 1));

        report.epoch = 1;
        vm.warp(clock.epochStart(3)); // the first second of n + 2
        expectRefused(report, 0x7, _outsideWindow(1, 3));
        vm.warp(clock.epochStart(3) - 1); // the last of n + 1
        post(report, 0x7);
        assertNotEq(consensus.finalDigestOf(1, 0), bytes32(0), "taken in the next epoch");
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
        consensus = new ScoreConsensus(
            clock,
            IValidatorSet(address(set)),
            IRequestEscrow(address(settlement)),
            uint32(EPOCH_LENGTH / 2) + 1
        );
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
        expectRefused(
            scoreReport(1, 5),
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_RoundNotBegun.selector, 1, 5, beginsAt, beginsAt - 1)
        );
        vm.warp(beginsAt);
        post(scoreReport(1, 5), 0x7);
    }

    function test_RevertGiven_EmptyReport() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        report.results = resultsOf(0);
        expectRefused(report, 0x7, abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EmptyReport.selector));
    }

    function test_SCO07_ResultsAreBounded() public {
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        report.results = resultsOf(151);
        expectRefused(
            report,
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_TooManyResults.selector, 151, 150)
        );
        report.results = resultsOf(150);
        post(report, 0x7);
        assertEq(settlement.results(), 150, "all of them");
    }

    function test_SCO07_ResponsesAreCappedTogether() public {
        uint256 most = consensus.MAX_RESPONSES();
        IScoreConsensus.ScoreReport memory report = scoreReport(1, 0);
        report.results = resultsOf(2); // one response in the second, the rest in the first
        report.results[0].responses = new IRequestEscrow.ResponseScore[](most);
        expectRefused(
            report,
            0x7,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_TooManyResponses.selector, most + 1, most)
        );
        report.results[0].responses = new IRequestEscrow.ResponseScore[](most - 1);
        post(report, 0x7);
        assertEq(settlement.results(), 2, "SCO-07");
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
        assertEq(consensus.finalDigestOf(1, 0), bytes32(0), "not final");
        settlement.setRefuses(false);
        post(scoreReport(1, 0), 0x7);
    }

    function _outsideWindow(uint64 epoch, uint64 current) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, epoch, current);
    }
}

contract EpochReportTest is ConsensusBed {
    function setUp() public override {
        super.setUp();
        vm.warp(clock.epochStart(2));
    }

    function test_FinalisesAndRecords() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        report.attempt = 2;
        bytes32 digest = consensus.epochReportDigest(report);
        bytes memory signatures = sign(digest, 0xd);
        vm.expectEmit(address(consensus));
        emit IScoreConsensus.EpochReportFinalised(1, digest, 0xd, 2, poster);
        vm.prank(address(0xCAFE));
        consensus.postEpochReport(report, 0xd, signatures);
        assertEq(consensus.finalEpochDigestOf(1), digest, "final");
        assertEq(set.recordedHash(), keccak256(abi.encode(report.scores)), "the scores it was signed for");
    }

    function test_SCO05_I13_AnEpochFinalisesOnce() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        post(report, 0x7);
        bytes32 first = consensus.finalEpochDigestOf(1);
        bytes memory again = abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochAlreadyFinal.selector, 1);
        expectRefused(report, 0x7, again);
        report.scores.llm[2] = 0;
        expectRefused(report, 0xf, again);
        assertEq(consensus.finalEpochDigestOf(1), first, "I-13");
        assertEq(set.recorded(), 1, "I-13");
    }

    function test_EPO05_TakenInTheNextEpochAlone() public {
        IScoreConsensus.EpochReport memory report = epochReport(1);
        vm.warp(clock.epochStart(2) - 1);
        expectRefused(report, 0x7, _outsideWindow(1, 1));
        vm.warp(clock.epochStart(3));
        expectRefused(report, 0x7, _outsideWindow(1, 3));
        report.epoch = 4;
        expectRefused(report, 0x7, _outsideWindow(4, 3));
        report.epoch = type(uint64).max;
        expectRefused(report, 0x7, _outsideWindow(type(uint64).max, 3));
        report.epoch = 1;
        vm.warp(clock.epochStart(3) - 1);
        post(report, 0x7);
        assertNotEq(consensus.finalEpochDigestOf(1), bytes32(0), "the last second of the next epoch");
    }

    function test_EPO05_TheFirstSecondOfTheNextEpochIsInTime() public {
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
        vm.warp(clock.epochStart(3));
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
        expectRefused(epochReport(1), 0x7, abi.encodeWithSelector(ValidatorSetMock.ValidatorSetMock_Refused.selector));
        assertEq(consensus.finalEpochDigestOf(1), bytes32(0), "not final");
        set.setRefuses(false);
        post(epochReport(1), 0x7);
    }

    function _outsideWindow(uint64 epoch, uint64 current) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, epoch, current);
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
        vm.warp(clock.epochStart(2));
        set.setMask(1, 0x5);
        expectRefused(epochReport(1), 0xf, _revoked(0x5));
        assertEq(consensus.finalEpochDigestOf(1), bytes32(0), "REG-09 not final");
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
        assertNotEq(consensus.finalDigestOf(1, 0), bytes32(0), "REG-09 three of four");
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
        expectRefused(
            scoreReport(2, 287),
            0x7,
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_RoundNotBegun.selector,
                2,
                287,
                beginsAt,
                beginsAt - 1
            )
        );
        vm.warp(beginsAt);
        post(scoreReport(2, 287), 0x7);
        expectRefused(scoreReport(2, 288), 0x7, _noSuchRound(288, 288));
        assertNotEq(consensus.finalDigestOf(2, 287), bytes32(0), "the last of twice as many");
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
            assertNotEq(consensus.finalDigestOf(1, 0), bytes32(0), "SCO-01");
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
        freezeEqual(2, 9, 9); // more members, a higher quorum
        vm.warp(clock.epochStart(2));
        consensus.postScoreReport(report, 0x7, signatures);
        assertNotEq(consensus.finalDigestOf(1, 7), bytes32(0), "final by its own set");
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
            assertNotEq(consensus.finalDigestOf(1, 0), bytes32(0), "I-13");
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
            assertEq(consensus.finalDigestOf(1, 0), bytes32(0), "I-13");
        }
    }
}

contract ReportSignatureTest is ConsensusBed {
    bytes4 private constant BAD = IScoreConsensus.ScoreConsensus_BadSignature.selector;

    bytes32 private digest;

    function setUp() public override {
        super.setUp();
        digest = consensus.scoreReportDigest(_report());
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
                keccak256("ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 resultsHash)"),
                uint256(1),
                uint256(0),
                uint256(0),
                poster,
                keccak256(abi.encode(_report().results))
            )
        );
        assertEq(digest, keccak256(abi.encodePacked(hex"1901", domain, scoreHash)), "score report");
        IScoreConsensus.EpochReport memory epoch = epochReport(1);
        bytes32 epochHash = keccak256(
            abi.encode(
                keccak256("EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash)"),
                uint256(1),
                uint256(0),
                poster,
                keccak256(abi.encode(epoch.scores))
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
        bytes memory stranger = abi.encodePacked(sign(digest, 0x3), r, s, v);
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
        assertEq(consensus.finalDigestOf(1, 0), there, "SIG-01");
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

    function test_SIG03_AnotherEpochRoundAttemptPosterOrResult() public {
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
        other.results[0].responses[0].responseTime += 1;
        _expectBad(other, signatures);
        consensus.postScoreReport(_report(), 0x7, signatures);
    }

    function test_SIG03_AnotherType() public {
        IScoreConsensus.EpochReport memory epoch = epochReport(1);
        bytes32 epochDigest = consensus.epochReportDigest(epoch);
        vm.warp(clock.epochStart(2));
        bytes memory ofEpoch = sign(epochDigest, 0x7);
        bytes memory ofScores = sign(digest, 0x7);
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(_report(), 0x7, ofEpoch);
        vm.expectPartialRevert(BAD);
        consensus.postEpochReport(epoch, 0x7, ofScores);
        consensus.postEpochReport(epoch, 0x7, ofEpoch);
        consensus.postScoreReport(_report(), 0x7, ofScores);
    }

    function test_SIG04_HighS() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(0), digest);
        bytes memory high = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
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
                abi.encodePacked(r, s, others[i], rest),
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
        bytes memory nobody = abi.encodePacked(bytes32(0), bytes32(uint256(1)), uint8(27));
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(nobody, sign(digest, 0x6)),
            abi.encodeWithSelector(BAD, 0, address(0))
        );
        uint64[] memory weights = new uint64[](3);
        (weights[1], weights[2]) = (1, 1);
        freeze(1, weights, 1);
        expectRefused(
            _report(),
            0x7,
            abi.encodePacked(nobody, sign(digest, 0x6)),
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_UnknownSeat.selector, 0)
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
        assertEq(consensus.finalDigestOf(1, 0), bytes32(0), "I-13");
    }

    function _report() private view returns (IScoreConsensus.ScoreReport memory) {
        return scoreReport(1, 0);
    }

    function _expectBad(IScoreConsensus.ScoreReport memory other, bytes memory signatures) private {
        vm.expectPartialRevert(BAD);
        consensus.postScoreReport(other, 0x7, signatures);
    }
}
