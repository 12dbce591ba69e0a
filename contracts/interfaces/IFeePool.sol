// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {IEmissions} from "./IEmissions.sol";
import {IRewardDistributor} from "./IRewardDistributor.sol";

/// @title The split of usage fees (EQ-08, decision D12)
/// @notice What the escrow collects of fees arrives here and is split by governed shares: validators' pot, emission pool,
/// treasury. The treasury gets what the other two leave, rounding included, so nothing stays behind.
interface IFeePool {
    /// @dev One slot. What is missing to 1 goes to the treasury.
    struct FeeSplit {
        UD2x18 validators; // WAD
        UD2x18 emission; // WAD
    }

    struct Recipients {
        IRewardDistributor distributor;
        IEmissions emissions;
        address treasury;
    }

    /// @notice Wei given to each; their sum was the balance.
    event FeesDistributed(uint256 validators, uint256 emission, uint256 treasury);
    event FeeSplitSet(FeeSplit previous, FeeSplit current);
    event RecipientsSet(Recipients previous, Recipients current);

    error FeePool_ZeroAddress();
    error FeePool_NothingToDistribute();
    /// @notice The shares of validators and emission pool leave too much to the treasury, or sum to more than 1.
    error FeePool_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);

    /// @notice Splits the whole balance and sends it on. Anyone may call.
    /// @return validators Wei, rounded down.
    /// @return emission Wei, rounded down.
    /// @return treasury Wei, the rest.
    function distribute() external returns (uint256 validators, uint256 emission, uint256 treasury);

    /// @notice Sets the shares of what is distributed from now on. Owner only.
    function setFeeSplit(FeeSplit calldata split) external;

    /// @notice Sends what is distributed from now on elsewhere. Owner only.
    function setRecipients(Recipients calldata recipients) external;

    function feeSplit() external view returns (FeeSplit memory);

    function recipients() external view returns (Recipients memory);
}
