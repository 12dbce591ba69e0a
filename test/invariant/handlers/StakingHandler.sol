// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IGuardian} from "../../../contracts/interfaces/IGuardian.sol";
import {NodeRole} from "../../../contracts/interfaces/INodeRegistry.sol";
import {IStakeObserver} from "../../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {SlashBudget} from "../../../contracts/staking/SlashBudget.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title Follows staked MASA as votes will: hears of every change once, and from what it was
contract StakeFollower is IStakeObserver {
    error StakeFollower_Missed(address caller, address account, uint256 followed, uint256 previous);

    address private immutable _vault;
    mapping(address account => uint256) public stakeOf;

    constructor(address vault_) {
        _vault = vault_;
    }

    function onStakeChanged(address account, uint256 previous, uint256 current) external {
        if (msg.sender != _vault || previous != stakeOf[account]) {
            revert StakeFollower_Missed(msg.sender, account, stakeOf[account], previous);
        }
        stakeOf[account] = current;
    }
}

/// @title Drives the vault: accounts, slashing modules, the guardian and the owner
/// @notice The model is kept by rules of its own: what came in and went out by account and token, reservations,
/// bookings, records. Token 0 is MASA, token 1 is TAO.
abstract contract StakingHandler is ProtocolHandler {
    /// @dev What an account put in and lost, token units.
    struct Flow {
        uint256 paidIn;
        uint256 paidOut;
        uint256 lost; // by applied slashes
        uint256 restored; // by reversed ones
    }

    /// @dev What an account holds net of bookings, token units; `units` are the stake units of all of it.
    struct Held {
        uint256[2] staked;
        uint256[2] queued;
        uint256 units;
    }

    /// @dev What a record's reporter was promised.
    struct Promise {
        address reporter;
        uint64 share;
    }

    struct Entry {
        uint256 id;
        uint256 maturesAt;
    }

    uint256 public constant ACTORS = 4;
    address internal constant PROOF = address(0x9f00f);
    address internal constant COMPENSATION = address(0xc0a9);
    uint256 private constant FIRST_KEY = 0xac70;
    uint256 private constant REPORTERS = 3;
    uint160 private constant FIRST_REPORTER = 0x4e9047;

    address[] public actors;
    StakeFollower public follower;
    /// @notice Slashers that were ever scheduled.
    address[] public slashers;

    mapping(address account => mapping(uint256 token => Flow)) private _flows;
    mapping(address account => mapping(uint256 token => Entry[])) private _entries;
    mapping(address account => uint256[]) private _reservations;
    mapping(address account => uint256[]) private _records;
    mapping(address account => uint256) public modelPending;
    mapping(address account => uint256) private _recordsMade;
    /// @notice A fall of TAO's weight may have left the account with less than bookings, reservations and deferrals hold
    /// of it.
    mapping(address account => bool) public uncovered;
    mapping(address account => mapping(uint256 record => Promise)) private _promises;
    /// @notice Token units that went to the treasury, to compensation, to the burn address and to reporters.
    mapping(uint256 token => uint256[4]) private _sent;
    uint256[2] public donated;
    /// @dev By slasher, for its running epoch: booked, and the most that may be, stake units.
    mapping(address slasher => uint256[2]) private _budget;
    uint256 private _lastActivation;
    address[] private _waiting;
    /// @dev See {_shortfall}: before the slash that is being checked.
    uint256 private _shortBefore;

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i; i < ACTORS; ++i) {
            actors.push(vm.addr(FIRST_KEY + i));
        }
        follower = new StakeFollower(address(vault));
        vault.scheduleObserver(follower);
        vault.scheduleSlasher(PROOF, type(uint64).max);
        _warp(block.timestamp + MODULE_DELAY);
        vault.activateObserver();
        vault.activateSlasher(PROOF);
        slashers.push(address(escrow));
        slashers.push(PROOF);
    }

    /// @dev Low enough that slashes meet it.
    function _slashCap() internal pure override returns (uint64) {
        return 0.02e18;
    }

    // ---------------------------------------------------------------- accounts

    function stakeMasa(uint256 seed) external action(seed) {
        _stakeSome(_anybody(), 0);
    }

    function stakeTao(uint256 seed) external action(seed) {
        _stakeSome(_anybody(), 1);
    }

    /// @dev For both tokens, though this TAO knows no permit; at times somebody else uses the permit first.
    function stakeWithPermit(uint256 seed) external action(seed) {
        uint256 who = _below(ACTORS);
        address actor = actors[who];
        uint256 i = _below(2);
        uint256 amount = _fundSome(actor, i);
        uint256 deadline = _now + _below(1 hours);
        uint8 v;
        bytes32 r;
        bytes32 s;
        if (i == 0) {
            (v, r, s) = vm.sign(FIRST_KEY + who, _permitDigest(actor, amount, deadline));
            if (_oneIn(3)) {
                masa.permit(actor, address(vault), amount, deadline, v, r, s);
                _took("permit used before");
            }
        } else {
            vm.prank(actor);
            tao.approve(address(vault), amount);
        }
        vm.prank(actor);
        vault.stakeWithPermit(address(_token(i)), amount, deadline, v, r, s);
        _flows[actor][i].paidIn += amount;
        _note(actor);
    }

    function startUnbonding(uint256 seed) external action(seed) {
        (address actor, uint256 i) = (_anybody(), _below(2));
        // Reserved stake too: it stays slashable in the queue.
        uint256 free = vault.positionOf(actor, address(_token(i))).staked;
        _only(free != 0);
        bool all = _oneIn(10);
        uint256 amount = all ? free : _size(free);
        _only(!_isDiluted(actor, i, amount));
        uint256 next = vault.positionOf(actor, address(_token(i))).nextUnbondingId;
        vm.prank(actor);
        uint256 id = vault.startUnbonding(address(_token(i)), all ? type(uint256).max : amount);
        assertEq(id, next, "UNB an id is reused");
        (IStakeVault.UnbondingEntry memory entry, uint256 worth) = vault.unbondingEntryOf(
            actor,
            address(_token(i)),
            id
        );
        assertEq(entry.maturesAt, _now + vault.unbondingDelay(), "D14 the delay is fixed when queued");
        assertNear(worth, amount, 1, "UNB an entry is worth what was queued");
        assertLe(worth, amount, "UNB an entry is worth more than was queued");
        _entries[actor][i].push(Entry(id, entry.maturesAt));
        _note(actor);
    }

    function cancelUnbonding(uint256 seed) external action(seed) {
        (address actor, uint256 i, uint256 spot) = _someEntry(false);
        IERC20 token = _token(i);
        uint256 id = _entries[actor][i][spot].id;
        (, uint256 worth) = vault.unbondingEntryOf(actor, address(token), id);
        Held memory before = heldOf(actor);
        vm.prank(actor);
        assertEq(vault.cancelUnbonding(address(token), id), worth, "I-15 a cancelled entry brings its worth back");
        Held memory held = heldOf(actor);
        assertEq(held.staked[i], before.staked[i] + worth, "UNB cancelled stake is active");
        assertEq(held.queued[i], before.queued[i] - worth, "UNB cancelled stake has left the queue");
        _removeEntry(actor, i, spot);
        _note(actor);
    }

    function withdraw(uint256 seed) external action(seed) {
        (address actor, uint256 i, uint256 spot) = _someEntry(true);
        _endCommitments(actor);
        uint256 worth = _worthOf(actor, i, spot);
        _only(_most(actor, i) >= worth);
        _withdraw(actor, i, spot, _oneIn(2) || worth == 0 ? type(uint256).max : worth, actor);
        _removeEntry(actor, i, spot);
    }

    /// @dev Part of an entry, to somebody else.
    function withdrawPart(uint256 seed) external action(seed) {
        (address actor, uint256 i, uint256 spot) = _someEntry(true);
        _endCommitments(actor);
        uint256 worth = _worthOf(actor, i, spot);
        uint256 most = _most(actor, i);
        if (most >= worth) most = worth == 0 ? 0 : worth - 1;
        _only(most != 0);
        uint256 amount = _size(most);
        _withdraw(actor, i, spot, amount, address(uint160(0xbeef00 + _below(3))));
        assertLe(_worthOf(actor, i, spot), worth - amount, "UNB what was paid has left the entry");
        // The shares it costs are rounded up: never more than one share, which is one unit at most.
        assertNear(_worthOf(actor, i, spot), worth - amount, 1, "UNB a part costs its shares and no more");
    }

    function donate(uint256 seed) external action(seed) {
        uint256 i = _below(2);
        uint256 amount = _size(_token(i).balanceOf(address(this)) / 1_000);
        _token(i).transfer(address(vault), amount);
        donated[i] += amount;
    }

    // ---------------------------------------------------------------- modules

    function reserve(uint256 seed) external action(seed) {
        address slasher = _slasher();
        address actor = _anybody();
        uint256 free = _reservable(actor);
        _only(free != 0);
        uint256 amount = _size(free);
        vm.prank(slasher);
        vault.reserve(actor, amount);
        _reservations[actor].push(amount);
        _note(actor);
    }

    function release(uint256 seed) external action(seed) {
        address slasher = _slasher();
        address actor = _reserved();
        uint256 amount = _takeReservation(actor);
        vm.prank(slasher);
        vault.release(actor, amount);
        _note(actor);
    }

    /// @dev As the market does it: no more than was reserved.
    function slashBacked(uint256 seed) external action(seed) {
        address slasher = _slasher();
        address actor = _reserved();
        uint256 reservation = _takeReservation(actor);
        _slash(slasher, actor, reservation, _oneIn(2) ? reservation : _between(1, reservation));
    }

    /// @dev As proven offences: any size, beyond a reservation or without one, half of them far beyond what is there.
    function slashBeyond(uint256 seed) external action(seed) {
        address slasher = _slasher();
        address actor = _staker();
        uint256 reservation = _reservations[actor].length != 0 && _oneIn(2) ? _takeReservation(actor) : 0;
        uint256 amount = reservation + _size(heldOf(actor).units + 1);
        if (_oneIn(6)) amount = _between(reservation + 1, type(uint128).max);
        _slash(slasher, actor, reservation, amount);
    }

    /// @dev More than the module's cap has left, where the account holds that much.
    function slashAboveCap(uint256 seed) external action(seed) {
        address slasher = _slasher();
        (uint256 left, bool capped) = _left(slasher);
        _only(capped);
        address actor = _staker();
        uint256 units = heldOf(actor).units;
        _only(units > left + 1);
        _slash(slasher, actor, 0, left + _size(units - left));
    }

    /// @dev What the views say before is what is so afterwards.
    function applySlash(uint256 seed) external action(seed) {
        address actor = _pending();
        bytes32 others = _hashOfOthers(actor);
        bytes32 views = _hashOfViews(actor);
        uint256 made = vault.exposureOf(actor).slashes;
        vm.prank(address(uint160(_draw())));
        assertEq(vault.applySlash(actor), made + 1, "D14 the number of the record");
        assertEq(_hashOfViews(actor), views, "D14 the views foretold another state");
        assertEq(_hashOfOthers(actor), others, "I-14 another account paid");
        _note(actor);
        assertEq(vault.applySlash(actor), 0, "D14 nothing is left to apply");
    }

    function bookDeferred(uint256 seed) external action(seed) {
        address actor = _deferred();
        IStakeVault.Deferral memory d = vault.deferralOf(actor);
        _only(_deferredLeft(d.slasher) != 0);
        bytes32 others = _hashOfOthers(actor);
        uint256 before = heldOf(actor).units;
        _renewBudget(d.slasher);
        uint256 booked = vault.bookDeferred(actor);
        _spend(d.slasher, booked);
        modelPending[actor] += booked;
        assertEq(_hashOfOthers(actor), others, "I-14 another account paid");
        assertLe(booked, d.amount, "D15 more was booked than deferred");
        assertEq(vault.deferralOf(actor).amount, d.amount - booked, "D15 what was booked is deferred no more");
        uint256 held = heldOf(actor).units;
        assertLe(before, held + booked + dust(), "I-14 an account lost more than was booked");
        // Every cut before this one may have taken a unit of TAO too many.
        if (!uncovered[actor]) assertGe(before + 16 * dust(), held + booked, "D15 a deferral escaped its booking");
        _tookIf(booked < d.amount, "deferral booked in part");
    }

    // ---------------------------------------------------------------- appeal

    function reverseSlash(uint256 seed) external action(seed) {
        (address actor, uint256 spot) = _someRecord();
        uint256 id = _records[actor][spot];
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(actor, id);
        (uint256 masa_, uint256 tao_) = (record.masa, record.tao);
        if (_oneIn(2)) (masa_, tao_) = (_below(masa_ + 1), _below(tao_ + 1));
        bytes32 others = _hashOfOthers(actor);
        Held memory before = heldOf(actor);
        bool lent = guardian.rightUntil(IGuardian.Right.ReverseSlash) >= _now;
        _tookIf(!lent, "reversed by governance");
        vm.prank(lent ? guard : address(this));
        guardian.reverseSlash(actor, id, masa_, tao_, NodeRole.Worker, 0);
        _flows[actor][0].restored += masa_;
        _flows[actor][1].restored += tao_;
        Held memory held = heldOf(actor);
        assertEq(held.staked[0], before.staked[0] + masa_, "D15 MASA comes back as stake");
        assertEq(held.staked[1], before.staked[1] + tao_, "D15 TAO comes back as stake");
        assertEq(_hashOfOthers(actor), others, "I-14 a reversal touched another account");
        _note(actor);
    }

    function releaseSlash(uint256 seed) external action(seed) {
        (address actor, uint256 spot) = _someRecord();
        uint256 id = _records[actor][spot];
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(actor, id);
        if (_now <= record.releasableAt) _warp(uint256(record.releasableAt) + 1);
        bool guarded = guardian.rightUntil(IGuardian.Right.ReverseSlash) >= record.releasableAt;
        _tookIf(!guarded, "released by governance");
        vm.prank(guarded ? address(uint160(_draw())) : address(this));
        vault.releaseSlash(actor, id);
        IStakeVault.SlashDestinations memory to = vault.slashDestinations();
        uint64 share = _promises[actor][id].share;
        _tookIf(share != 0 && record.masa + record.tao != 0, "bounty paid");
        _send(0, record.masa, share, to);
        _send(1, record.tao, share, to);
        delete _promises[actor][id];
        _records[actor][spot] = _records[actor][_records[actor].length - 1];
        _records[actor].pop();
    }

    /// @dev By any module, at any time before the release; at times a second time, which must change nothing.
    function setBounty(uint256 seed) external action(seed) {
        address slasher = _slasher();
        (address actor, uint256 spot) = _someRecord();
        uint256 id = _records[actor][spot];
        Promise storage promised = _promises[actor][id];
        uint64 share = uint64(_between(1, vault.MAX_BOUNTY_SHARE()));
        address reporter = address(uint160(FIRST_REPORTER + _below(REPORTERS)));
        vm.prank(slasher);
        if (promised.reporter == address(0)) {
            vault.setBounty(actor, id, reporter, share);
            (promised.reporter, promised.share) = (reporter, share);
        } else {
            vm.expectRevert(
                abi.encodeWithSelector(IStakeVault.StakeVault_BountyAlreadySet.selector, actor, id, promised.reporter)
            );
            vault.setBounty(actor, id, reporter, share);
            _took("second bounty refused");
        }
    }

    // ---------------------------------------------------------------- owner

    function scheduleSlasher(uint256 seed) external action(seed) {
        address slasher = address(uint160(0x51a5000 + slashers.length));
        vault.scheduleSlasher(slasher, _oneIn(4) ? type(uint64).max : uint64(_between(1e15, 0.2e18)));
        _noteActivation(_now + vault.moduleDelay());
        slashers.push(slasher);
        _waiting.push(slasher);
    }

    function activateSlasher(uint256 seed) external action(seed) {
        _only(_waiting.length != 0);
        uint256 spot = _below(_waiting.length);
        address slasher = _waiting[spot];
        uint256 activeFrom = vault.slasherOf(slasher).activeFrom;
        if (_now < activeFrom) _warp(activeFrom);
        vault.activateSlasher(slasher);
        _waiting[spot] = _waiting[_waiting.length - 1];
        _waiting.pop();
    }

    /// @dev One that acts, but never the last one.
    function revokeSlasher(uint256 seed) external action(seed) {
        _only(_oneIn(3));
        address slasher = _slasher();
        uint256 acting;
        for (uint256 i; i < slashers.length; ++i) {
            if (vault.slasherOf(slashers[i]).epochEndsAt != 0) ++acting;
        }
        _only(acting > 1);
        vault.revokeSlasher(slasher);
        for (uint256 i; i < ACTORS; ++i) {
            assertNotEq(vault.deferralOf(actors[i]).slasher, slasher, "D15 a revoked module's deferral is void");
        }
    }

    function setSlashCap(uint256 seed) external action(seed) {
        address slasher = _slasher();
        IStakeVault.Slasher memory right = vault.slasherOf(slasher);
        uint64 share = uint64(_between(1e15, 0.2e18));
        _only(right.capShare != type(uint64).max); // one without a cap must remain
        vault.setSlashCap(slasher, share);
        if (share > _shareOf(right)) _noteActivation(_now + vault.moduleDelay());
    }

    /// @dev The weight wanders between 1/4 and 64 MASA, by a factor of 2 at most.
    function setCollateral(uint256 seed) external action(seed) {
        uint256 weight = vault.collateral().taoWeight;
        uint256 low = (weight + 1) / 2 < 0.25e18 ? 0.25e18 : (weight + 1) / 2;
        uint256 high = weight * 2 > 64e18 ? 64e18 : weight * 2;
        uint256 current = _between(low, high);
        vault.setCollateral(IStakeVault.Collateral(uint128(current), uint64(_between(0, WAD))));
        for (uint256 i; current < weight && i < ACTORS; ++i) {
            if (isCovered(actors[i], 0) && modelPending[actors[i]] == 0) continue;
            uncovered[actors[i]] = true;
            _took("uncovered by a weight");
        }
    }

    function setDestinations(uint256 seed) external action(seed) {
        uint64 burn = _oneIn(2) ? 0 : uint64(_below(WAD + 1));
        uint64 compensated = _oneIn(2) ? 0 : uint64(_below(WAD - burn + 1));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, COMPENSATION, compensated, burn));
    }

    /// @dev For a time, or not at all.
    function lendGuardian(uint256 seed) external action(seed) {
        guardian.lend(IGuardian.Right.ReverseSlash, guard, _oneIn(4) ? 0 : _between(1 hours, 180 days));
    }

    function setDelays(uint256 seed) external action(seed) {
        uint256 unbonding = _between(vault.longestOffencePath() + 1, 10 days);
        bool waits = _lastActivation > _now && _lastActivation < _now + unbonding + 3 days;
        _only(unbonding <= vault.unbondingDelay() || !waits);
        vault.setDelays(uint40(unbonding), uint40(_between(unbonding + 3 days + 1, 15 days)));
    }

    /// @dev Mostly within an epoch, at times into another, now and then past an unbonding.
    function pass(uint256 seed) external action(seed) {
        uint256 kind = _below(12);
        _warp(
            _now +
                (
                    kind == 0
                        ? _between(1, 10 days)
                        : kind < 5
                            ? _between(EPOCH, 3 * EPOCH)
                            : _between(1, EPOCH / 4)
                )
        );
    }

    // ---------------------------------------------------------------- views

    function protocol() external view returns (address vault_, address masa_, address tao_, address treasury_) {
        return (address(vault), address(masa), address(tao), treasury);
    }

    function flowOf(address account, uint256 i) external view returns (Flow memory) {
        return _flows[account][i];
    }

    function entriesOf(address account, uint256 i) external view returns (Entry[] memory) {
        return _entries[account][i];
    }

    function reservationsOf(address account) external view returns (uint256[] memory) {
        return _reservations[account];
    }

    function recordsOf(address account) external view returns (uint256[] memory) {
        return _records[account];
    }

    function promiseOf(address account, uint256 record) external view returns (Promise memory) {
        return _promises[account][record];
    }

    /// @notice What all reporters together hold, token units.
    function heldByReporters(uint256 i) external view returns (uint256 sum) {
        for (uint256 k; k < REPORTERS; ++k) {
            sum += _token(i).balanceOf(address(uint160(FIRST_REPORTER + k)));
        }
    }

    function sentOf(uint256 i) external view returns (uint256[4] memory) {
        return _sent[i];
    }

    function slasherCount() external view returns (uint256) {
        return slashers.length;
    }

    function heldOf(address account) public view returns (Held memory h) {
        for (uint256 i; i < 2; ++i) {
            IStakeVault.Position memory p = vault.positionOf(account, address(_token(i)));
            (h.staked[i], h.queued[i]) = (p.staked, p.queued);
        }
        h.units = h.staked[0] + h.queued[0] + vault.taoUnitsDown(h.staked[1] + h.queued[1]);
    }

    /// @notice What roundings to whole units of TAO may come to, stake units.
    function dust() public view returns (uint256) {
        return vault.taoUnitsDown(1) + 2;
    }

    /// @notice Reservations and deferrals are backed by what the account holds net of bookings, but for `slack`.
    function isCovered(address account, uint256 slack) public view returns (bool) {
        uint256 spokenFor = vault.exposureOf(account).reserved + vault.deferralOf(account).amount;
        return heldOf(account).units + slack >= spokenFor;
    }

    // ---------------------------------------------------------------- slashes

    /// @dev I-14 and I-15 around every slash.
    function _slash(address slasher, address actor, uint256 reservation, uint256 amount) private {
        Held memory before = heldOf(actor);
        IStakeVault.Exposure memory e = vault.exposureOf(actor);
        uint256 frozen = vault.deferralOf(actor).amount;
        bytes32 others = _hashOfOthers(actor);
        _shortBefore = uncovered[actor] ? _shortfall(actor, before.units) : 0;
        _renewBudget(slasher);
        vm.prank(slasher);
        uint256 booked = vault.slash(actor, reservation, amount);
        _spend(slasher, booked);
        modelPending[actor] += booked;
        assertEq(_hashOfOthers(actor), others, "I-14 another account paid");
        assertEq(vault.exposureOf(actor).reserved, e.reserved - reservation, "I-19 the reservation is released");

        uint256 deferred = vault.deferralOf(actor).amount - frozen;
        _tookIf(deferred != 0, "slash deferred");
        uint256 spokenFor = e.reserved - reservation + frozen;
        uint256 most = before.units > spokenFor ? before.units - spokenFor : 0;
        if (most < reservation) most = reservation;
        uint256 due = amount < most ? amount : most;
        // Views round TAO once for what bookings leave; the vault rounds it for the whole.
        assertLe(booked + deferred, amount <= reservation ? amount : due + dust(), "I-14 more than is held");
        bool forgone = booked + deferred + dust() < due;
        if (forgone) {
            _took("slash forgone");
            _assertForgone(slasher, actor, frozen);
        } else assertGe(booked + deferred + dust(), due, "I-14 less than it may be");
        Held memory held = heldOf(actor);
        assertLe(
            before.units,
            held.units + booked + _shortBefore + dust(),
            "I-14 an account lost more than was booked"
        );
        if (!uncovered[actor]) {
            assertGe(before.units + dust(), held.units + booked, "I-14 an account lost less than was booked");
        }
        if (e.pendingCut == 0) _assertProRata(before, held, e.reserved - reservation, booked);
        _tookIf(before.queued[0] != 0 && held.queued[0] == 0, "queue slashed to nothing");
        _tookIf(booked != 0 && before.queued[0] + before.queued[1] != 0, "slash of a queue");
        _tookIf(e.pendingCut != 0 && booked != 0, "slash on a slash");
    }

    /// @dev Stake units of earlier bookings that the account cannot cover since the weight of TAO fell, beside what is
    /// reserved of it. A reservation that a slash gives back covers them again, as far as the slash leaves some of it.
    function _shortfall(address actor, uint256 units) private view returns (uint256) {
        uint256[2] memory put;
        for (uint256 i; i < 2; ++i) {
            Flow memory flow = _flows[actor][i];
            put[i] = flow.paidIn + flow.restored - flow.paidOut - flow.lost;
        }
        uint256 taken = put[0] + vault.taoUnitsDown(put[1]) - units;
        return modelPending[actor] > taken ? modelPending[actor] - taken : 0;
    }

    function _assertForgone(address slasher, address actor, uint256 frozen) private view {
        bool anothers = frozen != 0 && vault.deferralOf(actor).slasher != slasher;
        assertTrue(anothers || _isFull(slasher), "D15 forgone though there was room to defer");
    }

    /// @dev Whether the deferrals of a slasher have reached one epoch's cap.
    function _isFull(address slasher) private view returns (bool) {
        IStakeVault.Slasher memory right = vault.slasherOf(slasher);
        return uint256(right.deferredTotal) + 1 >= _capOf(right) / SlashBudget.LOT;
    }

    /// @dev Whoever has waited out an unbonding has no commitment open any more: each of them ends within the longest
    /// path of an offence (D14).
    function _endCommitments(address actor) private {
        address slasher = _slasher();
        while (_reservations[actor].length != 0) {
            uint256 amount = _takeReservation(actor);
            vm.prank(slasher);
            vault.release(actor, amount);
        }
    }

    /// @dev I-15: a queue bears its share, no more and no less.
    function _assertProRata(Held memory before, Held memory held, uint256 reserved, uint256 booked) private pure {
        uint256[2] memory taken;
        for (uint256 i; i < 2; ++i) {
            uint256 all = before.staked[i] + before.queued[i];
            taken[i] = all - held.staked[i] - held.queued[i];
            if (taken[i] == 0) continue;
            uint256 share = (taken[i] * before.queued[i]) / all;
            uint256 fromQueue = before.queued[i] - held.queued[i];
            assertEq(fromQueue, share, "I-15 the queue bears its share");
        }
        if (before.units <= reserved) return;
        uint256 amount = booked < before.units - reserved ? booked : before.units - reserved;
        uint256 fromTao = (amount * (before.staked[1] + before.queued[1])) / before.units;
        if (taken[1] == fromTao) return;
        assertGe(taken[1], fromTao, "D13 TAO bears its share");
        assertEq(held.staked[0] + held.queued[0], reserved, "D13 TAO bears more only where MASA is spoken for");
    }

    /// @dev After every action of an account: what it has applied enters the model.
    function _note(address actor) private {
        uint256 made = vault.exposureOf(actor).slashes;
        if (made != _recordsMade[actor]) _noteRecord(actor, made);
        if (uncovered[actor] && modelPending[actor] == 0 && isCovered(actor, 0)) uncovered[actor] = false;
    }

    function _noteRecord(address actor, uint256 made) private {
        assertEq(made, _recordsMade[actor] + 1, "D14 what is booked is applied once");
        _recordsMade[actor] = made;
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(actor, made);
        _flows[actor][0].lost += record.masa;
        _flows[actor][1].lost += record.tao;
        _records[actor].push(made);
        uint256 value = record.masa + vault.taoUnitsDown(record.tao);
        assertLe(value, modelPending[actor] + dust(), "I-14 more was applied than booked");
        if (!uncovered[actor]) assertGe(value + dust(), modelPending[actor], "I-14 less was applied than booked");
        assertEq(record.releasableAt, _now + APPEAL, "D15 the appeal window runs from the application");
        modelPending[actor] = 0;
        _tookIf(msg.sig != this.applySlash.selector, "slash applied by an action");
    }

    // ---------------------------------------------------------------- caps

    /// @dev A budget is renewed by the first slash of an epoch, from all MASA that is staked then.
    function _renewBudget(address slasher) private {
        IStakeVault.Slasher memory right = vault.slasherOf(slasher);
        if (_now < right.epochEndsAt) return;
        _budget[slasher] = [uint256(0), _capOf(right)];
    }

    function _spend(address slasher, uint256 booked) private {
        _budget[slasher][0] += booked;
        assertLe(_budget[slasher][0], _budget[slasher][1], "D15 a module slashed more than its cap in one epoch");
        _tookIf(_budget[slasher][1] - _budget[slasher][0] < SlashBudget.LOT, "cap used up");
    }

    /// @dev Of the epoch's budget as it is, or as the next slash renews it: a change that comes due within an epoch waits
    /// for the next one.
    function _shareOf(IStakeVault.Slasher memory right) private view returns (uint64) {
        bool due = right.nextFrom != 0 && _now >= right.nextFrom && _now >= right.epochEndsAt;
        return due ? right.nextCapShare : right.capShare;
    }

    function _capOf(IStakeVault.Slasher memory right) private view returns (uint256) {
        uint64 share = _shareOf(right);
        if (share == type(uint64).max) return type(uint256).max;
        (uint256 staked, , ) = vault.totalsOf(address(masa));
        return (staked * share) / WAD;
    }

    /// @dev Stake units that a slash of this block can still book.
    function _left(address slasher) private view returns (uint256 left, bool capped) {
        IStakeVault.Slasher memory right = vault.slasherOf(slasher);
        if (_now < right.epochEndsAt) return (right.left * SlashBudget.LOT, right.left < type(uint64).max / 2);
        uint256 cap = _capOf(right);
        if (cap == type(uint256).max) return (cap, false);
        uint256 set = uint256(right.deferredTotal) * SlashBudget.LOT;
        return (cap > set ? cap - set : 0, true);
    }

    /// @dev LOTs that deferrals of this block can still book.
    function _deferredLeft(address slasher) private view returns (uint256) {
        IStakeVault.Slasher memory right = vault.slasherOf(slasher);
        if (_now < right.epochEndsAt) return right.deferredLeft;
        uint256 cap = _capOf(right) / SlashBudget.LOT;
        return right.deferredTotal < cap ? right.deferredTotal : cap;
    }

    function _noteActivation(uint256 from) private {
        if (from > _lastActivation) _lastActivation = from;
    }

    // ---------------------------------------------------------------- helpers

    function _token(uint256 i) private view returns (IERC20) {
        return i == 0 ? IERC20(address(masa)) : IERC20(address(tao));
    }

    function _anybody() private returns (address) {
        return actors[_below(ACTORS)];
    }

    /// @dev A few units or a good deal of a token for an account that will stake it.
    function _fundSome(address actor, uint256 i) private returns (uint256 amount) {
        uint256 most = _token(i).balanceOf(address(this)) / 40;
        amount = _size(most);
        _token(i).transfer(actor, amount);
    }

    function _stakeSome(address actor, uint256 i) private {
        uint256 amount = _fundSome(actor, i);
        vm.startPrank(actor);
        _token(i).approve(address(vault), amount);
        vault.stake(address(_token(i)), amount);
        vm.stopPrank();
        assertEq(_token(i).allowance(actor, address(vault)), 0, "D13 an exact approval suffices");
        _flows[actor][i].paidIn += amount;
        _note(actor);
    }

    function _permitDigest(address owner, uint256 amount, uint256 deadline) private view returns (bytes32) {
        bytes32 typehash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(typehash, owner, address(vault), amount, masa.nonces(owner), deadline)
        );
        return keccak256(abi.encodePacked("\x19\x01", masa.DOMAIN_SEPARATOR(), structHash));
    }

    function _withdraw(address actor, uint256 i, uint256 spot, uint256 amount, address recipient) private {
        IERC20 token = _token(i);
        Entry memory entry = _entries[actor][i][spot];
        uint256 worth = _worthOf(actor, i, spot);
        uint256 expected = amount < worth ? amount : worth;
        uint256 balance = token.balanceOf(recipient);
        uint256 queued = heldOf(actor).queued[i];
        _tookIf(modelPending[actor] != 0, "withdrawal under a booked slash");
        vm.prank(actor);
        uint256 paid = vault.withdraw(address(token), entry.id, amount, recipient);
        assertEq(paid, expected, "I-15 an entry pays what slashes have left of it");
        assertEq(token.balanceOf(recipient) - balance, paid, "I-15 the recipient has it");
        assertEq(heldOf(actor).queued[i], queued - paid, "I-15 the queue has it no more");
        _flows[actor][i].paidOut += paid;
        _note(actor);
    }

    /// @dev The most that a withdrawal may take without touching what a deferral freezes beside what is reserved, token
    /// units.
    function _most(address actor, uint256 i) private view returns (uint256) {
        uint256 frozen = vault.deferralOf(actor).amount;
        if (frozen == 0) return type(uint256).max;
        Held memory h = heldOf(actor);
        uint256 reserved = vault.exposureOf(actor).reserved;
        frozen += reserved < h.staked[0] ? reserved : h.staked[0];
        uint256 all = h.staked[i] + h.queued[i];
        uint256 other = h.units - (i == 0 ? all : vault.taoUnitsDown(all));
        if (other > frozen) return all;
        uint256 kept = frozen - other;
        if (i == 1) {
            uint256 price = 1e9 * uint256(vault.collateral().taoWeight);
            kept = (kept * WAD + price - 1) / price;
        }
        _only(all >= kept); // roundings and a fall of the weight may have left less: nothing may leave then
        return all - kept;
    }

    /// @dev Shares of a new entry would not fit beside those of a queue slashed to dust: the one refusal that is allowed.
    function _isDiluted(address actor, uint256 i, uint256 amount) private view returns (bool) {
        IStakeVault.Position memory p = vault.positionOf(actor, address(_token(i)));
        if (p.queued == 0) return false;
        uint256 shares;
        Entry[] storage entries = _entries[actor][i];
        for (uint256 j; j < entries.length; ++j) {
            (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(
                actor,
                address(_token(i)),
                entries[j].id
            );
            if (entry.generation == p.generation) shares += entry.shares;
        }
        return (amount * shares) / p.queued + shares > type(uint152).max;
    }

    function _worthOf(address actor, uint256 i, uint256 spot) private view returns (uint256 worth) {
        (, worth) = vault.unbondingEntryOf(actor, address(_token(i)), _entries[actor][i][spot].id);
    }

    /// @dev An entry of somebody. Matured: waits for it where it must.
    function _someEntry(bool matured) private returns (address actor, uint256 i, uint256 spot) {
        uint256 start = _draw();
        uint256 length;
        for (uint256 k; k < 2 * ACTORS && length == 0; ++k) {
            actor = actors[((start + k) / 2) % ACTORS];
            i = (start + k) % 2;
            length = _entries[actor][i].length;
        }
        _only(length != 0);
        spot = _below(length);
        uint256 maturesAt = _entries[actor][i][spot].maturesAt;
        if (matured && _now < maturesAt) _warp(maturesAt);
    }

    function _removeEntry(address actor, uint256 i, uint256 spot) private {
        Entry[] storage entries = _entries[actor][i];
        entries[spot] = entries[entries.length - 1];
        entries.pop();
    }

    function _slasher() private returns (address slasher) {
        uint256 start = _draw();
        for (uint256 k; k < slashers.length; ++k) {
            slasher = slashers[((start % slashers.length) + k) % slashers.length];
            if (vault.slasherOf(slasher).epochEndsAt != 0) return slasher;
        }
        _only(false);
    }

    function _staker() private returns (address actor) {
        uint256 start = _below(ACTORS);
        for (uint256 k; k < ACTORS; ++k) {
            actor = actors[(start + k) % ACTORS];
            if (heldOf(actor).units != 0) return actor;
        }
        _only(false);
    }

    function _reserved() private returns (address actor) {
        uint256 start = _below(ACTORS);
        for (uint256 k; k < ACTORS; ++k) {
            actor = actors[(start + k) % ACTORS];
            if (_reservations[actor].length != 0) return actor;
        }
        _only(false);
    }

    function _pending() private returns (address actor) {
        uint256 start = _below(ACTORS);
        for (uint256 k; k < ACTORS; ++k) {
            actor = actors[(start + k) % ACTORS];
            if (modelPending[actor] != 0) return actor;
        }
        _only(false);
    }

    function _deferred() private returns (address actor) {
        uint256 start = _below(ACTORS);
        for (uint256 k; k < ACTORS; ++k) {
            actor = actors[(start + k) % ACTORS];
            if (vault.deferralOf(actor).amount != 0) return actor;
        }
        _only(false);
    }

    function _someRecord() private returns (address actor, uint256 spot) {
        uint256 start = _below(ACTORS);
        uint256 length;
        for (uint256 k; k < ACTORS && length == 0; ++k) {
            actor = actors[(start + k) % ACTORS];
            length = _records[actor].length;
        }
        _only(length != 0);
        spot = _below(length);
    }

    function _takeReservation(address actor) private returns (uint256 amount) {
        uint256[] storage open = _reservations[actor];
        uint256 spot = _below(open.length);
        amount = open[spot];
        open[spot] = open[open.length - 1];
        open.pop();
    }

    function _reservable(address actor) private view returns (uint256) {
        uint256 held = vault.exposureOf(actor).reserved + vault.deferralOf(actor).amount;
        uint256 staked = heldOf(actor).staked[0];
        return staked > held ? staked - held : 0;
    }

    function _send(uint256 i, uint256 amount, uint64 share, IStakeVault.SlashDestinations memory to) private {
        uint256 bounty = (amount * share) / WAD;
        amount -= bounty;
        uint256 compensated = (amount * to.compensationShare) / WAD;
        uint256 burned = (amount * to.burnShare) / WAD;
        _sent[i][0] += amount - compensated - burned;
        _sent[i][1] += compensated;
        _sent[i][2] += burned;
        _sent[i][3] += bounty;
    }

    function _hashOfOthers(address actor) private view returns (bytes32 hash) {
        for (uint256 k; k < ACTORS; ++k) {
            address other = actors[k];
            if (other == actor) continue;
            hash = keccak256(
                abi.encode(
                    hash,
                    vault.positionOf(other, address(masa)),
                    vault.positionOf(other, address(tao)),
                    vault.exposureOf(other),
                    vault.deferralOf(other)
                )
            );
        }
    }

    function _hashOfViews(address actor) private view returns (bytes32 hash) {
        hash = keccak256(
            abi.encode(
                vault.positionOf(actor, address(masa)),
                vault.positionOf(actor, address(tao)),
                vault.deferralOf(actor),
                vault.stakeUnitsOf(actor),
                vault.masaStakeOf(actor),
                vault.stakeToward(actor, 1e24)
            )
        );
        for (uint256 i; i < 2; ++i) {
            for (uint256 j; j < _entries[actor][i].length; ++j) {
                hash = keccak256(abi.encode(hash, _worthOf(actor, i, j)));
            }
        }
    }
}
