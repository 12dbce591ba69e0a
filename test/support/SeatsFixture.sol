// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {MasaFixture} from "./MasaFixture.sol";
import {Vm} from "./Vm.sol";

/// @title What the tests of the validator set share
abstract contract SeatsFixture is MasaFixture {
    uint256 internal constant STAKE = 250_000e18;
    /// @dev STAKE at σ = 1, millionths of MASA.
    uint64 internal constant WEIGHT = 250_000e6;
    uint32 internal constant GOOD = 900_000_000;
    uint32 internal constant POOR = 300_000_000;
    /// @dev INodeRegistry's right to act for a seat.
    uint16 internal constant RIGHT_SEAT = 16;

    // ---------------------------------------------------------------- validators

    function _deregister(address account) internal {
        vm.prank(account);
        registry.deregister();
    }

    /// @dev Registers a validator that has been one before; its hot key is still its operator.
    function _registerAgain(address owner) internal {
        _approveDeposit(owner);
        vm.prank(owner);
        registry.register(NodeRole.Validator, "{}", new INodeRegistry.OperatorGrant[](0));
    }

    /// @dev A hot key whose private key the fixture knows.
    function _newKey(uint256 key) internal returns (address hotKey) {
        hotKey = vm.addr(key);
        keyOf[hotKey] = key;
    }

    function _leaveSeat(address owner) internal {
        vm.prank(owner);
        validatorSet.leaveSeat();
    }

    function _checkIn(address owner) internal {
        vm.prank(owner);
        validatorSet.checkIn();
    }

    /// @dev Takes stake out until the account is far below what it must stake, and uses its grace up: it is marked short
    /// in the third epoch from this one, by a poke that the set is told of.
    function _fallShort(address account) internal {
        _unbond(account, (vault.stakeUnitsOf(account) * 9) / 10);
        registry.poke(account);
        _rollNext();
        _rollNext();
        registry.poke(account);
        assertTrue(registry.nodeOf(account).short, "marked short");
    }

    // ---------------------------------------------------------------- seats

    function _isSeated(address owner) internal view returns (bool seated) {
        (seated, ) = validatorSet.seatOf(owner);
    }

    function _seatIndexOf(address owner) internal view returns (uint256 seat) {
        bool seated;
        (seated, seat) = validatorSet.seatOf(owner);
        assertTrue(seated, "seated");
    }

    function _ownerAt(uint256 seat) internal view returns (address owner) {
        (, owner) = validatorSet.seatAt(seat);
    }

    function _seat(uint256 index) internal view returns (IValidatorSet.Seat memory seat) {
        (seat, ) = validatorSet.seatAt(index);
    }

    function _hashOfFrozen(uint64 epoch) internal view returns (bytes32) {
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        return keccak256(abi.encode(keys, weights, validatorSet.frozenSetOf(epoch), validatorSet.randomnessOf(epoch)));
    }

    // ---------------------------------------------------------------- reports

    /// @dev Warps to the first second of the epoch report's first attempt, unless it has begun.
    function _warpToReportOf(uint64 epoch) internal {
        uint256 begins = clock.epochStart(epoch + 1) + ATTEMPT;
        if (block.timestamp < begins) vm.warp(begins);
    }

    /// @dev The first attempt of the round that is the turn of a seat among `signers`; warps to its beginning.
    function _turnOf(uint64 epoch, uint32 round, uint64 signers) internal returns (uint32 attempt) {
        while ((signers >> validatorSet.proposerOf(epoch, round, attempt)) & 1 == 0) ++attempt;
        assertLt(attempt, ROUND / ATTEMPT, "nobody of them has a turn in this round");
        uint256 begins = clock.epochStart(epoch) + round * ROUND + attempt * ATTEMPT;
        if (block.timestamp < begins) vm.warp(begins);
    }

    // ---------------------------------------------------------------- scores

    function _rowsOf(uint64 epoch) internal view returns (uint256) {
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        return keys.length;
    }

    /// @dev Every seat of `epoch` scores GOOD, and `seat` scores `score`; posted in the next epoch.
    function _reportOne(uint64 epoch, uint256 seat, uint32 score) internal {
        IValidatorSet.SeatScores memory scores = _scores(epoch, _rowsOf(epoch), GOOD);
        _setScore(scores, seat, score);
        _postEpoch(scores);
    }

    /// @dev Straight from the module: no signatures, no report window.
    function _recordAsConsensus(IValidatorSet.SeatScores memory scores) internal {
        vm.prank(address(consensus));
        validatorSet.recordScores(scores);
    }

    /// @dev Rolls into the next epoch and holds the roll against what {IValidatorSet.nextToBePruned} foretold: the same
    /// validator with the same score for the same reason, or nobody.
    function _rollAsForetold() internal returns (IValidatorSet.PruneView memory foretold) {
        foretold = validatorSet.nextToBePruned();
        vm.recordLogs();
        uint64 epoch = _rollNext();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 pruned;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IValidatorSet.Pruned.selector) continue;
            ++pruned;
            assertEq(address(uint160(uint256(logs[i].topics[1]))), foretold.owner, "D6 foretold owner");
            assertEq(uint256(logs[i].topics[2]), foretold.seat, "D6 foretold seat");
            assertEq(uint256(logs[i].topics[3]), epoch, "D6 epoch");
            assertEq(
                logs[i].data,
                abi.encode(foretold.scoredEpoch, foretold.score, foretold.reason),
                "D6 foretold epoch of the scores, score and reason"
            );
        }
        assertEq(pruned, foretold.owner == address(0) ? 0 : 1, "D6 foretold whether anybody");
    }

    function _assertReason(
        IValidatorSet.PruneReason actual,
        IValidatorSet.PruneReason wanted,
        string memory message
    ) internal pure {
        assertEq(uint256(actual), uint256(wanted), message);
    }
}
