// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../support/Test.sol";

contract Thrower {
    error Thrower_Value(uint256 value);
    event Seen(address indexed caller, uint256 value);

    function fail(uint256 value) external pure {
        revert Thrower_Value(value);
    }

    function see(uint256 value) external {
        emit Seen(msg.sender, value);
    }
}

/// @title The test support itself: helpers that lie would hide every other fault
contract SupportTest is Test {
    function failEqual() external pure {
        assertEq(uint256(1), uint256(2), "x");
    }

    function failAtMost() external pure {
        assertLe(3, 2, "x");
    }

    function failNear() external pure {
        assertNear(10, 14, 3, "x");
    }

    function test_AssertionsFailOnFalse() public {
        vm.expectRevert(abi.encodeWithSelector(Test_NotEqual.selector, "x", 1, 2));
        this.failEqual();
        vm.expectRevert(abi.encodeWithSelector(Test_NotAtMost.selector, "x", 3, 2));
        this.failAtMost();
        vm.expectRevert(abi.encodeWithSelector(Test_NotNear.selector, "x", 10, 14, 3));
        this.failNear();
    }

    function testFuzz_BoundStaysInside(uint256 value, uint256 a, uint256 b) public pure {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        uint256 bounded = bound(value, low, high);
        assertLe(low, bounded, "bound below");
        assertLe(bounded, high, "bound above");
    }

    function test_Cheatcodes() public {
        Thrower thrower = new Thrower();
        vm.expectRevert(abi.encodeWithSelector(Thrower.Thrower_Value.selector, 7));
        thrower.fail(7);
        vm.expectPartialRevert(Thrower.Thrower_Value.selector);
        thrower.fail(8);

        address caller = vm.addr(0xa11ce);
        vm.label(caller, "caller");
        vm.expectEmit(address(thrower));
        emit Thrower.Seen(caller, 9);
        vm.prank(caller);
        thrower.see(9);

        uint256 id = vm.snapshotState();
        vm.warp(1_800_000_000);
        vm.roll(77);
        vm.prevrandao(bytes32(uint256(5)));
        vm.deal(caller, 3 ether);
        assertEq(block.timestamp, 1_800_000_000, "warp");
        assertEq(block.number, 77, "roll");
        assertEq(block.prevrandao, 5, "prevrandao");
        assertEq(caller.balance, 3 ether, "deal");
        assertTrue(vm.revertToState(id), "revertToState");
        assertEq(caller.balance, 0, "state is back");

        (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xa11ce, keccak256("m"));
        assertEq(ecrecover(keccak256("m"), v, r, s), caller, "sign");
    }
}
