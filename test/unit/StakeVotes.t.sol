// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {StakeVotes} from "../../contracts/staking/StakeVotes.sol";
import {VotesBed} from "../support/VotesBed.sol";

/// @title StakeVotes: votes that follow the stake, and the standard delegation of the residual
contract StakeVotesTest is VotesBed {
    // ---------------------------------------------------------------- following the stake

    function test_I02_EverybodyVotesForItselfAtFirst() public {
        assertEq(votes.delegates(alice), alice, "delegate before any stake");
        _stake(alice, 5e18);
        assertEq(votes.delegates(alice), alice, "delegate");
        assertEq(votes.getVotes(alice), 5e18, "I-02 votes");
        assertEq(votes.residualOf(alice), 5e18, "residual");
        assertEq(votes.unitsOf(alice), 5e18, "units");
        assertEq(votes.edgesOf(alice).length, 0, "edges");
        uint256 staked = _now();
        _later(1);
        assertEq(votes.getPastVotes(alice, staked), 5e18, "I-02 votes at the end of that second");
        assertEq(votes.getPastVotes(alice, staked - 1), 0, "votes before");
        assertEq(votes.getPastBalanceOf(alice, staked), 5e18, "own units");
        assertEq(votes.getPastDelegate(alice, staked), alice, "past delegate");
    }

    function test_UnbondingStakeDoesNotVoteAndVotesAgainIfCancelled() public {
        _stake(alice, 5e18);
        _later(1);
        uint256 id = _unbond(alice, 2e18);
        assertEq(votes.getVotes(alice), 3e18, "unbonding");
        uint256 unbonded = _now();
        _later(1);
        _cancel(alice, id);
        assertEq(votes.getVotes(alice), 5e18, "cancelled");
        _later(1);
        assertEq(votes.getPastVotes(alice, unbonded), 3e18, "meanwhile");
        assertEq(votes.getPastVotes(alice, unbonded + 1), 5e18, "from then on");
    }

    function test_TaoDoesNotVote() public {
        _stakeTao(alice, 3e9);
        assertEq(votes.getVotes(alice), 0, "TAO alone");
        _stake(alice, 1e18);
        assertEq(votes.getVotes(alice), 1e18, "beside MASA");
    }

    function test_GOV05_ABookedSlashCountsFromItsApplicationByAnybody() public {
        _stake(alice, 10e18);
        _slash(alice, 0, 4e18);
        assertEq(votes.getVotes(alice), 10e18, "booked");
        vm.prank(carol);
        vault.applySlash(alice);
        assertEq(votes.getVotes(alice), 6e18, "applied");
        assertEq(votes.residualOf(alice), 6e18, "residual");
    }

    function test_GOV05_NoActionOfTheAccountComesBeforeItsBookedSlash() public {
        _stake(alice, 10e18);
        _slash(alice, 0, 4e18);
        _unbond(alice, 1e18);
        assertEq(votes.getVotes(alice), 5e18, "unbonding applies it first");
        _slash(alice, 0, 1e18);
        _stake(alice, 3e18);
        assertEq(votes.getVotes(alice), 8e18 - _slashedNow(), "staking applies it first");
    }

    /// @dev Of the second booking above, what stake bore: the queue bore its part.
    function _slashedNow() private view returns (uint256) {
        return 8e18 - vault.positionOf(alice, address(masa)).staked;
    }

    function test_GOV05_ASlashNeverTouchesAPastSnapshot() public {
        _stake(alice, 10e18);
        _delegate(bob, dora);
        _stake(bob, 10e18);
        uint256 snapshot = _now();
        votes.awaitSnapshot(snapshot);
        _later(1);
        uint256 total = votes.getPastTotalSupply(snapshot);
        uint256 ofDora = votes.getPastVotes(dora, snapshot);
        _slashNow(alice, 4e18);
        _slashNow(bob, 10e18);
        _later(1);
        _slashNow(dora, 5e18);
        assertEq(votes.getPastVotes(alice, snapshot), 10e18, "GOV-05 of the account");
        assertEq(votes.getPastBalanceOf(bob, snapshot), 10e18, "GOV-05 own units");
        assertEq(votes.getPastVotes(dora, snapshot), ofDora, "GOV-05 of the delegate");
        assertEq(votes.getPastTotalSupply(snapshot), total, "GOV-05 of all");
        assertEq(votes.getVotes(dora), NODE_STAKE - 5e18, "now");
    }

    function test_AReversedSlashVotesAgainForThePresentDelegate() public {
        _stake(alice, 10e18);
        uint256 id = _slashNow(alice, 4e18);
        _delegate(alice, dora);
        _later(1);
        _reverse(alice, id, 3e18, 0);
        assertEq(votes.getVotes(alice), 0, "the account");
        assertEq(votes.getVotes(dora), NODE_STAKE + 9e18, "its delegate");
        assertEq(votes.residualOf(alice), 9e18, "residual");
    }

    function test_AReversalOfNothingChangesNothing() public {
        _stake(alice, 10e18);
        uint256 id = _slashNow(alice, 4e18);
        _later(1);
        vm.recordLogs();
        _reverse(alice, id, 0, 0);
        assertEq(vm.getRecordedLogs().length, 1, "events beside the vault's");
        assertEq(votes.getVotes(alice), 6e18, "votes");
    }

    function test_ChangesOfVotesAreAnnounced() public {
        _fund(alice, 5e18);
        vm.startPrank(alice);
        masa.approve(address(vault), 5e18);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(alice, 0, 5e18);
        vault.stake(address(masa), 5e18);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(alice, 5e18, 4e18);
        vault.startUnbonding(address(masa), 1e18);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- delegate

    function test_TheResidualFollowsTheDelegateFromThenOn() public {
        _stake(alice, 5e18);
        uint256 before = _now();
        _later(1);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateChanged(alice, alice, dora);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(alice, 5e18, 0);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(dora, NODE_STAKE, NODE_STAKE + 5e18);
        _delegate(alice, dora);
        assertEq(votes.delegates(alice), dora, "delegate");
        assertEq(votes.getVotes(alice), 0, "own");
        assertEq(votes.getVotes(dora), NODE_STAKE + 5e18, "the delegate's");
        _later(1);
        _stake(alice, 2e18);
        _unbond(alice, 1e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 6e18, "follows the stake");
        assertEq(votes.residualOf(alice), 6e18, "residual");
        _later(1);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateChanged(alice, dora, egon);
        _delegate(alice, egon);
        _later(1);
        assertEq(votes.getVotes(dora), NODE_STAKE, "the former delegate's");
        assertEq(votes.getVotes(egon), NODE_STAKE + 6e18, "the new one's");
        assertEq(votes.getPastDelegate(alice, before), alice, "at first");
        assertEq(votes.getPastDelegate(alice, before + 1), dora, "then");
        assertEq(votes.getPastDelegate(alice, before + 2), dora, "still");
        assertEq(votes.getPastDelegate(alice, before + 3), egon, "at last");
        assertEq(votes.getPastVotes(dora, before + 1), NODE_STAKE + 5e18, "past votes");
        assertEq(votes.getPastBalanceOf(dora, before + 2), NODE_STAKE, "own units of a delegate, whatever it receives");
        assertEq(votes.getPastBalanceOf(alice, before + 3), 6e18, "own units of a delegator");
    }

    function test_TheZeroAddressMeansOneself() public {
        _stake(alice, 5e18);
        _delegate(alice, dora);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateChanged(alice, dora, alice);
        _delegate(alice, address(0));
        assertEq(votes.delegates(alice), alice, "delegate");
        assertEq(votes.getVotes(alice), 5e18, "votes");
        assertEq(votes.getVotes(dora), NODE_STAKE, "the former delegate's");
        _later(1);
        assertEq(votes.getPastDelegate(alice, _now() - 1), alice, "past delegate");
    }

    function test_DelegationMayComeBeforeTheStake() public {
        _delegate(alice, dora);
        assertEq(votes.getVotes(dora), NODE_STAKE, "nothing yet");
        _stake(alice, 5e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 5e18, "with the stake");
        assertEq(votes.getVotes(alice), 0, "own");
    }

    function test_TheSameDelegateAgainMovesNothing() public {
        _stake(alice, 5e18);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateChanged(alice, alice, alice);
        _delegate(alice, alice);
        _delegate(alice, dora);
        _later(1);
        vm.recordLogs();
        _delegate(alice, dora);
        assertEq(vm.getRecordedLogs().length, 1, "DelegateChanged alone");
        assertEq(votes.getVotes(dora), NODE_STAKE + 5e18, "votes");
    }

    function test_AValidatorIsADelegateToo() public {
        address vera = _registerValidator(1, 300_000e18);
        _stake(alice, 5e18);
        _delegate(alice, vera);
        assertEq(votes.getVotes(vera), 300_000e18 + 5e18, "votes");
    }

    function test_RevertGiven_ADelegateeThatIsNoNode() public {
        bytes4 refused = IStakeVotes.StakeVotes_DelegateeRefused.selector;
        vm.expectRevert(abi.encodeWithSelector(refused, bob));
        _delegate(alice, bob);
        address asker = _registerOracle(21, 100_000e18, 0);
        vm.expectRevert(abi.encodeWithSelector(refused, asker));
        _delegate(alice, asker);
        // Nor one that the account names already.
        _delegate(alice, dora);
        _leave(dora);
        vm.expectRevert(abi.encodeWithSelector(refused, dora));
        _delegate(alice, dora);
    }

    function test_ADelegateThatLostItsRoleKeepsWhatItHas() public {
        _stake(alice, 5e18);
        _delegate(alice, dora);
        _leave(dora);
        _later(1);
        assertEq(votes.getVotes(dora), NODE_STAKE + 5e18, "votes");
        _stake(alice, 1e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 6e18, "still follows the stake");
        assertEq(votes.delegates(alice), dora, "delegate");
        _delegate(alice, address(0));
        assertEq(votes.getVotes(dora), NODE_STAKE, "and can be left");
    }

    function _leave(address node) private {
        vm.prank(node);
        registry.deregister();
    }

    // ---------------------------------------------------------------- one second

    function test_ManyChangesOfOneSecondLeaveItsEnd() public {
        uint256 second = _now();
        _stake(alice, 5e18);
        _delegate(alice, dora);
        _delegate(alice, egon);
        _unbond(alice, 1e18);
        _setEdge(alice, finn, 1e18);
        _setEdge(alice, finn, 2e18);
        _delegate(alice, address(0));
        _setEdge(alice, finn, 1e18);
        _stake(alice, 10e18);
        assertEq(votes.getVotes(alice), 13e18, "votes");
        _later(5);
        assertEq(votes.getPastVotes(alice, second), 13e18, "past votes");
        assertEq(votes.getPastBalanceOf(alice, second), 13e18, "residual");
        assertEq(votes.getPastDelegate(alice, second), alice, "delegate");
        assertEq(votes.getPastVotes(dora, second), NODE_STAKE, "first delegate");
        assertEq(votes.getPastVotes(egon, second), NODE_STAKE, "second delegate");
        assertEq(votes.getPastVotes(finn, second), NODE_STAKE + 1e18, "delegatee of the edge");
        assertEq(votes.getPastBalanceOf(votes.edgeAccount(alice, finn), second), 1e18, "edge");
        assertEq(votes.getPastVotes(alice, second - 1), 0, "before");
    }

    function test_AReceiptAndAStakeInOneSecondInBothOrders() public {
        _stake(alice, 5e18);
        _later(1);
        _delegate(alice, dora);
        _stake(dora, 1e18);
        uint256 first = _now();
        _later(1);
        _stake(dora, 1e18);
        _delegate(alice, egon);
        uint256 second = _now();
        _later(1);
        _delegate(alice, dora);
        _later(1);
        assertEq(votes.getPastVotes(dora, first), NODE_STAKE + 6e18, "votes, received first");
        assertEq(votes.getPastBalanceOf(dora, first), NODE_STAKE + 1e18, "own, received first");
        assertEq(votes.getPastVotes(dora, second), NODE_STAKE + 2e18, "votes, staked first");
        assertEq(votes.getPastBalanceOf(dora, second), NODE_STAKE + 2e18, "own, staked first");
        assertEq(votes.getPastVotes(dora, second + 1), NODE_STAKE + 7e18, "votes, received alone");
        assertEq(votes.getPastBalanceOf(dora, second + 1), NODE_STAKE + 2e18, "own, received alone");
    }

    // ---------------------------------------------------------------- lookups

    function test_RevertGiven_ASecondThatIsNotOver() public {
        uint256 present = _now();
        bytes memory refused = abi.encodeWithSelector(IStakeVotes.StakeVotes_FutureLookup.selector, present, present);
        vm.expectRevert(refused);
        votes.getPastVotes(alice, present);
        vm.expectRevert(refused);
        votes.getPastBalanceOf(alice, present);
        vm.expectRevert(refused);
        votes.getPastDelegate(alice, present);
        vm.expectRevert(refused);
        votes.getPastTotalSupply(present);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVotes.StakeVotes_FutureLookup.selector, type(uint256).max, present)
        );
        votes.getPastVotes(alice, type(uint256).max);
    }

    /// @dev Every length of the three traces from one up to 40, looked up at each of their seconds and between them.
    function test_LookupsFindEverySecondOfEveryLength() public {
        address[2] memory delegates = [dora, egon];
        address edge = votes.edgeAccount(alice, finn);
        _stake(alice, 1_000e18);
        uint256 begin = _now();
        for (uint256 length = 1; length <= 40; ++length) {
            _later(3);
            _delegate(alice, delegates[length % 2]);
            _setEdge(alice, finn, length * 1e18);
            for (uint256 back = 1; back < length; ++back) {
                uint256 second = begin + 3 * back;
                for (uint256 within; within < 3; ++within) {
                    assertEq(votes.getPastBalanceOf(edge, second + within), back * 1e18, "edge");
                    assertEq(votes.getPastBalanceOf(alice, second + within), (1_000 - back) * 1e18, "residual");
                    assertEq(votes.getPastDelegate(alice, second + within), delegates[back % 2], "delegate");
                    assertEq(votes.getPastVotes(finn, second + within), NODE_STAKE + back * 1e18, "votes");
                }
            }
            assertEq(votes.getPastBalanceOf(edge, begin + 2), 0, "edge before the first");
            assertEq(votes.getPastDelegate(alice, begin), alice, "delegate before the first");
            assertEq(votes.getPastVotes(finn, begin - 10), 0, "votes before the first");
            assertEq(votes.getPastVotes(finn, 0), 0, "votes at the beginning of time");
        }
    }

    function test_ClockIsUnixSeconds() public view {
        assertEq(votes.clock(), _now(), "clock");
        assertEq(votes.CLOCK_MODE(), "mode=timestamp", "mode");
    }

    // ---------------------------------------------------------------- GOV-02

    function test_GOV02_APassesToBAndBBackToA() public {
        (address a, address b) = (dora, egon);
        _delegate(a, b);
        assertEq(votes.getVotes(a), 0, "GOV-02 A has given all");
        assertEq(votes.getVotes(b), 2 * NODE_STAKE, "GOV-02 B has both");
        _delegate(b, a);
        assertEq(votes.getVotes(a), NODE_STAKE, "GOV-02 A has B's own, not its own back");
        assertEq(votes.getVotes(b), NODE_STAKE, "GOV-02 B has A's own");
        _assertAllVotes();
    }

    function test_GOV02_AChainPassesNothingOn() public {
        _stake(alice, 5e18);
        _delegate(alice, dora);
        _delegate(dora, egon);
        _delegate(egon, finn);
        assertEq(votes.getVotes(dora), 5e18, "GOV-02 what it received stays");
        assertEq(votes.getVotes(egon), NODE_STAKE, "GOV-02 the second of the chain");
        assertEq(votes.getVotes(finn), 2 * NODE_STAKE, "GOV-02 the third of the chain");
        _assertAllVotes();
    }

    function test_GOV02_LoopsOfDelegationsAndEdgesCreateNothing() public {
        _delegate(dora, egon);
        _delegate(egon, finn);
        _delegate(finn, dora);
        _assertAllVotes();
        _setEdge(dora, finn, 40e18);
        _setEdge(egon, dora, 30e18);
        _setEdge(finn, egon, 20e18);
        _assertAllVotes();
        assertEq(votes.getVotes(dora), NODE_STAKE - 20e18 + 30e18, "GOV-02 dora");
        assertEq(votes.getVotes(egon), NODE_STAKE - 40e18 + 20e18, "GOV-02 egon");
        assertEq(votes.getVotes(finn), NODE_STAKE - 30e18 + 40e18, "GOV-02 finn");
    }

    function test_GOV02_SelfDelegationAddsNothing() public {
        _stake(alice, 5e18);
        _delegate(alice, alice);
        _delegate(alice, alice);
        _delegate(dora, dora);
        assertEq(votes.getVotes(alice), 5e18, "GOV-02 votes");
        _assertAllVotes();
    }

    function test_GOV02_TokensSentToOneselfAddNothing() public {
        _stake(alice, 5e18);
        _fund(alice, 7e18);
        vm.prank(alice);
        masa.transfer(alice, 7e18);
        assertEq(votes.getVotes(alice), 5e18, "GOV-02 votes");
        uint256 id = _unbond(alice, 5e18);
        _cancel(alice, id);
        assertEq(votes.getVotes(alice), 5e18, "GOV-02 stake sent out and back");
        _assertAllVotes();
    }

    function _assertAllVotes() private view {
        assertEq(_sumOfVotes([alice, bob, carol]), _allStaked(), "GOV-02 sum of votes");
    }

    // ---------------------------------------------------------------- many delegators

    function test_AThousandDelegatorsCostTheirDelegateNothing() public {
        _delegate(_holder(0), dora);
        _later(1);
        uint256 few = _costOfLookups(dora);
        for (uint256 i; i < 1_000; ++i) {
            _delegate(_holder(i + 1), dora);
        }
        _later(1);
        assertEq(votes.getVotes(dora), NODE_STAKE + 1_001e18, "votes");
        assertLe(_costOfLookups(dora), few + few / 10, "a delegate pays for its delegators");
        assertEq(votes.getPastVotes(dora, _now() - 1), NODE_STAKE + 1_001e18, "past votes");
    }

    /// @dev One MASA staked by an account of its own.
    function _holder(uint256 number) private returns (address holder) {
        holder = _account(5_000 + number);
        _stake(holder, 1e18);
    }

    /// @dev What the governor asks for when the account votes, every slot read for the first time.
    function _costOfLookups(address account) private returns (uint256) {
        vm.cool(address(votes));
        uint256 left = gasleft();
        votes.getPastVotes(account, _now() - 1);
        return left - gasleft();
    }

    // ---------------------------------------------------------------- a later observer

    function test_AnObserverNamedLaterTakesAStakeInWithItsFirstChange() public {
        _stake(alice, 10e18);
        _stake(bob, 10e18);
        _stake(carol, 10e18);
        StakeVotes late = new StakeVotes(address(this), vault, registry);
        _follow(late);
        assertEq(late.getVotes(alice), 0, "not heard of yet");
        vm.prank(bob);
        late.delegate(dora);
        _unbond(alice, 4e18);
        assertEq(late.getVotes(alice), 6e18, "all that is staked");
        _stake(bob, 1e18);
        assertEq(late.getVotes(dora), 11e18, "for the delegate");
        _unbond(carol, 10e18);
        assertEq(late.getVotes(carol), 0, "nothing is left");
        _stake(carol, 1e18);
        assertEq(late.getVotes(carol), 1e18, "and again");
    }

    // ---------------------------------------------------------------- wiring

    function test_RevertGiven_AChangeThatTheVaultDidNotTell() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_NotVault.selector, address(this)));
        votes.onStakeChanged(alice, 0, 1e18);
    }

    function test_RevertGiven_NoVaultOrRegistry() public {
        vm.expectRevert(IStakeVotes.StakeVotes_ZeroAddress.selector);
        new StakeVotes(address(this), IStakeVault(address(0)), registry);
        vm.expectRevert(IStakeVotes.StakeVotes_ZeroAddress.selector);
        new StakeVotes(address(this), vault, INodeRegistry(address(0)));
    }

    function test_WiringNamesTheGovernorOnce() public {
        assertEq(votes.moduleActiveFrom("SNAPSHOT", address(this)), _now() - 1, "in setUp");
        vm.expectRevert(IModuleRights.ModuleRights_AlreadyWired.selector);
        votes.wire(bob);
    }

    function test_D19_AnotherGovernorWaitsForTheVaultsDelay() public {
        votes.grantModule("SNAPSHOT", bob);
        assertEq(votes.moduleActiveFrom("SNAPSHOT", bob), _now() + MODULE_DELAY, "active from");
    }

    function test_ItTellsWhatItStandsOn() public view {
        assertEq(address(votes.vault()), address(vault), "vault");
        assertEq(address(votes.registry()), address(registry), "registry");
        assertEq(votes.owner(), address(this), "owner");
    }
}
