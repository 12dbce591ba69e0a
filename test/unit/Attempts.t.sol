// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {ConsensusBed} from "../support/ConsensusBed.sol";

/// @title ScoreConsensus: whose turn an attempt is
contract ProposerTest is ConsensusBed {
    function test_RevertGiven_EverybodyButTheProposer() public {
        for (uint256 seat; seat < 4; ++seat) {
            draw(1, 0, 0, seat);
            uint64 others = 0xf & ~uint64(1 << seat);
            expectRefused(scoreReport(1, 0), others, _missing(seat));
        }
        assertEq(settlement.calls(), 0, "I-13 nothing settled");
        postAsDrawn(scoreReport(1, 0), 0xe); // the turn of seat 3
        assertTrue(consensus.isFinal(1, 0), "with its proposer");
    }

    function test_RevertGiven_TheProposerAlone() public {
        draw(1, 0, 0, 2);
        expectRefused(
            scoreReport(1, 0),
            0x4,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0.25e18, 1e18, 1, 3)
        );
    }

    function test_TheProposerOfAnotherAttemptIsNotAskedFor() public {
        _drawInTurn(1, 0, 1);
        vm.warp(clock.epochStart(1) + ATTEMPT_LENGTH);
        uint64 withoutFirst = 0xf & ~uint64(1 << proposerOf(1, 0, 0));
        uint64 withoutSecond = 0xf & ~uint64(1 << proposerOf(1, 0, 1));
        expectRefused(scoreReport(1, 0, 0), withoutFirst, _missing(proposerOf(1, 0, 0)));
        expectRefused(scoreReport(1, 0, 1), withoutSecond, _missing(proposerOf(1, 0, 1)));
        postAsDrawn(scoreReport(1, 0, 1), withoutFirst);
        assertTrue(consensus.isFinal(1, 0), "the second attempt needs the second proposer");
    }

    /// @dev A proposer that is silent loses its turn to the next, and the round is final a turn later.
    function test_ASilentProposerLosesItsTurnToTheNext() public {
        _drawInTurn(1, 3, 4);
        uint256 beginsAt = clock.epochStart(1) + 3 * ROUND_LENGTH;
        uint256 silent = proposerOf(1, 3, 0);
        uint64 awake = 0xf & ~uint64(1 << silent);
        for (uint32 attempt; attempt < 4; ++attempt) {
            vm.warp(beginsAt + attempt * ATTEMPT_LENGTH);
            expectRefused(scoreReport(1, 3, attempt), awake, _missing(silent));
        }
        vm.warp(beginsAt + 4 * ATTEMPT_LENGTH);
        postAsDrawn(scoreReport(1, 3, 4), awake);
        assertTrue(consensus.isFinal(1, 3), "final without it");
    }

    /// @dev A turn does not end: a report of an attempt that has begun finalises the round until another did.
    function test_AnEarlierAttemptMayStillFinalise() public {
        vm.warp(clock.epochStart(1) + 4 * ATTEMPT_LENGTH);
        post(scoreReport(1, 0, 0), 0x7);
        assertTrue(consensus.isFinal(1, 0), "late, but first");
        expectRefused(
            scoreReport(1, 0, 4),
            0xf,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, 0)
        );
        freezeEqual(2, 4, 3);
        vm.warp(clock.epochStart(3) - 1);
        post(scoreReport(1, 1, 0), 0x7);
        assertTrue(consensus.isFinal(1, 1), "until the last second of the next epoch");
        assertEq(settlement.calls(), 2, "I-13");
    }

    function test_ALaterAttemptKeepsAnEarlierOneOut() public {
        vm.warp(clock.epochStart(1) + ATTEMPT_LENGTH);
        post(scoreReport(1, 0, 1), 0x7);
        expectRefused(
            scoreReport(1, 0, 0),
            0xf,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, 1, 0)
        );
    }

    /// @dev D20: a proposer whose key was revoked can neither sign nor be left out; its turn passes unused.
    function test_D20_ARevokedProposerLosesItsTurn() public {
        _drawInTurn(1, 0, 1);
        uint256 revoked = proposerOf(1, 0, 0);
        uint64 bit = uint64(1 << revoked);
        set.setMask(1, bit);
        expectRefused(
            scoreReport(1, 0, 0),
            0xf,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, bit)
        );
        expectRefused(scoreReport(1, 0, 0), 0xf & ~bit, _missing(revoked));
        vm.warp(clock.epochStart(1) + ATTEMPT_LENGTH);
        postAsDrawn(scoreReport(1, 0, 1), 0xf & ~bit);
        assertTrue(consensus.isFinal(1, 0), "D20 the next attempt is another's turn");
    }

    /// @dev A seat without weight owns no stretch of the draw: free seats and the last row never have a turn.
    /// hardhat-config: fuzz.runs = 128
    function testFuzz_EQ27_TheDrawIsThatOfTheFrozenWeights(
        uint96 randomness,
        uint64[8] memory weights,
        uint32 round,
        uint32 attempt
    ) public {
        uint64[] memory frozen = new uint64[](8);
        uint64 all;
        for (uint256 i; i < 8; ++i) {
            // A third of the seats is free; no two together weigh a third of the rest.
            frozen[i] = weights[i] % 3 == 0 && i > 2 ? 0 : uint64(bound(weights[i], 1e17, 1.2e17));
            if (frozen[i] != 0) all |= uint64(1 << i);
        }
        freeze(1, frozen, 1);
        set.setRandomness(1, randomness);
        round = uint32(bound(round, 0, clock.lengthOf(1) / ROUND_LENGTH - 1));
        attempt = uint32(bound(attempt, 0, ATTEMPTS - 1));
        vm.warp(clock.epochStart(2) - 1);
        uint256 drawn = proposerOf(1, round, attempt);
        assertGt(frozen[drawn], 0, "EQ-27 a seat with weight");
        uint64 others = all & ~uint64(1 << drawn);
        uint256 total;
        for (uint256 i; i < 8; ++i) {
            total += frozen[i];
        }
        // Of three or four seats the others are too few; of more they are enough and lack the proposer alone.
        if (3 * (total - frozen[drawn]) > 2 * total) {
            expectRefused(scoreReport(1, round, attempt), others, _missing(drawn));
        }
        postAsDrawn(scoreReport(1, round, attempt), all);
        assertTrue(consensus.isFinal(1, round), "EQ-27");
    }

    /// @dev Gives the epoch a randomness with which the first `turns` attempts of the round are one seat's turn and the
    /// one after them another's.
    function _drawInTurn(uint64 epoch, uint32 round, uint32 turns) private {
        for (uint256 randomness; ; ++randomness) {
            uint256 first = drawnWith(randomness, epoch, round, 0);
            uint32 same = 1;
            while (same < turns && drawnWith(randomness, epoch, round, same) == first) ++same;
            if (same < turns || drawnWith(randomness, epoch, round, turns) == first) continue;
            redraw(epoch, round, randomness);
            return;
        }
    }

    function _missing(uint256 seat) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_ProposerMissing.selector, seat);
    }
}

/// @title ScoreConsensus: when attempts begin, to the second
contract AttemptTimesTest is ConsensusBed {
    function test_EveryAttemptOfARoundBeginsToTheSecond() public {
        uint256 roundBegins = clock.epochStart(1) + 7 * ROUND_LENGTH;
        uint256 start = vm.snapshotState();
        for (uint32 attempt; attempt < ATTEMPTS; ++attempt) {
            uint256 beginsAt = roundBegins + attempt * ATTEMPT_LENGTH;
            vm.warp(beginsAt - 1);
            expectRefused(scoreReport(1, 7, attempt), 0xf, notBegun(1, 7, attempt, beginsAt));
            vm.warp(beginsAt);
            post(scoreReport(1, 7, attempt), 0xf);
            assertTrue(consensus.isFinal(1, 7), "in its first second");
            vm.revertToState(start);
            start = vm.snapshotState();
        }
    }

    function test_RevertGiven_NoSuchAttempt() public {
        vm.warp(clock.epochStart(2) - 1);
        expectRefused(scoreReport(1, 0, ATTEMPTS), 0xf, _noSuchAttempt(ATTEMPTS, ATTEMPTS));
        expectRefused(scoreReport(1, 0, type(uint32).max), 0xf, _noSuchAttempt(type(uint32).max, ATTEMPTS));
        post(scoreReport(1, 0, ATTEMPTS - 1), 0xf);
    }

    /// @dev The rest of a round that is no whole attempt is none.
    function test_RevertGiven_AnAttemptInTheRestOfARound() public {
        consensus = newConsensus(ROUND_LENGTH, 250);
        vm.warp(clock.epochStart(1) + 599);
        expectRefused(scoreReport(1, 0, 2), 0xf, _noSuchAttempt(2, 2));
        post(scoreReport(1, 0, 1), 0xf);
        consensus = newConsensus(ROUND_LENGTH, ROUND_LENGTH / 2);
        expectRefused(scoreReport(1, 0, 2), 0xf, _noSuchAttempt(2, 2));
        post(scoreReport(1, 0, 0), 0xf);
    }

    function test_TheLastAttemptOfARoundEndsNoEarlierThanTheNextRoundBegins() public {
        vm.warp(clock.epochStart(1) + ROUND_LENGTH - 1);
        expectRefused(scoreReport(1, 1), 0xf, notBegun(1, 1, 0, clock.epochStart(1) + ROUND_LENGTH));
        vm.warp(clock.epochStart(1) + ROUND_LENGTH);
        post(scoreReport(1, 1), 0xf);
        post(scoreReport(1, 0, ATTEMPTS - 1), 0xf);
        assertEq(settlement.calls(), 2, "both rounds are open");
    }

    /// @dev A round that does not exist has no attempts either; the round comes first.
    function test_RevertGiven_NoSuchRoundWhateverTheAttempt() public {
        vm.warp(clock.epochStart(2));
        expectRefused(
            scoreReport(1, 144, ATTEMPTS),
            0xf,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, 144, 144)
        );
        expectRefused(
            scoreReport(1, type(uint32).max),
            0xf,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, type(uint32).max, 144)
        );
    }

    // ---------------------------------------------------------------- epoch reports

    function test_EveryAttemptOfAnEpochReportBeginsToTheSecond() public {
        uint256 start = vm.snapshotState();
        // As many as fit into the epoch: 719 after the first, the last one begins with its last stretch of 120 seconds.
        uint32[4] memory attempts = [uint32(0), 1, 100, 718];
        for (uint256 i; i < attempts.length; ++i) {
            uint32 attempt = attempts[i];
            uint256 beginsAt = clock.epochStart(2) + (attempt + 1) * ATTEMPT_LENGTH;
            vm.warp(beginsAt - 1);
            expectRefused(_epochReport(attempt), 0xf, notBegun(1, EPOCH_ROUND, attempt, beginsAt));
            vm.warp(beginsAt);
            post(_epochReport(attempt), 0xf);
            assertTrue(consensus.isEpochFinal(1), "in its first second");
            vm.revertToState(start);
            start = vm.snapshotState();
        }
    }

    function test_AnEpochReportsAttemptThatNeverBegins() public {
        vm.warp(clock.epochStart(3) - 1);
        expectRefused(_epochReport(719), 0xf, notBegun(1, EPOCH_ROUND, 719, clock.epochStart(3)));
        uint256 never = clock.epochStart(2) + (uint256(type(uint32).max) + 1) * ATTEMPT_LENGTH;
        expectRefused(_epochReport(type(uint32).max), 0xf, notBegun(1, EPOCH_ROUND, type(uint32).max, never));
        vm.warp(clock.epochStart(3));
        expectRefused(_epochReport(719), 0xf, outsideWindow(1, 3));
    }

    function test_RevertGiven_AnEpochReportWithoutItsProposer() public {
        vm.warp(clock.epochStart(2) + 2 * ATTEMPT_LENGTH);
        draw(1, EPOCH_ROUND, 0, 2);
        bytes memory missing = abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_ProposerMissing.selector, 2);
        expectRefused(_epochReport(0), 0xb, missing);
        assertFalse(consensus.isEpochFinal(1), "I-13 not final");
        assertEq(set.recorded() + distributor.calls(), 0, "I-13 nothing recorded");
        set.setMask(1, 0x4);
        expectRefused(_epochReport(0), 0xb, missing); // D20: nor if it was revoked
        draw(1, EPOCH_ROUND, 1, 0);
        postAsDrawn(_epochReport(1), 0xb);
        assertTrue(consensus.isEpochFinal(1), "the next attempt is another's turn");
    }

    /// @dev The draw of the epoch report is of a round that no score report can have.
    function test_TheEpochReportHasADrawOfItsOwn() public {
        vm.warp(clock.epochStart(2) + ATTEMPT_LENGTH);
        for (uint256 randomness; ; ++randomness) {
            if (drawnWith(randomness, 1, EPOCH_ROUND, 0) != 1 || drawnWith(randomness, 1, 0, 0) != 3) continue;
            redraw(1, 0, randomness);
            break;
        }
        bytes4 missing = IScoreConsensus.ScoreConsensus_ProposerMissing.selector;
        expectRefused(_epochReport(0), 0xd, abi.encodeWithSelector(missing, 1));
        expectRefused(scoreReport(1, 0), 0x7, abi.encodeWithSelector(missing, 3));
        postAsDrawn(_epochReport(0), 0x7);
        postAsDrawn(scoreReport(1, 0), 0xd);
    }

    // ---------------------------------------------------------------- epochs of another length

    /// @dev A change of length moves no round of the running epoch, and the next one's rounds and epoch attempts follow
    /// its own beginning.
    function test_AChangeOfLengthMovesNoAttempt() public {
        clock.wire(address(this)); // this test is the epoch manager
        freezeEqual(2, 4, 3);
        freezeEqual(3, 4, 3);
        uint256 second = clock.epochStart(2);
        clock.setEpochLength(3 * ROUND_LENGTH + 7);
        assertEq(clock.epochStart(2), second, "epoch 2 begins when it did");
        vm.warp(second - 1);
        post(scoreReport(1, 143, ATTEMPTS - 1), 0xf);

        uint256 beginsAt = second + 2 * ROUND_LENGTH + 3 * ATTEMPT_LENGTH;
        vm.warp(beginsAt - 1);
        expectRefused(scoreReport(2, 2, 3), 0xf, notBegun(2, 2, 3, beginsAt));
        vm.warp(beginsAt);
        post(scoreReport(2, 2, 3), 0xf);
        vm.warp(clock.epochStart(3));
        assertEq(clock.epochStart(3), second + 3 * ROUND_LENGTH + 7, "epoch 3 begins after the odd rest");
        post(scoreReport(3, 0), 0xf);
        IScoreConsensus.EpochReport memory report = epochReport(2);
        beginsAt = second + 3 * ROUND_LENGTH + 7 + ATTEMPT_LENGTH;
        expectRefused(report, 0xf, notBegun(2, EPOCH_ROUND, 0, beginsAt));
        vm.warp(beginsAt);
        post(report, 0xf);
        assertTrue(consensus.isEpochFinal(2), "the report of the short epoch");
    }

    function _epochReport(uint32 attempt) private view returns (IScoreConsensus.EpochReport memory report) {
        report = epochReport(1);
        report.attempt = attempt;
    }

    function _noSuchAttempt(uint256 attempt, uint256 attempts) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchAttempt.selector, attempt, attempts);
    }
}
