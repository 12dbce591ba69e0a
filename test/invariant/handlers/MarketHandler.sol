// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {MasaFixture} from "../../support/MasaFixture.sol";

/// @title What accounts do in the market, at random, beside a model of what should come of it
/// @notice Actions never revert: what cannot be done now is left out, what may be refused is refused for a reason that
/// is checked. The model is kept in the `model…` variables by rules of its own and never reads a balance.
abstract contract MarketHandler is MasaFixture {
    struct ModelRequest {
        bool exists;
        uint256 closings; // times it was settled, cancelled or closed
        uint256 paid;
        uint256 refunded;
    }

    uint256 public constant ASKERS = 3;
    uint256 public constant WORKERS = 5;

    /// @notice Askers first, then workers.
    address[] public accounts;
    /// @notice How often an action or outcome happened; "calls" counts every action that was tried.
    mapping(bytes32 what => uint256) public times;

    mapping(address account => uint256) public modelCredit;
    mapping(address account => uint256) public modelReserved;
    /// @notice Staked and unbonding.
    mapping(address account => uint256) public modelHeld;
    mapping(uint256 requestId => ModelRequest) private _modelRequests;
    uint256 public modelDonated;
    uint256 private _now;

    /// @dev Keeps this handler's time, whatever the runner does between calls.
    modifier action() {
        vm.warp(_now);
        ++times["calls"];
        _;
    }

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i; i < ASKERS; ++i) {
            accounts.push(_registerOracle(1 + i, 500_000e18, 0));
            modelHeld[accounts[i]] = 500_000e18;
        }
        for (uint256 i; i < WORKERS; ++i) {
            accounts.push(_registerWorker(11 + i, 300_000e18));
            modelHeld[accounts[ASKERS + i]] = 300_000e18;
        }
        _keepTime();
    }

    function _keepTime() internal {
        _now = block.timestamp;
    }

    // ---------------------------------------------------------------- actions

    function warp(uint256 by) external action {
        // Mostly less than an answer takes, at times past every deadline, now and then past an unbonding.
        uint256 kind = (by >> 128) % 32;
        _now +=
            kind == 0
                ? UNBONDING
                : kind < 4
                    ? by % 1 hours
                    : by % 3 minutes;
        vm.warp(_now);
        ++times["warp"];
    }

    function roll() external action {
        if (manager.roll()) ++times["roll"];
    }

    function deposit(uint256 who, uint256 amount) external action {
        _depositFor(_anybody(who), bound(amount, 1, 100_000e18));
    }

    function withdrawCredit(uint256 who, uint256 amount) external action {
        address account = _anybody(who);
        amount = bound(amount, 0, modelCredit[account]);
        uint256 before = masa.balanceOf(account);
        vm.prank(account);
        escrow.withdrawCredit(account, amount);
        assertEq(masa.balanceOf(account) - before, amount, "I-03 credit is paid out in full");
        modelCredit[account] -= amount;
        ++times["withdrawCredit"];
    }

    function donate(uint256 amount) external action {
        amount = bound(amount, 1, 10e18);
        _fund(address(escrow), amount);
        modelDonated += amount;
        ++times["donate"];
    }

    function stake(uint256 who, uint256 amount) external action {
        address account = _worker(who);
        amount = bound(amount, 1, 50_000e18);
        _stake(account, amount);
        modelHeld[account] += amount;
        ++times["stake"];
    }

    function unbond(uint256 who, uint256 amount) external action {
        address account = _worker(who);
        IStakeVault.Position memory position = vault.positionOf(account, address(masa));
        if (position.staked == 0) return;
        // Reserved stake too: it stays slashable in the queue.
        _unbond(account, bound(amount, 1, position.staked));
        ++times["unbond"];
    }

    function withdrawStake(uint256 who, uint256 id) external action {
        address account = _worker(who);
        uint256 count = vault.positionOf(account, address(masa)).nextUnbondingId;
        if (count == 0) return;
        id = bound(id, 0, count - 1);
        (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(account, address(masa), id);
        if (entry.shares == 0 || entry.maturesAt > _now) return;
        uint256 before = masa.balanceOf(account);
        vm.prank(account);
        vault.withdraw(address(masa), id, type(uint256).max, account);
        modelHeld[account] -= masa.balanceOf(account) - before;
        ++times["withdrawStake"];
    }

    function submit(uint256 who, uint256 reward, uint256 seed) external action {
        address asker = accounts[who % ASKERS];
        if (modelCredit[asker] == 0) _depositFor(asker, bound(reward, 1, 10_000e18));
        IRequestEscrow.MarketTerms memory terms = escrow.marketTermsOf(escrow.currentTerms());
        IRequestEscrow.Submission memory s = _submission(uint96(bound(reward, 1, modelCredit[asker])));
        s.hasEvidence = seed & 1 == 1;
        s.maxResponses = uint8(1 + ((seed >> 1) % 3));
        s.minQuality = uint64(terms.qualityThreshold.unwrap() + ((seed >> 8) % (terms.maxMargin.unwrap() + 1)));
        s.responseWindow = uint32(60 + ((seed >> 80) % 10 minutes));
        uint256 id = _submit(asker, s);
        modelCredit[asker] -= s.baseReward;
        _modelRequests[id].exists = true;
        ++times["submit"];
    }

    /// @dev One to three workers answer a request.
    function commit(uint256 who, uint256 which) external action {
        uint256 id = (which >> 8) % 8 == 0 ? _recent(which) : _answerable(which);
        if (id == 0 || _modelRequests[id].closings != 0) return;
        for (uint256 i; i <= (which >> 16) % 3; ++i) {
            _commitAs(_worker((who % WORKERS) + i), id);
        }
    }

    function cancel(uint256 which) external action {
        uint256 id = _recent(which);
        if (id == 0 || _modelRequests[id].closings != 0) return;
        IRequestEscrow.Request memory request = escrow.requestOf(id);
        if (request.responses != 0) return;
        vm.prank(request.asker);
        escrow.cancel(id);
        _modelRefund(id, request);
        ++times["cancel"];
    }

    function close(uint256 which) external action {
        uint256 id = _recent(which);
        if (id == 0 || _modelRequests[id].closings != 0) return;
        IRequestEscrow.Request memory request = escrow.requestOf(id);
        if (_now <= (request.responses == 0 ? request.responseDeadline : request.scoringDeadline)) return;
        escrow.close(id);
        IRequestEscrow.Commitment[] memory commitments = escrow.commitmentsOf(id);
        for (uint256 i; i < commitments.length; ++i) {
            modelReserved[commitments[i].worker] -= _slashOf(id);
        }
        _modelRefund(id, request);
        ++times[commitments.length == 0 ? bytes32("expired") : bytes32("unscored")];
    }

    function changeTerms(uint256 seed) external action {
        if (seed % 4 != 0) return; // requests of one set of terms should meet each other too
        IRequestEscrow.MarketTerms memory terms;
        terms.qualityThreshold = ud2x18(uint64(0.3e18 + ((seed >> 2) % 0.4e18)));
        terms.slashShare = ud2x18(uint64(1 + ((seed >> 64) % (WAD - 1))));
        terms.maxMargin = ud2x18(uint64((seed >> 128) % 0.2e18));
        uint64 factual = uint64((seed >> 192) % 0.5e18);
        (terms.weightFactual, terms.weightRelevance) = (ud2x18(factual), ud2x18(0.3e18));
        (terms.weightCoherence, terms.weightResponseTime) = (ud2x18(0.2e18), ud2x18(0.5e18 - factual));
        escrow.setMarketTerms(terms);
        ++times["changeTerms"];
    }

    // ---------------------------------------------------------------- views

    function modelRequestOf(uint256 id) external view returns (ModelRequest memory) {
        return _modelRequests[id];
    }

    /// @notice What the account's open commitments may still cost: those whose scoring deadline has not passed.
    function modelAtRisk(address account) external view returns (uint256 atRisk) {
        for (uint256 id = escrow.requestCount(); id != 0; --id) {
            IRequestEscrow.Request memory request = escrow.requestOf(id);
            if (_modelRequests[id].closings != 0 || request.scoringDeadline < _now) continue;
            IRequestEscrow.Commitment[] memory commitments = escrow.commitmentsOf(id);
            for (uint256 i; i < commitments.length; ++i) {
                if (commitments[i].worker == account) atRisk += _slashOf(id);
            }
        }
    }

    function protocol() external view returns (address masa_, address vault_, address escrow_, address consensus_) {
        return (address(masa), address(vault), address(escrow), address(consensus));
    }

    // ---------------------------------------------------------------- model

    /// @dev Lines of a report about requests of this handler and, now and then, about none; some of them malformed.
    function _randomResults(uint256 seed) internal view returns (IRequestEscrow.RequestResult[] memory results) {
        results = new IRequestEscrow.RequestResult[](1 + (seed % 3));
        for (uint256 i; i < results.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            uint256 id = (word >> 4) % 4 == 0 ? _recent(word) : _ripe(word);
            if (word % 32 == 0) id = type(uint256).max - i;
            uint256 count = escrow.requestOf(id).responses;
            if ((word >> 8) % 16 == 0) ++count;
            results[i].requestId = id;
            results[i].responses = new IRequestEscrow.ResponseScore[](count);
            for (uint256 j; j < count; ++j) {
                results[i].responses[j] = _randomScore(uint256(keccak256(abi.encode(word, j))));
            }
        }
    }

    /// @dev One answer in 16 is unscored, one in 16 fraud; one score in 64 is above full marks; a third of all tie.
    function _randomScore(uint256 word) private pure returns (IRequestEscrow.ResponseScore memory score) {
        score = _score(uint32((word % 5) * 25e7));
        if (word % 3 != 0) {
            score.relevance = uint32((word >> 32) % (1e9 + 1));
            score.coherence = uint32((word >> 64) % (1e9 + 1));
            score.factual = uint32((word >> 96) % (1e9 + 1));
            score.responseTime = uint32((word >> 128) % (1e9 + 1));
        }
        score.throughput = uint32(word >> 160);
        score.scored = (word >> 192) % 16 != 0;
        if ((word >> 196) % 16 == 0) score.fraud = 1;
        if ((word >> 200) % 64 == 0) score.coherence = 1e9 + 1;
    }

    /// @dev What a final report does, line by line; called before the real one.
    function _modelSettle(IRequestEscrow.RequestResult[] memory results) internal {
        for (uint256 i; i < results.length; ++i) {
            if (_modelSettles(results[i])) _modelLine(results[i]);
            else ++times["skipped"];
        }
    }

    function _modelSettles(IRequestEscrow.RequestResult memory result) private view returns (bool anyScored) {
        ModelRequest storage model = _modelRequests[result.requestId];
        if (!model.exists || model.closings != 0) return false;
        IRequestEscrow.Request memory request = escrow.requestOf(result.requestId);
        bool full = request.responses == request.maxResponses;
        if (_now > request.scoringDeadline || (_now <= request.responseDeadline && !full)) return false;
        if (result.responses.length != request.responses) return false;
        for (uint256 i; i < result.responses.length; ++i) {
            IRequestEscrow.ResponseScore memory score = result.responses[i];
            if (score.coherence > 1e9) return false; // the only one that {_randomScore} exceeds
            if (score.scored) anyScored = true;
        }
    }

    function _modelLine(IRequestEscrow.RequestResult memory result) private {
        IRequestEscrow.Request memory request = escrow.requestOf(result.requestId);
        IRequestEscrow.Commitment[] memory commitments = escrow.commitmentsOf(result.requestId);
        uint256 tau = escrow.marketTermsOf(request.terms).qualityThreshold.unwrap();
        uint256 slash = _slashOf(result.requestId);
        address winner;
        uint256 best;
        for (uint256 i; i < commitments.length; ++i) {
            address worker = commitments[i].worker;
            modelReserved[worker] -= slash;
            if (!result.responses[i].scored) continue;
            uint256 quality = _modelQuality(result.responses[i], request);
            if (quality < tau) {
                modelHeld[worker] -= slash < modelHeld[worker] ? slash : modelHeld[worker];
                ++times["slashed"];
            } else if (quality >= request.minQuality && quality > best) {
                (winner, best) = (worker, quality);
            }
        }
        uint256 paid = winner == address(0) ? 0 : (uint256(request.baseReward) * best) / WAD;
        if (winner != address(0)) modelCredit[winner] += paid;
        modelCredit[request.asker] += request.baseReward - paid;
        ModelRequest storage model = _modelRequests[result.requestId];
        ++model.closings;
        (model.paid, model.refunded) = (paid, request.baseReward - paid);
        ++times[winner == address(0) ? bytes32("rejected") : bytes32("paid")];
    }

    function _modelQuality(
        IRequestEscrow.ResponseScore memory score,
        IRequestEscrow.Request memory request
    ) private view returns (uint256) {
        if (score.fraud != 0) return 0;
        IRequestEscrow.MarketTerms memory t = escrow.marketTermsOf(request.terms);
        uint256 sum =
            uint256(score.relevance) * t.weightRelevance.unwrap() +
                uint256(score.coherence) * t.weightCoherence.unwrap() +
                uint256(score.responseTime) * t.weightResponseTime.unwrap();
        if (!request.hasEvidence) return (sum * 1e9) / (WAD - t.weightFactual.unwrap());
        return ((sum + uint256(score.factual) * t.weightFactual.unwrap()) * 1e9) / WAD;
    }

    function _modelRefund(uint256 id, IRequestEscrow.Request memory request) private {
        modelCredit[request.asker] += request.baseReward;
        ++_modelRequests[id].closings;
        _modelRequests[id].refunded = request.baseReward;
    }

    // ---------------------------------------------------------------- helpers

    /// @dev ⌈κ·R_base⌉, at least 1.
    function _slashOf(uint256 id) internal view returns (uint256 slash) {
        IRequestEscrow.Request memory request = escrow.requestOf(id);
        slash = (uint256(request.baseReward) * escrow.marketTermsOf(request.terms).slashShare.unwrap() + WAD - 1) / WAD;
        if (slash == 0) slash = 1;
    }

    /// @dev Refused where a worker was marked short, is late or has too little free stake, and for no other reason.
    function _commitAs(address worker, uint256 id) private {
        uint256 slash = _slashOf(id);
        vm.prank(worker);
        try escrow.commit(id, bytes32(uint256(1))) {
            modelReserved[worker] += slash;
            ++times["commit"];
        } catch (bytes memory reason) {
            bytes4 error_ = bytes4(reason);
            assertTrue(
                error_ == IRequestEscrow.RequestEscrow_NotEligible.selector ||
                    error_ == IRequestEscrow.RequestEscrow_ResponsesClosed.selector ||
                    error_ == IRequestEscrow.RequestEscrow_ResponsesFull.selector ||
                    error_ == IRequestEscrow.RequestEscrow_AlreadyCommitted.selector ||
                    error_ == IStakeVault.StakeVault_InsufficientFreeStake.selector,
                "I-18 refused for a known reason"
            );
            ++times["commit refused"];
        }
    }

    function _depositFor(address account, uint256 amount) private {
        _deposit(account, amount);
        modelCredit[account] += amount;
        ++times["deposit"];
    }

    function _anybody(uint256 who) private view returns (address) {
        return accounts[who % accounts.length];
    }

    function _worker(uint256 who) private view returns (address) {
        return accounts[ASKERS + (who % WORKERS)];
    }

    /// @dev One of the latest requests that can be settled now; any of them where none can.
    function _ripe(uint256 which) private view returns (uint256 id) {
        for (uint256 i; i < 6; ++i) {
            id = _recent((which % 6) + i);
            IRequestEscrow.Request memory request = escrow.requestOf(id);
            if (request.responses == 0 || _modelRequests[id].closings != 0) continue;
            if (request.responses == request.maxResponses || _now > request.responseDeadline) return id;
        }
    }

    /// @dev One of the latest requests that takes answers now; any of them where none does.
    function _answerable(uint256 which) private view returns (uint256 id) {
        for (uint256 i; i < 6; ++i) {
            id = _recent((which % 6) + i);
            IRequestEscrow.Request memory request = escrow.requestOf(id);
            bool open = _modelRequests[id].closings == 0 && _now <= request.responseDeadline;
            if (open && request.responses < request.maxResponses) return id;
        }
    }

    /// @dev One of the six latest requests; 0 before the first.
    function _recent(uint256 which) private view returns (uint256) {
        uint256 count = escrow.requestCount();
        return count == 0 ? 0 : count - (which % (count < 6 ? count : 6));
    }
}
