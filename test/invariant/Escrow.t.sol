// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {EscrowHandler} from "./handlers/EscrowHandler.sol";
import {MarketModel} from "./handlers/MarketModel.sol";

/// @dev The invariants of the market, whoever settles.
abstract contract MarketInvariants is InvariantTest {
    uint256 private constant FULL_EVERY = 32;

    IERC20 internal masa;
    StakeVault internal vault;
    RequestEscrow internal escrow;
    address[] internal accounts;

    function _market() internal view virtual returns (MarketModel);

    function _readProtocol() internal {
        (address masa_, address vault_, address escrow_, ) = _market().protocol();
        (masa, vault, escrow) = (IERC20(masa_), StakeVault(vault_), RequestEscrow(escrow_));
        for (uint256 i; i < _market().accountCount(); ++i) {
            accounts.push(_market().accounts(i));
        }
    }

    function _checkMarket() internal view {
        _checkI03();
        for (uint256 i; i < accounts.length; ++i) {
            _checkAccount(accounts[i], i);
        }
        if (_market().calls() % FULL_EVERY == 0) _recount();
    }

    /// @dev Open escrow, fees and free credit are the balance.
    function _checkI03() private view {
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved, _market().modelReserved(), "I-03 R_base of open requests");
        assertEq(heldFees, _market().modelHeldFees(), "I-03 fees of open requests");
        assertEq(fees, _market().modelFees(), "I-03 fees that wait to be collected");
        assertEq(
            masa.balanceOf(address(escrow)),
            reserved + heldFees + fees + _market().modelCreditSum() + _market().modelDonated(),
            "I-03 open escrow + fees + credit = balance, donations apart"
        );
    }

    function _checkAccount(address account, uint256 index) private view {
        assertEq(
            escrow.creditOf(account),
            _market().modelCredit(account),
            "I-03 credit is what came in less what went out"
        );
        if (index < _market().ASKERS()) _checkConsumption(account);
        if (index < _market().ASKERS() || index >= _market().ASKERS() + _market().WORKERS()) return;
        IStakeVault.Position memory p = vault.positionOf(account, address(masa));
        uint256 held = uint256(p.staked) + p.queued;
        assertEq(held, _market().modelHeld(account), "I-14 an account loses its own slashes and nothing else");
        (, uint256 word, ) = escrow.wordsOf(account);
        uint256 openSlash = uint256(uint56(word >> 136)) * 1e9;
        uint256 backing = (word >> 192) * 1e9;
        assertEq(openSlash, _market().modelOpen(account), "I-19 the slashes of open commitments");
        assertLe(openSlash, backing, "I-19 what is open is backed");
        assertEq(vault.exposureOf(account).reserved, backing, "I-19 the vault reserves what backs");
        assertLe(_market().modelAtRisk(account), held, "I-19 what can still be slashed is held");
    }

    /// @dev Each settled request counts once, told or not.
    function _checkConsumption(address asker) private view {
        (, , uint256 record) = escrow.wordsOf(asker);
        assertEq(uint256(uint64(record >> 128)) * 1e9, _market().modelUntold(asker), "D5 consumption still to be told");
        INodeStanding.Standing memory s = escrow.standing().standingOf(asker, NodeRole.Oracle);
        assertEq(s.workThisEpoch, _market().modelTold(asker), "D5 consumption told in this epoch");
    }

    /// @dev Every request there ever was, against the model.
    function _recount() internal view {
        assertEq(escrow.requestCount(), _market().requestCount(), "I-05 requests");
        for (uint256 id = escrow.requestCount(); id != 0; --id) {
            IRequestEscrow.Request memory r = escrow.requestOf(id);
            MarketModel.ModelRequest memory m = _market().modelRequestOf(id);
            assertEq(uint256(r.state), uint256(m.state), "I-05 state");
            bool open = r.state == IRequestEscrow.RequestState.Open;
            assertEq(m.closings, open ? 0 : 1, "I-05 a request ends once");
            assertEq(m.paid + m.refunded, open ? 0 : r.baseReward, "I-04 paid + refunded = R_base");
            assertLe(m.paid, r.baseReward, "I-04 nobody is paid more than R_base");
            assertEq(r.baseReward, m.baseReward, "I-04 R_base");
            assertEq(r.fee, m.fee, "EQ-08 the fee");
            assertEq(r.minQuality, m.minQuality, "D11 minQuality");
            address[] memory workers = escrow.workersOf(id);
            assertEq(keccak256(abi.encode(workers)), keccak256(abi.encode(m.workers)), "D12 who has answered");
        }
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(masa.balanceOf(address(vault)), staked + unbonding + pot, "I-01");
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
        bytes4[] memory actions = new bytes4[](23);
        actions[0] = handler.pass.selector;
        actions[1] = handler.roll.selector;
        actions[2] = handler.deposit.selector;
        actions[3] = handler.depositWithPermit.selector;
        actions[4] = handler.withdrawCredit.selector;
        actions[5] = handler.donate.selector;
        actions[6] = handler.collectFees.selector;
        actions[7] = handler.payPoster.selector;
        actions[8] = handler.stake.selector;
        actions[9] = handler.unbond.selector;
        actions[10] = handler.withdrawStake.selector;
        actions[11] = handler.releaseBacking.selector;
        actions[12] = handler.rejoin.selector;
        actions[13] = handler.submit.selector;
        actions[14] = handler.commit.selector;
        actions[15] = handler.cancel.selector;
        actions[16] = handler.close.selector;
        actions[17] = handler.changeTerms.selector;
        actions[18] = handler.changeRules.selector;
        actions[19] = handler.settle.selector;
        actions[20] = handler.settleMalformed.selector;
        actions[21] = handler.settleAsAnybody.selector;
        actions[22] = handler.tellConsumption.selector;
        // What the market is about comes up more often than the rest.
        bytes4[] memory often = new bytes4[](12);
        (often[0], often[1], often[2]) = (actions[13], actions[13], actions[14]);
        (often[3], often[4], often[5]) = (actions[14], actions[14], actions[14]);
        (often[6], often[7], often[8]) = (actions[19], actions[19], actions[19]);
        (often[9], often[10], often[11]) = (actions[0], actions[0], actions[14]);
        _target(address(handler), actions, often);
    }

    function _market() internal view override returns (MarketModel) {
        return handler;
    }

    function invariant_I03_I04_I05_I14_I19_TheBooksOfTheMarket() public view {
        _checkMarket();
    }

    function afterInvariant() public {
        _recount();
        bytes32[] memory outcomes = new bytes32[](22);
        outcomes[0] = "paid";
        outcomes[1] = "rejected";
        outcomes[2] = "slashed";
        outcomes[3] = "slashed in the queue";
        outcomes[4] = "fraud";
        outcomes[5] = "tie";
        outcomes[6] = "unscored answer";
        outcomes[7] = "skipped";
        outcomes[8] = "expired";
        outcomes[9] = "unscored";
        outcomes[10] = "commit refused";
        outcomes[11] = "settled by earlier terms";
        outcomes[12] = "poster paid the most";
        outcomes[13] = "poster paid its cost";
        outcomes[14] = "epoch poster paid";
        outcomes[15] = "fees collected";
        outcomes[16] = "permit used before";
        outcomes[17] = "unbonded what stands behind";
        outcomes[18] = "backing released";
        outcomes[19] = "told with a request";
        outcomes[20] = "told by anyone";
        outcomes[21] = "left with something to tell";
        _writeOutcomes("EscrowInvariants", outcomes, handler.times);
    }
}
