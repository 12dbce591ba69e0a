// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {Results} from "../support/Results.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @dev Three askers, answers of 10 MASA and more.
abstract contract StrikesBed is StandingBed {
    uint256 internal constant SIZE = 10e18;

    function _standingParameters() internal pure virtual override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        (p.maxStrikes, p.strikeSize) = (3, 10e18);
    }

    function _asker(uint256 number) internal pure returns (address) {
        return _account(5_000 + number);
    }

    /// @dev Strikes of as many different askers, the first of them number `from`.
    function _strikes(address worker, uint256 from, uint256 many) internal {
        for (uint256 i; i < many; ++i) {
            _strike(worker, _asker(from + i), SIZE);
        }
    }

    function _struck(address worker) internal view returns (uint256) {
        return standing.standingOf(worker, WORKER).strikes;
    }

    function _isSuspended(address worker) internal view returns (bool) {
        return standing.standingOf(worker, WORKER).suspended;
    }
}

/// @title NodeStanding: strikes and the suspension of a worker (D7)
contract StrikesTest is StrikesBed {
    function test_D7_FailuresForDifferentAskersSuspend() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 2);
        assertEq(_struck(alice), 2, "D7 two strikes");
        assertTrue(_use(alice, WORKER), "D7 not yet");
        vm.expectEmit(address(standing));
        emit INodeStanding.Struck(alice, _asker(2), 0, 3);
        vm.expectEmit(address(standing));
        emit INodeStanding.Suspended(alice, 0);
        _strike(alice, _asker(2), SIZE);
        assertTrue(_isSuspended(alice), "D7 suspended");
        assertFalse(standing.isEligible(alice, WORKER), "D7 ineligible");
        assertFalse(_use(alice, WORKER), "D7 of no use");
        assertFalse(_isShort(alice, WORKER), "D7 that is not short");
        _assertTotals(WORKER, 1, 0.5e18, "I-08 a suspended node is counted");
        assertEq(standing.standingOf(alice, ORACLE).strikes, 0, "D7 workers alone");
    }

    function test_D7_TheSameAskerCountsOnce() public {
        _registerWorker(1, WORKER_BASE);
        for (uint256 i; i < 5; ++i) {
            _strike(alice, _asker(0), SIZE);
            _strike(alice, _asker(1), SIZE);
        }
        assertEq(_struck(alice), 2, "D7 two askers");
        assertTrue(_use(alice, WORKER), "D7 not suspended");
        // Each worker has its own.
        _registerWorker(2, WORKER_BASE);
        _strike(bob, _asker(0), SIZE);
        assertEq(_struck(bob), 1, "D7 the same asker, another worker");
    }

    function test_D7_BelowTheSizeNothingCounts() public {
        _registerWorker(1, WORKER_BASE);
        for (uint256 i; i < 10; ++i) {
            _strike(alice, _asker(i), SIZE - 1);
        }
        assertEq(_struck(alice), 0, "D7 dust");
        _strike(alice, _asker(0), SIZE);
        assertEq(_struck(alice), 1, "D7 at equality");
    }

    function test_D7_NoSuspensionsWhereGovernanceWantsNone() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.maxStrikes = 0;
        standing.setStandingParameters(p);
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 10);
        assertEq(_struck(alice), 0, "D7 off");
        assertTrue(_use(alice, WORKER), "D7 eligible");
    }

    function test_D7_AsManyAskersAsTheSlotHolds() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.maxStrikes = standing.MAX_STRIKES();
        standing.setStandingParameters(p);
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 5);
        _strikes(alice, 0, 5);
        assertEq(_struck(alice), 5, "D7 every one is remembered");
        _strikes(alice, 5, 1);
        assertEq(_struck(alice), 6, "D7 the sixth");
        assertTrue(_isSuspended(alice), "D7 suspended");
        _strikes(alice, 6, 3);
        assertEq(_struck(alice), 6, "D7 no more are needed");
    }

    function test_D7_TheNextEpochLiftsIt() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 3);
        _warpTo(1);
        assertFalse(_use(alice, WORKER), "D18 not before the roll");
        manager.roll();
        assertTrue(standing.isEligible(alice, WORKER), "D7 lifted");
        assertTrue(_use(alice, WORKER), "D7 of use again");
        assertEq(_struck(alice), 0, "D7 a clean slate");
        _strikes(alice, 0, 2);
        assertFalse(_isSuspended(alice), "D7 the same askers count anew");
        _strikes(alice, 2, 1);
        assertTrue(_isSuspended(alice), "D7 suspended again");
    }

    /// A strike of an epoch that is over says nothing in a later one that brings work.
    function test_D7_WorkOfTheNextEpochFindsNoSuspension() public {
        _registerWorker(1, WORKER_BASE);
        _work(alice, WORKER, SIZE, 0);
        _strikes(alice, 0, 3);
        _rollTo(1);
        _work(alice, WORKER, SIZE, WAD);
        assertTrue(standing.isEligible(alice, WORKER), "D7 the old flag does not come to life");
    }

    function test_D7_WorkOfTheSameEpochDoesNotLiftIt() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 3);
        _work(alice, WORKER, 100e18, WAD);
        assertTrue(_isSuspended(alice), "D7 commitments made before settle, and change nothing");
        _poke(alice, WORKER);
        assertTrue(_isSuspended(alice), "D7 nor does a poke");
    }

    function test_D7_SuspendingFoldsWhatIsOverAndKeepsWhatIsNot() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, WAD);
        _rollTo(1);
        _strikes(alice, 0, 3);
        assertEq(_utility(alice, WORKER), 0.6e18, "EQ-01 the epoch that is over");
        _assertTotals(WORKER, 1, 0.6e18, "I-08");
        _work(alice, WORKER, 100e18, 0);
        _rollTo(2);
        assertEq(_utility(alice, WORKER), 0.48e18, "EQ-01 and the one of the suspension");
    }

    function test_D7_RegisteringAgainDoesNotLiftIt() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 3);
        _deregister(alice);
        assertFalse(standing.isEligible(alice, WORKER), "no node");
        _registerAs(alice, WORKER);
        assertTrue(_isSuspended(alice), "D7 still suspended");
        assertFalse(_use(alice, WORKER), "D7 of no use");
        _rollTo(1);
        assertTrue(_use(alice, WORKER), "D7 for the epoch, no longer");
    }

    function test_D7_RegisteringAgainDoesNotLiftItWithWorkInTheEpoch() public {
        _registerWorker(1, WORKER_BASE);
        _work(alice, WORKER, 100e18, 0);
        _strikes(alice, 0, 3);
        _deregister(alice);
        _registerAs(alice, WORKER);
        assertFalse(_use(alice, WORKER), "D7 of no use");
    }

    function test_D7_StrikesAfterLeavingAreFoundOnTheReturn() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 1);
        _deregister(alice);
        _strikes(alice, 1, 2);
        _registerAs(alice, WORKER);
        assertFalse(_use(alice, WORKER), "D7 suspended while away");
    }

    /// From the market itself: three askers are failed, the fourth request is refused.
    function test_D7_AWorkerThatFailsThreeAskersIsSuspendedByTheMarket() public {
        _seatValidators(4, VALIDATOR_BASE);
        address worker = _registerWorker(1, PLENTY);
        Results.Line[] memory results = new Results.Line[](3);
        for (uint256 i; i < 3; ++i) {
            address asker = _registerOracle(5_000 + i, PLENTY, 200e18);
            uint256 requestId = _submit(asker, 20e18);
            _commit(worker, requestId);
            results[i] = _result(requestId, new uint32[](1));
        }
        assertTrue(standing.isEligible(worker, WORKER), "D7 eligible until the report");
        vm.warp(block.timestamp + 5 minutes + 1);
        _postScore(_scoreReport(results), _allSigners(standing.rolledEpoch()));
        assertTrue(_isSuspended(worker), "D7 suspended by the report");
        uint256 open = _submit(_asker(0), 20e18);
        bytes32 commitment = keccak256("commitment");
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, worker));
        vm.prank(worker);
        escrow.commit(open, commitment);
    }
}

/// @title NodeStanding: forgiving after a slash was reversed (D15)
contract ForgiveTest is StrikesBed {
    function test_D15_ForgivingRaisesUtilityInTheSumsToo() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, 0);
        _rollTo(1);
        vm.expectEmit(address(standing));
        emit INodeStanding.UtilityFolded(alice, WORKER, 0.5e18, 0.4e18, 0);
        vm.expectEmit(address(standing));
        emit INodeStanding.UtilityRestored(alice, WORKER, 0.4e18, 0.5e18);
        _forgive(alice, WORKER, 0.5e18);
        assertEq(_utility(alice, WORKER), 0.5e18, "D15 restored");
        _assertTotals(WORKER, 1, 0.5e18, "I-08");
        _forgive(alice, WORKER, 0);
        assertEq(_utility(alice, WORKER), 0.5e18, "D15 zero leaves it alone");
    }

    function test_D15_RevertGiven_MoreThanAnEpochCanHaveCost() public {
        _registerWorker(1, PLENTY);
        _expectRange("utility", 0.7e18 + 1, 0.5e18, 0.7e18);
        _forgive(alice, WORKER, 0.7e18 + 1);
        _expectRange("utility", 0.5e18 - 1, 0.5e18, 0.7e18);
        _forgive(alice, WORKER, 0.5e18 - 1);
        _forgive(alice, WORKER, 0.7e18);
        _forgive(alice, WORKER, 0.9e18);
        _expectRange("utility", WAD + 1, 0.9e18, WAD);
        _forgive(alice, WORKER, WAD + 1);
        _forgive(alice, WORKER, WAD);
        _assertTotals(WORKER, 1, WAD, "I-08");
    }

    function test_RevertGiven_ForgivenInNoRole() public {
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_NoRole.selector));
        _forgive(alice, NONE, 0);
    }

    function test_D15_ForgivingANodeThatIsShortLeavesTheSumsAlone() public {
        _registerWorker(1, WORKER_BASE);
        _registerWorker(2, WORKER_BASE);
        _unbond(alice, 5_000e18);
        _poke(alice, WORKER);
        _rollTo(2);
        _poke(alice, WORKER);
        _forgive(alice, WORKER, 0.6e18);
        _assertTotals(WORKER, 1, 0.5e18, "I-08 outside");
        _poke(alice, WORKER);
        assertFalse(_isShort(alice, WORKER), "D15 what it now asks for is there");
        _assertTotals(WORKER, 2, 1.1e18, "I-08 with the utility it was given back");
    }

    function test_D15_ForgivingWhoLeftCountsOnItsReturn() public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, 0);
        _deregister(alice);
        _rollTo(1);
        _forgive(alice, WORKER, 0.5e18);
        _assertTotals(WORKER, 0, 0, "I-08");
        _registerAs(alice, WORKER);
        assertEq(_utility(alice, WORKER), 0.5e18, "D15");
        _assertTotals(WORKER, 1, 0.5e18, "I-08");
    }

    function test_D15_ForgivingLiftsASuspension() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 3);
        vm.expectEmit(address(standing));
        emit INodeStanding.SuspensionLifted(alice, 0);
        _forgive(alice, WORKER, 0);
        assertTrue(_use(alice, WORKER), "D15 eligible");
        assertEq(_struck(alice), 0, "D15 a clean slate");
        _strikes(alice, 0, 3);
        assertTrue(_isSuspended(alice), "D7 new failures suspend again");
    }

    function test_D15_ForgivingForgetsStrikesBeforeTheySuspend() public {
        _registerWorker(1, WORKER_BASE);
        _strikes(alice, 0, 2);
        _forgive(alice, ORACLE, 0);
        assertEq(_struck(alice), 2, "D15 strikes belong to the worker");
        _forgive(alice, WORKER, 0);
        assertEq(_struck(alice), 0, "D15 forgotten");
        _strikes(alice, 2, 2);
        assertTrue(_use(alice, WORKER), "D15 the reversed failures do not count");
    }

    /// The whole way: a wrong report, the guardian's reversal, stake, utility and eligibility as they were.
    function test_D15_TheGuardianGivesBackStakeUtilityAndEligibility() public {
        _registerWorker(1, PLENTY);
        vm.startPrank(address(escrow));
        vault.reserve(alice, 50e18);
        vault.slash(alice, 50e18, 50e18);
        vm.stopPrank();
        _work(alice, WORKER, 100e18, 0);
        _rollTo(1);
        _strikes(alice, 0, 3);
        assertEq(vault.applySlash(alice), 1, "D15 the first record");
        vm.expectEmit(address(guardian));
        emit IGuardian.SlashForgiven(alice, 1, 50e18, 0, 0.5e18);
        vm.prank(guard);
        guardian.reverseSlash(alice, 1, 50e18, 0, WORKER, 0.5e18);
        assertEq(vault.stakeUnitsOf(alice), PLENTY, "D15 stake");
        assertEq(_utility(alice, WORKER), 0.5e18, "D15 utility");
        assertTrue(_use(alice, WORKER), "D15 eligibility");
    }

    /// I-08 and the bounds of {forgive}: it never lowers, and never raises by more than 1 − γ.
    function testFuzz_D15_ForgivingStaysWithinItsBounds(uint256 start, uint256 utility) public {
        _registerWorker(1, PLENTY);
        _work(alice, WORKER, 100e18, bound(start, 0, WAD));
        _rollTo(1);
        uint256 before = _utility(alice, WORKER);
        uint256 most = before + 0.2e18;
        if (most > WAD) most = WAD;
        utility = bound(utility, 1, WAD * 2);
        bool refused = utility < before || utility > most;
        if (refused) _expectRange("utility", utility, before, most);
        _forgive(alice, WORKER, utility);
        uint256 expected = refused ? before : utility;
        assertEq(_utility(alice, WORKER), expected, "D15");
        _poke(alice, WORKER);
        _assertTotals(WORKER, 1, expected, "I-08");
    }
}
