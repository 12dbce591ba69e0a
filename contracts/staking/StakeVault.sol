// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IGuardian} from "../interfaces/IGuardian.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {VaultLedger} from "./VaultLedger.sol";
import {VaultRights} from "./VaultRights.sol";

/// @title StakeVault
/// @notice Immutable custody of stakes (decision D19). See {IStakeVault}.
contract StakeVault is VaultLedger, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;
    /// @notice Most of a slash that its reporter may be promised, WAD: reporting oneself costs three quarters at least.
    uint64 public constant MAX_BOUNTY_SHARE = 0.25e18;
    uint256 private constant WAD = 1e18;

    SlashDestinations private _destinations;

    /// @param tao_ The wrapped TAO, or the zero address where the network has none.
    constructor(
        address owner_,
        IEpochClock clock_,
        address masa_,
        address tao_,
        Delays memory delays,
        Collateral memory collateral_,
        SlashDestinations memory destinations
    ) Ownable(owner_) VaultRights(clock_, delays) VaultLedger(masa_, tao_, collateral_) {
        _setDestinations(destinations);
    }

    // ---------------------------------------------------------------- accounts

    /// @inheritdoc IStakeVault
    function stake(address token, uint256 amount) external nonReentrant {
        _stake(token, amount);
    }

    /// @inheritdoc IStakeVault
    function stakeWithPermit(
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        _indexOf(token);
        // Whoever front-runs the permit has only granted the allowance that the transfer needs.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(token, amount);
    }

    /// @inheritdoc IStakeVault
    function startUnbonding(address token, uint256 amount) external returns (uint256 id) {
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        Position memory p = a.positions[i];
        // Reserved stake may leave too: it is slashable in the queue for longer than any commitment is open, so no module
        // can hold stake fast by reserving it.
        if (amount == type(uint256).max) amount = p.staked;
        if (amount == 0) revert StakeVault_ZeroAmount();
        if (amount > p.staked) revert StakeVault_InsufficientStake(msg.sender, p.staked, amount);

        uint256 poolShares = _poolShares(a, i, e, p);
        uint256 shares = poolShares == 0 ? amount : FixedPointMathLib.fullMulDiv(amount, poolShares, p.queued);
        if (shares == 0 || poolShares + shares > type(uint152).max) revert StakeVault_QueueDiluted(msg.sender);
        id = p.nextUnbondingId;
        uint40 maturesAt = uint40(block.timestamp) + unbondingDelay;
        a.entries[i][id] = UnbondingEntry(uint152(shares), maturesAt, p.generation);
        uint256 previous = p.staked;
        p.staked -= uint104(amount);
        p.queued += uint104(amount);
        ++p.nextUnbondingId;
        _storeQueue(a, i, e, p, poolShares + shares);
        _moveToQueue(i, amount);
        emit UnbondingStarted(msg.sender, token, id, amount, maturesAt);
        if (i == MASA) _notify(msg.sender, previous, p.staked);
    }

    /// @inheritdoc IStakeVault
    function cancelUnbonding(address token, uint256 id) external returns (uint256 amount) {
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        Position memory p = a.positions[i];
        UnbondingEntry memory entry = _requireEntry(a, i, id);
        uint256 poolShares = _poolShares(a, i, e, p);
        amount = _worth(entry, p, poolShares);
        delete a.entries[i][id];
        uint256 previous = p.staked;
        if (entry.generation == p.generation) {
            p.staked += uint104(amount);
            p.queued -= uint104(amount);
            _storeQueue(a, i, e, p, poolShares - entry.shares);
            Ledger storage ledger = _ledgers[i];
            ledger.staked += uint104(amount);
            ledger.unbonding -= uint104(amount);
        }
        emit UnbondingCancelled(msg.sender, token, id, amount);
        if (i == MASA) _notify(msg.sender, previous, p.staked);
    }

    /// @inheritdoc IStakeVault
    function withdraw(
        address token,
        uint256 id,
        uint256 amount,
        address recipient
    ) external nonReentrant returns (uint256 paid) {
        if (recipient == address(0)) revert StakeVault_ZeroAddress();
        uint256 i = _indexOf(token);
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        UnbondingEntry memory entry = _requireEntry(a, i, id);
        if (block.timestamp < entry.maturesAt) {
            revert StakeVault_NotMatured(msg.sender, id, entry.maturesAt, block.timestamp);
        }
        Position memory p = a.positions[i];
        uint256 poolShares = _poolShares(a, i, e, p);
        uint256 worth = _worth(entry, p, poolShares);
        if (amount == 0) revert StakeVault_ZeroAmount();
        if (amount != type(uint256).max && amount > worth) {
            revert StakeVault_EntryTooSmall(msg.sender, id, worth, amount);
        }
        uint256 shares = entry.shares;
        if (amount >= worth) {
            paid = worth;
            delete a.entries[i][id];
        } else {
            paid = amount;
            shares = FixedPointMathLib.fullMulDivUp(amount, poolShares, p.queued);
            a.entries[i][id].shares = uint152(entry.shares - shares);
        }
        if (entry.generation == p.generation) {
            p.queued -= uint104(paid);
            _storeQueue(a, i, e, p, poolShares - shares);
            _ledgers[i].unbonding -= uint104(paid);
        }
        if (e.flags & DEFERRED != 0) _requireUnfrozen(msg.sender, a);
        emit Withdrawn(msg.sender, token, id, recipient, paid);
        if (paid != 0) IERC20(token).safeTransfer(recipient, paid);
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc IStakeVault
    function reserve(address account, uint256 amount) external {
        _requireSlasher(msg.sender);
        Account storage a = _accounts[account];
        Exposure memory e = _settled(account, a);
        uint256 held = uint256(e.reserved) + (e.flags & DEFERRED == 0 ? 0 : _frozen(a));
        uint256 free = _saturatingSub(a.positions[MASA].staked, held);
        if (amount > free) revert StakeVault_InsufficientFreeStake(account, free, amount);
        e.reserved += uint104(amount);
        _storeExposure(a, e);
        emit Reserved(account, amount, e.reserved);
    }

    /// @inheritdoc IStakeVault
    function release(address account, uint256 amount) external {
        _requireReleaser(msg.sender);
        Exposure storage e = _accounts[account].exposure;
        uint256 reserved = e.reserved;
        uint256 released = amount < reserved ? amount : reserved;
        reserved -= released;
        e.reserved = uint104(reserved);
        emit Released(account, released, reserved);
    }

    /// @inheritdoc IStakeVault
    function slash(address account, uint256 reservation, uint256 amount) external returns (uint256 booked) {
        Account storage a = _accounts[account];
        Exposure storage e = a.exposure;
        uint256 word;
        assembly ("memory-safe") {
            word := sload(e.slot)
        }
        // A module that was revoked may have released more than its own: no report reverts for it.
        if (reservation > uint104(word)) reservation = uint104(word);
        if (amount > reservation) amount = _coverable(a, reservation, amount);
        booked = _spend(amount);
        if (booked != amount) {
            _deferOrForgo(account, a, amount - booked);
            assembly ("memory-safe") {
                word := sload(e.slot)
            }
        }
        assembly ("memory-safe") {
            // `reserved` and `pendingCut` lie beside each other: one write for both. No borrow, as `reserved` holds the
            // reservation; no carry, see {_coverable}.
            sstore(e.slot, add(sub(word, reservation), shl(104, booked)))
        }
        emit SlashBooked(account, msg.sender, booked);
    }

    /// @inheritdoc IStakeVault
    function setBounty(address account, uint256 id, address reporter, uint64 share) external {
        _requireSlasher(msg.sender);
        Account storage a = _accounts[account];
        _requireSlash(a, account, id);
        _requireWithin("share", share, 1, MAX_BOUNTY_SHARE);
        if (reporter == address(0) || reporter == address(this) || reporter == account) {
            revert StakeVault_ReporterRefused(account, reporter);
        }
        Bounty storage b = a.bounties[id];
        if (b.reporter != address(0)) revert StakeVault_BountyAlreadySet(account, id, b.reporter);
        (b.reporter, b.share) = (reporter, share);
        emit BountySet(account, id, reporter, share);
    }

    /// @inheritdoc IStakeVault
    function reverseSlash(address account, uint256 id, uint256 masa_, uint256 tao_) external {
        if (msg.sender != address(guardian)) revert StakeVault_NotGuardian(msg.sender);
        Account storage a = _accounts[account];
        SlashRecord memory record = _requireSlash(a, account, id);
        if (masa_ > record.masa || tao_ > record.tao) {
            revert StakeVault_MoreThanSlashed(account, id, record.masa, record.tao);
        }
        _settled(account, a);
        record.masa -= uint104(masa_);
        record.tao -= uint104(tao_);
        a.slashes[id] = record;
        uint256 previous = a.positions[MASA].staked;
        _giveBack(a, MASA, uint104(masa_));
        if (tao_ != 0) _giveBack(a, TAO, uint104(tao_));
        emit SlashReversed(account, id, masa_, tao_);
        _notify(account, previous, previous + masa_);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IStakeVault
    function applySlash(address account) external returns (uint256 id) {
        Account storage a = _accounts[account];
        if (a.exposure.pendingCut == 0) return 0;
        return _settled(account, a).slashes;
    }

    /// @inheritdoc IStakeVault
    function bookDeferred(address account) external returns (uint256 booked) {
        Account storage a = _accounts[account];
        Exposure memory e = a.exposure;
        Deferral memory d = a.deferral;
        if (e.flags & DEFERRED == 0 || _frozen(a) == 0) revert StakeVault_NothingDeferred(account);
        booked = _spendDeferred(d.slasher, d.amount);
        d.amount -= uint96(booked);
        a.deferral = d;
        if (d.amount == 0) e.flags &= ~DEFERRED;
        e.pendingCut += uint104(booked);
        _storeExposure(a, e);
        emit DeferredSlashBooked(account, d.slasher, booked, d.amount);
    }

    /// @inheritdoc IStakeVault
    function releaseSlash(address account, uint256 id) external nonReentrant {
        Account storage a = _accounts[account];
        SlashRecord memory record = _requireSlash(a, account, id);
        if (block.timestamp <= record.releasableAt) {
            revert StakeVault_AppealOpen(account, id, record.releasableAt, block.timestamp);
        }
        bool guarded =
            address(guardian) != address(0) && guardian.rightUntil(IGuardian.Right.ReverseSlash) >= record.releasableAt;
        if (!guarded && msg.sender != owner()) revert StakeVault_WaitsForGovernance(account, id);
        Bounty memory bounty = a.bounties[id];
        delete a.slashes[id];
        delete a.bounties[id];
        _payOut(account, id, MASA, record.masa, bounty);
        _payOut(account, id, TAO, record.tao, bounty);
    }

    // ---------------------------------------------------------------- owner

    function setSlashDestinations(SlashDestinations calldata destinations) external onlyOwner {
        _setDestinations(destinations);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStakeVault
    function slashDestinations() external view returns (SlashDestinations memory) {
        return _destinations;
    }

    // ---------------------------------------------------------------- internal

    function _stake(address token, uint256 amount) private {
        uint256 i = _indexOf(token);
        if (amount == 0) revert StakeVault_ZeroAmount();
        Account storage a = _accounts[msg.sender];
        Exposure memory e = _settled(msg.sender, a);
        if (i == TAO && e.flags & HAS_TAO == 0) a.exposure.flags = e.flags | HAS_TAO;
        Position storage p = a.positions[i];
        Ledger storage ledger = _ledgers[i];
        uint256 owed = uint256(ledger.staked) + ledger.unbonding + ledger.appealPot;
        // What it then owes fits 104 bits, and so does every part of it, whatever moves between them later.
        (owed + amount).toUint104();
        ledger.staked += uint104(amount);
        uint256 previous = p.staked;
        uint104 staked = uint104(previous + amount);
        p.staked = staked;
        emit Staked(msg.sender, token, amount, staked);
        if (i == MASA) _notify(msg.sender, previous, staked);

        uint256 before = IERC20(token).balanceOf(address(this));
        if (before < owed) revert StakeVault_Insolvent(token, owed, before);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert StakeVault_FeeOnTransfer(token, amount, received);
    }

    /// @dev The reporter's part first, of the rest what the destinations are due.
    function _payOut(address account, uint256 id, uint256 i, uint256 amount, Bounty memory bounty) private {
        if (amount == 0) return;
        _ledgers[i].appealPot -= amount;
        IERC20 token = IERC20(i == MASA ? masa : tao);
        uint256 paid = (amount * bounty.share) / WAD;
        uint256 refused;
        if (paid != 0) {
            // A reporter that the token blocks must not hold the slash fast.
            if (token.trySafeTransfer(bounty.reporter, paid)) {
                emit BountyPaid(account, id, address(token), bounty.reporter, paid);
            } else refused = paid;
            amount -= paid;
        }
        SlashDestinations memory to = _destinations;
        uint256 compensated = (amount * to.compensationShare) / WAD;
        uint256 burned = (amount * to.burnShare) / WAD;
        uint256 kept = amount - compensated - burned + refused;
        emit SlashReleased(account, id, address(token), kept, compensated, burned);
        if (kept != 0) token.safeTransfer(to.treasury, kept);
        if (compensated != 0) token.safeTransfer(to.compensation, compensated);
        if (burned != 0) token.safeTransfer(BURN_ADDRESS, burned);
    }

    /// @dev `amount`, cut down to the reservation and what the account holds beyond its other reservations and earlier
    /// bookings. Whatever the TAO is worth, no more than 104 bits are ever spoken for: a slash within its reservation
    /// and a deferral that is booked move what is spoken for already, and {reserve} adds staked MASA alone.
    function _coverable(Account storage a, uint256 reservation, uint256 amount) private view returns (uint256) {
        Exposure memory e = a.exposure;
        uint256 spokenFor = uint256(e.reserved) + e.pendingCut + (e.flags & DEFERRED == 0 ? 0 : _frozen(a));
        uint256 held = _heldUnits(a, e);
        if (held > type(uint104).max) held = type(uint104).max;
        uint256 most = _saturatingSub(held + reservation, spokenFor);
        if (amount <= most) return amount;
        return most > reservation ? most : reservation;
    }

    /// @dev Freezes what the epoch's cap leaves no room for, for the calling slasher; what cannot be frozen is forgone.
    /// One deferral an account: another slasher's is left alone.
    function _deferOrForgo(address account, Account storage a, uint256 excess) private {
        Exposure memory e = a.exposure;
        Deferral memory d = a.deferral;
        uint256 accepted;
        if (e.flags & DEFERRED == 0 || _isRevoked(d.slasher)) d = Deferral(msg.sender, 0);
        if (d.slasher == msg.sender) accepted = _growDeferral(d.amount, excess);
        if (accepted != 0) {
            a.deferral = Deferral(msg.sender, (d.amount + accepted).toUint96());
            a.exposure.flags = e.flags | DEFERRED;
            emit SlashDeferred(account, msg.sender, accepted);
        }
        if (accepted != excess) emit SlashForgone(account, msg.sender, excess - accepted);
    }

    /// @dev What a deferral needs lies beside what backs commitments: a deferral that is booked leaves that alone. Only
    /// active stake backs them here, so that reservations alone never hold a queue fast.
    function _requireUnfrozen(address account, Account storage a) private view {
        uint256 frozen = _frozen(a);
        Exposure memory e = a.exposure;
        uint256 staked = a.positions[MASA].staked;
        uint256 held = _saturatingSub(_heldUnits(a, e), e.reserved < staked ? e.reserved : staked);
        if (held < frozen) revert StakeVault_Frozen(account, frozen, held);
    }

    function _requireSlash(
        Account storage a,
        address account,
        uint256 id
    ) private view returns (SlashRecord memory record) {
        record = a.slashes[id];
        if (record.releasableAt == 0) revert StakeVault_NoSuchSlash(account, id);
    }

    function _setDestinations(SlashDestinations memory d) private {
        if (d.treasury == address(0)) revert StakeVault_ZeroAddress();
        if (d.compensationShare != 0 && d.compensation == address(0)) revert StakeVault_ZeroAddress();
        _requireWithin("burnShare", d.burnShare, 0, WAD);
        _requireWithin("compensationShare", d.compensationShare, 0, WAD - d.burnShare);
        emit SlashDestinationsSet(_destinations, d);
        _destinations = d;
    }
}
