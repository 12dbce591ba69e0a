// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakingCurve} from "../interfaces/IStakingCurve.sol";
import {StakingMath} from "../math/StakingMath.sol";

/// @title StakingCurve
/// @notice The paper's curve: σ(x) = exp(x / λ) (EQ-04), clamped (decision D2).
contract StakingCurve is IStakingCurve {
    /// @inheritdoc IStakingCurve
    function coefficient(
        uint256 meanUtility,
        uint256 utility,
        uint256 lambda,
        uint256 maxExponent
    ) external pure returns (uint256) {
        if (lambda == 0) revert StakingCurve_ZeroLambda();
        return StakingMath.sigma(StakingMath.clampedExponent(meanUtility, utility, lambda, maxExponent));
    }
}
