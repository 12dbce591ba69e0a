// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How performance turns into a staking coefficient
/// @notice A policy contract: governance may install another, which must be monotonic in `meanUtility - utility`.
interface IStakingCurve {
    /// @notice λ is zero: the requirement would answer to nothing.
    error StakingCurve_ZeroLambda();

    /// @notice σ((Ū − U) / λ) with the exponent clamped to ±`maxExponent`.
    /// @param meanUtility Ū, WAD, 0..1.
    /// @param utility U, WAD, 0..1.
    /// @param lambda λ > 0, WAD.
    /// @param maxExponent x_max, WAD.
    /// @return sigma σ, WAD, within [exp(−x_max), exp(x_max)].
    function coefficient(
        uint256 meanUtility,
        uint256 utility,
        uint256 lambda,
        uint256 maxExponent
    ) external pure returns (uint256 sigma);
}
