// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {StakeVault} from "../../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../../contracts/token/MasaToken.sol";
import {Handler} from "./Handler.sol";

/// @title Drives the vault: accounts that stake, unbond and withdraw, and a market that reserves and slashes
/// @notice Small and large amounts alternate, so that rounding and deep slashes both happen.
abstract contract StakingHandler is Handler {
    StakeVault public immutable vault;
    MasaToken public immutable masa;
    address public immutable market;

    /// @notice Wei given to the vault outside its ledger.
    uint256 public donated;
    /// @notice Wei that entered, left and was slashed, by account.
    mapping(address account => uint256) public paidIn;
    mapping(address account => uint256) public paidOut;
    mapping(address account => uint256) public slashedFrom;
    /// @notice Wei that went to the treasury.
    uint256 public released;
    /// @notice Open reservations of an account.
    mapping(address account => uint256[]) private _reservations;
    /// @dev Ids of queued entries of an account that are not withdrawn.
    mapping(address account => uint256[]) private _queued;
    /// @dev Epochs with slashes that may still be released.
    uint64 private _oldestEpoch;

    constructor(StakeVault vault_, MasaToken masa_, address market_) {
        (vault, masa, market) = (vault_, masa_, market_);
        for (uint256 i; i < 3; ++i) {
            actors.push(address(uint160(0xac7000 + i)));
        }
    }

    // ---------------------------------------------------------------- accounts

    function stake(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        amount = _size(seed, amount, 1_000e18);
        if (amount > masa.balanceOf(address(this))) return;
        masa.transfer(actor, amount);
        vm.startPrank(actor);
        masa.approve(address(vault), amount);
        vault.stake(address(masa), amount);
        vm.stopPrank();
        paidIn[actor] += amount;
        _count();
    }

    function unbond(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        IStakeVault.Position memory position = vault.positionOf(actor, address(masa));
        uint256 free = position.staked - position.reserved;
        if (free == 0) return;
        amount = _size(seed, amount, free);
        IStakeVault.UnbondingPool memory pool = vault.unbondingPoolOf(actor, address(masa));
        // The one refusal that is allowed: a queue slashed to dust (StakeVault_QueueDiluted).
        if (pool.shares != 0 && (amount * pool.shares) / pool.amount + pool.shares > type(uint152).max) return;
        vm.prank(actor);
        _queued[actor].push(vault.startUnbonding(address(masa), amount));
        _count();
    }

    function withdraw(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 length = _queued[actor].length;
        if (length == 0) return;
        uint256 index = (seed >> 8) % length;
        uint256 id = _queued[actor][index];
        (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(actor, address(masa), id);
        if (block.timestamp < entry.maturesAt) vm.warp(entry.maturesAt);
        vm.prank(actor);
        paidOut[actor] += vault.withdraw(address(masa), id);
        _queued[actor][index] = _queued[actor][length - 1];
        _queued[actor].pop();
        _count();
    }

    function donate(uint256 amount) external act {
        amount = bound(amount, 1, 1_000e18);
        if (amount > masa.balanceOf(address(this))) return;
        masa.transfer(address(vault), amount);
        donated += amount;
        _count();
    }

    // ---------------------------------------------------------------- market

    function reserve(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        if (_reserve(actor, seed, amount)) _count();
    }

    function release(uint256 seed) external act {
        address actor = _actor(seed);
        if (_reservations[actor].length == 0) return;
        uint256 amount = _takeReservation(actor, seed >> 8);
        vm.prank(market);
        vault.release(actor, amount);
        _count();
    }

    /// @dev As the market does it: never more than was reserved.
    function slashReserved(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        if (_reservations[actor].length == 0 && !_reserve(actor, seed, amount)) return;
        uint256 reservation = _takeReservation(actor, seed >> 8);
        _slash(actor, reservation, amount % 2 == 0 ? reservation : bound(amount, 1, reservation));
        _count();
    }

    /// @dev A penalty of any size on an account without open reservations, as proven offences will be.
    function slashFree(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        if (_reservations[actor].length != 0) return;
        // Half of them within what is there, half far beyond it.
        uint256 held =
            uint256(vault.positionOf(actor, address(masa)).staked) + vault.unbondingPoolOf(actor, address(masa)).amount;
        _slash(actor, 0, held < 2 || seed % 8 == 0 ? bound(amount, 1, type(uint128).max) : _size(seed, amount, held));
        _count();
    }

    function releaseSlashed(uint256 seed) external act {
        uint64 current = vault.clock().currentEpoch();
        while (_oldestEpoch <= current && vault.slashedFundsOf(address(masa), _oldestEpoch) == 0) ++_oldestEpoch;
        if (_oldestEpoch > current) {
            _oldestEpoch = current;
            return;
        }
        uint256 releasableAt = vault.clock().epochStart(_oldestEpoch + 1) + vault.appealWindow();
        if (block.timestamp < releasableAt) vm.warp(releasableAt + (seed % 1 hours));
        released += vault.releaseSlashedFunds(address(masa), _oldestEpoch);
        _count();
    }

    function pass(uint256 time) external act {
        vm.warp(block.timestamp + bound(time, 1, 3 days));
        _count();
    }

    // ---------------------------------------------------------------- views

    function queuedOf(address account) external view returns (uint256[] memory) {
        return _queued[account];
    }

    function reservationsOf(address account) external view returns (uint256[] memory) {
        return _reservations[account];
    }

    // ---------------------------------------------------------------- internal

    /// @dev I-14 and I-15 around every slash.
    function _slash(address actor, uint256 reservation, uint256 amount) private {
        IStakeVault.Position memory position = vault.positionOf(actor, address(masa));
        uint256 queue = vault.unbondingPoolOf(actor, address(masa)).amount;
        uint256 held = position.staked + queue;
        bytes32 others = _ledgerOfOthers(actor);
        vm.prank(market);
        uint256 slashed = vault.slash(actor, reservation, amount);
        assertEq(slashed, amount < held ? amount : held, "I-14 never more than is held, never less than it may be");
        assertEq(_ledgerOfOthers(actor), others, "I-14 another account paid");
        uint256 fromQueue = queue - vault.unbondingPoolOf(actor, address(masa)).amount;
        if (held != 0) assertEq(fromQueue, (slashed * queue) / held, "I-15 the queue bears its share");
        slashedFrom[actor] += slashed;
    }

    function _ledgerOfOthers(address actor) private view returns (bytes32 hash) {
        for (uint256 i; i < actors.length; ++i) {
            if (actors[i] == actor) continue;
            hash = keccak256(
                abi.encode(
                    hash,
                    vault.positionOf(actors[i], address(masa)),
                    vault.unbondingPoolOf(actors[i], address(masa))
                )
            );
        }
    }

    function _reserve(address actor, uint256 seed, uint256 amount) private returns (bool) {
        IStakeVault.Position memory position = vault.positionOf(actor, address(masa));
        uint256 free = position.staked - position.reserved;
        if (free == 0) return false;
        amount = _size(seed, amount, free);
        vm.prank(market);
        vault.reserve(actor, amount);
        _reservations[actor].push(amount);
        return true;
    }

    function _takeReservation(address actor, uint256 seed) private returns (uint256 amount) {
        uint256[] storage open = _reservations[actor];
        uint256 index = seed % open.length;
        amount = open[index];
        open[index] = open[open.length - 1];
        open.pop();
    }

    /// @dev A few wei, all of it, or anything between.
    function _size(uint256 seed, uint256 amount, uint256 most) private pure returns (uint256) {
        uint256 kind = (seed >> 128) % 4;
        if (kind == 0) return bound(amount, 1, most < 10 ? most : 10);
        // All of it only now and then: it ends what the other calls need.
        return kind == 1 && seed % 3 == 0 ? most : bound(amount, 1, most);
    }
}
