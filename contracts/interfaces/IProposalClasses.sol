// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Classes of proposals (EQ-21, paper section 9; decision D10)
/// @notice What a proposal needs is found from the calls it makes. Classes are ordered, each at least as strict as the
/// one before in every respect; a call belongs to the class its (target, selector) was assigned to, an unknown one to
/// the last, the strictest; a proposal to the strictest of its calls. A call without a selector, such as a bare transfer
/// of ether, is an unknown one. A call that changes a class or an assignment belongs at least to the class it takes
/// something from, so that lowering a class needs what that class asks for.
/// @dev There are four: 0 routine parameters, 1 economic parameters, 2 rights and modules, 3 constitutional.
interface IProposalClasses {
    /// @dev Two slots.
    struct Class {
        uint64 quorum; // q_p: least share of the total votes cast for or abstaining, WAD, in [0.01, 0.6]
        uint64 threshold; // τ_p: least share of for in for and against, WAD, in [0.5, 0.9]
        uint32 votingPeriod; // seconds, in [minVotingPeriod, 30 days]
        uint32 reviewInterval; // seconds after which the class should be reviewed, in [1 day, 3 years]
        uint64 weight; // of a vote in rewards of governance, WAD, in [0.1, 4]
        uint128 minStake; // of the proposer, wei of MASA, above 0, at most a hundredth of the supply when set
        uint64 maxQuorum; // the most that the dynamic quorum asks for, WAD, in [quorum, 0.6]
        bool dynamicQuorum; // whether the quorum follows the average turnout, within quorum and maxQuorum
    }

    /// @dev What a proposal is judged by, frozen when it is proposed.
    struct Terms {
        uint8 classId;
        uint64 quorum; // WAD, after the dynamic quorum
        uint64 threshold; // WAD
        uint32 votingPeriod; // seconds
        uint128 minStake; // wei of MASA
    }

    event GovernorSet(address indexed governor);
    event ClassSet(uint8 indexed classId, Class previous, Class current);
    event SelectorAssigned(address indexed target, bytes4 indexed selector, uint8 previous, uint8 current);
    /// @param turnout Votes cast of the total, WAD.
    /// @param average Moving average of the class after it, WAD.
    event TurnoutRecorded(uint256 indexed proposalId, uint8 indexed classId, uint256 turnout, uint256 average);

    error ProposalClasses_ZeroAddress();
    error ProposalClasses_AlreadyWired();
    error ProposalClasses_UnknownClass(uint8 classId, uint256 classes);
    error ProposalClasses_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice The class would be laxer than the one below, or stricter than the one above, in `name`.
    error ProposalClasses_OutOfOrder(bytes32 name, uint8 classId, uint256 value, uint256 neighbour);
    error ProposalClasses_NoCalls();
    error ProposalClasses_LengthMismatch(uint256 targets, uint256 calldatas);
    /// @notice It goes on, was not begun, or was cancelled.
    error ProposalClasses_VoteNotOver(uint256 proposalId);
    error ProposalClasses_AlreadyRecorded(uint256 proposalId);

    /// @notice Names the governor whose proposals {recordTurnout} reads, once. Owner only.
    function wire(address governor) external;

    /// @notice Changes a class, within its bounds and between its neighbours. Owner only.
    function setClass(uint8 classId, Class calldata class_) external;

    /// @notice Assigns calls of `target` with `selector` to a class. Owner only.
    function assign(address target, bytes4 selector, uint8 classId) external;

    /// @notice {assign} for many. Owner only.
    function assignMany(address target, bytes4[] calldata selectors, uint8 classId) external;

    /// @notice Moves the average turnout of a proposal's class towards that of the proposal, whose vote is over and was
    /// not cancelled: by a quarter of the difference, rounded down, and by two hundredths at most. Turnout is all that was
    /// cast, against too, of the total at the snapshot. Anyone, once a proposal.
    function recordTurnout(uint256 proposalId) external;

    /// @notice What a proposal with these calls is judged by now.
    function termsOf(address[] calldata targets, bytes[] calldata calldatas) external view returns (Terms memory);

    /// @notice The class of one call. Reverts for a call to this contract whose arguments it could not read, unless that
    /// is of the strictest class anyhow.
    function classOf(address target, bytes calldata callData) external view returns (uint8);

    function classAt(uint8 classId) external view returns (Class memory);
    function classCount() external view returns (uint256);

    /// @notice The quorum a class asks for now, WAD: its own, or the average turnout between that and `maxQuorum`, and
    /// never less than a laxer class asks for.
    function quorumShareOf(uint8 classId) external view returns (uint256);

    /// @notice Moving average of turnout, WAD. It begins at the class's first quorum, and moves whether the class uses it
    /// or not.
    function averageTurnoutOf(uint8 classId) external view returns (uint256);

    /// @notice Least voting period that any class may have, seconds.
    function minVotingPeriod() external view returns (uint32);
}
