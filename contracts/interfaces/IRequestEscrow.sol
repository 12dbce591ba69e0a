// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

/// @title Where oracle nodes ask and pay, and workers answer and earn
/// @notice A request is paid for from prepaid credit when it is submitted. Workers commit to answers before the response
/// deadline; a score report settles them all in one line before the scoring deadline: the best answer at or above
/// `minQuality` earns R_base·Q, answers below τ or fraudulent cost ⌈κ·R_base⌉, the rest of R_base returns to the asker
/// (EQ-17, EQ-18, EQ-19; decisions D7, D11, D12). Every state has an exit that anyone may call. All amounts are wei of
/// MASA. Payment is pull: earnings and refunds are credit.
interface IRequestEscrow {
    enum RequestState {
        None,
        Open,
        Settled,
        Cancelled,
        Expired, // nobody answered in time
        Unscored // no report in time
    }

    /// @notice Kinds of work: completions count in a validator's L, data kinds in its D (EQ-05).
    enum RequestKind {
        LlmCompletion,
        DataQuery,
        DataScrape
    }

    /// @dev Two slots.
    struct Request {
        address asker;
        uint40 submittedAt;
        RequestState state;
        RequestKind kind;
        bool hasEvidence; // without it F is absent from Q
        uint8 maxResponses;
        uint8 responses; // commitments so far
        uint96 baseReward; // R_base
        uint64 minQuality; // WAD, in [τ, τ + maxMargin]
        uint40 responseDeadline; // last second for commitments
        uint40 scoringDeadline; // last second for its report
        uint16 terms; // index of the MarketTerms frozen for it
    }

    /// @dev One slot. What the worker committed to is in the event; validators check payloads against it.
    struct Commitment {
        address worker;
        uint40 committedAt;
        uint32 nonce; // registration nonce of the worker
    }

    /// @dev Frozen per request by index: a change never touches a request that is already open. Two slots.
    struct MarketTerms {
        UD2x18 qualityThreshold; // τ
        UD2x18 slashShare; // κ in (0, 1)
        UD2x18 maxMargin; // bound of minQuality above τ
        UD2x18 weightRelevance; // α of EQ-18
        UD2x18 weightCoherence; // β
        UD2x18 weightFactual; // γ, below 1
        UD2x18 weightResponseTime; // δ
    }

    /// @dev Bounds of what a request may ask for. One slot.
    struct RequestLimits {
        uint96 minBaseReward;
        uint32 minResponseWindow; // seconds
        uint32 maxResponseWindow;
        uint32 minScoringWindow;
        uint32 maxScoringWindow;
        uint8 maxResponses;
    }

    struct Submission {
        bytes32 payloadHash; // keccak256 of the request payload that the asker serves
        RequestKind kind;
        bool hasEvidence;
        uint8 maxResponses;
        uint96 baseReward;
        uint64 minQuality;
        uint32 responseWindow; // seconds
        uint32 scoringWindow; // seconds after the response deadline
    }

    /// @notice Attested sub-scores of one response, on the scale 1e9 = 1.
    struct ResponseScore {
        uint32 relevance; // R
        uint32 coherence; // C
        uint32 factual; // F, ignored without evidence
        uint32 responseTime; // T
        uint32 throughput; // bytes of answer a second
        bool scored; // false: too little of the weight scored it; it is neither paid nor slashed
        uint8 fraud; // 0: none; else a reason code, see docs/scoring.md
    }

    /// @notice A request with all its commitments, in the order of their indexes.
    struct RequestResult {
        uint256 requestId;
        ResponseScore[] responses;
    }

    enum ResponseOutcome {
        Unscored,
        Slashed,
        Unpaid, // at or above τ, but not the winner or below minQuality
        Paid
    }

    event Deposited(address indexed account, uint256 amount, uint256 credit);
    event CreditWithdrawn(address indexed account, address indexed to, uint256 amount, uint256 credit);
    event RequestSubmitted(uint256 indexed requestId, address indexed asker, bytes32 payloadHash, Request request);
    event ResponseCommitted(
        uint256 indexed requestId,
        address indexed worker,
        uint256 index,
        uint32 nonce,
        bytes32 commitment
    );
    event ResponseSettled(
        uint256 indexed requestId,
        address indexed worker,
        ResponseOutcome outcome,
        uint256 quality,
        uint256 reward,
        uint256 slashed,
        uint8 fraud
    );
    event RequestSettled(uint256 indexed requestId, address indexed asker, uint256 paid, uint256 refunded);
    /// @notice A line of a report that cannot settle: its request is settled already, still open to answers, past its
    /// scoring deadline, or has another number of responses. The rest of the report stands.
    event ResultSkipped(uint256 indexed requestId, RequestState state);
    event RequestClosed(uint256 indexed requestId, RequestState state, uint256 refunded);
    event MarketTermsSet(uint16 indexed index, MarketTerms terms);
    event RequestLimitsSet(RequestLimits previous, RequestLimits current);

    error RequestEscrow_ZeroAmount();
    error RequestEscrow_ZeroAddress();
    error RequestEscrow_InsufficientCredit(address account, uint256 credit, uint256 asked);
    error RequestEscrow_NotEligible(address account);
    error RequestEscrow_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error RequestEscrow_UnknownRequest(uint256 requestId);
    error RequestEscrow_NotOpen(uint256 requestId, RequestState state);
    error RequestEscrow_ResponsesClosed(uint256 requestId, uint256 responseDeadline, uint256 now_);
    error RequestEscrow_ResponsesFull(uint256 requestId, uint256 maxResponses);
    error RequestEscrow_AlreadyCommitted(uint256 requestId, address worker);
    error RequestEscrow_EmptyCommitment();
    error RequestEscrow_NotAsker(uint256 requestId, address caller);
    error RequestEscrow_HasResponses(uint256 requestId, uint256 responses);
    error RequestEscrow_TooEarly(uint256 requestId, uint256 closesAt, uint256 now_);
    /// @notice α + β + γ + δ of EQ-18 is not 1.
    error RequestEscrow_WeightsDoNotSumToOne(uint256 sum);
    /// @notice The windows together outlast the vault's `requestPath`, on which the unbonding delay relies (decision D14).
    error RequestEscrow_WindowsTooLong(uint256 windows, uint256 longest);
    error RequestEscrow_FeeOnTransfer(uint256 asked, uint256 received);

    /// @notice Adds `amount` of the caller's MASA to its credit.
    function deposit(uint256 amount) external;

    /// @notice {deposit} with an EIP-2612 permit; a permit that was already used is no obstacle.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Pays out free credit of the caller.
    function withdrawCredit(address to, uint256 amount) external;

    /// @notice Submits a request; R_base leaves the account's credit until it settles. The caller is an eligible oracle
    /// node, or its operator with RIGHT_ASK.
    function submit(Submission calldata submission) external returns (uint256 requestId);

    /// @notice Commits an eligible worker, the caller or whose operator with RIGHT_COMMIT it is, to an answer; reserves
    /// ⌈κ·R_base⌉ of its stake.
    /// @param commitment See {commitmentOf}.
    function commit(uint256 requestId, bytes32 commitment) external returns (uint256 index);

    /// @notice Takes back a request that nobody has committed to. The asker, or its operator with RIGHT_ASK.
    function cancel(uint256 requestId) external;

    /// @notice Ends a request that got no answer before its response deadline, or no report before its scoring
    /// deadline: refund, reservations released, nobody slashed. Anyone may call.
    function close(uint256 requestId) external;

    /// @notice Settles the lines of a final report. Consensus only; never reverts for one line.
    function settle(RequestResult[] calldata results) external;

    function creditOf(address account) external view returns (uint256);
    function requestOf(uint256 requestId) external view returns (Request memory);
    function commitmentsOf(uint256 requestId) external view returns (Commitment[] memory);
    function requestCount() external view returns (uint256);

    /// @notice Σ R_base of open requests (invariant I-03).
    function totalReserved() external view returns (uint256);

    /// @notice Σ credit.
    function totalCredit() external view returns (uint256);

    function marketTermsOf(uint16 index) external view returns (MarketTerms memory);

    /// @notice Index of the terms that new requests get.
    function currentTerms() external view returns (uint16);

    /// @notice What a worker commits to: bound to the request, to itself and to its registration, so that a copy is
    /// worth nothing to another.
    function commitmentOf(
        uint256 requestId,
        address worker,
        uint32 nonce,
        bytes32 salt,
        bytes32 payloadHash
    ) external pure returns (bytes32);
}
