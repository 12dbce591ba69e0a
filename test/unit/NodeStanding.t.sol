// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {HookTokenMock} from "../../contracts/mocks/HookTokenMock.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @title NodeStanding: utility, its folds, and what outlasts a registration
contract UtilityTest is StandingBed {
    // ---------------------------------------------------------------- folds

    function test_WorkFoldsWhenItsEpochIsOver() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, WAD);
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.5e18, "EQ-01 not within the epoch");
        assertEq(standing.standingOf(alice, WORKER).workThisEpoch, 100e18, "work of this epoch");
        _rollTo(1);
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 the view is ahead of the poke");
        assertEq(standing.standingOf(alice, WORKER).workThisEpoch, 0, "no work in the new epoch");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 before the poke");
        vm.expectEmit(address(standing));
        emit INodeStanding.UtilityFolded(alice, WORKER, 0.5e18, 0.6e18, 0);
        _poke(alice, WORKER);
        _assertTotals(WORKER, 1, 0.6e18, "I-08 after the poke");
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 once");
    }

    /// Work counts in the epoch last rolled into: a late roll makes it longer, and splits nothing.
    function test_D18_ALateRollMakesOneEpochOfWork() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 50e18, WAD);
        _warpTo(5);
        _work(alice, WORKER, 50e18, WAD);
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.5e18, "D18 not before the roll");
        manager.roll();
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.6e18, "D18 100 of work in one epoch");
    }

    function test_WorkOfAnEpochIsAveragedByItsSize() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 75e18, WAD);
        _work(alice, WORKER, 25e18, 0);
        _rollTo(1);
        // 0.5 + 0.2·(0.75 − 0.5)
        assertEq(_utility(alice, WORKER), 0.55e18, "EQ-01 weighted mean");
        // New work folds the old first.
        _work(alice, WORKER, 100e18, 0.75e18);
        assertEq(standing.standingOf(alice, WORKER).workThisEpoch, 100e18, "the old work is gone");
        _rollTo(2);
        assertEq(_utility(alice, WORKER), 0.59e18, "EQ-01 next epoch");
    }

    function test_DustMovesNothing() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 1e9 - 1, WAD);
        _rollTo(1);
        assertEq(_utility(alice, WORKER), 0.5e18, "below a unit of work");
        _work(alice, WORKER, 10e18, WAD);
        _rollTo(2);
        assertEq(_utility(alice, WORKER), 0.51e18, "a tenth of the reference");
        _work(alice, WORKER, 1_000e18, WAD);
        _rollTo(3);
        assertEq(_utility(alice, WORKER), 0.608e18, "ten times the reference counts once");
    }

    function test_D5_ConsumptionLowersAnOraclesUtility() public {
        _register(bob, ORACLE, address(0), PLENTY);
        // A quarter of the reference: p = 0.75, whatever performance is given.
        _work(bob, ORACLE, 250e18, 0);
        _rollTo(1);
        assertEq(_utility(bob, ORACLE), 0.55e18, "D5 below the mean consumption");
        uint256 required = standing.requirementOf(bob, ORACLE);
        _work(bob, ORACLE, 5_000e18, WAD);
        _rollTo(2);
        assertEq(_utility(bob, ORACLE), 0.44e18, "D5 consumption lowers utility");
        _poke(bob, ORACLE);
        _assertTotals(ORACLE, 1, 0.44e18, "I-08");
        assertGt(standing.requirementOf(bob, ORACLE), required, "D5 who consumes more stakes more");
    }

    function test_ScoringFoldsAValidatorAtOnce() public {
        address owner = _registerValidator(7, 300_000e18);
        vm.expectEmit(address(standing));
        emit INodeStanding.UtilityFolded(owner, VALIDATOR, 0.5e18, 0.6e18, 0);
        (uint64 weight, uint256 eligible) = _scoreValidator(owner, WAD);
        assertEq(_utility(owner, VALIDATOR), 0.6e18, "EQ-01");
        _assertTotals(VALIDATOR, 1, 0.6e18, "I-08");
        assertEq(eligible, 1, "eligible");
        // EQ-27: 300,000 · exp((0.6 − 0.5) / 0.25) = 447,547.409… MASA, in millionths
        assertEq(weight, 447_547_409_292, "EQ-27 weight");
        assertEq(standing.seatWeightOf(owner), weight, "EQ-27 the view agrees");
        assertNear(standing.sigmaOf(owner, VALIDATOR), 0.670320046035639301e18, 2, "EQ-04 exp(-0.4)");
    }

    function test_ScoringKeepsTheHistoryOfWhoLeft() public {
        address owner = _registerValidator(7, VALIDATOR_BASE * 2);
        _deregister(owner);
        (uint64 weight, uint256 eligible) = _scoreValidator(owner, 0);
        assertEq(weight, 0, "no weight");
        assertEq(eligible, 0, "not eligible");
        assertEq(_utility(owner, VALIDATOR), 0.4e18, "REG-05 the bad epoch is remembered");
        _assertTotals(VALIDATOR, 0, 0, "I-08");
    }

    function test_ScoringMarksWhoFellShort() public {
        address owner = _registerValidator(7, VALIDATOR_BASE);
        _unbond(owner, 10_000e18);
        (, uint256 eligible) = _scoreValidator(owner, 0.5e18);
        assertEq(eligible, 1, "D4 grace");
        _rollTo(2);
        (, eligible) = _scoreValidator(owner, 0.5e18);
        assertEq(eligible, 0, "D4 short");
        _assertTotals(VALIDATOR, 0, 0, "I-08");
        // Its utility moves outside the sums.
        _scoreValidator(owner, WAD);
        assertEq(_utility(owner, VALIDATOR), 0.6e18, "EQ-01 while short");
        _stake(owner, 10_000e18);
        (, eligible) = _scoreValidator(owner, WAD);
        assertEq(eligible, 1, "D4 cleared");
        _assertTotals(VALIDATOR, 1, 0.68e18, "I-08 with what it has now");
    }

    /// A flood of work saturates instead of blocking the call that carries it.
    function test_HugeWorkSaturates() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, type(uint104).max, WAD);
        _work(alice, WORKER, type(uint104).max, 0);
        assertEq(standing.standingOf(alice, WORKER).workThisEpoch, uint256(type(uint72).max) * 1e9, "saturated");
        _rollTo(1);
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.6e18, "the first flood fills both counters");
        _work(alice, WORKER, 10e18, 0);
        _work(alice, WORKER, type(uint104).max, WAD);
        _rollTo(2);
        assertLe(_utility(alice, WORKER), 0.68e18, "never above p = 1");
    }

    function test_HugeConsumptionSaturates() public {
        _register(bob, ORACLE, address(0), PLENTY);
        _work(bob, ORACLE, 250e18, 0);
        _work(bob, ORACLE, type(uint104).max, 0);
        assertEq(standing.standingOf(bob, ORACLE).workThisEpoch, uint256(type(uint72).max) * 1e9, "onto other work");
        _rollTo(1);
        _work(bob, ORACLE, type(uint104).max, 0);
        assertEq(standing.standingOf(bob, ORACLE).workThisEpoch, uint256(type(uint72).max) * 1e9, "at once");
        assertEq(_utility(bob, ORACLE), 0.4e18, "D5 the first epoch counts as the reference");
        _work(bob, ORACLE, 1e9, 0);
        assertEq(standing.standingOf(bob, ORACLE).workThisEpoch, uint256(type(uint72).max) * 1e9, "a unit more");
    }

    function test_D18_IdleEpochsChangeNothingAndCostNothing() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _work(alice, WORKER, 100e18, WAD);
        _work(bob, WORKER, 100e18, WAD);
        uint256 state = vm.snapshotState();
        _rollTo(1);
        uint256 one = _gasOfPoke();
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 one epoch later");
        _assertTotals(WORKER, 2, 1.2e18, "I-08 one epoch later");
        vm.revertToState(state);
        _rollTo(1_000);
        uint256 thousand = _gasOfPoke();
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 1,000 epochs later");
        _assertTotals(WORKER, 2, 1.2e18, "I-08 1,000 epochs later");
        assertNear(one, thousand, one / 100, "D18 gas");
    }

    /// @dev Bob's poke warms what both share.
    function _gasOfPoke() private returns (uint256 used) {
        standing.poke(bob, WORKER);
        used = gasleft();
        standing.poke(alice, WORKER);
        used -= gasleft();
    }

    // ---------------------------------------------------------------- coming and going

    function test_D3_ANewcomerHasTheMeanAndSigmaOne() public {
        _stake(alice, WORKER_BASE);
        assertEq(_utility(alice, WORKER), 0, "nobody's utility");
        _approveDeposit(alice);
        vm.expectEmit(address(standing));
        emit INodeStanding.Entered(alice, WORKER, 0.5e18);
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
        assertEq(standing.sigmaOf(alice, WORKER), WAD, "D3 sigma");
        assertEq(standing.requirementOf(alice, WORKER), WORKER_BASE, "D3 requirement");
        assertTrue(standing.isEligible(alice, WORKER), "eligible");
        assertFalse(standing.isEligible(alice, ORACLE), "not in another role");
        assertFalse(standing.isEligible(alice, NONE), "not in no role");
        INodeStanding.Standing memory s = standing.standingOf(alice, WORKER);
        assertTrue(s.registered && !s.short && !s.suspended, "flags");
        assertEq(s.utility, 0.5e18, "utility");
        assertEq(s.graceUntil, 0, "grace");
        assertEq(s.strikes, 0, "strikes");
        assertEq(s.requirement, WORKER_BASE, "requirement");
        assertEq(s.stakeUnits, WORKER_BASE, "stake");
        assertFalse(standing.standingOf(alice, ORACLE).registered, "in one role");
        assertEq(standing.standingOf(alice, NONE).requirement, 0, "nothing is asked for no role");
        vm.expectEmit(address(standing));
        emit INodeStanding.Exited(alice, WORKER, 0.5e18);
        _deregister(alice);
        assertFalse(standing.standingOf(alice, WORKER).registered, "gone");
    }

    /// D3: whoever comes, the mean stays.
    function testFuzz_D3_NewNodesDoNotMoveTheMean(uint256 seed, uint8 newcomers) public {
        for (uint256 i; i < 3; ++i) {
            address worker = _registerWorker(10 + i, 300_000e18);
            _work(worker, WORKER, 100e18, uint256(keccak256(abi.encode(seed, i))) % (WAD + 1));
        }
        _rollNext();
        for (uint256 i; i < 3; ++i) {
            _poke(_account(10 + i), WORKER);
        }
        INodeStanding.RoleTotals memory before = standing.totalsOf(WORKER);
        uint256 mean = before.utilitySum / before.count;
        uint256 many = bound(newcomers, 1, 8);
        for (uint256 i; i < many; ++i) {
            address worker = _registerWorker(20 + i, 300_000e18);
            assertEq(_utility(worker, WORKER), mean, "D3 starts at the mean");
        }
        INodeStanding.RoleTotals memory totals = standing.totalsOf(WORKER);
        assertEq(totals.utilitySum / totals.count, mean, "D3 the mean stays");
    }

    function test_REG05_HistoryBelongsToTheAccountAndIsKeptPerRole() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, 0);
        _rollTo(1);
        _deregister(alice);
        _assertTotals(WORKER, 0, 0, "I-08");
        _registerAs(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.4e18, "REG-05 history is kept");
        assertGt(standing.requirementOf(alice, WORKER), WORKER_BASE, "REG-05 so is the requirement");
        _deregister(alice);
        _registerAs(alice, ORACLE);
        assertEq(_utility(alice, ORACLE), 0.5e18, "REG-05 another role has its own");
        assertEq(_utility(alice, WORKER), 0.4e18, "REG-05 which does not touch the first");
        _deregister(alice);
        _registerAs(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.4e18, "REG-05 after another role");
        _assertTotals(WORKER, 1, 0.4e18, "I-08");
        _assertTotals(ORACLE, 0, 0, "I-08");
    }

    function test_REG05_RevertGiven_AReturnWithTheStakeOfANewcomer() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, 0);
        _deregister(alice);
        _rollTo(1);
        _unbond(alice, PLENTY - WORKER_BASE);
        uint256 required = standing.requirementAt(WORKER, 0.4e18);
        assertGt(required, WORKER_BASE, "REG-05 more than a newcomer");
        _approveDeposit(alice);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_BelowRequirement.selector, alice, required, WORKER_BASE)
        );
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
    }

    /// The fold rounds towards U, so that the bottom is one wei.
    function test_REG05_WorstHistoryIsRemembered() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.decayPerEpoch = ud2x18(1);
        standing.setStandingParameters(p);
        _registerWorker(1, PLENTY);
        for (uint64 epoch = 1; epoch < 4; ++epoch) {
            _work(alice, WORKER, 100e18, 0);
            _rollTo(epoch);
        }
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 1, "the bottom");
        _deregister(alice);
        _registerAs(alice, WORKER);
        assertEq(_utility(alice, WORKER), 1, "REG-05 the bottom is remembered");
    }

    /// EQ-01 folds an epoch once. Were it folded at each exit, an oracle node could make many small epochs of a large
    /// one: ten times a tenth of the reference is p = 0.9, once all of it is p = 0.
    function test_EQ01_LeavingAndComingBackDoesNotSplitAnEpoch() public {
        _register(bob, ORACLE, address(0), PLENTY);
        _register(carol, ORACLE, address(0), PLENTY);
        for (uint256 i; i < 10; ++i) {
            _work(bob, ORACLE, 100e18, 0);
            _work(carol, ORACLE, 100e18, 0);
            _deregister(carol);
            assertEq(standing.standingOf(carol, ORACLE).workThisEpoch, (i + 1) * 100e18, "EQ-08 fee base stays");
            _registerAs(carol, ORACLE);
        }
        _rollTo(1);
        assertEq(_utility(bob, ORACLE), 0.4e18, "EQ-01 stayed");
        assertEq(_utility(carol, ORACLE), 0.4e18, "EQ-01 left ten times");
        _poke(bob, ORACLE);
        _poke(carol, ORACLE);
        _assertTotals(ORACLE, 2, 0.8e18, "I-08");
    }

    function test_EQ01_AWorkerGainsNothingByLeavingWithinTheEpoch() public {
        _registerWorker(1, PLENTY);
        for (uint256 i; i < 5; ++i) {
            _work(alice, WORKER, 100e18, WAD);
            _deregister(alice);
            _registerAs(alice, WORKER);
        }
        _rollTo(1);
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 one step, whatever the number of registrations");
    }

    /// Requests may settle after their asker has gone.
    function test_D5_AnOracleThatLeavesWithOpenRequestsKeepsTheirConsumption() public {
        _register(bob, ORACLE, address(0), PLENTY);
        _work(bob, ORACLE, 400e18, 0);
        _deregister(bob);
        _work(bob, ORACLE, 600e18, 0);
        assertEq(standing.standingOf(bob, ORACLE).workThisEpoch, 1_000e18, "D5 before and after it left");
        _rollTo(1);
        _work(bob, ORACLE, 1_000e18, 0);
        assertEq(_utility(bob, ORACLE), 0.4e18, "D5 the first epoch is folded while it is away");
        _assertTotals(ORACLE, 0, 0, "I-08 outside the sums");
        _rollTo(9);
        uint256 required = standing.requirementAt(ORACLE, 0.32e18);
        _registerAs(bob, ORACLE);
        assertEq(_utility(bob, ORACLE), 0.32e18, "D5 so is the second, when it is back");
        assertEq(standing.requirementOf(bob, ORACLE), required, "D5 and asked for");
        _assertTotals(ORACLE, 1, 0.32e18, "I-08");
    }

    function test_WorkInAnotherRoleDoesNotMoveThisOne() public {
        _registerWorker(1, WORKER_BASE);
        _work(alice, ORACLE, 100e18, 0);
        _rollTo(1);
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.5e18, "work of a role that the account does not have");
    }

    /// @dev R_base and R_base · p of an answer are 48 bits each, the consumption of an oracle node 96: the role decides.
    function test_OneCallRecordsWorkOfSeveralAccountsOfARole() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _register(carol, ORACLE, address(0), PLENTY);
        uint256[] memory words = new uint256[](3);
        words[0] = uint256(uint160(alice)) | (60e9 << 160) | (60e9 << 208);
        words[1] = uint256(uint160(bob)) | (100e9 << 160) | (75e9 << 208);
        words[2] = uint256(uint160(alice)) | (40e9 << 160);
        vm.prank(address(escrow));
        standing.recordWorkOf(WORKER, words);
        uint256 consumed = (uint256(1) << 48) + 5;
        words = new uint256[](2);
        words[0] = uint256(uint160(carol)) | (consumed << 160);
        words[1] = uint256(uint160(alice)) | (250e9 << 160);
        vm.prank(address(escrow));
        standing.recordWorkOf(ORACLE, words);
        assertEq(standing.standingOf(alice, WORKER).workThisEpoch, 100e18, "both answers of a worker");
        assertEq(standing.standingOf(bob, WORKER).workThisEpoch, 100e18, "another worker's");
        assertEq(standing.standingOf(carol, ORACLE).workThisEpoch, consumed * 1e9, "D5 all 96 bits");
        assertEq(standing.standingOf(alice, ORACLE).workThisEpoch, 250e18, "D5 an account's in each role apart");
        assertEq(standing.standingOf(carol, WORKER).workThisEpoch, 0, "no oracle node's as a worker's");
        _rollTo(1);
        // 0.5 + 0.2 · (0.6 − 0.5), and 0.2 · (0.75 − 0.5)
        assertEq(_utility(alice, WORKER), 0.52e18, "EQ-01");
        assertEq(_utility(bob, WORKER), 0.55e18, "EQ-01");
        assertEq(_utility(carol, ORACLE), 0.4e18, "D5");
    }

    function test_RecordingNothingIsNoError() public {
        vm.prank(address(escrow));
        standing.recordWorkOf(WORKER, new uint256[](0));
    }

    // ---------------------------------------------------------------- refusals

    function test_RevertGiven_NotRegistered() public {
        _expectNotRegistered(alice, WORKER);
        standing.poke(alice, WORKER);
        _expectNotRegistered(alice, WORKER);
        standing.requirementOf(alice, WORKER);
        _expectNotRegistered(alice, WORKER);
        standing.sigmaOf(alice, WORKER);
        _expectNotRegistered(alice, WORKER);
        standing.previewRequirement(alice, WORKER, 0);
        _expectNotRegistered(alice, WORKER);
        vm.prank(address(registry));
        standing.exit(alice, WORKER);
        _registerWorker(1, WORKER_BASE);
        _expectNotRegistered(alice, ORACLE);
        standing.poke(alice, ORACLE);
        assertFalse(_use(bob, WORKER), "use of nobody");
        assertFalse(_use(alice, ORACLE), "use in another role");
        assertFalse(_use(alice, NONE), "use as nothing");
    }

    function test_RevertGiven_NoRole() public {
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_NoRole.selector));
        vm.prank(address(registry));
        standing.enter(alice, NONE);
    }
}

/// @title NodeStanding: the snapshot, the requirement and the two tokens
contract RequirementTest is StandingBed {
    function test_SnapshotFreezesCountAndMean() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _work(alice, WORKER, 100e18, 0.75e18);
        _rollTo(1);
        _poke(alice, WORKER);
        _warpTo(2);
        vm.expectEmit(address(standing));
        emit INodeStanding.SnapshotTaken(WORKER, 2, WORKER_BASE, 0.525e18, 2);
        manager.roll();
        assertEq(standing.snapshotOf(WORKER).meanUtility, 0.525e18, "EQ-29 mean");
        assertEq(standing.rolledEpoch(), 2, "epoch");
    }

    function test_SnapshotLimitsTheSteps() public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.target = 1;
        standing.setRoleParameters(WORKER, p);
        address worker = _registerWorker(1, PLENTY);
        _work(worker, WORKER, 100e18, WAD);
        _rollTo(1);
        _poke(worker, WORKER); // 0.6
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE + WORKER_BASE / 10 + 1, "D4 baseStep up");
        _rollTo(2);
        assertEq(standing.snapshotOf(WORKER).meanUtility, 0.55e18, "D4 meanStep up");
        _rollTo(3);
        assertEq(standing.snapshotOf(WORKER).meanUtility, 0.6e18, "D4 it arrives");
        p.target = 1_000;
        standing.setRoleParameters(WORKER, p);
        uint256 base = standing.snapshotOf(WORKER).base;
        _work(worker, WORKER, 100e18, 0);
        _rollTo(4);
        assertEq(standing.snapshotOf(WORKER).base, base - base / 10 - 1, "D4 baseStep down");
        _poke(worker, WORKER); // 0.48
        _rollTo(5);
        assertEq(standing.snapshotOf(WORKER).meanUtility, 0.55e18, "D4 meanStep down");
    }

    /// An epoch of a thousand missed ones is one step, not a thousand.
    function test_D18_MissedEpochsAreOneStep() public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.target = 1;
        standing.setRoleParameters(WORKER, p);
        _rollTo(1_000);
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE + WORKER_BASE / 10 + 1, "D18 one step");
        assertEq(standing.snapshotOf(WORKER).epoch, 1_000, "D18 epoch");
    }

    function test_D4_AShrinkingRoleIsNotAskedForMoreThanItsTarget() public {
        for (uint256 i; i < 40; ++i) {
            _registerWorker(100 + i, WORKER_BASE);
        }
        _rollTo(1);
        // 0.02·S / 40, a step away from 0.02·S / 32
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE - WORKER_BASE / 10 - 1, "EQ-09 more share the budget");
        _rollTo(2);
        _rollTo(3);
        assertEq(standing.snapshotOf(WORKER).base, 50_000e18, "EQ-09 phi S / n");
        for (uint256 i; i < 39; ++i) {
            _deregister(_account(100 + i));
        }
        _rollTo(4);
        _rollTo(5);
        _rollTo(6);
        assertEq(standing.snapshotOf(WORKER).count, 1, "one is left");
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE, "D4 phi S / target");
    }

    function test_TOK08_SupplyIsFrozenWithinAnEpochAndStepsAtTheRoll() public {
        HookTokenMock token = new HookTokenMock();
        token.mint(address(this), SUPPLY);
        NodeStanding other = _standingOver(token, vault, 0.5e18, _threeRoles());
        uint256 required = other.requirementAt(WORKER, 0.5e18);
        token.mint(address(this), SUPPLY);
        assertEq(other.requirementAt(WORKER, 0.5e18), required, "TOK-08 frozen");
        other.snapshot(1);
        assertEq(other.supplySnapshot(), SUPPLY + SUPPLY / 100, "TOK-08 one step up");
        assertEq(other.requirementAt(WORKER, 0.5e18), required + required / 100, "TOK-08 the requirement follows");
        other.snapshot(2);
        assertEq(other.supplySnapshot(), 102_010_000e18, "TOK-08 second step");

        HookTokenMock shrinking = new HookTokenMock();
        shrinking.mint(address(this), SUPPLY);
        NodeStanding third = _standingOver(shrinking, vault, 0.5e18, _threeRoles());
        // Bridged away: the mock has no burn, so the call is answered in its place.
        vm.mockCall(address(shrinking), abi.encodeWithSelector(IERC20.totalSupply.selector), abi.encode(SUPPLY / 2));
        third.snapshot(1);
        assertEq(third.supplySnapshot(), SUPPLY - SUPPLY / 100, "TOK-08 one step down");
        vm.clearMockedCalls();
    }

    function test_STK08_NothingWithinAnEpochMovesTheRequirement() public {
        _registerWorker(1, PLENTY);
        _rollTo(1);
        uint256 required = standing.requirementAt(WORKER, 0.4e18);
        _stake(bob, 5_000_000e18);
        _registerAs(bob, WORKER);
        _work(alice, WORKER, 100e18, WAD);
        _unbond(alice, 100_000e18);
        assertEq(standing.requirementAt(WORKER, 0.4e18), required, "STK-08 deposits and withdrawals");
        _rollTo(2);
        _poke(alice, WORKER);
        assertEq(standing.requirementAt(WORKER, 0.4e18), required, "STK-08 a fold waits for the roll too");
        _warpTo(3);
        assertEq(standing.requirementAt(WORKER, 0.4e18), required, "STK-08 until it comes");
        manager.roll();
        assertGt(standing.requirementAt(WORKER, 0.4e18), required, "STK-08 the roll takes them");
    }

    function test_D4_StakeIsAskedForToTheLastWei() public {
        _stake(alice, WORKER_BASE - 1);
        _approveDeposit(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_BelowRequirement.selector,
                alice,
                WORKER_BASE,
                WORKER_BASE - 1
            )
        );
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
        _stake(alice, 1);
        _registerAs(alice, WORKER);
    }

    // ---------------------------------------------------------------- two tokens

    /// TAO of 9 decimals at 4 MASA: 7,812.5 of them are 31,250 stake units, the half of a requirement it may cover.
    function test_TOK04_TaoCoversItsShareToTheLastUnit() public {
        _stake(alice, WORKER_BASE / 2);
        _stakeTao(alice, 7_812.5e9 - 1);
        _approveDeposit(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_BelowRequirement.selector,
                alice,
                WORKER_BASE,
                WORKER_BASE - 4e9
            )
        );
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
        _stakeTao(alice, 1);
        _registerAs(alice, WORKER);
        assertEq(standing.standingOf(alice, WORKER).stakeUnits, WORKER_BASE, "TOK-04 MASA and TAO");
    }

    function test_D13_TaoCountsForItsShareAtMost() public {
        _stake(alice, WORKER_BASE / 2 - 1);
        _stakeTao(alice, 1_000_000e9);
        _approveDeposit(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_BelowRequirement.selector,
                alice,
                WORKER_BASE,
                WORKER_BASE - 1
            )
        );
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
        _stake(alice, 1);
        _registerAs(alice, WORKER);
        // The share is of the requirement: as it rises, so does what the same TAO covers.
        _work(alice, WORKER, 100e18, 0);
        _rollTo(1);
        INodeStanding.RequirementPreview memory v = standing.previewRequirement(alice, WORKER, 0);
        assertGt(v.requirement, WORKER_BASE, "D13 the requirement rose");
        assertEq(v.stakeUnits, WORKER_BASE / 2 + v.requirement / 2, "D13 half of the larger requirement");
        assertEq(v.shortfall, v.requirement - v.stakeUnits, "D13 the rest is to be MASA");
    }

    function test_D13_SeatWeightCountsMasaAlone() public {
        address owner = _registerValidator(7, VALIDATOR_BASE);
        uint64 weight = standing.seatWeightOf(owner);
        assertEq(weight, 125_000e6, "EQ-27 in millionths");
        _stakeTao(owner, 1_000_000e9);
        assertEq(standing.seatWeightOf(owner), weight, "D13 no price moves it");
        (uint64 scored, ) = _scoreValidator(owner, 0.5e18);
        assertEq(scored, weight, "D13 nor that of a report");
    }

    /// The same stakes over a token of 18 decimals ask for and count the same.
    function testFuzz_TOK04_NineAndEighteenDecimalsAgree(uint256 masaStake, uint256 taoStake, uint256 utility) public {
        masaStake = bound(masaStake, 1, 1_000_000e18);
        taoStake = bound(taoStake, 1, TAO_SUPPLY / 2);
        utility = bound(utility, 0, WAD);
        HookTokenMock wide = new HookTokenMock();
        wide.mint(alice, taoStake * 1e9);
        StakeVault other = new StakeVault(
            address(this),
            clock,
            address(masa),
            address(wide),
            _delays(),
            _collateral(),
            IStakeVault.SlashDestinations(treasury, address(0), 0, 0)
        );
        NodeStanding second = _standingOver(masa, other, 0.5e18, _threeRoles());
        _stake(alice, masaStake);
        _stakeTao(alice, taoStake);
        _fund(alice, masaStake);
        vm.startPrank(alice);
        masa.approve(address(other), masaStake);
        other.stake(address(masa), masaStake);
        wide.approve(address(other), taoStake * 1e9);
        other.stake(address(wide), taoStake * 1e9);
        vm.stopPrank();
        uint256 required = standing.requirementAt(WORKER, utility);
        assertEq(second.requirementAt(WORKER, utility), required, "TOK-04 requirement");
        uint256 counted = vault.stakeToward(alice, required);
        assertEq(other.stakeToward(alice, required), counted, "TOK-04 what counts toward it");
        uint256 taoUnits = (taoStake * 4e18) / 1e9;
        uint256 most = required / 2;
        assertEq(counted, masaStake + (taoUnits < most ? taoUnits : most), "TOK-04 in stake units");
        assertEq(
            second.standingOf(alice, WORKER).stakeUnits,
            standing.standingOf(alice, WORKER).stakeUnits,
            "TOK-04 in the view"
        );
    }
}
