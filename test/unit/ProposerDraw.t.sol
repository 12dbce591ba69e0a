// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MasaFixture} from "../support/MasaFixture.sol";

/// @title ValidatorSet: what whoever rolls can do to the draws of an epoch
contract ProposerDrawTest is MasaFixture {
    uint256 private constant STAKE = 250_000e18;
    uint32 private constant ROUNDS = 400;

    /// EPO-21: the randomness of a block is known before its roll. Weight added in between must not choose the proposer.
    function test_EPO21_WeightAddedBeforeTheRollMovesDrawsByItsShareAlone() public {
        address[] memory owners = _seatValidators(6, STAKE);
        uint256 start = vm.snapshotState();
        uint8[ROUNDS] memory before = _draws();
        assertTrue(vm.revertToState(start), "the same block again");
        // A millionth of the total, in the middle of the table: most boundaries move, no draw lies between.
        _stake(owners[2], 1e18);
        validatorSet.refresh(owners[2]);
        uint8[ROUNDS] memory afterwards = _draws();
        uint256 total = validatorSet.frozenSetOf(2).totalWeight;
        assertEq(total, validatorSet.frozenSetOf(1).totalWeight + 1e6, "the weight counts");
        for (uint256 round; round < ROUNDS; ++round) {
            assertEq(afterwards[round], before[round], "EPO-21 the draw changed");
        }
    }

    /// @dev Rolls with a fixed randomness; the proposers of the epoch's first rounds.
    function _draws() private returns (uint8[ROUNDS] memory seats) {
        vm.prevrandao(uint256(0xbea));
        uint64 epoch = _rollNext();
        assertEq(validatorSet.randomnessOf(epoch), 0xbea, "randomness");
        for (uint32 round; round < ROUNDS; ++round) {
            seats[round] = uint8(validatorSet.proposerOf(epoch, round, 0));
        }
    }
}
