// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../../support/Test.sol";

/// @title What the invariant handlers share: actors, and a count of what was really done
/// @notice The fuzzer calls a handler's functions with any arguments in any order. Each bounds its arguments so that
/// the protocol must accept them: a revert is a finding (`failOnRevert`). A call that can do nothing in the present
/// state returns without being counted. The runner calls only contracts of the test's own file: handlers are abstract,
/// and each test derives one.
abstract contract Handler is Test {
    address[] public actors;
    /// @notice Calls by the fuzzer.
    uint256 public calls;
    /// @notice Calls that changed the protocol, by function.
    mapping(bytes4 selector => uint256) public done;
    uint256 public totalDone;

    /// @dev Marks what the fuzzer calls.
    modifier act() {
        ++calls;
        _;
    }

    /// @dev Gives the action up unless it is possible: the runner counts a discard and makes another call instead.
    function _only(bool possible) internal pure {
        vm.assume(possible);
    }

    function _count() internal {
        ++done[msg.sig];
        ++totalDone;
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function _actor(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }
}

/// @title What the fuzzer asks an invariant test for
abstract contract InvariantTargets {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address private _target;
    bytes4[] private _selectors;

    /// @dev Only these functions of the handler are called.
    function _targetHandler(address handler, bytes4[] memory selectors) internal {
        _target = handler;
        _selectors = selectors;
    }

    /// @dev A campaign that did nothing would prove nothing: of `depth` calls at least `least` must have acted. Shorter
    /// sequences are the runner's attempts to shrink a counterexample, and are left alone.
    function _assertActed(uint256 depth, uint256 least) internal view {
        Handler handler = Handler(_target);
        if (handler.calls() >= depth) require(handler.totalDone() >= least, "the handler hardly acted");
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = _target;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(_target, _selectors);
    }
}
