// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {RewardMath} from "../math/RewardMath.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {UtilityMath} from "../math/UtilityMath.sol";

/// @title RequestEscrow
/// @notice Credit, requests, commitments and settlement. See {IRequestEscrow}.
contract RequestEscrow is IRequestEscrow, ModuleRights, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant SETTLE = "SETTLE";
    /// @dev INodeRegistry's rights to commit and to ask for an account.
    uint16 private constant RIGHT_COMMIT = 4;
    uint16 private constant RIGHT_ASK = 8;
    uint256 private constant WAD = 1e18;
    /// @notice From the scale of attested scores (1e9 = 1) to WAD.
    uint256 private constant SCORE_TO_WAD = 1e9;
    uint256 private constant SCORE_ONE = 1e9;
    /// @notice Bounds the settlement of one request, and the search for a worker's earlier commitment.
    uint8 public constant MAX_RESPONSES = 16;

    IERC20 public immutable masa;
    INodeRegistry public immutable registry;
    INodeStanding public immutable standing;
    IStakeVault public immutable vault;

    uint16 public currentTerms;
    RequestLimits private _limits;

    /// @inheritdoc IRequestEscrow
    uint256 public requestCount;
    /// @inheritdoc IRequestEscrow
    uint256 public totalReserved;
    /// @inheritdoc IRequestEscrow
    uint256 public totalCredit;
    mapping(address account => uint256) private _credit;
    mapping(uint256 requestId => Request) private _requests;
    /// @dev By index, `responses` of the request being how many there are: an array would keep the number twice.
    mapping(uint256 requestId => mapping(uint256 index => Commitment)) private _commitments;
    mapping(uint16 index => MarketTerms) private _terms;

    constructor(
        address owner_,
        IERC20 masa_,
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        MarketTerms memory terms,
        RequestLimits memory limits
    ) Ownable(owner_) {
        if (
            address(masa_) == address(0) ||
            address(registry_) == address(0) ||
            address(standing_) == address(0) ||
            address(vault_) == address(0)
        ) revert RequestEscrow_ZeroAddress();
        masa = masa_;
        registry = registry_;
        standing = standing_;
        vault = vault_;
        _setTerms(terms);
        _setLimits(limits);
    }

    // ---------------------------------------------------------------- credit

    /// @inheritdoc IRequestEscrow
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IRequestEscrow
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Whoever front-runs the permit has only granted the allowance that the transfer needs.
        try IERC20Permit(address(masa)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IRequestEscrow
    function withdrawCredit(address to, uint256 amount) external nonReentrant {
        if (to == address(0)) revert RequestEscrow_ZeroAddress();
        uint256 left = _takeCredit(msg.sender, amount);
        totalCredit -= amount;
        emit CreditWithdrawn(msg.sender, to, amount, left);
        masa.safeTransfer(to, amount);
    }

    // ---------------------------------------------------------------- requests

    /// @inheritdoc IRequestEscrow
    function submit(Submission calldata s) external returns (uint256 requestId) {
        RequestLimits memory limits = _limits;
        uint16 terms = currentTerms;
        uint256 threshold = _terms[terms].qualityThreshold.unwrap();
        _requireWithin("baseReward", s.baseReward, limits.minBaseReward, type(uint96).max);
        _requireWithin("responseWindow", s.responseWindow, limits.minResponseWindow, limits.maxResponseWindow);
        _requireWithin("scoringWindow", s.scoringWindow, limits.minScoringWindow, limits.maxScoringWindow);
        _requireWithin("maxResponses", s.maxResponses, 1, limits.maxResponses);
        _requireWithin("minQuality", s.minQuality, threshold, threshold + _terms[terms].maxMargin.unwrap());
        (address asker, , ) = registry.authorised(msg.sender, RIGHT_ASK);
        if (!standing.use(asker, NodeRole.Oracle)) revert RequestEscrow_NotEligible(asker);
        _takeCredit(asker, s.baseReward);
        totalCredit -= s.baseReward;
        totalReserved += s.baseReward;

        requestId = ++requestCount;
        Request memory request = Request({
            asker: asker,
            submittedAt: uint40(block.timestamp),
            state: RequestState.Open,
            kind: s.kind,
            hasEvidence: s.hasEvidence,
            maxResponses: s.maxResponses,
            responses: 0,
            baseReward: s.baseReward,
            minQuality: s.minQuality,
            responseDeadline: uint40(block.timestamp + s.responseWindow),
            scoringDeadline: uint40(block.timestamp + s.responseWindow + s.scoringWindow),
            terms: terms
        });
        _requests[requestId] = request;
        emit RequestSubmitted(requestId, asker, s.payloadHash, request);
    }

    /// @inheritdoc IRequestEscrow
    function commit(uint256 requestId, bytes32 commitment) external returns (uint256 index) {
        if (commitment == bytes32(0)) revert RequestEscrow_EmptyCommitment();
        Request memory request = _requireOpen(requestId);
        if (block.timestamp > request.responseDeadline) {
            revert RequestEscrow_ResponsesClosed(requestId, request.responseDeadline, block.timestamp);
        }
        (address worker, , uint32 nonce) = registry.authorised(msg.sender, RIGHT_COMMIT);
        index = request.responses;
        mapping(uint256 index => Commitment) storage commitments = _commitments[requestId];
        for (uint256 i; i < index; ++i) {
            if (commitments[i].worker == worker) revert RequestEscrow_AlreadyCommitted(requestId, worker);
        }
        if (index == request.maxResponses) revert RequestEscrow_ResponsesFull(requestId, request.maxResponses);
        if (!standing.use(worker, NodeRole.Worker)) revert RequestEscrow_NotEligible(worker);
        vault.reserve(worker, _slashAmount(request));

        commitments[index] = Commitment(worker, uint40(block.timestamp), nonce);
        _requests[requestId].responses = uint8(index + 1);
        emit ResponseCommitted(requestId, worker, index, nonce, commitment);
    }

    /// @inheritdoc IRequestEscrow
    function cancel(uint256 requestId) external {
        Request memory request = _requireOpen(requestId);
        if (msg.sender != request.asker) {
            (address asker, , ) = registry.authorised(msg.sender, RIGHT_ASK);
            if (asker != request.asker) revert RequestEscrow_NotAsker(requestId, asker);
        }
        if (request.responses != 0) revert RequestEscrow_HasResponses(requestId, request.responses);
        _refund(requestId, request, RequestState.Cancelled);
    }

    /// @inheritdoc IRequestEscrow
    function close(uint256 requestId) external {
        Request memory request = _requireOpen(requestId);
        uint256 closesAt = request.responses == 0 ? request.responseDeadline : request.scoringDeadline;
        if (block.timestamp <= closesAt) revert RequestEscrow_TooEarly(requestId, closesAt, block.timestamp);
        if (request.responses == 0) return _refund(requestId, request, RequestState.Expired);
        uint256 reservation = _slashAmount(request);
        for (uint256 i; i < request.responses; ++i) {
            vault.release(_commitments[requestId][i].worker, reservation);
        }
        _refund(requestId, request, RequestState.Unscored);
    }

    // ---------------------------------------------------------------- settlement

    /// @inheritdoc IRequestEscrow
    function settle(RequestResult[] calldata results) external onlyModule(SETTLE) {
        // Read once for all results: a full report must fit one transaction.
        INodeStanding.StandingParameters memory parameters = standing.standingParameters();
        for (uint256 i; i < results.length; ++i) {
            Request memory request = _requests[results[i].requestId];
            if (_isSettleable(request, results[i].responses)) _settleRequest(results[i], request, parameters);
            else emit ResultSkipped(results[i].requestId, request.state);
        }
    }

    /// @dev Answers must be closed, the report in time, one score for each commitment, none out of range, one at least
    /// scored.
    function _isSettleable(Request memory request, ResponseScore[] calldata scores) private view returns (bool) {
        if (request.state != RequestState.Open || scores.length != request.responses) return false;
        if (block.timestamp > request.scoringDeadline) return false;
        if (block.timestamp <= request.responseDeadline && request.responses < request.maxResponses) return false;
        bool anyScored;
        for (uint256 i; i < scores.length; ++i) {
            if (
                scores[i].relevance > SCORE_ONE ||
                scores[i].coherence > SCORE_ONE ||
                scores[i].factual > SCORE_ONE ||
                scores[i].responseTime > SCORE_ONE
            ) return false;
            anyScored = anyScored || scores[i].scored;
        }
        return anyScored;
    }

    function _settleRequest(
        RequestResult calldata result,
        Request memory request,
        INodeStanding.StandingParameters memory parameters
    ) private {
        uint256 threshold = _terms[request.terms].qualityThreshold.unwrap();
        (uint256[] memory qualities, uint256 winner) = _judge(result.responses, request);
        uint256 reservation = _slashAmount(request);
        uint256 paid;
        for (uint256 i; i < qualities.length; ++i) {
            ResponseScore calldata score = result.responses[i];
            address worker = _commitments[result.requestId][i].worker;
            ResponseOutcome outcome;
            uint256 reward;
            uint256 slashed;
            if (!score.scored) {
                vault.release(worker, reservation);
            } else if (qualities[i] < threshold) {
                outcome = ResponseOutcome.Slashed;
                vault.slash(worker, reservation, reservation);
                slashed = reservation;
            } else {
                vault.release(worker, reservation);
                outcome = ResponseOutcome.Unpaid;
                if (i == winner) {
                    outcome = ResponseOutcome.Paid;
                    paid = reward = RewardMath.rewardDown(request.baseReward, qualities[i], threshold);
                    _addCredit(worker, reward);
                }
            }
            if (score.scored) _recordPerformance(parameters, request, worker, score.throughput, qualities[i], outcome);
            emit ResponseSettled(result.requestId, worker, outcome, qualities[i], reward, slashed, score.fraud);
        }

        _requests[result.requestId].state = RequestState.Settled;
        totalReserved -= request.baseReward;
        totalCredit += request.baseReward;
        _addCredit(request.asker, request.baseReward - paid);
        uint256 consumed = UtilityMath.consumptionDown(request.baseReward, paid, parameters.resourceShare.unwrap());
        standing.recordWork(request.asker, NodeRole.Oracle, consumed, 0);
        emit RequestSettled(result.requestId, request.asker, paid, request.baseReward - paid);
    }

    /// @return qualities Q of each response, 0 where it is unscored or a fraud.
    /// @return winner Index of the best at or above `minQuality`; the number of responses if there is none.
    function _judge(
        ResponseScore[] calldata scores,
        Request memory request
    ) private view returns (uint256[] memory qualities, uint256 winner) {
        MarketTerms memory terms = _terms[request.terms];
        uint256 count = scores.length;
        qualities = new uint256[](count);
        winner = count;
        for (uint256 i; i < count; ++i) {
            ResponseScore calldata score = scores[i];
            if (!score.scored || score.fraud != 0) continue;
            uint256 quality = _quality(score, terms, request.hasEvidence);
            qualities[i] = quality;
            // Strictly greater: a tie goes to the earlier commitment.
            if (quality >= request.minQuality && (winner == count || quality > qualities[winner])) winner = i;
        }
    }

    function _quality(
        ResponseScore calldata score,
        MarketTerms memory terms,
        bool hasEvidence
    ) private pure returns (uint256) {
        return
            RewardMath.qualityDown(
                score.relevance * SCORE_TO_WAD,
                score.coherence * SCORE_TO_WAD,
                score.factual * SCORE_TO_WAD,
                score.responseTime * SCORE_TO_WAD,
                [
                    uint256(terms.weightRelevance.unwrap()),
                    terms.weightCoherence.unwrap(),
                    terms.weightFactual.unwrap(),
                    terms.weightResponseTime.unwrap()
                ],
                hasEvidence
            );
    }

    /// @dev Every scored response counts with the R_base that stood behind it, paid or not: a bad answer is work too.
    function _recordPerformance(
        INodeStanding.StandingParameters memory parameters,
        Request memory request,
        address worker,
        uint256 throughput,
        uint256 quality,
        ResponseOutcome outcome
    ) private {
        uint256 weightThroughput = parameters.weightThroughput.unwrap();
        uint256 performance = StakingMath.workerPerformanceDown(
            StakingMath.throughputRatioDown(throughput, parameters.targetThroughput),
            quality,
            weightThroughput,
            WAD - weightThroughput
        );
        standing.recordWork(worker, NodeRole.Worker, request.baseReward, performance);
        if (outcome == ResponseOutcome.Slashed) standing.strike(worker, request.asker, request.baseReward);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the consensus, once.
    function wire(address consensus) external {
        _beginWiring();
        _grant(SETTLE, consensus, block.timestamp);
    }

    /// @notice Sets τ, κ and the weights of requests submitted from now on.
    function setMarketTerms(MarketTerms calldata terms) external onlyOwner {
        ++currentTerms;
        _setTerms(terms);
    }

    function setRequestLimits(RequestLimits calldata limits) external onlyOwner {
        _setLimits(limits);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRequestEscrow
    function creditOf(address account) external view returns (uint256) {
        return _credit[account];
    }

    /// @inheritdoc IRequestEscrow
    function requestOf(uint256 requestId) external view returns (Request memory) {
        return _requests[requestId];
    }

    /// @inheritdoc IRequestEscrow
    function commitmentsOf(uint256 requestId) external view returns (Commitment[] memory commitments) {
        commitments = new Commitment[](_requests[requestId].responses);
        for (uint256 i; i < commitments.length; ++i) {
            commitments[i] = _commitments[requestId][i];
        }
    }

    /// @inheritdoc IRequestEscrow
    function marketTermsOf(uint16 index) external view returns (MarketTerms memory) {
        return _terms[index];
    }

    function requestLimits() external view returns (RequestLimits memory) {
        return _limits;
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

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    function _requireOpen(uint256 requestId) private view returns (Request memory request) {
        request = _requests[requestId];
        if (request.state == RequestState.None) revert RequestEscrow_UnknownRequest(requestId);
        if (request.state != RequestState.Open) revert RequestEscrow_NotOpen(requestId, request.state);
    }

    function _refund(uint256 requestId, Request memory request, RequestState state) private {
        _requests[requestId].state = state;
        totalReserved -= request.baseReward;
        totalCredit += request.baseReward;
        _addCredit(request.asker, request.baseReward);
        emit RequestClosed(requestId, state, request.baseReward);
    }

    function _slashAmount(Request memory request) private view returns (uint256) {
        return RewardMath.slashAmountUp(request.baseReward, _terms[request.terms].slashShare.unwrap());
    }

    function _deposit(uint256 amount) private {
        if (amount == 0) revert RequestEscrow_ZeroAmount();
        totalCredit += amount;
        _addCredit(msg.sender, amount);
        emit Deposited(msg.sender, amount, _credit[msg.sender]);
        uint256 before = masa.balanceOf(address(this));
        masa.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = masa.balanceOf(address(this)) - before;
        if (received != amount) revert RequestEscrow_FeeOnTransfer(amount, received);
    }

    function _addCredit(address account, uint256 amount) private {
        _credit[account] += amount;
    }

    function _takeCredit(address account, uint256 amount) private returns (uint256 left) {
        uint256 credit = _credit[account];
        if (amount > credit) revert RequestEscrow_InsufficientCredit(account, credit, amount);
        left = credit - amount;
        _credit[account] = left;
    }

    function _setTerms(MarketTerms memory t) private {
        _requireWithin("qualityThreshold", t.qualityThreshold.unwrap(), 1, WAD - 1);
        _requireWithin("slashShare", t.slashShare.unwrap(), 1, WAD - 1);
        _requireWithin("maxMargin", t.maxMargin.unwrap(), 0, WAD - 1 - t.qualityThreshold.unwrap());
        _requireWithin("weightFactual", t.weightFactual.unwrap(), 0, WAD - 1);
        uint256 sum =
            uint256(t.weightRelevance.unwrap()) +
                t.weightCoherence.unwrap() +
                t.weightFactual.unwrap() +
                t.weightResponseTime.unwrap();
        if (sum != WAD) revert RequestEscrow_WeightsDoNotSumToOne(sum);
        _terms[currentTerms] = t;
        emit MarketTermsSet(currentTerms, t);
    }

    function _setLimits(RequestLimits memory limits) private {
        _requireWithin("minBaseReward", limits.minBaseReward, 1, type(uint96).max);
        _requireWithin("maxResponses", limits.maxResponses, 1, MAX_RESPONSES);
        _requireWithin("minResponseWindow", limits.minResponseWindow, 1, limits.maxResponseWindow);
        _requireWithin("minScoringWindow", limits.minScoringWindow, 1, limits.maxScoringWindow);
        uint256 windows = uint256(limits.maxResponseWindow) + limits.maxScoringWindow;
        uint256 longest = vault.requestPath();
        if (windows > longest) revert RequestEscrow_WindowsTooLong(windows, longest);
        emit RequestLimitsSet(_limits, limits);
        _limits = limits;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert RequestEscrow_OutOfRange(name, value, least, most);
    }
}
