// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @title NodeStanding: falling short, grace, and coming back
contract GraceTest is StandingBed {
    function test_D4_ToleranceIsMetAtEquality() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, WORKER_BASE / 20);
        _poke(alice, WORKER);
        assertEq(standing.standingOf(alice, WORKER).graceUntil, 0, "D4 within the tolerance");
        _unbond(alice, 1);
        uint256 staked = vault.stakeUnitsOf(alice);
        vm.expectEmit(address(standing));
        emit INodeStanding.GraceGranted(alice, WORKER, 1, WORKER_BASE, staked);
        _poke(alice, WORKER);
        assertEq(standing.standingOf(alice, WORKER).graceUntil, 1, "D4 grace");
        assertTrue(standing.isEligible(alice, WORKER), "D4 eligible in grace");
    }

    function test_D4_GraceThenShortThenCleared() public {
        _registerWorker(1, WORKER_BASE);
        _registerWorker(2, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _rollTo(1);
        assertTrue(_use(alice, WORKER), "D4 the whole next epoch is grace");
        _warpTo(2);
        assertTrue(_use(alice, WORKER), "D18 until the roll");
        manager.roll();
        vm.expectEmit(address(standing));
        emit INodeStanding.MarkedShort(alice, WORKER, WORKER_BASE, 57_500e18);
        assertFalse(_use(alice, WORKER), "D4 short");
        assertFalse(standing.isEligible(alice, WORKER), "D4 ineligible");
        assertTrue(_isShort(alice, WORKER), "D4 marked");
        assertEq(vault.stakeUnitsOf(alice), 57_500e18, "D4 nothing confiscated");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 short nodes are outside");

        // Within the tolerance is not enough to come back: the whole requirement is.
        _stake(alice, 5_000e18 - 1);
        _poke(alice, WORKER);
        assertTrue(_isShort(alice, WORKER), "D4 still short");
        _stake(alice, 1);
        vm.expectEmit(address(standing));
        emit INodeStanding.ShortCleared(alice, WORKER, WORKER_BASE, WORKER_BASE);
        _poke(alice, WORKER);
        assertTrue(standing.isEligible(alice, WORKER), "D4 eligible again");
        _assertTotals(WORKER, 2, 1e18, "I-08 counted again");
    }

    function test_D4_AnyoneMarksAndThePokeTellsWhetherItDid() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        vm.prank(bob);
        assertFalse(standing.poke(alice, WORKER), "grace is no mark");
        _rollTo(2);
        vm.prank(bob);
        assertTrue(standing.poke(alice, WORKER), "marked");
        vm.prank(bob);
        assertFalse(standing.poke(alice, WORKER), "marked before");
    }

    function test_D4_OneGraceInTheCooldown() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER); // grace until 1
        _stake(alice, 5_000e18);
        _poke(alice, WORKER);
        _unbond(alice, 5_000e18);
        uint256 state = vm.snapshotState();

        _rollTo(1 + 10);
        _poke(alice, WORKER);
        assertTrue(_isShort(alice, WORKER), "D4 no second grace within the cooldown");

        vm.revertToState(state);
        _rollTo(1 + 10 + 1);
        vm.expectEmit(address(standing));
        emit INodeStanding.GraceGranted(alice, WORKER, 13, WORKER_BASE, 57_500e18);
        _poke(alice, WORKER);
        assertFalse(_isShort(alice, WORKER), "D4 grace after the cooldown");
    }

    function test_D4_AMarkedNodeGetsNoSecondGraceWithoutRecovering() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _rollTo(2);
        _poke(alice, WORKER);
        _rollTo(200);
        assertFalse(_use(alice, WORKER), "D4 short until it tops up");
        assertEq(standing.standingOf(alice, WORKER).graceUntil, 1, "D4 no new grace");
    }

    function test_D4_LeavingDoesNotRenewGrace() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _deregister(alice);
        _stake(alice, 5_000e18);
        _registerAs(alice, WORKER);
        _unbond(alice, 5_000e18);
        _rollTo(2);
        _poke(alice, WORKER);
        assertTrue(_isShort(alice, WORKER), "D4 the grace is spent");
    }

    function test_D4_GraceIsKeptPerRole() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, WORKER_BASE / 10);
        _poke(alice, WORKER);
        _deregister(alice);
        _rollTo(2);
        _registerAs(alice, ORACLE);
        _unbond(alice, WORKER_BASE / 2);
        _poke(alice, ORACLE);
        assertEq(standing.standingOf(alice, ORACLE).graceUntil, 3, "D4 a grace of its own");
        assertEq(standing.standingOf(alice, WORKER).graceUntil, 1, "D4 the other stays");
    }

    function test_D4_ReturningAsAMarkedNodeClearsTheMark() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _rollTo(2);
        _poke(alice, WORKER);
        _assertTotals(WORKER, 0, 0, "I-08 marked");
        _deregister(alice);
        _assertTotals(WORKER, 0, 0, "I-08 it was outside already");
        assertFalse(_isShort(alice, WORKER), "D4 not a node");
        _stake(alice, 5_000e18);
        _registerAs(alice, WORKER);
        assertTrue(standing.isEligible(alice, WORKER), "D4 it met the requirement to come back");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 once");
    }

    function test_D4_ImprovingClearsShort() public {
        _registerWorker(1, 70_000e18);
        _registerWorker(2, PLENTY);
        _work(alice, WORKER, 100e18, 0);
        _rollTo(1);
        _poke(alice, WORKER); // U = 0.4: 93,239 MASA asked, grace until 2
        assertGt(standing.requirementOf(alice, WORKER), 93_000e18, "the requirement rose");
        _rollTo(3);
        _poke(alice, WORKER);
        assertTrue(_isShort(alice, WORKER), "D4 short");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 without it");
        _work(alice, WORKER, 100e18, WAD);
        _rollTo(4);
        _poke(alice, WORKER); // U = 0.52
        assertFalse(_isShort(alice, WORKER), "D4 cleared by work");
        _assertTotals(WORKER, 2, 1.02e18, "I-08 with its new utility");
    }

    function test_D4_WorkDoneWhileShortIsRemembered() public {
        _registerWorker(1, WORKER_BASE);
        _registerWorker(2, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _rollTo(2);
        _poke(alice, WORKER);
        _work(alice, WORKER, 100e18, 0);
        _rollTo(3);
        _poke(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.4e18, "EQ-01 folds while short");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 outside the sums");
        _deregister(alice);
        _assertTotals(WORKER, 1, 0.5e18, "I-08 leaving changes nothing");
    }

    /// A booked slash counts before anybody applies it.
    function test_D14_ASlashThatIsBookedOnlyIsShortAlready() public {
        _registerWorker(1, WORKER_BASE);
        vm.startPrank(address(escrow));
        vault.reserve(alice, 5_000e18);
        vault.slash(alice, 5_000e18, 5_000e18);
        vm.stopPrank();
        vm.expectEmit(address(standing));
        emit INodeStanding.GraceGranted(alice, WORKER, 1, WORKER_BASE, 57_500e18);
        _poke(alice, WORKER);
    }
}

/// @title NodeStanding: what is foretold comes to pass
contract PreviewTest is StandingBed {
    function test_PreviewOfANodeAtRest() public {
        _registerWorker(1, WORKER_BASE);
        INodeStanding.RequirementPreview memory v = standing.previewRequirement(alice, WORKER, 0);
        assertEq(v.requirement, WORKER_BASE, "requirement");
        assertEq(v.stakeUnits, WORKER_BASE, "stake");
        assertEq(v.shortfall, 0, "shortfall");
        assertEq(v.nextRequirement, WORKER_BASE, "next requirement");
        assertEq(v.nextStakeUnits, WORKER_BASE, "next stake");
        assertEq(v.nextShortfall, 0, "next shortfall");
        assertEq(v.graceLeft, 2, "a whole grace");
        assertEq(v.nextUtility, 0.5e18, "next utility");
        assertEq(v.requirementIfChanged, WORKER_BASE, "unchanged");
    }

    function test_PreviewOfWorkThatHasNotFolded() public {
        _registerWorker(1, WORKER_BASE);
        _work(alice, WORKER, 100e18, 0);
        INodeStanding.RequirementPreview memory v = standing.previewRequirement(alice, WORKER, -0.1e18);
        assertEq(v.requirement, WORKER_BASE, "not yet");
        assertEq(v.nextUtility, 0.4e18, "EQ-01 at the roll");
        // 62,500 · exp(0.1 / 0.25)
        assertNear(v.nextRequirement, 93_239.043602e18, 1e15, "EQ-09 at the roll");
        assertEq(v.nextShortfall, v.nextRequirement - WORKER_BASE, "EQ-09 what it will lack");
        assertEq(v.requirementIfChanged, v.nextRequirement, "the same change, asked for by hand");
    }

    function test_PreviewOfAChangeIsClampedWhateverIsAsked() public {
        _registerWorker(1, WORKER_BASE);
        uint256 worst = standing.requirementAt(WORKER, 0);
        uint256 best = standing.requirementAt(WORKER, WAD);
        assertEq(standing.previewRequirement(alice, WORKER, -0.5e18).requirementIfChanged, worst, "to 0");
        assertEq(standing.previewRequirement(alice, WORKER, -0.5e18 - 1).requirementIfChanged, worst, "below 0");
        assertEq(standing.previewRequirement(alice, WORKER, 0.5e18).requirementIfChanged, best, "to 1");
        assertEq(standing.previewRequirement(alice, WORKER, 0.5e18 + 1).requirementIfChanged, best, "above 1");
        assertEq(standing.previewRequirement(alice, WORKER, type(int256).min).requirementIfChanged, worst, "least");
        assertEq(standing.previewRequirement(alice, WORKER, type(int256).max).requirementIfChanged, best, "most");
    }

    function test_PreviewCountsGraceDown() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        assertEq(_graceLeft(), 2, "not used yet");
        _poke(alice, WORKER);
        assertEq(_graceLeft(), 2, "this epoch and the next");
        _rollTo(1);
        assertEq(_graceLeft(), 1, "this epoch");
        _rollTo(2);
        assertEq(_graceLeft(), 0, "over");
        _poke(alice, WORKER);
        assertTrue(_isShort(alice, WORKER), "as foretold");
        _rollTo(12);
        assertEq(_graceLeft(), 0, "a node that is marked has none, whatever the cooldown");
        _stake(alice, 5_000e18);
        _poke(alice, WORKER);
        assertEq(_graceLeft(), 2, "once it is cleared it has another");
    }

    function test_PreviewWithinTheCooldown() public {
        _registerWorker(1, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _stake(alice, 5_000e18);
        _rollTo(11);
        assertEq(_graceLeft(), 0, "the cooldown's last epoch");
        _rollTo(12);
        assertEq(_graceLeft(), 2, "after it");
    }

    function _graceLeft() private view returns (uint32) {
        return standing.previewRequirement(alice, WORKER, 0).graceLeft;
    }

    /// What the preview says of the next epoch is what a real roll gives, with both tokens, moving means and bases.
    function testFuzz_PreviewIsWhatTheRollThenGives(uint256 seed) public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.target = uint32(seed % 8);
        standing.setRoleParameters(WORKER, p);
        for (uint256 i; i < 4; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address worker = _account(10 + i);
            _stakeTao(worker, seed % 40_000e9);
            _register(worker, WORKER, address(0), 40_000e18 + (seed % 400_000e18) + 62_500e18);
            _work(worker, WORKER, seed % 150e18, seed % (WAD + 1));
        }
        _rollNext();
        for (uint256 i; i < 4; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 3 != 0) _poke(_account(10 + i), WORKER);
            if (seed % 5 != 0) _work(_account(10 + i), WORKER, seed % 150e18, seed % (WAD + 1));
            if (seed % 7 < 3) _unbond(_account(10 + i), (seed % 100_000e18) + 1);
        }
        INodeStanding.RequirementPreview[4] memory foretold;
        for (uint256 i; i < 4; ++i) {
            foretold[i] = standing.previewRequirement(_account(10 + i), WORKER, 0);
        }
        INodeStanding.RoleSnapshot memory next = standing.nextSnapshotOf(WORKER);
        assertEq(next.epoch, standing.rolledEpoch(), "of the latest roll");
        next.epoch = uint32(_rollNext());
        assertEq(
            keccak256(abi.encode(standing.snapshotOf(WORKER))),
            keccak256(abi.encode(next)),
            "the snapshot as foretold"
        );
        for (uint256 i; i < 4; ++i) {
            address worker = _account(10 + i);
            INodeStanding.RequirementPreview memory v = standing.previewRequirement(worker, WORKER, 0);
            assertEq(standing.requirementOf(worker, WORKER), foretold[i].nextRequirement, "requirement as foretold");
            assertEq(v.requirement, foretold[i].nextRequirement, "and in the view");
            assertEq(v.stakeUnits, foretold[i].nextStakeUnits, "stake as foretold");
            assertEq(v.shortfall, foretold[i].nextShortfall, "shortfall as foretold");
            assertEq(_utility(worker, WORKER), foretold[i].nextUtility, "utility as foretold");
        }
    }
}

/// @title NodeStanding: count and sum against a recount of every node, over random histories (I-08)
contract RecountTest is StandingBed {
    uint256 private constant ACCOUNTS = 6;

    function _standingParameters() internal pure override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        (p.maxStrikes, p.graceCooldown) = (2, 2);
    }

    function testFuzz_I08_CountAndSumEqualTheRecount(uint256 seed) public {
        for (uint256 step; step < 60; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _act(seed, _account(100 + (seed % ACCOUNTS)), (seed >> 64) % 10);
            if (step % 10 == 9) _recount();
        }
    }

    function _act(uint256 seed, address account, uint256 action) private {
        NodeRole role = registry.roleOf(account);
        NodeRole any = NodeRole(1 + ((seed >> 80) % 3));
        if (action == 0) _comeOrGo(account, role, (seed >> 96) % 2 == 0 ? WORKER : ORACLE);
        else if (action == 1)
            _work(account, any == VALIDATOR ? WORKER : any, (seed >> 96) % 200e18, (seed >> 16) % (WAD + 1));
        else if (action == 2) _scoreValidator(account, (seed >> 16) % (WAD + 1));
        else if (action == 3) _strike(account, _account((seed >> 96) % 4), 1);
        else if (action == 4) _restore(account, any, (seed >> 96) % 0.3e18);
        else if (action == 5) _rollNext();
        else if (action == 6) _use(account, any);
        else if (role == NONE) _comeOrGo(account, role, action == 7 ? WORKER : ORACLE);
        else if (action == 7) _poke(account, role);
        else if (action == 8) _halve(account);
        else _stake(account, ((seed >> 96) % 50_000e18) + 1);
    }

    function _comeOrGo(address account, NodeRole role, NodeRole next) private {
        if (role != NONE) return _deregister(account);
        // Enough for any requirement; some of it goes again by {_halve}.
        _stake(account, 300_000e18);
        _registerAs(account, next);
    }

    function _restore(address account, NodeRole role, uint256 by) private {
        uint256 utility = _utility(account, role) + (by % 0.2e18);
        _forgive(account, role, utility > WAD ? WAD : utility);
    }

    function _halve(address account) private {
        uint256 free = vault.positionOf(account, address(masa)).staked;
        if (free > 1) _unbond(account, free / 2);
    }

    /// @dev Pokes all first, so that what the sums have and what the views say is the same.
    function _recount() private {
        uint256[4] memory counts;
        uint256[4] memory sums;
        for (uint256 i; i < ACCOUNTS; ++i) {
            address account = _account(100 + i);
            NodeRole role = registry.roleOf(account);
            if (role == NONE) continue;
            _poke(account, role);
            if (_isShort(account, role)) continue;
            ++counts[uint8(role)];
            sums[uint8(role)] += _utility(account, role);
        }
        for (uint256 i = 1; i < 4; ++i) {
            _assertTotals(NodeRole(i), counts[i], sums[i], "I-08");
        }
    }
}
