// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingOverridable} from "@openzeppelin/contracts/governance/extensions/GovernorCountingOverridable.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {VotesExtended} from "@openzeppelin/contracts/governance/utils/VotesExtended.sol";

/// @title OpenZeppelin's Governor with overridable counting and the least settings, for the bench
contract PeerGovernorOverridable is Governor, GovernorCountingOverridable {
    constructor(VotesExtended votes) Governor("Peer") GovernorVotes(votes) {}

    function votingDelay() public pure override returns (uint256) {
        return 1;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 1_000_000;
    }

    function quorum(uint256) public pure override returns (uint256) {
        return 1;
    }
}
