// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {SeatTable} from "../registry/SeatTable.sol";

/// @title ValidatorSetMock
/// @notice Stands in for the validator set where a test needs frozen keys, weights and draws of its own choice: equal
/// seats, exactly two thirds, free seats. Only what the consensus calls, and what its tests read.
contract ValidatorSetMock {
    error ValidatorSetMock_Refused();

    bool public refuses;
    uint256 public recorded;
    bytes32 public recordedHash;

    struct Frozen {
        address table;
        uint64 mask;
        uint8 leastConfirmations;
        uint96 randomness;
    }

    mapping(uint64 epoch => Frozen) private _frozen;
    mapping(uint64 epoch => uint64[]) private _weights;

    /// @notice Freezes any set; unlike the real one it may be frozen again. Mask and randomness stay.
    function freeze(
        uint64 epoch,
        address[] calldata hotKeys,
        uint64[] calldata weights,
        uint8 leastConfirmations
    ) external {
        Frozen storage set = _frozen[epoch];
        (bytes memory table, ) = SeatTable.encode(hotKeys, weights);
        _weights[epoch] = weights;
        (set.table, set.leastConfirmations) = (SSTORE2.write(table), leastConfirmations);
    }

    /// @notice Seats whose keys do not count any more.
    function setMask(uint64 epoch, uint64 mask) external {
        _frozen[epoch].mask = mask;
    }

    function setRandomness(uint64 epoch, uint96 randomness) external {
        _frozen[epoch].randomness = randomness;
    }

    /// @notice Whether {recordScores} reverts from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function recordScores(IValidatorSet.SeatScores calldata scores) external {
        if (refuses) revert ValidatorSetMock_Refused();
        ++recorded;
        recordedHash = keccak256(abi.encode(scores));
    }

    function reportSetOf(uint64 epoch) external view returns (address table, uint64 mask, uint256 leastConfirmations) {
        Frozen storage f = _frozen[epoch];
        return (f.table, f.mask, f.leastConfirmations);
    }

    function randomnessOf(uint64 epoch) external view returns (uint256) {
        return _frozen[epoch].randomness;
    }

    function weightsOf(uint64 epoch) external view returns (uint64[] memory) {
        return _weights[epoch];
    }
}
