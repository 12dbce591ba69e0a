// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {RewardsHandler} from "./handlers/RewardsHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract RewardsActions is RewardsHandler {}

/// @title Invariants of emissions and rewards
contract RewardsInvariants is InvariantTest {
    uint256 private constant DIGITS = 1e18;

    RewardsActions private handler;
    IERC20 private masa;
    Emissions private emissions;
    RewardDistributor private distributor;
    address private feePool;
    /// @dev What each actor was seen to have claimed, so that a fall is noticed.
    mapping(uint256 actor => uint256) private _seen;

    function setUp() public {
        handler = new RewardsActions();
        handler.setUp();
        (address masa_, address emissions_, address distributor_, address feePool_) = handler.protocol();
        (masa, emissions) = (IERC20(masa_), Emissions(emissions_));
        (distributor, feePool) = (RewardDistributor(distributor_), feePool_);
        bytes4[] memory actions = new bytes4[](16);
        actions[0] = handler.pass.selector;
        actions[1] = handler.fundPool.selector;
        actions[2] = handler.fundPot.selector;
        actions[3] = handler.distributeFees.selector;
        actions[4] = handler.donate.selector;
        actions[5] = handler.payFromPot.selector;
        actions[6] = handler.setParameters.selector;
        actions[7] = handler.setDelay.selector;
        actions[8] = handler.report.selector;
        actions[9] = handler.reportNothing.selector;
        actions[10] = handler.reportRefused.selector;
        actions[11] = handler.cancel.selector;
        actions[12] = handler.cancelRefused.selector;
        actions[13] = handler.claim.selector;
        actions[14] = handler.claimRefused.selector;
        actions[15] = handler.setClaimer.selector;
        // Time, reports and claims come up more often than the rest.
        bytes4[] memory often = new bytes4[](9);
        (often[0], often[1], often[2]) = (actions[0], actions[0], actions[0]);
        (often[3], often[4], often[5]) = (actions[8], actions[8], actions[8]);
        (often[6], often[7], often[8]) = (actions[13], actions[13], actions[13]);
        _target(address(handler), actions, often);
    }

    function invariant_I09_I10_EmissionsAndRewards() public {
        _checkEmission();
        _checkRoots();
        _checkClaims();
    }

    function afterInvariant() public {
        bytes32[] memory outcomes = new bytes32[](15);
        outcomes[0] = "epoch without a report";
        outcomes[1] = "change before the report";
        outcomes[2] = "root that gives nothing";
        outcomes[3] = "pot given to the last wei";
        outcomes[4] = "root held back by another";
        outcomes[5] = "unfunded root refused";
        outcomes[6] = "later roots cancelled too";
        outcomes[7] = "too late to cancel";
        outcomes[8] = "claim by another";
        outcomes[9] = "claim to a claimer";
        outcomes[10] = "claim after a claim";
        outcomes[11] = "claim while a root waits";
        outcomes[12] = "second claim refused";
        outcomes[13] = "claim by a waiting root refused";
        outcomes[14] = "claim beyond the leaf refused";
        _writeOutcomes("RewardsInvariants", outcomes, handler.times);
    }

    function _checkEmission() private view {
        uint256 pool = emissions.pool();
        assertGe(pool * DIGITS, handler.scheduleLeft(), "I-09 more was released than the schedule allows");
        assertEq(pool, handler.modelPool(), "I-09 the pool differs from the model");
        uint256 pots;
        for (uint256 i; i < 2; ++i) {
            uint256 held = emissions.potOf(IEmissions.Pot(i));
            assertEq(held, handler.modelPot(i), "I-09 a pot that waits differs from the model");
            pots += held;
        }
        assertEq(
            masa.balanceOf(address(emissions)),
            pool + pots + handler.donated(0),
            "I-09 pool and pots are not what is there, donations apart"
        );
        assertEq(masa.balanceOf(feePool), 0, "I-09 fees stayed behind");
    }

    function _checkRoots() private view {
        uint256 count = handler.rootsCount();
        uint256 active = handler.modelActive();
        (uint256 fundedV, uint256 fundedW) = distributor.funded();
        assertEq(fundedV, handler.modelFunded(0), "I-10 funds of validators");
        assertEq(fundedW, handler.modelFunded(1), "I-10 funds of workers");
        (uint128 totalV, uint128 totalW) = distributor.lastTotals();
        assertLe(totalV, fundedV, "I-10 validators were given more than was funded");
        assertLe(totalW, fundedW, "I-10 workers were given more than was funded");
        IRewardDistributor.Root[] memory pending = distributor.pendingRoots();
        assertEq(pending.length, count - active, "I-10 roots that wait");
        for (uint256 i; i < pending.length; ++i) {
            _checkRoot(pending[i], active + i);
        }
        IRewardDistributor.Root memory running = distributor.activeRoot();
        if (active == 0) assertEq(running.root, bytes32(0), "I-10 a root nobody has seen is active");
        else _checkRoot(running, active - 1);
        if (count == 0) assertEq(uint256(totalV) + totalW, 0, "I-10 totals without a root");
        else _checkRoot(distributor.lastRoot(), count - 1);
        assertEq(uint256(distributor.lastEpoch()), handler.modelLastEpoch(), "I-10 last epoch");
    }

    function _checkRoot(IRewardDistributor.Root memory root, uint256 index) private view {
        RewardsHandler.ModelRoot memory model = handler.modelRoot(index);
        assertEq(uint256(root.epoch), model.epoch, "I-10 another root stands here");
        assertEq(uint256(root.activeFrom), model.activeFrom, "I-10 a root's time has changed");
        assertEq(uint256(root.validatorTotal), model.totals[0], "I-10 validators' total");
        assertEq(uint256(root.workerTotal), model.totals[1], "I-10 workers' total");
    }

    function _checkClaims() private {
        uint256 claimed;
        uint256 owed;
        uint256 active = handler.modelActive();
        RewardsHandler.ModelRoot memory root;
        if (active != 0) root = handler.modelRoot(active - 1);
        for (uint256 i; i < handler.ACTORS(); ++i) {
            address actor = handler.actors(i);
            uint256 paid = distributor.claimedOf(actor);
            assertGe(paid, _seen[i], "I-10 what an account has claimed fell");
            _seen[i] = paid;
            assertEq(paid, handler.modelClaimed(i), "I-10 an account claimed what the model did not see");
            assertLe(paid, root.cumulative[i], "I-10 an account claimed more than an active root gives");
            assertEq(masa.balanceOf(actor), handler.modelReceived(actor), "EMI-11 paid to somebody else");
            assertEq(distributor.claimerOf(actor), handler.modelClaimer(i), "EMI-11 claimer");
            claimed += paid;
            owed += root.cumulative[i] - paid;
        }
        (uint256 fundedV, uint256 fundedW) = distributor.funded();
        assertLe(claimed, fundedV + fundedW, "I-10 more was claimed than was funded");
        assertLe(claimed, root.totals[0] + root.totals[1], "I-10 more was claimed than active roots gave");
        uint256 held = masa.balanceOf(address(distributor));
        assertEq(held, fundedV + fundedW - claimed + handler.donated(1), "I-10 funds went elsewhere");
        assertGe(held, owed, "I-10 what is owed cannot be paid");
    }
}
