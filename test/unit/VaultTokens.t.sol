// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {BlockingTokenMock} from "../../contracts/mocks/BlockingTokenMock.sol";
import {FeeOnTransferMock} from "../../contracts/mocks/FeeOnTransferMock.sol";
import {RebasingTokenMock} from "../../contracts/mocks/RebasingTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @dev Says how many shares an account has, as the wrapped staking tokens do.
contract SharesToken is RebasingTokenMock {
    function sharesOf(address account) external view returns (uint256) {
        return balanceOf(account);
    }
}

/// @dev Says what an account's balance is before interest, as the tokens of lending markets do.
contract ScaledToken is RebasingTokenMock {
    function scaledBalanceOf(address account) external view returns (uint256) {
        return balanceOf(account);
    }
}

/// @dev Takes every call and answers nothing.
contract Mute {
    fallback() external {}
}

/// @title StakeVault: construction, and which tokens it takes
contract StakeVaultTokensTest is VaultBed {
    function _refused(address token, string memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_TokenRefused.selector, token, reason);
    }

    function test_Construction() public {
        IStakeVault.Collateral memory none;
        IStakeVault.SlashDestinations memory nowhere;
        vm.expectEmit();
        emit IStakeVault.DelaysSet(0, UNBONDING, 0, MODULE_DELAY);
        vm.expectEmit();
        emit IStakeVault.CollateralSet(none, _collateral());
        vm.expectEmit();
        emit IStakeVault.SlashDestinationsSet(nowhere, _toTreasury());
        StakeVault fresh = _unwired(address(masa), address(tao));
        assertEq(fresh.masa(), address(masa), "masa");
        assertEq(fresh.tao(), address(tao), "tao");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(fresh.requestPath(), REQUEST_PATH, "requestPath");
        assertEq(fresh.reportPath(), REPORT_PATH, "reportPath");
        assertEq(fresh.evidenceWindow(), EVIDENCE, "evidenceWindow");
        assertEq(fresh.appealWindow(), APPEAL, "appealWindow");
        assertEq(fresh.longestOffencePath(), PATH, "D14 sum of the windows");
        assertEq(fresh.unbondingDelay(), UNBONDING, "unbondingDelay");
        assertEq(fresh.moduleDelay(), MODULE_DELAY, "moduleDelay");
        assertEq(fresh.collateral().taoWeight, 4e18, "taoWeight");
        assertEq(fresh.collateral().taoMaxShare, 0.5e18, "taoMaxShare");
        assertEq(fresh.slashDestinations().treasury, treasury, "treasury");
        assertEq(address(fresh.guardian()), address(0), "guardian");
        assertEq(address(fresh.observer()), address(0), "observer");
    }

    function test_RevertGiven_ZeroAddress() public {
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector);
        IStakeVault.SlashDestinations memory nowhere;
        vm.expectRevert(zero);
        new StakeVault(
            address(this),
            IEpochClock(address(0)),
            address(masa),
            address(tao),
            _delays(),
            _collateral(),
            _toTreasury()
        );
        vm.expectRevert(zero);
        new StakeVault(address(this), clock, address(masa), address(tao), _delays(), _collateral(), nowhere);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new StakeVault(address(0), clock, address(masa), address(tao), _delays(), _collateral(), _toTreasury());
    }

    function test_RevertGiven_BothTokensAreOne() public {
        vm.expectRevert(_refused(address(masa), "MASA and TAO are one token"));
        _unwired(address(masa), address(masa));
    }

    function test_RevertGiven_NoTokenAtAll() public {
        vm.expectRevert(_refused(alice, "no code"));
        _unwired(alice, address(tao));
        vm.expectRevert(_refused(alice, "no code"));
        _unwired(address(masa), alice);
        vm.expectRevert(_refused(address(clock), "no decimals"));
        _unwired(address(clock), address(tao));
        vm.expectRevert(_refused(address(clock), "no decimals"));
        _unwired(address(masa), address(clock));
        Mute mute = new Mute();
        vm.expectRevert(_refused(address(mute), "no decimals"));
        _unwired(address(masa), address(mute));
    }

    function test_TOK04_DecimalsAreReadWhenListed() public {
        vm.expectRevert(_refused(address(tao), "MASA has 18 decimals"));
        _unwired(address(tao), address(masa));
        BlockingTokenMock tooFine = new BlockingTokenMock(19);
        vm.expectRevert(_refused(address(tooFine), "more than 18 decimals"));
        _unwired(address(tooFine), address(tao));
        vm.expectRevert(_refused(address(tooFine), "more than 18 decimals"));
        _unwired(address(masa), address(tooFine));
        for (uint8 decimals; decimals <= 18; decimals += 6) {
            StakeVault other = _unwired(address(masa), address(new BlockingTokenMock(decimals)));
            assertEq(other.taoUnitsDown(10 ** decimals), 4e18, "TOK-04 one TAO is four MASA");
        }
    }

    function test_TOK02_TokensThatSayTheyRebaseAreNotListed() public {
        address shares = address(new SharesToken());
        address scaled = address(new ScaledToken());
        for (uint256 i; i < 2; ++i) {
            address token = i == 0 ? shares : scaled;
            vm.expectRevert(_refused(token, "balances move by themselves"));
            _unwired(token, address(tao));
            vm.expectRevert(_refused(token, "balances move by themselves"));
            _unwired(address(masa), token);
        }
    }

    /// A token that says nothing and falls: whoever comes later does not pay for those who were there.
    function test_TOK02_NobodyStakesIntoAHole() public {
        for (uint256 i; i < 2; ++i) {
            RebasingTokenMock token = new RebasingTokenMock();
            StakeVault other =
                i == 0 ? _vaultOver(address(token), address(tao)) : _vaultOver(address(masa), address(token));
            _stakeInto(other, token, alice, 1_000e18);
            token.rebase(0.9e18);
            token.mint(bob, 100e18);
            vm.startPrank(bob);
            token.approve(address(other), 50e18);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IStakeVault.StakeVault_Insolvent.selector,
                    address(token),
                    uint256(1_000e18),
                    uint256(900e18)
                )
            );
            other.stake(address(token), 50e18);
            vm.stopPrank();
            assertEq(other.positionOf(bob, address(token)).staked, 0, "TOK-02 nothing credited");

            token.rebase(1e18);
            _stakeInto(other, token, bob, 50e18);
            assertEq(other.positionOf(bob, address(token)).staked, 50e18, "TOK-02 open again when it is whole");
        }
    }

    /// A rise is a donation: nobody's ledger moves, and everyone is paid what the ledger says.
    function test_TOK02_ARiseOfBalancesIsADonation() public {
        RebasingTokenMock token = new RebasingTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        _stakeInto(other, token, alice, 1_000e18);
        token.rebase(1.25e18);
        assertEq(other.masaStakeOf(alice), 1_000e18, "TOK-02 ledger");
        vm.startPrank(alice);
        uint256 id = other.startUnbonding(address(token), ALL);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(other.withdraw(address(token), id, ALL, alice), 1_000e18, "TOK-02 paid by the ledger");
        vm.stopPrank();
        assertEq(token.balanceOf(alice), 1_000e18, "TOK-02 received");
        assertEq(token.balanceOf(address(other)), 250e18, "TOK-02 the rise stays");
    }

    function _stakeInto(StakeVault other, RebasingTokenMock token, address account, uint256 amount) private {
        token.mint(account, amount);
        vm.startPrank(account);
        token.approve(address(other), amount);
        other.stake(address(token), amount);
        vm.stopPrank();
    }

    function test_TOK01_FeeOnTransferIsRefused() public {
        FeeOnTransferMock token = new FeeOnTransferMock();
        token.mint(alice, 1_000);
        for (uint256 i; i < 2; ++i) {
            StakeVault other =
                i == 0 ? _vaultOver(address(token), address(tao)) : _vaultOver(address(masa), address(token));
            vm.startPrank(alice);
            token.approve(address(other), 1_000);
            vm.expectRevert(
                abi.encodeWithSelector(IStakeVault.StakeVault_FeeOnTransfer.selector, address(token), 1_000, 990)
            );
            other.stake(address(token), 1_000);
            vm.stopPrank();
            assertEq(other.positionOf(alice, address(token)).staked, 0, "TOK-01 nothing credited");
            assertEq(token.balanceOf(alice), 1_000, "TOK-01 nothing taken");
        }
    }

    /// The address of the vault is known before it exists: a token that blocks it is not listed.
    function test_RevertGiven_TokenThatBlocksTheVault() public {
        for (uint256 i; i < 4; ++i) {
            BlockingTokenMock token = new BlockingTokenMock(18);
            token.setSilent(i % 2 == 1);
            token.setBlocked(_nextDeployment(), true);
            vm.expectRevert(_refused(address(token), "transfers by the vault fail"));
            if (i < 2) _unwired(address(token), address(tao));
            else _unwired(address(masa), address(token));
        }
    }

    /// Where the next contract of this test will be.
    function _nextDeployment() private view returns (address) {
        uint64 nonce = vm.getNonce(address(this));
        assertTrue(nonce > 0 && nonce < 128, "the nonce is one byte");
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(nonce))))));
    }

    /// Blocked only later: the ledger stays as it is, and whoever is not blocked is paid.
    function test_BlockedAccountNamesAnotherRecipient() public {
        BlockingTokenMock token = new BlockingTokenMock(18);
        StakeVault other = _vaultOver(address(token), address(tao));
        token.mint(alice, 100);
        vm.startPrank(alice);
        token.approve(address(other), 100);
        other.stake(address(token), 100);
        uint256 id = other.startUnbonding(address(token), 100);
        vm.warp(block.timestamp + UNBONDING);
        token.setBlocked(alice, true);
        vm.expectRevert(abi.encodeWithSelector(BlockingTokenMock.BlockingTokenMock_Blocked.selector, alice));
        other.withdraw(address(token), id, ALL, alice);
        assertEq(other.withdraw(address(token), id, ALL, bob), 100, "paid");
        vm.stopPrank();
        assertEq(token.balanceOf(bob), 100, "to the other recipient");
    }

    function test_RevertGiven_UnlistedToken() public {
        address other = address(new BlockingTokenMock(18));
        StakeVault withoutTao = _vaultOver(address(masa), address(0));
        assertEq(withoutTao.tao(), address(0), "no TAO on this network");
        for (uint256 i; i < 3; ++i) {
            StakeVault asked = i == 0 ? vault : withoutTao;
            address token =
                i == 0
                    ? other
                    : i == 1
                        ? address(tao)
                        : address(0);
            bytes memory unlisted = abi.encodeWithSelector(IStakeVault.StakeVault_UnlistedToken.selector, token);
            vm.expectRevert(unlisted);
            asked.stake(token, 1);
            vm.expectRevert(unlisted);
            asked.stakeWithPermit(token, 1, block.timestamp, 27, 0, 0);
            vm.expectRevert(unlisted);
            asked.startUnbonding(token, 1);
            vm.expectRevert(unlisted);
            asked.cancelUnbonding(token, 0);
            vm.expectRevert(unlisted);
            asked.withdraw(token, 0, 1, address(this));
            vm.expectRevert(unlisted);
            asked.positionOf(alice, token);
            vm.expectRevert(unlisted);
            asked.unbondingEntryOf(alice, token, 0);
            vm.expectRevert(unlisted);
            asked.totalsOf(token);
        }
    }

    // ---------------------------------------------------------------- how TAO counts

    function test_SetCollateral() public {
        _stakeTao(alice, 10e9);
        IStakeVault.Collateral memory next = IStakeVault.Collateral(8e18, 0.25e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.CollateralSet(_collateral(), next);
        vault.setCollateral(next);
        assertEq(vault.stakeUnitsOf(alice), 80e18, "D13 weight");
        assertEq(vault.stakeToward(alice, 100e18), 25e18, "D13 share");
        vault.setCollateral(IStakeVault.Collateral(4e18, 0));
        assertEq(vault.stakeToward(alice, 100e18), 0, "D13 TAO may count for nothing");
        vault.setCollateral(IStakeVault.Collateral(4e18, 1e18));
        assertEq(vault.stakeToward(alice, 40e18), 40e18, "D13 or for all");
    }

    function test_RevertGiven_CollateralOutOfRange() public {
        vm.expectRevert(_outOfRange("taoWeight", 8e18 + 1, 2e18, 8e18));
        vault.setCollateral(IStakeVault.Collateral(8e18 + 1, 0.5e18));
        vm.expectRevert(_outOfRange("taoWeight", 2e18 - 1, 2e18, 8e18));
        vault.setCollateral(IStakeVault.Collateral(2e18 - 1, 0.5e18));
        vm.expectRevert(_outOfRange("taoMaxShare", WAD + 1, 0, WAD));
        vault.setCollateral(IStakeVault.Collateral(4e18, uint64(WAD + 1)));

        uint128 most = vault.MAX_TAO_WEIGHT();
        assertEq(most, 1_000_000e18, "MAX_TAO_WEIGHT");
        for (uint256 i; i < 2; ++i) {
            uint128 weight = i == 0 ? 0 : most + 1;
            vm.expectRevert(_outOfRange("taoWeight", weight, 1, most));
            new StakeVault(
                address(this),
                clock,
                address(masa),
                address(tao),
                _delays(),
                IStakeVault.Collateral(weight, 0),
                _toTreasury()
            );
        }
        // A weight of one wei can still rise: half of it rounds up.
        StakeVault lightest = new StakeVault(
            address(this),
            clock,
            address(masa),
            address(tao),
            _delays(),
            IStakeVault.Collateral(1, 0),
            _toTreasury()
        );
        lightest.setCollateral(IStakeVault.Collateral(2, 0));
        lightest.setCollateral(IStakeVault.Collateral(1, 0));
        vm.expectRevert(_outOfRange("taoWeight", 0, 1, 2));
        lightest.setCollateral(IStakeVault.Collateral(0, 0));
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        vault.setCollateral(_collateral());
        vm.expectRevert(refused);
        vault.setSlashDestinations(_toTreasury());
        vm.stopPrank();
    }

    /// Units, and TAO's cover of a requirement, from amounts worked out by hand.
    function test_StakeUnitsOfBothTokens() public {
        _stake(alice, 70e18);
        _stakeTao(alice, 25e9);
        assertEq(vault.taoUnitsDown(25e9), 100e18, "25 TAO at 4");
        assertEq(vault.stakeUnitsOf(alice), 170e18, "all units");
        assertEq(vault.masaStakeOf(alice), 70e18, "D13 votes come from MASA alone");
        assertEq(vault.stakeToward(alice, 100e18), 120e18, "D13 TAO covers half of a requirement");
        assertEq(vault.stakeToward(alice, 1_000e18), 170e18, "D13 or what there is of it");
        assertEq(vault.stakeToward(alice, 0), 70e18, "no requirement, no cover");
        (uint256 units, uint256 masaStaked) = vault.standingStakeOf(alice, 99e18 + 1);
        assertEq(units, 70e18 + 49.5e18, "D13 the cover rounds down");
        assertEq(masaStaked, 70e18, "MASA");
        // What is unbonding counts no more.
        _unbond(alice, 20e18);
        _unbondTao(alice, 5e9);
        assertEq(vault.stakeUnitsOf(alice), 130e18, "without the queue");
        assertEq(vault.stakeUnitsOf(bob), 0, "nobody else");
    }

    /// TOK-04: the same history with a TAO of 9 and of 18 decimals: the same stake, and slashes that differ by the
    /// grain of the coarser token alone.
    function testFuzz_TOK04_NineAndEighteenDecimalsAgree(
        uint96 masaAmount,
        uint64 taoAmount,
        uint64 queuedTao,
        uint256 cut
    ) public {
        StakeVault fine = _vaultOver(address(masa), address(new BlockingTokenMock(18)));
        StakeVault coarse = _vaultOver(address(masa), address(tao));
        masaAmount = uint96(bound(masaAmount, 1, 1e24));
        taoAmount = uint64(bound(taoAmount, 2, 1e15));
        queuedTao = uint64(bound(queuedTao, 1, taoAmount - 1));
        _history(coarse, masaAmount, taoAmount, queuedTao);
        _history(fine, masaAmount, uint256(taoAmount) * 1e9, uint256(queuedTao) * 1e9);
        assertEq(coarse.stakeUnitsOf(alice), fine.stakeUnitsOf(alice), "TOK-04 the same units");
        assertEq(coarse.stakeToward(alice, cut), fine.stakeToward(alice, cut), "TOK-04 the same cover");

        cut = bound(cut, 1, uint256(masaAmount) + uint256(taoAmount) * TAO_UNIT);
        assertEq(coarse.slash(alice, 0, cut), fine.slash(alice, 0, cut), "TOK-04 the same booking");
        assertEq(coarse.applySlash(alice), fine.applySlash(alice), "TOK-04 record");
        IStakeVault.SlashRecord memory c = coarse.slashRecordOf(alice, 1);
        IStakeVault.SlashRecord memory f = fine.slashRecordOf(alice, 1);
        assertNear(uint256(c.tao) * 1e9, f.tao, 1e9, "TOK-04 TAO taken");
        assertNear(c.masa, f.masa, TAO_UNIT, "TOK-04 MASA taken");
        assertNear(
            coarse.positionOf(alice, coarse.tao()).queued * 1e9,
            fine.positionOf(alice, fine.tao()).queued,
            2e9,
            "TOK-04 queue"
        );
    }

    function _history(StakeVault v, uint256 masaAmount, uint256 taoAmount, uint256 queuedTao) private {
        address taoToken = v.tao();
        BlockingTokenMock(taoToken).mint(alice, taoAmount);
        masa.transfer(alice, masaAmount);
        vm.startPrank(alice);
        masa.approve(address(v), masaAmount);
        BlockingTokenMock(taoToken).approve(address(v), taoAmount);
        v.stake(address(masa), masaAmount);
        v.stake(taoToken, taoAmount);
        v.startUnbonding(taoToken, queuedTao);
        vm.stopPrank();
    }
}
