// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {VotesExtended} from "@openzeppelin/contracts/governance/utils/VotesExtended.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {PeerVotes} from "./PeerVotes.sol";

/// @title OpenZeppelin's ERC20Votes with VotesExtended, what its overridable counting needs, for the bench
contract PeerVotesExtended is PeerVotes, VotesExtended {
    constructor(uint256 supply) PeerVotes(supply) {}

    function nonces(address owner) public view override(PeerVotes, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _delegate(address account, address delegatee) internal override(Votes, VotesExtended) {
        super._delegate(account, delegatee);
    }

    function _transferVotingUnits(address from, address to, uint256 amount) internal override(Votes, VotesExtended) {
        super._transferVotingUnits(from, to, amount);
    }
}
