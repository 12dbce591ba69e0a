// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {StandingBed} from "../support/StandingBed.sol";
import {Works} from "../support/Works.sol";

/// @title ModuleRights, on the contract that has most of them
contract ModuleRightsTest is StandingBed {
    address private module = address(0x30d);

    // ---------------------------------------------------------------- wiring

    function test_TheFirstModulesHoldTheirRightsAtOnce() public view {
        assertEq(standing.moduleActiveFrom("REGISTRY", address(registry)), START, "registry");
        assertEq(standing.moduleActiveFrom("RECORD", address(escrow)), START, "market");
        assertEq(standing.moduleActiveFrom("RECORD", address(validatorSet)), START, "validator set records");
        assertEq(standing.moduleActiveFrom("SCORE", address(validatorSet)), START, "validator set scores");
        assertEq(standing.moduleActiveFrom("FORGIVE", address(guardian)), START, "guardian");
        assertEq(standing.moduleActiveFrom("ROLL", address(manager)), START, "epoch manager");
        assertEq(standing.moduleActiveFrom("ROLL", address(escrow)), 0, "nobody else");
    }

    function test_WiringEmitsEachRight() public {
        NodeStanding fresh = _fresh();
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("REGISTRY", address(1), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("RECORD", address(2), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("RECORD", address(3), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("SCORE", address(3), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("FORGIVE", address(4), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("ROLL", address(5), START);
        fresh.wire(address(1), address(2), address(3), address(4), address(5));
    }

    function test_RevertGiven_WiredTwice() public {
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_AlreadyWired.selector));
        standing.wire(alice, alice, bob, alice, alice);
    }

    function test_RevertGiven_WiredByAStranger() public {
        NodeStanding fresh = _fresh();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        fresh.wire(alice, alice, bob, alice, alice);
    }

    function test_RevertGiven_WiredToNobody() public {
        for (uint160 i = 1; i <= 5; ++i) {
            NodeStanding fresh = _fresh();
            vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_ZeroAddress.selector));
            fresh.wire(_but(1, i), _but(2, i), _but(3, i), _but(4, i), _but(5, i));
        }
    }

    function _but(uint160 number, uint160 missing) private pure returns (address) {
        return number == missing ? address(0) : address(number);
    }

    function _fresh() private returns (NodeStanding) {
        return new NodeStanding(address(this), masa, vault, curve, 0, 0.5e18, _threeRoles(), _standingParameters());
    }

    // ---------------------------------------------------------------- grants

    function test_D19_ANewModuleWaitsForTheModuleDelay() public {
        uint256 from = START + MODULE_DELAY;
        vm.expectEmit(address(standing));
        emit IModuleRights.ModuleGranted("RECORD", module, from);
        standing.grantModule("RECORD", module);
        assertEq(standing.moduleActiveFrom("RECORD", module), from, "D19 active from");
        vm.warp(from - 1);
        _expectUnauthorised("RECORD", module, from);
        vm.prank(module);
        standing.use(alice, WORKER);
        vm.warp(from);
        vm.prank(module);
        assertFalse(standing.use(alice, WORKER), "D19 its first second");
        // A right is for one thing.
        _expectUnauthorised("SCORE", module, 0);
        vm.prank(module);
        standing.scoreValidators(new address[](0), new uint256[](0));
    }

    /// Nobody has staked before the contracts are wired: further first modules are named until then.
    function test_AGrantBeforeTheWiringHoldsAtOnce() public {
        NodeStanding fresh = _fresh();
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("RECORD", module, START);
        fresh.grantModule("RECORD", module);
        vm.prank(module);
        assertFalse(fresh.use(alice, WORKER), "at once");
        fresh.wire(address(1), address(2), address(3), address(4), address(5));
        fresh.grantModule("SCORE", module);
        assertEq(fresh.moduleActiveFrom("SCORE", module), START + MODULE_DELAY, "D19 no more");
    }

    /// D19: longer than unbonding, so that everyone who distrusts the module is gone by then.
    function test_D19_EverybodyCanLeaveBeforeANewModuleBegins() public {
        _stake(alice, 1_000e18);
        standing.grantModule("RECORD", module);
        uint256 id = _unbond(alice, 1_000e18);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 1_000e18, "D19 out");
        assertLt(block.timestamp, standing.moduleActiveFrom("RECORD", module), "D19 before it begins");
    }

    /// A later change of the vault's delay does not bring a grant forward.
    function test_D19_TheDelayIsFixedWhenGranted() public {
        standing.grantModule("RECORD", module);
        vault.setDelays(UNBONDING, UNBONDING + 3 days + 1);
        assertEq(standing.moduleActiveFrom("RECORD", module), START + MODULE_DELAY, "D19 unmoved");
        standing.grantModule("SCORE", module);
        assertEq(standing.moduleActiveFrom("SCORE", module), START + UNBONDING + 3 days + 1, "D19 the next one");
    }

    function test_RevokingWorksAtOnce() public {
        vm.expectEmit(address(standing));
        emit IModuleRights.ModuleRevoked("RECORD", address(escrow));
        standing.revokeModule("RECORD", address(escrow));
        assertEq(standing.moduleActiveFrom("RECORD", address(escrow)), 0, "gone");
        _expectUnauthorised("RECORD", address(escrow), 0);
        _use(alice, WORKER);
        vm.prank(address(validatorSet));
        assertFalse(standing.use(alice, WORKER), "the other holder keeps it");
        // Coming back waits like a new module.
        standing.grantModule("RECORD", address(escrow));
        _expectUnauthorised("RECORD", address(escrow), START + MODULE_DELAY);
        _use(alice, WORKER);
    }

    function test_AGrantThatWaitsCanBeRevoked() public {
        standing.grantModule("RECORD", module);
        standing.revokeModule("RECORD", module);
        vm.warp(START + MODULE_DELAY);
        _expectUnauthorised("RECORD", module, 0);
        vm.prank(module);
        standing.use(alice, WORKER);
    }

    function test_RevertGiven_AGrantThatMakesNoSense() public {
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_ZeroAddress.selector));
        standing.grantModule("RECORD", address(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_AlreadyGranted.selector,
                bytes32("RECORD"),
                address(escrow),
                START
            )
        );
        standing.grantModule("RECORD", address(escrow));
        standing.grantModule("RECORD", module);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_AlreadyGranted.selector,
                bytes32("RECORD"),
                module,
                START + MODULE_DELAY
            )
        );
        standing.grantModule("RECORD", module);
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_NotGranted.selector, bytes32("SCORE"), module)
        );
        standing.revokeModule("SCORE", module);
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        standing.grantModule("RECORD", alice);
        vm.expectRevert(refused);
        standing.revokeModule("RECORD", address(escrow));
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- what each right opens

    function test_RevertGiven_AnyModuleFunctionCalledByAStranger() public {
        address[] memory none = new address[](0);
        uint256[] memory nothing = new uint256[](0);
        uint256[] memory work = Works.pack(alice, WORKER, 1, 1);
        vm.startPrank(alice);
        _expectUnauthorised("REGISTRY", alice, 0);
        standing.enter(alice, WORKER);
        _expectUnauthorised("REGISTRY", alice, 0);
        standing.exit(alice, WORKER);
        _expectUnauthorised("RECORD", alice, 0);
        standing.use(alice, WORKER);
        _expectUnauthorised("RECORD", alice, 0);
        standing.recordWorkOf(WORKER, work);
        _expectUnauthorised("RECORD", alice, 0);
        standing.strike(alice, bob, 1);
        _expectUnauthorised("SCORE", alice, 0);
        standing.scoreValidators(none, nothing);
        _expectUnauthorised("FORGIVE", alice, 0);
        standing.forgive(alice, WORKER, 1);
        _expectUnauthorised("ROLL", alice, 0);
        standing.snapshot(1);
        vm.stopPrank();
    }

    /// The owner governs parameters; it is no module.
    function test_RevertGiven_TheOwnerActsAsAModule() public {
        uint256[] memory work = Works.pack(alice, WORKER, 1, 1);
        _expectUnauthorised("RECORD", address(this), 0);
        standing.recordWorkOf(WORKER, work);
        _expectUnauthorised("ROLL", address(this), 0);
        standing.snapshot(1);
    }

    function test_RevertGiven_AModuleUsesTheRightOfAnother() public {
        _expectUnauthorised("ROLL", address(escrow), 0);
        vm.prank(address(escrow));
        standing.snapshot(1);
        _expectUnauthorised("REGISTRY", address(validatorSet), 0);
        vm.prank(address(validatorSet));
        standing.enter(alice, WORKER);
        _expectUnauthorised("FORGIVE", address(registry), 0);
        vm.prank(address(registry));
        standing.forgive(alice, WORKER, 1);
    }

    function _expectUnauthorised(bytes32 right, address caller, uint256 activeFrom) private {
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, right, caller, activeFrom)
        );
    }
}
