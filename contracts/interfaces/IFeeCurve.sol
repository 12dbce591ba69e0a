// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What an oracle node pays for what it consumes
/// @notice A policy contract: governance may install another as a whole. For every `consumedBefore` and `added`, its fee
/// must neither fall as either of them rises nor be lower in pieces than in one. Consumption is counted in wei of MASA
/// within an epoch; what counts as consumption is the caller's to say.
interface IFeeCurve {
    /// @notice The price of the first wei would be above the price at the reference: the curve would not be convex.
    error FeeCurve_RatesOutOfOrder(uint256 baseRate, uint256 maxRate);
    /// @notice The fee could be more than `most` times the consumption, WAD.
    error FeeCurve_RateTooHigh(uint256 maxRate, uint256 most);
    /// @notice The price would have no consumption at which it reaches its top.
    error FeeCurve_ZeroReference();
    error FeeCurve_MinimumOutOfRange(uint256 minimumFee, uint256 least, uint256 most);

    /// @notice F_o = f(C_o) (EQ-08): what consuming `added` costs a node that has consumed `consumedBefore` this epoch.
    /// @param consumedBefore Wei of MASA.
    /// @param added Wei of MASA.
    /// @return amount Wei of MASA, rounded up.
    function fee(uint256 consumedBefore, uint256 added) external view returns (uint256 amount);
}
