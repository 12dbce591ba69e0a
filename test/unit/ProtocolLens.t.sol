// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IProtocolLens} from "../../contracts/interfaces/IProtocolLens.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ProtocolLens} from "../../contracts/lens/ProtocolLens.sol";
import {FeeCurve} from "../../contracts/market/FeeCurve.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {Results} from "../support/Results.sol";

/// @dev The protocol and a lens on it. Requirements at σ = 1: validators 125,000 MASA, workers 62,500, oracle nodes
/// 31,250.
abstract contract LensBed is MasaFixture {
    uint96 internal constant REWARD = 100e18;
    uint256 internal constant VALIDATOR_BASE = 125_000e18;
    uint256 internal constant WORKER_BASE = 62_500e18;
    uint256 internal constant ORACLE_BASE = 31_250e18;

    ProtocolLens internal lens;
    /// @dev Steeper than the escrow's, so that a quote shows which curve it asks.
    FeeCurve internal fees;

    function setUp() public virtual override {
        super.setUp();
        fees = new FeeCurve(ud2x18(0.01e18), ud2x18(0.05e18), 1_000e18, 1e18);
        lens = new ProtocolLens(clock, vault, standing, registry, validatorSet, escrow, manager, fees);
    }

    function _pokeParameters() internal pure override returns (INodeRegistry.PokeParameters memory) {
        return INodeRegistry.PokeParameters({deposit: 20e18, bounty: 2e18});
    }

    /// @dev One request of `asker`, answered by `worker` alone and settled with `quality` (1e9 = 1).
    function _work(address asker, address worker, uint32 quality) internal {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 1;
        uint256 id = _submit(asker, s);
        _commit(worker, id);
        Results.Line[] memory results = new Results.Line[](1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = quality;
        results[0] = _result(id, qualities);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
    }

    function _same(bytes memory left, bytes memory right, string memory message) internal pure {
        assertEq(keccak256(left), keccak256(right), message);
    }
}

contract LensAccountTest is LensBed {
    function test_KeepsItsParts() public view {
        assertEq(address(lens.clock()), address(clock), "clock");
        assertEq(address(lens.vault()), address(vault), "vault");
        assertEq(address(lens.standing()), address(standing), "standing");
        assertEq(address(lens.registry()), address(registry), "registry");
        assertEq(address(lens.validatorSet()), address(validatorSet), "validator set");
        assertEq(address(lens.escrow()), address(escrow), "escrow");
        assertEq(address(lens.epochManager()), address(manager), "epoch manager");
        assertEq(address(lens.feeCurve()), address(fees), "fee curve");
    }

    function test_NobodyIsAllZeros() public view {
        IProtocolLens.AccountView memory none;
        _same(abi.encode(lens.accountOf(_account(9))), abi.encode(none), "an unknown account");
        _same(abi.encode(lens.accountOf(address(0))), abi.encode(none), "the zero address");
    }

    /// @dev A holder who stakes and asks nothing of the protocol: no role, no preview, but all of its money.
    function test_AHolderWithoutARole() public {
        address holder = _account(9);
        _stake(holder, 500e18);
        _stakeTao(holder, 30e9);
        _deposit(holder, 7e18);
        _fund(holder, 11e18);
        tao.transfer(holder, 3e9);
        vm.startPrank(holder);
        vault.startUnbonding(address(masa), 200e18);
        vault.startUnbonding(address(tao), 10e9);
        vm.stopPrank();

        IProtocolLens.AccountView memory expected;
        expected.node.stakeUnits = 300e18 + 20 * 4e18;
        expected.masa = IStakeVault.Position(300e18, 200e18, 1, 0);
        expected.tao = IStakeVault.Position(20e9, 10e9, 1, 0);
        expected.exposure.flags = 1; // it has held TAO
        expected.market.credit = 7e18;
        expected.masaBalance = 11e18;
        expected.taoBalance = 3e9;
        _same(abi.encode(lens.accountOf(holder)), abi.encode(expected), "every field");
    }

    function test_AWorker() public {
        _rollTo(3);
        address worker = _registerWorker(2, 70_000e18);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        INodeRegistry.NodeView memory node;
        node.role = NodeRole.Worker;
        node.utility = 0.5e18;
        node.nonce = 1;
        node.registeredEpoch = 3;
        node.deposit = 20e18;
        node.requirement = WORKER_BASE;
        node.stakeUnits = 70_000e18;
        node.metadata = "{}";
        _same(abi.encode(v.node), abi.encode(node), "node");
        INodeStanding.RequirementPreview memory preview;
        preview.requirement = WORKER_BASE;
        preview.stakeUnits = 70_000e18;
        preview.nextRequirement = WORKER_BASE;
        preview.nextStakeUnits = 70_000e18;
        preview.graceLeft = 2;
        preview.nextUtility = 0.5e18;
        preview.requirementIfChanged = WORKER_BASE;
        _same(abi.encode(v.preview), abi.encode(preview), "preview");
        IProtocolLens.Holdings memory none;
        _same(abi.encode(v.market), abi.encode(none), "a worker that has answered nothing");
    }

    function test_AnOracleNode() public {
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        _work(asker, _registerWorker(2, 70_000e18), 8e8);
        _submit(asker, REWARD);
        IProtocolLens.AccountView memory v = lens.accountOf(asker);
        assertEq(uint256(v.node.role), uint256(NodeRole.Oracle), "role");
        // Fees of the escrow's curve: 1.002 of the first 100 of an epoch, 1.006 of the second.
        IProtocolLens.Holdings memory market;
        market.credit = 1_000e18 - 80e18 - 1.002e18 - REWARD - 1.006e18;
        market.reserved = REWARD + 1.006e18;
        market.consumption = 2 * uint256(REWARD);
        (market.settled, market.accepted, market.meanQuality) = (1, 1, 8e8);
        (market.untold, market.spent) = (80e18, 80e18);
        _same(abi.encode(v.market), abi.encode(market), "all that it has in the market");
        assertEq(v.preview.nextUtility, 0.5e18, "what is not told moves nothing");
        escrow.tellConsumption(asker);
        v = lens.accountOf(asker);
        market.untold = 0;
        _same(abi.encode(v.market), abi.encode(market), "told, and all the rest as it was");
        assertEq(v.preview.requirement, ORACLE_BASE, "within the epoch nothing moves");
        // U' = 0.5 + 0.2 · (0.92 − 0.5)
        assertEq(v.preview.nextUtility, 0.584e18, "next utility");
        assertLt(v.preview.nextRequirement, ORACLE_BASE, "little consumption, a lower requirement");
        _rollNext();
        assertEq(lens.accountOf(asker).market.consumption, 0, "a new epoch");
        assertEq(lens.accountOf(asker).node.utility, 0.584e18, "as announced");
    }

    /// @dev Two accepted, one rejected, one open, one cancelled: the mean is of what was settled.
    function test_AnAskersRecord() public {
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        address worker = _registerWorker(2, 70_000e18);
        _work(asker, worker, 9e8);
        _work(asker, worker, 7e8);
        _work(asker, worker, 5e8);
        _submit(asker, REWARD);
        uint256 cancelled = _submit(asker, REWARD);
        vm.prank(asker);
        escrow.cancel(cancelled);
        IProtocolLens.Holdings memory h = lens.holdingsOf(asker);
        assertEq(h.settled, 3, "settled");
        assertEq(h.accepted, 2, "accepted");
        assertEq(h.meanQuality, 7e8, "mean Q of the best answers");
        assertEq(h.spent, 160e18, "rewards");
        assertEq(h.untold, 160e18, "accepted value is all that the fixture counts");
        // Fees of the nth hundred: 0.998 + 0.004·n
        assertEq(h.reserved, REWARD + 1.014e18, "the open one, with its fee");
        assertEq(h.consumption, 500e18, "cancelling gives no consumption back");
        assertEq(h.credit, 1_000e18 - 160e18 - 1.002e18 - 1.006e18 - 1.01e18 - REWARD - 1.014e18, "the rest is free");
    }

    function test_UntoldConsumptionFallsToNothingWithTheNextEpochsRequest() public {
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        address worker = _registerWorker(2, 70_000e18);
        _work(asker, worker, 9e8);
        _work(asker, worker, 7e8);
        _rollNext();
        assertEq(lens.holdingsOf(asker).untold, 160e18, "whatever the epoch");
        assertEq(lens.holdingsOf(asker).consumption, 0, "what the fee is reckoned from begins anew");
        _submit(asker, REWARD);
        IProtocolLens.Holdings memory h = lens.holdingsOf(asker);
        assertEq(h.untold, 0, "told");
        assertEq(h.spent, 160e18, "rewards stay");
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 160e18, "the standing knows it");
        _work(asker, worker, 8e8);
        assertEq(lens.holdingsOf(asker).untold, 80e18, "and the next is counted anew");
    }

    /// @dev A worker with one answer open, one paid and one slashed.
    function test_AWorkersHoldings() public {
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        address worker = _registerWorker(2, 70_000e18);
        _work(asker, worker, 9e8);
        _commit(worker, _submit(asker, REWARD));
        IProtocolLens.Holdings memory h = lens.holdingsOf(worker);
        assertEq(h.credit, 90e18, "earned");
        assertEq(h.openSlash, 50e18, "kappa of the open one");
        assertEq(h.backing, 100e18, "reserved for it and one more");
        assertEq(h.backing, vault.exposureOf(worker).reserved, "as the vault has it");
        assertEq(h.reserved + h.consumption + h.untold + h.settled + h.spent, 0, "it has asked for nothing");
        _work(asker, worker, 1e8);
        h = lens.holdingsOf(worker);
        assertEq(h.openSlash, 50e18, "the open one still");
        assertEq(h.backing, 50e18, "less what was slashed");
    }

    function test_AConsumerWithAnotherRoleShowsNoConsumption() public {
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        address worker = _registerWorker(2, 70_000e18);
        _work(asker, worker, 8e8);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        assertEq(v.market.consumption, 0, "a worker's answers are no consumption");
        assertEq(v.market.credit, 80e18, "they are its credit");
    }

    function test_ASeatedValidator() public {
        _seatValidators(4, 200_000e18);
        address owner = _ownerOf(3);
        vm.prank(owner);
        validatorSet.checkIn();
        IProtocolLens.AccountView memory v = lens.accountOf(owner);
        IProtocolLens.SeatView memory seat;
        (seat.seated, seat.seat, seat.weight, seat.seatedEpoch, seat.checkedIn) = (true, 2, 200_000e6, 1, true);
        _same(abi.encode(v.seat), abi.encode(seat), "seat");
        assertEq(v.node.signingKey, vm.addr(3), "signing key");
        assertEq(v.node.requirement, VALIDATOR_BASE, "requirement");
        assertFalse(lens.accountOf(_ownerOf(1)).seat.checkedIn, "another has not checked in");

        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 4, 9e8);
        _setScore(scores, 2, 7e8);
        _postEpoch(scores);
        v = lens.accountOf(owner);
        assertTrue(v.seat.scored, "scored");
        assertEq(v.seat.score, 7e8, "its own score");
        assertFalse(v.seat.checkedIn, "forgotten with the report");
        // U' = 0.5 + 0.2 · (0.7 − 0.5)
        assertEq(v.node.utility, 0.54e18, "utility");
        assertEq(v.seat.weight, standing.seatWeightOf(owner), "weight made anew");
        assertGt(v.seat.weight, 200_000e6, "better than the mean: more weight");
        assertEq(lens.accountOf(_ownerOf(1)).seat.score, 9e8, "others theirs");
    }

    function test_AWaitingValidator() public {
        address owner = _registerValidator(7, 150_000e18);
        IProtocolLens.SeatView memory seat;
        _same(abi.encode(lens.accountOf(owner).seat), abi.encode(seat), "neither seated nor waiting");
        _joinWaitlist(owner);
        seat.waiting = true;
        _same(abi.encode(lens.accountOf(owner).seat), abi.encode(seat), "waiting");
    }

    function test_AValidatorThatLeftItsSeatCoolsDown() public {
        _seatValidators(5, 200_000e18);
        address owner = _ownerOf(5);
        vm.prank(owner);
        validatorSet.leaveSeat();
        assertTrue(lens.accountOf(owner).seat.seated, "until the roll");
        _rollNext();
        IProtocolLens.SeatView memory seat;
        seat.coolingUntil = 3; // one epoch while nobody waits
        _same(abi.encode(lens.accountOf(owner).seat), abi.encode(seat), "cooling down");
        _joinWaitlist(_registerValidator(6, 200_000e18));
        assertEq(lens.accountOf(owner).seat.coolingUntil, 5, "three while somebody does");
    }

    /// @dev A seat keeps its slot in the packed scores: who takes it next has no score there.
    function test_AFreshSeatShowsNoScoreOfWhoSatThereBefore() public {
        _seatValidators(6, 200_000e18);
        _rollNext();
        _postEpoch(_scores(1, 6, 9e8));
        address last = _ownerOf(6);
        vm.prank(last);
        validatorSet.leaveSeat();
        address next = _registerValidator(9, 300_000e18);
        _joinWaitlist(next);
        _rollNext(); // prunes one of those who tie, and vacates the seat of the one that leaves
        IProtocolLens.SeatView memory seat = lens.accountOf(next).seat;
        assertTrue(seat.seated, "seated in a seat that was scored");
        assertFalse(seat.scored, "without a score");
        assertEq(seat.score, 0, "of anybody's");
        assertEq(lens.accountOf(_ownerOf(2)).seat.score, 9e8, "the others keep theirs");
        assertFalse(lens.accountOf(_ownerOf(2)).seat.scored, "used by the roll");
    }

    function test_AShortNode() public {
        address worker = _registerWorker(2, 70_000e18);
        _unbond(worker, 30_000e18);
        registry.poke(worker); // begins its grace
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        assertFalse(v.node.short, "in its grace");
        assertEq(v.node.graceUntil, 1, "grace");
        assertEq(v.preview.graceLeft, 2, "grace left");
        assertEq(v.preview.shortfall, WORKER_BASE - 40_000e18, "shortfall");
        _rollTo(1);
        assertEq(lens.accountOf(worker).preview.graceLeft, 1, "its last epoch");
        _rollTo(2);
        registry.poke(worker);
        v = lens.accountOf(worker);
        assertTrue(v.node.short, "short");
        assertEq(v.node.deposit, 18e18, "the poke was paid");
        assertEq(v.preview.graceLeft, 0, "no grace left");
        assertEq(v.preview.shortfall, v.node.requirement - 40_000e18, "shortfall");
        assertEq(v.masa.queued, 30_000e18, "unbonding");
    }

    function test_ASuspendedWorker() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.maxStrikes, p.strikeSize) = (1, 1);
        standing.setStandingParameters(p);
        address worker = _registerWorker(2, 70_000e18);
        _work(_registerOracle(1, 40_000e18, 1_000e18), worker, 1e8);
        assertTrue(lens.accountOf(worker).node.suspended, "suspended");
        (IProtocolLens.NodeLine[] memory page, ) = lens.nodesOf(NodeRole.Worker, 0, 1);
        assertTrue(page[0].suspended, "on its page too");
    }

    /// @dev Everything shown is net of what is booked, before anybody applies it.
    function test_ASlashedNodeBeforeItsSlashIsApplied() public {
        address worker = _registerWorker(2, 100_000e18);
        _unbond(worker, 20_000e18);
        _work(_registerOracle(1, 40_000e18, 1_000e18), worker, 1e8);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        assertEq(v.exposure.pendingCut, 50e18, "booked");
        assertEq(v.exposure.slashes, 0, "not applied");
        assertEq(v.exposure.reserved, 50e18, "what was reserved ahead");
        assertEq(v.market.openSlash, 0, "for nothing that is open");
        assertEq(v.masa.staked, 80_000e18 - 40e18, "four fifths from stake");
        assertEq(v.masa.queued, 20_000e18 - 10e18, "a fifth from the queue");
        assertEq(v.node.stakeUnits, 80_000e18 - 40e18, "what counts");
        assertEq(v.preview.stakeUnits, 80_000e18 - 40e18, "what counts");
        vault.applySlash(worker);
        IProtocolLens.AccountView memory w = lens.accountOf(worker);
        assertEq(w.exposure.pendingCut, 0, "applied");
        assertEq(w.exposure.slashes, 1, "one record");
        assertEq(w.masa.staked, v.masa.staked, "as shown before");
        assertEq(w.masa.queued, v.masa.queued, "as shown before");
    }

    function test_ADeferredSlash() public {
        address worker = _registerWorker(2, 100_000e18);
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        vault.setSlashCap(address(escrow), 1e14); // 14 of 140,000 MASA
        _work(asker, worker, 1e8);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        assertEq(v.exposure.pendingCut, 14e18, "booked");
        assertEq(v.deferral.slasher, address(escrow), "by whom");
        assertEq(v.deferral.amount, 14e18, "the rest, as far as one more cap goes");
        assertEq(v.masa.staked, 100_000e18 - 14e18, "what is booked is off");
        assertEq(v.node.stakeUnits, 100_000e18 - 28e18, "what is frozen does not count");
    }

    /// @dev 20,000 TAO count for 80,000 MASA, and toward a requirement for half of it at most.
    function test_AWorkerWithTao() public {
        address worker = _account(2);
        _stakeTao(worker, 20_000e9);
        _register(worker, NodeRole.Worker, address(0), 40_000e18);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        assertEq(v.tao.staked, 20_000e9, "token units");
        assertEq(v.node.stakeUnits, 40_000e18 + WORKER_BASE / 2, "toward the requirement");
        assertEq(v.preview.stakeUnits, 40_000e18 + WORKER_BASE / 2, "toward the requirement");
        // A slash of 50 takes both pro rata in units: a third of MASA, two thirds of TAO.
        _work(_registerOracle(1, 40_000e18, 1_000e18), worker, 1e8);
        v = lens.accountOf(worker);
        uint256 taoTaken = 20_000e9 - v.tao.staked;
        assertEq(taoTaken, 8_333_333_333, "33.33 of 50 in TAO at 4, rounded down");
        assertEq(40_000e18 - v.masa.staked, 50e18 - taoTaken * 4e9, "the rest in MASA");
    }
}

contract LensPagesTest is LensBed {
    function test_PagesOfNodes() public {
        address[] memory workers = new address[](5);
        for (uint256 i; i < 5; ++i) {
            workers[i] = _registerWorker(10 + i, 70_000e18 + i);
        }
        address asker = _registerOracle(1, 40_000e18, 0);
        (IProtocolLens.NodeLine[] memory page, uint256 total) = lens.nodesOf(NodeRole.Worker, 1, 3);
        assertEq(total, 5, "all of the role");
        assertEq(page.length, 3, "a page");
        for (uint256 i; i < 3; ++i) {
            IProtocolLens.NodeLine memory line = IProtocolLens.NodeLine({
                account: workers[1 + i],
                role: NodeRole.Worker,
                short: false,
                suspended: false,
                utility: 0.5e18,
                requirement: WORKER_BASE,
                stakeUnits: 70_000e18 + 1 + i,
                seated: false,
                metadata: "{}"
            });
            _same(abi.encode(page[i]), abi.encode(line), "every field");
        }
        (page, total) = lens.nodesOf(NodeRole.Worker, 4, 100);
        assertEq(page.length, 1, "the last page is shorter");
        assertEq(page[0].account, workers[4], "the last one");
        (page, total) = lens.nodesOf(NodeRole.Worker, 5, 10);
        assertEq(page.length, 0, "past the end");
        assertEq(total, 5, "the total all the same");
        (page, ) = lens.nodesOf(NodeRole.Worker, 0, 0);
        assertEq(page.length, 0, "nothing asked");
        (page, ) = lens.nodesOf(NodeRole.Worker, type(uint256).max, type(uint256).max);
        assertEq(page.length, 0, "no overflow");
        (page, total) = lens.nodesOf(NodeRole.Oracle, 0, type(uint256).max);
        assertEq(page.length, 1, "another role");
        assertEq(page[0].account, asker, "its node");
        (page, total) = lens.nodesOf(NodeRole.Validator, 0, 10);
        assertEq(total, 0, "an empty role");
        (page, total) = lens.nodesOf(NodeRole.None, 0, 10);
        assertEq(total, 0, "no role");
    }

    function test_ALineShowsSeatsShortNodesAndMetadata() public {
        _seatValidators(4, 200_000e18);
        address waiting = _registerValidator(7, 150_000e18);
        _joinWaitlist(waiting);
        vm.prank(waiting);
        registry.setMetadata("{ }");
        _unbond(waiting, 100_000e18);
        registry.poke(waiting);
        _rollTo(3);
        registry.poke(waiting);
        (IProtocolLens.NodeLine[] memory page, uint256 total) = lens.nodesOf(NodeRole.Validator, 0, 10);
        assertEq(total, 5, "marked short, still registered");
        for (uint256 i; i < 4; ++i) {
            assertTrue(page[i].seated, "seated");
            assertFalse(page[i].short, "not short");
        }
        assertFalse(page[4].seated, "not seated");
        assertTrue(page[4].short, "short");
        assertEq(page[4].stakeUnits, 50_000e18, "what is left staked");
        assertEq(page[4].metadata, "{ }", "metadata");
    }

    function test_UnbondingLeavesOutWhatIsGone() public {
        address holder = _account(9);
        _stake(holder, 100e18);
        for (uint256 i; i < 6; ++i) {
            vm.warp(START + i);
            _unbond(holder, (i + 1) * 1e18);
        }
        vm.warp(START + UNBONDING + 1); // the first two are mature
        _withdraw(holder, 0);
        vm.startPrank(holder);
        vault.withdraw(address(masa), 1, 0.5e18, holder); // a part of it
        vault.cancelUnbonding(address(masa), 3);
        vm.stopPrank();

        IProtocolLens.EntryView[] memory all = lens.unbondingOf(holder, address(masa), 0, 100);
        assertEq(all.length, 4, "without the withdrawn and the cancelled one");
        uint256[4] memory ids = [uint256(1), 2, 4, 5];
        uint256[4] memory worths = [uint256(1.5e18), 3e18, 5e18, 6e18];
        for (uint256 i; i < 4; ++i) {
            assertEq(all[i].id, ids[i], "id");
            assertEq(all[i].worth, worths[i], "worth");
            assertEq(all[i].maturesAt, START + ids[i] + UNBONDING, "maturity");
        }
        // `limit` counts ids, so that a caller can page without looking at what it got.
        IProtocolLens.EntryView[] memory page = lens.unbondingOf(holder, address(masa), 2, 2);
        assertEq(page.length, 1, "id 3 is gone");
        assertEq(page[0].id, 2, "id 2 is left");
        page = lens.unbondingOf(holder, address(masa), 5, type(uint256).max);
        assertEq(page.length, 1, "the last");
        assertEq(page[0].id, 5, "the last");
        assertEq(lens.unbondingOf(holder, address(masa), 6, 5).length, 0, "past the end");
        assertEq(lens.unbondingOf(holder, address(masa), type(uint256).max, 5).length, 0, "no overflow");
        assertEq(lens.unbondingOf(holder, address(masa), 0, 0).length, 0, "nothing asked");
        assertEq(lens.unbondingOf(holder, address(tao), 0, 100).length, 0, "another token");
        assertEq(lens.unbondingOf(_account(8), address(masa), 0, 100).length, 0, "another account");
    }

    function test_UnbondingIsWorthWhatABookedSlashLeaves() public {
        address worker = _registerWorker(2, 100_000e18);
        _unbond(worker, 10_000e18);
        _unbond(worker, 10_000e18);
        _work(_registerOracle(1, 40_000e18, 1_000e18), worker, 1e8);
        IProtocolLens.EntryView[] memory entries = lens.unbondingOf(worker, address(masa), 0, 2);
        assertEq(entries[0].worth, 10_000e18 - 5e18, "a tenth of 50");
        assertEq(entries[1].worth, 10_000e18 - 5e18, "a tenth of 50");
    }

    function test_UnbondingOfTao() public {
        address holder = _account(9);
        _stakeTao(holder, 5e9);
        vm.prank(holder);
        vault.startUnbonding(address(tao), 2e9);
        IProtocolLens.EntryView[] memory entries = lens.unbondingOf(holder, address(tao), 0, 10);
        assertEq(entries.length, 1, "one entry");
        assertEq(entries[0].worth, 2e9, "token units");
    }

    function test_RevertGiven_UnbondingOfAnotherToken() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnlistedToken.selector, address(0xbad)));
        lens.unbondingOf(_account(9), address(0xbad), 0, 1);
    }

    function test_SlashesInTheAppealPot() public {
        address worker = _account(2);
        _stakeTao(worker, 20_000e9);
        _register(worker, NodeRole.Worker, address(0), 40_000e18);
        address asker = _registerOracle(1, 40_000e18, 1_000e18);
        for (uint256 i; i < 4; ++i) {
            vm.warp(START + i * 10);
            _work(asker, worker, 1e8);
            assertEq(lens.slashesOf(worker, 0, 100).length, i, "a booking is no record yet");
            vault.applySlash(worker);
        }
        IProtocolLens.SlashView[] memory all = lens.slashesOf(worker, 0, 100);
        assertEq(all.length, 4, "four records");
        for (uint256 i; i < 4; ++i) {
            assertEq(all[i].id, i + 1, "the first is 1");
            assertNear(all[i].masa, 50e18 / uint256(3), 1e10, "a third in MASA");
            assertNear(all[i].tao, 8.333333e9, 1e3, "two thirds in TAO");
            assertEq(all[i].releasableAt, START + i * 10 + APPEAL, "releasable");
        }
        // One is reversed in part, one is released.
        vm.prank(guard);
        guardian.reverseSlash(worker, 2, all[1].masa, 1e9, NodeRole.Worker, 0);
        vm.warp(START + APPEAL + 1);
        vault.releaseSlash(worker, 1);
        IProtocolLens.SlashView[] memory left = lens.slashesOf(worker, 1, 100);
        assertEq(left.length, 3, "without the released one");
        assertEq(left[0].id, 2, "id");
        assertEq(left[0].masa, 0, "given back");
        assertEq(left[0].tao, all[1].tao - 1e9, "what is still in the pot");
        assertEq(left[2].id, 4, "id");
        IProtocolLens.SlashView[] memory page = lens.slashesOf(worker, 3, 1);
        assertEq(page.length, 1, "a page");
        assertEq(page[0].id, 3, "from its id on");
        assertEq(lens.slashesOf(worker, 1, 1).length, 0, "the released one alone");
        assertEq(lens.slashesOf(worker, 5, 10).length, 0, "past the end");
        assertEq(lens.slashesOf(worker, type(uint256).max, 10).length, 0, "no overflow");
        assertEq(lens.slashesOf(worker, 4, type(uint256).max).length, 1, "no overflow");
        assertEq(lens.slashesOf(asker, 0, 10).length, 0, "who was never slashed");
    }
}

contract LensNetworkTest is LensBed {
    function _rollBounty() internal pure override returns (uint256) {
        return 5e18;
    }

    function test_AFreshNetwork() public view {
        IProtocolLens.NetworkView memory v = lens.network();
        assertEq(v.epoch, 0, "epoch");
        assertEq(v.epochEndsAt, START + EPOCH, "its end");
        assertEq(v.rolledEpoch, 0, "rolled");
        assertEq(v.supply, SUPPLY, "supply");
        uint256[3] memory bases = [VALIDATOR_BASE, WORKER_BASE, ORACLE_BASE];
        for (uint256 i; i < 3; ++i) {
            IProtocolLens.RoleLine memory line;
            line.role = NodeRole(i + 1);
            line.frozen = INodeStanding.RoleSnapshot(uint112(bases[i]), 0.5e18, 0, 0);
            line.next = line.frozen;
            line.requirementAtMean = bases[i];
            _same(abi.encode(v.roles[i]), abi.encode(line), "a role without nodes");
        }
        assertEq(v.seats + v.waiting + v.silentRolls, 0, "no validators");
        assertEq(v.next.owner, address(0), "nobody to prune");
        assertEq(v.masaStaked + v.masaUnbonding + v.masaPot, 0, "no MASA");
        assertEq(v.taoStaked + v.taoUnbonding + v.taoPot, 0, "no TAO");
        assertEq(v.rollBounty, 0, "nothing to pay it with");
    }

    function test_ABusyNetwork() public {
        _seatValidators(5, 200_000e18);
        _joinWaitlist(_registerValidator(7, 150_000e18));
        address worker = _registerWorker(20, 100_000e18);
        _stakeTao(worker, 5_000e9);
        vm.prank(worker);
        vault.startUnbonding(address(tao), 1_000e9);
        address short = _registerWorker(21, 70_000e18);
        _unbond(short, 70_000e18);
        registry.poke(short);
        _rollTo(3);
        registry.poke(short);
        address asker = _registerOracle(30, 40_000e18, 1_000e18);
        _work(asker, worker, 1e8);
        vault.applySlash(worker);
        vm.warp(block.timestamp + EPOCH); // epoch 4 has begun, nobody has rolled

        IProtocolLens.NetworkView memory v = lens.network();
        assertEq(v.epoch, 4, "of the clock");
        assertEq(v.epochEndsAt, clock.epochStart(5), "its end");
        assertEq(v.rolledEpoch, 3, "rolled");
        assertEq(v.seats, 6, "seats");
        assertEq(v.waiting, 0, "the waiting one was seated");
        assertEq(v.silentRolls, 1, "rolls since there was a set to report");
        assertEq(uint256(v.next.reason), uint256(IValidatorSet.PruneReason.NoEvidence), "nobody is pruned, and why");
        IProtocolLens.RoleLine memory line = v.roles[1];
        assertEq(line.registered, 2, "marked short or not");
        assertEq(line.counted, 1, "not marked short");
        assertEq(line.utilitySum, 0.5e18, "of those that count");
        assertEq(line.frozen.count, 2, "as frozen by the roll, before the poke");
        assertEq(line.next.count, 1, "as the next would");
        assertEq(v.roles[0].registered, 6, "validators");
        assertEq(v.roles[2].registered, 1, "oracle nodes");
        assertEq(v.roles[2].frozen.count, 0, "registered after the roll");
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(v.masaStaked, staked, "MASA staked");
        assertEq(v.masaUnbonding, unbonding, "MASA unbonding");
        assertEq(v.masaUnbonding, 70_000e18, "MASA unbonding");
        assertEq(v.masaPot, pot, "MASA in the pot");
        assertGt(v.masaPot, 0, "MASA in the pot");
        (staked, unbonding, pot) = vault.totalsOf(address(tao));
        assertEq(v.taoStaked, staked, "TAO staked");
        assertEq(v.taoUnbonding, unbonding, "TAO unbonding");
        assertEq(v.taoPot, pot, "TAO in the pot");
        assertGt(v.taoPot, 0, "TAO in the pot");
        assertEq(v.taoStaked + v.taoUnbonding + v.taoPot, 5_000e9, "I-01 all the TAO");
    }

    /// @dev What the lens says is due is what the next roll pays: the bounty, or what there is.
    function test_TheBountyOfTheNextRoll() public {
        uint256[3] memory held = [uint256(2e18), 3e18, 4e18];
        uint256[3] memory due = [uint256(2e18), 3e18, 4e18];
        for (uint256 i; i < 3; ++i) {
            _fund(address(manager), held[i]);
            assertEq(lens.network().rollBounty, due[i], "what there is");
            _assertPaid(due[i]);
        }
        _fund(address(manager), 12e18);
        assertEq(lens.network().rollBounty, 5e18, "the bounty");
        _assertPaid(5e18);
        _assertPaid(5e18);
        assertEq(lens.network().rollBounty, 2e18, "the rest");
    }

    function test_TheNextSnapshotIsTheOneTheRollTakes() public {
        for (uint256 i; i < 40; ++i) {
            _registerWorker(100 + i, 70_000e18);
        }
        IProtocolLens.RoleLine memory line = lens.network().roles[1];
        assertLt(line.next.base, line.frozen.base, "more workers than the target: a lower base");
        _rollNext();
        IProtocolLens.RoleLine memory rolled = lens.network().roles[1];
        line.next.epoch = 1;
        _same(abi.encode(rolled.frozen), abi.encode(line.next), "as announced");
        assertEq(rolled.requirementAtMean, rolled.frozen.base, "sigma is 1 at the mean");
    }

    function test_WhoIsPrunedNext() public {
        _seatValidators(6, 200_000e18);
        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 6, 9e8);
        _setScore(scores, 4, 2e8);
        _postEpoch(scores);
        IValidatorSet.PruneView memory next = lens.network().next;
        assertEq(next.owner, _ownerOf(5), "the lowest");
        assertEq(next.seat, 4, "its seat");
        assertEq(next.score, 2e8, "its score");
        assertEq(uint256(next.reason), uint256(IValidatorSet.PruneReason.LowestScore), "why");
        assertEq(lens.network().silentRolls, 0, "a report came in");
        _rollNext();
        assertFalse(lens.accountOf(_ownerOf(5)).seat.seated, "as announced");
    }

    function _assertPaid(uint256 amount) private {
        _warpTo(clock.currentEpoch() + 1);
        uint256 before = masa.balanceOf(_account(99));
        vm.prank(_account(99));
        manager.roll();
        assertEq(masa.balanceOf(_account(99)) - before, amount, "paid as announced");
    }
}

contract LensFeeTest is LensBed {
    /// @dev Base rate 1 %, 5 % from 1,000 MASA on, at least 1 MASA: the fee on the first x of an epoch is
    /// 0.01 x + 0.04 x² / 2,000.
    function test_TheFeeStandsOnThisEpochsConsumption() public {
        address asker = _registerOracle(1, 40_000e18, 10_000e18);
        address worker = _registerWorker(2, 100_000e18);
        assertEq(lens.feeQuote(asker, 500e18), 10e18, "from nothing: 5 + 5");
        assertEq(lens.feeQuote(asker, 0), 1e18, "the minimum");
        // 333.333333333333333333: 3.33333333333333333333 + 2.2222222222222222222222
        assertEq(lens.feeQuote(asker, 333_333333333333333333), 5_555555556e9, "rounded up to a unit");
        for (uint256 i; i < 5; ++i) {
            _work(asker, worker, 1e9); // 100 each
        }
        assertEq(lens.accountOf(asker).market.consumption, 500e18, "asked for");
        assertEq(lens.feeQuote(asker, 500e18), 20e18, "from 500 to 1,000: 5 + 15");
        assertEq(lens.feeQuote(asker, 1_500e18), 20e18 + 50e18, "and 5 % beyond");
        assertEq(lens.feeQuote(worker, 500e18), 10e18, "a worker's answers are no consumption");
        assertEq(lens.feeQuote(_account(9), 500e18), 10e18, "who never asked");
        _rollNext();
        assertEq(lens.feeQuote(asker, 500e18), 10e18, "a new epoch");
    }

    /// @dev With the escrow's own curve the quote is what the next request pays.
    function test_TheQuoteIsTheFee() public {
        ProtocolLens own = new ProtocolLens(
            clock,
            vault,
            standing,
            registry,
            validatorSet,
            escrow,
            manager,
            escrow.feeCurve()
        );
        address asker = _registerOracle(1, 40_000e18, 10_000e18);
        uint96[4] memory rewards = [uint96(1e9), REWARD, 1_234_567_891e9, 3_000e18];
        for (uint256 i; i < rewards.length; ++i) {
            uint256 quote = own.feeQuote(asker, rewards[i]);
            assertEq(escrow.requestOf(_submit(asker, rewards[i])).fee, quote, "EQ-08 as quoted");
        }
    }
}

/// @notice A network on which no TAO is wrapped.
contract LensWithoutTaoTest is LensBed {
    function _listedTao() internal pure override returns (address) {
        return address(0);
    }

    function test_AccountsAndNetworkWithoutTao() public {
        address worker = _registerWorker(2, 100_000e18);
        tao.transfer(worker, 5e9); // a token that the network does not list
        _unbond(worker, 10_000e18);
        _work(_registerOracle(1, 40_000e18, 1_000e18), worker, 1e8);
        IProtocolLens.AccountView memory v = lens.accountOf(worker);
        IStakeVault.Position memory none;
        _same(abi.encode(v.tao), abi.encode(none), "no position");
        assertEq(v.taoBalance, 0, "no balance");
        assertEq(v.masa.staked, 90_000e18 - 45e18, "MASA as ever");
        assertEq(v.exposure.pendingCut, 50e18, "booked");
        vault.applySlash(worker);
        IProtocolLens.SlashView[] memory slashes = lens.slashesOf(worker, 1, 1);
        assertEq(slashes[0].masa, 50e18, "all of it in MASA");
        assertEq(slashes[0].tao, 0, "none in TAO");
        IProtocolLens.NetworkView memory n = lens.network();
        assertEq(n.taoStaked + n.taoUnbonding + n.taoPot, 0, "no TAO");
        assertEq(n.masaStaked, 90_000e18 - 45e18 + 40_000e18, "MASA staked");
        assertEq(n.masaUnbonding, 10_000e18 - 5e18, "MASA unbonding");
        assertEq(n.masaPot, 50e18, "MASA in the pot");
    }

    function test_RevertGiven_UnbondingOfTheTokenThatIsNotThere() public {
        bytes4 unlisted = IStakeVault.StakeVault_UnlistedToken.selector;
        vm.expectRevert(abi.encodeWithSelector(unlisted, address(0)));
        lens.unbondingOf(_account(2), address(0), 0, 1);
        vm.expectRevert(abi.encodeWithSelector(unlisted, address(tao)));
        lens.unbondingOf(_account(2), address(tao), 0, 1);
    }
}
