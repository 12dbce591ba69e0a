// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {ReplayState} from "./ReplayState.sol";

/// @title Replays the model's histories against the contracts (test/model/README.md)
/// @notice After every action each word of the state, as the views tell it, must be the model's; a call that the model
/// refuses must revert with the same error and values.
contract ReplayTest is ReplayState {
    /// @dev Ends a history and, with it, all that it changed.
    error Replay_Done(uint256 steps, uint256 refusals);
    error Replay_Returned();
    error Replay_Differs(
        uint256 history,
        uint256 step,
        string action,
        string field,
        uint256 model,
        uint256 contracts,
        string arguments
    );
    error Replay_CallDiffers(
        uint256 history,
        uint256 step,
        string action,
        bytes expected,
        bytes actual,
        string arguments
    );

    /// @dev Where a history is read, and what it has told so far.
    struct Cursor {
        uint256 offset; // in calldata
        uint256 history;
        uint256 step;
        Action action;
        uint256 caller;
        uint256 subject;
        uint256 refusals;
        uint256[] args;
    }

    string private constant FOLDER = "cache/model/";

    function test_ContractsAgreeWithTheModel_Part0() public {
        _replayPart(0);
    }

    function test_ContractsAgreeWithTheModel_Part1() public {
        _replayPart(1);
    }

    function test_ContractsAgreeWithTheModel_Part2() public {
        _replayPart(2);
    }

    function test_ContractsAgreeWithTheModel_Part3() public {
        _replayPart(3);
    }

    function test_ContractsAgreeWithTheModel_Part4() public {
        _replayPart(4);
    }

    function test_ContractsAgreeWithTheModel_Part5() public {
        _replayPart(5);
    }

    function test_ContractsAgreeWithTheModel_Part6() public {
        _replayPart(6);
    }

    function test_ContractsAgreeWithTheModel_Part7() public {
        _replayPart(7);
    }

    // ---------------------------------------------------------------- lies

    function test_ADifferentWordIsFound() public {
        bytes memory reason = _reasonOf("corrupted-word.bin");
        (uint256 history, uint256 step, string memory field, uint256 model, uint256 contracts) = _difference(reason);
        assertEq(history, 0, "history");
        assertEq(step, 3, "step");
        assertEq(field, "account0.masa.staked", "field");
        assertEq(model, contracts + 1, "values");
    }

    function test_AnActionThatTheModelDidNotPerformIsFound() public {
        bytes memory reason = _reasonOf("corrupted-argument.bin");
        (, uint256 step, string memory field, uint256 model, uint256 contracts) = _difference(reason);
        assertEq(step, 3, "step");
        assertEq(field, "vault.totals.masa.staked", "field");
        assertEq(model + 1, contracts, "values");
    }

    function test_ADifferentRefusalIsFound() public {
        assertTrue(bytes4(_reasonOf("corrupted-refusal.bin")) == Replay_CallDiffers.selector, "refusal");
    }

    function test_ARefusalWhereTheModelSucceedsIsFound() public {
        assertTrue(bytes4(_reasonOf("corrupted-success.bin")) == Replay_CallDiffers.selector, "success");
    }

    /// @dev How the replay of a file's one history ends.
    function _reasonOf(string memory name) private returns (bytes memory reason) {
        bytes memory file = vm.readFileBinary(string.concat(FOLDER, name));
        try this.replay(_historyAt(file, 4)) {
            revert Replay_Returned();
        } catch (bytes memory told) {
            reason = told;
        }
    }

    function _difference(
        bytes memory reason
    ) private pure returns (uint256 history, uint256 step, string memory field, uint256 model, uint256 contracts) {
        assertTrue(bytes4(reason) == Replay_Differs.selector, "a difference");
        bytes memory values = new bytes(reason.length - 4);
        assembly ("memory-safe") {
            mcopy(add(values, 32), add(reason, 36), mload(values))
        }
        (history, step, , field, model, contracts, ) = abi.decode(
            values,
            (uint256, uint256, string, string, uint256, uint256, string)
        );
    }

    // ---------------------------------------------------------------- histories

    /// @dev Replays the histories of one file.
    function _replayPart(uint256 part) internal {
        bytes memory file = vm.readFileBinary(string.concat(FOLDER, "histories-", vm.toString(part), ".bin"));
        uint256 histories = _u32(file, 0);
        assertGt(histories, 0, "a part without a history");
        uint256 offset = 4;
        for (uint256 i; i < histories; ++i) {
            bytes memory history = _historyAt(file, offset);
            _replay(history);
            offset += 4 + history.length;
        }
        assertEq(offset, file.length, "bytes after the last history");
    }

    /// @dev Replays one history in a call that reverts, so that the next begins where this one did.
    function _replay(bytes memory history) internal {
        vm.warp(START + vault.moduleDelay());
        try this.replay(history) {
            revert Replay_Returned();
        } catch (bytes memory reason) {
            if (bytes4(reason) != Replay_Done.selector) {
                assembly ("memory-safe") {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
    }

    function replay(bytes calldata history) external {
        Cursor memory c;
        assembly ("memory-safe") {
            mstore(c, history.offset)
        }
        c.history = _take(c, 4);
        uint256 steps = _take(c, 2);
        bytes memory expected = new bytes(WORDS * 32);
        bytes memory actual = new bytes(WORDS * 32);
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        for (c.step = 0; c.step < steps; ++c.step) {
            _act(c);
            _expect(c, expected);
            _observe(actual, c.subject, c.step);
            if (keccak256(expected) != keccak256(actual)) _fail(c, expected, actual);
            // What a step has written to memory is of no use to the next.
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
        }
        revert Replay_Done(steps, c.refusals);
    }

    /// @dev Performs an action and holds its answer against the model's.
    function _act(Cursor memory c) private {
        c.action = Action(_take(c, 1));
        c.caller = _take(c, 1);
        c.subject = _take(c, 1);
        c.args = _takeVarints(c);
        bool ok = true;
        bytes memory answer;
        if (c.action == Action.Pass) {
            vm.warp(c.args[0]);
        } else {
            (address target, bytes memory data) = _call(c.action, c.args, c.caller);
            vm.prank(_party(c.caller));
            (ok, answer) = target.call(data);
        }
        bytes memory expected;
        if (_take(c, 1) == 1) {
            uint256[] memory words = _takeVarints(c);
            expected = abi.encodePacked(words);
            if (!ok || keccak256(expected) != keccak256(answer)) _failCall(c, expected, answer);
            if (c.action == Action.Register) _lastRole[c.caller] = NodeRole(c.args[0]);
        } else {
            uint256 length = _take(c, 2);
            expected = msg.data[c.offset:c.offset + length];
            c.offset += length;
            ++c.refusals;
            if (ok || keccak256(expected) != keccak256(answer)) _failCall(c, expected, answer);
        }
    }

    /// @dev Applies the model's changes to the words it expects.
    function _expect(Cursor memory c, bytes memory expected) private pure {
        uint256 changes = _take(c, 2);
        for (uint256 i; i < changes; ++i) {
            uint256 index = _take(c, 2);
            uint256 word = _takeVarint(c);
            assembly ("memory-safe") {
                mstore(add(expected, mul(add(index, 1), 32)), word)
            }
        }
    }

    // ---------------------------------------------------------------- format

    /// @dev The next number of `size` bytes of the history.
    function _take(Cursor memory c, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            let offset := mload(c)
            value := shr(sub(256, mul(size, 8)), calldataload(offset))
            mstore(c, add(offset, size))
        }
    }

    function _takeVarint(Cursor memory c) private pure returns (uint256) {
        return _take(c, _take(c, 1));
    }

    function _takeVarints(Cursor memory c) private pure returns (uint256[] memory values) {
        values = new uint256[](_take(c, 1));
        for (uint256 i; i < values.length; ++i) {
            values[i] = _takeVarint(c);
        }
    }

    function _historyAt(bytes memory file, uint256 offset) private pure returns (bytes memory history) {
        history = new bytes(_u32(file, offset));
        assembly ("memory-safe") {
            mcopy(add(history, 32), add(add(file, 36), offset), mload(history))
        }
    }

    function _u32(bytes memory data, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(224, mload(add(add(data, 32), offset)))
        }
    }

    // ---------------------------------------------------------------- failure

    function _fail(Cursor memory c, bytes memory expected, bytes memory actual) private view {
        for (uint256 i = 1; i <= WORDS; ++i) {
            uint256 model;
            uint256 contracts;
            assembly ("memory-safe") {
                model := mload(add(expected, mul(i, 32)))
                contracts := mload(add(actual, mul(i, 32)))
            }
            if (model == contracts) continue;
            revert Replay_Differs(
                c.history,
                c.step,
                _name("actions.txt", uint256(c.action)),
                _name("fields.txt", i - 1),
                model,
                contracts,
                _arguments(c)
            );
        }
    }

    function _failCall(Cursor memory c, bytes memory expected, bytes memory answer) private view {
        revert Replay_CallDiffers(
            c.history,
            c.step,
            _name("actions.txt", uint256(c.action)),
            expected,
            answer,
            _arguments(c)
        );
    }

    function _arguments(Cursor memory c) private pure returns (string memory text) {
        text = string.concat("caller ", vm.toString(c.caller), ":");
        for (uint256 i; i < c.args.length; ++i) {
            text = string.concat(text, " ", vm.toString(c.args[i]));
        }
    }

    /// @dev Line `number` of a file beside the histories.
    function _name(string memory file, uint256 number) private view returns (string memory) {
        bytes memory lines = bytes(vm.readFile(string.concat(FOLDER, file)));
        uint256 from;
        for (uint256 end; end <= lines.length; ++end) {
            if (end < lines.length && lines[end] != "\n") continue;
            if (number == 0) {
                bytes memory line = new bytes(end - from);
                for (uint256 i; i < line.length; ++i) {
                    line[i] = lines[from + i];
                }
                return string(line);
            }
            --number;
            from = end + 1;
        }
        return "?";
    }
}
