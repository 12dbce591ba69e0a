// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

import {IStakeObserver} from "./IStakeObserver.sol";

/// @title Votes from staked MASA (EQ-20, paper section 9; decisions D9, D13)
/// @notice The vault tells this contract every change of an account's staked MASA. An account's own units are split into
/// at most MAX_EDGES partial delegations, its edges, and the residual, which follows the standard {delegate} and is the
/// account's own until it names somebody. Votes of an account are the residuals and edges that point to it:
/// VP_i = s_i + Σ d_{j→i} with s_i net of what i delegates away, so that Σ VP = Σ staked MASA (I-02). What is delegated
/// to an account cannot be passed on. Unbonding stake and TAO do not vote; a booked slash counts from its application on,
/// which anyone may trigger and the account cannot avoid.
/// @dev Timepoints are Unix seconds. Units and votes are wei of MASA. An edge j→i is held by a virtual account
/// {edgeAccount}: {getPastBalanceOf} and {getPastDelegate} answer for it as for an account. Delegatees other than the
/// account itself must be registered validators or workers when the delegation is set or grows; losing the role later
/// changes nothing. When stake falls below the edges, the residual goes first, then the newest edge (the one set last
/// from nothing), and so on.
interface IStakeVotes is IERC5805, IStakeObserver {
    struct Edge {
        address delegatee;
        uint256 units; // wei of MASA
    }

    /// @notice The edge from `delegator` to `delegatee` changed; `current` 0: it is gone.
    event EdgeChanged(address indexed delegator, address indexed delegatee, uint256 previous, uint256 current);
    /// @notice The total is recorded at every second until `until`.
    event SnapshotAwaited(uint256 until);

    error StakeVotes_NotVault(address caller);
    error StakeVotes_ZeroAddress();
    /// @notice Neither validator nor worker, nor the account itself.
    error StakeVotes_DelegateeRefused(address delegatee);
    /// @notice An edge to oneself: that is what the residual does already.
    error StakeVotes_EdgeToSelf(address account);
    error StakeVotes_TooManyEdges(address account, uint256 most);
    /// @notice The residual holds `available` units for the growth of the edge.
    error StakeVotes_InsufficientResidual(address account, uint256 available, uint256 asked);
    /// @notice The edge already has these units.
    error StakeVotes_NothingChanged(address account, address delegatee, uint256 units);
    error StakeVotes_SignatureExpired(uint256 expiry, uint256 now_);
    error StakeVotes_InvalidSignature(address account);
    error StakeVotes_FutureLookup(uint256 timepoint, uint256 now_);
    /// @notice No snapshot was awaited that covers `timepoint`: the total of that second is not known.
    error StakeVotes_TotalNotRecorded(uint256 timepoint);
    /// @notice Only seconds to come, and the present one, can be awaited.
    error StakeVotes_SnapshotPast(uint256 until, uint256 now_);

    /// @notice Sets the edge from the caller to `delegatee` to `units`, taken from or given back to its residual; 0 ends
    /// it. A grown or new edge needs a validator or worker.
    function delegateUnits(address delegatee, uint256 units) external;

    /// @notice {delegateUnits} for `account`, which signed it (EIP-712; ERC-1271 for a contract), with its present nonce:
    /// EdgeDelegation(address delegator,address delegatee,uint256 units,uint256 nonce,uint256 expiry).
    function delegateUnitsBySig(
        address account,
        address delegatee,
        uint256 units,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /// @notice The standard {delegateBySig} for `account`, which may be a contract (ERC-1271). The signed struct names the
    /// delegator, or a signature would hold for every wallet of one owner; the nonce is the account's present one:
    /// AccountDelegation(address delegator,address delegatee,uint256 nonce,uint256 expiry).
    function delegateBySig(address account, address delegatee, uint256 expiry, bytes calldata signature) external;

    /// @notice Records the total at every second from now until `until`, a second to come, so that
    /// {getPastTotalSupply} will know it. Right SNAPSHOT: the governor, for its proposals.
    function awaitSnapshot(uint256 until) external;

    /// @notice Own units of `account` now, whomever they are delegated to, wei: its staked MASA.
    function unitsOf(address account) external view returns (uint256);

    /// @notice Own units that are on no edge, wei.
    function residualOf(address account) external view returns (uint256);

    /// @notice Edges of `account`, oldest first.
    function edgesOf(address account) external view returns (Edge[] memory);

    /// @notice The virtual account that holds the edge.
    function edgeAccount(address delegator, address delegatee) external pure returns (address);

    /// @notice Residual of an account, or units of an edge account, at the end of second `timepoint`, wei.
    function getPastBalanceOf(address account, uint256 timepoint) external view returns (uint256);

    /// @notice To whom the residual of `account` was delegated at the end of second `timepoint`, itself by default; of an
    /// edge account its delegatee.
    function getPastDelegate(address account, uint256 timepoint) external view returns (address);

    /// @notice Whether {getPastTotalSupply} knows, or will know, the total of `timepoint`.
    function isRecorded(uint256 timepoint) external view returns (bool);
}
