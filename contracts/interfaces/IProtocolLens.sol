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
        Holdings market;
        uint256 masaBalance; // of its wallet, wei
        uint256 taoBalance; // of its wallet, token units
    }

    /// @dev Everything of an account in the market. Wei of MASA but for the counts and the quality.
    struct Holdings {
        uint256 credit; // free: may be withdrawn or spent on requests
        uint256 reserved; // R_base and fees of its open requests; comes back as far as it is not paid
        uint256 openSlash; // Σ ⌈κ·R_base⌉ of its open commitments
        uint256 backing; // stake reserved in the vault for open and coming commitments
        uint256 consumption; // R_base asked for in this epoch: what its next fee is reckoned from
        uint256 untold; // consumption that its standing hears of with its next request, or by tellConsumption
        uint256 settled; // requests of it that were settled
        uint256 accepted; // of these, with an answer at or above minQuality
        uint256 meanQuality; // of the best answers of its settled requests, scale 1e9
        uint256 spent; // rewards paid by it
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

    /// @notice What an account has in the market, free, reserved and owed, and how it fared there.
    function holdingsOf(address account) external view returns (Holdings memory);

    /// @notice Fee of a request of `baseReward` wei of the account now, wei, rounded up to 1e9 (EQ-08).
    function feeQuote(address account, uint256 baseReward) external view returns (uint256);
}
