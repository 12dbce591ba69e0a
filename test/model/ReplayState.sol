// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {ReplayActions} from "./ReplayActions.sol";

/// @title Everything that is compared, as the contracts' views tell it
/// @notice The words of {_observe} have the order of test/model/observe.ts. A view writes its answer into the buffer as
/// it comes: no field is named here, so none can be mixed up without a difference.
abstract contract ReplayState is ReplayActions {
    error Replay_ReadFailed(address target, bytes data, bytes answer);

    // In the order of test/model/observe.ts.
    uint256 private constant MOST_ENTRIES = 8;
    uint256 private constant MOST_SLASHES = 8;
    uint256 internal constant WORDS = 868;

    /// @dev Reads all words from the views, in the order of test/model/observe.ts.
    function _observe(bytes memory actual, uint256 subject, uint256 step) internal view {
        uint256 to;
        assembly ("memory-safe") {
            to := add(actual, 32)
        }
        uint256 start = to;
        to = _observeShared(to);
        to = _observePreview(to, subject, step);
        for (uint256 i; i < ACCOUNTS; ++i) {
            to = _observeAccount(to, i);
        }
        assertEq(to - start, WORDS * 32, "words of the state");
    }

    function _observeShared(uint256 to) private view returns (uint256) {
        to = _read(to, address(vault), abi.encodeCall(vault.totalsOf, (address(masa))), 3);
        to = _read(to, address(vault), abi.encodeCall(vault.totalsOf, (address(tao))), 3);
        to = _observeSlasher(to, SLASHER_A);
        to = _observeSlasher(to, SLASHER_B);
        to = _read(to, address(vault), abi.encodeCall(vault.collateral, ()), 2);
        to = _read(to, address(vault), abi.encodeCall(vault.unbondingDelay, ()), 1);
        to = _read(to, address(vault), abi.encodeCall(vault.moduleDelay, ()), 1);
        for (uint256 i = 1; i < 4; ++i) {
            NodeRole role = NodeRole(i);
            to = _read(to, address(standing), abi.encodeCall(standing.totalsOf, (role)), 2);
            to = _read(to, address(standing), abi.encodeCall(standing.snapshotOf, (role)), 4);
            to = _read(to, address(standing), abi.encodeCall(standing.nextSnapshotOf, (role)), 4);
            to = _read(to, address(registry), abi.encodeCall(registry.countOf, (role)), 1);
        }
        to = _read(to, address(standing), abi.encodeCall(standing.supplySnapshot, ()), 1);
        to = _read(to, address(standing), abi.encodeCall(standing.rolledEpoch, ()), 1);
        to = _read(to, address(manager), abi.encodeCall(manager.rolledEpoch, ()), 1);
        to = _read(to, address(clock), abi.encodeCall(clock.currentEpoch, ()), 1);
        to = _read(to, address(clock), abi.encodeCall(clock.epochStart, (clock.currentEpoch() + 1)), 1);
        to = _read(to, address(guardian), abi.encodeCall(guardian.rightUntil, (IGuardian.Right.ReverseSlash)), 1);
        to = _observeBalances(to, address(masa));
        return _observeBalances(to, address(tao));
    }

    /// @dev What is scheduled for no second is no value to compare.
    function _observeSlasher(uint256 to, address slasher) private view returns (uint256 end) {
        end = _read(to, address(vault), abi.encodeCall(vault.slasherOf, (slasher)), 9);
        assembly ("memory-safe") {
            if iszero(mload(add(to, 160))) {
                mstore(add(to, 224), 0)
            }
        }
    }

    function _observeBalances(uint256 to, address token) private view returns (uint256) {
        address[6] memory holders = [address(vault), treasury, COMPENSATION, BURN, address(registry), STRANGER];
        for (uint256 i; i < holders.length; ++i) {
            to = _read(to, token, abi.encodeCall(masa.balanceOf, (holders[i])), 1);
        }
        return to;
    }

    function _observePreview(uint256 to, uint256 subject, uint256 step) private view returns (uint256) {
        address account = _accounts[subject];
        NodeRole role = registry.roleOf(account);
        if (role == NodeRole.None) {
            assembly ("memory-safe") {
                calldatacopy(to, calldatasize(), 288)
            }
            return to + 288;
        }
        int256 change = (int256(step % 5) - 2) * 1e17;
        return _read(to, address(standing), abi.encodeCall(standing.previewRequirement, (account, role, change)), 9);
    }

    function _observeAccount(uint256 to, uint256 index) private view returns (uint256) {
        address account = _accounts[index];
        to = _read(to, address(masa), abi.encodeCall(masa.balanceOf, (account)), 1);
        to = _read(to, address(tao), abi.encodeCall(masa.balanceOf, (account)), 1);
        uint256 masaEntries = to + 64;
        to = _read(to, address(vault), abi.encodeCall(vault.positionOf, (account, address(masa))), 4);
        uint256 taoEntries = to + 64;
        to = _read(to, address(vault), abi.encodeCall(vault.positionOf, (account, address(tao))), 4);
        // Without the flags, which are internal.
        to = _drop(_read(to, address(vault), abi.encodeCall(vault.exposureOf, (account)), 4));
        uint256 slashes = to - 32;
        to = _read(to, address(vault), abi.encodeCall(vault.deferralOf, (account)), 2);
        to = _read(to, address(vault), abi.encodeCall(vault.stakeUnitsOf, (account)), 1);
        to = _read(to, address(vault), abi.encodeCall(vault.masaStakeOf, (account)), 1);
        to = _observeStanding(to, account, _lastRole[index]);
        // Without the address of the metadata.
        to = _drop(_read(to, address(registry), abi.encodeCall(registry.membershipOf, (account)), 6));
        to = _read(to, address(registry), abi.encodeCall(registry.operatorOf, (_keys[index])), 4);
        to = _read(to, address(registry), abi.encodeCall(registry.signerOf, (_keys[index])), 2);
        _observeEntries(to, account, address(masa), _wordAt(masaEntries));
        to += MOST_ENTRIES * 128;
        _observeEntries(to, account, address(tao), _wordAt(taoEntries));
        to += MOST_ENTRIES * 128;
        _observeSlashes(to, account, _wordAt(slashes));
        return to + MOST_SLASHES * 96;
    }

    function _observeStanding(uint256 to, address account, NodeRole role) private view returns (uint256) {
        for (uint256 i = 1; i < 4; ++i) {
            to = _read(to, address(standing), abi.encodeCall(standing.utilityOf, (account, NodeRole(i))), 1);
        }
        if (role == NodeRole.None) return to + 11 * 32;
        to = _read(to, address(standing), abi.encodeCall(standing.standingOf, (account, role)), 9);
        to = _read(to, address(standing), abi.encodeCall(standing.isEligible, (account, role)), 1);
        if (role == NodeRole.Validator) {
            return _read(to, address(standing), abi.encodeCall(standing.seatWeightOf, (account)), 1);
        }
        assembly ("memory-safe") {
            mstore(to, 0)
        }
        return to + 32;
    }

    function _observeEntries(uint256 to, address account, address token, uint256 count) private view {
        assertLe(count, MOST_ENTRIES, "entries without a place");
        for (uint256 id; id < count; ++id) {
            to = _read(to, address(vault), abi.encodeCall(vault.unbondingEntryOf, (account, token, id)), 4);
        }
    }

    function _observeSlashes(uint256 to, address account, uint256 count) private view {
        assertLe(count, MOST_SLASHES, "slashes without a place");
        for (uint256 id = 1; id <= count; ++id) {
            to = _read(to, address(vault), abi.encodeCall(vault.slashRecordOf, (account, id)), 3);
        }
    }

    /// @dev Writes the answer of a view to `to`, where `words` words of a buffer are kept for it.
    function _read(uint256 to, address target, bytes memory data, uint256 words) private view returns (uint256 end) {
        bool ok;
        end = to + words * 32;
        assembly ("memory-safe") {
            ok := staticcall(gas(), target, add(data, 32), mload(data), to, mul(words, 32))
            ok := and(ok, eq(returndatasize(), mul(words, 32)))
        }
        if (!ok) {
            (, bytes memory answer) = target.staticcall(data);
            revert Replay_ReadFailed(target, data, answer);
        }
    }

    /// @dev Drops the last word but one.
    function _drop(uint256 end) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(sub(end, 64), mload(sub(end, 32)))
        }
        return end - 32;
    }

    function _wordAt(uint256 to) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(to)
        }
    }
}
