// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {ReportsHandler} from "./handlers/ReportsHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract ReportsActions is ReportsHandler {
    function protocol() external view returns (address, address, address, address, address) {
        return (address(consensus), address(escrow), address(distributor), address(emissions), address(masa));
    }
}

/// @title Invariants of reports
/// @notice What a single post comes to is asserted around it, in the handler: I-13 by the model's verdict and its reason,
/// I-05 line by line. Here stands what must hold whatever was posted.
contract ReportsInvariants is InvariantTest {
    uint256 private constant FULL_EVERY = 32;

    ReportsActions private handler;
    ScoreConsensus private consensus;
    RequestEscrow private escrow;
    RewardDistributor private distributor;
    address private emissions;
    IERC20 private masa;

    function setUp() public {
        handler = new ReportsActions();
        handler.setUp();
        (address consensus_, address escrow_, address distributor_, address emissions_, address masa_) = handler
            .protocol();
        (consensus, escrow) = (ScoreConsensus(consensus_), RequestEscrow(escrow_));
        (distributor, emissions, masa) = (RewardDistributor(distributor_), emissions_, IERC20(masa_));
        bytes4[] memory actions = new bytes4[](18);
        actions[0] = handler.pass.selector;
        actions[1] = handler.passToBoundary.selector;
        actions[2] = handler.roll.selector;
        actions[3] = handler.ask.selector;
        actions[4] = handler.replaceKey.selector;
        actions[5] = handler.revokeKey.selector;
        actions[6] = handler.postScore.selector;
        actions[7] = handler.postScoreOfFew.selector;
        actions[8] = handler.postScoreWithoutProposer.selector;
        actions[9] = handler.postScoreAgain.selector;
        actions[10] = handler.postScoreOfAnyTime.selector;
        actions[11] = handler.postScoreOfRevoked.selector;
        actions[12] = handler.postScoreOfUnknownSeat.selector;
        actions[13] = handler.postScoreForged.selector;
        actions[14] = handler.postScoreUnsorted.selector;
        actions[15] = handler.postEpoch.selector;
        actions[16] = handler.postEpochOfAnyTime.selector;
        actions[17] = handler.postEpochUnfunded.selector;
        // Time, requests and good reports come up more often: the rest needs something to go wrong with.
        bytes4[] memory often = new bytes4[](12);
        (often[0], often[1], often[2], often[3]) = (actions[0], actions[0], actions[0], actions[2]);
        (often[4], often[5], often[6], often[7]) = (actions[2], actions[2], actions[3], actions[3]);
        (often[8], often[9], often[10], often[11]) = (actions[6], actions[6], actions[15], actions[4]);
        _target(address(handler), actions, often);
    }

    function invariant_I13_I05_Reports() public view {
        uint64 rolled = handler.rolledEpoch();
        _checkEpoch(rolled);
        _checkEpoch(rolled - 1);
        _checkRewards();
        if (handler.calls() % FULL_EVERY == 0) _checkMarket();
    }

    function afterInvariant() public {
        for (uint64 epoch; epoch <= handler.rolledEpoch() + 1; ++epoch) {
            _checkEpoch(epoch);
        }
        _checkMarket();
        bytes32[] memory outcomes = new bytes32[](27);
        outcomes[0] = "final";
        outcomes[1] = "final by a later attempt";
        outcomes[2] = "final after its turn";
        outcomes[3] = "final in the next epoch";
        outcomes[4] = "epoch final";
        outcomes[5] = "root accepted";
        outcomes[6] = "root kept";
        outcomes[7] = "line settled";
        outcomes[8] = "line skipped";
        outcomes[9] = "outside the window";
        outcomes[10] = "no such round";
        outcomes[11] = "no such attempt";
        outcomes[12] = "attempt not begun";
        outcomes[13] = "already final";
        outcomes[14] = "epoch already final";
        outcomes[15] = "scores of another epoch";
        outcomes[16] = "epoch not frozen";
        outcomes[17] = "keys revoked";
        outcomes[18] = "signature length";
        outcomes[19] = "unknown seat";
        outcomes[20] = "bad signature";
        outcomes[21] = "not enough weight";
        outcomes[22] = "proposer missing";
        outcomes[23] = "unsorted results";
        outcomes[24] = "root not funded";
        outcomes[25] = "root takes back";
        outcomes[26] = "root missing";
        _writeOutcomes("ReportsInvariants", outcomes, handler.times);
    }

    // ---------------------------------------------------------------- checks

    /// @dev I-13: final is what a good report was posted of, and nothing else; and it stays.
    function _checkEpoch(uint64 epoch) private view {
        for (uint32 round; round <= handler.ROUNDS(); ++round) {
            assertEq(consensus.isFinal(epoch, round), handler.modelFinal(epoch, round), "I-13 final rounds");
        }
        assertEq(consensus.isEpochFinal(epoch), handler.modelEpochFinal(epoch), "I-13 final epochs");
    }

    /// @dev What a report that was refused would have released or given did not move.
    function _checkRewards() private view {
        (uint256 validators, uint256 workers) = distributor.funded();
        assertEq(validators, handler.modelValidatorsFunded(), "I-09 released to validators");
        assertEq(workers, handler.modelWorkersFunded(), "I-09 released to workers");
        (uint256 validatorTotal, uint256 workerTotal) = distributor.lastTotals();
        assertEq(validatorTotal, handler.modelValidatorTotal(), "I-13 total of the last root for validators");
        assertEq(workerTotal, handler.modelWorkerTotal(), "I-13 total of the last root for workers");
        assertLe(validatorTotal, validators, "I-10 funded");
        assertLe(workerTotal, workers, "I-10 funded");
    }

    /// @dev I-05 and I-03: every request settled at most once, and the escrow holds what it owes.
    function _checkMarket() private view {
        for (uint256 id = escrow.requestCount(); id != 0; --id) {
            (, , , , uint256 settled) = handler.requests(id);
            assertLe(settled, 1, "I-05 a request settles once");
            bool isSettled = escrow.requestOf(id).state == IRequestEscrow.RequestState.Settled;
            assertEq(isSettled, settled == 1, "I-05 and is settled from then on");
        }
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        uint256 credit = escrow.creditOf(handler.posters(0)) + escrow.creditOf(handler.posters(1));
        for (uint256 i; i < handler.ASKERS(); ++i) {
            credit += escrow.creditOf(_account(1 + i));
        }
        for (uint256 i; i < handler.WORKERS(); ++i) {
            credit += escrow.creditOf(_account(11 + i));
        }
        assertEq(masa.balanceOf(address(escrow)), credit + reserved + heldFees + fees, "I-03 what the escrow owes");
        assertLe(handler.modelPool(), masa.balanceOf(emissions), "I-09 the pool is there");
    }

    /// @dev As in the handler's fixture.
    function _account(uint256 number) private pure returns (address) {
        return address(uint160(0xacc0000000000000000 + number));
    }
}
