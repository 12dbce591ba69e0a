// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
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
    using ReportTypes for ReportTypes.EpochReport;

    uint256 private constant SIGNATURE_LENGTH = 65;
    /// @dev Half of the order of secp256k1: a higher s is the same signature once more.
    uint256 private constant HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @dev Rounds of a word of `_final`, and where the rest of it begins.
    uint256 private constant ROUNDS = 96;
    uint256 private constant RANDOMNESS_AT = 96;
    uint256 private constant BEGAN_AT = 192;
    uint256 private constant LENGTH_AT = 232;
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

    /// @dev Bit r % ROUNDS of word r / ROUNDS: round r is final. Above them, from a word's first report on, what nothing can
    /// change any more and reports need not ask for again: the randomness of the epoch's draws 96, when it began 40 (Unix
    /// second) and how long it is 24 (seconds).
    mapping(uint64 epoch => mapping(uint256 word => uint256)) private _final;
    /// @dev Bit e % 256 of word e / 256: epoch e has its report.
    mapping(uint256 word => uint256) private _finalEpochs;

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
        uint64 epoch = report.epoch;
        uint32 round = report.round;
        uint256 word = _requireOpen(epoch, round, report.attempt);
        bytes calldata results = report.results;
        bytes32 digest = _digestOf(report, results);
        {
            uint256 random = SeatTable.randomOf(uint96(word >> RANDOMNESS_AT), epoch, round, report.attempt);
            _requireFinal(epoch, random, digest, signers, signatures);
        }
        _final[epoch][round / ROUNDS] = word | (1 << (round % ROUNDS));
        _emitFinal(epoch, round, digest, signers, report);
        escrow.settle(report.poster, gasAtStart, results);
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
        uint256 random = SeatTable.randomOf(
            validatorSet.randomnessOf(epoch),
            epoch,
            ReportTypes.EPOCH_ROUND,
            report.attempt
        );
        _requireFinal(epoch, random, digest, signers, signatures);
        _finalEpochs[epoch / 256] |= 1 << (epoch % 256);
        _emitEpochFinal(report, digest, signers);
        validatorSet.recordScores(report.scores);
        distributor.postRoot(epoch, report.rewardRoot, report.validatorTotal, report.workerTotal);
        if (report.idle != 0) offences.slashIdle(epoch, report.idle);
        escrow.payPoster(report.poster, gasAtStart);
    }

    /// @inheritdoc IScoreConsensus
    function isFinal(uint64 epoch, uint32 round) public view returns (bool) {
        return (_final[epoch][round / ROUNDS] >> (round % ROUNDS)) & 1 != 0;
    }

    /// @inheritdoc IScoreConsensus
    function isEpochFinal(uint64 epoch) public view returns (bool) {
        return (_finalEpochs[epoch / 256] >> (epoch % 256)) & 1 != 0;
    }

    /// @inheritdoc IScoreConsensus
    function scoreReportDigest(ScoreReport calldata report) external view returns (bytes32) {
        return _digestOf(report, report.results);
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
        unchecked {
            // Gas of a transaction, and bytes of its calldata.
            return gasleft() + TRANSACTION_GAS + BYTE_GAS * msg.data.length;
        }
    }

    /// @dev The round exists, its attempt has begun, its window is open, and no report has finalised it.
    /// @return word Of `_final`, with what the clock and the validator set said.
    function _requireOpen(uint64 epoch, uint32 round, uint32 attempt) private view returns (uint256 word) {
        word = _final[epoch][round / ROUNDS];
        uint256 length = word >> LENGTH_AT;
        uint256 began = uint40(word >> BEGAN_AT);
        // While it runs, an epoch is the current one, and neither its beginning nor its length can change.
        if (length == 0 || block.timestamp >= began + length) {
            uint64 current = clock.currentEpoch();
            if (epoch > current || epoch + 1 < current) revert ScoreConsensus_OutsideWindow(epoch, current);
            if (length == 0) {
                (began, length) = (clock.epochStart(epoch), clock.lengthOf(epoch));
                word |= (began << BEGAN_AT) | (length << LENGTH_AT);
                word |= validatorSet.randomnessOf(epoch) << RANDOMNESS_AT;
            }
        }
        unchecked {
            // A second of 40 bits, and lengths and numbers of 32: no sum or product comes near 256. Lengths are not 0.
            uint256 rounds = length / roundLength;
            if (round >= rounds) revert ScoreConsensus_NoSuchRound(round, rounds);
            uint256 attempts = roundLength / attemptLength;
            if (attempt >= attempts) revert ScoreConsensus_NoSuchAttempt(attempt, attempts);
            _requireBegun(began + uint256(round) * roundLength, epoch, round, attempt);
            if ((word >> (round % ROUNDS)) & 1 != 0) revert ScoreConsensus_AlreadyFinal(epoch, round);
        }
    }

    function _requireBegun(uint256 roundBegins, uint64 epoch, uint32 round, uint32 attempt) private view {
        unchecked {
            uint256 beginsAt = roundBegins + uint256(attempt) * attemptLength;
            if (block.timestamp < beginsAt) {
                revert ScoreConsensus_AttemptNotBegun(epoch, round, attempt, beginsAt, block.timestamp);
            }
        }
    }

    /// @dev Apart, for what fits on the stack.
    function _emitFinal(
        uint64 epoch,
        uint32 round,
        bytes32 digest,
        uint64 signers,
        ScoreReport calldata report
    ) private {
        emit ScoreReportFinalised(epoch, round, digest, signers, report.attempt, report.poster);
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

    /// @param results Of the report.
    function _digestOf(ScoreReport calldata report, bytes calldata results) private view returns (bytes32) {
        return
            _hashTypedDataV4(
                ReportTypes.hashScoreReport(
                    report.epoch,
                    report.round,
                    report.attempt,
                    report.poster,
                    report.commitmentSet,
                    EfficientHashLib.hashCalldata(results)
                )
            );
    }

    /// @dev A bitmap of signers leaves no way to name a seat twice or out of order.
    /// @param random Of the attempt, which its proposer is drawn by.
    function _requireFinal(
        uint64 epoch,
        uint256 random,
        bytes32 digest,
        uint64 signers,
        bytes calldata signatures
    ) private view {
        (bytes memory table, uint256 leastConfirmations) = _tableOf(epoch, signers);
        uint256 signedWeight = _signedWeight(digest, table, signers, signatures);
        uint256 totalWeight = SeatTable.totalWeightOf(table);
        uint256 confirmations = signatures.length / SIGNATURE_LENGTH;
        if (!ConsensusMath.isFinal(signedWeight, totalWeight, confirmations, leastConfirmations)) {
            revert ScoreConsensus_NotEnoughWeight(signedWeight, totalWeight, confirmations, leastConfirmations);
        }
        uint256 proposer = SeatTable.proposerAt(table, random);
        if ((signers >> proposer) & 1 == 0) revert ScoreConsensus_ProposerMissing(proposer);
    }

    /// @dev The set of an epoch, none of whose revoked keys may be among the signers.
    function _tableOf(
        uint64 epoch,
        uint64 signers
    ) private view returns (bytes memory table, uint256 leastConfirmations) {
        address stored;
        uint64 mask;
        (stored, mask, leastConfirmations) = validatorSet.reportSetOf(epoch);
        if (stored == address(0)) revert ScoreConsensus_EpochNotFrozen(epoch);
        if (signers & mask != 0) revert ScoreConsensus_KeysRevoked(signers & mask);
        table = SSTORE2.read(stored);
    }

    /// @dev Whether there is one signature for each of `signers`, in the one canonical form, by its key. No branch for what
    /// fails: {_refuse} finds it again, where it costs nobody anything.
    /// @return weight Of the seats in `signers`.
    function _signedWeight(
        bytes32 digest,
        bytes memory table,
        uint64 signers,
        bytes calldata signatures
    ) private view returns (uint256 weight) {
        uint256 fault;
        uint256 rows = SeatTable.rowsIn(table.length);
        assembly ("memory-safe") {
            let free := mload(0x40)
            let row := add(table, 0x20)
            let signature := signatures.offset
            let left := signers
            // What the precompile reads lies over the free memory pointer and the zero slot, which are put back.
            mstore(0, digest)
            mstore(0x20, 0)
            // It writes nothing for what recovers to nobody: there stays the key of the seat before, or this 1, and no
            // seat has either.
            mstore(free, 1)
            for {} 1 {
                left := shr(1, left)
                // Rows of SeatTable: 28 bytes, key and weight.
                row := add(row, 28)
            } {
                if and(left, 1) {
                    // Its byte v ends the word at 0x20, whose zeros stay.
                    calldatacopy(0x3f, signature, SIGNATURE_LENGTH)
                    pop(staticcall(gas(), 1, 0, 0x80, free, 0x20))
                    let entry := shr(32, mload(row))
                    fault := or(fault, or(gt(mload(0x60), HIGHEST_S), xor(mload(free), shr(64, entry))))
                    // Keys add up above the 64 bits of the weights, whose sum fits them.
                    weight := add(weight, entry)
                    signature := add(signature, SIGNATURE_LENGTH)
                    continue
                }
                if iszero(left) {
                    break
                }
            }
            weight := and(weight, 0xffffffffffffffff)
            mstore(0x40, free)
            mstore(0x60, 0)
            // The walk must have ended with the last row at most, and with the last signature.
            fault := or(fault, gt(row, add(add(table, 0x20), mul(rows, 28))))
            fault := or(fault, xor(signature, add(signatures.offset, signatures.length)))
        }
        if (fault != 0) _refuse(digest, table, signers, signatures);
    }

    /// @dev Says what is wrong with signatures that {_signedWeight} found unsound: their number, a seat that there is not,
    /// or the first that is none of its seat's key.
    function _refuse(bytes32 digest, bytes memory table, uint64 signers, bytes calldata signatures) private pure {
        uint256 confirmations = LibBit.popCount(signers);
        if (signatures.length != confirmations * SIGNATURE_LENGTH) {
            revert ScoreConsensus_SignatureLength(signatures.length, confirmations * SIGNATURE_LENGTH);
        }
        uint256 seats = SeatTable.rowsIn(table.length);
        if (uint256(signers) >> seats != 0) revert ScoreConsensus_UnknownSeat(seats + LibBit.ffs(signers >> seats));
        for (uint256 begin; ; begin += SIGNATURE_LENGTH) {
            uint256 seat = LibBit.ffs(signers);
            (address key, ) = SeatTable.rowAt(table, seat);
            if (key == address(0)) revert ScoreConsensus_UnknownSeat(seat);
            uint256 s = uint256(bytes32(signatures[begin + 33:begin + 65]));
            address signer =
                s > HIGHEST_S
                    ? address(0)
                    : ecrecover(
                        digest,
                        uint8(signatures[begin]),
                        bytes32(signatures[begin + 1:begin + 33]),
                        bytes32(s)
                    );
            if (signer != key) revert ScoreConsensus_BadSignature(seat, signer);
            signers &= signers - 1;
        }
    }

    function _requireLength(bytes32 name, uint256 length, uint256 most) private pure {
        if (length == 0 || length > most) revert ScoreConsensus_LengthOutOfRange(name, length, 1, most);
    }
}
