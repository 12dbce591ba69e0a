// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @title What an invariant test tells the runner, and what its campaign leaves behind
/// @notice The runner asks the test contract for its targets by the names below. Its own counts say how often each
/// action was carried out; what else came of them is written to a file at the end of every run, one line a run, and
/// added up and printed by scripts/invariant-campaigns.ts, which fails a campaign that never met one of its outcomes.
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

    /// @dev Appends this run's outcomes, "name=count" each, to the file of `campaign`: the name of the test contract.
    function _writeOutcomes(
        string memory campaign,
        bytes32[] memory outcomes,
        function(bytes32) external view returns (uint256) times
    ) internal {
        string memory line;
        for (uint256 i; i < outcomes.length; ++i) {
            line = string.concat(line, i == 0 ? "" : ";", _text(outcomes[i]), "=", vm.toString(times(outcomes[i])));
        }
        vm.writeLine(string.concat("cache/invariants/", campaign, ".txt"), line);
    }

    function _text(bytes32 word) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && word[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = word[i];
        }
        return string(text);
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
