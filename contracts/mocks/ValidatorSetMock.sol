// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title ValidatorSetMock
/// @notice Stands in for the validator set where a test needs frozen keys, weights and draws of its own choice: equal
/// seats, exactly two thirds, free seats. Only what the consensus calls, and what its tests read.
contract ValidatorSetMock {
    error ValidatorSetMock_Refused();

    bool public refuses;
    uint256 public recorded;
    bytes32 public recordedHash;

    mapping(uint64 epoch => IValidatorSet.ReportSet) private _frozen;
    mapping(uint64 epoch => uint64[]) private _weights;

    /// @notice Freezes any set; unlike the real one it may be frozen again. Mask and randomness stay.
    function freeze(
        uint64 epoch,
        address[] calldata hotKeys,
        uint64[] calldata weights,
        uint8 leastConfirmations
    ) external {
        IValidatorSet.ReportSet storage set = _frozen[epoch];
        bytes memory rows;
        uint64 total;
        for (uint256 i; i < weights.length; ++i) {
            total += weights[i];
            rows = abi.encodePacked(rows, hotKeys[i], weights[i]);
        }
        _weights[epoch] = weights;
        (set.table, set.totalWeight, set.leastConfirmations) = (SSTORE2.write(rows), total, leastConfirmations);
    }

    /// @notice Seats whose keys do not count any more.
    function setMask(uint64 epoch, uint64 mask) external {
        _frozen[epoch].mask = mask;
    }

    function setRandomness(uint64 epoch, uint256 randomness) external {
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

    function reportSetOf(uint64 epoch) external view returns (IValidatorSet.ReportSet memory) {
        return _frozen[epoch];
    }

    function weightsOf(uint64 epoch) external view returns (uint64[] memory) {
        return _weights[epoch];
    }
}
