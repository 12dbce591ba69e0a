// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Periodic reviews (paper section 9.1)
/// @notice Groups of parameters, and every class of proposals as a group of its own, are reviewed at the interval of
/// their class. Nothing happens to a group whose review is due, but that it is known: anyone marks it, once. A proposal
/// that calls {markReviewed} ends that, whether it changes something besides or keeps all as it is.
interface IReviews {
    /// @dev One slot.
    struct Group {
        uint40 lastReviewed; // Unix second; of its addition at first
        uint40 markedAt; // Unix second of the mark since then; 0: not marked
        uint8 classId;
        uint32 position; // in the list, from 1; 0: not in it
    }

    event GroupAdded(bytes32 indexed group, uint8 indexed classId);
    event GroupRemoved(bytes32 indexed group);
    /// @param dueAt Unix second since which it is due.
    event ReviewDue(bytes32 indexed group, uint256 dueAt);
    /// @param previous Unix second of the review before, or of the addition.
    event Reviewed(bytes32 indexed group, uint256 previous);

    error Reviews_ZeroAddress();
    error Reviews_NoName();
    error Reviews_LengthMismatch(uint256 groups, uint256 classIds);
    error Reviews_UnknownGroup(bytes32 group);
    error Reviews_GroupExists(bytes32 group);
    /// @notice The group of a class stays.
    error Reviews_GroupOfClass(bytes32 group);
    error Reviews_NotDue(bytes32 group, uint256 dueAt, uint256 now_);
    error Reviews_AlreadyMarked(bytes32 group, uint256 markedAt);

    /// @notice Marks a group whose review is due. Anyone.
    function markDue(bytes32 group) external;

    /// @notice The group was reviewed now, due or not. Owner only.
    function markReviewed(bytes32 group) external;

    /// @notice Adds a group; it counts as reviewed now. Owner only.
    function addGroup(bytes32 group, uint8 classId) external;

    /// @notice Removes a group other than that of a class. Owner only.
    function removeGroup(bytes32 group) external;

    function groupOf(bytes32 group) external view returns (Group memory);

    /// @notice Unix second from which the review is due: the last one, and the class's interval as it is now.
    function dueAtOf(bytes32 group) external view returns (uint256);

    /// @notice Groups that are due among `limit` of the list from `offset` on.
    /// @return due In the order of the list.
    /// @return next Offset of the next page; 0 if this was the last.
    function dueGroups(uint256 offset, uint256 limit) external view returns (bytes32[] memory due, uint256 next);

    function groupCount() external view returns (uint256);

    /// @notice The group at `index` of the list, from 0. Classes come first.
    function groupAt(uint256 index) external view returns (bytes32);

    /// @notice Name of the group of a class: "class-0" and so on.
    function groupOfClass(uint8 classId) external pure returns (bytes32);
}
