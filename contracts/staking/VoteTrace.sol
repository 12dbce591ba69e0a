// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {VotesMath} from "../math/VotesMath.sol";

/// @title VoteTrace
/// @notice What an account held in votes at the end of every second: a trace of packed checkpoints, its delegates in
/// time, and its edges. One word each, so that a change costs one new slot (docs/adr/0014).
/// @dev Words, from the lowest bit:
/// - head of an account: votes 104 | second 40 | unitsAt 32 | count 32 | delegations 32 | edges 8 | 6 unused |
///   OWN 1 | 1 unused. OWN: the votes are the account's own residual and nobody else's, so that they state it;
/// - checkpoint: votes 104 | second 40 | units 104 | REFERS 1. A change of votes alone would have to read the units only
///   to repeat them: with REFERS set, `unitsAt` of the head stands in their place and names the checkpoint that states
///   them, so that such a checkpoint is the lower part of the head;
/// - head of an edge account: delegatee 160 | second 40 | count 32 | 23 unused | EDGE 1; its checkpoints have no votes;
/// - delegation: delegate 160 | second 40.
/// `second` of a head is that of its last checkpoint; `unitsAt` is one more than the index of the last checkpoint that
/// states units, 0 if none does. A further change within the second of the last word replaces it: counts grow by one a
/// second at most and their 32 bits last for 136 years. Unix seconds fit 40 bits. Units and votes are parts of what the
/// vault holds, which fits 104: adding differences to the lowest field of a word never carries into the next.
library VoteTrace {
    struct Trace {
        uint256 head;
        // Regions as long as counts can grow, of which only the beginnings are ever used. They lie behind the hash of a
        // mapping's key as the words of a dynamic array do; their lengths are in the head, where they cost no slot.
        uint256[1 << 32] checkpoints;
        uint256[1 << 32] delegations;
        uint256[8] edges; // delegatees, oldest first
    }

    uint256 private constant MASK_104 = (1 << 104) - 1;
    uint256 private constant MASK_40 = (1 << 40) - 1;
    uint256 private constant MASK_32 = (1 << 32) - 1;

    // Heads of accounts and checkpoints alike.
    uint256 private constant SECOND_AT = 104;
    uint256 private constant UNITS_AT = 144;
    uint256 private constant REFERS = 1 << 248;
    // Head of an account.
    uint256 private constant COUNT_AT = 176;
    uint256 private constant DELEGATIONS_AT = 208;
    uint256 private constant EDGES_AT = 240;
    uint256 private constant ONE_MORE_EDGE = 1 << EDGES_AT;
    uint256 private constant OWN = 1 << 254;
    // As numbers, for assembly takes nothing else.
    uint256 private constant BELOW_UNITS = (1 << 144) - 1;
    uint256 private constant BELOW_COUNT = (1 << 176) - 1;
    uint256 private constant ONE_MORE_CHECKPOINT = 1 << 176;
    uint256 private constant UNITS_OF_HEAD = (((1 << 32) - 1) << 144) | (1 << 254); // unitsAt and OWN
    // Head of an edge account.
    uint256 private constant EDGE_SECOND_AT = 160;
    uint256 private constant EDGE_COUNT_AT = 200;
    uint256 private constant EDGE = 1 << 255;
    // Delegation.
    uint256 private constant SINCE_AT = 160;

    // ---------------------------------------------------------------- heads

    function votesIn(uint256 head) internal pure returns (uint256) {
        return isEdge(head) ? 0 : head & MASK_104;
    }

    function isEdge(uint256 head) internal pure returns (bool) {
        return head >= EDGE;
    }

    function edgeCount(uint256 head) internal pure returns (uint256) {
        return (head >> EDGES_AT) & 0xff;
    }

    /// @dev Whether the account's stake was ever stated.
    function isKnown(uint256 head) internal pure returns (bool) {
        return (head >> UNITS_AT) & MASK_32 != 0;
    }

    // ---------------------------------------------------------------- writing

    /// @dev A part of the votes of `account` goes from `previous` to `current`. The head returned is not stored yet.
    function moveVotes(
        Trace storage t,
        uint256 head,
        address account,
        uint256 previous,
        uint256 current
    ) internal returns (uint256 moved) {
        moved = VotesMath.votesAfter(head & ~OWN, previous, current);
        bytes32 topic = IVotes.DelegateVotesChanged.selector;
        // On the words themselves: this is most of the cost of a delegation beside its slots.
        assembly ("memory-safe") {
            mstore(0, and(head, MASK_104))
            mstore(0x20, and(moved, MASK_104))
            log2(0, 0x40, topic, account)
            let slot := add(add(t.slot, 1), and(shr(COUNT_AT, head), MASK_32))
            let elapsed := sub(timestamp(), and(shr(SECOND_AT, head), MASK_40))
            switch elapsed
            case 0 {
                // Votes are the lowest field of a checkpoint too.
                slot := sub(slot, 1)
                sstore(slot, or(and(sload(slot), not(MASK_104)), and(moved, MASK_104)))
            }
            default {
                moved := add(moved, shl(SECOND_AT, elapsed))
                sstore(slot, or(and(moved, BELOW_COUNT), REFERS))
                moved := add(moved, ONE_MORE_CHECKPOINT)
            }
        }
    }

    /// @dev States the residual of `account`, with `gained` and without `lost` votes: of its own units, both 0 if they
    /// follow somebody else. The head returned is not stored yet.
    function setUnits(
        Trace storage t,
        uint256 head,
        address account,
        uint256 units,
        uint256 lost,
        uint256 gained
    ) internal returns (uint256 moved) {
        moved = VotesMath.votesAfter(head & ~UNITS_OF_HEAD, lost, gained);
        bytes32 topic = IVotes.DelegateVotesChanged.selector;
        assembly ("memory-safe") {
            let votes := and(moved, MASK_104)
            if iszero(eq(gained, lost)) {
                mstore(0, and(head, MASK_104))
                mstore(0x20, votes)
                log2(0, 0x40, topic, account)
            }
            let elapsed := sub(timestamp(), and(shr(SECOND_AT, head), MASK_40))
            if elapsed {
                moved := add(moved, add(shl(SECOND_AT, elapsed), ONE_MORE_CHECKPOINT))
            }
            let count := and(shr(COUNT_AT, moved), MASK_32)
            sstore(add(t.slot, count), or(and(moved, BELOW_UNITS), shl(UNITS_AT, units)))
            moved := or(moved, shl(UNITS_AT, count))
            if and(eq(votes, units), eq(gained, units)) {
                moved := or(moved, OWN)
            }
        }
    }

    /// @dev States the units of an edge account, and stores its head.
    function setEdgeUnits(Trace storage t, uint256 head, address delegatee, uint256 units) internal {
        unchecked {
            uint256 count = (head >> EDGE_COUNT_AT) & MASK_32;
            if ((head >> EDGE_SECOND_AT) & MASK_40 != block.timestamp) {
                ++count;
                t.head = uint160(delegatee) | (block.timestamp << EDGE_SECOND_AT) | (count << EDGE_COUNT_AT) | EDGE;
            }
            _store(_slot(t) + count, (block.timestamp << SECOND_AT) | (units << UNITS_AT));
        }
    }

    /// @dev Names the delegate from this second on; `last` is the word of {lastDelegation}. The head returned is not stored
    /// yet.
    function setDelegate(Trace storage t, uint256 head, uint256 last, address delegatee) internal returns (uint256) {
        unchecked {
            if (last >> SINCE_AT != block.timestamp) head += 1 << DELEGATIONS_AT;
            _store(_delegationSlot(t, head) - 1, uint160(delegatee) | (block.timestamp << SINCE_AT));
            return head;
        }
    }

    /// @dev The head returned is not stored yet.
    function pushEdge(Trace storage t, uint256 head, address delegatee) internal returns (uint256) {
        t.edges[edgeCount(head)] = uint160(delegatee);
        return head + ONE_MORE_EDGE;
    }

    /// @dev Takes the newest edge away. The head returned is not stored yet.
    function popEdge(Trace storage t, uint256 head) internal returns (uint256) {
        delete t.edges[edgeCount(head) - 1];
        return head - ONE_MORE_EDGE;
    }

    /// @dev Takes the edge to `delegatee` away, which is there, and keeps the order of the others. The head returned is not
    /// stored yet.
    function removeEdge(Trace storage t, uint256 head, address delegatee) internal returns (uint256) {
        uint256 i = edgeCount(head) - 1;
        uint256 moved = t.edges[i];
        while (moved != uint160(delegatee)) {
            --i;
            (t.edges[i], moved) = (moved, t.edges[i]);
        }
        return popEdge(t, head);
    }

    // ---------------------------------------------------------------- present

    /// @dev Units of an account that are on no edge.
    function residual(Trace storage t, uint256 head) internal view returns (uint256) {
        return head & OWN != 0 ? head & MASK_104 : _statedAt(t, (head >> UNITS_AT) & MASK_32);
    }

    /// @dev Units of an edge account; 0 if it never was one.
    function edgeUnits(Trace storage t, uint256 head) internal view returns (uint256) {
        return _statedAt(t, (head >> EDGE_COUNT_AT) & MASK_32);
    }

    /// @dev The last delegation of an account; 0 if there is none: it is its own delegate.
    function lastDelegation(Trace storage t, uint256 head) internal view returns (uint256) {
        if ((head >> DELEGATIONS_AT) & MASK_32 == 0) return 0;
        unchecked {
            return _load(_delegationSlot(t, head) - 1);
        }
    }

    function newestEdge(Trace storage t, uint256 head) internal view returns (address) {
        return address(uint160(t.edges[edgeCount(head) - 1]));
    }

    /// @dev Whom the residual of `account` follows now; the delegatee of an edge account.
    function delegateNow(Trace storage t, uint256 head, address account) internal view returns (address) {
        if (isEdge(head)) return address(uint160(head));
        uint256 last = lastDelegation(t, head);
        return last == 0 ? account : address(uint160(last));
    }

    // ---------------------------------------------------------------- past

    /// @dev Votes at the end of the past second `timepoint`.
    function votesAt(Trace storage t, uint256 timepoint) internal view returns (uint256) {
        uint256 head = t.head;
        if (isEdge(head)) return 0;
        if ((head >> SECOND_AT) & MASK_40 <= timepoint) return head & MASK_104;
        return _lookup(_slot(t) + 1, (head >> COUNT_AT) & MASK_32, SECOND_AT, timepoint) & MASK_104;
    }

    /// @dev Residual of an account, or units of an edge account, at the end of the past second `timepoint`.
    function unitsAt(Trace storage t, uint256 timepoint) internal view returns (uint256) {
        uint256 head = t.head;
        uint256 count = (head >> (isEdge(head) ? EDGE_COUNT_AT : COUNT_AT)) & MASK_32;
        uint256 word = _lookup(_slot(t) + 1, count, SECOND_AT, timepoint);
        if (word & REFERS != 0) return _statedAt(t, (word >> UNITS_AT) & MASK_32);
        return (word >> UNITS_AT) & MASK_104;
    }

    /// @dev Delegate at the end of the past second `timepoint`.
    function delegateAt(Trace storage t, address account, uint256 timepoint) internal view returns (address) {
        uint256 head = t.head;
        if (isEdge(head)) return address(uint160(head));
        uint256 word = _lookup(_delegationSlot(t, 0), (head >> DELEGATIONS_AT) & MASK_32, SINCE_AT, timepoint);
        return word == 0 ? account : address(uint160(word));
    }

    /// @dev The last of `count` words from slot `first` on whose 40 bits of time, at bit `timeAt`, are not above
    /// `timepoint`; 0 if there is none. What is asked for is mostly recent: the search begins about √count before the end.
    function _lookup(uint256 first, uint256 count, uint256 timeAt, uint256 timepoint) private view returns (uint256) {
        unchecked {
            uint256 low;
            uint256 high = count;
            uint256 middle = count;
            if (count > 4) {
                uint256 back = 2;
                while (back * back < count) back <<= 1;
                middle -= back;
            } else middle /= 2;
            while (low < high) {
                if ((_load(first + middle) >> timeAt) & MASK_40 > timepoint) high = middle;
                else low = middle + 1;
                middle = (low + high) / 2;
            }
            return high == 0 ? 0 : _load(first + high - 1);
        }
    }

    // ---------------------------------------------------------------- slots

    /// @param number One more than the index of a checkpoint that states units; 0: there is none.
    function _statedAt(Trace storage t, uint256 number) private view returns (uint256) {
        if (number == 0) return 0;
        unchecked {
            return (_load(_slot(t) + number) >> UNITS_AT) & MASK_104;
        }
    }

    /// @dev Of the first delegation after those that `head` counts.
    function _delegationSlot(Trace storage t, uint256 head) private pure returns (uint256) {
        unchecked {
            return _slot(t) + 1 + (1 << 32) + ((head >> DELEGATIONS_AT) & MASK_32);
        }
    }

    function _slot(Trace storage t) private pure returns (uint256 slot) {
        assembly ("memory-safe") {
            slot := t.slot
        }
    }

    function _load(uint256 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _store(uint256 slot, uint256 word) private {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }
}
