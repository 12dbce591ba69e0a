// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernanceMath} from "../../contracts/math/GovernanceMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of quorum and threshold
contract GovernanceMathTest is Test {
    uint256 private constant WAD = 1e18;

    function test_EqualityPassesAndAWeiLessDoesNot() public pure {
        uint256 needed = GovernanceMath.quorumUp(1_000, 0.04e18, 0);
        assertEq(needed, 40, "EQ-21: 4 % of 1,000");
        assertTrue(GovernanceMath.passes(30, 20, 10, needed, 0.6e18), "D10: both met at equality");
        assertFalse(GovernanceMath.passes(30, 20, 9, needed, 0.6e18), "EQ-21: quorum missed by a wei");
        assertFalse(GovernanceMath.passes(30, 21, 10, needed, 0.6e18), "EQ-21: threshold missed by a wei");
        assertFalse(GovernanceMath.passes(0, 0, 40, needed, 0), "EQ-21: nobody is for it");
    }

    function testFuzz_QuorumIsAShareRoundedUpAndNotBelowTheFloor(
        uint104 total,
        uint64 share,
        uint104 least
    ) public pure {
        uint256 quorum = bound(share, 0, WAD);
        uint256 needed = GovernanceMath.quorumUp(total, quorum, least);
        assertGe(needed, least, "EQ-21: the floor");
        assertGe(needed * WAD, quorum * total, "EQ-21: not less than the share");
        if (needed > least) assertLt((needed - 1) * WAD, quorum * total, "EQ-21: by less than a wei more");
    }

    function testFuzz_AVoteForNeverHurtsAndOneAgainstNeverHelps(
        uint96[3] calldata votes,
        uint64 threshold,
        uint104 needed,
        uint96 added
    ) public pure {
        uint256 share = bound(threshold, 0, WAD);
        bool passed = GovernanceMath.passes(votes[0], votes[1], votes[2], needed, share);
        bool withFor = GovernanceMath.passes(uint256(votes[0]) + added, votes[1], votes[2], needed, share);
        bool withAgainst = GovernanceMath.passes(votes[0], uint256(votes[1]) + added, votes[2], needed, share);
        if (passed) assertTrue(withFor, "EQ-21: more votes for");
        if (!passed) assertFalse(withAgainst, "EQ-21: more votes against");
    }

    function testFuzz_AbstentionsCountForTheQuorumAlone(uint96[3] calldata votes, uint64 threshold) public pure {
        uint256 share = bound(threshold, 0, WAD);
        bool without = GovernanceMath.passes(votes[0], votes[1], 0, 0, share);
        assertEq(GovernanceMath.passes(votes[0], votes[1], votes[2], 0, share), without, "D10: not in the ratio");
        bool enough = GovernanceMath.isQuorumMet(votes[0], votes[2], uint256(votes[0]) + votes[2]);
        assertTrue(enough, "D10: in the quorum, met at equality");
    }
}
