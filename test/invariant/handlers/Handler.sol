// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../../support/Test.sol";

/// @title What the handlers of seats and registry share: actors, and a count of what came of the actions
/// @notice The fuzzer calls a handler's functions with any arguments in any order. Each bounds its arguments so that
/// the protocol must accept them: a revert is a finding (`failOnRevert`). A call that can do nothing in the present
/// state is given up by {_only}, so every call that counts has acted. The runner calls only contracts of the test's own
/// file: handlers are abstract, and each test derives one.
abstract contract Handler is Test {
    address[] public actors;
    /// @notice Actions that were carried out.
    uint256 public calls;
    /// @notice How often an outcome occurred that an action may or may not have.
    mapping(bytes32 what => uint256) public times;

    /// @dev Marks what the fuzzer calls.
    modifier act() {
        ++calls;
        _;
    }

    /// @dev Gives the action up unless it is possible: the runner counts a discard and makes another call instead.
    function _only(bool possible) internal pure {
        vm.assume(possible);
    }

    function _tookIf(bool occurred, bytes32 what) internal {
        if (occurred) ++times[what];
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function _actor(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }
}
