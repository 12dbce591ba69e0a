// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IOffences} from "../interfaces/IOffences.sol";
import {IScoreConsensus} from "../interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ReportTypes} from "./ReportTypes.sol";

/// @title Offences
/// @notice Proofs against validators and what follows from them. See {IOffences}.
contract Offences is IOffences, ModuleRights {
    using Checkpoints for Checkpoints.Trace160;
    using ReportTypes for ReportTypes.ScoreReport;
    using ReportTypes for ReportTypes.ScoreVector;
    using ReportTypes for ReportTypes.EpochReport;

    /// @dev When it was the proposer's turn that a message belongs to.
    struct Turn {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
    }

    /// @dev What a proof says.
    struct Claim {
        Kind kind;
        Turn turn;
        address key; // frozen for the seat
        bytes32 first; // digests
        bytes32 second;
    }

    /// @dev One slot; bit i stands for seat i of the set frozen for an epoch.
    struct Punished {
        uint64 proven;
        uint64 idle;
    }

    bytes32 public constant REPORT = "REPORT";
    /// @notice Seconds by which a commitment comes before the proof: whoever orders transactions would have to hold the
    /// proof back for as long.
    uint256 public constant COMMITMENT_AGE = 1 minutes;
    /// @notice Of the slash: proving one's own offence never pays.
    uint64 public constant MAX_BOUNTY_SHARE = 0.25e18;
    uint64 public constant MAX_IDLE_SHARE = 0.01e18;
    uint32 public constant MAX_EXPULSION_EPOCHS = 10_000;
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint256 private constant WAD = 1e18;

    IEpochClock public immutable clock;
    IStakeVault public immutable vault;
    INodeRegistry public immutable registry;
    IValidatorSet public immutable validatorSet;
    IScoreConsensus public immutable consensus;
    address private immutable _masa;
    /// @dev The zero address where the network has no TAO.
    address private immutable _tao;

    OffenceTerms private _terms;
    /// @dev By the first epoch that a value holds for.
    Checkpoints.Trace160 private _maxMissed;
    mapping(uint64 epoch => Punished) private _punished;
    /// @inheritdoc IOffences
    mapping(bytes32 commitment => uint256) public committedAt;

    /// @param consensus_ Whose messages are judged: another consensus comes with another contract of this kind.
    /// @param maxMissed_ See {maxMissedOf}.
    constructor(
        address owner_,
        IEpochClock clock_,
        IStakeVault vault_,
        INodeRegistry registry_,
        IValidatorSet validatorSet_,
        IScoreConsensus consensus_,
        OffenceTerms memory terms,
        uint32 maxMissed_
    ) Ownable(owner_) {
        if (
            address(clock_) == address(0) ||
            address(vault_) == address(0) ||
            address(registry_) == address(0) ||
            address(validatorSet_) == address(0) ||
            address(consensus_) == address(0)
        ) revert Offences_ZeroAddress();
        clock = clock_;
        vault = vault_;
        registry = registry_;
        validatorSet = validatorSet_;
        consensus = consensus_;
        _masa = vault_.masa();
        _tao = vault_.tao();
        _requireDomain(address(consensus_));
        _setTerms(terms);
        _setMaxMissed(maxMissed_, 0);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IOffences
    function commitEvidence(bytes32 commitment) external {
        if (committedAt[commitment] != 0) return;
        committedAt[commitment] = block.timestamp;
        emit EvidenceCommitted(commitment, block.timestamp);
    }

    /// @inheritdoc IOffences
    function proveScoreReports(
        ReportTypes.ScoreReport calldata first,
        ReportTypes.ScoreReport calldata second,
        Evidence calldata evidence
    ) external {
        Turn memory turn = _requireOneTurn(
            Turn(first.epoch, first.round, first.attempt),
            Turn(second.epoch, second.round, second.attempt)
        );
        address key = _keyOf(turn.epoch, evidence.seat);
        _prove(Claim(Kind.ScoreReports, turn, key, first.structHash(), second.structHash()), evidence);
    }

    /// @inheritdoc IOffences
    function proveScoreVectors(
        ReportTypes.ScoreVector calldata first,
        ReportTypes.ScoreVector calldata second,
        Evidence calldata evidence
    ) external {
        Turn memory turn = _requireOneTurn(
            Turn(first.epoch, first.round, first.attempt),
            Turn(second.epoch, second.round, second.attempt)
        );
        address key = _keyOf(turn.epoch, evidence.seat);
        if (first.validator != key) revert Offences_ForeignVector(first.validator, key);
        if (second.validator != key) revert Offences_ForeignVector(second.validator, key);
        _prove(Claim(Kind.ScoreVectors, turn, key, first.structHash(), second.structHash()), evidence);
    }

    /// @inheritdoc IOffences
    function proveEpochReports(
        ReportTypes.EpochReport calldata first,
        ReportTypes.EpochReport calldata second,
        Evidence calldata evidence
    ) external {
        Turn memory turn = _requireOneTurn(
            Turn(first.epoch, ReportTypes.EPOCH_ROUND, first.attempt),
            Turn(second.epoch, ReportTypes.EPOCH_ROUND, second.attempt)
        );
        address key = _keyOf(turn.epoch, evidence.seat);
        _prove(Claim(Kind.EpochReports, turn, key, first.structHash(), second.structHash()), evidence);
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc IOffences
    function slashIdle(uint64 epoch, uint64 idleSeats) external onlyModule(REPORT) {
        uint64 due = idleSeats & ~_punished[epoch].idle;
        if (due == 0) return;
        _punished[epoch].idle |= due;
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        uint256 share = _terms.idleShare;
        for (uint256 seat; seat < keys.length; ++seat) {
            if ((due >> seat) & 1 == 0 || keys[seat] == address(0)) continue;
            (address account, ) = registry.signerOf(keys[seat]);
            uint256 booked = vault.slash(account, 0, _shareUp(vault.masaStakeOf(account), share));
            emit IdleSlashed(epoch, account, seat, booked);
        }
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the first module that reports idleness, once.
    function wire(address reporter) external {
        _beginWiring();
        _grant(REPORT, reporter, block.timestamp);
    }

    /// @notice Holds for every proof and every report from now on, whatever epoch they are about.
    function setOffenceTerms(OffenceTerms calldata terms) external onlyOwner {
        _setTerms(terms);
    }

    /// @notice Holds from the next epoch on: who signs the report of an epoch counts by that epoch's value.
    function setMaxMissed(uint32 maxMissed_) external onlyOwner {
        _setMaxMissed(maxMissed_, clock.currentEpoch() + 1);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IOffences
    function commitmentOf(address reporter, bytes32 first, bytes32 second, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(reporter, first, second, salt));
    }

    /// @inheritdoc IOffences
    function provableUntil(uint64 epoch) public view returns (uint256) {
        return uint256(clock.epochStart(epoch + 2)) + vault.evidenceWindow();
    }

    /// @inheritdoc IOffences
    function punishedSeatsOf(uint64 epoch) external view returns (uint64 proven, uint64 idle) {
        return (_punished[epoch].proven, _punished[epoch].idle);
    }

    /// @inheritdoc IOffences
    function offenceTerms() external view returns (OffenceTerms memory) {
        return _terms;
    }

    /// @inheritdoc IOffences
    function maxMissedOf(uint64 epoch) external view returns (uint32) {
        return uint32(_maxMissed.upperLookupRecent(epoch));
    }

    // ---------------------------------------------------------------- proofs

    function _requireOneTurn(Turn memory first, Turn memory second) private pure returns (Turn memory) {
        if (first.epoch != second.epoch || first.round != second.round || first.attempt != second.attempt) {
            revert Offences_DifferentTurns(
                first.epoch,
                first.round,
                first.attempt,
                second.epoch,
                second.round,
                second.attempt
            );
        }
        return first;
    }

    /// @dev The key frozen for a seat; never 0.
    function _keyOf(uint64 epoch, uint256 seat) private view returns (address) {
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        if (seat >= keys.length || keys[seat] == address(0)) revert Offences_UnknownSeat(epoch, seat);
        return keys[seat];
    }

    /// @param claim With struct hashes in the place of digests.
    function _prove(Claim memory claim, Evidence calldata evidence) private {
        bytes32 domain = ReportTypes.domainSeparator(address(consensus));
        claim.first = MessageHashUtils.toTypedDataHash(domain, claim.first);
        claim.second = MessageHashUtils.toTypedDataHash(domain, claim.second);
        if (claim.first == claim.second) revert Offences_SameMessage(claim.first);
        uint64 epoch = claim.turn.epoch;
        uint256 until = provableUntil(epoch);
        if (block.timestamp > until) revert Offences_TooLate(epoch, until, block.timestamp);
        _requireSigned(claim.first, evidence.firstSignature, claim.key);
        _requireSigned(claim.second, evidence.secondSignature, claim.key);
        address account = _accountOf(claim);
        uint64 bit = uint64(1 << evidence.seat);
        if (_punished[epoch].proven & bit != 0) revert Offences_AlreadyProven(epoch, account);
        // Before any call that changes something elsewhere (SLA-05).
        _punished[epoch].proven |= bit;
        _punish(claim, account, evidence);
    }

    function _punish(Claim memory claim, address account, Evidence calldata evidence) private {
        OffenceTerms memory terms = _terms;
        uint256 slashId = _slash(account, terms.offenceShare);
        validatorSet.expel(account, terms.expulsionEpochs);
        // Who reports itself from its own account is paid nothing, and slashed all the same.
        bool rewarded =
            slashId != 0 && terms.bountyShare != 0 && msg.sender != account && _hasCommitted(claim, evidence.salt);
        if (rewarded) vault.setBounty(account, slashId, msg.sender, terms.bountyShare);
        emit OffenceProven(
            claim.turn.epoch,
            account,
            msg.sender,
            claim.kind,
            evidence.seat,
            claim.turn.round,
            claim.turn.attempt,
            claim.first,
            claim.second,
            slashId,
            rewarded
        );
    }

    function _requireSigned(bytes32 digest, bytes calldata signature, address key) private pure {
        if (signature.length != SIGNATURE_LENGTH) {
            revert Offences_SignatureLength(signature.length, SIGNATURE_LENGTH);
        }
        (address recovered, , ) = ECDSA.tryRecover(
            digest,
            uint8(signature[64]),
            bytes32(signature[:32]),
            bytes32(signature[32:64])
        );
        if (recovered != key) revert Offences_BadSignature(recovered, key);
    }

    /// @dev Who answers for a key in a round. A key signs for one account all its life.
    function _accountOf(Claim memory claim) private view returns (address account) {
        uint256 revokedAt;
        (account, revokedAt) = registry.signerOf(claim.key);
        if (revokedAt == 0) return account;
        // The epoch report of e is made in e + 1.
        uint64 epoch = claim.turn.epoch;
        uint256 beginsAt =
            claim.kind == Kind.EpochReports
                ? clock.epochStart(epoch + 1)
                : clock.epochStart(epoch) + uint256(claim.turn.round) * consensus.roundLength();
        if (beginsAt >= revokedAt) revert Offences_KeyRevoked(claim.key, revokedAt, beginsAt);
    }

    /// @dev What others have booked before becomes a record of its own: the bounty is a share of this slash alone.
    function _slash(address account, uint256 share) private returns (uint256 slashId) {
        vault.applySlash(account);
        vault.slash(account, 0, _shareUp(_heldUnits(account), share));
        slashId = vault.applySlash(account);
    }

    /// @dev Active and queued stake of both tokens, stake units, net of bookings.
    function _heldUnits(address account) private view returns (uint256 units) {
        IStakeVault.Position memory p = vault.positionOf(account, _masa);
        units = uint256(p.staked) + p.queued;
        if (_tao == address(0)) return units;
        p = vault.positionOf(account, _tao);
        units += vault.taoUnitsDown(uint256(p.staked) + p.queued);
    }

    function _hasCommitted(Claim memory claim, bytes32 salt) private view returns (bool) {
        uint256 since = committedAt[commitmentOf(msg.sender, claim.first, claim.second, salt)];
        return since != 0 && block.timestamp >= since + COMMITMENT_AGE;
    }

    // ---------------------------------------------------------------- internal

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    /// @dev Against the offender.
    function _shareUp(uint256 amount, uint256 share) private pure returns (uint256) {
        return (amount * share + WAD - 1) / WAD;
    }

    function _requireDomain(address consensus_) private view {
        (bytes1 fields, string memory name, string memory version, , address verifier, , ) = IERC5267(consensus_)
            .eip712Domain();
        bytes32 spoken = keccak256(abi.encode(fields, name, version, verifier));
        // Name, version, chain id and contract; no salt.
        bytes1 wanted = 0x0f;
        if (spoken != keccak256(abi.encode(wanted, ReportTypes.DOMAIN_NAME, ReportTypes.DOMAIN_VERSION, consensus_)))
            revert Offences_NotAConsensus(consensus_);
    }

    function _setTerms(OffenceTerms memory t) private {
        _requireWithin("offenceShare", t.offenceShare, 1, WAD - 1);
        _requireWithin("idleShare", t.idleShare, 1, MAX_IDLE_SHARE);
        _requireWithin("bountyShare", t.bountyShare, 0, MAX_BOUNTY_SHARE);
        _requireWithin("expulsionEpochs", t.expulsionEpochs, 1, MAX_EXPULSION_EPOCHS);
        emit OffenceTermsSet(_terms, t);
        _terms = t;
    }

    /// @dev With as many misses as rounds nobody would ever be idle.
    function _setMaxMissed(uint32 maxMissed_, uint64 fromEpoch) private {
        uint256 rounds = clock.epochLength() / consensus.roundLength();
        _requireWithin("maxMissed", maxMissed_, 0, rounds - 1);
        emit MaxMissedSet(uint32(_maxMissed.latest()), maxMissed_, fromEpoch);
        _maxMissed.push(fromEpoch, maxMissed_);
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert Offences_OutOfRange(name, value, least, most);
    }
}
