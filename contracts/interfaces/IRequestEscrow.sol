// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

/// @title Where oracle nodes ask and pay, and workers answer and earn
/// @notice A request is paid for from prepaid credit when it is submitted, R_base and the fee F_o (EQ-08). Workers commit
/// to answers before the response deadline; a score report settles them all in one line before the scoring deadline: the
/// best answer at or above `minQuality` earns R_base·Q, answers below τ or fraudulent cost ⌈κ·R_base⌉, the rest of R_base
/// returns to the asker (EQ-17, EQ-18, EQ-19; decisions D7, D11, D12). The fee is kept if the network answered, whatever
/// the answer was worth, and returned with R_base if it did not. Every state has an exit that anyone may call. All
/// amounts are wei of MASA; R_base and fees are whole multiples of 1e9 wei. Payment is pull: earnings and refunds are
/// credit.
interface IRequestEscrow {
    enum RequestState {
        None,
        Open,
        Settled,
        Cancelled,
        Expired, // nobody answered in time
        Unscored // no report in time
    }

    /// @dev What a request is. Kinds are numbers that governance opens: 0 LLM completion, 1 data query, 2 data scrape;
    /// LLM kinds count in a validator's L, data kinds in its D (EQ-05).
    struct Request {
        address asker;
        RequestState state;
        uint8 kind;
        bool hasEvidence; // without it F is absent from Q
        uint8 maxResponses;
        uint8 responses; // commitments so far
        uint96 baseReward; // R_base
        uint96 fee; // F_o
        uint64 minQuality; // WAD, in [τ, τ + margin]
        uint40 responseDeadline; // last second for commitments
        uint40 scoringDeadline; // last second for its report
        uint16 terms; // number of the MarketTerms frozen for it
    }

    /// @dev Frozen per request by number: a change never touches a request that is already open. All are whole multiples
    /// of 1e9 WAD, as fine as sub-scores are. One slot.
    struct MarketTerms {
        UD2x18 qualityThreshold; // τ
        UD2x18 slashShare; // κ in (0, 1)
        UD2x18 attributionShare; // of a reward, for the data it cites; 0 until there is a registry of data
        UD2x18 weightRelevance; // α of EQ-18
        UD2x18 weightCoherence; // β
        UD2x18 weightFactual; // γ, below 1
        UD2x18 weightResponseTime; // δ
        UD2x18 posterShare; // of the fees a report settles: the most its poster gets
    }

    /// @dev Bounds of what a request may ask for.
    struct RequestLimits {
        uint96 minBaseReward; // wei, a multiple of 1e9
        uint16 minResponseWindow; // seconds
        uint24 maxResponseWindow;
        uint16 minScoringWindow;
        uint24 maxScoringWindow;
        uint8 maxResponses;
        UD2x18 maxMargin; // most of minQuality above τ, in steps of 1e14
    }

    /// @dev What a poster is paid: `bounty` and the gas its report used at the transaction's price, both in MASA, never
    /// more than `posterShare` of the fees. One slot.
    struct PosterTerms {
        uint96 bounty; // wei of MASA a report
        uint96 masaPerEther; // wei of MASA that one ether of gas is worth
        uint64 maxGasPrice; // wei of ether; what is paid above it is the poster's loss
    }

    struct Submission {
        bytes32 payloadHash; // keccak256 of the request payload that the asker serves
        uint8 kind;
        bool hasEvidence;
        uint8 maxResponses;
        uint96 baseReward; // a multiple of 1e9
        uint64 minQuality; // WAD, rounded up to τ plus a multiple of 1e14
        uint32 responseWindow; // seconds
        uint32 scoringWindow; // seconds after the response deadline
    }

    enum ResponseOutcome {
        Unscored,
        Slashed,
        Unpaid, // at or above τ, but not the winner or below minQuality
        Paid // the winner: {RequestSettled} says so, no event of its own does
    }

    event Deposited(address indexed account, uint256 amount, uint256 credit);
    event CreditWithdrawn(address indexed account, address indexed to, uint256 amount, uint256 credit);
    /// @param minQuality WAD; the request's `request` has its margin above τ.
    /// @param request All else, packed as it is stored: from the lowest bit up state 3 · kind 5 · has evidence 1 · most
    /// responses less one 4 · responses 5 · terms 12 · margin 14 (steps of 1e14) · number of the asker 32 · of the first
    /// worker 32 · response deadline 32 · scoring window 20 · R_base 48 · fee 44 (both in units of 1e9 wei).
    event RequestSubmitted(
        uint256 indexed requestId,
        address indexed asker,
        bytes32 payloadHash,
        uint256 minQuality,
        uint256 request
    );
    event ResponseCommitted(
        uint256 indexed requestId,
        address indexed worker,
        uint256 index,
        uint32 nonce,
        bytes32 commitment
    );
    /// @notice A response was settled and did not win; {RequestSettled} names the one that did.
    /// @param quality Q, WAD; 0 if unscored or a fraud.
    /// @param slashed Stake booked against the worker, 0 unless `outcome` is Slashed.
    /// @param fraud Reason code, 0: none.
    event ResponseSettled(
        uint256 indexed requestId,
        address indexed worker,
        ResponseOutcome outcome,
        uint256 quality,
        uint256 slashed,
        uint8 fraud
    );
    /// @param winner Whose answer was accepted, 0: nobody's.
    /// @param paid R_base·Q to the winner.
    /// @param quality Q of the winner's answer, WAD.
    event RequestSettled(uint256 indexed requestId, address indexed winner, uint256 paid, uint256 quality);
    /// @notice A line of a report that cannot settle: its request is settled already, still open to answers, past its
    /// scoring deadline, or has another number of responses; or the lines before it are as dear as one transaction can
    /// settle, and a later report may bring it again. The rest of the report stands.
    event ResultSkipped(uint256 indexed requestId, RequestState state);
    /// @param refunded R_base and the fee.
    event RequestClosed(uint256 indexed requestId, RequestState state, uint256 refunded);
    /// @param cost What its terms come to, before the bound by the fees.
    event PosterPaid(address indexed poster, uint256 amount, uint256 cost);
    event FeesCollected(uint256 amount);
    event BackingChanged(address indexed worker, uint256 previous, uint256 current);
    event MarketTermsSet(uint16 indexed number, MarketTerms terms);
    event RequestLimitsSet(RequestLimits previous, RequestLimits current);
    event RequestKindsSet(uint24 previousOpen, uint24 previousData, uint24 open, uint24 data);
    event PosterTermsSet(PosterTerms previous, PosterTerms current);
    event FeePoolSet(address feePool);

    error RequestEscrow_ZeroAmount();
    error RequestEscrow_ZeroAddress();
    error RequestEscrow_InsufficientCredit(address account, uint256 credit, uint256 asked);
    error RequestEscrow_NotEligible(address account);
    error RequestEscrow_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice `value` is no multiple of `unit`.
    error RequestEscrow_NotWhole(bytes32 name, uint256 value, uint256 unit);
    error RequestEscrow_KindNotOpen(uint8 kind);
    error RequestEscrow_UnknownRequest(uint256 requestId);
    error RequestEscrow_NotOpen(uint256 requestId, RequestState state);
    error RequestEscrow_ResponsesClosed(uint256 requestId, uint256 responseDeadline, uint256 now_);
    error RequestEscrow_ResponsesFull(uint256 requestId, uint256 maxResponses);
    error RequestEscrow_AlreadyCommitted(uint256 requestId, address worker);
    error RequestEscrow_EmptyCommitment();
    error RequestEscrow_NotAsker(uint256 requestId, address caller);
    error RequestEscrow_HasResponses(uint256 requestId, uint256 responses);
    error RequestEscrow_TooEarly(uint256 requestId, uint256 closesAt, uint256 now_);
    /// @notice 2^32 − 1 requests were made: the market goes on in a new escrow.
    error RequestEscrow_NumbersExhausted();
    error RequestEscrow_EmptyReport();
    error RequestEscrow_TooManyResults(uint256 results, uint256 most);
    /// @notice The results carry more responses together than one transaction can settle.
    error RequestEscrow_TooManyResponses(uint256 responses, uint256 most);
    /// @notice α + β + γ + δ of EQ-18 is not 1.
    error RequestEscrow_WeightsDoNotSumToOne(uint256 sum);
    /// @notice The windows together outlast the vault's `requestPath`, on which the unbonding delay relies (decision D14).
    error RequestEscrow_WindowsTooLong(uint256 windows, uint256 longest);
    error RequestEscrow_FeeOnTransfer(uint256 asked, uint256 received);

    /// @notice Adds `amount` of the caller's MASA to its credit.
    function deposit(uint256 amount) external;

    /// @notice {deposit} with an EIP-2612 permit; a permit that was already used is no obstacle.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Pays out free credit of the caller, then its pay as a poster, then its earnings as a worker.
    function withdrawCredit(address to, uint256 amount) external;

    /// @notice Submits a request; R_base and the fee leave the account's credit until it settles. The caller is an
    /// eligible oracle node, or its operator with RIGHT_ASK. Eligibility is established once an epoch and holds to its
    /// end; a node that deregisters loses it at once.
    function submit(Submission calldata submission) external returns (uint256 requestId);

    /// @notice Commits an eligible worker, the caller or whose operator with RIGHT_COMMIT it is, to an answer, behind
    /// ⌈κ·R_base⌉ of its stake, rounded up to 1e9 wei. Eligibility as in {submit}; a failed answer ends it. Stake is
    /// reserved in the vault ahead, for more commitments than one where there is enough of it: backing.
    /// @param commitment See {commitmentOf}.
    function commit(uint256 requestId, bytes32 commitment) external returns (uint256 index);

    /// @notice Takes back a request that nobody has committed to. The asker, or its operator with RIGHT_ASK. The
    /// consumption that its fee was reckoned from stays.
    function cancel(uint256 requestId) external;

    /// @notice Ends a request that got no answer before its response deadline, or no report before its scoring
    /// deadline: refund, nobody slashed. Anyone may call.
    function close(uint256 requestId) external;

    /// @notice Gives back the stake of `worker` that no open commitment needs. Anyone may call; a worker needs it before
    /// it can deregister.
    function releaseBacking(address worker) external;

    /// @notice Tells {INodeStanding} what requests of `asker` that were settled since it was last told have consumed. Its
    /// first request in an epoch does so by itself. Anyone may call.
    function tellConsumption(address asker) external;

    /// @notice Sends the fees of settled requests to the fee pool. Anyone may call.
    function collectFees() external returns (uint256 amount);

    /// @notice Settles the lines of a final report and pays its poster. Right SETTLE. A line that cannot settle is
    /// skipped; malformed bytes, or more than fit a transaction, revert.
    /// @param gasAtStart Gas that was left when the report's transaction began, with what its calldata cost added.
    /// @param results See {ResultCodec}.
    /// @return paid To the poster, wei.
    function settle(address poster, uint256 gasAtStart, bytes calldata results) external returns (uint256 paid);

    /// @notice Pays who posted an epoch report, out of fees that wait to be collected. Right SETTLE.
    function payPoster(address poster, uint256 gasAtStart) external returns (uint256 paid);

    /// @notice Free credit, earnings as a worker and pay as a poster, wei.
    function creditOf(address account) external view returns (uint256);

    /// @notice What the escrow keeps of an account, packed; {IProtocolLens-holdingsOf} reads it.
    /// Pay as a poster is in {creditOf} alone.
    /// @return asker From the lowest bit up: free credit 96 (wei), end of the epoch in which it is known to be eligible 40
    /// (Unix second), R_base asked for in that epoch 56, R_base and fees of open requests 64.
    /// @return worker Earnings 96 (wei), end of the epoch in which it is known to be eligible 40, slashes that its open
    /// commitments may cost 56, stake reserved for commitments 56.
    /// @return record Requests settled 32, of these accepted 32, Σ Q of their best answers 64 (scale 1e9), consumption that
    /// {INodeStanding} has not been told of 64, rewards paid 64 (each report's rounded down). Amounts not in wei are in
    /// units of 1e9 wei.
    function wordsOf(address account) external view returns (uint256 asker, uint256 worker, uint256 record);
    function requestOf(uint256 requestId) external view returns (Request memory);

    /// @notice Workers that committed to a request, in the order of their indexes.
    function workersOf(uint256 requestId) external view returns (address[] memory);
    function requestCount() external view returns (uint256);

    /// @notice Σ R_base and Σ fees of open requests, and fees of settled ones that wait for {collectFees} (I-03).
    function totals() external view returns (uint256 reserved, uint256 heldFees, uint256 fees);

    function marketTermsOf(uint16 number) external view returns (MarketTerms memory);

    /// @notice Number of the terms that new requests get.
    function currentTerms() external view returns (uint16);
    function requestLimits() external view returns (RequestLimits memory);
    function posterTerms() external view returns (PosterTerms memory);

    /// @notice Kinds that may be asked for, and which of them are data kinds (bit i: kind i).
    function requestKinds() external view returns (uint24 open, uint24 data);

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
