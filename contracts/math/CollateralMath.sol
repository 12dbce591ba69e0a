// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Stake in two tokens (decision D13)
/// @notice Stake units have 18 decimals and are MASA itself; TAO counts with a weight. A slash in stake units takes both
/// tokens, active and queued, pro rata (decision D14).
/// @dev Amounts of tokens are below 2^104, the scale is at most 1e18 and the weight at most 1e24: no product overflows.
library CollateralMath {
    uint256 internal constant WAD = 1e18;

    /// @dev What a slash takes from each part of an account, token units, and what was not there to take, stake units.
    struct Cut {
        uint256 masaStaked;
        uint256 masaQueued;
        uint256 taoStaked;
        uint256 taoQueued;
        uint256 shortfall;
    }

    /// @notice Stake units of an amount of TAO.
    /// @param amount TAO, token units.
    /// @param scale 10^(18 − decimals of the token).
    /// @param weight MASA for one TAO, WAD.
    /// @return units Stake units, rounded down.
    function unitsDown(uint256 amount, uint256 scale, uint256 weight) internal pure returns (uint256) {
        return (amount * scale * weight) / WAD;
    }

    /// @notice What TAO covers of a requirement: its stake units, at most a share of the requirement.
    /// @param units Stake units of the TAO.
    /// @param required Stake units.
    /// @param maxShare WAD, at most 1.
    /// @return covered Stake units, rounded down.
    function cappedUnitsDown(
        uint256 units,
        uint256 required,
        uint256 maxShare
    ) internal pure returns (uint256 covered) {
        covered = FixedPointMathLib.fullMulDiv(required, maxShare, WAD);
        if (units < covered) covered = units;
    }

    /// @notice Splits a slash over what an account holds, pro rata in stake units (decisions D13, D14). Rounding is
    /// against the offender: what is taken is worth `amount` or more, by less than one unit of TAO.
    /// @param held MASA staked, MASA queued, TAO staked, TAO queued, token units.
    /// @param reserved MASA that backs open commitments: other slashes may need it, this one leaves it (invariant I-19).
    /// @param amount Stake units to take.
    /// @param scale See {unitsDown}.
    /// @param weight See {unitsDown}.
    function cut(
        uint256[4] memory held,
        uint256 reserved,
        uint256 amount,
        uint256 scale,
        uint256 weight
    ) internal pure returns (Cut memory c) {
        uint256 masaHeld = held[0] + held[1];
        uint256 taoHeld = held[2] + held[3];
        uint256 units = masaHeld + unitsDown(taoHeld, scale, weight);
        if (reserved > masaHeld) reserved = masaHeld;
        uint256 most = units - reserved;
        if (amount > most) (c.shortfall, amount) = (amount - most, most);
        if (amount == 0) return c;

        // At amount == units the quotient is all the TAO, dust below one stake unit included.
        uint256 fromTao = taoHeld == 0 ? 0 : FixedPointMathLib.fullMulDiv(amount, taoHeld, units);
        uint256 fromMasa = amount - unitsDown(fromTao, scale, weight);
        if (fromMasa > masaHeld - reserved) {
            // Rounding, or the reservation, leaves too little MASA: TAO makes up for it. There is enough: what is asked
            // of it is at most unitsDown(taoHeld), and rounding that up again gives taoHeld at most.
            fromMasa = masaHeld - reserved;
            fromTao = FixedPointMathLib.fullMulDivUp(amount - fromMasa, WAD, scale * weight);
        }
        (c.masaStaked, c.masaQueued) = _split(fromMasa, held[0], held[1]);
        (c.taoStaked, c.taoQueued) = _split(fromTao, held[2], held[3]);
    }

    /// @dev Pro rata between active and queued, the queue rounded down.
    function _split(
        uint256 amount,
        uint256 staked,
        uint256 queued
    ) private pure returns (uint256 fromStaked, uint256 fromQueued) {
        if (amount == 0) return (0, 0);
        fromQueued = (amount * queued) / (staked + queued);
        fromStaked = amount - fromQueued;
    }
}
