// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IEpochManager} from "../interfaces/IEpochManager.sol";
import {IFeeCurve} from "../interfaces/IFeeCurve.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IProtocolLens} from "../interfaces/IProtocolLens.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title ProtocolLens
/// @notice See {IProtocolLens}.
contract ProtocolLens is IProtocolLens {
    IEpochClock public immutable clock;
    IStakeVault public immutable vault;
    INodeStanding public immutable standing;
    INodeRegistry public immutable registry;
    IValidatorSet public immutable validatorSet;
    IRequestEscrow public immutable escrow;
    IEpochManager public immutable epochManager;
    IFeeCurve public immutable feeCurve;
    /// @dev In which the escrow keeps amounts, wei.
    uint256 private constant UNIT = 1e9;

    constructor(
        IEpochClock clock_,
        IStakeVault vault_,
        INodeStanding standing_,
        INodeRegistry registry_,
        IValidatorSet validatorSet_,
        IRequestEscrow escrow_,
        IEpochManager epochManager_,
        IFeeCurve feeCurve_
    ) {
        clock = clock_;
        vault = vault_;
        standing = standing_;
        registry = registry_;
        validatorSet = validatorSet_;
        escrow = escrow_;
        epochManager = epochManager_;
        feeCurve = feeCurve_;
    }

    /// @inheritdoc IProtocolLens
    function accountOf(address account) external view returns (AccountView memory v) {
        v.node = registry.nodeOf(account);
        if (v.node.role != NodeRole.None) v.preview = standing.previewRequirement(account, v.node.role, 0);
        address masa = vault.masa();
        address tao = vault.tao();
        v.masa = vault.positionOf(account, masa);
        v.masaBalance = IERC20(masa).balanceOf(account);
        if (tao != address(0)) {
            v.tao = vault.positionOf(account, tao);
            v.taoBalance = IERC20(tao).balanceOf(account);
        }
        v.exposure = vault.exposureOf(account);
        v.deferral = vault.deferralOf(account);
        v.seat = _seatOf(account);
        v.market = holdingsOf(account);
    }

    /// @inheritdoc IProtocolLens
    function nodesOf(
        NodeRole role,
        uint256 offset,
        uint256 limit
    ) external view returns (NodeLine[] memory page, uint256 total) {
        total = registry.countOf(role);
        address[] memory accounts = registry.nodesOf(role, offset, limit);
        page = new NodeLine[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            INodeRegistry.NodeView memory node = registry.nodeOf(accounts[i]);
            (bool seated, ) = validatorSet.seatOf(accounts[i]);
            page[i] = NodeLine(
                accounts[i],
                node.role,
                node.short,
                node.suspended,
                node.utility,
                node.requirement,
                node.stakeUnits,
                seated,
                node.metadata
            );
        }
    }

    /// @inheritdoc IProtocolLens
    function unbondingOf(
        address account,
        address token,
        uint256 fromId,
        uint256 limit
    ) external view returns (EntryView[] memory entries) {
        uint256 end = vault.positionOf(account, token).nextUnbondingId;
        if (end > fromId && end - fromId > limit) end = fromId + limit;
        entries = new EntryView[](end > fromId ? end - fromId : 0);
        uint256 found;
        for (uint256 id = fromId; id < end; ++id) {
            (IStakeVault.UnbondingEntry memory entry, uint256 worth) = vault.unbondingEntryOf(account, token, id);
            if (entry.shares != 0) entries[found++] = EntryView(id, worth, entry.maturesAt);
        }
        assembly ("memory-safe") {
            mstore(entries, found)
        }
    }

    /// @inheritdoc IProtocolLens
    function slashesOf(
        address account,
        uint256 fromId,
        uint256 limit
    ) external view returns (SlashView[] memory slashes) {
        if (fromId == 0) fromId = 1;
        uint256 end = uint256(vault.exposureOf(account).slashes) + 1;
        if (end > fromId && end - fromId > limit) end = fromId + limit;
        slashes = new SlashView[](end > fromId ? end - fromId : 0);
        uint256 found;
        for (uint256 id = fromId; id < end; ++id) {
            IStakeVault.SlashRecord memory record = vault.slashRecordOf(account, id);
            if (record.releasableAt == 0) continue;
            slashes[found++] = SlashView(id, record.masa, record.tao, record.releasableAt);
        }
        assembly ("memory-safe") {
            mstore(slashes, found)
        }
    }

    /// @inheritdoc IProtocolLens
    function network() external view returns (NetworkView memory v) {
        v.epoch = clock.currentEpoch();
        v.epochEndsAt = clock.epochStart(v.epoch + 1);
        v.rolledEpoch = epochManager.rolledEpoch();
        v.supply = standing.supplySnapshot();
        for (uint256 i; i < 3; ++i) {
            NodeRole role = NodeRole(i + 1);
            RoleLine memory line = v.roles[i];
            INodeStanding.RoleTotals memory totals = standing.totalsOf(role);
            line.role = role;
            line.registered = registry.countOf(role);
            line.counted = totals.count;
            line.utilitySum = totals.utilitySum;
            line.frozen = standing.snapshotOf(role);
            line.next = standing.nextSnapshotOf(role);
            line.requirementAtMean = standing.requirementAt(role, line.frozen.meanUtility);
        }
        v.seats = validatorSet.seatCount();
        v.waiting = validatorSet.waitlist().length;
        (v.silentRolls, ) = validatorSet.silence();
        v.next = validatorSet.nextToBePruned();
        (v.masaStaked, v.masaUnbonding, v.masaPot) = vault.totalsOf(vault.masa());
        address tao = vault.tao();
        if (tao != address(0)) (v.taoStaked, v.taoUnbonding, v.taoPot) = vault.totalsOf(tao);
        uint256 held = IERC20(vault.masa()).balanceOf(address(epochManager));
        v.rollBounty = epochManager.rollBounty();
        if (v.rollBounty > held) v.rollBounty = held;
    }

    /// @inheritdoc IProtocolLens
    function holdingsOf(address account) public view returns (Holdings memory h) {
        (uint256 asker, uint256 worker, uint256 record) = escrow.wordsOf(account);
        h.credit = escrow.creditOf(account);
        h.reserved = (asker >> 192) * UNIT;
        h.openSlash = uint256(uint56(worker >> 136)) * UNIT;
        h.backing = (worker >> 192) * UNIT;
        if (block.timestamp < uint40(asker >> 96)) h.consumption = uint256(uint56(asker >> 136)) * UNIT;
        h.settled = uint32(record);
        h.accepted = uint32(record >> 32);
        if (h.settled != 0) h.meanQuality = uint64(record >> 64) / h.settled;
        h.untold = uint256(uint64(record >> 128)) * UNIT;
        h.spent = (record >> 192) * UNIT;
    }

    /// @inheritdoc IProtocolLens
    function feeQuote(address account, uint256 baseReward) external view returns (uint256) {
        uint256 fee = feeCurve.fee(holdingsOf(account).consumption, baseReward);
        return ((fee + UNIT - 1) / UNIT) * UNIT;
    }

    function _seatOf(address account) private view returns (SeatView memory v) {
        (v.seated, v.seat) = validatorSet.seatOf(account);
        v.waiting = validatorSet.isWaiting(account);
        v.coolingUntil = validatorSet.coolingUntil(account);
        if (!v.seated) return v;
        (IValidatorSet.Seat memory seat, ) = validatorSet.seatAt(v.seat);
        v.weight = seat.weight;
        v.seatedEpoch = seat.seatedEpoch;
        (bool scored, uint256 score, uint64 epoch) = validatorSet.scoreOf(v.seat);
        // A seat that changed hands since keeps the score of who sat there before.
        if (seat.seatedEpoch <= epoch) (v.scored, v.score) = (scored, score);
        (, uint64 checkedIn) = validatorSet.silence();
        v.checkedIn = (checkedIn >> v.seat) & 1 == 1;
    }
}
