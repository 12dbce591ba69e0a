// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../interfaces/IStakeVault.sol";

/// @title What a slashing module may still take in this epoch (decision D15)
/// @notice Budgets are kept in LOTs of 1e9 stake units so that three of them fit one slot; a slash costs its lots rounded
/// up, so the cap is never exceeded.
library SlashBudget {
    uint256 internal constant LOT = 1e9;
    uint256 private constant WAD = 1e18;

    /// @notice The budget belongs to an epoch that is over.
    function isStale(IStakeVault.Slasher storage s) internal view returns (bool) {
        return block.timestamp >= s.epochEndsAt;
    }

    /// @notice Gives the epoch's cap: first to deferrals, the rest to new slashes.
    /// @param epochEndsAt Unix second.
    /// @param masaStaked All staked MASA, wei.
    function renew(IStakeVault.Slasher storage s, uint40 epochEndsAt, uint256 masaStaked) internal {
        takeDueCap(s);
        uint256 cap = capOf(s, masaStaked);
        uint256 deferred = s.deferredTotal < cap ? s.deferredTotal : cap;
        s.epochEndsAt = epochEndsAt;
        s.left = uint64(cap - deferred);
        s.deferredLeft = uint64(deferred);
    }

    /// @notice Makes a scheduled cap the cap, if it is due in the epoch of this block.
    function takeDueCap(IStakeVault.Slasher storage s) internal {
        if (!isStale(s) || s.nextFrom == 0 || block.timestamp < s.nextFrom) return;
        s.capShare = s.nextCapShare;
        s.nextFrom = 0;
    }

    /// @dev The first slot of a slasher: one read and one write are all that a warm booking needs of it.
    function load(IStakeVault.Slasher storage s) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(s.slot)
        }
    }

    /// @notice As {isStale}, of a loaded slot.
    function isStale(uint256 word) internal view returns (bool) {
        return block.timestamp >= uint40(word);
    }

    /// @param word Of {load}.
    /// @return booked `amount`, or what the budget had left of it, stake units.
    function spend(IStakeVault.Slasher storage s, uint256 word, uint256 amount) internal returns (uint256 booked) {
        uint256 lots = lotsUp(amount);
        uint256 left = uint64(word >> 40);
        booked = amount;
        if (lots > left) (lots, booked) = (left, left * LOT);
        assembly ("memory-safe") {
            // `left` is at least `lots`: no borrow reaches the fields above.
            sstore(s.slot, sub(word, shl(40, lots)))
        }
    }

    /// @return booked `amount`, or what is left of the epoch's budget for deferrals, stake units.
    function spendDeferred(IStakeVault.Slasher storage s, uint256 amount) internal returns (uint256 booked) {
        uint256 lots = lotsUp(amount);
        uint256 left = s.deferredLeft;
        if (lots <= left) booked = amount;
        else (lots, booked) = (left, left * LOT);
        s.deferredLeft = uint64(left - lots);
        s.deferredTotal -= uint64(lots);
    }

    /// @notice Lets a deferral of `previous` stake units grow by `excess`, as far as all deferrals together stay within
    /// one epoch's cap: a captured module freezes no more than it could take.
    /// @return accepted Stake units.
    function defer(
        IStakeVault.Slasher storage s,
        uint256 previous,
        uint256 excess,
        uint256 masaStaked
    ) internal returns (uint256 accepted) {
        uint256 cap = capOf(s, masaStaked);
        uint256 room = cap > s.deferredTotal ? cap - s.deferredTotal : 0;
        uint256 lots = lotsUp(previous + excess) - lotsUp(previous);
        accepted = excess;
        if (lots > room) (lots, accepted) = (room, room * LOT);
        s.deferredTotal += uint64(lots);
    }

    /// @return cap Of an epoch, LOTs, rounded down.
    function capOf(IStakeVault.Slasher storage s, uint256 masaStaked) internal view returns (uint256 cap) {
        cap = type(uint64).max;
        if (s.capShare == cap) return cap;
        uint256 lots = (masaStaked * s.capShare) / WAD / LOT;
        if (lots < cap) cap = lots;
    }

    /// @notice Lowers the cap with the next epoch; a raise waits until `from`.
    function setCap(IStakeVault.Slasher storage s, uint64 capShare, uint40 from) internal {
        s.nextCapShare = capShare;
        s.nextFrom = from;
    }

    function lotsUp(uint256 amount) internal pure returns (uint256) {
        // No overflow: whatever is slashed or deferred is spoken for in 104 bits.
        unchecked {
            return (amount + (LOT - 1)) / LOT;
        }
    }
}
