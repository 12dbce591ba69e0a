// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18, ud2x18} from "@prb/math/src/UD2x18.sol";

import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {MarketLedger} from "./MarketLedger.sol";
import {RequestWord} from "./RequestWord.sol";
import {ResultCodec} from "./ResultCodec.sol";

/// @title What governance says of requests
/// @notice Terms are numbered and frozen with each request; limits, kinds and the poster's pay hold at once.
abstract contract MarketTermsBook is MarketLedger {
    /// @dev All that submitting reads of the rules. One slot.
    struct Rules {
        uint16 terms;
        uint48 minBaseReward; // UNITs
        uint16 minResponseWindow;
        uint24 maxResponseWindow;
        uint16 minScoringWindow;
        uint24 maxScoringWindow;
        uint8 maxResponses;
        uint16 maxMarginSteps;
        uint24 kinds;
        uint64 threshold; // τ of the current terms
    }

    /// @notice Bounds of what a poster is paid.
    uint96 internal constant MAX_BOUNTY = 1_000e18;
    uint96 internal constant MAX_MASA_PER_ETHER = 10_000_000e18;
    /// @notice Terms are whole multiples of this, WAD: sub-scores are no finer.
    uint256 internal constant TERM_STEP = 1e9;
    /// @dev Where terms begin in their word.
    uint256 internal constant THRESHOLD_AT = 0;
    uint256 internal constant SLASH_SHARE_AT = 32;
    uint256 private constant ATTRIBUTION_SHARE_AT = 64;
    uint256 internal constant RELEVANCE_AT = 96;
    uint256 internal constant COHERENCE_AT = 128;
    uint256 internal constant FACTUAL_AT = 160;
    uint256 internal constant RESPONSE_TIME_AT = 192;
    uint256 internal constant POSTER_SHARE_AT = 224;

    Rules internal _rules;
    uint24 private _dataKinds;
    PosterTerms private _posterTerms;
    /// @dev Eight numbers of 32 bits in steps of TERM_STEP, in the order of {MarketTerms} from the lowest bit up.
    mapping(uint256 number => uint256 word) private _terms;

    /// @notice Sets τ, κ and the weights of requests submitted from now on.
    function setMarketTerms(MarketTerms calldata terms) external onlyOwner {
        ++_rules.terms;
        _setTerms(terms);
    }

    function setRequestLimits(RequestLimits calldata limits) external onlyOwner {
        _setLimits(limits);
    }

    /// @notice Opens and closes kinds of requests, and says which are data kinds (bit i: kind i). A request that is open
    /// stays what it is.
    function setRequestKinds(uint24 open, uint24 data) external onlyOwner {
        _setKinds(open, data);
    }

    function setPosterTerms(PosterTerms calldata terms) external onlyOwner {
        _setPosterTerms(terms);
    }

    /// @inheritdoc IRequestEscrow
    function marketTermsOf(uint16 number) external view returns (MarketTerms memory) {
        uint256 word = _terms[number];
        return
            MarketTerms({
                qualityThreshold: _ratioIn(word, THRESHOLD_AT),
                slashShare: _ratioIn(word, SLASH_SHARE_AT),
                attributionShare: _ratioIn(word, ATTRIBUTION_SHARE_AT),
                weightRelevance: _ratioIn(word, RELEVANCE_AT),
                weightCoherence: _ratioIn(word, COHERENCE_AT),
                weightFactual: _ratioIn(word, FACTUAL_AT),
                weightResponseTime: _ratioIn(word, RESPONSE_TIME_AT),
                posterShare: _ratioIn(word, POSTER_SHARE_AT)
            });
    }

    /// @inheritdoc IRequestEscrow
    function currentTerms() external view returns (uint16) {
        return _rules.terms;
    }

    /// @inheritdoc IRequestEscrow
    function requestLimits() public view returns (RequestLimits memory limits) {
        Rules memory rules = _rules;
        limits.minBaseReward = uint96(rules.minBaseReward * UNIT);
        limits.minResponseWindow = rules.minResponseWindow;
        limits.maxResponseWindow = rules.maxResponseWindow;
        limits.minScoringWindow = rules.minScoringWindow;
        limits.maxScoringWindow = rules.maxScoringWindow;
        limits.maxResponses = rules.maxResponses;
        limits.maxMargin = ud2x18(uint64(rules.maxMarginSteps * RequestWord.MARGIN_STEP));
    }

    /// @inheritdoc IRequestEscrow
    function requestKinds() external view returns (uint24 open, uint24 data) {
        return (_rules.kinds, _dataKinds);
    }

    /// @inheritdoc IRequestEscrow
    function posterTerms() public view returns (PosterTerms memory) {
        return _posterTerms;
    }

    /// @dev {posterTerms}, without a struct in memory.
    function _posterPrices() internal view returns (uint256 bounty, uint256 masaPerEther, uint256 maxGasPrice) {
        PosterTerms storage p = _posterTerms;
        return (p.bounty, p.masaPerEther, p.maxGasPrice);
    }

    function _setTerms(MarketTerms memory t) internal {
        uint256 threshold = t.qualityThreshold.unwrap();
        _requireWithin("terms", _rules.terms, 0, RequestWord.MAX_TERMS);
        _requireWithin("qualityThreshold", threshold, 1, WAD - 1);
        _requireWithin("slashShare", t.slashShare.unwrap(), 1, WAD - 1);
        // Rewards are split once there is a registry of the data that answers cite.
        _requireWithin("attributionShare", t.attributionShare.unwrap(), 0, 0);
        _requireWithin("weightFactual", t.weightFactual.unwrap(), 0, WAD - 1);
        _requireWithin("posterShare", t.posterShare.unwrap(), 0, WAD);
        uint256 sum =
            uint256(t.weightRelevance.unwrap()) +
                t.weightCoherence.unwrap() +
                t.weightFactual.unwrap() +
                t.weightResponseTime.unwrap();
        if (sum != WAD) revert RequestEscrow_WeightsDoNotSumToOne(sum);
        // minQuality stays below 1 whatever margin is asked for.
        _requireWithin("maxMargin", _rules.maxMarginSteps * RequestWord.MARGIN_STEP, 0, WAD - 1 - threshold);
        _rules.threshold = uint64(threshold);
        _terms[_rules.terms] = _packedTerms(t);
        emit MarketTermsSet(_rules.terms, t);
    }

    function _packedTerms(MarketTerms memory t) private pure returns (uint256 word) {
        word = _steps("qualityThreshold", t.qualityThreshold) << THRESHOLD_AT;
        word |= _steps("slashShare", t.slashShare) << SLASH_SHARE_AT;
        word |= _steps("attributionShare", t.attributionShare) << ATTRIBUTION_SHARE_AT;
        word |= _steps("weightRelevance", t.weightRelevance) << RELEVANCE_AT;
        word |= _steps("weightCoherence", t.weightCoherence) << COHERENCE_AT;
        word |= _steps("weightFactual", t.weightFactual) << FACTUAL_AT;
        word |= _steps("weightResponseTime", t.weightResponseTime) << RESPONSE_TIME_AT;
        word |= _steps("posterShare", t.posterShare) << POSTER_SHARE_AT;
    }

    /// @dev Of a ratio that is known not to be above 1.
    function _steps(bytes32 name, UD2x18 ratio) private pure returns (uint256) {
        _requireWhole(name, ratio.unwrap(), TERM_STEP);
        return ratio.unwrap() / TERM_STEP;
    }

    function _ratioIn(uint256 word, uint256 offset) private pure returns (UD2x18) {
        return ud2x18(uint64(_termIn(word, offset)));
    }

    /// @dev The terms of a number, to be read with {_termIn}.
    function _termsWord(uint256 number) internal view returns (uint256) {
        return _terms[number];
    }

    /// @param offset One of the places above.
    /// @return WAD.
    function _termIn(uint256 word, uint256 offset) internal pure returns (uint256) {
        unchecked {
            // 32 bits of steps.
            return uint32(word >> offset) * TERM_STEP;
        }
    }

    function _setLimits(RequestLimits memory limits) internal {
        _requireWhole("minBaseReward", limits.minBaseReward, UNIT);
        _requireWithin("minBaseReward", limits.minBaseReward, UNIT, RequestWord.MAX_REWARD_UNITS * UNIT);
        _requireWithin("maxResponses", limits.maxResponses, 1, ResultCodec.MAX_RESPONSES_PER_RESULT);
        _requireWithin("minResponseWindow", limits.minResponseWindow, 1, limits.maxResponseWindow);
        _requireWithin("minScoringWindow", limits.minScoringWindow, 1, limits.maxScoringWindow);
        _requireWithin("maxScoringWindow", limits.maxScoringWindow, 1, RequestWord.MAX_SCORING_WINDOW);
        uint256 margin = limits.maxMargin.unwrap();
        _requireWhole("maxMargin", margin, RequestWord.MARGIN_STEP);
        _requireWithin("maxMargin", margin, 0, WAD - 1 - _rules.threshold);
        uint256 windows = uint256(limits.maxResponseWindow) + limits.maxScoringWindow;
        uint256 longest = vault.requestPath();
        if (windows > longest) revert RequestEscrow_WindowsTooLong(windows, longest);
        emit RequestLimitsSet(requestLimits(), limits);
        Rules memory rules = _rules;
        rules.minBaseReward = uint48(limits.minBaseReward / UNIT);
        rules.minResponseWindow = limits.minResponseWindow;
        rules.maxResponseWindow = limits.maxResponseWindow;
        rules.minScoringWindow = limits.minScoringWindow;
        rules.maxScoringWindow = limits.maxScoringWindow;
        rules.maxResponses = limits.maxResponses;
        rules.maxMarginSteps = uint16(margin / RequestWord.MARGIN_STEP);
        _rules = rules;
    }

    function _setKinds(uint24 open, uint24 data) internal {
        emit RequestKindsSet(_rules.kinds, _dataKinds, open, data);
        _rules.kinds = open;
        _dataKinds = data;
    }

    function _setPosterTerms(PosterTerms memory p) internal {
        _requireWithin("bounty", p.bounty, 0, MAX_BOUNTY);
        _requireWithin("masaPerEther", p.masaPerEther, 0, MAX_MASA_PER_ETHER);
        emit PosterTermsSet(_posterTerms, p);
        _posterTerms = p;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) internal pure {
        if (value < least || value > most) revert RequestEscrow_OutOfRange(name, value, least, most);
    }

    function _requireWhole(bytes32 name, uint256 value, uint256 unit) internal pure {
        if (value % unit != 0) revert RequestEscrow_NotWhole(name, value, unit);
    }
}
