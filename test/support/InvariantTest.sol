// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @title Tells the runner which functions of which handler to call, and calls them itself where a test wants that
/// @notice The runner asks the test contract for its targets by the names below.
abstract contract InvariantTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    error InvariantTest_ActionFailed(bytes4 selector, bytes reason);

    FuzzSelector[] private _targets;

    /// @dev `often` is drawn from twice as much: the runner picks among the entries evenly.
    function _target(address handler, bytes4[] memory actions, bytes4[] memory often) internal {
        bytes4[] memory selectors = new bytes4[](actions.length + often.length);
        for (uint256 i; i < selectors.length; ++i) {
            selectors[i] = i < actions.length ? actions[i] : often[i - actions.length];
        }
        _targets.push(FuzzSelector(handler, selectors));
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return _targets;
    }

    function targetContracts() public view returns (address[] memory contracts) {
        contracts = new address[](_targets.length);
        for (uint256 i; i < contracts.length; ++i) {
            contracts[i] = _targets[i].addr;
        }
    }

    /// @dev Calls `steps` actions drawn from a fixed seed. An action that reverts fails the test with its reason.
    function _drive(address handler, uint256 steps) internal {
        bytes4[] memory selectors = _targets[0].selectors;
        for (uint256 i; i < steps; ++i) {
            uint256 word = uint256(keccak256(abi.encode("drive", i)));
            bytes4 selector = selectors[word % selectors.length];
            // More arguments than an action takes do no harm.
            (bool ok, bytes memory reason) = handler.call(
                abi.encodePacked(
                    selector,
                    keccak256(abi.encode(word, 1)),
                    keccak256(abi.encode(word, 2)),
                    keccak256(abi.encode(word, 3))
                )
            );
            if (!ok) revert InvariantTest_ActionFailed(selector, reason);
        }
    }
}
