// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title ValidatorSetMock
/// @notice Stands in for the validator set where a test needs frozen keys and weights of its own choice: equal seats,
/// exactly two thirds, free seats. Only what the consensus calls.
contract ValidatorSetMock {
    error ValidatorSetMock_Refused();

    bool public refuses;
    uint256 public recorded;
    bytes32 public recordedHash;

    mapping(uint64 epoch => IValidatorSet.FrozenSet) private _frozen;
    mapping(uint64 epoch => address[]) private _hotKeys;
    mapping(uint64 epoch => uint64[]) private _weights;
    /// @notice Seats whose keys do not count any more.
    mapping(uint64 epoch => uint64) public maskOf;

    /// @notice Freezes any set; unlike the real one it may be frozen again.
    function freeze(
        uint64 epoch,
        address[] calldata hotKeys,
        uint64[] calldata weights,
        uint8 leastConfirmations
    ) external {
        uint64 total;
        uint8 seats;
        for (uint256 i; i < weights.length; ++i) {
            total += weights[i];
            if (hotKeys[i] != address(0)) ++seats;
        }
        _hotKeys[epoch] = hotKeys;
        _weights[epoch] = weights;
        _frozen[epoch] = IValidatorSet.FrozenSet(address(this), total, seats, leastConfirmations);
    }

    function setMask(uint64 epoch, uint64 mask) external {
        maskOf[epoch] = mask;
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

    function frozenSetOf(uint64 epoch) external view returns (IValidatorSet.FrozenSet memory) {
        return _frozen[epoch];
    }

    function frozenSeatsOf(uint64 epoch) external view returns (address[] memory, uint64[] memory) {
        return (_hotKeys[epoch], _weights[epoch]);
    }
}
