// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {IReviews} from "../interfaces/IReviews.sol";

/// @title Reviews
/// @notice When which parameters were reviewed last. See {IReviews}.
contract Reviews is IReviews, Ownable {
    IProposalClasses public immutable classes;

    /// @dev How many groups, the first of the list, belong to classes.
    uint256 private immutable _ofClasses;
    bytes32[] private _list;
    mapping(bytes32 group => Group) private _groups;

    /// @param groups Groups besides those of the classes.
    /// @param classIds Class of each.
    constructor(
        address owner_,
        IProposalClasses classes_,
        bytes32[] memory groups,
        uint8[] memory classIds
    ) Ownable(owner_) {
        if (address(classes_) == address(0)) revert Reviews_ZeroAddress();
        if (groups.length != classIds.length) revert Reviews_LengthMismatch(groups.length, classIds.length);
        classes = classes_;
        uint256 count = classes_.classCount();
        _ofClasses = count;
        for (uint8 i; i < count; ++i) {
            _add(groupOfClass(i), i);
        }
        for (uint256 i; i < groups.length; ++i) {
            // Refuses a class that does not exist.
            classes_.classAt(classIds[i]);
            _add(groups[i], classIds[i]);
        }
    }

    /// @inheritdoc IReviews
    function markDue(bytes32 group) external {
        Group memory g = _known(group);
        if (g.markedAt != 0) revert Reviews_AlreadyMarked(group, g.markedAt);
        uint256 dueAt = _dueAt(g);
        if (block.timestamp < dueAt) revert Reviews_NotDue(group, dueAt, block.timestamp);
        _groups[group].markedAt = uint40(block.timestamp);
        emit ReviewDue(group, dueAt);
    }

    /// @inheritdoc IReviews
    function markReviewed(bytes32 group) external onlyOwner {
        Group memory g = _known(group);
        emit Reviewed(group, g.lastReviewed);
        (g.lastReviewed, g.markedAt) = (uint40(block.timestamp), 0);
        _groups[group] = g;
    }

    /// @inheritdoc IReviews
    function addGroup(bytes32 group, uint8 classId) external onlyOwner {
        classes.classAt(classId);
        _add(group, classId);
    }

    /// @inheritdoc IReviews
    function removeGroup(bytes32 group) external onlyOwner {
        uint32 position = _known(group).position;
        if (position <= _ofClasses) revert Reviews_GroupOfClass(group);
        bytes32 last = _list[_list.length - 1];
        _list[position - 1] = last;
        _groups[last].position = position;
        _list.pop();
        delete _groups[group];
        emit GroupRemoved(group);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IReviews
    function groupOf(bytes32 group) external view returns (Group memory) {
        return _groups[group];
    }

    /// @inheritdoc IReviews
    function dueAtOf(bytes32 group) external view returns (uint256) {
        return _dueAt(_known(group));
    }

    /// @inheritdoc IReviews
    function dueGroups(uint256 offset, uint256 limit) external view returns (bytes32[] memory due, uint256 next) {
        uint256 length = _list.length;
        if (offset >= length) return (due, 0);
        if (limit < length - offset) (length, next) = (offset + limit, offset + limit);
        due = new bytes32[](length - offset);
        uint256 count;
        for (uint256 i = offset; i < length; ++i) {
            bytes32 group = _list[i];
            if (block.timestamp >= _dueAt(_groups[group])) due[count++] = group;
        }
        assembly ("memory-safe") {
            // Those that were found, of the room for all that were looked at.
            mstore(due, count)
        }
    }

    /// @inheritdoc IReviews
    function groupCount() external view returns (uint256) {
        return _list.length;
    }

    /// @inheritdoc IReviews
    function groupAt(uint256 index) external view returns (bytes32) {
        return _list[index];
    }

    /// @inheritdoc IReviews
    function groupOfClass(uint8 classId) public pure returns (bytes32) {
        return bytes32(bytes.concat("class-", bytes1(uint8(bytes1("0")) + classId)));
    }

    // ---------------------------------------------------------------- internal

    function _add(bytes32 group, uint8 classId) private {
        if (group == 0) revert Reviews_NoName();
        if (_groups[group].position != 0) revert Reviews_GroupExists(group);
        _list.push(group);
        _groups[group] = Group(uint40(block.timestamp), 0, classId, uint32(_list.length));
        emit GroupAdded(group, classId);
    }

    function _known(bytes32 group) private view returns (Group memory g) {
        g = _groups[group];
        if (g.position == 0) revert Reviews_UnknownGroup(group);
    }

    function _dueAt(Group memory g) private view returns (uint256) {
        return uint256(g.lastReviewed) + classes.classAt(g.classId).reviewInterval;
    }
}
