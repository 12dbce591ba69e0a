// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title A bounded list of candidates for a seat
/// @notice Order: the heavier first, then who joined in the earlier epoch, then the place on the list. Every operation
/// is O(SIZE) at most.
library Waitlist {
    uint256 internal constant SIZE = 64;

    struct List {
        IValidatorSet.Candidate[64] places;
        uint256 length;
        /// Place plus one, 0 if the account does not wait.
        mapping(address owner => uint256) index;
    }

    /// @dev The list in memory, for {popHeaviest}. A key orders its candidate; 0 is taken.
    struct Line {
        uint256[] keys;
        address[] owners;
    }

    /// @notice Adds a candidate; on a full list in the place of the last in order, if that weighs less.
    /// @return added False if the list is full of candidates that weigh as much.
    /// @return displaced Who had to go; 0 if nobody.
    /// @return lightest Weight of the last in order on a full list.
    function add(
        List storage self,
        address owner,
        uint64 weight,
        uint32 epoch
    ) internal returns (bool added, address displaced, uint64 lightest) {
        if (self.length == SIZE) {
            displaced = _last(self);
            lightest = weightOf(self, displaced);
            if (lightest >= weight) return (false, address(0), lightest);
            remove(self, displaced);
        }
        uint256 place = self.length++;
        self.places[place] = IValidatorSet.Candidate(owner, weight, epoch);
        self.index[owner] = place + 1;
        added = true;
    }

    /// @notice Removes a candidate that waits; the last place moves into its own.
    function remove(List storage self, address owner) internal {
        uint256 place = self.index[owner] - 1;
        uint256 last = --self.length;
        if (place != last) {
            IValidatorSet.Candidate memory moved = self.places[last];
            self.places[place] = moved;
            self.index[moved.owner] = place + 1;
        }
        delete self.places[last];
        delete self.index[owner];
    }

    function setWeight(List storage self, address owner, uint64 weight) internal {
        self.places[self.index[owner] - 1].weight = weight;
    }

    function has(List storage self, address owner) internal view returns (bool) {
        return self.index[owner] != 0;
    }

    function weightOf(List storage self, address owner) internal view returns (uint64) {
        return self.places[self.index[owner] - 1].weight;
    }

    function joinedEpochOf(List storage self, address owner) internal view returns (uint32) {
        return self.places[self.index[owner] - 1].joinedEpoch;
    }

    function all(List storage self) internal view returns (IValidatorSet.Candidate[] memory candidates) {
        candidates = new IValidatorSet.Candidate[](self.length);
        for (uint256 i; i < candidates.length; ++i) {
            candidates[i] = self.places[i];
        }
    }

    /// @notice The list in memory. Reads one slot a candidate.
    function line(List storage self) internal view returns (Line memory queue) {
        uint256 length = self.length;
        queue.keys = new uint256[](length);
        queue.owners = new address[](length);
        for (uint256 i; i < length; ++i) {
            IValidatorSet.Candidate memory c = self.places[i];
            queue.keys[i] = _key(c.weight, c.joinedEpoch, i);
            queue.owners[i] = c.owner;
        }
    }

    /// @notice Takes the first in order out of the line.
    /// @return found False if nobody with any weight is left.
    /// @return spot Its index in the line.
    function popHeaviest(Line memory queue) internal pure returns (bool found, uint256 spot) {
        uint256 most = type(uint64).max; // keys of no weight are below
        for (uint256 i; i < queue.keys.length; ++i) {
            if (queue.keys[i] > most) (found, spot, most) = (true, i, queue.keys[i]);
        }
        if (found) queue.keys[spot] = 0;
    }

    /// @notice Puts who was taken out back, with another weight.
    function pushBack(Line memory queue, uint256 spot, uint64 weight, uint32 joinedEpoch) internal pure {
        queue.keys[spot] = _key(weight, joinedEpoch, spot);
    }

    /// @dev Weight, then ~epoch, then ~place: the larger key comes first.
    function _key(uint64 weight, uint32 joinedEpoch, uint256 place) private pure returns (uint256) {
        return (uint256(weight) << 64) | (uint256(~joinedEpoch) << 8) | (SIZE - 1 - place);
    }

    function _last(List storage self) private view returns (address owner) {
        uint256 least = type(uint256).max;
        for (uint256 i; i < SIZE; ++i) {
            IValidatorSet.Candidate memory c = self.places[i];
            uint256 key = _key(c.weight, c.joinedEpoch, i);
            if (key < least) (owner, least) = (c.owner, key);
        }
    }
}
