// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @notice Decision D5: what an asker consumed waits in the escrow until its next request of a later epoch, or until
/// anybody has it told, and is work of the epoch in which it is told.
abstract contract ConsumptionBed is SettlementBed {
    NodeRole internal constant ORACLE = NodeRole.Oracle;

    /// @dev A request of `who` that the first worker has answered.
    function _answeredFor(address who, uint96 reward) internal returns (uint256 id) {
        IRequestEscrow.Submission memory s = _submission(reward);
        s.maxResponses = 1;
        id = _submit(who, s);
        _commit(workers[0], id);
    }

    /// @dev One request of `who`, settled with `quality`.
    function _consume(address who, uint96 reward, uint32 quality) internal {
        _settleAsConsensus(_answeredFor(who, reward), _one(_score(quality)));
    }

    /// @dev One report of several requests, all with the same quality.
    function _settleAll(uint256[] memory ids, uint32 quality) internal {
        Results.Line[] memory results = new Results.Line[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            results[i] = Results.Line(ids[i], _one(_score(quality)));
        }
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
    }

    function _tellAs(address who, address account) internal {
        vm.prank(who);
        escrow.tellConsumption(account);
    }

    function _setShare(uint64 share) internal {
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.resourceShare = UD2x18.wrap(share);
        standing.setStandingParameters(p);
    }

    function _deregister(address account) internal {
        vm.prank(account);
        registry.deregister();
    }

    /// @dev With the stake that the account has.
    function _comeBack(address account, NodeRole role) internal {
        _register(account, role, address(0), 0);
    }

    function _told(address account) internal view returns (uint256) {
        return standing.standingOf(account, ORACLE).workThisEpoch;
    }

    function _untold(address account) internal view returns (uint256) {
        (, , uint256 record) = escrow.wordsOf(account);
        return uint256(uint64(record >> 128)) * UNIT;
    }

    function _utility(address account) internal view returns (uint256) {
        return standing.utilityOf(account, ORACLE);
    }

    /// @dev What {INodeStanding-recordWorkOf} is called with for one oracle node.
    function _telling(address account, uint256 consumed) internal pure returns (bytes memory) {
        uint256[] memory words = new uint256[](1);
        words[0] = uint256(uint160(account)) | ((consumed / UNIT) << 160);
        return abi.encodeCall(INodeStanding.recordWorkOf, (ORACLE, words));
    }
}

contract ConsumptionToldTest is ConsumptionBed {
    address private stranger = address(0x5742a6e4);

    // ---------------------------------------------------------------- by the next request

    /// @dev Three requests in two reports; a quarter of what was asked for counts: 0.25 · 100 + 0.75 · 100·Q.
    function test_D5_ConsumptionOfASettledRequestWaitsForTheAskersNextRequest() public {
        _setShare(0.25e18);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (_answeredFor(asker, REWARD), _answeredFor(asker, REWARD));
        _settleAll(ids, 8e8);
        assertEq(_untold(asker), 170e18, "two of 85");
        _consume(asker, REWARD, 1e8);
        assertEq(_untold(asker), 195e18, "and 25 for the rejected one");
        _submit(asker, REWARD);
        assertEq(_told(asker), 0, "D5 another request of the epoch tells nothing");
        _rollNext();
        assertEq(_told(asker), 0, "D5 nor does a roll");
        assertEq(_utility(asker), 0.5e18, "what is not told moves nothing");
        _submit(asker, REWARD);
        assertEq(_told(asker), 195e18, "D5 the first request of the next epoch tells all of it");
        assertEq(_untold(asker), 0, "once");
        _submit(asker, REWARD);
        assertEq(_told(asker), 195e18, "D5 the second tells nothing more");
        _rollNext();
        // U + 0.2 · (1 − 0.195 − U)
        assertEq(_utility(asker), 0.561e18, "D5 it counts as work of the epoch in which it was told");
    }

    /// @dev The lines of one asker are summed as long as they follow each other. 8 of R_base, Q = 0.6, a third of
    /// resources: 5.867 a line, 11.733 for two, 17.6 for three, in units of 1e9 wei.
    function test_D5_ConsumptionIsRoundedDownForEachRunOfAnAskersLines() public {
        _setShare(0.333333333333333333e18);
        address other = _registerOracle(50, 500_000e18, CREDIT);
        uint256[] memory ids = new uint256[](4);
        for (uint256 i; i < 4; ++i) {
            ids[i] = _answeredFor(i == 2 ? other : asker, 8e9);
        }
        _settleAll(ids, 6e8);
        assertEq(_untold(asker), 16e9, "EQ-01 11 of the first two lines, 5 of the last");
        assertEq(_untold(other), 5e9, "EQ-01 5 of the one between");
        (, , uint256 record) = escrow.wordsOf(asker);
        assertEq((record >> 192) * UNIT, 13e9, "rewards likewise: 9 of 9.6 and 4 of 4.8");
        _consume(asker, 8e9, 6e8);
        assertEq(_untold(asker), 21e9, "a further report is a further run");
        _rollNext();
        _submit(asker, REWARD);
        assertEq(_told(asker), 21e9, "told as it was summed");
        assertEq(_told(other), 0, "of this asker alone");
    }

    /// @dev 31,250 MASA would do; once most of it is unbonding and the grace is over, the asker is marked short.
    function test_D5_ItIsToldBeforeTheAskerIsFoundEligible() public {
        _consume(asker, REWARD, 8e8);
        _unbond(asker, 490_000e18);
        standing.poke(asker, ORACLE);
        _rollNext();
        _rollNext();
        // Within the refused request, which takes it back, and by the stranger.
        vm.expectCall(address(standing), _telling(asker, 80e18), 2);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, asker));
        vm.prank(asker);
        escrow.submit(_submission(REWARD));
        assertEq(_untold(asker), 80e18, "D5 a refused request has told nothing");
        _tellAs(stranger, asker);
        assertEq(_told(asker), 80e18, "D5 anyone tells it of who may not ask");
    }

    /// @dev Its request of this epoch has told already; what settles after it waits for the next.
    function test_D5_WhatSettlesAfterTheFirstRequestWaitsForTheNextEpoch() public {
        _consume(asker, REWARD, 8e8);
        _rollNext();
        _consume(asker, REWARD, 9e8);
        assertEq(_told(asker), 80e18, "of the epoch before");
        assertEq(_untold(asker), 90e18, "of this one");
        _rollNext();
        _submit(asker, REWARD);
        assertEq(_told(asker), 90e18, "D5 each once");
        assertEq(_untold(asker), 0, "nothing is left");
    }

    // ---------------------------------------------------------------- by anyone

    function test_D5_AnyoneTellsWhatAnAskerConsumed() public {
        _consume(asker, REWARD, 8e8);
        vm.expectCall(address(standing), _telling(asker, 80e18), 1);
        _tellAs(stranger, asker);
        assertEq(_told(asker), 80e18, "D5 work of the running epoch");
        assertEq(_untold(asker), 0, "told");
        _tellAs(stranger, asker);
        _tellAs(asker, asker);
        assertEq(_told(asker), 80e18, "D5 telling again tells nothing more");
        _consume(asker, REWARD, 9e8);
        _tellAs(stranger, asker);
        assertEq(_told(asker), 170e18, "D5 only what has come since");
        _rollNext();
        _submit(asker, REWARD);
        assertEq(_told(asker), 0, "D5 nothing was left for the next request");
        // U + 0.2 · (1 − 0.17 − U)
        assertEq(_utility(asker), 0.566e18, "D5 folded with the epoch in which it was told");
    }

    function test_TellingNothingIsNoError() public {
        vm.expectCall(address(standing), abi.encodeWithSelector(INodeStanding.recordWorkOf.selector), 0);
        _tellAs(stranger, asker);
        _tellAs(stranger, workers[0]);
        _tellAs(stranger, stranger);
        _tellAs(stranger, address(0));
        _submit(asker, REWARD);
        _rollNext();
        _submit(asker, REWARD);
        assertEq(_told(asker), 0, "an open request has consumed nothing");
    }

    /// @dev The rest of a record stays as it is.
    function test_TellingLeavesTheRestOfTheRecord() public {
        _consume(asker, REWARD, 8e8);
        _consume(asker, REWARD, 1e8);
        (uint256 askerWord, uint256 workerWord, uint256 record) = escrow.wordsOf(asker);
        _tellAs(stranger, asker);
        (uint256 askerAfter, uint256 workerAfter, uint256 recordAfter) = escrow.wordsOf(asker);
        assertEq(askerAfter, askerWord, "the asker's word");
        assertEq(workerAfter, workerWord, "the worker's");
        uint256 expected = 2 | (1 << 32) | (uint256(9e8) << 64) | (uint256(80e9) << 192);
        assertEq(record, expected | (uint256(80e9) << 128), "before");
        assertEq(recordAfter, expected, "after");
    }

    /// @dev A market that has lost its right tells nothing more: it is told before that, or kept.
    function test_RevertGiven_TheMarketMayNotRecord() public {
        _consume(asker, REWARD, 8e8);
        standing.revokeModule("RECORD", address(escrow));
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("RECORD"),
                address(escrow),
                0
            )
        );
        escrow.tellConsumption(asker);
        assertEq(_untold(asker), 80e18, "kept");
        escrow.tellConsumption(workers[0]);
    }

    // ---------------------------------------------------------------- nothing is shed

    /// @dev Two askers that do the same, but for one that leaves and comes back before its next request, and again
    /// between that and the roll.
    function test_REG23_DeregisteringAndRegisteringAgainShedsNoConsumption() public {
        address leaver = _registerOracle(50, 500_000e18, CREDIT);
        _consume(asker, REWARD, 8e8);
        _consume(leaver, REWARD, 8e8);
        _leaveAndComeBack(leaver);
        assertEq(_untold(leaver), 80e18, "REG-23 it waits still");
        _submit(leaver, REWARD);
        assertEq(_told(leaver), 0, "of an epoch in which it has asked");
        _rollNext();
        _leaveAndComeBack(leaver);
        _submit(asker, REWARD);
        _submit(leaver, REWARD);
        assertEq(_told(leaver), 80e18, "REG-23 told all the same");
        _leaveAndComeBack(leaver);
        assertEq(_told(leaver), 80e18, "REG-23 and kept");
        _rollNext();
        // U + 0.2 · (1 − 0.08 − U)
        assertEq(_utility(asker), 0.584e18, "D5 who stayed");
        assertEq(_utility(leaver), 0.584e18, "REG-23 who left three times");
    }

    function test_D5_ConsumptionCountsForAnAskerThatHasLeft() public {
        uint256 open = _answeredFor(asker, 1_000e18);
        _consume(asker, 400e18, 1e9);
        _deregister(asker);
        _settleAsConsensus(open, _one(_score(9e8)));
        assertEq(_untold(asker), 1_300e18, "D5 before and after it left");
        _comeBack(asker, NodeRole.Worker);
        _tellAs(stranger, asker);
        assertEq(_told(asker), 1_300e18, "D5 of its utility as an oracle node, whatever it is now");
        assertEq(standing.standingOf(asker, NodeRole.Worker).workThisEpoch, 0, "D5 not as a worker");
        _rollNext();
        assertEq(_utility(asker), 0.4e18, "D5 more than the reference counts as the reference");
        _deregister(asker);
        _comeBack(asker, ORACLE);
        assertEq(_utility(asker), 0.4e18, "D5 it comes back with it");
        uint256 required = standing.requirementAt(ORACLE, 0.4e18);
        assertEq(standing.requirementOf(asker, ORACLE), required, "D5 and stakes for it");
    }

    /// @dev It need not ask again for its consumption to count; without anybody who tells it, it has no use of the role.
    function test_D5_WhoNeverAsksAgainKeepsItsUtilityUntilSomebodyTells() public {
        _consume(asker, 1_000e18, 1e9);
        for (uint256 i; i < 5; ++i) {
            _rollNext();
            standing.poke(asker, ORACLE);
        }
        assertEq(_utility(asker), 0.5e18, "idle epochs change nothing");
        _tellAs(stranger, asker);
        _rollNext();
        assertEq(_utility(asker), 0.4e18, "D5 five epochs late, and in full");
    }

    // ---------------------------------------------------------------- what it does to utility

    /// @dev U' = U + (1 − γ)·(1 − c − U), γ = 0.8, a reference of 1,000 MASA; each epoch is told a request later.
    function test_EQ01_TwoEpochsOfAskingMoveUtilityAsTheFormulaSays() public {
        for (uint256 i; i < 5; ++i) {
            _consume(asker, REWARD, 8e8);
        }
        _rollNext();
        for (uint256 i; i < 9; ++i) {
            _consume(asker, REWARD, 9e8);
        }
        assertEq(_told(asker), 400e18, "the first epoch");
        assertEq(_utility(asker), 0.5e18, "EQ-01 none is folded yet");
        _rollNext();
        // 0.5 + 0.2 · (0.6 − 0.5)
        assertEq(_utility(asker), 0.52e18, "EQ-01 the first epoch, c = 0.4");
        _submit(asker, REWARD);
        assertEq(_told(asker), 810e18, "the second epoch");
        assertEq(_utility(asker), 0.52e18, "EQ-01 and not before its end");
        _rollNext();
        // 0.52 − 0.2 · (0.52 − 0.19)
        assertEq(_utility(asker), 0.454e18, "EQ-01 the second epoch, c = 0.81");
        INodeStanding.RoleTotals memory totals = standing.totalsOf(ORACLE);
        standing.poke(asker, ORACLE);
        assertEq(standing.totalsOf(ORACLE).utilitySum, totals.utilitySum - 0.066e18, "I-08 the sum follows");
    }

    function _leaveAndComeBack(address account) private {
        _deregister(account);
        _comeBack(account, ORACLE);
    }
}

/// @notice Whoever tells whatever when: each settled request counts once.
contract ConsumptionHistoryTest is ConsumptionBed {
    uint256 private constant EPOCHS = 6;
    uint256 private constant MOST_LINES = 4;

    /// @dev In units of 1e9 wei.
    uint256 private waits;
    uint256 private counted; // in the running epoch
    bool private hasAsked; // in the running epoch

    /// hardhat-config: fuzz.runs = 64
    function testFuzz_D5_EverySettledRequestIsToldOnce(uint256 seed, uint64 share) public {
        share = uint64(share % (WAD + 1));
        _setShare(share);
        for (uint256 epoch; epoch < EPOCHS; ++epoch) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 lines = seed % (MOST_LINES + 1);
            if (lines != 0) _askAndSettle(seed, lines, share);
            if ((seed >> 8) % 3 == 0) {
                escrow.tellConsumption(asker);
                (counted, waits) = (counted + waits, 0);
            }
            if ((seed >> 16) % 4 == 0) {
                _deregister(asker);
                _comeBack(asker, ORACLE);
            }
            assertEq(_told(asker), counted * UNIT, "D5 told");
            assertEq(_untold(asker), waits * UNIT, "D5 to be told");
            _rollNext();
            (counted, hasAsked) = (0, false);
        }
    }

    function _askAndSettle(uint256 seed, uint256 lines, uint256 share) private {
        uint256[] memory ids = new uint256[](lines);
        uint32 quality = uint32((seed >> 32) % (SCORE_ONE + 1));
        (uint256 asked, uint256 paid) = (0, 0);
        for (uint256 i; i < lines; ++i) {
            uint96 reward = uint96((1 + ((seed >> (64 + 32 * i)) & type(uint32).max)) * UNIT);
            ids[i] = _answeredFor(asker, reward);
            if (!hasAsked) (counted, waits, hasAsked) = (counted + waits, 0, true);
            asked += reward;
            if (quality >= 6e8) paid += (uint256(reward) * quality) / SCORE_ONE;
        }
        _settleAll(ids, quality);
        waits += (asked * share + paid * (WAD - share)) / WAD / UNIT;
    }
}
