// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @notice Carries out every row of the truth table of settlements (docs/settlement-table.md). What should come of a row
/// was computed by test/reference/settlement.ts.
contract SettlementTableTest is SettlementBed {
    struct Answer {
        uint32 relevance;
        uint32 coherence;
        uint32 factual;
        uint32 responseTime;
        bool scored;
        uint8 fraud;
        uint256 quality;
        uint8 outcome;
        uint256 paid;
        uint256 slashed;
    }

    struct Row {
        string name;
        uint8 ending;
        bool hasEvidence;
        uint64 tau;
        uint64 minQuality;
        uint96 reward;
        uint8 state;
        uint256 fee;
        uint256 feeKept;
        uint256 refunded;
        Answer[] answers;
    }

    uint8 private constant REPORT = 0;
    uint8 private constant REPORT_AT_LAST_SECOND = 1;
    uint8 private constant LATE_REPORT = 2;
    uint8 private constant NO_REPORT = 3;
    uint8 private constant EARLY_REPORT = 4;
    uint8 private constant WRONG_COUNT = 5;
    uint8 private constant NO_ANSWER = 6;
    uint8 private constant CANCELLED = 7;

    function test_ESC11_SLA01_I04_TruthTable() public {
        Row[] memory rows = abi.decode(vm.parseBytes(_firstLine("test/reference/settlement.hex")), (Row[]));
        assertGt(rows.length, 30, "the table");
        for (uint256 i; i < rows.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _carryOut(rows[i]);
            vm.revertToState(snapshot);
        }
    }

    function _carryOut(Row memory row) private {
        uint256 id = _ask(row);
        assertEq(escrow.requestOf(id).fee, row.fee, row.name);
        assertEq(escrow.creditOf(asker), CREDIT - row.reward - row.fee, row.name);
        _end(row, id);
        assertEq(uint256(_state(id)), row.state, row.name);
        assertEq(escrow.creditOf(asker), CREDIT - row.reward - row.fee + row.refunded, row.name);
        for (uint256 i; i < row.answers.length; ++i) {
            (uint256 staked, ) = _position(workers[i]);
            assertEq(escrow.creditOf(workers[i]), row.answers[i].paid, row.name);
            assertEq(WORKER_STAKE - staked, row.answers[i].slashed, row.name);
            assertEq(_openSlash(workers[i]), 0, row.name);
            _assertBacking(workers[i]);
        }
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved + heldFees, 0, row.name);
        assertEq(fees, row.feeKept, row.name);
        _assertBooks();
    }

    function _ask(Row memory row) private returns (uint256 id) {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(row.tau);
        escrow.setMarketTerms(terms);
        IRequestEscrow.Submission memory s = _submission(row.reward);
        (s.hasEvidence, s.minQuality) = (row.hasEvidence, row.minQuality);
        // A report that is too early finds room for another answer.
        s.maxResponses = uint8(row.answers.length) + (row.ending == EARLY_REPORT || row.answers.length == 0 ? 1 : 0);
        id = _submit(asker, s);
        for (uint256 i; i < row.answers.length; ++i) {
            _commit(workers[i], id);
        }
    }

    function _end(Row memory row, uint256 id) private {
        IRequestEscrow.Request memory request = escrow.requestOf(id);
        if (row.ending == CANCELLED) {
            vm.prank(asker);
            escrow.cancel(id);
            return;
        }
        if (row.ending == NO_ANSWER) {
            vm.warp(request.responseDeadline + 1);
            escrow.close(id);
            return;
        }
        if (row.ending == EARLY_REPORT) vm.warp(request.responseDeadline);
        if (row.ending == REPORT_AT_LAST_SECOND) vm.warp(request.scoringDeadline);
        if (row.ending == LATE_REPORT) vm.warp(request.scoringDeadline + 1);
        if (row.ending != NO_REPORT) _report(row, id);
        if (_state(id) == IRequestEscrow.RequestState.Settled) return;
        vm.warp(request.scoringDeadline + 1);
        escrow.close(id);
    }

    function _report(Row memory row, uint256 id) private {
        uint256 count = row.answers.length;
        Results.Score[] memory scores = new Results.Score[](count + (row.ending == WRONG_COUNT ? 1 : 0));
        uint256 paid;
        for (uint256 i; i < count; ++i) {
            Answer memory a = row.answers[i];
            scores[i] = Results.Score(a.relevance, a.coherence, a.factual, a.responseTime, 1_000, a.scored, a.fraud);
            paid += a.paid;
        }
        bool settles = uint8(IRequestEscrow.RequestState.Settled) == row.state;
        if (!settles) {
            vm.expectEmit(address(escrow));
            emit IRequestEscrow.ResultSkipped(id, IRequestEscrow.RequestState.Open);
        }
        for (uint256 i; settles && i < count; ++i) {
            Answer memory a = row.answers[i];
            vm.expectEmit(address(escrow));
            IRequestEscrow.ResponseOutcome outcome = IRequestEscrow.ResponseOutcome(a.outcome);
            if (outcome == PAID) emit IRequestEscrow.RequestSettled(id, workers[i], a.paid, a.quality);
            else {
                uint8 fraud = a.scored ? a.fraud : 0;
                emit IRequestEscrow.ResponseSettled(id, workers[i], outcome, a.quality, a.slashed, fraud);
            }
        }
        if (settles && paid == 0) {
            vm.expectEmit(address(escrow));
            emit IRequestEscrow.RequestSettled(id, address(0), 0, 0);
        }
        _settleAsConsensus(id, scores);
    }

    /// @dev The file without the end of its line.
    function _firstLine(string memory path) private view returns (string memory line) {
        line = vm.readFile(path);
        uint256 length = bytes(line).length;
        while (length != 0 && uint8(bytes(line)[length - 1]) <= 0x20) --length;
        assembly ("memory-safe") {
            mstore(line, length)
        }
    }
}
