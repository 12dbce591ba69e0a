// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IGuardian} from "../interfaces/IGuardian.sol";
import {NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";

/// @title Guardian
/// @notice Rights that governance lends for a term. See {IGuardian}.
contract Guardian is IGuardian, Ownable {
    /// @dev One slot.
    struct Loan {
        address holder;
        uint40 until; // last second of its term
    }

    uint256 public constant MAX_TERM = 365 days;

    IStakeVault public immutable vault;
    INodeStanding public immutable standing;
    mapping(Right right => Loan) private _loans;
    /// @dev Slashes for which utility was given back: once each.
    mapping(address account => mapping(uint256 id => bool)) private _restored;

    /// @param holder Holds all three rights for `term` seconds from deployment.
    constructor(
        address owner_,
        IStakeVault vault_,
        INodeStanding standing_,
        address holder,
        uint256 term
    ) Ownable(owner_) {
        if (address(vault_) == address(0) || address(standing_) == address(0)) revert Guardian_ZeroAddress();
        vault = vault_;
        standing = standing_;
        _lend(Right.CancelProposal, holder, term);
        _lend(Right.ReverseSlash, holder, term);
        _lend(Right.CancelRewardRoot, holder, term);
    }

    /// @inheritdoc IGuardian
    function lend(Right right, address holder, uint256 term) external onlyOwner {
        _lend(right, holder, term);
    }

    /// @inheritdoc IGuardian
    function reverseSlash(
        address account,
        uint256 id,
        uint256 masa,
        uint256 tao,
        NodeRole role,
        uint256 utility
    ) external {
        _requireRight(Right.ReverseSlash);
        vault.reverseSlash(account, id, masa, tao);
        if (utility != 0) {
            if (_restored[account][id]) revert Guardian_AlreadyRestored(account, id);
            _restored[account][id] = true;
        }
        standing.forgive(account, role, utility);
        emit SlashForgiven(account, id, masa, tao, utility);
    }

    /// @inheritdoc IGuardian
    function holderOf(Right right) external view returns (address) {
        return _loans[right].holder;
    }

    /// @inheritdoc IGuardian
    function rightUntil(Right right) external view returns (uint256) {
        return _loans[right].until;
    }

    function _requireRight(Right right) private view {
        Loan memory loan = _loans[right];
        if (msg.sender == owner() || (msg.sender == loan.holder && block.timestamp <= loan.until)) return;
        revert Guardian_RightNotHeld(right, msg.sender, loan.until, block.timestamp);
    }

    function _lend(Right right, address holder, uint256 term) private {
        if (term > MAX_TERM) revert Guardian_TermTooLong(term, MAX_TERM);
        if (holder == address(0)) revert Guardian_ZeroAddress();
        uint40 until = term == 0 ? 0 : uint40(block.timestamp + term);
        _loans[right] = Loan(holder, until);
        emit RightLent(right, holder, until);
    }
}
