// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {ResultCodec} from "../../contracts/market/ResultCodec.sol";
import {Results} from "../support/Results.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title Epoch reports from their signatures to the claims of their root
/// @notice Five validators; the pool holds a million MASA, of which an epoch releases a thousandth: 400 each to the
/// validators' and the workers' pot.
contract RewardReportTest is SeatsFixture {
    uint256 private constant POOL = 1_000_000e18;
    uint128 private constant RELEASED = 400e18;
    address private constant POSTER = address(0xb0b);

    address[] private owners;
    address private worker;

    function setUp() public override {
        super.setUp();
        masa.approve(address(emissions), POOL);
        emissions.fund(POOL);
        owners = _seatValidators(5, STAKE);
        worker = _registerWorker(1, 100_000e18);
        _rollTo(2);
        _warpToReportOf(1);
    }

    function test_D17_AFinalReportReleasesAndItsRootIsPaid() public {
        (uint256 validatorPot, uint256 workerPot) = distributor.nextPots();
        assertEq(validatorPot, RELEASED, "D17 foretold for validators");
        assertEq(workerPot, RELEASED, "D17 foretold for workers");
        IScoreConsensus.EpochReport memory report = _report(1, RELEASED, 300e18);
        _post(report);

        assertTrue(consensus.isEpochFinal(1), "final");
        assertEq(emissions.pool(), POOL - 1_000e18, "D17 a thousandth left the pool");
        assertEq(emissions.lastReleasedEpoch(), 1, "D17 of this epoch");
        assertEq(masa.balanceOf(address(distributor)), 2 * RELEASED, "D17 two fifths of it each");
        assertEq(distributor.rootOf(1).root, report.rewardRoot, "D17 its root");
        (validatorPot, workerPot) = distributor.pots();
        assertEq(validatorPot, 0, "I-10 all of the validators' pot is given");
        assertEq(workerPot, 100e18, "I-10 what was not given stays");
        (bool scored, , uint64 epoch) = validatorSet.scoreOf(0);
        assertTrue(scored && epoch == 1, "the scores are recorded");

        bytes32[] memory proof = new bytes32[](1);
        proof[0] = distributor.leafOf(worker, 300e18);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributor_NoActiveRoot.selector));
        distributor.claim(owners[0], RELEASED, proof);
        vm.warp(block.timestamp + 1 hours);
        distributor.claim(owners[0], RELEASED, proof);
        proof[0] = distributor.leafOf(owners[0], RELEASED);
        distributor.claim(worker, 300e18, proof);
        assertEq(masa.balanceOf(owners[0]), RELEASED, "D17 the validator is paid");
        assertEq(masa.balanceOf(worker), 300e18, "D17 and the worker");
        assertEq(masa.balanceOf(address(distributor)), 100e18, "I-10 nothing else left");
    }

    /// @dev A report is all or nothing: with a root that is not funded neither scores nor release nor payment stand, and
    /// the epoch can still become final.
    function test_NothingStandsOfAReportThatIsNotFunded() public {
        _settleOne(); // fees that a poster could be paid from
        bytes32 before = _everything();
        IScoreConsensus.EpochReport memory report = _report(1, RELEASED + 1, 0);
        _expectRefused(report, _notFunded(IRewardDistributor.Pot.Validators, RELEASED + 1));
        report = _report(1, RELEASED, RELEASED + 1);
        _expectRefused(report, _notFunded(IRewardDistributor.Pot.Workers, RELEASED + 1));
        report = _report(1, type(uint128).max, 0);
        _expectRefused(report, _notFunded(IRewardDistributor.Pot.Validators, type(uint128).max));
        assertFalse(consensus.isEpochFinal(1), "I-13 not final");
        assertEq(_everything(), before, "nothing moved");

        report = _report(1, RELEASED, RELEASED);
        report.attempt = 1;
        vm.warp(block.timestamp + ATTEMPT);
        _post(report);
        assertTrue(consensus.isEpochFinal(1), "the next attempt stands");
        assertNotEq(_everything(), before, "and all of it moved");
    }

    function test_RevertGiven_TotalsWithoutARoot() public {
        IScoreConsensus.EpochReport memory report = _report(1, 1, 0);
        report.rewardRoot = 0;
        _expectRefused(
            report,
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_RootMissing.selector, uint128(1), uint128(0))
        );
    }

    function test_RevertGiven_ARootThatTakesBack() public {
        _post(_report(1, 200e18, 100e18));
        _rollTo(3);
        _warpToReportOf(2);
        bytes4 fell = IRewardDistributor.RewardDistributor_TotalFell.selector;
        _expectRefused(
            _report(2, 200e18 - 1, 100e18),
            abi.encodeWithSelector(fell, IRewardDistributor.Pot.Validators, 200e18 - 1, 200e18)
        );
        _expectRefused(
            _report(2, 200e18, 100e18 - 1),
            abi.encodeWithSelector(fell, IRewardDistributor.Pot.Workers, 100e18 - 1, 100e18)
        );
        IScoreConsensus.EpochReport memory kept = _report(2, 200e18, 100e18);
        kept.rewardRoot = 0;
        _post(kept);
        assertEq(distributor.lastRoot().epoch, 1, "the root of epoch 1 is kept");
        assertEq(emissions.lastReleasedEpoch(), 2, "and the emission of epoch 2 is released");
    }

    /// @dev SCO-05: of two roots with every signature the first stands, here and at the distributor.
    function test_SCO05_ASecondRootOfAnEpochIsRefused() public {
        IScoreConsensus.EpochReport memory first = _report(1, RELEASED, 0);
        _post(first);
        IScoreConsensus.EpochReport memory second = _report(1, RELEASED, RELEASED);
        second.attempt = 1;
        vm.warp(block.timestamp + ATTEMPT);
        _expectRefused(
            second,
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochAlreadyFinal.selector, uint64(1))
        );
        vm.prank(address(consensus));
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_EpochNotAfter.selector, uint64(1), uint64(1))
        );
        distributor.postRoot(1, second.rewardRoot, RELEASED, RELEASED);
        assertEq(distributor.lastRoot().root, first.rewardRoot, "SCO-05 the first root");
        assertEq(emissions.pool(), POOL - 1_000e18, "SCO-05 released once");
    }

    /// @dev I-09: what was not released because no report came is not caught up.
    function test_I09_AnEpochWithoutAReportReleasesNothing() public {
        _rollTo(3);
        _rollTo(4);
        _warpToReportOf(3);
        _post(_report(3, RELEASED, RELEASED));
        assertEq(emissions.pool(), POOL - 1_000e18, "I-09 one release in three epochs");
        assertEq(emissions.lastReleasedEpoch(), 3, "I-09 of the last");
    }

    /// @dev The poster of an epoch report is paid out of fees that wait to be collected; gas is free here, the bounty is not.
    function test_ThePosterIsPaidOutOfCollectedFees() public {
        _settleOne();
        (, , uint256 fees) = escrow.totals();
        assertGt(fees, 0.1e18, "there are fees");
        IScoreConsensus.EpochReport memory report = _report(1, 0, 0);
        report.poster = POSTER;
        vm.prank(address(0xCAFE));
        _post(report);
        assertEq(escrow.creditOf(POSTER), 0.1e18, "the bounty");
        (, , uint256 left) = escrow.totals();
        assertEq(left, fees - 0.1e18, "out of the fees");
        assertEq(escrow.creditOf(address(0xCAFE)), 0, "not who sent it");
    }

    function test_WithoutFeesThePosterGetsNothingAndTheReportStands() public {
        IScoreConsensus.EpochReport memory report = _report(1, 0, 0);
        report.poster = POSTER;
        _post(report);
        assertEq(escrow.creditOf(POSTER), 0, "there was nothing to pay it from");
        assertTrue(consensus.isEpochFinal(1), "final");
    }

    // ---------------------------------------------------------------- helpers

    /// @dev A root of two leaves: what the first owner and the worker were given since the beginning.
    function _report(
        uint64 epoch,
        uint128 validatorTotal,
        uint128 workerTotal
    ) private view returns (IScoreConsensus.EpochReport memory report) {
        report = _epochReport(_scores(epoch, 5, POOR));
        bytes32 a = keccak256(bytes.concat(keccak256(abi.encode(owners[0], uint256(validatorTotal)))));
        bytes32 b = keccak256(bytes.concat(keccak256(abi.encode(worker, uint256(workerTotal)))));
        report.rewardRoot = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
        (report.validatorTotal, report.workerTotal) = (validatorTotal, workerTotal);
        report.poster = POSTER;
    }

    function _post(IScoreConsensus.EpochReport memory report) private {
        bytes memory signatures = _sign(report.epoch, 31, consensus.epochReportDigest(report));
        consensus.postEpochReport(report, 31, signatures);
    }

    function _expectRefused(IScoreConsensus.EpochReport memory report, bytes memory reason) private {
        bytes memory signatures = _sign(report.epoch, 31, consensus.epochReportDigest(report));
        vm.expectRevert(reason);
        consensus.postEpochReport(report, 31, signatures);
    }

    function _notFunded(IRewardDistributor.Pot pot, uint256 total) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_NotFunded.selector,
                pot,
                total,
                uint256(RELEASED)
            );
    }

    /// @dev One request of 100 MASA, answered well and settled in this round.
    function _settleOne() private {
        address asker = _registerOracle(2, 100_000e18, 200e18);
        IRequestEscrow.Submission memory s = _submission(100e18);
        s.maxResponses = 1;
        uint256 id = _submit(asker, s);
        _commit(worker, id);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = GOOD;
        _settle(id, qualities);
    }

    /// @dev All that an epoch report moves.
    function _everything() private view returns (bytes32) {
        (uint32 silent, uint64 checkedIn) = validatorSet.silence();
        (bool scored, uint256 score, uint64 epoch) = validatorSet.scoreOf(2);
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        return
            keccak256(
                abi.encode(
                    silent,
                    checkedIn,
                    scored,
                    score,
                    epoch,
                    _seat(2).weight,
                    standing.standingOf(owners[2], NodeRole.Validator),
                    emissions.pool(),
                    emissions.lastReleasedEpoch(),
                    keccak256(abi.encode(distributor.lastRoot(), distributor.lastEpoch())),
                    keccak256(abi.encode(reserved, heldFees, fees, escrow.creditOf(POSTER))),
                    masa.balanceOf(address(distributor))
                )
            );
    }
}

/// @title What a score report may carry, from its signatures on
contract ReportLimitsTest is SeatsFixture {
    function setUp() public override {
        super.setUp();
        _seatValidators(4, STAKE);
    }

    function test_SCO07_MoreLinesThanAReportMayHaveAreRefused() public {
        uint256 most = ResultCodec.MAX_RESULTS;
        assertEq(most, 200, "SCO-07 lines");
        _expectRefused(
            _results(most + 1, 1),
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooManyResults.selector, most + 1, most)
        );
        _postScore(_reportOf(_results(most, 1)), 15);
        assertTrue(consensus.isFinal(1, 0), "SCO-07 as many as that are taken");
    }

    function test_SCO07_MoreResponsesThanAReportMayHaveAreRefused() public {
        uint256 most = ResultCodec.MAX_RESPONSES;
        assertEq(most, 240, "SCO-07 responses");
        bytes memory full = _results(15, 16);
        _expectRefused(
            bytes.concat(full, Results.encode(_line(16, 1))),
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooManyResponses.selector, most + 1, most)
        );
        _postScore(_reportOf(full), 15);
        assertTrue(consensus.isFinal(1, 0), "SCO-07 as many as that are taken");
    }

    function test_RevertGiven_AnEmptyReport() public {
        _expectRefused("", abi.encodeWithSelector(IRequestEscrow.RequestEscrow_EmptyReport.selector));
    }

    function test_RevertGiven_BytesThatAreNoResults() public {
        bytes memory results = _results(2, 1);
        bytes4 malformed = ResultCodec.ResultCodec_Malformed.selector;
        _expectRefused(bytes.concat(results, hex"00"), abi.encodeWithSelector(malformed, 54));
        results[26 + 6] = 0xff; // the flag of the first response: unscored, with numbers
        results[26] = 0xff;
        _expectRefused(results, abi.encodeWithSelector(malformed, 6));
    }

    function test_RevertGiven_LinesOutOfOrder() public {
        bytes memory results = bytes.concat(Results.encode(_line(2, 1)), Results.encode(_line(1, 1)));
        _expectRefused(results, abi.encodeWithSelector(ResultCodec.ResultCodec_Unsorted.selector, 2, 1));
        results = bytes.concat(Results.encode(_line(2, 1)), Results.encode(_line(2, 1)));
        _expectRefused(results, abi.encodeWithSelector(ResultCodec.ResultCodec_Unsorted.selector, 2, 2));
    }

    /// @dev Nothing of it is final, whoever signed.
    function _expectRefused(bytes memory results, bytes memory reason) private {
        IScoreConsensus.ScoreReport memory report = _reportOf(results);
        bytes memory signatures = _sign(1, 15, consensus.scoreReportDigest(report));
        vm.expectRevert(reason);
        consensus.postScoreReport(report, 15, signatures);
        assertFalse(consensus.isFinal(1, 0), "I-13 not final");
    }

    function _reportOf(bytes memory results) private view returns (IScoreConsensus.ScoreReport memory) {
        return IScoreConsensus.ScoreReport(1, 0, 0, address(this), bytes32(0), results);
    }

    function _results(uint256 lines, uint256 responses) private pure returns (bytes memory results) {
        for (uint256 i = 1; i <= lines; ++i) {
            results = bytes.concat(results, Results.encode(_line(i, responses)));
        }
    }

    function _line(uint256 id, uint256 responses) private pure returns (Results.Line memory line) {
        uint32[] memory qualities = new uint32[](responses);
        for (uint256 i; i < responses; ++i) {
            qualities[i] = GOOD;
        }
        return _result(id, qualities);
    }
}

/// @title What the order in which reports arrive decides: nothing
contract ReportOrderTest is SeatsFixture {
    uint256 private constant REPORTS = 4;

    address[] private accounts;
    uint256[] private ids;

    function setUp() public override {
        super.setUp();
        _seatValidators(4, STAKE);
        for (uint256 i; i < 2; ++i) {
            accounts.push(_registerOracle(1 + i, 500_000e18, 10_000e18));
        }
        for (uint256 i; i < 3; ++i) {
            accounts.push(_registerWorker(11 + i, 500_000e18));
        }
        for (uint256 i; i < REPORTS; ++i) {
            ids.push(_submit(accounts[i % 2], uint96((1 + i) * 100e18)));
            for (uint256 k; k < 2; ++k) {
                _commit(accounts[2 + ((i + k) % 3)], ids[i]);
            }
        }
        vm.warp(clock.epochStart(1) + REPORTS * ROUND); // each has a round of its own
    }

    /// @dev SCO-11: rounds that become final in any order leave the same credit, stakes, utilities and fees behind.
    /// hardhat-config: fuzz.runs = 24
    function testFuzz_SCO11_TheOrderOfReportsDecidesNothing(uint256 seed) public {
        uint256 start = vm.snapshotState();
        for (uint256 i; i < REPORTS; ++i) {
            _postOf(i, seed);
        }
        bytes32 inOrder = _everything();
        assertTrue(vm.revertToState(start), "the same block again");
        uint256[REPORTS] memory order = [uint256(0), 1, 2, 3];
        for (uint256 i = REPORTS - 1; i != 0; --i) {
            uint256 k = uint256(keccak256(abi.encode(seed, "order", i))) % (i + 1);
            (order[i], order[k]) = (order[k], order[i]);
        }
        for (uint256 i; i < REPORTS; ++i) {
            _postOf(order[i], seed);
        }
        assertEq(_everything(), inOrder, "SCO-11");
    }

    /// @dev The report of round i, on request i; one answer in three is slashed.
    function _postOf(uint256 i, uint256 seed) private {
        Results.Line[] memory lines = new Results.Line[](1);
        uint32[] memory qualities = new uint32[](2);
        for (uint256 k; k < 2; ++k) {
            uint256 word = uint256(keccak256(abi.encode(seed, i, k)));
            qualities[k] = uint32(word % 3 == 0 ? (word >> 8) % 6e8 : 6e8 + ((word >> 8) % 4e8));
        }
        lines[0] = _result(ids[i], qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(lines);
        report.round = uint32(i);
        _postScore(report, 15);
        assertTrue(
            escrow.requestOf(ids[i]).state == IRequestEscrow.RequestState.Settled,
            "SCO-11 every report settles its request"
        );
    }

    function _everything() private view returns (bytes32 hash) {
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        hash = keccak256(abi.encode(reserved, heldFees, fees, escrow.creditOf(address(this))));
        for (uint256 i; i < accounts.length; ++i) {
            (uint256 asker, uint256 worker, uint256 record) = escrow.wordsOf(accounts[i]);
            hash = keccak256(
                abi.encode(
                    hash,
                    asker,
                    worker,
                    record,
                    vault.exposureOf(accounts[i]),
                    vault.stakeUnitsOf(accounts[i]),
                    standing.standingOf(accounts[i], i < 2 ? NodeRole.Oracle : NodeRole.Worker)
                )
            );
        }
    }
}
