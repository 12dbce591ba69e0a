// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {MarketInvariants} from "./Escrow.t.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";
import {ReportsHandler} from "./handlers/ReportsHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract ReportsActions is ReportsHandler {}

/// @notice The market settled by really signed reports: what is final was signed by more than two thirds, stays final,
/// and moves money once.
contract ReportsInvariants is MarketInvariants {
    ReportsActions private handler;
    ScoreConsensus private consensus;

    function setUp() public {
        handler = new ReportsActions();
        handler.setUp();
        _readProtocol();
        (, , , address consensus_) = handler.protocol();
        consensus = ScoreConsensus(consensus_);
        bytes4[] memory actions = new bytes4[](13);
        actions[0] = handler.warp.selector;
        actions[1] = handler.roll.selector;
        actions[2] = handler.deposit.selector;
        actions[3] = handler.withdrawCredit.selector;
        actions[4] = handler.submit.selector;
        actions[5] = handler.commit.selector;
        actions[6] = handler.cancel.selector;
        actions[7] = handler.close.selector;
        actions[8] = handler.changeTerms.selector;
        actions[9] = handler.unbond.selector;
        actions[10] = handler.rejoin.selector;
        actions[11] = handler.postScoreReport.selector;
        actions[12] = handler.postEpochReport.selector;
        bytes4[] memory often = new bytes4[](9);
        (often[0], often[1], often[2]) = (actions[4], actions[5], actions[5]);
        (often[3], often[4], often[5]) = (actions[11], actions[11], actions[12]);
        (often[6], often[7], often[8]) = (actions[1], actions[0], actions[0]);
        _target(address(handler), actions, often);
    }

    function _market() internal view override returns (MarketHandler) {
        return handler;
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 150
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_I13_FinalOnceAndByMoreThanTwoThirds() public view {
        _checkI13();
        _checkMarket();
    }

    function afterInvariant() public view {
        assertGt(handler.times("calls"), 0, "the handler was called");
    }

    function test_TheHandlerReachesEveryOutcome() public {
        _drive(address(handler), 1_500);
        _checkI13();
        _checkMarket();
        bytes32[12] memory all = [
            bytes32("score report"),
            "score report refused",
            "epoch report",
            "epoch report refused",
            "rejoin",
            "roll",
            "paid",
            "rejected",
            "slashed",
            "skipped",
            "expired",
            "unscored"
        ];
        for (uint256 i; i < all.length; ++i) {
            emit Reached(all[i], handler.times(all[i]));
            assertGt(handler.times(all[i]), 0, string(abi.encodePacked(all[i])));
        }
    }

    function _checkI13() private view {
        ReportsHandler.Final[] memory finals = handler.finals();
        for (uint256 i; i < finals.length; ++i) {
            ReportsHandler.Final memory f = finals[i];
            bytes32 digest =
                f.ofEpoch ? consensus.finalEpochDigestOf(f.epoch) : consensus.finalDigestOf(f.epoch, f.round);
            assertEq(digest, f.digest, "I-13 what is final stays");
            assertGt(3 * f.signedWeight, 2 * f.totalWeight, "I-13 more than two thirds");
            assertGe(f.confirmations, 3, "I-13 least confirmations");
            assertEq(handler.frozenSetHash(f.epoch), f.frozenSet, "I-13 the set that signed is frozen");
        }
    }

    event Reached(bytes32 what, uint256 times);
}
