// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "./INodeRegistry.sol";

/// @title Emergency rights that expire (decision D15)
/// @notice Governance lends three separate rights, each for a term: to cancel a proposal, to reverse a slash, to cancel
/// a reward root. A right that is not renewed lapses and falls back to governance alone.
interface IGuardian {
    enum Right {
        CancelProposal,
        ReverseSlash,
        CancelRewardRoot
    }

    event RightLent(Right indexed right, address indexed holder, uint256 until);
    event SlashForgiven(address indexed account, uint256 indexed id, uint256 masa, uint256 tao, uint256 utility);

    error Guardian_ZeroAddress();
    error Guardian_TermTooLong(uint256 term, uint256 most);
    /// @notice The caller is neither the owner nor the holder of `right`, or its term is over.
    error Guardian_RightNotHeld(Right right, address caller, uint256 until, uint256 now_);

    /// @notice The utility that this slash took was given back already.
    error Guardian_AlreadyRestored(address account, uint256 id);

    /// @notice Lends `right` to `holder` for `term` seconds from now; a term of 0 takes it back. Owner only.
    function lend(Right right, address holder, uint256 term) external;

    /// @notice Gives slashed funds back to the stake of `account` while they wait in the appeal pot, lifts what the
    /// slash did to its utility and its suspension. Holder of ReverseSlash, or the owner.
    /// @param id Of the slash record in the vault.
    /// @param masa Wei of MASA, at most what the record still holds.
    /// @param tao Units of TAO, at most what the record still holds.
    /// @param role In which the account was slashed.
    /// @param utility What the account's utility in that role becomes, WAD; 0 leaves it alone. At most 1 − γ above what
    /// it is, and once for a slash: none moved it by more.
    function reverseSlash(
        address account,
        uint256 id,
        uint256 masa,
        uint256 tao,
        NodeRole role,
        uint256 utility
    ) external;

    function holderOf(Right right) external view returns (address);

    /// @notice Last second of the term of `right`.
    function rightUntil(Right right) external view returns (uint256);
}
