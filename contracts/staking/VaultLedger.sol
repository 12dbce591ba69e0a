// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IStakeObserver} from "../interfaces/IStakeObserver.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {CollateralMath} from "../math/CollateralMath.sol";
import {ListedToken} from "./ListedToken.sol";
import {VaultRights} from "./VaultRights.sol";

/// @title VaultLedger
/// @notice What accounts hold, net of booked slashes, and how a slash is taken from it. Moves no token.
abstract contract VaultLedger is VaultRights {
    /// @dev Everything of one account. Arrays are by token: MASA, TAO.
    struct Account {
        Exposure exposure;
        Position[2] positions;
        /// Shares of a queue, kept only once a slash has cut it (flag QUEUE_CUT): until then shares are token units.
        uint256[2] shares;
        Deferral deferral;
        mapping(uint256 id => UnbondingEntry)[2] entries;
        mapping(uint256 id => SlashRecord) slashes;
        mapping(uint256 id => Bounty) bounties;
    }

    /// @dev Sums over all accounts for one token. One slot and the pot. All three together fit 104 bits: {_stake} lets in
    /// no more, so no part of an account or of a sum outgrows its field.
    struct Ledger {
        uint104 staked;
        uint104 unbonding;
        uint256 appealPot;
    }

    uint128 public constant MAX_TAO_WEIGHT = 1_000_000e18;
    uint256 private constant WAD = 1e18;
    uint256 internal constant MASA = 0;
    uint256 internal constant TAO = 1;
    /// @dev Flags of {Exposure}: the account has held TAO; the queue of a token keeps shares; a slash is deferred.
    uint8 internal constant HAS_TAO = 1;
    uint8 private constant QUEUE_CUT = 2; // MASA; TAO has the next bit
    uint8 internal constant DEFERRED = 8;

    /// @inheritdoc IStakeVault
    address public immutable masa;
    /// @inheritdoc IStakeVault
    address public immutable tao;
    /// @dev 10^(18 − decimals of TAO).
    uint256 private immutable _taoScale;
    Collateral private _collateral;
    Ledger[2] internal _ledgers;
    mapping(address account => Account) internal _accounts;

    constructor(address masa_, address tao_, Collateral memory collateral_) {
        if (masa_ == tao_) revert StakeVault_TokenRefused(tao_, "MASA and TAO are one token");
        if (ListedToken.check(masa_) != 18) revert StakeVault_TokenRefused(masa_, "MASA has 18 decimals");
        masa = masa_;
        tao = tao_;
        _taoScale = tao_ == address(0) ? 1 : 10 ** (18 - ListedToken.check(tao_));
        _setCollateral(collateral_);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Sets how TAO counts. The weight moves by at most a factor of 2 at a time.
    function setCollateral(Collateral calldata collateral_) external onlyOwner {
        uint256 current = _collateral.taoWeight;
        _requireWithin("taoWeight", collateral_.taoWeight, (current + 1) / 2, current * 2);
        _setCollateral(collateral_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function stakeUnitsOf(address account) external view returns (uint256) {
        (uint256 masaStaked, uint256 taoUnits) = _netStake(account);
        return masaStaked + taoUnits;
    }

    /// @inheritdoc IStakeVault
    function stakeToward(address account, uint256 required) external view returns (uint256 units) {
        (units, ) = standingStakeOf(account, required);
    }

    /// @inheritdoc IStakeVault
    function standingStakeOf(
        address account,
        uint256 required
    ) public view returns (uint256 units, uint256 masaStaked) {
        uint256 taoUnits;
        (masaStaked, taoUnits) = _netStake(account);
        units = masaStaked;
        if (taoUnits != 0) units += CollateralMath.cappedUnitsDown(taoUnits, required, _collateral.taoMaxShare);
    }

    /// @inheritdoc IStakeVault
    function masaStakeOf(address account) external view returns (uint256 masaStaked) {
        (masaStaked, ) = _netStake(account);
    }

    /// @inheritdoc IStakeVault
    function taoUnitsDown(uint256 amount) public view returns (uint256) {
        return CollateralMath.unitsDown(amount, _taoScale, _collateral.taoWeight);
    }

    /// @inheritdoc IStakeVault
    function positionOf(address account, address token) external view returns (Position memory p) {
        (p, ) = _netPosition(account, _indexOf(token));
    }

    /// @inheritdoc IStakeVault
    function exposureOf(address account) external view returns (Exposure memory) {
        return _accounts[account].exposure;
    }

    /// @inheritdoc IStakeVault
    function deferralOf(address account) external view returns (Deferral memory d) {
        if (_frozen(_accounts[account]) != 0) d = _accounts[account].deferral;
    }

    /// @inheritdoc IStakeVault
    function unbondingEntryOf(
        address account,
        address token,
        uint256 id
    ) external view returns (UnbondingEntry memory entry, uint256 worth) {
        uint256 i = _indexOf(token);
        entry = _accounts[account].entries[i][id];
        (Position memory p, uint256 poolShares) = _netPosition(account, i);
        worth = _worth(entry, p, poolShares);
    }

    /// @inheritdoc IStakeVault
    function slashRecordOf(address account, uint256 id) external view returns (SlashRecord memory) {
        return _accounts[account].slashes[id];
    }

    /// @inheritdoc IStakeVault
    function bountyOf(address account, uint256 id) external view returns (address reporter, uint64 share) {
        Bounty memory b = _accounts[account].bounties[id];
        return (b.reporter, b.share);
    }

    /// @inheritdoc IStakeVault
    function totalsOf(address token) external view returns (uint256 staked, uint256 unbonding, uint256 appealPot) {
        Ledger memory ledger = _ledgers[_indexOf(token)];
        return (ledger.staked, ledger.unbonding, ledger.appealPot);
    }

    /// @inheritdoc IStakeVault
    function collateral() external view returns (Collateral memory) {
        return _collateral;
    }

    // ---------------------------------------------------------------- queues

    /// @inheritdoc VaultRights
    function _masaStaked() internal view override returns (uint256) {
        return _ledgers[MASA].staked;
    }

    /// @dev The sums lie beside each other: one write moves an amount from stake to queue.
    function _moveToQueue(uint256 i, uint256 amount) internal {
        Ledger storage ledger = _ledgers[i];
        assembly ("memory-safe") {
            // No borrow, as the sum of stakes holds the amount; no carry, as all that the vault owes fits 104 bits.
            sstore(ledger.slot, add(sub(sload(ledger.slot), amount), shl(104, amount)))
        }
    }

    function _notify(address account, uint256 previous, uint256 current) internal {
        IStakeObserver told = observer;
        if (address(told) != address(0)) told.onStakeChanged(account, previous, current);
    }

    /// @dev Shares of all entries of a queue.
    function _poolShares(
        Account storage a,
        uint256 i,
        Exposure memory e,
        Position memory p
    ) internal view returns (uint256) {
        return e.flags & _cutFlag(i) == 0 ? p.queued : a.shares[i];
    }

    /// @dev Stores a position whose queue changed, and its shares where they differ from token units. An empty queue
    /// forgets that it was cut. `e` is the stored exposure.
    function _storeQueue(Account storage a, uint256 i, Exposure memory e, Position memory p, uint256 shares) internal {
        _storePosition(a, i, p);
        if (e.flags & _cutFlag(i) == 0) return;
        a.shares[i] = shares;
        if (shares == 0) {
            e.flags &= ~_cutFlag(i);
            a.exposure.flags = e.flags;
        }
    }

    /// @dev Token units of an entry, rounded down; the last shares of a queue are worth all that is left.
    function _worth(
        UnbondingEntry memory entry,
        Position memory p,
        uint256 poolShares
    ) internal pure returns (uint256) {
        if (entry.shares == 0 || entry.generation != p.generation) return 0;
        return FixedPointMathLib.fullMulDiv(entry.shares, p.queued, poolShares);
    }

    function _requireEntry(
        Account storage a,
        uint256 i,
        uint256 id
    ) internal view returns (UnbondingEntry memory entry) {
        entry = a.entries[i][id];
        if (entry.shares == 0) revert StakeVault_UnknownEntry(msg.sender, id);
    }

    /// @dev One write for all fields, which the compiler would store one by one.
    function _storePosition(Account storage a, uint256 i, Position memory p) internal {
        Position storage stored = a.positions[i];
        uint256 word =
            p.staked |
                (uint256(p.queued) << 104) |
                (uint256(p.nextUnbondingId) << 208) |
                (uint256(p.generation) << 232);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    /// @dev See {_storePosition}.
    function _storeExposure(Account storage a, Exposure memory e) internal {
        Exposure storage stored = a.exposure;
        uint256 word =
            e.reserved | (uint256(e.pendingCut) << 104) | (uint256(e.flags) << 208) | (uint256(e.slashes) << 216);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    // ---------------------------------------------------------------- slashes

    /// @dev Applies what is booked; the exposure as stored then.
    function _settled(address account, Account storage a) internal returns (Exposure memory e) {
        e = a.exposure;
        if (e.pendingCut == 0) return e;
        uint256 pending = e.pendingCut;
        Position memory m = a.positions[MASA];
        Position memory t;
        if (e.flags & HAS_TAO != 0) t = a.positions[TAO];
        CollateralMath.Cut memory cut = _cut(m, t, e.reserved, pending);
        uint256 previous = m.staked;
        _take(a, e, MASA, m, cut.masaStaked, cut.masaQueued);
        _take(a, e, TAO, t, cut.taoStaked, cut.taoQueued);
        e.pendingCut = 0;
        uint256 id = ++e.slashes;
        _storeExposure(a, e);
        a.slashes[id] = SlashRecord(
            uint104(cut.masaStaked + cut.masaQueued),
            uint104(cut.taoStaked + cut.taoQueued),
            uint40(block.timestamp) + appealWindow
        );
        emit SlashApplied(
            account,
            id,
            pending,
            cut.masaStaked,
            cut.masaQueued,
            cut.taoStaked,
            cut.taoQueued,
            cut.shortfall
        );
        if (cut.masaStaked != 0) _notify(account, previous, m.staked);
    }

    /// @dev Moves a cut of one token from an account to the pot. Changes `e` in memory only.
    function _take(
        Account storage a,
        Exposure memory e,
        uint256 i,
        Position memory p,
        uint256 fromStake,
        uint256 fromQueue
    ) private {
        if (fromStake + fromQueue == 0) return;
        if (fromQueue != 0) {
            uint256 poolShares = _poolShares(a, i, e, p);
            p.queued -= uint104(fromQueue);
            if (p.queued == 0) {
                ++p.generation;
                e.flags &= ~_cutFlag(i);
            } else {
                e.flags |= _cutFlag(i);
                a.shares[i] = poolShares;
            }
        }
        p.staked -= uint104(fromStake);
        _storePosition(a, i, p);
        Ledger storage ledger = _ledgers[i];
        ledger.staked -= uint104(fromStake);
        ledger.unbonding -= uint104(fromQueue);
        ledger.appealPot += fromStake + fromQueue;
    }

    function _giveBack(Account storage a, uint256 i, uint104 amount) internal {
        a.positions[i].staked += amount;
        _ledgers[i].staked += amount;
        _ledgers[i].appealPot -= amount;
    }

    /// @dev Stake units that a deferral holds; none once its slasher is revoked.
    function _frozen(Account storage a) internal view returns (uint256) {
        Deferral memory d = a.deferral;
        return d.amount == 0 || _isRevoked(d.slasher) ? 0 : d.amount;
    }

    // ---------------------------------------------------------------- net of bookings

    function _cut(
        Position memory m,
        Position memory t,
        uint256 reserved,
        uint256 pending
    ) private view returns (CollateralMath.Cut memory) {
        return
            CollateralMath.cut(
                [uint256(m.staked), m.queued, t.staked, t.queued],
                reserved,
                pending,
                _taoScale,
                t.staked + t.queued == 0 ? 0 : _collateral.taoWeight
            );
    }

    /// @dev Active and queued stake of both tokens, stake units, before bookings.
    function _heldUnits(Account storage a, Exposure memory e) internal view returns (uint256 held) {
        Position memory m = a.positions[MASA];
        held = uint256(m.staked) + m.queued;
        if (e.flags & HAS_TAO != 0) {
            Position memory t = a.positions[TAO];
            held += taoUnitsDown(uint256(t.staked) + t.queued);
        }
    }

    /// @dev Staked MASA and staked TAO in stake units, net of booked slashes; a deferral is taken from MASA first.
    function _netStake(address account) private view returns (uint256 masaStaked, uint256 taoUnits) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        Position memory m = a.positions[MASA];
        Position memory t;
        if (e.flags & HAS_TAO != 0) t = a.positions[TAO];
        masaStaked = m.staked;
        uint256 taoStaked = t.staked;
        if (e.pendingCut != 0) {
            CollateralMath.Cut memory cut = _cut(m, t, e.reserved, e.pendingCut);
            masaStaked -= cut.masaStaked;
            taoStaked -= cut.taoStaked;
        }
        if (taoStaked != 0) taoUnits = taoUnitsDown(taoStaked);
        if (e.flags & DEFERRED != 0) {
            uint256 frozen = _frozen(a);
            taoUnits = _saturatingSub(taoUnits, _saturatingSub(frozen, masaStaked));
            masaStaked = _saturatingSub(masaStaked, frozen);
        }
    }

    function _netPosition(address account, uint256 i) private view returns (Position memory p, uint256 poolShares) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        p = a.positions[i];
        poolShares = _poolShares(a, i, e, p);
        if (e.pendingCut == 0) return (p, poolShares);
        CollateralMath.Cut memory cut = _cut(a.positions[MASA], a.positions[TAO], e.reserved, e.pendingCut);
        uint256 fromQueue = i == MASA ? cut.masaQueued : cut.taoQueued;
        p.staked -= uint104(i == MASA ? cut.masaStaked : cut.taoStaked);
        p.queued -= uint104(fromQueue);
        if (fromQueue != 0 && p.queued == 0) ++p.generation;
    }

    // ---------------------------------------------------------------- checks

    function _indexOf(address token) internal view returns (uint256) {
        if (token == masa) return MASA;
        if (token == address(0) || token != tao) revert StakeVault_UnlistedToken(token);
        return TAO;
    }

    function _setCollateral(Collateral memory c) private {
        _requireWithin("taoWeight", c.taoWeight, 1, MAX_TAO_WEIGHT);
        _requireWithin("taoMaxShare", c.taoMaxShare, 0, WAD);
        emit CollateralSet(_collateral, c);
        _collateral = c;
    }

    function _cutFlag(uint256 i) private pure returns (uint8) {
        return i == MASA ? QUEUE_CUT : QUEUE_CUT << 1;
    }

    function _saturatingSub(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : 0;
    }
}
