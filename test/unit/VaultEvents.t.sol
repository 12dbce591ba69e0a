// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {StakeObserverMock} from "../../contracts/mocks/StakeObserverMock.sol";
import {VaultBed} from "../support/VaultBed.sol";
import {Vm} from "../support/Vm.sol";

/// @dev Keeps the books of a vault from nothing but its log. Knows the rules of the queue's shares, and none of the
/// vault's state.
contract LedgerReader {
    struct Entry {
        uint256 shares;
        uint256 generation;
    }

    struct Side {
        uint256 staked;
        uint256 queued;
        uint256 shares;
        uint256 generation;
        mapping(uint256 id => Entry) entries;
    }

    error LedgerReader_UnknownEvent(bytes32 topic);
    error LedgerReader_AppliedOther(uint256 booked, uint256 applied);

    address private immutable _masa;
    address private immutable _tao;
    mapping(address account => mapping(address token => Side)) private _sides;
    mapping(address account => uint256) public pending;
    mapping(address account => uint256) public deferred;
    mapping(address account => uint256) public forgone;
    mapping(address account => mapping(uint256 id => mapping(address token => uint256))) public record;
    mapping(address token => uint256) public staked;
    mapping(address token => uint256) public unbonding;
    mapping(address token => uint256) public pot;
    mapping(address token => mapping(address recipient => uint256)) public paid;
    IStakeVault.SlashDestinations private _to;

    constructor(address masa, address tao, IStakeVault.SlashDestinations memory to) {
        (_masa, _tao, _to) = (masa, tao, to);
    }

    function positionOf(address account, address token) external view returns (uint256, uint256, uint256) {
        Side storage s = _sides[account][token];
        return (s.staked, s.queued, s.generation);
    }

    function worthOf(address account, address token, uint256 id) external view returns (uint256) {
        return _worth(_sides[account][token], id);
    }

    function follow(Vm.Log[] calldata logs, address vault) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == vault) _follow(logs[i]);
        }
    }

    function _follow(Vm.Log calldata log) private {
        bytes32 topic = log.topics[0];
        address account = address(uint160(uint256(log.topics[1])));
        if (topic == IStakeVault.SlashBooked.selector) {
            pending[account] += abi.decode(log.data, (uint256));
        } else if (topic == IStakeVault.SlashDeferred.selector) {
            deferred[account] += abi.decode(log.data, (uint256));
        } else if (topic == IStakeVault.DeferredSlashBooked.selector) {
            (uint256 booked, uint256 left) = abi.decode(log.data, (uint256, uint256));
            pending[account] += booked;
            deferred[account] = left;
        } else if (topic == IStakeVault.SlashApplied.selector) {
            _apply(account, uint256(log.topics[2]), log.data);
        } else if (topic == IStakeVault.SlashReversed.selector) {
            (uint256 masaBack, uint256 taoBack) = abi.decode(log.data, (uint256, uint256));
            _reverse(account, uint256(log.topics[2]), masaBack, taoBack);
        } else if (topic == IStakeVault.SlashReleased.selector) {
            _release(account, uint256(log.topics[2]), address(uint160(uint256(log.topics[3]))), log.data);
        } else if (topic == IStakeVault.SlashForgone.selector) {
            forgone[account] += abi.decode(log.data, (uint256));
        } else if (topic != IStakeVault.Reserved.selector && topic != IStakeVault.Released.selector) {
            _move(topic, account, log);
        }
    }

    function _move(bytes32 topic, address account, Vm.Log calldata log) private {
        address token = address(uint160(uint256(log.topics[2])));
        Side storage s = _sides[account][token];
        if (topic == IStakeVault.Staked.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            s.staked += amount;
            staked[token] += amount;
            return;
        }
        uint256 id = uint256(log.topics[3]);
        if (topic == IStakeVault.UnbondingStarted.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            uint256 shares = s.shares == 0 ? amount : FixedPointMathLib.fullMulDiv(amount, s.shares, s.queued);
            s.entries[id] = Entry(shares, s.generation);
            s.shares += shares;
            _queue(s, token, amount);
        } else if (topic == IStakeVault.UnbondingCancelled.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            _leave(s, token, id, amount);
            s.staked += amount;
            staked[token] += amount;
        } else if (topic == IStakeVault.Withdrawn.selector) {
            (address recipient, uint256 amount) = abi.decode(log.data, (address, uint256));
            _leave(s, token, id, amount);
            paid[token][recipient] += amount;
        } else {
            revert LedgerReader_UnknownEvent(topic);
        }
    }

    function _queue(Side storage s, address token, uint256 amount) private {
        s.staked -= amount;
        s.queued += amount;
        staked[token] -= amount;
        unbonding[token] += amount;
    }

    function _leave(Side storage s, address token, uint256 id, uint256 amount) private {
        Entry storage e = s.entries[id];
        if (e.generation != s.generation || amount == _worth(s, id)) {
            if (e.generation == s.generation) s.shares -= e.shares;
            delete s.entries[id];
        } else {
            uint256 shares = FixedPointMathLib.fullMulDivUp(amount, s.shares, s.queued);
            e.shares -= shares;
            s.shares -= shares;
        }
        s.queued -= amount;
        unbonding[token] -= amount;
    }

    function _worth(Side storage s, uint256 id) private view returns (uint256) {
        Entry storage e = s.entries[id];
        if (e.shares == 0 || e.generation != s.generation) return 0;
        return FixedPointMathLib.fullMulDiv(e.shares, s.queued, s.shares);
    }

    function _apply(address account, uint256 id, bytes calldata data) private {
        (uint256 amount, uint256 masaStake, uint256 masaQueue, uint256 taoStake, uint256 taoQueue, ) = abi.decode(
            data,
            (uint256, uint256, uint256, uint256, uint256, uint256)
        );
        if (pending[account] != amount) revert LedgerReader_AppliedOther(pending[account], amount);
        pending[account] = 0;
        _take(account, id, _masa, masaStake, masaQueue);
        _take(account, id, _tao, taoStake, taoQueue);
    }

    function _take(address account, uint256 id, address token, uint256 fromStake, uint256 fromQueue) private {
        Side storage s = _sides[account][token];
        s.staked -= fromStake;
        s.queued -= fromQueue;
        if (fromQueue != 0 && s.queued == 0) (s.generation, s.shares) = (s.generation + 1, 0);
        staked[token] -= fromStake;
        unbonding[token] -= fromQueue;
        pot[token] += fromStake + fromQueue;
        record[account][id][token] = fromStake + fromQueue;
    }

    function _reverse(address account, uint256 id, uint256 masaBack, uint256 taoBack) private {
        address[2] memory tokens = [_masa, _tao];
        uint256[2] memory amounts = [masaBack, taoBack];
        for (uint256 i; i < 2; ++i) {
            record[account][id][tokens[i]] -= amounts[i];
            pot[tokens[i]] -= amounts[i];
            _sides[account][tokens[i]].staked += amounts[i];
            staked[tokens[i]] += amounts[i];
        }
    }

    function _release(address account, uint256 id, address token, bytes calldata data) private {
        (uint256 kept, uint256 compensated, uint256 burned) = abi.decode(data, (uint256, uint256, uint256));
        uint256 sum = kept + compensated + burned;
        record[account][id][token] -= sum;
        pot[token] -= sum;
        paid[token][_to.treasury] += kept;
        paid[token][_to.compensation] += compensated;
        paid[token][address(0xdead)] += burned;
    }
}

/// @title StakeVault: what its log and its observer are told
contract VaultEventsTest is VaultBed {
    LedgerReader private reader;
    StakeObserverMock private told;
    address private compensation = address(0xc0ffee);
    uint256 private done;

    /// @dev A cap, so that slashes are deferred too.
    function _slashCap() internal pure override returns (uint64) {
        return 0.05e18;
    }

    function setUp() public override {
        super.setUp();
        told = new StakeObserverMock();
        vault.scheduleObserver(told);
        vm.warp(block.timestamp + MODULE_DELAY);
        vault.activateObserver();
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0.3e18, 0.2e18));
        reader = new LedgerReader(address(masa), address(tao), vault.slashDestinations());
    }

    // ---------------------------------------------------------------- the observer

    function _assertTold(uint256 count, address account, uint256 previous, uint256 current) private view {
        assertEq(told.count(), count, "told once for each change");
        StakeObserverMock.Change memory change = told.last();
        assertEq(change.account, account, "account");
        assertEq(change.previous, previous, "previous");
        assertEq(change.current, current, "current");
    }

    function test_ObserverIsToldOfEveryChange() public {
        _stake(alice, 100e18);
        _assertTold(1, alice, 0, 100e18);
        _stake(alice, 20e18);
        _assertTold(2, alice, 100e18, 120e18);
        uint256 id = _unbond(alice, 40e18);
        _assertTold(3, alice, 120e18, 80e18);
        _cancel(alice, id);
        _assertTold(4, alice, 80e18, 120e18);
        _stakeTao(alice, 30e9);
        _unbondTao(alice, 10e9);
        vm.prank(alice);
        vault.cancelUnbonding(address(tao), 0);
        _assertTold(4, alice, 80e18, 120e18); // TAO has no votes (D13)
        _reserve(alice, 10e18);
        _release(alice, 10e18);
        id = _unbond(alice, 60e18);
        _assertTold(5, alice, 120e18, 60e18);

        // A booking changes nothing yet; its application does: 2 of 240 units, 1 of them MASA, half of that staked.
        assertEq(_slash(alice, 0, 2e18), 2e18, "within the cap");
        assertEq(told.count(), 5, "not before it is applied");
        vault.applySlash(alice);
        _assertTold(6, alice, 60e18, 59.5e18);
        _reverse(alice, 1, 0.25e18, 0);
        _assertTold(7, alice, 59.5e18, 59.75e18);
        vm.warp(block.timestamp + UNBONDING);
        _withdraw(alice, id);
        vault.releaseSlash(alice, 1);
        assertEq(told.count(), 7, "what leaves the queue or the pot was not staked");
        // An action that applies a booking tells of both, one after the other.
        _slash(alice, 0, 2e18);
        uint256 taken = 59.75e18 - vault.masaStakeOf(alice);
        assertGt(taken, 0, "there is a cut");
        _unbond(alice, 10e18);
        _assertTold(9, alice, 59.75e18 - taken, 49.75e18 - taken);
        assertEq(told.stakeOf(alice), _staked(alice), "I-02 what it was told adds up");
    }

    // ---------------------------------------------------------------- the log

    /// Every wei of accounts, pots and recipients, from the log alone, after any history; and the observer with it.
    function testFuzz_LogTellsWhereEveryWeiIs(uint256 seed) public {
        vm.recordLogs();
        address[3] memory accounts = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            _stake(accounts[i], 1_000e18 + i);
            _stakeTao(accounts[i], 200e9 + i);
        }
        _read(true);
        for (uint256 i; i < 60; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _act(accounts[seed % 3], (seed >> 8) % 12, seed >> 16);
        }
        assertGt(done, 15, "a history worth the name");
        for (uint256 i; i < 3; ++i) {
            assertEq(reader.pending(accounts[i]), vault.exposureOf(accounts[i]).pendingCut, "booked");
            assertEq(reader.deferred(accounts[i]), vault.deferralOf(accounts[i]).amount, "deferred");
            vault.applySlash(accounts[i]);
        }
        _read(true);
        for (uint256 i; i < 3; ++i) {
            _assertAccount(accounts[i]);
            assertEq(told.stakeOf(accounts[i]), _staked(accounts[i]), "I-02 the observer");
        }
        _assertSums(address(masa));
        _assertSums(address(tao));
        (uint256 staked, , ) = vault.totalsOf(address(masa));
        assertEq(told.total(), staked, "I-02 the observer's total");
        _assertConserved("I-01");
    }

    function _assertAccount(address account) private view {
        address[2] memory tokens = [address(masa), address(tao)];
        for (uint256 t; t < 2; ++t) {
            IStakeVault.Position memory p = vault.positionOf(account, tokens[t]);
            (uint256 staked, uint256 queued, uint256 generation) = reader.positionOf(account, tokens[t]);
            assertEq(staked, p.staked, "staked");
            assertEq(queued, p.queued, "queued");
            assertEq(generation, p.generation, "generation");
            for (uint256 id; id < p.nextUnbondingId; ++id) {
                (, uint256 worth) = vault.unbondingEntryOf(account, tokens[t], id);
                assertEq(reader.worthOf(account, tokens[t], id), worth, "entry");
            }
        }
        uint256 records = vault.exposureOf(account).slashes;
        for (uint256 id = 1; id <= records; ++id) {
            IStakeVault.SlashRecord memory r = vault.slashRecordOf(account, id);
            assertEq(reader.record(account, id, address(masa)), r.masa, "record of MASA");
            assertEq(reader.record(account, id, address(tao)), r.tao, "record of TAO");
        }
        // What it was given less what it staked is what it had; the log tells what came back.
        assertEq(masa.balanceOf(account), reader.paid(address(masa), account), "MASA received");
        assertEq(tao.balanceOf(account), reader.paid(address(tao), account), "TAO received");
    }

    function _assertSums(address token) private view {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(token);
        assertEq(reader.staked(token), staked, "all staked");
        assertEq(reader.unbonding(token), unbonding, "all unbonding");
        assertEq(reader.pot(token), pot, "pot");
        address[3] memory destinations = [treasury, compensation, address(0xdead)];
        for (uint256 i; i < 3; ++i) {
            uint256 balance = token == address(masa) ? masa.balanceOf(destinations[i]) : tao.balanceOf(destinations[i]);
            assertEq(reader.paid(token, destinations[i]), balance, "destination");
        }
    }

    /// @dev One step; a step that the state does not allow is refused by the vault and leaves no log.
    function _act(address account, uint256 kind, uint256 r) private {
        address token = r & 1 == 0 ? address(masa) : address(tao);
        IStakeVault.Position memory p = vault.positionOf(account, token);
        uint256 id = p.nextUnbondingId == 0 ? 0 : (r >> 1) % p.nextUnbondingId;
        if (kind == 0) {
            if (token == address(masa)) _stake(account, 1 + (r % 500e18));
            else _stakeTao(account, 1 + (r % 50e9));
            ++done;
            _read(true);
        } else if (kind < 3) {
            _try(account, abi.encodeCall(vault.startUnbonding, (token, 1 + (r % (uint256(p.staked) + 1)))));
        } else if (kind == 3) {
            _try(account, abi.encodeCall(vault.cancelUnbonding, (token, id)));
        } else if (kind < 6) {
            (, uint256 worth) = vault.unbondingEntryOf(account, token, id);
            uint256 amount = r & 2 == 0 ? ALL : 1 + (r % (worth + 1));
            _try(account, abi.encodeCall(vault.withdraw, (token, id, amount, account)));
        } else if (kind < 9) {
            uint256 amount = r & 6 == 0 ? r % 1e30 : r % 200e18;
            _try(address(escrow), abi.encodeCall(vault.slash, (account, 0, amount)));
            if (kind == 7) _try(carol, abi.encodeCall(vault.applySlash, (account)));
        } else if (kind == 9) {
            _try(bob, abi.encodeCall(vault.bookDeferred, (account)));
            _try(address(escrow), abi.encodeCall(vault.reserve, (account, r % 10e18)));
        } else {
            _settleRecord(account, r);
        }
        if (r & 0x700 == 0) vm.warp(block.timestamp + UNBONDING);
        else vm.warp(block.timestamp + ((r >> 32) % 3 hours));
    }

    function _settleRecord(address account, uint256 r) private {
        uint256 records = vault.exposureOf(account).slashes;
        if (records == 0) return;
        uint256 id = 1 + ((r >> 1) % records);
        IStakeVault.SlashRecord memory s = vault.slashRecordOf(account, id);
        if (r & 1 == 0) {
            _try(carol, abi.encodeCall(vault.releaseSlash, (account, id)));
        } else {
            (uint256 masaBack, uint256 taoBack) = ((r >> 8) % (uint256(s.masa) + 1), (r >> 40) % (uint256(s.tao) + 1));
            _try(address(guardian), abi.encodeCall(vault.reverseSlash, (account, id, masaBack, taoBack)));
        }
    }

    /// @dev The recorder keeps what a reverted call emitted, which no chain does: that is dropped.
    function _read(bool ok) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (ok) reader.follow(logs, address(vault));
    }

    function _try(address caller, bytes memory data) private {
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool ok, ) = address(vault).call(data);
        if (ok) ++done;
        _read(ok);
    }
}
