// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeStanding} from "../../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {Results} from "../../support/Results.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title What should come of the market: requests, money and stake by rules of their own
/// @notice Nothing here reads the escrow. The fee of a request is asked of the fee curve, which has tests of its own.
abstract contract MarketModel is ProtocolHandler {
    struct ModelTerms {
        uint256 threshold;
        uint256 slashShare;
        uint256 posterShare;
        uint256[4] weights; // R, C, F, T
    }

    struct ModelRequest {
        IRequestEscrow.RequestState state;
        address asker;
        bool hasEvidence;
        uint256 maxResponses;
        uint256 baseReward;
        uint256 fee;
        uint256 minQuality;
        uint256 terms;
        uint256 responseDeadline;
        uint256 scoringDeadline;
        address[] workers;
        uint256 closings; // times it was settled, cancelled or closed
        uint256 paid;
        uint256 refunded; // of R_base
    }

    uint256 public constant ASKERS = 3;
    uint256 public constant WORKERS = 5;
    uint256 internal constant PERMIT_KEY = 0xa11ce;
    /// @dev Of R_base in an asker's consumption (D5), WAD.
    uint64 private constant RESOURCE_SHARE = 0.25e18;

    /// @notice Askers first, then workers, then one that is no node.
    address[] public accounts;
    mapping(address account => uint256) public modelCredit;
    uint256 public modelCreditSum;
    /// @notice Slashes that open commitments may cost, in whole units.
    mapping(address worker => uint256) public modelOpen;
    /// @notice Staked and unbonding, net of slashes.
    mapping(address worker => uint256) public modelHeld;
    uint256 public modelReserved;
    uint256 public modelHeldFees;
    uint256 public modelFees;
    uint256 public modelDonated;
    /// @notice Consumption that the standing does not know of yet, wei.
    mapping(address asker => uint256) public modelUntold;
    uint256 public requestCount;

    uint16 internal currentTerms;
    uint256 internal maxMargin;
    uint24 internal openKinds = 7;
    mapping(uint256 number => ModelTerms) internal _terms;
    mapping(uint256 requestId => ModelRequest) private _requests;
    /// @dev Of open requests, ascending.
    uint256[] private _openIds;
    mapping(address asker => uint256[2]) private _consumption; // epoch, wei
    mapping(address asker => uint256[2]) private _told; // epoch last rolled into, wei

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i; i < ASKERS; ++i) {
            accounts.push(_registerOracle(1 + i, 500_000e18, 0));
        }
        for (uint256 i; i < WORKERS; ++i) {
            accounts.push(_registerWorker(11 + i, 300_000e18));
            modelHeld[accounts[ASKERS + i]] = 300_000e18;
        }
        accounts.push(vm.addr(PERMIT_KEY));
        _terms[0] = ModelTerms(0.6e18, 0.5e18, 0.25e18, [uint256(0.4e18), 0.2e18, 0.3e18, 0.1e18]);
        maxMargin = 0.2e18;
        _warp(block.timestamp);
    }

    // ---------------------------------------------------------------- views

    function protocol() external view returns (address masa_, address vault_, address escrow_, address consensus_) {
        return (address(masa), address(vault), address(escrow), address(consensus));
    }

    function accountCount() external view returns (uint256) {
        return accounts.length;
    }

    function modelRequestOf(uint256 id) public view returns (ModelRequest memory) {
        return _requests[id];
    }

    function openCount() public view returns (uint256) {
        return _openIds.length;
    }

    function openAt(uint256 i) public view returns (uint256) {
        return _openIds[i];
    }

    /// @notice What a worker's open commitments may still cost: those whose scoring deadline has not passed.
    function modelAtRisk(address worker) external view returns (uint256 atRisk) {
        for (uint256 i; i < _openIds.length; ++i) {
            ModelRequest storage r = _requests[_openIds[i]];
            if (r.scoringDeadline < _now) continue;
            for (uint256 j; j < r.workers.length; ++j) {
                if (r.workers[j] == worker) atRisk += _slashOf(_openIds[i]);
            }
        }
    }

    /// @notice Consumption that the standing has been told of in the epoch last rolled into, wei.
    function modelTold(address asker) external view returns (uint256) {
        uint256[2] storage t = _told[asker];
        return t[0] == standing.rolledEpoch() ? t[1] : 0;
    }

    // ---------------------------------------------------------------- what actions do

    function _standingParameters() internal pure override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        p.resourceShare = ud2x18(RESOURCE_SHARE);
    }

    function _modelCredit(address account, uint256 amount) internal {
        modelCredit[account] += amount;
        modelCreditSum += amount;
    }

    function _modelDebit(address account, uint256 amount) internal {
        modelCredit[account] -= amount;
        modelCreditSum -= amount;
    }

    /// @dev F_o of a request now, in whole units, rounded up: by what the asker has asked for in this epoch.
    function _modelFee(address asker, uint256 baseReward) internal view returns (uint256) {
        uint256[2] storage c = _consumption[asker];
        uint256 before = c[0] == clock.currentEpoch() ? c[1] : 0;
        return _unitsUp(feeCurve.fee(before, baseReward));
    }

    function _modelSubmit(uint256 id, address asker, IRequestEscrow.Submission memory s, uint256 fee) internal {
        assertEq(id, ++requestCount, "I-05 requests are numbered in order");
        uint256 threshold = _terms[currentTerms].threshold;
        ModelRequest storage r = _requests[id];
        r.state = IRequestEscrow.RequestState.Open;
        (r.asker, r.hasEvidence, r.maxResponses) = (asker, s.hasEvidence, s.maxResponses);
        (r.baseReward, r.fee, r.terms) = (s.baseReward, fee, currentTerms);
        r.minQuality = threshold + ((s.minQuality - threshold + 1e14 - 1) / 1e14) * 1e14;
        r.responseDeadline = _now + s.responseWindow;
        r.scoringDeadline = r.responseDeadline + s.scoringWindow;
        _openIds.push(id);
        uint256[2] storage c = _consumption[asker];
        uint256 epoch = clock.currentEpoch();
        if (c[0] != epoch) {
            _tookIf(modelUntold[asker] != 0, "told with a request");
            _modelTell(asker);
        }
        (c[0], c[1]) = (epoch, (c[0] == epoch ? c[1] : 0) + s.baseReward);
        _modelDebit(asker, s.baseReward + fee);
        modelReserved += s.baseReward;
        modelHeldFees += fee;
    }

    function _modelTell(address asker) internal {
        uint256[2] storage t = _told[asker];
        uint256 epoch = standing.rolledEpoch();
        (t[0], t[1]) = (epoch, (t[0] == epoch ? t[1] : 0) + modelUntold[asker]);
        modelUntold[asker] = 0;
    }

    function _modelCommit(uint256 id, address worker, uint256 slashUnits) internal {
        _requests[id].workers.push(worker);
        modelOpen[worker] += slashUnits;
    }

    function _modelRefund(uint256 id, IRequestEscrow.RequestState state) internal {
        ModelRequest storage r = _requests[id];
        for (uint256 i; i < r.workers.length; ++i) {
            modelOpen[r.workers[i]] -= _unitsUp(_slashOf(id));
        }
        _modelCredit(r.asker, r.baseReward + r.fee);
        r.refunded = r.baseReward;
        _modelEnd(id, state);
    }

    /// @dev What a final report does, line by line. An asker's consumption is summed as long as its lines follow each other.
    /// @return fees Of what it settles.
    /// @return posterMost The most its poster may get.
    function _modelSettle(Results.Line[] memory lines) internal returns (uint256 fees, uint256 posterMost) {
        address asker;
        uint256 consumed; // WAD · wei
        for (uint256 i; i < lines.length; ++i) {
            if (!_modelSettles(lines[i])) {
                _took("skipped");
                continue;
            }
            ModelRequest storage r = _requests[lines[i].requestId];
            if (r.asker != asker) {
                modelUntold[asker] += (consumed / WAD / UNIT) * UNIT;
                (asker, consumed) = (r.asker, 0);
            }
            fees += r.fee;
            posterMost += (r.fee * _terms[r.terms].posterShare) / WAD;
            _modelLine(lines[i]);
            consumed += r.paid * (WAD - RESOURCE_SHARE) + r.baseReward * RESOURCE_SHARE;
        }
        modelUntold[asker] += (consumed / WAD / UNIT) * UNIT;
    }

    /// @param paid To the poster.
    function _modelReport(address poster, uint256 fees, uint256 posterMost, uint256 paid) internal {
        uint256 bounty = escrow.posterTerms().bounty;
        if (poster == address(0)) posterMost = 0;
        assertLe(paid, posterMost, "I-03 the poster gets its share of the fees at most");
        assertGe(paid, bounty < posterMost ? bounty : posterMost, "and the bounty at least");
        if (paid != 0) {
            _modelCredit(poster, paid);
            _took(paid == posterMost ? bytes32("poster paid the most") : bytes32("poster paid its cost"));
        }
        modelFees += fees - paid;
    }

    function _modelSettles(Results.Line memory line) private view returns (bool anyScored) {
        ModelRequest storage r = _requests[line.requestId];
        if (r.state != IRequestEscrow.RequestState.Open || _now > r.scoringDeadline) return false;
        if (_now <= r.responseDeadline && r.workers.length < r.maxResponses) return false;
        if (line.responses.length != r.workers.length) return false;
        for (uint256 i; i < line.responses.length; ++i) {
            if (line.responses[i].scored) anyScored = true;
        }
    }

    function _modelLine(Results.Line memory line) private {
        ModelRequest storage r = _requests[line.requestId];
        uint256 slash = _slashOf(line.requestId);
        uint256 winner = type(uint256).max;
        uint256 best;
        for (uint256 i; i < line.responses.length; ++i) {
            modelOpen[r.workers[i]] -= _unitsUp(slash);
            if (!line.responses[i].scored) {
                _took("unscored answer");
                continue;
            }
            uint256 quality = _modelQuality(line.responses[i], r);
            if (quality < _terms[r.terms].threshold) {
                _modelSlash(r.workers[i], slash);
                _tookIf(line.responses[i].fraud != 0, "fraud");
            } else if (quality >= r.minQuality && quality >= best) {
                _tookIf(quality == best, "tie");
                if (quality > best) (winner, best) = (i, quality);
            }
        }
        if (winner != type(uint256).max) {
            r.paid = (r.baseReward * best) / WAD;
            _modelCredit(r.workers[winner], r.paid);
        }
        r.refunded = r.baseReward - r.paid;
        _modelCredit(r.asker, r.refunded);
        _took(r.paid == 0 ? bytes32("rejected") : bytes32("paid"));
        _tookIf(r.terms != currentTerms, "settled by earlier terms");
        _modelEnd(line.requestId, IRequestEscrow.RequestState.Settled);
    }

    function _modelSlash(address worker, uint256 slash) private {
        assertLe(slash, modelHeld[worker], "SLA-03 what stands behind an answer is there");
        modelHeld[worker] -= slash;
        _took("slashed");
        _tookIf(vault.positionOf(worker, address(masa)).staked < slash, "slashed in the queue");
    }

    function _modelQuality(Results.Score memory score, ModelRequest storage r) private view returns (uint256) {
        if (score.fraud != 0) return 0;
        uint256[4] storage w = _terms[r.terms].weights;
        uint256 sum = score.relevance * w[0] + score.coherence * w[1] + score.responseTime * w[3];
        if (!r.hasEvidence) return (sum * 1e9) / (WAD - w[2]);
        return ((sum + score.factual * w[2]) * 1e9) / WAD;
    }

    function _modelEnd(uint256 id, IRequestEscrow.RequestState state) private {
        ModelRequest storage r = _requests[id];
        r.state = state;
        ++r.closings;
        modelReserved -= r.baseReward;
        modelHeldFees -= r.fee;
        uint256 place;
        while (_openIds[place] != id) ++place;
        for (uint256 i = place + 1; i < _openIds.length; ++i) {
            _openIds[i - 1] = _openIds[i];
        }
        _openIds.pop();
    }

    // ---------------------------------------------------------------- helpers

    /// @dev ⌈κ·R_base⌉, at least 1.
    function _slashOf(uint256 id) internal view returns (uint256 slash) {
        ModelRequest storage r = _requests[id];
        slash = (r.baseReward * _terms[r.terms].slashShare + WAD - 1) / WAD;
        if (slash == 0) slash = 1;
    }

    function _unitsUp(uint256 amount) internal pure returns (uint256) {
        return ((amount + UNIT - 1) / UNIT) * UNIT;
    }

    function _hasAnswered(uint256 id, address worker) internal view returns (bool) {
        address[] storage workers = _requests[id].workers;
        for (uint256 i; i < workers.length; ++i) {
            if (workers[i] == worker) return true;
        }
        return false;
    }

    function _anybody() internal returns (address) {
        return accounts[_below(accounts.length)];
    }

    function _anyWorker() internal returns (address) {
        return accounts[ASKERS + _below(WORKERS)];
    }

    /// @dev 0 where nothing is open.
    function _openRequest() internal returns (uint256) {
        return _openIds.length == 0 ? 0 : _openIds[_below(_openIds.length)];
    }

    /// @dev An open request that takes answers now; 0 where none does.
    function _answerable() internal returns (uint256) {
        uint256 from = _draw();
        for (uint256 i; i < _openIds.length; ++i) {
            uint256 id = _openIds[((from % _openIds.length) + i) % _openIds.length];
            ModelRequest storage r = _requests[id];
            if (_now <= r.responseDeadline && r.workers.length < r.maxResponses) return id;
        }
        return 0;
    }

    /// @dev Answered, in time for its report, and taking no more answers.
    function _isRipe(uint256 id) internal view returns (bool) {
        ModelRequest storage r = _requests[id];
        if (r.workers.length == 0 || _now > r.scoringDeadline) return false;
        return _now > r.responseDeadline || r.workers.length == r.maxResponses;
    }

    function _hasRipe() internal view returns (bool) {
        for (uint256 i; i < _openIds.length; ++i) {
            if (_isRipe(_openIds[i])) return true;
        }
        return false;
    }

    /// @dev An open request past its deadline; 0 where none is.
    function _closable() internal view returns (uint256) {
        for (uint256 i; i < _openIds.length; ++i) {
            ModelRequest storage r = _requests[_openIds[i]];
            if (_now > (r.workers.length == 0 ? r.responseDeadline : r.scoringDeadline)) return _openIds[i];
        }
        return 0;
    }
}
