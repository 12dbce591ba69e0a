// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title AwaitedTotals
/// @notice The total of all votes in time, entered only while somebody waits for a snapshot: a checkpoint of it at every
/// change of any stake would be the dearest part of the change (docs/adr/0014).
/// @dev The head is start 48 | until 48 | count 48 from the lowest bit, an entry is value 104 | first 48 | last 48: the
/// total was `value` at the end of every second from `first` to `last`. The span is open while `until` ≥ `start`: the total
/// has not changed since `start` then, other than within that second, so that the present total is that of every second
/// from `start` on that is over. The change that comes enters the span up to the second before it and begins the next one,
/// which is open only if it is waited for still.
library AwaitedTotals {
    struct Totals {
        uint256 head;
        uint256[1 << 32] entries;
    }

    uint256 private constant MASK_48 = (1 << 48) - 1;
    uint256 private constant MASK_104 = (1 << 104) - 1;

    /// @dev A new span, closed: nothing is waited for.
    function begin(Totals storage totals) internal {
        totals.head = block.timestamp;
    }

    /// @dev Whether a change must be entered.
    function isOpen(uint256 head) internal pure returns (bool) {
        return (head >> 48) & MASK_48 >= head & MASK_48;
    }

    /// @dev Waits for every second until `until`, which is above the present one or it; returns the last one waited for.
    function await(Totals storage totals, uint256 until) internal returns (uint256) {
        uint256 head = totals.head;
        if (!isOpen(head)) head = (head & ~((MASK_48 << 48) | MASK_48)) | block.timestamp;
        uint256 present = (head >> 48) & MASK_48;
        if (until < present) until = present;
        totals.head = (head & ~(MASK_48 << 48)) | (until << 48);
        return until;
    }

    /// @dev Ends the open span before this second: `value` was the total until now. Nothing to enter if it began in this
    /// very second, as a second's total is that at its end.
    function enter(Totals storage totals, uint256 head, uint256 value) internal {
        uint256 start = head & MASK_48;
        if (start == block.timestamp) return;
        uint256 count = head >> 96;
        totals.entries[count] = value | (start << 104) | ((block.timestamp - 1) << 152);
        totals.head = ((count + 1) << 96) | (head & (MASK_48 << 48)) | block.timestamp;
    }

    /// @dev The total at the end of the past second `timepoint`, as far as it is known; `present` is that of now.
    function totalAt(
        Totals storage totals,
        uint256 timepoint,
        uint256 present
    ) internal view returns (bool known, uint256 value) {
        uint256 head = totals.head;
        uint256 word = _entryOver(totals, head >> 96, timepoint);
        if (word == 0) return isOpen(head) && timepoint >= head & MASK_48 ? (true, present) : (false, 0);
        return timepoint >= (word >> 104) & MASK_48 ? (true, word & MASK_104) : (false, 0);
    }

    /// @dev Whether {totalAt} answers, or will once the second is over.
    function isKnown(Totals storage totals, uint256 timepoint) internal view returns (bool known) {
        if (timepoint < block.timestamp) {
            (known, ) = totalAt(totals, timepoint, 0);
        } else {
            uint256 head = totals.head;
            // An open span begins now or earlier.
            known = isOpen(head) && timepoint <= (head >> 48) & MASK_48;
        }
    }

    /// @dev The first entry that ends at `timepoint` or later; 0 if there is none.
    function _entryOver(Totals storage totals, uint256 count, uint256 timepoint) private view returns (uint256) {
        uint256 low;
        uint256 high = count;
        while (low < high) {
            // The last one first: what is asked for is mostly recent.
            uint256 middle = high == count ? high - 1 : (low + high) / 2;
            if (totals.entries[middle] >> 152 < timepoint) low = middle + 1;
            else high = middle;
        }
        return low == count ? 0 : totals.entries[low];
    }
}
