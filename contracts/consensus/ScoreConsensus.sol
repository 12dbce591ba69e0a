// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IOffences} from "../interfaces/IOffences.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IRewardDistributor} from "../interfaces/IRewardDistributor.sol";
import {IScoreConsensus} from "../interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";
import {SeatTable} from "../registry/SeatTable.sol";
import {ReportTypes} from "./ReportTypes.sol";

/// @title ScoreConsensus
/// @notice Checks signatures against the frozen set and hands final reports on. Has no owner and no parameters of its
/// own: threshold and confirmations are frozen with the set. See {IScoreConsensus}.
contract ScoreConsensus is IScoreConsensus, EIP712 {
    using ReportTypes for ReportTypes.ScoreReport;
    using ReportTypes for ReportTypes.EpochReport;

    uint256 private constant SIGNATURE_LENGTH = 65;
    /// @dev Half of the order of secp256k1: a higher s is the same signature once more.
    uint256 private constant HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @dev Gas of a transaction and of a byte of its calldata that is not 0.
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant BYTE_GAS = 16;

    IEpochClock public immutable clock;
    IValidatorSet public immutable validatorSet;
    IRequestEscrow public immutable escrow;
    IRewardDistributor public immutable distributor;
    /// @inheritdoc IScoreConsensus
    uint32 public immutable roundLength;
    /// @inheritdoc IScoreConsensus
    uint32 public immutable attemptLength;
    /// @notice Names the contract of offences, once.
    address public immutable deployer;
    /// @notice Judges what was signed here, and slashes the idle.
    IOffences public offences;

    /// @dev Bit r % 256 of word r / 256: round r is final.
    mapping(uint64 epoch => mapping(uint256 word => uint256)) private _final;
    /// @dev Bit e % 256 of word e / 256: epoch e has its report.
    mapping(uint256 word => uint256) private _finalEpochs;

    /// @dev What is asked of the signatures under a report.
    struct Turn {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        bytes32 digest;
    }

    /// @param roundLength_ Seconds, at most an epoch.
    /// @param attemptLength_ Seconds, at most half a round.
    /// @param deployer_ Calls {wire}.
    constructor(
        IEpochClock clock_,
        IValidatorSet validatorSet_,
        IRequestEscrow escrow_,
        IRewardDistributor distributor_,
        uint32 roundLength_,
        uint32 attemptLength_,
        address deployer_
    ) EIP712(ReportTypes.DOMAIN_NAME, ReportTypes.DOMAIN_VERSION) {
        if (
            address(clock_) == address(0) ||
            address(validatorSet_) == address(0) ||
            address(escrow_) == address(0) ||
            address(distributor_) == address(0)
        ) revert ScoreConsensus_ZeroAddress();
        _requireLength("roundLength", roundLength_, clock_.epochLength());
        // A round has a second attempt, or a silent proposer would cost it.
        _requireLength("attemptLength", attemptLength_, roundLength_ / 2);
        clock = clock_;
        validatorSet = validatorSet_;
        escrow = escrow_;
        distributor = distributor_;
        deployer = deployer_;
        roundLength = roundLength_;
        attemptLength = attemptLength_;
    }

    /// @notice Names the contract of offences, which is made for this one, once.
    function wire(IOffences offences_) external {
        if (msg.sender != deployer || address(offences) != address(0) || address(offences_) == address(0)) {
            revert ScoreConsensus_NotDeployer(msg.sender);
        }
        offences = offences_;
        emit Wired(address(offences_));
    }

    /// @inheritdoc IScoreConsensus
    function postScoreReport(ScoreReport calldata report, uint64 signers, bytes calldata signatures) external {
        uint256 gasAtStart = _gasAtStart();
        _requireOpen(report.epoch, report.round, report.attempt);
        bytes32 digest = scoreReportDigest(report);
        _requireFinal(Turn(report.epoch, report.round, report.attempt, digest), signers, signatures);
        _final[report.epoch][report.round / 256] |= 1 << (report.round % 256);
        emit ScoreReportFinalised(report.epoch, report.round, digest, signers, report.attempt, report.poster);
        escrow.settle(report.results, report.poster, gasAtStart);
    }

    /// @inheritdoc IScoreConsensus
    function postEpochReport(EpochReport calldata report, uint64 signers, bytes calldata signatures) external {
        uint256 gasAtStart = _gasAtStart();
        uint64 epoch = report.epoch;
        uint64 current = clock.currentEpoch();
        if (epoch >= current || epoch + 1 != current) revert ScoreConsensus_OutsideWindow(epoch, current);
        if (report.scores.epoch != epoch) revert ScoreConsensus_ScoresOfAnotherEpoch(epoch, report.scores.epoch);
        // A round of the old epoch may still be on its way while the new one begins: it has one attempt to land.
        _requireBegun(clock.epochStart(current) + attemptLength, epoch, ReportTypes.EPOCH_ROUND, report.attempt);
        if (isEpochFinal(epoch)) revert ScoreConsensus_EpochAlreadyFinal(epoch);
        bytes32 digest = epochReportDigest(report);
        _requireFinal(Turn(epoch, ReportTypes.EPOCH_ROUND, report.attempt, digest), signers, signatures);
        _finalEpochs[epoch / 256] |= 1 << (epoch % 256);
        _emitEpochFinal(report, digest, signers);
        validatorSet.recordScores(report.scores);
        distributor.postRoot(epoch, report.rewardRoot, report.validatorTotal, report.workerTotal);
        if (report.idle != 0) offences.slashIdle(epoch, report.idle);
        escrow.payPoster(report.poster, gasAtStart);
    }

    /// @inheritdoc IScoreConsensus
    function isFinal(uint64 epoch, uint32 round) public view returns (bool) {
        return (_final[epoch][round / 256] >> (round % 256)) & 1 != 0;
    }

    /// @inheritdoc IScoreConsensus
    function isEpochFinal(uint64 epoch) public view returns (bool) {
        return (_finalEpochs[epoch / 256] >> (epoch % 256)) & 1 != 0;
    }

    /// @inheritdoc IScoreConsensus
    function scoreReportDigest(ScoreReport calldata report) public view returns (bytes32) {
        ReportTypes.ScoreReport memory message = ReportTypes.ScoreReport(
            report.epoch,
            report.round,
            report.attempt,
            report.poster,
            report.commitmentSet,
            keccak256(report.results)
        );
        return _hashTypedDataV4(message.structHash());
    }

    /// @inheritdoc IScoreConsensus
    function epochReportDigest(EpochReport calldata report) public view returns (bytes32) {
        ReportTypes.EpochReport memory message = ReportTypes.EpochReport(
            report.epoch,
            report.attempt,
            report.poster,
            keccak256(abi.encode(report.scores)),
            report.rewardRoot,
            report.validatorTotal,
            report.workerTotal,
            report.idle
        );
        return _hashTypedDataV4(message.structHash());
    }

    // ---------------------------------------------------------------- internal

    /// @dev Gas left as if the transaction had begun with it: its calldata is reckoned without zeros, the rest of the
    /// call's data is a report's alone.
    function _gasAtStart() private view returns (uint256) {
        return gasleft() + TRANSACTION_GAS + BYTE_GAS * msg.data.length;
    }

    /// @dev The round exists, its attempt has begun, its window is open, and no report has finalised it.
    function _requireOpen(uint64 epoch, uint32 round, uint32 attempt) private view {
        uint64 current = clock.currentEpoch();
        if (epoch > current || epoch + 1 < current) revert ScoreConsensus_OutsideWindow(epoch, current);
        uint256 rounds = clock.lengthOf(epoch) / roundLength;
        if (round >= rounds) revert ScoreConsensus_NoSuchRound(round, rounds);
        uint256 attempts = roundLength / attemptLength;
        if (attempt >= attempts) revert ScoreConsensus_NoSuchAttempt(attempt, attempts);
        _requireBegun(clock.epochStart(epoch) + uint256(round) * roundLength, epoch, round, attempt);
        if (isFinal(epoch, round)) revert ScoreConsensus_AlreadyFinal(epoch, round);
    }

    function _requireBegun(uint256 roundBegins, uint64 epoch, uint32 round, uint32 attempt) private view {
        uint256 beginsAt = roundBegins + uint256(attempt) * attemptLength;
        if (block.timestamp < beginsAt) {
            revert ScoreConsensus_AttemptNotBegun(epoch, round, attempt, beginsAt, block.timestamp);
        }
    }

    function _emitEpochFinal(EpochReport calldata report, bytes32 digest, uint64 signers) private {
        emit EpochReportFinalised(
            report.epoch,
            digest,
            signers,
            report.attempt,
            report.poster,
            report.rewardRoot,
            report.validatorTotal,
            report.workerTotal,
            report.idle
        );
    }

    /// @dev A bitmap of signers leaves no way to name a seat twice or out of order.
    function _requireFinal(Turn memory turn, uint64 signers, bytes calldata signatures) private view {
        IValidatorSet.ReportSet memory set = validatorSet.reportSetOf(turn.epoch);
        if (set.table == address(0)) revert ScoreConsensus_EpochNotFrozen(turn.epoch);
        if (signers & set.mask != 0) revert ScoreConsensus_KeysRevoked(signers & set.mask);
        uint256 confirmations = LibBit.popCount(signers);
        if (signatures.length != confirmations * SIGNATURE_LENGTH) {
            revert ScoreConsensus_SignatureLength(signatures.length, confirmations * SIGNATURE_LENGTH);
        }
        bytes memory rows = SSTORE2.read(set.table);
        uint256 signedWeight = _signedWeight(turn.digest, rows, signers, signatures);
        if (!ConsensusMath.isFinal(signedWeight, set.totalWeight, confirmations, set.leastConfirmations)) {
            revert ScoreConsensus_NotEnoughWeight(signedWeight, set.totalWeight, confirmations, set.leastConfirmations);
        }
        uint256 proposer = SeatTable.proposerAt(
            rows,
            set.totalWeight,
            set.randomness,
            turn.epoch,
            turn.round,
            turn.attempt
        );
        if ((signers >> proposer) & 1 == 0) revert ScoreConsensus_ProposerMissing(proposer);
    }

    /// @dev Weight of the seats in `signers`, every one of which must have signed in the one canonical form.
    function _signedWeight(
        bytes32 digest,
        bytes memory rows,
        uint64 signers,
        bytes calldata signatures
    ) private view returns (uint256 weight) {
        uint256 seats = rows.length / SeatTable.ROW;
        if (uint256(signers) >> seats != 0) revert ScoreConsensus_UnknownSeat(seats + LibBit.ffs(signers >> seats));
        uint256 failed = seats;
        uint256 recovered;
        assembly ("memory-safe") {
            let input := mload(0x40)
            let row := add(rows, 0x20)
            let signature := signatures.offset
            mstore(input, digest)
            // Rows of SeatTable: 28 bytes, key and weight.
            for {
                let seat := 0
            } lt(seat, seats) {
                seat := add(seat, 1)
                row := add(row, 28)
            } {
                if iszero(and(shr(seat, signers), 1)) {
                    continue
                }
                let entry := mload(row)
                let s := calldataload(add(signature, 0x20))
                let v := byte(0, calldataload(add(signature, 0x40)))
                mstore(add(input, 0x20), v)
                mstore(add(input, 0x40), calldataload(signature))
                mstore(add(input, 0x60), s)
                // The precompile returns nothing for what recovers to nobody, and 0 stays.
                mstore(0, 0)
                if iszero(or(gt(s, HIGHEST_S), gt(sub(v, 27), 1))) {
                    pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
                }
                recovered := mload(0)
                // A free seat has the key 0, which nobody may stand for.
                if or(iszero(recovered), xor(recovered, shr(96, entry))) {
                    failed := seat
                    break
                }
                weight := add(weight, and(shr(32, entry), 0xffffffffffffffff))
                signature := add(signature, SIGNATURE_LENGTH)
            }
        }
        if (failed == seats) return weight;
        (address key, ) = SeatTable.rowAt(rows, failed);
        if (key == address(0)) revert ScoreConsensus_UnknownSeat(failed);
        revert ScoreConsensus_BadSignature(failed, address(uint160(recovered)));
    }

    function _requireLength(bytes32 name, uint256 length, uint256 most) private pure {
        if (length == 0 || length > most) revert ScoreConsensus_LengthOutOfRange(name, length, 1, most);
    }
}
