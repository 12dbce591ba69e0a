// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

/// @title What validators sign
/// @notice EIP-712 types, as they are hashed: a member of type bytes appears here as its keccak256, so that a message can
/// be checked without what it carries. The domain is {name: DOMAIN_NAME, version: DOMAIN_VERSION, chainId,
/// verifyingContract: the consensus}.
/// @dev Members have the order of the type strings: abi.encode of a struct after its type hash is the encoding of
/// EIP-712.
library ReportTypes {
    string internal constant DOMAIN_NAME = "Masa Score Consensus";
    string internal constant DOMAIN_VERSION = "1";
    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    bytes32 internal constant SCORE_VECTOR_TYPEHASH = keccak256(
        "ScoreVector(uint64 epoch,uint32 round,uint32 attempt,address validator,bytes results)"
    );
    bytes32 internal constant VECTOR_COMMITMENT_TYPEHASH = keccak256(
        "VectorCommitment(uint64 epoch,uint32 round,uint32 attempt,address validator,bytes32 commitment)"
    );
    bytes32 internal constant COMMITMENT_SET_TYPEHASH = keccak256(
        "CommitmentSet(uint64 epoch,uint32 round,uint32 attempt,bytes commitments)"
    );
    bytes32 internal constant SCORE_REPORT_TYPEHASH = keccak256(
        "ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 commitmentSet,bytes results)"
    );
    bytes32 internal constant EPOCH_REPORT_TYPEHASH = keccak256(
        "EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash,bytes32 rewardRoot,uint128 validatorTotal,uint128 workerTotal,uint64 idle)"
    );
    bytes32 internal constant AVAILABILITY_VECTOR_TYPEHASH = keccak256(
        "AvailabilityVector(uint64 epoch,address validator,bytes entries)"
    );

    /// @notice The round that stands for the epoch report in draws and proofs.
    uint32 internal constant EPOCH_ROUND = type(uint32).max;

    struct ScoreVector {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        address validator; // the hot key that signs
        bytes32 resultsHash; // keccak256(results)
    }

    struct VectorCommitment {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        address validator;
        bytes32 commitment; // keccak256(digest of the vector ++ salt)
    }

    struct CommitmentSet {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        bytes32 commitmentsHash; // keccak256(commitments)
    }

    struct ScoreReport {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        address poster;
        bytes32 commitmentSet; // keccak256(commitments), a member of its own
        bytes32 resultsHash; // keccak256(results)
    }

    struct EpochReport {
        uint64 epoch;
        uint32 attempt;
        address poster;
        bytes32 scoresHash; // keccak256(abi.encode(IValidatorSet.SeatScores)), a member of its own
        bytes32 rewardRoot;
        uint128 validatorTotal;
        uint128 workerTotal;
        uint64 idle; // bit i: seat i
    }

    struct AvailabilityVector {
        uint64 epoch;
        address validator;
        bytes32 entriesHash; // keccak256(entries)
    }

    function structHash(ScoreVector memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(SCORE_VECTOR_TYPEHASH, message));
    }

    function structHash(VectorCommitment memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(VECTOR_COMMITMENT_TYPEHASH, message));
    }

    function structHash(CommitmentSet memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMITMENT_SET_TYPEHASH, message));
    }

    function structHash(ScoreReport memory message) internal pure returns (bytes32) {
        return
            hashScoreReport(
                message.epoch,
                message.round,
                message.attempt,
                message.poster,
                message.commitmentSet,
                message.resultsHash
            );
    }

    function structHash(EpochReport memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_REPORT_TYPEHASH, message));
    }

    function structHash(AvailabilityVector memory message) internal pure returns (bytes32) {
        return keccak256(abi.encode(AVAILABILITY_VECTOR_TYPEHASH, message));
    }

    /// @notice {structHash} of a report whose members are not in memory.
    function hashScoreReport(
        uint64 epoch,
        uint32 round,
        uint32 attempt,
        address poster,
        bytes32 commitmentSet,
        bytes32 resultsHash
    ) internal pure returns (bytes32) {
        return
            EfficientHashLib.hash(
                uint256(SCORE_REPORT_TYPEHASH),
                epoch,
                round,
                attempt,
                uint160(poster),
                uint256(commitmentSet),
                uint256(resultsHash)
            );
    }

    /// @notice Domain of the reports of `consensus` on this chain, as of now (SIG-01, SIG-02).
    function domainSeparator(address consensus) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPEHASH,
                    keccak256(bytes(DOMAIN_NAME)),
                    keccak256(bytes(DOMAIN_VERSION)),
                    block.chainid,
                    consensus
                )
            );
    }
}
