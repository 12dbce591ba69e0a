// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {Vm, VM_ADDRESS} from "./Vm.sol";

/// @title Work as the market records it
/// @notice Packs answers (worker 160, units 48, weighted units 48) and consumption (oracle node 160, units 96).
library Works {
    error Works_NoWorkOf(NodeRole role);
    error Works_BadWork(uint256 units, uint256 weighted);
    error Works_SlotNotFound(address worker);

    Vm private constant vm = Vm(VM_ADDRESS);
    uint256 private constant WAD = 1e18;
    uint256 private constant UNIT = 1e9;
    uint256 private constant MOST = type(uint48).max; // units of an answer
    uint256 private constant MOST_ANSWERS = 64; // of one call here
    uint256 private constant BRIM = type(uint72).max; // of a node's sums
    uint256 private constant SLOTS = 64; // among which the nodes are looked for

    /// @dev As many answers as a worker's work needs, or one word of an oracle node, whose weighted work nothing carries.
    function pack(
        address account,
        NodeRole role,
        uint256 units,
        uint256 weighted
    ) internal pure returns (uint256[] memory words) {
        if (role == NodeRole.Oracle) {
            if (units > type(uint96).max) revert Works_BadWork(units, 0);
            words = new uint256[](1);
            words[0] = uint256(uint160(account)) | (units << 160);
            return words;
        }
        if (role != NodeRole.Worker) revert Works_NoWorkOf(role);
        if (weighted > units || units > MOST * MOST_ANSWERS) revert Works_BadWork(units, weighted);
        words = new uint256[](units == 0 ? 1 : (units + MOST - 1) / MOST);
        for (uint256 i; i < words.length; ++i) {
            (uint256 part, uint256 good) = (_min(units, MOST), _min(weighted, MOST));
            words[i] = uint256(uint160(account)) | (part << 160) | (good << 208);
            (units, weighted) = (units - part, weighted - good);
        }
    }

    /// @dev Work of any size, called by `market`. Wei and WAD; units are rounded down, as the market does.
    function record(
        INodeStanding standing,
        address market,
        address account,
        NodeRole role,
        uint256 work,
        uint256 performance
    ) internal {
        uint256 units = work / UNIT;
        uint256 weighted = (units * performance) / WAD;
        if (role == NodeRole.Worker && units > MOST * MOST_ANSWERS) {
            // 2^24 answers fill a worker's sums, which no call holds: those between the first and the last are put into
            // its slot, just below the brim where they would pass it, so that the last still overflows.
            uint256 first = _min(weighted, MOST);
            uint256 last = _min(weighted - first, MOST);
            _send(standing, market, account, role, MOST, first);
            _pour(standing, account, units - 2 * MOST, weighted - first - last);
            (units, weighted) = (MOST, last);
        }
        _send(standing, market, account, role, units, weighted);
    }

    function _send(
        INodeStanding standing,
        address market,
        address account,
        NodeRole role,
        uint256 units,
        uint256 weighted
    ) private {
        uint256[] memory words = pack(account, role, units, weighted);
        vm.prank(market);
        standing.recordWorkOf(role, words);
    }

    function _pour(INodeStanding standing, address worker, uint256 units, uint256 weighted) private {
        bytes32 slot = _slotOf(standing, worker);
        uint256 word = uint256(vm.load(address(standing), slot));
        units = _poured(uint72(word >> 104), units);
        weighted = _poured(uint72(word >> 176), weighted);
        vm.store(address(standing), slot, bytes32(uint256(uint104(word)) | (units << 104) | (weighted << 176)));
        if (_unitsOf(standing, worker) != units) revert Works_SlotNotFound(worker);
    }

    function _poured(uint256 present, uint256 more) private pure returns (uint256) {
        if (present + more < BRIM) return present + more;
        return present == BRIM ? BRIM : BRIM - 1;
    }

    /// @dev Of a worker with work in this epoch: the slot of a mapping by role and account that has this work.
    function _slotOf(INodeStanding standing, address worker) private view returns (bytes32 slot) {
        uint256 units = _unitsOf(standing, worker);
        for (uint256 i; i < SLOTS; ++i) {
            slot = keccak256(abi.encode(worker, keccak256(abi.encode(NodeRole.Worker, i))));
            if (uint72(uint256(vm.load(address(standing), slot)) >> 104) == units) return slot;
        }
        revert Works_SlotNotFound(worker);
    }

    function _unitsOf(INodeStanding standing, address worker) private view returns (uint256) {
        return standing.standingOf(worker, NodeRole.Worker).workThisEpoch / UNIT;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
