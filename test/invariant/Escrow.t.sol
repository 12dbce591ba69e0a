// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {EscrowHandler} from "./handlers/EscrowHandler.sol";
import {MarketHandler} from "./handlers/MarketHandler.sol";

/// @dev The invariants of the market, whoever settles.
abstract contract MarketInvariants is InvariantTest {
    IERC20 internal masa;
    StakeVault internal vault;
    RequestEscrow internal escrow;

    function _market() internal view virtual returns (MarketHandler);

    function _readProtocol() internal {
        (address masa_, address vault_, address escrow_, ) = _market().protocol();
        (masa, vault, escrow) = (IERC20(masa_), StakeVault(vault_), RequestEscrow(escrow_));
    }

    function _accounts() internal view returns (address[] memory accounts) {
        MarketHandler handler = _market();
        accounts = new address[](handler.ASKERS() + handler.WORKERS());
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = handler.accounts(i);
        }
    }

    function _checkI03() internal view {
        address[] memory accounts = _accounts();
        uint256 credit;
        for (uint256 i; i < accounts.length; ++i) {
            uint256 owed = escrow.creditOf(accounts[i]);
            assertEq(owed, _market().modelCredit(accounts[i]), "I-03 credit is what came in less what went out");
            credit += owed;
        }
        uint256 open;
        for (uint256 id = escrow.requestCount(); id != 0; --id) {
            IRequestEscrow.Request memory request = escrow.requestOf(id);
            if (request.state == IRequestEscrow.RequestState.Open) open += request.baseReward;
        }
        assertEq(escrow.totalCredit(), credit, "I-03 total credit");
        assertEq(escrow.totalReserved(), open, "I-03 total of open requests");
        assertEq(
            masa.balanceOf(address(escrow)),
            open + credit + _market().modelDonated(),
            "I-03 open escrow + refundable = balance, donations apart"
        );
    }

    function _checkI04I05() internal view {
        for (uint256 id = escrow.requestCount(); id != 0; --id) {
            IRequestEscrow.Request memory request = escrow.requestOf(id);
            MarketHandler.ModelRequest memory model = _market().modelRequestOf(id);
            bool open = request.state == IRequestEscrow.RequestState.Open;
            assertEq(model.closings, open ? 0 : 1, "I-05 a request ends once");
            assertEq(model.paid + model.refunded, open ? 0 : request.baseReward, "I-04 paid + refunded = R_base");
            bool settled = request.state == IRequestEscrow.RequestState.Settled;
            assertLe(model.paid, settled ? request.baseReward : 0, "I-04 nobody is paid more than R_base");
        }
    }

    function _checkI14() internal view {
        address[] memory accounts = _accounts();
        for (uint256 i; i < accounts.length; ++i) {
            assertEq(
                vault.positionOf(accounts[i], address(masa)).staked +
                    uint256(vault.positionOf(accounts[i], address(masa)).queued),
                _market().modelHeld(accounts[i]),
                "I-14 an account loses its own slashes and nothing else"
            );
        }
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(masa.balanceOf(address(vault)), staked + unbonding + pot, "I-01");
    }

    function _checkI19() internal view {
        address[] memory accounts = _accounts();
        for (uint256 i; i < accounts.length; ++i) {
            IStakeVault.Position memory position = vault.positionOf(accounts[i], address(masa));
            assertLe(
                _market().modelAtRisk(accounts[i]),
                uint256(position.staked) + position.queued,
                "I-19 what can still be slashed is held"
            );
            assertEq(
                vault.exposureOf(accounts[i]).reserved,
                _market().modelReserved(accounts[i]),
                "I-19 reserved = the slashes of open commitments"
            );
        }
    }

    function _checkMarket() internal view {
        _checkI03();
        _checkI04I05();
        _checkI14();
        _checkI19();
    }
}

/// @dev The runner calls only contracts of the file of its test.
contract EscrowActions is EscrowHandler {}

contract EscrowInvariants is MarketInvariants {
    EscrowActions private handler;

    function setUp() public {
        handler = new EscrowActions();
        handler.setUp();
        _readProtocol();
        bytes4[] memory actions = new bytes4[](14);
        actions[0] = handler.warp.selector;
        actions[1] = handler.roll.selector;
        actions[2] = handler.deposit.selector;
        actions[3] = handler.withdrawCredit.selector;
        actions[4] = handler.donate.selector;
        actions[5] = handler.stake.selector;
        actions[6] = handler.unbond.selector;
        actions[7] = handler.withdrawStake.selector;
        actions[8] = handler.submit.selector;
        actions[9] = handler.commit.selector;
        actions[10] = handler.cancel.selector;
        actions[11] = handler.close.selector;
        actions[12] = handler.changeTerms.selector;
        actions[13] = handler.settle.selector;
        // What the market is about comes up more often than the rest.
        bytes4[] memory often = new bytes4[](6);
        (often[0], often[1], often[2]) = (actions[8], actions[9], actions[9]);
        (often[3], often[4], often[5]) = (actions[9], actions[13], actions[13]);
        _target(address(handler), actions, often);
    }

    function _market() internal view override returns (MarketHandler) {
        return handler;
    }

    /// hardhat-config: invariant.runs = 16
    /// hardhat-config: invariant.depth = 200
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_I03_I04_I05_I14_I19_TheBooksOfTheMarket() public view {
        _checkMarket();
    }

    function afterInvariant() public view {
        assertGt(handler.times("calls"), 0, "the handler was called");
    }

    /// @dev The same actions in a sequence of this test's own: shows that each of them, and each outcome, does occur.
    function test_TheHandlerReachesEveryOutcome() public {
        _drive(address(handler), 3_000);
        _checkMarket();
        bytes32[19] memory all = [
            bytes32("warp"),
            "roll",
            "deposit",
            "withdrawCredit",
            "donate",
            "stake",
            "unbond",
            "withdrawStake",
            "submit",
            "commit",
            "commit refused",
            "cancel",
            "expired",
            "unscored",
            "changeTerms",
            "paid",
            "rejected",
            "slashed",
            "skipped"
        ];
        for (uint256 i; i < all.length; ++i) {
            emit Reached(all[i], handler.times(all[i]));
            assertGt(handler.times(all[i]), 0, string(abi.encodePacked(all[i])));
        }
    }

    event Reached(bytes32 what, uint256 times);
}
