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
        uint256 word = _wordOf(s, rules);
        (address account, NodeRole role, ) = registry.authorised(msg.sender, RIGHT_ASK);
        uint256 number = _numberFor(account);
        Asker memory a = _asker(number);
        _requireAsker(account, number, role, a);
        uint256 baseReward = word.baseRewardOf();
        uint256 fee = _feeUnits(a, baseReward);
        _requireWithin("fee", fee, 0, RequestWord.MAX_FEE_UNITS);
        a.open += uint64(baseReward + fee);
        unchecked {
            // Neither reward nor fee reaches 2^64 UNITs.
            _spend(account, number, a, (baseReward + fee) * UNIT);
            uint256 consumed = a.consumed + baseReward;
            // Beyond any reference of a fee: saturating bars nobody from asking.
            a.consumed = consumed > type(uint56).max ? type(uint56).max : uint56(consumed);
        }
        _storeAsker(number, a);

        requestId = _open(baseReward, fee);
        word = word.withAsker(number, fee);
        _requests[requestId] = word;
        emit RequestSubmitted(requestId, account, s.payloadHash, _minQuality(word, rules.threshold), word);
    }

    /// @inheritdoc IRequestEscrow
    function commit(uint256 requestId, bytes32 commitment) external returns (uint256 index) {
        if (commitment == bytes32(0)) revert RequestEscrow_EmptyCommitment();
        uint256 word = _requireOpen(requestId);
        if (block.timestamp > word.responseDeadlineOf()) {
            revert RequestEscrow_ResponsesClosed(requestId, word.responseDeadlineOf(), block.timestamp);
        }
        (address worker, NodeRole role, uint32 nonce) = registry.authorised(msg.sender, RIGHT_COMMIT);
        uint256 number = _numberFor(worker);
        index = word.responsesOf();
        for (uint256 i; i < index; ++i) {
            if (_workerAt(requestId, word, i) == number) {
                revert RequestEscrow_AlreadyCommitted(requestId, worker);
            }
        }
        if (index == word.maxResponsesOf()) revert RequestEscrow_ResponsesFull(requestId, index);
        _openCommitment(worker, role, number, _slashUnits(word));
        _requests[requestId] = word.withResponse(number, index);
        if (index != 0) _moreWorkers[requestId][(index - 1) / 8] |= number << (32 * ((index - 1) % 8));
        emit ResponseCommitted(requestId, worker, index, nonce, commitment);
    }

    /// @inheritdoc IRequestEscrow
    function cancel(uint256 requestId) external {
        uint256 word = _requireOpen(requestId);
        address asker = _accountOf[word.askerOf()];
        if (msg.sender != asker) {
            (address account, , ) = registry.authorised(msg.sender, RIGHT_ASK);
            if (account != asker) revert RequestEscrow_NotAsker(requestId, account);
        }
        if (word.responsesOf() != 0) revert RequestEscrow_HasResponses(requestId, word.responsesOf());
        _refund(requestId, word, RequestState.Cancelled);
    }

    /// @inheritdoc IRequestEscrow
    function close(uint256 requestId) external {
        uint256 word = _requireOpen(requestId);
        uint256 responses = word.responsesOf();
        uint256 closesAt = word.responseDeadlineOf();
        if (responses != 0) closesAt += word.scoringWindowOf();
        if (block.timestamp <= closesAt) revert RequestEscrow_TooEarly(requestId, closesAt, block.timestamp);
        uint256 slashUnits = _slashUnits(word);
        for (uint256 i; i < responses; ++i) {
            uint256 slot = _workerSlot(_workerAt(requestId, word, i));
            _store(slot, _wordIn(slot) - (slashUnits << OPEN_AT));
        }
        _refund(requestId, word, responses == 0 ? RequestState.Expired : RequestState.Unscored);
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
        uint256 responseDeadline = word.responseDeadlineOf();
        request = Request({
            asker: _accountOf[word.askerOf()],
            state: word.stateOf(),
            kind: uint8(word.kindOf()),
            hasEvidence: word.hasEvidenceIn(),
            maxResponses: uint8(word.maxResponsesOf()),
            responses: uint8(word.responsesOf()),
            baseReward: uint96(word.baseRewardOf() * UNIT),
            fee: uint96(word.feeOf() * UNIT),
            minQuality: uint64(_minQuality(word, _termIn(_termsWord(word.termsOf()), THRESHOLD_AT))),
            responseDeadline: uint40(responseDeadline),
            scoringDeadline: uint40(responseDeadline + word.scoringWindowOf()),
            terms: uint16(word.termsOf())
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

    /// @dev Checks a submission.
    /// @return Its word, in which asker and fee are still to be filled in.
    function _wordOf(Submission calldata s, Rules memory rules) private view returns (uint256) {
        uint256 baseReward = s.baseReward;
        _requireWhole("baseReward", baseReward, UNIT);
        baseReward /= UNIT;
        if (baseReward < rules.minBaseReward || baseReward > RequestWord.MAX_REWARD_UNITS) {
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
        uint256 kind = s.kind;
        if (kind >= RequestWord.KINDS || (rules.kinds >> kind) & 1 == 0) revert RequestEscrow_KindNotOpen(uint8(kind));
        uint256 word = RequestWord.pack(kind, s.hasEvidence, s.maxResponses, rules.terms, _marginSteps(s, rules));
        return word.withTimes(block.timestamp + s.responseWindow, s.scoringWindow, baseReward);
    }

    /// @dev Of minQuality above τ, rounded up.
    function _marginSteps(Submission calldata s, Rules memory rules) private pure returns (uint256) {
        uint256 threshold = rules.threshold;
        unchecked {
            // The margin is below 2^16 steps.
            uint256 mostQuality = threshold + rules.maxMarginSteps * RequestWord.MARGIN_STEP;
            _requireWithin("minQuality", s.minQuality, threshold, mostQuality);
            return (s.minQuality - threshold + RequestWord.MARGIN_STEP - 1) / RequestWord.MARGIN_STEP;
        }
    }

    /// @param threshold τ of the request's terms, WAD.
    function _minQuality(uint256 word, uint256 threshold) private pure returns (uint256) {
        unchecked {
            // Below 1, see MarketTermsBook.
            return threshold + word.marginStepsOf() * RequestWord.MARGIN_STEP;
        }
    }

    function _requireOpen(uint256 requestId) private view returns (uint256 word) {
        word = _requests[requestId];
        if (word == 0) revert RequestEscrow_UnknownRequest(requestId);
        RequestState state = word.stateOf();
        if (state != RequestState.Open) revert RequestEscrow_NotOpen(requestId, state);
    }

    /// @dev The network did not answer, or was not let: R_base and the fee go back.
    function _refund(uint256 requestId, uint256 word, RequestState state) private {
        _requests[requestId] = word.withState(state);
        uint256 cost = word.baseRewardOf() + word.feeOf();
        _refundAsker(word.askerOf(), cost * UNIT, cost);
        _end(_sumOf(word.baseRewardOf(), word.feeOf()), 0);
        emit RequestClosed(requestId, state, cost * UNIT);
    }

    /// @dev ⌈κ·R_base⌉ in UNITs, rounded up.
    function _slashUnits(uint256 word) private view returns (uint256) {
        uint256 slashShare = _termIn(_termsWord(word.termsOf()), SLASH_SHARE_AT);
        return _unitsUp(RewardMath.slashAmountUp(word.baseRewardOf() * UNIT, slashShare));
    }
}
