// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {mulDiv as prbMulDiv} from "@prb/math/src/Common.sol";
import {exp as prbExp} from "@prb/math/src/sd59x18/Math.sol";
import {SD59x18} from "@prb/math/src/sd59x18/ValueType.sol";
import {powu as prbPowu} from "@prb/math/src/ud60x18/Math.sol";
import {UD60x18} from "@prb/math/src/ud60x18/ValueType.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title What three libraries take for the same piece of mathematics, for the bench
/// @notice Gas is the difference of gasleft around the library's call, with the cost of reading gasleft taken off.
contract PeerMath {
    uint256 private constant WAD = 1e18;

    function expGas(int256 x) external view returns (uint256 solady, uint256 prb) {
        int256 value;
        uint256 before = gasleft();
        value = FixedPointMathLib.expWad(x);
        uint256 afterwards = gasleft();
        solady = before - afterwards - _emptyGas();
        before = gasleft();
        value += prbExp(SD59x18.wrap(x)).unwrap();
        afterwards = gasleft();
        prb = before - afterwards - _emptyGas();
        _use(uint256(value));
    }

    /// @notice x · y / d with a product of 512 bits.
    function mulDivGas(
        uint256 x,
        uint256 y,
        uint256 d
    ) external view returns (uint256 solady, uint256 openZeppelin, uint256 prb) {
        uint256 value;
        uint256 before = gasleft();
        value = FixedPointMathLib.fullMulDiv(x, y, d);
        uint256 afterwards = gasleft();
        solady = before - afterwards - _emptyGas();
        before = gasleft();
        value ^= Math.mulDiv(x, y, d);
        afterwards = gasleft();
        openZeppelin = before - afterwards - _emptyGas();
        before = gasleft();
        value ^= prbMulDiv(x, y, d);
        afterwards = gasleft();
        prb = before - afterwards - _emptyGas();
        _use(value);
    }

    /// @notice base^n, base in WAD.
    function powerGas(uint256 base, uint256 n) external view returns (uint256 solady, uint256 prb) {
        uint256 value;
        uint256 before = gasleft();
        value = FixedPointMathLib.rpow(base, n, WAD);
        uint256 afterwards = gasleft();
        solady = before - afterwards - _emptyGas();
        before = gasleft();
        value ^= prbPowu(UD60x18.wrap(base), n).unwrap();
        afterwards = gasleft();
        prb = before - afterwards - _emptyGas();
        _use(value);
    }

    /// @dev Keeps the optimiser from dropping what is measured: the value decides whether memory is written.
    function _use(uint256 value) private pure {
        assembly ("memory-safe") {
            if value {
                mstore(0x00, value)
            }
        }
    }

    /// @dev Gas between two readings of gasleft with nothing between them.
    function _emptyGas() private view returns (uint256) {
        uint256 before = gasleft();
        uint256 afterwards = gasleft();
        return before - afterwards;
    }
}
