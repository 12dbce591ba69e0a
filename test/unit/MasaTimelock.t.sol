// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {MasaTimelock} from "../../contracts/governance/MasaTimelock.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeObserver} from "../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IStakingCurve} from "../../contracts/interfaces/IStakingCurve.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @dev What an operation calls in these tests.
contract Switch {
    error Switch_Refused();

    uint256 public value;
    bool public refuses;

    function set(uint256 value_) external {
        if (refuses) revert Switch_Refused();
        value = value_;
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }
}

/// @dev Executes, once more, what is being executed.
contract Reenterer {
    MasaTimelock private immutable timelock;
    uint256 public entered;

    constructor(MasaTimelock timelock_) {
        timelock = timelock_;
    }

    function again(bytes32 salt) external {
        if (++entered == 1) timelock.execute(address(this), 0, abi.encodeCall(this.again, (salt)), 0, salt);
    }
}

/// @dev The whole protocol, owned by the timelock as the deployment leaves it.
abstract contract TimelockBed is MasaFixture {
    uint256 internal constant DELAY = 2 days;
    bytes32 internal constant SALT = keccak256("salt");

    MasaTimelock internal timelock;
    address internal council = address(0xC0C0); // stands for the governor, too: whoever holds the three roles
    address internal stranger = address(0xbad);

    function setUp() public virtual override {
        super.setUp();
        address[] memory proposers = new address[](1);
        proposers[0] = council;
        timelock = new MasaTimelock(DELAY, proposers, address(this));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        address[7] memory modules = _modules();
        for (uint256 i; i < modules.length; ++i) {
            Ownable(modules[i]).transferOwnership(address(timelock));
        }
    }

    /// @dev Every contract that has an owner.
    function _modules() internal view returns (address[7] memory) {
        return
            [
                address(vault),
                address(standing),
                address(registry),
                address(validatorSet),
                address(escrow),
                address(manager),
                address(guardian)
            ];
    }

    function _schedule(address target, bytes memory data) internal returns (bytes32 id) {
        id = timelock.hashOperation(target, 0, data, 0, SALT);
        vm.prank(council);
        timelock.schedule(target, 0, data, 0, SALT, DELAY);
    }

    function _execute(address target, bytes memory data) internal {
        vm.prank(council);
        timelock.execute(target, 0, data, 0, SALT);
    }

    function _unexpectedState(
        bytes32 id,
        TimelockController.OperationState wanted
    ) internal pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                id,
                bytes32(uint256(1) << uint8(wanted))
            );
    }
}

contract MasaTimelockTest is TimelockBed {
    Switch private target;

    function setUp() public override {
        super.setUp();
        target = new Switch();
    }

    function test_TLK01_NotBeforeEtaAndAtEta() public {
        bytes memory data = abi.encodeCall(target.set, (7));
        bytes32 id = _schedule(address(target), data);
        uint256 eta = timelock.getTimestamp(id);
        assertEq(eta, START + DELAY, "eta");
        vm.warp(eta - 1);
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(target), data);
        vm.warp(eta);
        _execute(address(target), data);
        assertEq(target.value(), 7, "TLK-01 at eta");
    }

    function test_TLK01_NoShorterDelayAndNoUnscheduledCall() public {
        bytes memory data = abi.encodeCall(target.set, (7));
        vm.expectRevert(
            abi.encodeWithSelector(TimelockController.TimelockInsufficientDelay.selector, DELAY - 1, DELAY)
        );
        vm.prank(council);
        timelock.schedule(address(target), 0, data, 0, SALT, DELAY - 1);
        bytes32 id = timelock.hashOperation(address(target), 0, data, 0, SALT);
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(target), data);
    }

    function test_TLK02_AnOperationRunsOnce() public {
        bytes memory data = abi.encodeCall(target.set, (7));
        bytes32 id = _schedule(address(target), data);
        vm.warp(START + DELAY);
        _execute(address(target), data);
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(target), data);
    }

    function test_TLK02_ReentryRollsEverythingBack() public {
        Reenterer reenterer = new Reenterer(timelock);
        bytes memory data = abi.encodeCall(reenterer.again, (SALT));
        bytes32 executor = timelock.EXECUTOR_ROLE();
        vm.prank(address(timelock));
        timelock.grantRole(executor, address(reenterer));
        bytes32 id = _schedule(address(reenterer), data);
        vm.warp(START + DELAY);
        // The inner run of the operation ends first; the outer one then finds it done.
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(reenterer), data);
        assertEq(reenterer.entered(), 0, "TLK-02 no call took effect");
        assertTrue(timelock.isOperationReady(id), "TLK-02 nor was it used up");
    }

    function test_TLK03_NobodyHoldsTheAdminRole() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        assertTrue(timelock.hasRole(admin, address(timelock)), "TLK-03 the timelock governs itself");
        address[4] memory others = [address(this), council, stranger, address(0)];
        for (uint256 i; i < others.length; ++i) {
            assertFalse(timelock.hasRole(admin, others[i]), "TLK-03 admin");
            assertEq(timelock.hasRole(timelock.PROPOSER_ROLE(), others[i]), others[i] == council, "TLK-03 proposer");
            assertEq(timelock.hasRole(timelock.CANCELLER_ROLE(), others[i]), others[i] == council, "TLK-03 canceller");
            assertEq(timelock.hasRole(timelock.EXECUTOR_ROLE(), others[i]), others[i] == council, "TLK-03 executor");
        }
    }

    function test_TLK03_NobodyButTheCouncilSchedulesCancelsOrExecutes() public {
        bytes memory data = abi.encodeCall(target.set, (7));
        bytes32 id = _schedule(address(target), data);
        bytes32 proposer = timelock.PROPOSER_ROLE();
        bytes32 canceller = timelock.CANCELLER_ROLE();
        address[2] memory others = [address(this), stranger]; // this: the deployer
        for (uint256 i; i < others.length; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(_missing(others[i], proposer));
            timelock.schedule(address(target), 0, data, 0, bytes32(0), DELAY);
            vm.expectRevert(_missing(others[i], canceller));
            timelock.cancel(id);
            vm.expectRevert(_missing(others[i], timelock.EXECUTOR_ROLE()));
            timelock.execute(address(target), 0, data, 0, SALT);
            vm.expectRevert(_missing(others[i], timelock.DEFAULT_ADMIN_ROLE()));
            timelock.grantRole(proposer, others[i]);
            vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, others[i]));
            timelock.updateDelay(0);
            vm.stopPrank();
        }
    }

    /// @dev How a council hands over: it needs nobody's leave, and no delay.
    function test_TLK03_ACouncilRenouncesItsRolesAtOnce() public {
        bytes32[3] memory roles = [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE()];
        for (uint256 i; i < roles.length; ++i) {
            vm.prank(council);
            timelock.renounceRole(roles[i], council);
            assertFalse(timelock.hasRole(roles[i], council), "TLK-03 renounced");
        }
        vm.expectRevert(_missing(council, roles[0]));
        vm.prank(council);
        timelock.schedule(address(target), 0, abi.encodeCall(target.set, (7)), 0, SALT, DELAY);
    }

    function test_ACancelledOperationNeverRuns() public {
        bytes memory data = abi.encodeCall(target.set, (7));
        bytes32 id = _schedule(address(target), data);
        vm.prank(council);
        timelock.cancel(id);
        vm.warp(START + DELAY);
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(target), data);
        assertEq(target.value(), 0, "cancelled");
    }

    function test_TLK06_ABatchIsAllOrNothingAndCanBeTriedAgain() public {
        Switch other = new Switch();
        other.setRefuses(true);
        address[] memory targets = new address[](2);
        (targets[0], targets[1]) = (address(target), address(other));
        bytes[] memory payloads = new bytes[](2);
        (payloads[0], payloads[1]) = (abi.encodeCall(target.set, (1)), abi.encodeCall(other.set, (2)));
        vm.prank(council);
        timelock.scheduleBatch(targets, new uint256[](2), payloads, 0, SALT, DELAY);
        vm.warp(START + DELAY);
        vm.expectRevert(Switch.Switch_Refused.selector);
        vm.prank(council);
        timelock.executeBatch(targets, new uint256[](2), payloads, 0, SALT);
        assertEq(target.value(), 0, "TLK-06 nothing of it happened");
        other.setRefuses(false);
        vm.prank(council);
        timelock.executeBatch(targets, new uint256[](2), payloads, 0, SALT);
        assertEq(target.value() + other.value(), 3, "TLK-06 all of it on the second try");
    }

    function test_TheDelayChangesThroughTheTimelockAlone() public {
        bytes memory data = abi.encodeCall(timelock.updateDelay, (3 days));
        _schedule(address(timelock), data);
        vm.warp(START + DELAY);
        _execute(address(timelock), data);
        assertEq(timelock.getMinDelay(), 3 days, "new delay");
    }

    function _missing(address account, bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }
}

/// @notice I-16: nobody but the timelock changes a parameter, and it only within bounds.
contract TimelockedParametersTest is TimelockBed {
    struct Call {
        address target;
        bytes data;
    }

    Call[] private calls;

    function test_TLK03_TheTimelockOwnsEveryModule() public view {
        address[7] memory modules = _modules();
        for (uint256 i; i < modules.length; ++i) {
            assertEq(Ownable(modules[i]).owner(), address(timelock), "TLK-03 owner");
        }
    }

    function test_I16_TLK03_EverySetterRefusesEverybodyElse() public {
        _addSetters();
        _addOneWay();
        address[4] memory others = [address(this), council, stranger, address(consensus)];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < others.length; ++j) {
                vm.prank(others[j]);
                (bool ok, bytes memory answer) = calls[i].target.call(calls[i].data);
                assertFalse(ok, "I-16 refused");
                assertEq(
                    answer,
                    abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[j]),
                    "I-16 because it is not the owner"
                );
            }
        }
    }

    /// @dev The clock has no owner: the manager sets it, and the timelock owns the manager.
    function test_I16_TheClockAnswersToTheManagerAlone() public {
        address[4] memory others = [address(this), council, stranger, address(timelock)];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClock_NotManager.selector, others[i]));
            clock.setEpochLength(1 hours);
        }
    }

    /// @dev The same calls, scheduled and waited for, take effect: the list above tests live setters.
    function test_I16_EverySetterAnswersToTheTimelock() public {
        _addSetters();
        for (uint256 i; i < calls.length; ++i) {
            _schedule(calls[i].target, calls[i].data);
        }
        vm.warp(START + DELAY);
        for (uint256 i; i < calls.length; ++i) {
            _execute(calls[i].target, calls[i].data);
        }
        assertEq(vault.unbondingDelay(), 8 days, "delays");
        assertEq(vault.moduleDelay(), 12 days, "delays");
        assertEq(vault.slashDestinations().treasury, stranger, "destinations");
        assertEq(vault.collateral().taoWeight, 5e18, "collateral");
        assertEq(address(vault.guardian()), stranger, "guardian of the vault");
        assertEq(vault.slasherOf(stranger).activeFrom, START + DELAY + 12 days, "a slasher waits");
        assertEq(vault.slasherOf(address(escrow)).nextCapShare, 0.1e18, "a lower cap");
        assertEq(standing.standingParameters().graceCooldown, 3, "standing");
        assertEq(standing.roleParametersOf(NodeRole.Worker).floor, 20e18, "role");
        assertEq(registry.pokeParameters().deposit, 7e18, "pokes");
        assertEq(validatorSet.seatParameters().cooldownEpochs, 9, "validator set");
        assertEq(escrow.requestLimits().minBaseReward, 5e9, "limits");
        assertEq(escrow.currentTerms(), 1, "terms");
        assertEq(manager.rollBounty(), 3e18, "bounty");
        assertEq(clock.lengthOf(clock.currentEpoch() + 1), 30 minutes, "epoch length");
        assertEq(guardian.holderOf(IGuardian.Right.CancelProposal), stranger, "guardian");
        // The next module of each waits, the present one is revoked.
        assertEq(standing.moduleActiveFrom("FORGIVE", stranger), START + DELAY + 12 days, "standing module");
        assertEq(standing.moduleActiveFrom("FORGIVE", address(guardian)), 0, "standing module");
        assertEq(validatorSet.moduleActiveFrom("REPORT", stranger), START + DELAY + 12 days, "validator set module");
        assertEq(validatorSet.moduleActiveFrom("REPORT", address(consensus)), 0, "validator set module");
        assertEq(escrow.moduleActiveFrom("SETTLE", stranger), START + DELAY + 12 days, "escrow module");
        assertEq(escrow.moduleActiveFrom("SETTLE", address(consensus)), 0, "escrow module");
        // What comes last in the list gave the modules away.
        address[7] memory modules = _modules();
        for (uint256 i; i < modules.length; ++i) {
            assertEq(Ownable(modules[i]).owner(), stranger, "ownership");
        }
    }

    /// @dev Taking the only slasher's right is not in the list above, which lowers its cap.
    function test_I16_TheTimelockRevokesASlasherAtOnce() public {
        bytes memory data = abi.encodeCall(vault.revokeSlasher, (address(escrow)));
        _schedule(address(vault), data);
        vm.warp(START + DELAY);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherRevoked(address(escrow));
        _execute(address(vault), data);
        assertTrue(vault.slasherOf(address(escrow)).revoked, "I-16 revoked");
    }

    function test_TauChangesAfterTheDelay() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(0.7e18);
        bytes memory data = abi.encodeCall(escrow.setMarketTerms, (terms));
        bytes32 id = _schedule(address(escrow), data);
        vm.expectRevert(_unexpectedState(id, TimelockController.OperationState.Ready));
        _execute(address(escrow), data);
        vm.warp(START + DELAY);
        _execute(address(escrow), data);
        assertEq(escrow.currentTerms(), 1, "new terms");
        assertEq(escrow.marketTermsOf(1).qualityThreshold.unwrap(), 0.7e18, "new tau");
    }

    function test_I16_OutOfBoundsIsRefusedEvenToTheTimelock() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(1e18);
        bytes memory data = abi.encodeCall(escrow.setMarketTerms, (terms));
        bytes32 id = _schedule(address(escrow), data);
        vm.warp(START + DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_OutOfRange.selector,
                bytes32("qualityThreshold"),
                1e18,
                1,
                1e18 - 1
            )
        );
        _execute(address(escrow), data);
        assertEq(escrow.currentTerms(), 0, "I-16 unchanged");
        assertFalse(timelock.isOperationDone(id), "not used up");
    }

    /// @dev Wiring, which happened already, and giving up ownership.
    function _addOneWay() private {
        IGuardian nobody = IGuardian(stranger);
        _add(address(vault), abi.encodeCall(vault.wire, (stranger, 1, nobody, IStakeObserver(stranger))));
        _add(address(standing), abi.encodeCall(standing.wire, (stranger, stranger, stranger, stranger, stranger)));
        _add(address(registry), abi.encodeCall(registry.wire, (validatorSet)));
        _add(address(validatorSet), abi.encodeCall(validatorSet.wire, (stranger, stranger)));
        _add(address(escrow), abi.encodeCall(escrow.wire, (stranger, stranger)));
        _add(address(vault), abi.encodeCall(vault.revokeSlasher, (address(escrow))));
        address[7] memory modules = _modules();
        for (uint256 i; i < modules.length; ++i) {
            _add(modules[i], abi.encodeCall(Ownable.renounceOwnership, ()));
        }
    }

    /// @dev Every other function that only the owner may call.
    function _addSetters() private {
        _addVaultSetters();
        _addNodeSetters();
        _addMarketSetters();
        address[7] memory modules = _modules();
        for (uint256 i; i < modules.length; ++i) {
            _add(modules[i], abi.encodeCall(Ownable.transferOwnership, (stranger)));
        }
    }

    function _addVaultSetters() private {
        _add(address(vault), abi.encodeCall(vault.setDelays, (8 days, 12 days)));
        _add(address(vault), abi.encodeCall(vault.scheduleSlasher, (stranger, 0.01e18)));
        _add(address(vault), abi.encodeCall(vault.setSlashCap, (address(escrow), 0.1e18)));
        _add(address(vault), abi.encodeCall(vault.scheduleObserver, (IStakeObserver(stranger))));
        _add(address(vault), abi.encodeCall(vault.setGuardian, (IGuardian(stranger))));
        _add(address(vault), abi.encodeCall(vault.setCollateral, (IStakeVault.Collateral(5e18, 0.5e18))));
        _add(
            address(vault),
            abi.encodeCall(vault.setSlashDestinations, (IStakeVault.SlashDestinations(stranger, address(0), 0, 0)))
        );
    }

    function _addNodeSetters() private {
        INodeStanding.RoleParameters memory role = _roleParameters(NodeRole.Worker);
        role.floor = 20e18;
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.graceCooldown = 3;
        IValidatorSet.SeatParameters memory seats = _seatParameters();
        seats.cooldownEpochs = 9;
        _add(address(standing), abi.encodeCall(standing.setRoleParameters, (NodeRole.Worker, role)));
        _add(address(standing), abi.encodeCall(standing.setStandingParameters, (p)));
        _add(address(standing), abi.encodeCall(standing.setCurve, (IStakingCurve(address(curve)))));
        _addModules(address(standing), "FORGIVE", address(guardian));
        _add(
            address(registry),
            abi.encodeCall(registry.setPokeParameters, (INodeRegistry.PokeParameters({deposit: 7e18, bounty: 1e18})))
        );
        _add(address(validatorSet), abi.encodeCall(validatorSet.setSeatParameters, (seats)));
        _addModules(address(validatorSet), "REPORT", address(consensus));
    }

    function _addMarketSetters() private {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.minBaseReward = 5e9;
        _add(address(escrow), abi.encodeCall(escrow.setMarketTerms, (_marketTerms())));
        _add(address(escrow), abi.encodeCall(escrow.setRequestLimits, (limits)));
        _addModules(address(escrow), "SETTLE", address(consensus));
        _add(address(manager), abi.encodeCall(manager.setEpochLength, (30 minutes)));
        _add(address(manager), abi.encodeCall(manager.setRollBounty, (3e18)));
        _add(
            address(guardian),
            abi.encodeCall(guardian.lend, (IGuardian.Right.CancelProposal, stranger, uint256(30 days)))
        );
    }

    function _addModules(address target, bytes32 right, address present) private {
        _add(target, abi.encodeCall(IModuleRights.grantModule, (right, stranger)));
        _add(target, abi.encodeCall(IModuleRights.revokeModule, (right, present)));
    }

    function _add(address target, bytes memory data) private {
        calls.push(Call(target, data));
    }
}
