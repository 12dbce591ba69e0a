// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MasaFixture} from "../../support/MasaFixture.sol";

/// @title What the invariant handlers share: the protocol, its time, chance, and a count of what came of it
/// @notice The runner calls a handler's actions with any arguments in any order. Each action bounds its arguments so
/// that the protocol must accept them: a revert is a finding (`failOnRevert`). An action for which the present state has
/// no room is given up by {_only}: the runner counts it as a discard and makes another call instead, so every call that
/// counts has acted. A handler is the protocol's deployer and owner. The runner calls only contracts of the test's own
/// file: handlers are abstract, and each test derives one.
abstract contract ProtocolHandler is MasaFixture {
    /// @notice Actions that were carried out.
    uint256 public calls;
    /// @notice How often an outcome occurred that an action may or may not have.
    mapping(bytes32 what => uint256) public times;
    /// @dev Time of the protocol, whatever the runner does between calls.
    uint256 internal _now;
    uint256 private _entropy;

    /// @dev Marks an action. One seed is enough: everything else is drawn from it, and from nothing else, so that the
    /// runner can leave calls out of a failing sequence without changing the others.
    modifier action(uint256 seed) {
        vm.warp(_now);
        ++calls;
        _entropy = uint256(keccak256(abi.encode(seed)));
        _;
    }

    /// @dev Gives the action up unless it is possible. Comes before every prank.
    function _only(bool possible) internal pure {
        vm.assume(possible);
    }

    function _draw() internal returns (uint256) {
        return _entropy = uint256(keccak256(abi.encode(_entropy)));
    }

    function _below(uint256 most) internal returns (uint256) {
        return _draw() % most;
    }

    function _between(uint256 low, uint256 high) internal returns (uint256) {
        return low + (_draw() % (high - low + 1));
    }

    /// @dev True once in `odds` times.
    function _oneIn(uint256 odds) internal returns (bool) {
        return _below(odds) == 0;
    }

    /// @dev A few units, all of it, or anything between; at least 1. All of it only now and then: it ends what other
    /// actions need.
    function _size(uint256 most) internal returns (uint256) {
        uint256 kind = _below(12);
        if (kind == 0) return most;
        if (kind < 4) return _between(1, most < 10 ? most : 10);
        return _between(1, kind < 8 && most > 20 ? most / 20 : most);
    }

    function _warp(uint256 timestamp) internal {
        _now = timestamp;
        vm.warp(timestamp);
    }

    function _took(bytes32 what) internal {
        ++times[what];
    }

    function _tookIf(bool occurred, bytes32 what) internal {
        if (occurred) ++times[what];
    }
}
