// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IMembershipObserver, INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {HookTokenMock, ITokenReceiver} from "../../contracts/mocks/HookTokenMock.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @dev What the test contracts of the registry share.
abstract contract RegistryBed is StandingBed {
    uint96 internal constant DEPOSIT = 10e18;
    uint96 internal constant BOUNTY = 2e18;
    string internal constant METADATA = "{ } ";

    /// @dev Expects a revert of a registration whose deposit is approved.
    function _expectRefusedRegistration(
        address account,
        NodeRole role,
        string memory metadata,
        bytes memory refusal
    ) internal {
        _approveDeposit(account);
        vm.expectRevert(refusal);
        vm.prank(account);
        registry.register(role, metadata, _noGrants());
    }

    function _depositOf(address account) internal view returns (uint256) {
        return registry.membershipOf(account).deposit;
    }

    /// @dev A worker short by 5,000 MASA whose grace is over with epoch 2; nobody has marked it.
    function _fallShort(uint256 number) internal returns (address worker) {
        worker = _registerWorker(number, WORKER_BASE);
        _unbond(worker, 5_000e18);
        registry.poke(worker);
        _rollTo(standing.rolledEpoch() + 2);
    }
}

/// @title NodeRegistry: construction, wiring, coming and going
contract MembershipTest is RegistryBed {
    function test_Construction() public view {
        assertEq(address(registry.masa()), address(masa), "masa");
        assertEq(address(registry.standing()), address(standing), "standing");
        assertEq(address(registry.vault()), address(vault), "vault");
        assertEq(address(registry.observer()), address(validatorSet), "observer");
        assertEq(registry.owner(), address(this), "owner");
        assertEq(registry.pokeParameters().deposit, DEPOSIT, "deposit");
        assertEq(registry.pokeParameters().bounty, BOUNTY, "bounty");
    }

    function test_RevertGiven_ConstructedWithoutAModule() public {
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_ZeroAddress.selector));
            new NodeRegistry(
                address(this),
                i == 0 ? IERC20(address(0)) : masa,
                i == 1 ? INodeStanding(address(0)) : standing,
                i == 2 ? IStakeVault(address(0)) : vault,
                _pokeParameters()
            );
        }
    }

    function test_WireHappensOnce() public {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyWired.selector));
        registry.wire(validatorSet);
        NodeRegistry fresh = new NodeRegistry(address(this), masa, standing, vault, _pokeParameters());
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_ZeroAddress.selector));
        fresh.wire(IMembershipObserver(address(0)));
        vm.expectEmit(address(fresh));
        emit INodeRegistry.Wired(address(validatorSet));
        fresh.wire(validatorSet);
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        registry.wire(validatorSet);
        vm.expectRevert(refused);
        registry.setPokeParameters(_pokeParameters());
        vm.stopPrank();
    }

    function test_RegisterAsEachRole() public {
        uint256[3] memory bases = [VALIDATOR_BASE, WORKER_BASE, ORACLE_BASE];
        _rollTo(3);
        for (uint256 i; i < 3; ++i) {
            NodeRole role = NodeRole(i + 1);
            address account = _account(100 + i);
            _stake(account, bases[i]);
            _approveDeposit(account);
            INodeRegistry.OperatorGrant[] memory grants = _noGrants();
            if (i == 0) {
                grants = new INodeRegistry.OperatorGrant[](1);
                grants[0] = _grant(account, _hotKey(7), 1);
            }
            vm.expectEmit(address(registry));
            emit INodeRegistry.Registered(account, role, 1, DEPOSIT, METADATA);
            vm.prank(account);
            registry.register(role, METADATA, grants);
            INodeRegistry.NodeView memory node = registry.nodeOf(account);
            assertTrue(node.role == role && !node.short && !node.suspended, "role");
            assertEq(node.utility, 0.5e18, "utility");
            assertEq(node.signingKey, i == 0 ? vm.addr(7) : address(0), "signing key");
            assertEq(node.nonce, 1, "nonce");
            assertEq(node.graceUntil, 0, "grace");
            assertEq(node.registeredEpoch, 3, "epoch");
            assertEq(node.deposit, DEPOSIT, "deposit");
            assertEq(node.requirement, bases[i], "requirement");
            assertEq(node.stakeUnits, bases[i], "stake");
            assertEq(node.metadata, METADATA, "metadata");
            assertTrue(registry.roleOf(account) == role, "roleOf");
            assertEq(registry.nonceOf(account), 1, "nonceOf");
            assertEq(registry.metadataOf(account), METADATA, "metadataOf");
            assertEq(registry.accountOf(account), account, "accountOf itself");
            assertEq(registry.countOf(role), 1, "countOf");
            assertEq(registry.nodesOf(role, 0, 10)[0], account, "nodesOf");
        }
        assertEq(masa.balanceOf(address(registry)), 3 * DEPOSIT, "deposits are held");
    }

    function test_ViewsOfNobody() public {
        _stake(bob, 7e18);
        INodeRegistry.NodeView memory node = registry.nodeOf(bob);
        assertTrue(node.role == NONE, "no role");
        assertEq(node.requirement, 0, "nothing is asked");
        assertEq(node.stakeUnits, 7e18, "stake");
        assertEq(node.metadata, "", "metadata");
        assertEq(registry.accountOf(bob), address(0), "accountOf");
        assertEq(registry.signingKeyOf(bob), address(0), "signingKeyOf");
        assertEq(registry.countOf(NONE), 0, "nobody is listed without a role");
    }

    function test_NodeViewTellsWhatStandingTells() public {
        address worker = _fallShort(1);
        registry.poke(worker);
        INodeRegistry.NodeView memory node = registry.nodeOf(worker);
        assertTrue(node.short, "short");
        assertEq(node.graceUntil, 1, "grace");
        assertEq(node.stakeUnits, WORKER_BASE - 5_000e18, "stake");
        assertEq(node.requirement, WORKER_BASE, "requirement");
    }

    function test_RevertGiven_ARegistrationThatMayNotBe() public {
        _stake(alice, PLENTY);
        _expectRefusedRegistration(
            alice,
            NONE,
            "{}",
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_NoRole.selector)
        );
        _expectRefusedRegistration(
            alice,
            VALIDATOR,
            "{}",
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_SigningKeyMissing.selector, VALIDATOR)
        );
        _expectRefusedRegistration(
            bob,
            WORKER,
            "{}",
            abi.encodeWithSelector(INodeStanding.NodeStanding_BelowRequirement.selector, bob, WORKER_BASE, 0)
        );
    }

    function test_RevertGiven_TheDepositIsNotApproved() public {
        _stake(alice, PLENTY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector,
                address(registry),
                uint256(0),
                DEPOSIT
            )
        );
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
        _assertTotals(WORKER, 0, 0, "I-08 nothing is left of it");
    }

    /// One deposit of stake serves one role: the second is refused, and the sums know it once.
    function test_STK15_OneStakeServesOneRole() public {
        _registerWorker(1, PLENTY);
        for (uint256 i = 1; i < 4; ++i) {
            _expectRefusedRegistration(
                alice,
                NodeRole(i),
                "{}",
                abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, alice, WORKER)
            );
        }
        assertTrue(standing.isEligible(alice, WORKER), "STK-15 in its role");
        assertFalse(standing.isEligible(alice, ORACLE), "STK-15 in no other");
        assertFalse(standing.isEligible(alice, VALIDATOR), "STK-15 in no other");
        assertEq(
            uint256(standing.totalsOf(VALIDATOR).count) + standing.totalsOf(ORACLE).count,
            0,
            "STK-15 counted once"
        );
    }

    function test_Deregister() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        vm.expectEmit(address(standing));
        emit INodeStanding.Exited(alice, WORKER, 0.5e18);
        vm.expectEmit(address(registry));
        emit INodeRegistry.Deregistered(alice, WORKER, DEPOSIT);
        _deregister(alice);
        assertTrue(registry.roleOf(alice) == NONE, "role");
        assertEq(masa.balanceOf(alice), DEPOSIT, "the deposit is back");
        assertEq(_depositOf(alice), 0, "and owed no more");
        assertEq(masa.balanceOf(address(registry)), DEPOSIT, "the other's stays");
        _assertTotals(WORKER, 1, 0.5e18, "I-08");
        assertEq(vault.stakeUnitsOf(alice), PLENTY, "stake stays in the vault");
        assertEq(registry.metadataOf(alice), "{}", "metadata is history");
        _registerAs(alice, ORACLE);
        assertEq(registry.nonceOf(alice), 2, "the nonce counts on");
        assertEq(registry.countOf(WORKER), 1, "one list");
        assertEq(registry.countOf(ORACLE), 1, "the other list");
    }

    function test_I18_LeavingNeedsNoConsentOfTheValidatorSet() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        _deregister(owners[0]);
        assertTrue(registry.roleOf(owners[0]) == NONE, "I-18 gone");
        assertEq(validatorSet.seatCount(), 4, "D6 its seat stays until the roll");
        _rollNext();
        assertEq(validatorSet.seatCount(), 3, "D6 which vacates it, whatever the floor");
    }

    function test_RevertGiven_DeregisteredWithReservedStake() public {
        _registerWorker(1, PLENTY);
        vm.prank(address(escrow));
        vault.reserve(alice, 5);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_StakeReserved.selector, alice, 5));
        _deregister(alice);
        vm.prank(address(escrow));
        vault.release(alice, 5);
        _deregister(alice);
    }

    /// What is booked is applied first, so that a slash cannot be left behind (D14).
    function test_D14_RegisteringAndLeavingApplyWhatIsBooked() public {
        _registerWorker(1, PLENTY);
        _slash(100e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 100e18, 100e18, 0, 0, 0, 0);
        _deregister(alice);
        _slash(50e18);
        _approveDeposit(alice);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 2, 50e18, 50e18, 0, 0, 0, 0);
        vm.prank(alice);
        registry.register(WORKER, "{}", _noGrants());
    }

    function _slash(uint256 amount) private {
        vm.startPrank(address(escrow));
        vault.reserve(alice, amount);
        vault.slash(alice, amount, amount);
        vm.stopPrank();
    }

    function test_RevertGiven_NotRegistered() public {
        bytes memory unknown = abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, alice);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, _hotKey(7), 1);
        vm.startPrank(alice);
        vm.expectRevert(unknown);
        registry.deregister();
        vm.expectRevert(unknown);
        registry.setMetadata("{}");
        vm.expectRevert(unknown);
        registry.setOperator(grant);
        vm.expectRevert(unknown);
        registry.topUpDeposit(1);
        vm.expectRevert(unknown);
        registry.poke(alice);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- metadata

    function test_SetMetadata() public {
        _registerWorker(1, PLENTY);
        string memory longest = string(new bytes(2_048));
        vm.expectEmit(address(registry));
        emit INodeRegistry.MetadataSet(alice, longest);
        vm.prank(alice);
        registry.setMetadata(longest);
        assertEq(registry.metadataOf(alice), longest, "the longest");
        vm.prank(alice);
        registry.setMetadata("{}");
        assertEq(registry.metadataOf(alice), "{}", "the shortest");
    }

    function test_RevertGiven_MetadataTooShortOrTooLong() public {
        _registerWorker(1, PLENTY);
        _stake(bob, PLENTY);
        uint256[3] memory lengths = [uint256(0), 1, 2_049];
        for (uint256 i; i < 3; ++i) {
            string memory metadata = string(new bytes(lengths[i]));
            bytes memory refusal = abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_MetadataLength.selector,
                lengths[i],
                2,
                2_048
            );
            vm.expectRevert(refusal);
            vm.prank(alice);
            registry.setMetadata(metadata);
            _expectRefusedRegistration(bob, WORKER, metadata, refusal);
        }
    }

    function test_SeveralChangesInOneTransaction() public {
        _registerWorker(1, PLENTY);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(registry.setMetadata, ("{ }"));
        calls[1] = abi.encodeCall(registry.deregister, ());
        vm.prank(alice);
        registry.multicall(calls);
        assertEq(registry.metadataOf(alice), "{ }", "the first");
        assertTrue(registry.roleOf(alice) == NONE, "the second");
        assertEq(masa.balanceOf(alice), DEPOSIT, "paid once");
    }
}

/// @title NodeRegistry: deposits and the pokes that they pay
contract PokeTest is RegistryBed {
    function test_D4_APokeIsPaidFromTheDepositOfTheNodeItMarks() public {
        address worker = _fallShort(1);
        address other = _registerWorker(2, WORKER_BASE);
        vm.expectEmit(address(registry));
        emit INodeRegistry.Poked(worker, carol, BOUNTY);
        vm.prank(carol);
        assertEq(registry.poke(worker), BOUNTY, "D4 paid");
        assertEq(masa.balanceOf(carol), BOUNTY, "D4 to who poked");
        assertEq(_depositOf(worker), DEPOSIT - BOUNTY, "D4 from its deposit");
        assertEq(_depositOf(other), DEPOSIT, "D4 from nobody else's");
        _deregister(worker);
        assertEq(masa.balanceOf(worker), DEPOSIT - BOUNTY, "the rest goes back");
    }

    function test_D4_APokeThatMarksNothingIsFree() public {
        address worker = _registerWorker(1, WORKER_BASE);
        vm.startPrank(carol);
        assertEq(registry.poke(worker), 0, "D4 nothing to mark");
        vm.stopPrank();
        _unbond(worker, 5_000e18);
        vm.startPrank(carol);
        assertEq(registry.poke(worker), 0, "D4 grace is no mark");
        vm.stopPrank();
        _rollTo(2);
        vm.startPrank(carol);
        assertEq(registry.poke(worker), BOUNTY, "D4 the mark");
        assertEq(registry.poke(worker), 0, "D4 marked before");
        vm.stopPrank();
        _stake(worker, 5_000e18);
        vm.prank(carol);
        assertEq(registry.poke(worker), 0, "D4 clearing is not paid for");
        assertFalse(_isShort(worker, WORKER), "D4 but done");
        assertEq(masa.balanceOf(carol), BOUNTY, "D4 once");
    }

    /// A node that recovers and falls again within the epoch pays once; so does one that leaves in between.
    function test_D4_APokeIsPaidOnceAnEpoch() public {
        address worker = _fallShort(1);
        assertEq(registry.poke(worker), BOUNTY, "D4 the first");
        _stake(worker, 5_000e18);
        registry.poke(worker);
        _unbond(worker, 5_000e18);
        assertEq(registry.poke(worker), 0, "D4 the second of the epoch");
        assertTrue(_isShort(worker, WORKER), "D4 marks all the same");
        _deregister(worker);
        _stake(worker, 5_000e18);
        _registerAs(worker, WORKER);
        _unbond(worker, 5_000e18);
        assertEq(registry.poke(worker), 0, "D4 nor of another registration in it");
        _stake(worker, 5_000e18);
        registry.poke(worker);
        _unbond(worker, 5_000e18);
        _rollNext();
        assertEq(registry.poke(worker), BOUNTY, "D4 the next epoch pays again");
    }

    function test_D4_ADepositPaysAsFarAsItGoes() public {
        registry.setPokeParameters(INodeRegistry.PokeParameters(3e18, BOUNTY));
        address worker = _fallShort(1);
        uint256[3] memory paid = [uint256(BOUNTY), 1e18, 0];
        for (uint256 i; i < 3; ++i) {
            vm.expectEmit(address(registry));
            emit INodeRegistry.Poked(worker, carol, paid[i]);
            vm.prank(carol);
            assertEq(registry.poke(worker), paid[i], "D4 the rest of it");
            _stake(worker, 5_000e18);
            registry.poke(worker);
            _unbond(worker, 5_000e18);
            _rollNext();
        }
        assertEq(_depositOf(worker), 0, "used up");
        assertEq(masa.balanceOf(address(registry)), 0, "nobody else's");
        assertEq(masa.balanceOf(carol), 3e18, "D4 no more than that");
    }

    /// A validator that somebody marks by {NodeStanding.poke} loses its seat like one marked here.
    function test_D6_AValidatorMarkedPastTheRegistryIsReportedByTheNextPoke() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        _unbond(owners[0], 10_000e18);
        registry.poke(owners[0]);
        _rollTo(3);
        assertTrue(standing.poke(owners[0], VALIDATOR), "marked past the registry");
        vm.prank(carol);
        assertEq(registry.poke(owners[0]), 0, "not paid: it was marked already");
        _rollTo(4);
        (bool seated, ) = validatorSet.seatOf(owners[0]);
        assertFalse(seated, "D6 removed when ineligible");
    }

    function test_D6_AMarkedValidatorLeavesTheWaitlistAtOnce() public {
        address owner = _registerValidator(7, VALIDATOR_BASE);
        _joinWaitlist(owner);
        _unbond(owner, 10_000e18);
        registry.poke(owner);
        // The roll would seat it; grace is over before one comes.
        vm.prank(address(manager));
        standing.snapshot(2);
        assertEq(registry.poke(owner), BOUNTY, "D4 marked");
        assertFalse(validatorSet.isWaiting(owner), "D6 off the waitlist");
    }

    // ---------------------------------------------------------------- deposits

    function test_TopUpDeposit() public {
        _registerWorker(1, PLENTY);
        _fund(alice, 5e18);
        vm.startPrank(alice);
        masa.approve(address(registry), 5e18);
        vm.expectEmit(address(registry));
        emit INodeRegistry.DepositToppedUp(alice, 5e18, 15e18);
        registry.topUpDeposit(5e18);
        vm.stopPrank();
        assertEq(_depositOf(alice), 15e18, "deposit");
        assertEq(masa.balanceOf(address(registry)), 15e18, "held");
        _deregister(alice);
        assertEq(masa.balanceOf(alice), 15e18, "all of it goes back");
    }

    function test_RevertGiven_ADepositOutOfRange() public {
        registry.setPokeParameters(INodeRegistry.PokeParameters(0, 0));
        _registerWorker(1, PLENTY);
        _expectRegistryRange("deposit", 0, 1, 1_000_000e18);
        vm.prank(alice);
        registry.topUpDeposit(0);
        _expectRegistryRange("deposit", 1_000_000e18 + 1, 1, 1_000_000e18);
        vm.prank(alice);
        registry.topUpDeposit(1_000_000e18 + 1);
    }

    function test_SetPokeParameters() public {
        _registerWorker(1, PLENTY);
        INodeRegistry.PokeParameters memory p = INodeRegistry.PokeParameters(20e18, 20e18);
        vm.expectEmit(address(registry));
        emit INodeRegistry.PokeParametersSet(_pokeParameters(), p);
        registry.setPokeParameters(p);
        _registerWorker(2, PLENTY);
        assertEq(_depositOf(alice), DEPOSIT, "who was there keeps its deposit");
        assertEq(_depositOf(bob), 20e18, "a newcomer pays the new one");
        registry.setPokeParameters(INodeRegistry.PokeParameters(0, 0));
        _registerWorker(3, PLENTY);
        assertEq(_depositOf(carol), 0, "none is asked for");
        _deregister(carol);
        assertEq(masa.balanceOf(address(registry)), 30e18, "nor given back");
    }

    function test_RevertGiven_PokeParametersOutOfRange() public {
        _expectRegistryRange("deposit", 1_000_000e18 + 1, 0, 1_000_000e18);
        registry.setPokeParameters(INodeRegistry.PokeParameters(1_000_000e18 + 1, 0));
        _expectRegistryRange("bounty", 5e18 + 1, 0, 5e18);
        registry.setPokeParameters(INodeRegistry.PokeParameters(5e18, 5e18 + 1));
        registry.setPokeParameters(INodeRegistry.PokeParameters(1_000_000e18, 1_000_000e18));
    }

    function _expectRegistryRange(bytes32 name, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_OutOfRange.selector, name, value, least, most)
        );
    }

    /// A deposit in a token that calls its receiver: the refund is paid once, and not before the books are closed.
    function test_ARefundCannotBeEnteredAgain() public {
        HookTokenMock hook = new HookTokenMock();
        NodeRegistry other = new NodeRegistry(address(this), hook, standing, vault, _pokeParameters());
        other.wire(validatorSet);
        standing.grantModule("REGISTRY", address(other));
        vm.warp(block.timestamp + MODULE_DELAY);
        GreedyNode greedy = new GreedyNode(other, hook);
        hook.mint(address(greedy), DEPOSIT);
        hook.mint(address(other), 100e18);
        _fund(address(greedy), PLENTY);
        greedy.register(masa, vault, PLENTY);
        greedy.setGreed(true);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        greedy.deregister();
        greedy.setGreed(false);
        greedy.deregister();
        assertEq(hook.balanceOf(address(greedy)), DEPOSIT, "paid once");
    }
}

/// @dev Tries to be paid its deposit twice.
contract GreedyNode is ITokenReceiver {
    NodeRegistry private immutable _registry;
    HookTokenMock private immutable _hook;
    bool private _greed;

    constructor(NodeRegistry registry_, HookTokenMock hook_) {
        (_registry, _hook) = (registry_, hook_);
        hook_.setHook(true);
    }

    function register(IERC20 masa, IStakeVault vault, uint256 amount) external {
        masa.approve(address(vault), amount);
        vault.stake(address(masa), amount);
        _hook.approve(address(_registry), type(uint256).max);
        _registry.register(NodeRole.Worker, "{}", new INodeRegistry.OperatorGrant[](0));
    }

    function setGreed(bool greed) external {
        _greed = greed;
    }

    function deregister() external {
        _registry.deregister();
    }

    function tokensReceived(address, uint256) external {
        if (_greed) _registry.deregister();
    }
}

/// @title NodeRegistry: the lists, over random comings and goings
contract ListTest is RegistryBed {
    uint256 private constant ACCOUNTS = 8;

    function test_NodesComeInPages() public {
        for (uint256 i; i < 5; ++i) {
            _registerWorker(100 + i, WORKER_BASE);
        }
        address[] memory page = registry.nodesOf(WORKER, 1, 3);
        assertEq(page.length, 3, "limit");
        for (uint256 i; i < 3; ++i) {
            assertEq(page[i], _account(101 + i), "in order");
        }
        assertEq(registry.nodesOf(WORKER, 3, 100).length, 2, "the rest");
        assertEq(registry.nodesOf(WORKER, 0, type(uint256).max).length, 5, "all");
        assertEq(registry.nodesOf(WORKER, 4, type(uint256).max)[0], _account(104), "the last");
        assertEq(registry.nodesOf(WORKER, 5, 1).length, 0, "beyond the end");
        assertEq(registry.nodesOf(WORKER, type(uint256).max, 1).length, 0, "far beyond");
        assertEq(registry.nodesOf(WORKER, 0, 0).length, 0, "nothing asked");
        assertEq(registry.nodesOf(ORACLE, 0, 10).length, 0, "another role");
    }

    function test_REG08_TheLastTakesThePlaceOfWhoLeaves() public {
        for (uint256 i; i < 3; ++i) {
            _registerWorker(100 + i, WORKER_BASE);
        }
        _deregister(_account(100));
        address[] memory left = registry.nodesOf(WORKER, 0, 10);
        assertEq(left.length, 2, "REG-08");
        assertEq(left[0], _account(102), "REG-08 moved");
        assertEq(left[1], _account(101), "REG-08 stayed");
        // Who was moved leaves from its new place; the last one from its own.
        _deregister(_account(102));
        _deregister(_account(101));
        assertEq(registry.countOf(WORKER), 0, "REG-08 empty");
    }

    /// REG-08: account and place stay a bijection. The deposits add up to what the registry holds, pokes included.
    function testFuzz_REG08_ListsAgreeWithMemberships(uint256 seed) public {
        for (uint256 i; i < ACCOUNTS; ++i) {
            _stake(_account(100 + i), PLENTY);
        }
        for (uint256 step; step < 40; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            address account = _account(100 + (seed % ACCOUNTS));
            if (registry.roleOf(account) == NONE) _registerAs(account, (seed >> 64) % 2 == 0 ? WORKER : ORACLE);
            else if ((seed >> 64) % 3 == 0) _rollNext();
            else if ((seed >> 64) % 3 == 1) _fallAndRise(account, (seed >> 96) % 2 == 0);
            else _deregister(account);
            if (step % 8 == 7) _assertLists();
        }
    }

    function _fallAndRise(address account, bool topUp) private {
        uint256 id = _unbond(account, type(uint256).max);
        vm.prank(carol);
        registry.poke(account);
        vm.prank(account);
        vault.cancelUnbonding(address(masa), id);
        registry.poke(account);
        if (!topUp) return;
        _fund(account, 1e18);
        vm.startPrank(account);
        masa.approve(address(registry), 1e18);
        registry.topUpDeposit(1e18);
        vm.stopPrank();
    }

    function _assertLists() private view {
        uint256 listed;
        for (uint256 r = 1; r < 4; ++r) {
            address[] memory nodes = registry.nodesOf(NodeRole(r), 0, type(uint256).max);
            assertEq(nodes.length, registry.countOf(NodeRole(r)), "REG-08 count");
            listed += nodes.length;
            for (uint256 i; i < nodes.length; ++i) {
                assertTrue(registry.roleOf(nodes[i]) == NodeRole(r), "REG-08 who is listed has the role");
                for (uint256 j; j < i; ++j) {
                    assertNotEq(nodes[i], nodes[j], "REG-08 nobody twice");
                }
            }
        }
        uint256 members;
        uint256 deposits;
        for (uint256 i; i < ACCOUNTS; ++i) {
            if (registry.roleOf(_account(100 + i)) != NONE) ++members;
            deposits += _depositOf(_account(100 + i));
        }
        assertEq(listed, members, "REG-08 who has a role is listed");
        assertEq(masa.balanceOf(address(registry)), deposits, "deposits are what the registry holds");
    }
}
