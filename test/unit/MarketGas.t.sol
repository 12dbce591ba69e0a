// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {ResultCodec} from "../../contracts/market/ResultCodec.sol";
import {ConsensusMath} from "../../contracts/math/ConsensusMath.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {Results} from "../support/Results.sol";

/// @notice SCO-07: a report of as many lines and answers as it may carry, signed by 64 seats and posted cold, against the
/// most a transaction may use (EIP-7825). Every answer is of a worker of its own, every request of an asker of its own.
abstract contract MarketGasBed is MasaFixture {
    uint256 private constant TRANSACTION_GAS_CAP = 16_777_216;
    /// @dev Room that is left for what a later fork may charge more.
    uint256 private constant MARGIN = 500_000;
    uint256 internal constant LINES = ResultCodec.MAX_RESULTS;
    uint256 internal constant ANSWERS = ResultCodec.MAX_RESPONSES;
    uint96 private constant REWARD = 100e18;

    address[] internal workers;
    uint256[] internal ids;

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i; i < 64; ++i) {
            _joinWaitlist(_registerValidator(i + 1, 250_000e18));
        }
        for (uint256 i; i < ANSWERS; ++i) {
            workers.push(_registerWorker(1_000 + i, 70_000e18));
        }
        _rollNext();
        // A strike suspends at once: the dearest there is.
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.maxStrikes, p.strikeSize) = (1, 1);
        standing.setStandingParameters(p);
        uint256 next;
        for (uint256 i; i < LINES; ++i) {
            address asker = _registerOracle(5_000 + i, 40_000e18, 200e18);
            IRequestEscrow.Submission memory s = _submission(REWARD);
            s.maxResponses = i < ANSWERS - LINES ? 2 : 1;
            uint256 id = _submit(asker, s);
            for (uint256 j; j < s.maxResponses; ++j) {
                _commit(workers[next++], id);
            }
            ids.push(id);
        }
        assertEq(next, ANSWERS, "every worker answers");
    }

    /// @dev Execution, calldata and the transaction itself. Set-up ran before this test's transaction, so every slot is
    /// cold and unchanged, as in a transaction of its own.
    function _gasOf(uint32 quality) internal returns (uint256 used) {
        IScoreConsensus.ScoreReport memory report = _scoreReport(_lines(quality));
        uint64 signers = _allSigners(1);
        assertEq(signers, type(uint64).max, "64 signatures");
        bytes memory call = abi.encodeCall(
            consensus.postScoreReport,
            (report, signers, _sign(1, signers, consensus.scoreReportDigest(report)))
        );
        uint256 before = gasleft();
        (bool ok, ) = address(consensus).call(call);
        used = before - gasleft();
        assertTrue(ok, "posted");
        used += 21_000;
        for (uint256 i; i < call.length; ++i) {
            used += call[i] == 0 ? 4 : 16;
        }
    }

    /// @dev Some lines of a report so dear find no room: they are left open, all of them behind those that settle, and
    /// what a later report brings of them settles.
    function _assertTheRestComesNext(uint32 quality, uint256 least) internal {
        uint256 settled = _countSettled();
        assertGe(settled, least, "SCO-07 many of them settle at once");
        assertLt(settled, LINES, "SCO-07 such a report is beyond any transaction");
        assertTrue(escrow.requestOf(ids[settled - 1]).state == IRequestEscrow.RequestState.Settled, "SCO-07 in order");
        for (uint256 reports = 1; settled < LINES; ++reports) {
            assertLt(reports, 4, "SCO-07 few reports are enough");
            vm.prank(address(consensus));
            escrow.settle(address(0), 0, Results.encode(_lines(quality)));
            settled = _countSettled();
        }
    }

    function _countSettled() private view returns (uint256 settled) {
        for (uint256 i; i < LINES; ++i) {
            if (escrow.requestOf(ids[i]).state == IRequestEscrow.RequestState.Settled) ++settled;
        }
    }

    function _lines(uint32 quality) private view returns (Results.Line[] memory lines) {
        lines = new Results.Line[](LINES);
        for (uint256 i; i < LINES; ++i) {
            uint32[] memory qualities = new uint32[](i < ANSWERS - LINES ? 2 : 1);
            for (uint256 j; j < qualities.length; ++j) {
                qualities[j] = quality;
            }
            lines[i] = _result(ids[i], qualities);
        }
    }

    /// @dev Coverage reports every statement to the runner, which is not the protocol's gas.
    function _assertFits(uint256 used, string memory message) internal {
        emit MeasuredGas(message, used);
        if (!_isInstrumented()) assertLt(used, TRANSACTION_GAS_CAP - MARGIN, message);
    }

    /// @dev One comparison of two products costs some 300 gas, instrumented some 3,000.
    function _isInstrumented() private view returns (bool) {
        uint256 before = gasleft();
        bool final_ = ConsensusMath.isFinal(before, 1, 1, 1);
        return before - gasleft() > 1_000 && final_;
    }

    event MeasuredGas(string message, uint256 used);
}

contract MarketGasTest is MarketGasBed {
    function test_SCO07_AFullReportOfPaidAnswersFitsATransaction() public {
        _assertFits(_gasOf(8e8), "SCO-07 paid");
        // Of two that tie the first is paid.
        assertEq(escrow.creditOf(workers[0]), 80e18, "the first one is paid");
        _assertTheRestComesNext(8e8, 150);
        assertEq(escrow.creditOf(workers[ANSWERS - 1]), 80e18, "the last one is paid");
    }

    function test_SCO07_AFullReportOfSlashesFitsATransaction() public {
        _assertFits(_gasOf(1e8), "SCO-07 slashed");
        _assertTheRestComesNext(1e8, 60);
        for (uint256 i; i < ANSWERS; ++i) {
            assertEq(vault.exposureOf(workers[i]).pendingCut, 50e18, "each of them is slashed once");
        }
    }
}

/// @notice The dearest report there is: the epoch's cap is used up, so that each slash writes a deferral of its own.
contract MarketGasDeferredTest is MarketGasBed {
    /// @dev Some 30,600 of 40,800,000 MASA. The first slash of the epoch is of 40,000.
    function _slashCap() internal pure override returns (uint64) {
        return 7.5e14;
    }

    function setUp() public override {
        super.setUp();
        address asker = _registerOracle(9_000, 40_000e18, 100_000e18);
        address worker = _registerWorker(9_001, 70_000e18);
        IRequestEscrow.Submission memory s = _submission(80_000e18);
        s.maxResponses = 1;
        uint256 id = _submit(asker, s);
        _commit(worker, id);
        uint32[] memory none = new uint32[](1);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(_result(id, none)));
        assertGt(vault.deferralOf(worker).amount, 0, "the cap is used up");
    }

    function test_SCO07_AFullReportOfDeferredSlashesFitsATransaction() public {
        _assertFits(_gasOf(1e8), "SCO-07 deferred");
        _assertTheRestComesNext(1e8, 60);
        for (uint256 i; i < ANSWERS; ++i) {
            assertEq(vault.deferralOf(workers[i]).amount, 50e18, "each of them is deferred");
        }
    }
}
