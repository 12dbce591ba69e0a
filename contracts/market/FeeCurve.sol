// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {IFeeCurve} from "../interfaces/IFeeCurve.sol";
import {FeeMath} from "../math/FeeMath.sol";

/// @title FeeCurve
/// @notice A convex fee (EQ-08): the price of consumption rises in a straight line from `baseRate` to `maxRate`, which it
/// reaches at `referenceConsumption` and keeps. Its parameters never change.
contract FeeCurve is IFeeCurve {
    /// @notice Bound of `maxRate`, WAD: a fee above the minimum is never more than the consumption.
    uint256 public constant MAX_RATE = 1e18;
    /// @notice Bounds of `minimumFee`, wei: some fee is always due, and it deters dust rather than sets the price.
    uint256 public constant LEAST_MINIMUM_FEE = 1;
    uint256 public constant MOST_MINIMUM_FEE = 1_000e18;

    /// @notice Wei of fee for the first wei of an epoch's consumption, WAD.
    UD2x18 public immutable baseRate;
    /// @notice Wei of fee for each wei beyond `referenceConsumption`, WAD.
    UD2x18 public immutable maxRate;
    /// @notice Consumption of an epoch at which the price reaches `maxRate`, wei.
    uint104 public immutable referenceConsumption;
    /// @notice Least fee of a call, wei.
    uint104 public immutable minimumFee;

    constructor(UD2x18 baseRate_, UD2x18 maxRate_, uint104 referenceConsumption_, uint104 minimumFee_) {
        if (maxRate_.unwrap() > MAX_RATE) revert FeeCurve_RateTooHigh(maxRate_.unwrap(), MAX_RATE);
        if (baseRate_.unwrap() > maxRate_.unwrap()) {
            revert FeeCurve_RatesOutOfOrder(baseRate_.unwrap(), maxRate_.unwrap());
        }
        if (referenceConsumption_ == 0) revert FeeCurve_ZeroReference();
        if (minimumFee_ < LEAST_MINIMUM_FEE || minimumFee_ > MOST_MINIMUM_FEE) {
            revert FeeCurve_MinimumOutOfRange(minimumFee_, LEAST_MINIMUM_FEE, MOST_MINIMUM_FEE);
        }
        baseRate = baseRate_;
        maxRate = maxRate_;
        referenceConsumption = referenceConsumption_;
        minimumFee = minimumFee_;
    }

    /// @inheritdoc IFeeCurve
    function fee(uint256 consumedBefore, uint256 added) external view returns (uint256) {
        return
            FeeMath.feeUp(consumedBefore, added, baseRate.unwrap(), maxRate.unwrap(), referenceConsumption, minimumFee);
    }
}
