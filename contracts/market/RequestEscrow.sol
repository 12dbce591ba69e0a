// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IFeeCurve} from "../interfaces/IFeeCurve.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {RewardMath} from "../math/RewardMath.sol";
import {MarketLedger} from "./MarketLedger.sol";
import {RequestWord} from "./RequestWord.sol";
import {Settlement} from "./Settlement.sol";

/// @title RequestEscrow
/// @notice Requests and commitments. See {IRequestEscrow}; {MarketLedger} keeps the accounts, {Settlement} what reports
/// do.
contract RequestEscrow is Settlement {
    using RequestWord for uint256;

    /// @dev INodeRegistry's rights to commit and to ask for an account.
    uint16 private constant RIGHT_COMMIT = 4;
    uint16 private constant RIGHT_ASK = 8;
    /// @dev LLM completion, data query and data scrape; the last two are data kinds.
    uint24 private constant FIRST_KINDS = 7;
    uint24 private constant FIRST_DATA_KINDS = 6;

    constructor(
        address owner_,
        IERC20 masa_,
        IEpochClock clock_,
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        IFeeCurve feeCurve_,
        MarketTerms memory terms,
        RequestLimits memory limits,
        PosterTerms memory posterTerms_
    ) Ownable(owner_) MarketLedger(masa_, clock_, registry_, standing_, vault_, feeCurve_) {
        _setTerms(terms);
        _setLimits(limits);
        _setKinds(FIRST_KINDS, FIRST_DATA_KINDS);
        _setPosterTerms(posterTerms_);
    }

    // ---------------------------------------------------------------- requests

    /// @inheritdoc IRequestEscrow
    function submit(Submission calldata s) external returns (uint256 requestId) {
        Rules memory rules = _rules;
        RequestWord.Request memory r = _request(s, rules);
        (address account, NodeRole role, ) = registry.authorised(msg.sender, RIGHT_ASK);
        r.asker = _numberFor(account);
        Asker memory a = _asker(r.asker);
        _requireAsker(account, role, a);
        r.fee = _feeUnits(a, r.baseReward);
        _requireWithin("fee", r.fee, 0, RequestWord.MAX_FEE_UNITS);
        uint256 cost = r.baseReward + r.fee;
        a = _spend(account, r.asker, a, cost * UNIT);
        a.open += uint64(cost);
        uint256 consumed = a.consumed + r.baseReward;
        // Beyond any reference of a fee: saturating bars nobody from asking.
        a.consumed = consumed > type(uint56).max ? type(uint56).max : uint56(consumed);
        _storeAsker(r.asker, a);

        requestId = _open(r.baseReward, r.fee);
        _requests[requestId] = RequestWord.pack(r);
        _emitSubmitted(requestId, account, s.payloadHash, r, rules.threshold);
    }

    /// @inheritdoc IRequestEscrow
    function commit(uint256 requestId, bytes32 commitment) external returns (uint256 index) {
        if (commitment == bytes32(0)) revert RequestEscrow_EmptyCommitment();
        uint256 word = _requireOpen(requestId);
        RequestWord.Request memory r = word.unpack();
        if (block.timestamp > r.responseDeadline) {
            revert RequestEscrow_ResponsesClosed(requestId, r.responseDeadline, block.timestamp);
        }
        (address worker, NodeRole role, uint32 nonce) = registry.authorised(msg.sender, RIGHT_COMMIT);
        uint256 number = _numberFor(worker);
        index = r.responses;
        for (uint256 i; i < index; ++i) {
            if (_workerAt(requestId, word, i) == number) {
                revert RequestEscrow_AlreadyCommitted(requestId, worker);
            }
        }
        if (index == r.maxResponses) revert RequestEscrow_ResponsesFull(requestId, r.maxResponses);
        _openCommitment(worker, role, number, _slashUnits(r));
        _requests[requestId] = word.withResponse(number, index);
        if (index != 0) _moreWorkers[requestId][(index - 1) / 8] |= number << (32 * ((index - 1) % 8));
        emit ResponseCommitted(requestId, worker, index, nonce, commitment);
    }

    /// @inheritdoc IRequestEscrow
    function cancel(uint256 requestId) external {
        uint256 word = _requireOpen(requestId);
        RequestWord.Request memory r = word.unpack();
        address asker = _accountOf[r.asker];
        if (msg.sender != asker) {
            (address account, , ) = registry.authorised(msg.sender, RIGHT_ASK);
            if (account != asker) revert RequestEscrow_NotAsker(requestId, account);
        }
        if (r.responses != 0) revert RequestEscrow_HasResponses(requestId, r.responses);
        _refund(requestId, word, r, RequestState.Cancelled);
    }

    /// @inheritdoc IRequestEscrow
    function close(uint256 requestId) external {
        uint256 word = _requireOpen(requestId);
        RequestWord.Request memory r = word.unpack();
        uint256 closesAt = r.responses == 0 ? r.responseDeadline : r.responseDeadline + r.scoringWindow;
        if (block.timestamp <= closesAt) revert RequestEscrow_TooEarly(requestId, closesAt, block.timestamp);
        uint256 slashUnits = _slashUnits(r);
        for (uint256 i; i < r.responses; ++i) {
            uint256 number = _workerAt(requestId, word, i);
            _storeWorkerWord(number, _workerWord(number) - (slashUnits << OPEN_AT));
        }
        _refund(requestId, word, r, r.responses == 0 ? RequestState.Expired : RequestState.Unscored);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the consensus and the fee pool, once.
    function wire(address consensus, address feePool_) external {
        _beginWiring();
        _grant(SETTLE, consensus, block.timestamp);
        _setFeePool(feePool_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRequestEscrow
    function requestOf(uint256 requestId) external view returns (Request memory request) {
        uint256 word = _requests[requestId];
        if (word == 0) return request;
        RequestWord.Request memory r = word.unpack();
        request = Request({
            asker: _accountOf[r.asker],
            state: r.state,
            kind: uint8(r.kind),
            hasEvidence: r.hasEvidence,
            maxResponses: uint8(r.maxResponses),
            responses: uint8(r.responses),
            baseReward: uint96(r.baseReward * UNIT),
            fee: uint96(r.fee * UNIT),
            minQuality: uint64(_terms[r.terms].qualityThreshold.unwrap() + r.marginSteps * RequestWord.MARGIN_STEP),
            responseDeadline: uint40(r.responseDeadline),
            scoringDeadline: uint40(r.responseDeadline + r.scoringWindow),
            terms: uint16(r.terms)
        });
    }

    /// @inheritdoc IRequestEscrow
    function workersOf(uint256 requestId) external view returns (address[] memory workers) {
        uint256 word = _requests[requestId];
        workers = new address[](word.responsesOf());
        for (uint256 i; i < workers.length; ++i) {
            workers[i] = _accountOf[_workerAt(requestId, word, i)];
        }
    }

    /// @inheritdoc IRequestEscrow
    function commitmentOf(
        uint256 requestId,
        address worker,
        uint32 nonce,
        bytes32 salt,
        bytes32 payloadHash
    ) external pure returns (bytes32) {
        return keccak256(abi.encode(requestId, worker, nonce, salt, payloadHash));
    }

    // ---------------------------------------------------------------- internal

    /// @dev Checks a submission; asker and fee are still to be filled in.
    function _request(Submission calldata s, Rules memory rules) private view returns (RequestWord.Request memory r) {
        _requireWhole("baseReward", s.baseReward, UNIT);
        r.baseReward = s.baseReward / UNIT;
        if (r.baseReward < rules.minBaseReward || r.baseReward > RequestWord.MAX_REWARD_UNITS) {
            revert RequestEscrow_OutOfRange(
                "baseReward",
                s.baseReward,
                rules.minBaseReward * UNIT,
                RequestWord.MAX_REWARD_UNITS * UNIT
            );
        }
        _requireWithin("responseWindow", s.responseWindow, rules.minResponseWindow, rules.maxResponseWindow);
        _requireWithin("scoringWindow", s.scoringWindow, rules.minScoringWindow, rules.maxScoringWindow);
        _requireWithin("maxResponses", s.maxResponses, 1, rules.maxResponses);
        uint256 mostQuality = rules.threshold + rules.maxMarginSteps * RequestWord.MARGIN_STEP;
        _requireWithin("minQuality", s.minQuality, rules.threshold, mostQuality);
        if (s.kind >= RequestWord.KINDS || (rules.kinds >> s.kind) & 1 == 0) revert RequestEscrow_KindNotOpen(s.kind);
        r.state = RequestState.Open;
        r.kind = s.kind;
        r.hasEvidence = s.hasEvidence;
        r.maxResponses = s.maxResponses;
        r.terms = rules.terms;
        r.marginSteps = (s.minQuality - rules.threshold + RequestWord.MARGIN_STEP - 1) / RequestWord.MARGIN_STEP;
        r.responseDeadline = block.timestamp + s.responseWindow;
        r.scoringWindow = s.scoringWindow;
    }

    function _emitSubmitted(
        uint256 requestId,
        address asker,
        bytes32 payloadHash,
        RequestWord.Request memory r,
        uint256 threshold
    ) private {
        emit RequestSubmitted(
            requestId,
            asker,
            payloadHash,
            uint8(r.kind),
            r.hasEvidence,
            uint8(r.maxResponses),
            r.baseReward * UNIT,
            r.fee * UNIT,
            threshold + r.marginSteps * RequestWord.MARGIN_STEP,
            r.responseDeadline,
            r.responseDeadline + r.scoringWindow,
            r.terms
        );
    }

    function _requireOpen(uint256 requestId) private view returns (uint256 word) {
        word = _requests[requestId];
        if (word == 0) revert RequestEscrow_UnknownRequest(requestId);
        RequestState state = word.stateOf();
        if (state != RequestState.Open) revert RequestEscrow_NotOpen(requestId, state);
    }

    /// @dev The network did not answer, or was not let: R_base and the fee go back.
    function _refund(uint256 requestId, uint256 word, RequestWord.Request memory r, RequestState state) private {
        _requests[requestId] = word.withState(state);
        uint256 cost = r.baseReward + r.fee;
        _refundAsker(r.asker, cost * UNIT, cost);
        _end(r.baseReward, r.fee, 0);
        emit RequestClosed(requestId, state, cost * UNIT);
    }

    /// @dev ⌈κ·R_base⌉ in UNITs, rounded up.
    function _slashUnits(RequestWord.Request memory r) private view returns (uint256) {
        return _unitsUp(RewardMath.slashAmountUp(r.baseReward * UNIT, _terms[r.terms].slashShare.unwrap()));
    }
}
