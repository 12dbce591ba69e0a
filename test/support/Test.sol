// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm, VM_ADDRESS} from "./Vm.sol";

/// @title Assertions and helpers of the Solidity tests
/// @notice A failed assertion reverts with its message and both values. A message starts with the id of the invariant
/// it stands for, where there is one.
abstract contract Test {
    error Test_NotTrue(string message);
    error Test_NotEqual(string message, uint256 left, uint256 right);
    error Test_NotEqualInt(string message, int256 left, int256 right);
    error Test_NotEqualAddress(string message, address left, address right);
    error Test_NotEqualBytes32(string message, bytes32 left, bytes32 right);
    error Test_NotEqualBytes(string message, bytes left, bytes right);
    error Test_NotEqualString(string message, string left, string right);
    error Test_NotBelow(string message, uint256 left, uint256 right);
    error Test_NotAtMost(string message, uint256 left, uint256 right);
    error Test_NotNear(string message, uint256 left, uint256 right, uint256 tolerance);
    error Test_EmptyRange(uint256 low, uint256 high);

    Vm internal constant vm = Vm(VM_ADDRESS);

    function assertTrue(bool condition, string memory message) internal pure {
        if (!condition) revert Test_NotTrue(message);
    }

    function assertTrue(bool condition) internal pure {
        assertTrue(condition, "");
    }

    function assertFalse(bool condition, string memory message) internal pure {
        assertTrue(!condition, message);
    }

    function assertFalse(bool condition) internal pure {
        assertTrue(!condition, "");
    }

    function assertEq(uint256 left, uint256 right, string memory message) internal pure {
        if (left != right) revert Test_NotEqual(message, left, right);
    }

    function assertEq(uint256 left, uint256 right) internal pure {
        assertEq(left, right, "");
    }

    function assertEq(int256 left, int256 right, string memory message) internal pure {
        if (left != right) revert Test_NotEqualInt(message, left, right);
    }

    function assertEq(int256 left, int256 right) internal pure {
        assertEq(left, right, "");
    }

    function assertEq(address left, address right, string memory message) internal pure {
        if (left != right) revert Test_NotEqualAddress(message, left, right);
    }

    function assertEq(address left, address right) internal pure {
        assertEq(left, right, "");
    }

    function assertEq(bytes32 left, bytes32 right, string memory message) internal pure {
        if (left != right) revert Test_NotEqualBytes32(message, left, right);
    }

    function assertEq(bytes32 left, bytes32 right) internal pure {
        assertEq(left, right, "");
    }

    function assertEq(bool left, bool right, string memory message) internal pure {
        if (left != right) revert Test_NotEqual(message, left ? 1 : 0, right ? 1 : 0);
    }

    function assertEq(bool left, bool right) internal pure {
        assertEq(left, right, "");
    }

    function assertEq(bytes memory left, bytes memory right, string memory message) internal pure {
        if (keccak256(left) != keccak256(right)) revert Test_NotEqualBytes(message, left, right);
    }

    function assertEq(string memory left, string memory right, string memory message) internal pure {
        if (keccak256(bytes(left)) != keccak256(bytes(right))) revert Test_NotEqualString(message, left, right);
    }

    function assertNotEq(uint256 left, uint256 right, string memory message) internal pure {
        if (left == right) revert Test_NotTrue(message);
    }

    function assertNotEq(address left, address right, string memory message) internal pure {
        if (left == right) revert Test_NotTrue(message);
    }

    function assertNotEq(bytes32 left, bytes32 right, string memory message) internal pure {
        if (left == right) revert Test_NotTrue(message);
    }

    function assertLt(uint256 left, uint256 right, string memory message) internal pure {
        if (left >= right) revert Test_NotBelow(message, left, right);
    }

    function assertLt(uint256 left, uint256 right) internal pure {
        assertLt(left, right, "");
    }

    function assertGt(uint256 left, uint256 right, string memory message) internal pure {
        assertLt(right, left, message);
    }

    function assertGt(uint256 left, uint256 right) internal pure {
        assertLt(right, left, "");
    }

    function assertLe(uint256 left, uint256 right, string memory message) internal pure {
        if (left > right) revert Test_NotAtMost(message, left, right);
    }

    function assertLe(uint256 left, uint256 right) internal pure {
        assertLe(left, right, "");
    }

    function assertGe(uint256 left, uint256 right, string memory message) internal pure {
        assertLe(right, left, message);
    }

    function assertGe(uint256 left, uint256 right) internal pure {
        assertLe(right, left, "");
    }

    /// @notice |left − right| ≤ tolerance.
    function assertNear(uint256 left, uint256 right, uint256 tolerance, string memory message) internal pure {
        if ((left > right ? left - right : right - left) > tolerance) {
            revert Test_NotNear(message, left, right, tolerance);
        }
    }

    /// @notice A number in [low, high] made from a fuzzed one: kept if it is inside, wrapped otherwise, so that the
    /// fuzzer's edge values stay edge values.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (low > high) revert Test_EmptyRange(low, high);
        if (value >= low && value <= high) return value;
        uint256 size;
        unchecked {
            size = high - low + 1;
        }
        // A size of 0 is the whole range of uint256, which the line above has already returned.
        uint256 wrapped = value % size;
        // The largest values map to the upper end: the fuzzer likes type(uint256).max.
        if (value > type(uint256).max - 8 && type(uint256).max - value < size)
            return high - (type(uint256).max - value);
        return low + wrapped;
    }
}
