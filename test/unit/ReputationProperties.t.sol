// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {ReputationBed} from "../support/ReputationBed.sol";

/// @title What holds of rewards whatever people do: splitting gains nothing, and no epoch is overpaid
contract ReputationPropertiesTest is ReputationBed {
    uint256 private constant PROPOSALS = 4;
    uint256 private constant MAX_PARTS = 5;
    uint256 private constant CROWD = 6;

    /// @dev What somebody does about a proposal.
    enum Conduct {
        Nothing,
        Votes,
        VotesWithReason,
        Overrides,
        Delegates,
        DelegatesAndOverrides
    }

    uint256[] private _ids;
    uint64[] private _epochs;

    function _draw(uint256 seed, uint256 what, uint256 range) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what))) % range;
    }

    /// @dev Before the snapshot: to whom the residual goes.
    function _prepare(address account, Conduct conduct) private {
        bool delegates = conduct == Conduct.Delegates || conduct == Conduct.DelegatesAndOverrides;
        address delegatee = delegates ? worker : account;
        if (votes.delegates(account) != delegatee) _delegate(account, delegatee);
    }

    function _act(address account, Conduct conduct, uint256 proposalId, uint8 support) private {
        if (conduct == Conduct.Votes) _vote(account, proposalId, support);
        else if (conduct == Conduct.VotesWithReason) _voteWithReason(account, proposalId, support);
        else if (conduct == Conduct.Overrides) _override(account, proposalId, support, "");
        else if (conduct == Conduct.DelegatesAndOverrides) _override(account, proposalId, support, "because");
    }

    // ---------------------------------------------------------------- splitting

    /// One account with N units, and as many accounts as it takes with N in all, which do the same.
    function testFuzz_SplittingAnAccountGainsNothing(uint256 seed, uint256 units, uint8 parts) public {
        units = bound(units, 1e18, 500_000e18);
        uint256 count = bound(parts, 2, MAX_PARTS);
        address whole = _account(100);
        address[] memory split = new address[](count);
        uint256 rest = units;
        for (uint256 i; i < count; ++i) {
            split[i] = _account(101 + i);
            uint256 share = i == count - 1 ? rest : _draw(seed, 1_000 + i, rest / 2) + 1;
            _stake(split[i], share);
            rest -= share;
        }
        _stake(whole, units);
        for (uint256 n; n < PROPOSALS; ++n) {
            _runBoth(seed, n, whole, split);
        }
        _nextEpoch();
        uint256 wholeWeight;
        uint256 splitWeight;
        uint256 wholePaid;
        uint256 splitPaid;
        for (uint256 n; n < _epochs.length; ++n) {
            wholeWeight += reputation.weightOf(whole, _epochs[n]);
            wholePaid += _claim(whole, _epochs[n]);
            for (uint256 i; i < count; ++i) {
                splitWeight += reputation.weightOf(split[i], _epochs[n]);
                splitPaid += _claim(split[i], _epochs[n]);
            }
        }
        // A wei for the units of a delegate and one for the weight, of each account and proposal.
        assertNear(wholeWeight, splitWeight, 2 * (count + 1) * PROPOSALS, "weights");
        assertNear(wholePaid, splitPaid, 2 * (count + 1) * PROPOSALS, "rewards");
        for (uint256 i; i < count; ++i) {
            IReputation.Standing memory one = reputation.standingOf(split[i]);
            assertEq(
                keccak256(abi.encode(one)),
                keccak256(abi.encode(reputation.standingOf(whole))),
                "standing is of conduct, not of units"
            );
        }
    }

    function _runBoth(uint256 seed, uint256 n, address whole, address[] memory split) private {
        Conduct conduct = Conduct(_draw(seed, n, 6));
        _prepare(whole, conduct);
        for (uint256 i; i < split.length; ++i) {
            _prepare(split[i], conduct);
        }
        uint256 proposalId = _propose(alice, uint8(_draw(seed, n + 100, 4)));
        _open(proposalId);
        _vote(alice, proposalId, FOR);
        bool delegateVotes = _draw(seed, n + 200, 2) == 0;
        if (delegateVotes) _vote(worker, proposalId, AGAINST);
        _act(whole, conduct, proposalId, uint8(_draw(seed, n + 300, 3)));
        for (uint256 i; i < split.length; ++i) {
            _act(split[i], conduct, proposalId, uint8(_draw(seed, n + 400 + i, 3)));
        }
        _count(proposalId);
        _epochs.push(_epoch());
        if (conduct == Conduct.Nothing || (conduct == Conduct.Delegates && !delegateVotes)) return;
        _credit(whole, proposalId);
        for (uint256 i; i < split.length; ++i) {
            _credit(split[i], proposalId);
        }
    }

    function _claim(address account, uint64 epoch) private returns (uint256) {
        return reputation.weightOf(account, epoch) == 0 ? 0 : reputation.claim(account, epoch);
    }

    // ---------------------------------------------------------------- budgets

    /// A crowd with residuals and edges, which votes, delegates and overrides as it comes, in epochs of several
    /// proposals; everything is credited, and everything is claimed.
    function testFuzz_NoEpochIsOverpaid(uint256 seed, uint64 base, uint64 delegatedRate, uint64 gain) public {
        _drawParameters(base, delegatedRate, gain);
        address[] memory crowd = new address[](CROWD + 2);
        for (uint256 i; i < CROWD; ++i) {
            crowd[i] = _account(200 + i);
            _stake(crowd[i], 1 + _draw(seed, i, 400_000e18));
        }
        (crowd[CROWD], crowd[CROWD + 1]) = (worker, other);
        uint256 pot = _pot();
        for (uint256 n; n < PROPOSALS; n += 2) {
            _runPair(uint256(keccak256(abi.encode(seed, n))), crowd);
            _checkWeights(_epoch(), crowd);
            _epochs.push(_epoch());
            _nextEpoch();
        }
        uint256 paid;
        for (uint256 n; n < _epochs.length; ++n) {
            paid += _checkClaims(_epochs[n], crowd);
            assertEq(_pot(), pot - paid, "the pot pays what was claimed and no more");
            assertLe(reputation.reserved(), _pot(), "all that is reserved is there");
        }
        for (uint256 n; n < _ids.length; ++n) {
            paid += reputation.claimProposal(_ids[n]);
        }
        assertEq(_pot(), pot - paid, "nor to proposers");
        uint256 left;
        for (uint256 n; n < _epochs.length; ++n) {
            left += reputation.bookOf(_epochs[n]).left;
        }
        assertEq(reputation.reserved(), left, "what is left is reserved");
    }

    function _drawParameters(uint64 base, uint64 delegatedRate, uint64 gain) private {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.base = uint64(bound(base, 0.2e18, WAD));
        p.delegatedRate = uint64(bound(delegatedRate, 0, WAD - 1));
        p.voteGain = uint64(bound(gain, 0, 0.5e18));
        p.maxPerWeight = 0.05e18;
        reputation.setReputationParameters(p);
    }

    /// @dev Two proposals at once, closed in one epoch.
    function _runPair(uint256 seed, address[] memory crowd) private {
        for (uint256 i; i < CROWD; ++i) {
            _prepare(crowd[i], Conduct(_draw(seed, i, 6)));
            uint256 units = votes.unitsOf(crowd[i]) / (2 + _draw(seed, 50 + i, 3));
            if (units != 0 && votes.edgesOf(crowd[i]).length == 0) _edge(crowd[i], other, units);
        }
        uint256 first = _propose(alice, uint8(_draw(seed, 60, 4)));
        uint256 second = _propose(alice, uint8(_draw(seed, 61, 4)));
        _open(first);
        _voteOn(uint256(keccak256(abi.encode(seed, 1))), first, crowd);
        _voteOn(uint256(keccak256(abi.encode(seed, 2))), second, crowd);
        uint256 end = governor.proposalDeadline(first);
        if (governor.proposalDeadline(second) > end) end = governor.proposalDeadline(second);
        vm.warp(end + 1);
        reputation.close(first);
        reputation.close(second);
        _ids.push(first);
        _ids.push(second);
        _creditAll(first, crowd);
        _creditAll(second, crowd);
    }

    function _voteOn(uint256 seed, uint256 proposalId, address[] memory crowd) private {
        _vote(alice, proposalId, FOR);
        // Delegates before or after those who take their votes back.
        for (uint256 i; i < crowd.length; ++i) {
            uint256 who = (i + _draw(seed, 70, crowd.length)) % crowd.length;
            uint256 what = _draw(seed, 80 + who, 5);
            uint8 support = uint8(_draw(seed, 90 + who, 3));
            address account = crowd[who];
            if (what == 1) _vote(account, proposalId, support);
            else if (what == 2) _voteWithReason(account, proposalId, support);
            else if (what == 3 && who < CROWD) _overrideAll(account, proposalId, support);
            else if (what == 4 && who < CROWD && votes.residualOf(account) != 0) {
                _override(account, proposalId, support, "");
            }
        }
    }

    function _overrideAll(address account, uint256 proposalId, uint8 support) private {
        if (votes.residualOf(account) == 0 || votes.edgesOf(account).length == 0) return;
        vm.prank(account);
        governor.castOverrideVoteOn(proposalId, support, true, _list(other), "because");
    }

    function _creditAll(uint256 proposalId, address[] memory crowd) private {
        for (uint256 i; i < crowd.length; ++i) {
            vm.prank(crowd[i]);
            // Who has nothing to be credited for is refused.
            try reputation.credit(crowd[i], proposalId, true, _list(other)) {} catch (bytes memory reason) {
                assertEq(
                    reason,
                    abi.encodeWithSelector(IReputation.Reputation_NothingToCredit.selector, crowd[i], proposalId),
                    "refused for another reason"
                );
            }
        }
        vm.prank(alice);
        reputation.credit(alice, proposalId, true, _none());
    }

    function _checkWeights(uint64 epoch, address[] memory crowd) private view {
        uint256 sum = reputation.weightOf(alice, epoch);
        for (uint256 i; i < crowd.length; ++i) {
            sum += reputation.weightOf(crowd[i], epoch);
        }
        assertLe(sum, reputation.bookOf(epoch).weight, "no credits weigh more than what was cast");
    }

    function _checkClaims(uint64 epoch, address[] memory crowd) private returns (uint256 paid) {
        uint256 free = _pot() - reputation.reserved();
        paid = _claim(alice, epoch);
        for (uint256 i; i < crowd.length; ++i) {
            paid += _claim(crowd[i], epoch);
        }
        IReputation.EpochBook memory book = reputation.bookOf(epoch);
        assertLe(paid, book.voters, "an epoch pays its budget at most");
        assertLe(uint256(book.voters) + book.proposers, free / 5, "a budget is a fifth of the pot at most");
        assertLe(
            uint256(book.voters) + book.proposers,
            (uint256(book.weight) * 0.05e18) / WAD,
            "and a twentieth of what was cast"
        );
    }
}
