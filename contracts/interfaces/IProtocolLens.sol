// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry, NodeRole} from "./INodeRegistry.sol";
import {INodeStanding} from "./INodeStanding.sol";
import {IStakeVault} from "./IStakeVault.sol";
import {IValidatorSet} from "./IValidatorSet.sol";

/// @title Everything a dashboard shows, in one call each
/// @notice Reads the other contracts and holds nothing. No contract relies on it: a better one may be deployed beside it.
interface IProtocolLens {
    struct SeatView {
        bool seated;
        bool waiting;
        uint256 seat;
        uint64 weight; // kept for the next roll, micro-MASA
        uint32 seatedEpoch;
        uint64 coolingUntil; // first epoch in which it may join the waitlist
        bool scored; // the score waits for the roll that uses it
        uint256 score; // its own P_v recorded last, scale 1e9; 0 if there is none
        bool checkedIn;
    }

    struct AccountView {
        INodeRegistry.NodeView node;
        INodeStanding.RequirementPreview preview; // zero for who is no node
        IStakeVault.Position masa; // net of booked slashes
        IStakeVault.Position tao;
        IStakeVault.Exposure exposure;
        IStakeVault.Deferral deferral;
        SeatView seat;
        uint256 credit; // in the escrow, wei
        uint256 consumption; // of an oracle node in this epoch, wei
        uint256 masaBalance; // of its wallet, wei
        uint256 taoBalance; // of its wallet, token units
    }

    /// @dev A line of a page.
    struct NodeLine {
        address account;
        NodeRole role;
        bool short;
        bool suspended;
        uint64 utility; // WAD
        uint256 requirement; // stake units
        uint256 stakeUnits;
        bool seated;
        string metadata;
    }

    struct EntryView {
        uint256 id;
        uint256 worth; // now, token units
        uint40 maturesAt;
    }

    struct SlashView {
        uint256 id;
        uint256 masa; // still in the pot, wei
        uint256 tao; // still in the pot, token units
        uint40 releasableAt;
    }

    struct RoleLine {
        NodeRole role;
        uint256 registered; // marked short or not
        uint256 counted; // not marked short
        uint256 utilitySum; // WAD
        INodeStanding.RoleSnapshot frozen;
        INodeStanding.RoleSnapshot next; // as a roll in this block would freeze it
        uint256 requirementAtMean; // stake units
    }

    struct NetworkView {
        uint64 epoch; // of the clock
        uint64 epochEndsAt; // Unix second
        uint64 rolledEpoch;
        uint256 supply; // S, wei
        RoleLine[3] roles;
        uint256 seats;
        uint256 waiting;
        uint32 silentRolls;
        IValidatorSet.PruneView next;
        uint256 masaStaked; // wei
        uint256 masaUnbonding;
        uint256 masaPot;
        uint256 taoStaked; // token units
        uint256 taoUnbonding;
        uint256 taoPot;
        uint256 rollBounty; // wei, for the next roll
    }

    function accountOf(address account) external view returns (AccountView memory);

    /// @notice Nodes of a role, `limit` at most, from `offset` on.
    function nodesOf(
        NodeRole role,
        uint256 offset,
        uint256 limit
    ) external view returns (NodeLine[] memory page, uint256 total);

    /// @notice Entries of an unbonding queue with ids from `fromId` on, `limit` ids at most; what was withdrawn or
    /// cancelled is left out.
    function unbondingOf(
        address account,
        address token,
        uint256 fromId,
        uint256 limit
    ) external view returns (EntryView[] memory);

    /// @notice Slashes of an account in the appeal pot, with ids from `fromId` (the first is 1) on, `limit` ids at most.
    function slashesOf(address account, uint256 fromId, uint256 limit) external view returns (SlashView[] memory);

    function network() external view returns (NetworkView memory);

    /// @notice What the market's fee curve asks for `added` wei on top of the account's consumption in this epoch
    /// (EQ-08).
    function feeQuote(address account, uint256 added) external view returns (uint256);
}
