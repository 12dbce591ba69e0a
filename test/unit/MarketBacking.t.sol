// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @notice Stake that is reserved in the vault ahead of the commitments it stands behind (D7, I-19). κ·R_base is 50 MASA.
contract MarketBackingTest is SettlementBed {
    address private worker;

    function setUp() public override {
        super.setUp();
        worker = workers[0];
    }

    function test_D7_StakeIsReservedAhead() public {
        uint256[4] memory ids = [_ask(), _ask(), _ask(), _ask()];
        _expectBacking(0, 100e18);
        _commit(worker, ids[0]);
        _assertBehind(50e18, 100e18, "twice what it needs");
        vm.expectCall(address(vault), abi.encodeWithSelector(IStakeVault.reserve.selector), 0);
        _commit(worker, ids[1]);
        _assertBehind(100e18, 100e18, "within what is reserved");
    }

    function test_D7_ItGrowsWithWhatIsOpen() public {
        uint256[3] memory ids = [_ask(), _ask(), _ask()];
        _commit(worker, ids[0]);
        _commit(worker, ids[1]);
        _expectBacking(100e18, 300e18);
        _commit(worker, ids[2]);
        _assertBehind(150e18, 300e18, "50 that lack, 150 ahead");
    }

    /// @dev Where stake is short nothing is reserved ahead, and nothing is refused that the stake covers.
    function test_D7_ExactWhereStakeIsShort() public {
        uint256[4] memory ids = [_ask(), _ask(), _ask(), _ask()];
        _unbond(worker, WORKER_STAKE - 160e18);
        _commit(worker, ids[0]);
        _commit(worker, ids[1]);
        _expectBacking(100e18, 150e18);
        _commit(worker, ids[2]);
        _assertBehind(150e18, 150e18, "what it needs, no more");
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, worker, 10e18, 50e18)
        );
        vm.prank(worker);
        escrow.commit(ids[3], bytes32(uint256(1)));
        _assertBehind(150e18, 150e18, "I-19 the refusal changes nothing");
    }

    /// @dev κ·R_base in whole units, rounded up: 33.3333333 of 1e9 wei.
    function test_D7_ACommitmentIsBackedInWholeUnits() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.slashShare = ud2x18(0.333333333e18);
        escrow.setMarketTerms(terms);
        _commit(worker, _submit(asker, 100e9));
        _assertBehind(34e9, 68e9, "rounded up");
        uint256 id = escrow.requestCount();
        vm.warp(START + 5 minutes + 1);
        _settleAsConsensus(id, _one(_score(0)));
        assertEq(vault.exposureOf(worker).pendingCut, 33_333_333_300, "SLA-01 the slash is exact");
        _assertBehind(0, 34e9, "and frees the whole unit");
    }

    function test_APaidAnswerKeepsItsBacking() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(8e8)));
        _assertBehind(0, 100e18, "for the next one");
        vm.expectCall(address(vault), abi.encodeWithSelector(IStakeVault.reserve.selector), 0);
        _commit(worker, _ask());
        _assertBehind(50e18, 100e18, "which costs the vault nothing");
    }

    function test_ASlashedAnswerTakesItsBackingAlong() public {
        uint256 open = _ask();
        _commit(worker, open);
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(1e8)));
        _assertBehind(50e18, 50e18, "I-19 what is open stays backed");
    }

    function test_AnyoneReleasesWhatNoCommitmentNeeds() public {
        _commit(worker, _ask());
        _expectBacking(100e18, 50e18);
        vm.prank(address(0xCAFE));
        escrow.releaseBacking(worker);
        _assertBehind(50e18, 50e18, "what is open stays");
        vm.expectCall(address(vault), abi.encodeWithSelector(IStakeVault.release.selector), 0);
        escrow.releaseBacking(worker);
        escrow.releaseBacking(address(0xbad)); // of whom the market knows nothing
        _assertBehind(50e18, 50e18, "nothing more to release");
    }

    function test_AWorkerReleasesBeforeItDeregisters() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(8e8)));
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_StakeReserved.selector, worker, uint256(100e18))
        );
        vm.prank(worker);
        registry.deregister();
        escrow.releaseBacking(worker);
        vm.prank(worker);
        registry.deregister();
        assertEq(uint256(registry.roleOf(worker)), uint256(NodeRole.None), "gone");
    }

    /// @dev The first commitment of an epoch gives back what is not needed, then reserves by what there is.
    function test_TheNextEpochReservesAnew() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(8e8)));
        vm.warp(clock.epochStart(1) - 1);
        uint256 open = _ask();
        _commit(worker, open);
        _assertBehind(50e18, 100e18, "the last second of the epoch");
        vm.warp(clock.epochStart(1));
        uint256 next = _ask();
        _expectBacking(100e18, 50e18);
        _expectBacking(50e18, 200e18);
        _commit(worker, next);
        _assertBehind(100e18, 200e18, "50 that lack, 100 ahead");
    }

    /// @dev What was reserved ahead out of stake that has left backs nothing.
    function test_I19_BackingDoesNotOutliveTheStake() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(8e8)));
        _unbond(worker, WORKER_STAKE);
        vm.warp(START + UNBONDING);
        _withdraw(worker, 0);
        _assertBehind(0, 100e18, "backed by nothing now");
        uint256 id = _ask();
        // Nobody has rolled: it is in its grace, and would be let if it had stake.
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, worker, 0, 50e18)
        );
        vm.prank(worker);
        escrow.commit(id, bytes32(uint256(1)));
        _stake(worker, 60e18);
        _commit(worker, id);
        _assertBehind(50e18, 50e18, "of the new stake");
        _settleAfterDeadline(id, 1e8);
        (uint256 staked, ) = _position(worker);
        assertEq(staked, 10e18, "I-14 and slashed from it");
    }

    /// @dev Unbonding what stands behind an open answer takes it out of nobody's reach.
    function test_I19_StakeThatIsUnbondedMeanwhileIsSlashedStill() public {
        uint256 id = _ask();
        _commit(worker, id);
        _unbond(worker, WORKER_STAKE);
        (uint256 staked, uint256 reserved) = _position(worker);
        assertEq(staked, 0, "all of it is queued");
        assertEq(reserved, 100e18, "and reserved");
        _settleAfterDeadline(id, 1e8);
        vault.applySlash(worker);
        IStakeVault.Position memory p = vault.positionOf(worker, address(masa));
        assertEq(p.queued, WORKER_STAKE - 50e18, "I-14 out of the queue");
        _assertBehind(0, 50e18, "I-19");
    }

    /// @dev However many answers are open and settled, in whatever order, the escrow's backing is what the vault reserves.
    /// hardhat-config: fuzz.runs = 60
    function testFuzz_I19_BackingIsWhatTheVaultReserves(uint256 seed) public {
        uint256[6] memory ids;
        for (uint256 i; i < 12; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            uint256 slot = word % 6;
            if (ids[slot] == 0) {
                ids[slot] = _answered(_submission(uint96(bound(word >> 8, 1, 1e13) * UNIT)), 1);
            } else {
                _settleAsConsensus(ids[slot], _one(_score(word & 64 == 0 ? uint32(1e8) : uint32(8e8))));
                ids[slot] = 0;
            }
            if (word & 1792 == 0) escrow.releaseBacking(worker);
            _assertBacking(worker);
        }
        uint256 open;
        for (uint256 i; i < 6; ++i) {
            if (ids[i] != 0) open += (uint256(escrow.requestOf(ids[i]).baseReward) / UNIT + 1) / 2;
        }
        assertEq(_openSlash(worker), open * UNIT, "I-19 half of each, rounded up to a unit");
    }

    function _ask() private returns (uint256) {
        return _submit(asker, REWARD);
    }

    function _settleAfterDeadline(uint256 id, uint32 quality) private {
        vm.warp(block.timestamp + 5 minutes + 1);
        _settleAsConsensus(id, _one(_score(quality)));
    }

    function _expectBacking(uint256 previous, uint256 current) private {
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.BackingChanged(worker, previous, current);
    }

    function _assertBehind(uint256 openSlash, uint256 backing, string memory message) private view {
        (uint256 openSlash_, uint256 backing_) = _behind(worker);
        assertEq(openSlash_, openSlash, message);
        assertEq(backing_, backing, message);
        _assertBacking(worker);
    }
}

/// @notice Eligibility is established once an epoch and holds to its end (D4); what ends it sooner.
contract MarketEligibilityTest is SettlementBed {
    bytes32 private constant C = bytes32(uint256(1));

    function test_ItIsEstablishedOnceAnEpoch() public {
        uint256[2] memory ids = [_submit(asker, REWARD), _submit(asker, REWARD)];
        _expectUses(workers[0], NodeRole.Worker, 1);
        _expectUses(asker, NodeRole.Oracle, 0); // its first request was before
        _commit(workers[0], ids[0]);
        _commit(workers[0], ids[1]);
        _submit(asker, REWARD);
    }

    function test_ItIsEstablishedAnewInTheNextEpoch() public {
        uint256 id = _submit(asker, REWARD);
        _commit(workers[0], id);
        vm.warp(clock.epochStart(1));
        _expectUses(workers[0], NodeRole.Worker, 1);
        _expectUses(asker, NodeRole.Oracle, 1);
        id = _submit(asker, REWARD);
        _commit(workers[0], id);
    }

    /// @dev A node that is marked short goes on to the end of the epoch in which it was let, and no further.
    function test_ItHoldsToTheEndOfTheEpoch() public {
        _unbond(asker, 500_000e18);
        _unbond(workers[0], WORKER_STAKE - 1_000e18);
        _commit(workers[0], _submit(asker, REWARD)); // its grace begins, which ends with epoch 1
        vm.warp(clock.epochStart(2)); // nobody has rolled: eligible still
        _commit(workers[0], _submit(asker, REWARD));
        manager.roll();
        registry.poke(asker);
        registry.poke(workers[0]);
        assertFalse(standing.isEligible(asker, NodeRole.Oracle), "marked short");
        assertFalse(standing.isEligible(workers[0], NodeRole.Worker), "marked short");
        vm.warp(clock.epochStart(3) - 1);
        _commit(workers[0], _submit(asker, REWARD));
        uint256 id = _submit(asker, REWARD);
        vm.warp(clock.epochStart(3));
        vm.expectRevert(_notEligible(asker));
        _submit(asker, REWARD);
        vm.expectRevert(_notEligible(workers[0]));
        vm.prank(workers[0]);
        escrow.commit(id, C);
    }

    function test_ANodeThatDeregistersLosesItAtOnce() public {
        uint256 id = _submit(asker, REWARD);
        address key = vm.addr(0xc03);
        keyOf[key] = 0xc03;
        _setOperator(workers[0], key, 4);
        _commit(workers[0], _submit(asker, REWARD));
        vm.warp(START + 25 minutes + 1);
        escrow.close(escrow.requestCount());
        escrow.releaseBacking(workers[0]);
        vm.prank(workers[0]);
        registry.deregister();
        id = _submit(asker, REWARD);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorised.selector, workers[0], uint16(4))
        );
        vm.prank(workers[0]);
        escrow.commit(id, C);
        vm.expectRevert(_notEligible(workers[0])); // its key finds the account without a role
        vm.prank(key);
        escrow.commit(id, C);

        vm.prank(asker);
        registry.deregister();
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorised.selector, asker, uint16(8)));
        _submit(asker, REWARD);
    }

    /// @dev Eligible as a worker, it is no oracle node for it.
    function test_ARoleIsNotTheOther() public {
        _commit(workers[0], _submit(asker, REWARD));
        vm.warp(START + 25 minutes + 1);
        escrow.close(1);
        escrow.releaseBacking(workers[0]);
        vm.prank(workers[0]);
        registry.deregister();
        _register(workers[0], NodeRole.Oracle, address(0), 0);
        _deposit(workers[0], 200e18);
        uint256 id = _submit(workers[0], REWARD);
        vm.expectRevert(_notEligible(workers[0]));
        vm.prank(workers[0]);
        escrow.commit(id, C);
    }

    function test_ASlashedWorkerIsEstablishedAgain() public {
        uint256 bad = _answered(_submission(REWARD), 1);
        uint256 id = _submit(asker, REWARD);
        _settleAsConsensus(bad, _one(_score(1e8)));
        _expectUses(workers[0], NodeRole.Worker, 1);
        _commit(workers[0], id);
        _commit(workers[0], _submit(asker, REWARD));
    }

    function test_ASlashedWorkerThatIsShortIsRefused() public {
        _unbond(workers[0], WORKER_STAKE - 1_000e18);
        _commit(workers[0], _submit(asker, REWARD));
        vm.warp(clock.epochStart(2));
        uint256 bad = _answered(_submission(REWARD), 1);
        manager.roll();
        registry.poke(workers[0]);
        _commit(workers[0], _submit(asker, REWARD)); // it holds still
        _settleAsConsensus(bad, _one(_score(1e8)));
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notEligible(workers[0]));
        vm.prank(workers[0]);
        escrow.commit(id, C);
    }

    function test_D7_ASuspendedWorkerIsRefusedAtOnce() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.maxStrikes, p.strikeSize) = (1, uint88(REWARD));
        standing.setStandingParameters(p);
        uint256 bad = _answered(_submission(REWARD), 1);
        uint256 id = _submit(asker, REWARD);
        _settleAsConsensus(bad, _one(_score(1e8)));
        vm.expectRevert(_notEligible(workers[0]));
        vm.prank(workers[0]);
        escrow.commit(id, C);
        _commit(workers[1], id);
    }

    function _expectUses(address account, NodeRole role, uint64 times) private {
        vm.expectCall(address(standing), abi.encodeCall(INodeStanding.use, (account, role)), times);
    }

    function _notEligible(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, account);
    }
}

/// @notice Accounts are numbered: each has its own books, whatever others do in between.
contract MarketAccountsTest is SettlementBed {
    /// @dev Sixteen workers on one request: the first in its own word, fifteen in two more.
    function test_SixteenAnswersKeepTheirWorkers() public {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.maxResponses = 16;
        escrow.setRequestLimits(limits);
        for (uint256 i = 4; i < 16; ++i) {
            workers.push(_registerWorker(10 + i, 100_000e18));
        }
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 16;
        uint256 id = _submit(asker, s);
        for (uint256 i = 16; i > 0; --i) {
            // Others get their numbers in between.
            _deposit(_account(500 + i), i);
            assertEq(_commit(workers[i - 1], id), 16 - i, "index");
            vm.expectRevert(
                abi.encodeWithSelector(IRequestEscrow.RequestEscrow_AlreadyCommitted.selector, id, workers[i - 1])
            );
            vm.prank(workers[i - 1]);
            escrow.commit(id, bytes32(uint256(1)));
        }
        address[] memory committed = escrow.workersOf(id);
        Results.Score[] memory scores = new Results.Score[](16);
        for (uint256 i; i < 16; ++i) {
            assertEq(committed[i], workers[15 - i], "D12 in the order of their indexes");
            scores[i] = _score(uint32(5e8 + i * 25e6)); // the first four fail, the last wins
        }
        _settleAsConsensus(id, scores);
        for (uint256 i; i < 16; ++i) {
            assertEq(escrow.creditOf(workers[15 - i]), i == 15 ? 87.5e18 : 0, "D12 the best alone");
            assertEq(vault.exposureOf(workers[15 - i]).pendingCut, i < 4 ? 50e18 : 0, "I-14 its own slash");
            assertEq(escrow.creditOf(_account(501 + i)), 1 + i, "and nobody else's credit");
        }
    }

    /// @dev Three askers and four workers, line by line in each other's way, in one report.
    function test_SeveralAskersAndWorkersInOneReport() public {
        address[3] memory askers = [
            asker,
            _registerOracle(2, 500_000e18, 900e18),
            _registerOracle(3, 500_000e18, 800e18)
        ];
        // Each line: asker, worker, R_base in MASA, quality in percent.
        uint16[4][9] memory plan = [
            [uint16(0), 0, 100, 80],
            [uint16(1), 0, 100, 70],
            [uint16(0), 1, 200, 50],
            [uint16(2), 2, 100, 90],
            [uint16(2), 0, 100, 100],
            [uint16(0), 3, 100, 60],
            [uint16(1), 1, 100, 30],
            [uint16(1), 1, 100, 65],
            [uint16(0), 0, 100, 75]
        ];
        Results.Line[] memory lines = new Results.Line[](9);
        for (uint256 i; i < 9; ++i) {
            IRequestEscrow.Submission memory s = _submission(uint96(uint256(plan[i][2]) * 1e18));
            s.maxResponses = 1;
            uint256 id = _submit(askers[plan[i][0]], s);
            _commit(workers[plan[i][1]], id);
            lines[i] = Results.Line(id, _one(_score(uint32(uint256(plan[i][3]) * 1e7))));
        }
        bytes memory results = Results.encode(lines);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, results);
        // Asker 0: 100, 200, 100, 100 asked, 80 + 60 + 75 paid, 5 + 0.04·500²/200,000 in fees.
        assertEq(escrow.creditOf(askers[0]), CREDIT - 215e18 - 5.05e18, "asker 0");
        // Asker 1: three hundreds, 70 + 65 paid, 3 + 0.018 in fees.
        assertEq(escrow.creditOf(askers[1]), 900e18 - 135e18 - 3.018e18, "asker 1");
        // Asker 2: two hundreds, 90 + 100 paid, 2 + 0.008 in fees.
        assertEq(escrow.creditOf(askers[2]), 800e18 - 190e18 - 2.008e18, "asker 2");
        uint256[4] memory earned = [uint256(80e18 + 70e18 + 100e18 + 75e18), 65e18, 90e18, 60e18];
        uint256[4] memory slashed = [uint256(0), 100e18 + 50e18, 0, 0];
        for (uint256 i; i < 4; ++i) {
            assertEq(escrow.creditOf(workers[i]), earned[i], "worker's earnings");
            assertEq(vault.exposureOf(workers[i]).pendingCut, slashed[i], "I-14 worker's slashes");
            assertEq(_openSlash(workers[i]), 0, "I-19 nothing is open");
            _assertBacking(workers[i]);
        }
        _assertRecord(askers[0], 4, 3, 2.65e9, 215e18);
        _assertRecord(askers[1], 3, 2, 1.65e9, 135e18);
        _assertRecord(askers[2], 2, 2, 1.9e9, 190e18);
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved + heldFees, 0, "I-03 nothing is open");
        assertEq(fees, 5.05e18 + 3.018e18 + 2.008e18, "I-03 all fees are kept");
        assertEq(masa.balanceOf(address(escrow)), CREDIT + 1_700e18, "I-03 and no token has moved");
    }

    function _assertRecord(
        address account,
        uint256 settled,
        uint256 accepted,
        uint256 qualitySum,
        uint256 spent
    ) private view {
        (uint256 word, , uint256 record) = escrow.wordsOf(account);
        assertEq(word >> 192, 0, "nothing is reserved");
        assertEq(uint32(record), settled, "settled");
        assertEq(uint32(record >> 32), accepted, "accepted");
        assertEq(uint64(record >> 64), qualitySum, "sum of Q");
        // Accepted value is all that the fixture counts (resourceShare 0).
        assertEq(uint256(uint64(record >> 128)) * 1e9, spent, "D5 consumption that is to be told");
        assertEq((record >> 192) * 1e9, spent, "spent");
    }
}
