// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "hardhat/console.sol";

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {Results} from "../support/Results.sol";
import {Vm} from "../support/Vm.sol";

/// @notice Decisions D15 and D19 together. A captured slasher works at full speed while a second one waits for its
/// right: the cap holds in every epoch, and everyone else leaves before the second one may touch anything.
/// @dev The test is the quorum of the captured module: it scores every answer 0 and books every deferral it can.
contract ModuleReplacementTest is MasaFixture {
    /// @dev What an honest account has and loses; MASA in wei, TAO in token units.
    struct Honest {
        address account;
        string name;
        uint256 masa;
        uint256 tao;
        uint256 leftMasa; // withdrawn
        uint256 leftTao;
    }

    /// @dev A thousandth of all staked MASA an epoch.
    uint64 private constant CAP_SHARE = 1e15;
    uint256 private constant WORKERS = 3;
    uint256 private constant ATTACK_EPOCHS = 6;
    uint96 private constant REWARD = 20_000e18; // κ = 0.5: 10,000 MASA stand behind an answer
    address private constant SECOND = address(0x5ec0d);

    Honest[] private honest;
    address private asker; // the attacker's
    address private shill; // the attacker's own worker, slashed on purpose
    address private third;
    uint256 private scheduledAt;
    uint256 private activeFrom;
    uint256 private booked; // in all epochs so far, stake units
    uint256 private mostCap; // of any epoch, stake units

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < WORKERS; ++i) {
            _add("worker", _registerWorker(10 + i, 1_000_000e18), 1_000_000e18, i == 2 ? 100_000e9 : 0);
        }
        _add("validator", _registerValidator(1, 500_000e18), 500_000e18, 0);
        _add("validator", _registerValidator(2, 500_000e18), 500_000e18, 0);
        _add("oracle node", _registerOracle(20, 200_000e18, 0), 200_000e18, 0);
        _stake(_account(30), 700_000e18);
        _add("holder", _account(30), 700_000e18, 50_000e9);
        asker = _registerOracle(40, 200_000e18, 5_000_000e18);
        shill = _registerWorker(41, 3_000_000e18);
        third = _account(50);
    }

    function _slashCap() internal pure override returns (uint64) {
        return CAP_SHARE;
    }

    /// @notice The quorum behind the escrow is captured: it slashes every answer there is, in every epoch until the end.
    function test_SLA_D19_ACapturedQuorumAtFullSpeedAndEveryoneElseLeaves() public {
        console.log("epoch | staked MASA | cap | booked | deferred");
        for (uint256 i; i < ATTACK_EPOCHS; ++i) {
            _nextEpoch();
            _attack(_ask(true));
        }
        _nextEpoch();
        uint256[] memory open = _ask(true); // still open when the second one is scheduled
        _schedule();
        _startLeaving();
        _attack(open);
        // It goes on at full speed with an account of its own, every other account being on its way out.
        while (block.timestamp + EPOCH < activeFrom) {
            _nextEpoch();
            _attack(_ask(false));
            _leave();
        }
        _assertEveryoneLeft();
        _assertTheSecondBeginsInTime();
    }

    /// @notice Worse than any quorum: the right itself in hostile hands, which reserves and slashes all that every
    /// account has, in every epoch until the end, and which nobody revokes.
    function test_SLA_D19_AHostileModuleAtFullSpeedAndEveryoneElseLeaves() public {
        console.log("epoch | staked MASA | cap | booked | deferred");
        for (uint256 i; i < ATTACK_EPOCHS; ++i) {
            _nextEpoch();
            _attackEverything();
        }
        _nextEpoch();
        _schedule();
        _startLeaving();
        _attackEverything();
        while (block.timestamp + EPOCH < activeFrom) {
            _nextEpoch();
            _attackEverything();
            _leave();
        }
        _assertEveryoneLeft();
        _assertTheSecondBeginsInTime();
    }

    // ---------------------------------------------------------------- the attack

    function _nextEpoch() private {
        _rollNext();
    }

    /// @dev Requests of this epoch, answered by every honest worker or by the attacker's own.
    function _ask(bool byEveryone) private returns (uint256[] memory ids) {
        ids = new uint256[](byEveryone ? 4 : 1);
        for (uint256 i; i < ids.length; ++i) {
            IRequestEscrow.Submission memory s = _submission(REWARD);
            s.maxResponses = byEveryone ? uint8(WORKERS) : 1;
            ids[i] = _submit(asker, s);
            if (!byEveryone) _commit(shill, ids[i]);
            else for (uint256 j; j < WORKERS; ++j) _commit(honest[j].account, ids[i]);
        }
    }

    /// @dev Settles `ids` with nothing but zeros and books every deferral; holds the epoch's sum against its cap.
    function _attack(uint256[] memory ids) private {
        uint256 cap = _cap();
        uint256 staked = _staked();
        vm.recordLogs();
        Results.Line[] memory results = new Results.Line[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            results[i] = _result(ids[i], new uint32[](escrow.requestOf(ids[i]).responses));
        }
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
        _bookDeferrals();
        _assertCap(cap, staked);
    }

    /// @dev The raw right: everything of everybody, as the first thing in an epoch.
    function _attackEverything() private {
        uint256 cap = _cap();
        uint256 staked = _staked();
        vm.recordLogs();
        for (uint256 i; i < honest.length; ++i) {
            // Another one first in every epoch: nobody is spared.
            address account = honest[(i + clock.currentEpoch()) % honest.length].account;
            uint256 reserved = vault.exposureOf(account).reserved;
            vm.startPrank(address(escrow));
            vault.slash(account, reserved, type(uint128).max);
            // Refused where a deferral holds some of it: then for as much as is free.
            uint256 staked_ = vault.positionOf(account, address(masa)).staked;
            uint256 frozen = vault.deferralOf(account).amount;
            if (staked_ > frozen) vault.reserve(account, staked_ - frozen);
            vm.stopPrank();
        }
        vm.prank(address(escrow));
        vault.slash(shill, 0, 4_000e18); // so that its cap is used up when nobody else is left
        _bookDeferrals();
        _assertCap(cap, staked);
    }

    function _bookDeferrals() private {
        for (uint256 i; i < honest.length; ++i) _tryBook(honest[i].account);
        _tryBook(shill);
    }

    function _tryBook(address account) private {
        try vault.bookDeferred(account) {} catch {}
    }

    function _assertCap(uint256 cap, uint256 staked) private {
        uint256 now_;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic != IStakeVault.SlashBooked.selector && topic != IStakeVault.DeferredSlashBooked.selector)
                continue;
            now_ +=
                topic == IStakeVault.SlashBooked.selector ? abi.decode(logs[i].data, (uint256)) : _first(logs[i].data);
        }
        if (mostCap == 0) mostCap = cap; // it falls with the stake
        assertLe(now_, cap, "D15 the cap holds in this epoch");
        assertLe(_deferred(), mostCap, "D15 no more is frozen than one epoch may take");
        assertGt(now_, 0, "full speed");
        booked += now_;
        uint64 epoch = clock.currentEpoch();
        if (epoch <= ATTACK_EPOCHS + 1 || epoch % 24 == 0) console.log(_line(epoch, staked, cap, now_));
    }

    function _first(bytes memory data) private pure returns (uint256 amount) {
        (amount, ) = abi.decode(data, (uint256, uint256));
    }

    // ---------------------------------------------------------------- the exit

    function _schedule() private {
        scheduledAt = block.timestamp;
        activeFrom = scheduledAt + MODULE_DELAY;
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherScheduled(SECOND, 1e18, activeFrom);
        vault.scheduleSlasher(SECOND, 1e18);
    }

    /// @dev Everybody queues everything at once, what backs open answers too: it is slashable in the queue.
    function _startLeaving() private {
        for (uint256 i; i < honest.length; ++i) _unbondAll(honest[i]);
    }

    function _unbondAll(Honest memory h) private {
        vm.startPrank(h.account);
        if (vault.positionOf(h.account, address(masa)).staked != 0) {
            vault.startUnbonding(address(masa), type(uint256).max);
        }
        if (vault.positionOf(h.account, address(tao)).staked != 0) {
            vault.startUnbonding(address(tao), type(uint256).max);
        }
        vm.stopPrank();
    }

    /// @dev Each withdraws what is ripe, as soon as it is.
    function _leave() private {
        for (uint256 i; i < honest.length; ++i) {
            Honest storage h = honest[i];
            h.leftMasa += _withdrawRipe(h.account, address(masa));
            h.leftTao += _withdrawRipe(h.account, address(tao));
        }
    }

    function _withdrawRipe(address account, address token) private returns (uint256 paid) {
        uint256 end = vault.positionOf(account, token).nextUnbondingId;
        for (uint256 id; id < end; ++id) {
            (IStakeVault.UnbondingEntry memory entry, uint256 worth) = vault.unbondingEntryOf(account, token, id);
            if (entry.shares == 0 || entry.maturesAt > block.timestamp) continue;
            uint256 amount = _unfrozen(account, token, worth);
            if (amount == 0) continue;
            vm.prank(account);
            paid += vault.withdraw(token, id, amount, account);
        }
    }

    /// @dev As much of `worth` as the account's deferred slashes leave it.
    function _unfrozen(address account, address token, uint256 worth) private view returns (uint256) {
        uint256 frozen = vault.deferralOf(account).amount;
        if (frozen == 0) return worth;
        IStakeVault.Position memory m = vault.positionOf(account, address(masa));
        IStakeVault.Position memory t = vault.positionOf(account, address(tao));
        uint256 held = uint256(m.staked) + m.queued + vault.taoUnitsDown(uint256(t.staked) + t.queued);
        uint256 room = held > frozen ? held - frozen : 0;
        if (token == address(tao)) room /= vault.taoUnitsDown(1);
        return room < worth ? room : worth;
    }

    function _assertEveryoneLeft() private {
        assertLt(block.timestamp, activeFrom, "before the second one may do anything");
        console.log("account | MASA taken | MASA withdrawn | TAO taken | TAO withdrawn");
        uint256 taken;
        uint256 records;
        uint256 behind;
        for (uint256 i; i < honest.length; ++i) {
            Honest memory h = honest[i];
            vault.applySlash(h.account);
            (uint256 masaTaken, uint256 taoTaken) = _takenFrom(h.account);
            IStakeVault.Position memory m = vault.positionOf(h.account, address(masa));
            IStakeVault.Position memory t = vault.positionOf(h.account, address(tao));
            uint256 held = uint256(m.staked) + m.queued + vault.taoUnitsDown(uint256(t.staked) + t.queued);
            uint256 frozen = vault.deferralOf(h.account).amount;
            assertLt(held, frozen + vault.taoUnitsDown(1) + 1, "nothing stays behind but what a deferral freezes");
            assertEq(h.leftMasa, h.masa - masaTaken - m.queued, "all MASA but what was slashed or is frozen");
            assertEq(h.leftTao, h.tao - taoTaken - t.queued, "all TAO but what was slashed or is frozen");
            behind += held;
            assertEq(masa.balanceOf(h.account), h.leftMasa, "in its wallet");
            assertEq(tao.balanceOf(h.account), h.leftTao, "in its wallet");
            taken += masaTaken + vault.taoUnitsDown(taoTaken);
            records += vault.exposureOf(h.account).slashes;
            console.log(
                string.concat(
                    h.name,
                    " | ",
                    _whole(masaTaken),
                    " | ",
                    _whole(h.leftMasa),
                    " | ",
                    _whole(taoTaken * 1e9),
                    " | ",
                    _whole(h.leftTao * 1e9)
                )
            );
        }
        // A slash in two tokens takes up to one unit of TAO more than it says: 4e9 stake units.
        assertLe(taken, booked + 4e9 * records, "I-14 within what the caps allowed");
        assertLe(behind, _cap(), "D15 and no more than one cap is frozen in the end");
    }

    function _takenFrom(address account) private view returns (uint256 masaTaken, uint256 taoTaken) {
        uint256 slashes = vault.exposureOf(account).slashes;
        for (uint256 id = 1; id <= slashes; ++id) {
            IStakeVault.SlashRecord memory record = vault.slashRecordOf(account, id);
            masaTaken += record.masa;
            taoTaken += record.tao;
        }
    }

    /// @dev Not a second before its time, and then over nothing that was honest.
    function _assertTheSecondBeginsInTime() private {
        bytes memory notYet = abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, SECOND);
        vm.warp(activeFrom - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_TooEarly.selector, activeFrom, activeFrom - 1));
        vault.activateSlasher(SECOND);
        vm.expectRevert(notYet);
        vm.prank(SECOND);
        vault.slash(shill, 0, 1);
        vm.warp(activeFrom);
        vm.expectRevert(notYet); // its time has come, but nobody has activated it
        vm.prank(SECOND);
        vault.slash(shill, 0, 1);
        vm.prank(third); // anyone
        vault.activateSlasher(SECOND);
        uint256 left;
        for (uint256 i; i < honest.length; ++i) {
            vm.prank(SECOND);
            left += vault.slash(honest[i].account, 0, type(uint128).max);
        }
        assertLe(left, honest.length * vault.taoUnitsDown(1), "nothing is left to take but dust of TAO");
        vm.prank(SECOND);
        assertGt(vault.slash(shill, 0, 1e18), 0, "its right works");
    }

    // ---------------------------------------------------------------- figures

    function _add(string memory name, address account, uint256 staked, uint256 taoStaked) private {
        if (taoStaked != 0) _stakeTao(account, taoStaked);
        honest.push(Honest(account, name, staked, taoStaked, 0, 0));
    }

    function _staked() private view returns (uint256 staked) {
        (staked, , ) = vault.totalsOf(address(masa));
    }

    /// @dev The most an epoch that begins now may take.
    function _cap() private view returns (uint256) {
        return (_staked() * CAP_SHARE) / WAD;
    }

    function _deferred() private view returns (uint256 sum) {
        for (uint256 i; i < honest.length; ++i) sum += vault.deferralOf(honest[i].account).amount;
        sum += vault.deferralOf(shill).amount;
    }

    function _line(uint256 epoch, uint256 staked, uint256 cap, uint256 taken) private view returns (string memory) {
        return
            string.concat(
                vm.toString(epoch),
                " | ",
                _whole(staked),
                " | ",
                _whole(cap),
                " | ",
                _whole(taken),
                " | ",
                _whole(_deferred())
            );
    }

    function _whole(uint256 amount) private pure returns (string memory) {
        return vm.toString(amount / 1e18);
    }
}
