// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {FeeCurve} from "../../contracts/market/FeeCurve.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";
import {Vm} from "../support/Vm.sol";

/// @notice EQ-08 in the market. The curve of the fixture: 1 % at nothing, 5 % from 100,000 MASA on. The nth hundred MASA
/// of an epoch cost 0.998 + 0.004·n.
contract MarketFeesTest is SettlementBed {
    function test_TheFeeIsHeldWithTheRequest() public {
        uint256 id = _submit(asker, REWARD);
        assertEq(escrow.requestOf(id).fee, FEE, "EQ-08");
        _assertTotals(REWARD, FEE, 0);
        assertEq(escrow.creditOf(asker), CREDIT - REWARD - FEE, "paid at once");
        (uint256 word, , ) = escrow.wordsOf(asker);
        assertEq((word >> 192) * UNIT, REWARD + FEE, "and shown as reserved");
    }

    /// @dev Paid, rejected or slashed: the network worked.
    function test_TheFeeIsKeptWhateverTheAnswerWasWorth() public {
        uint32[3] memory qualities = [uint32(8e8), 65e7, 1e8];
        uint256 kept;
        for (uint256 i; i < 3; ++i) {
            IRequestEscrow.Submission memory s = _submission(REWARD);
            s.minQuality = 0.7e18;
            uint256 credit = escrow.creditOf(asker);
            uint256 id = _answered(s, 1);
            uint256 fee = 1.002e18 + i * 0.004e18;
            assertEq(escrow.requestOf(id).fee, fee, "EQ-08");
            _settleAsConsensus(id, _one(_score(qualities[i])));
            kept += fee;
            _assertTotals(0, 0, kept);
            assertEq(credit - escrow.creditOf(asker), fee + (i == 0 ? 80e18 : 0), "the rest comes back");
            assertEq(escrow.requestOf(id).fee, fee, "the request still says what it was");
        }
        _assertBooks();
    }

    /// @dev Cancelled, expired, unscored: nobody answered, or nobody said what the answer was worth.
    function test_TheFeeComesBackWhereTheNetworkDidNotWork() public {
        uint256 cancelled = _submit(asker, REWARD);
        uint256 expired = _submit(asker, REWARD);
        uint256 unscored = _answered(_submission(REWARD), 1);
        _assertTotals(3 * uint256(REWARD), 1.002e18 + 1.006e18 + 1.01e18, 0);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(cancelled, IRequestEscrow.RequestState.Cancelled, REWARD + 1.002e18);
        vm.prank(asker);
        escrow.cancel(cancelled);
        vm.warp(START + 25 minutes + 1);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(expired, IRequestEscrow.RequestState.Expired, REWARD + 1.006e18);
        escrow.close(expired);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(unscored, IRequestEscrow.RequestState.Unscored, REWARD + 1.01e18);
        escrow.close(unscored);
        _assertTotals(0, 0, 0);
        assertEq(escrow.creditOf(asker), CREDIT, "EQ-08 refunded to the wei");
        (uint256 word, , ) = escrow.wordsOf(asker);
        assertEq(word >> 192, 0, "nothing is reserved");
    }

    function test_TheFeeIsConvexOverAnEpoch() public {
        uint256 sum;
        for (uint256 i = 1; i <= 6; ++i) {
            uint256 fee = escrow.requestOf(_submit(asker, REWARD)).fee;
            assertEq(fee, 0.998e18 + i * 0.004e18, "EQ-08 each hundred costs more than the last");
            sum += fee;
        }
        // In one piece: 6 + 0.04·600²/(2·100,000).
        address other = _registerOracle(2, 500_000e18, 1_000e18);
        assertEq(escrow.requestOf(_submit(other, 600e18)).fee, 6.072e18, "EQ-08 in one");
        assertEq(sum, 6.072e18, "EQ-08 in pieces");
        assertEq(escrow.requestOf(_submit(other, 100e18)).fee, 1.026e18, "its own consumption, nobody else's");
    }

    function test_BeyondTheReferenceThePriceStays() public {
        uint256 before = escrow.requestOf(_submit(asker, 100_000e18)).fee;
        assertEq(before, 3_000e18, "EQ-08 1 % to 5 %");
        for (uint256 i; i < 3; ++i) {
            assertEq(escrow.requestOf(_submit(asker, 200_000e18)).fee, 10_000e18, "EQ-08 5 %");
        }
    }

    function test_TheNextEpochBeginsAtNothing() public {
        _submit(asker, REWARD);
        vm.warp(clock.epochStart(1) - 1);
        assertEq(escrow.requestOf(_submit(asker, REWARD)).fee, SECOND_FEE, "EQ-08 the last second");
        vm.warp(clock.epochStart(1)); // whether or not anybody has rolled
        assertEq(escrow.requestOf(_submit(asker, REWARD)).fee, FEE, "EQ-08 a new epoch");
        assertEq(escrow.requestOf(_submit(asker, REWARD)).fee, SECOND_FEE, "EQ-08 of its own");
    }

    /// @dev Asking costs what the network does for it, and it has served the payload by then.
    function test_CancellingKeepsTheConsumption() public {
        for (uint256 i = 1; i <= 3; ++i) {
            uint256 id = _submit(asker, REWARD);
            assertEq(escrow.requestOf(id).fee, 0.998e18 + i * 0.004e18, "EQ-08 what was cancelled counts");
            vm.prank(asker);
            escrow.cancel(id);
        }
        assertEq(escrow.creditOf(asker), CREDIT, "each comes back with its own fee");
    }

    function test_AFeeIsWholeAndRoundedUp() public {
        // 33.333333333: 0.33333333333 + 0.0002222222222177777…
        uint256 id = _submit(asker, 33_333333333e9);
        assertEq(escrow.requestOf(id).fee, 333555556e9, "EQ-08 rounded up to a unit");
        assertEq(escrow.requestOf(_submit(asker, 1e9)).fee, 0.001e18, "EQ-08 the minimum");
    }

    /// @dev A curve that asks for more than a request has room for refuses, and names the fee in units.
    function test_RevertGiven_AFeeBeyondItsField() public {
        FeeCurve dear = new FeeCurve(ud2x18(1e18), ud2x18(1e18), 1, 1);
        vm.etch(address(feeCurve), address(dear).code);
        uint96 most = 17_592_186044415e9; // 2^44 − 1 units
        assertEq(escrow.requestOf(_submit(asker, most)).fee, most, "the largest");
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_OutOfRange.selector,
                bytes32("fee"),
                2 ** 44,
                0,
                2 ** 44 - 1
            )
        );
        _submit(asker, most + 1e9);
    }

    function test_CollectFees() public {
        uint256 settled = _answered(_submission(REWARD), 1);
        _submit(asker, REWARD); // its fee is held
        _settleAsConsensus(settled, _one(_score(8e8)));
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.FeesCollected(FEE);
        vm.prank(address(0xCAFE)); // anyone
        assertEq(escrow.collectFees(), FEE, "I-03 what was kept");
        assertEq(masa.balanceOf(address(feePool)), FEE, "to the fee pool");
        _assertTotals(REWARD, SECOND_FEE, 0);
        _assertBooks();
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.FeesCollected(0);
        assertEq(escrow.collectFees(), 0, "nothing is left");
        assertEq(masa.balanceOf(address(feePool)), FEE, "and nothing moves");
    }

    /// @dev R_base, rewards, refunds and fees of random requests add up to what came in, to the wei.
    /// hardhat-config: fuzz.runs = 100
    function testFuzz_I03_NothingIsLostOrMade(uint256[4] memory rewards, uint32[4] memory qualities) public {
        uint256 fees;
        uint256 paid;
        for (uint256 i; i < 4; ++i) {
            uint256 reward = bound(rewards[i], 1, 250_000e9) * UNIT;
            uint256 id = _answered(_submission(uint96(reward)), 1);
            uint256 quality = bound(qualities[i], 0, 1e9);
            _settleAsConsensus(id, _one(_score(uint32(quality))));
            fees += escrow.requestOf(id).fee;
            if (quality >= 6e8) paid += (reward * quality) / 1e9;
        }
        assertEq(escrow.creditOf(workers[0]), paid, "I-03 rewards");
        assertEq(escrow.creditOf(asker), CREDIT - fees - paid, "I-03 refunds");
        _assertTotals(0, 0, fees);
        assertEq(escrow.collectFees(), fees, "I-03 fees");
        _assertBooks();
    }

    function _assertTotals(uint256 reserved, uint256 heldFees, uint256 fees) private view {
        (uint256 reserved_, uint256 heldFees_, uint256 fees_) = escrow.totals();
        assertEq(reserved_, reserved, "I-03 reserved");
        assertEq(heldFees_, heldFees, "I-03 held fees");
        assertEq(fees_, fees, "I-03 fees to be collected");
    }
}

/// @notice What a poster is paid: a bounty of 0.1 MASA and its gas at 2,000 MASA an ether, at most a quarter of the fees.
contract PosterPayTest is SettlementBed {
    address private constant POSTER = address(0xb057e4);

    function test_TheBountyAloneWhereGasCostsNothing() public {
        uint256 id = _answered(_submission(REWARD), 1);
        vm.txGasPrice(0);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.PosterPaid(POSTER, 0.1e18, 0.1e18);
        assertEq(_settleFor(POSTER, id, 8e8, gasleft()), 0.1e18, "the bounty");
        assertEq(escrow.creditOf(POSTER), 0.1e18, "as credit");
        _assertFees(FEE - 0.1e18);
        vm.prank(POSTER);
        escrow.withdrawCredit(POSTER, 0.1e18);
        assertEq(masa.balanceOf(POSTER), 0.1e18, "its own to withdraw");
    }

    /// @dev A gas count that does not exceed what is left says nothing of the transaction: the bounty alone.
    function test_NoGasIsRefundedWithoutACount() public {
        uint256 id = _answered(_submission(REWARD), 1);
        vm.txGasPrice(10 gwei);
        assertEq(_settleFor(POSTER, id, 8e8, 0), 0.1e18, "the bounty");
    }

    /// @dev At 0.1 gwei a gas costs 2e11 wei of MASA.
    function test_GasIsRefundedAtTheTransactionsPrice() public {
        uint256 id = _answered(_submission(10_000e18), 1); // a fee of 120, a quarter of which is 30
        vm.txGasPrice(0.1 gwei);
        bytes memory results = Results.encode(Results.Line(id, _one(_score(8e8))));
        vm.prank(address(consensus));
        uint256 before = gasleft();
        uint256 paid = escrow.settle(POSTER, before, results);
        uint256 used = before - gasleft();
        // The contract cannot measure its own end: it counts 20,000 for that.
        assertNear((paid - 0.1e18) / 2e11, used, 25_000, "gas");
        assertEq((paid - 0.1e18) % 2e11, 0, "whole gas, to the wei");
        assertEq(escrow.creditOf(POSTER), paid, "as credit");
        _assertFees(120e18 - paid);
    }

    /// @dev A high gas limit costs its sender nothing, and earns it nothing: the 64th of it that the consensus keeps back
    /// from the escrow is not spent.
    function test_GasThatIsNotSpentIsNotRefunded() public {
        uint256 id = _answered(_submission(10_000e18), 1);
        bytes memory results = Results.encode(Results.Line(id, _one(_score(8e8))));
        vm.txGasPrice(0.1 gwei);
        uint256[2] memory paid;
        uint256[2] memory limits = [uint256(1_000_000), 16_000_000];
        for (uint256 i; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            (bool ok, bytes memory answer) = address(this).call{gas: limits[i]}(
                abi.encodeCall(this.settleAsTheConsensusDoes, (results))
            );
            assertTrue(ok, "settled");
            paid[i] = abi.decode(answer, (uint256));
            vm.revertToState(snapshot);
        }
        assertNear((paid[0] - 0.1e18) / 2e11, (paid[1] - 0.1e18) / 2e11, 20_000, "whatever the limit");
    }

    function settleAsTheConsensusDoes(bytes calldata results) external returns (uint256) {
        vm.prank(address(consensus));
        return escrow.settle(POSTER, gasleft(), results);
    }

    /// @dev Above 10 gwei the price is the poster's own matter.
    function test_GasIsRefundedAtTheHighestPriceAtMost() public {
        uint256 id = _answered(_submission(200_000e18), 1); // 3,000 + 5,000, a quarter of which is 2,000
        uint256 snapshot = vm.snapshotState();
        vm.txGasPrice(10 gwei);
        uint256 atMost = _settleFor(POSTER, id, 8e8, gasleft());
        vm.revertToState(snapshot);
        vm.txGasPrice(1_000 gwei);
        uint256 above = _settleFor(POSTER, id, 8e8, gasleft());
        assertGt(atMost, 1e18, "some gas");
        assertLt(above, 2 * atMost, "not a hundred times as much");
    }

    function test_NeverMoreThanTheShareOfTheFees() public {
        uint256 id = _answered(_submission(REWARD), 1);
        vm.txGasPrice(10 gwei);
        vm.recordLogs();
        assertEq(_settleFor(POSTER, id, 8e8, gasleft()), 0.2505e18, "a quarter of 1.002");
        assertGt(_costIn(vm.getRecordedLogs()), 1e18, "whatever it cost");
        _assertFees(FEE - 0.2505e18);
    }

    /// @dev Each line's share by the terms of its request.
    function test_TheShareIsThatOfEachRequestsTerms() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        uint256[] memory ids = new uint256[](4);
        terms.posterShare = ud2x18(0.333333333e18);
        escrow.setMarketTerms(terms);
        ids[0] = _answered(_submission(REWARD), 1);
        ids[1] = _answered(_submission(REWARD), 1);
        terms.posterShare = ud2x18(0);
        escrow.setMarketTerms(terms);
        ids[2] = _answered(_submission(REWARD), 1);
        terms.posterShare = ud2x18(1e18);
        escrow.setMarketTerms(terms);
        ids[3] = _answered(_submission(REWARD), 1);
        vm.txGasPrice(10 gwei);
        // 0.333999999666 + 0.335333332998 + 0 + 1.014
        uint256 most = 1.683333332664e18;
        assertEq(_settleAll(POSTER, ids, 8e8, gasleft()), most, "a sum of shares");
        _assertFees(1.002e18 + 1.006e18 + 1.01e18 + 1.014e18 - most);
    }

    /// @dev A line that is skipped brings no fee to pay anybody from.
    function test_SkippedLinesPayNobody() public {
        uint256 open = _submit(asker, REWARD);
        vm.txGasPrice(10 gwei);
        vm.recordLogs();
        assertEq(_settleFor(POSTER, open, 8e8, gasleft()), 0, "nothing settled");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1, "the line is skipped, nothing else happens");
        assertEq(escrow.creditOf(POSTER), 0, "no pay");
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (open, _answered(_submission(REWARD), 1));
        assertEq(_settleAll(POSTER, ids, 8e8, gasleft()), 0.2515e18, "a quarter of what settled, 1.006");
    }

    function test_NoPosterNoPay() public {
        uint256 id = _answered(_submission(REWARD), 1);
        vm.txGasPrice(10 gwei);
        assertEq(_settleFor(address(0), id, 8e8, gasleft()), 0, "nobody");
        assertEq(escrow.creditOf(address(0)), 0, "not even the zero address");
        _assertFees(FEE);
    }

    /// @dev Whoever posts may be a party of what it posts.
    function test_AnAskerOrAWorkerMayPost() public {
        vm.txGasPrice(0);
        uint256 id = _answered(_submission(REWARD), 1);
        _settleFor(asker, id, 8e8, 0);
        assertEq(escrow.creditOf(asker), CREDIT - FEE - 80e18 + 0.1e18, "the asker");
        id = _answered(_submission(REWARD), 1);
        _settleFor(workers[0], id, 8e8, 0);
        assertEq(escrow.creditOf(workers[0]), 160e18 + 0.1e18, "the worker");
        _assertBooks();
    }

    /// @dev Pay is kept by address: posters that the escrow has no number for are not one account.
    function test_I03_PayOfPostersWithoutANumberIsTheirOwn() public {
        address other = address(0x07e4);
        vm.txGasPrice(0);
        _settleFor(POSTER, _answered(_submission(REWARD), 1), 8e8, 0);
        _settleFor(other, _answered(_submission(REWARD), 1), 8e8, 0);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.CreditWithdrawn(POSTER, POSTER, 0.04e18, 0.06e18);
        vm.prank(POSTER);
        escrow.withdrawCredit(POSTER, 0.04e18);
        assertEq(escrow.creditOf(POSTER), 0.06e18, "I-03 what is left");
        assertEq(escrow.creditOf(other), 0.1e18, "I-03 the other's");
        address nobody = address(0xdead);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, nobody, 0, 1));
        vm.prank(nobody);
        escrow.withdrawCredit(nobody, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, other, 0.1e18, 0.1e18 + 1)
        );
        vm.prank(other);
        escrow.withdrawCredit(other, 0.1e18 + 1);
        vm.prank(other);
        escrow.withdrawCredit(other, 0.1e18);
        vm.prank(POSTER);
        escrow.withdrawCredit(POSTER, 0.06e18);
        assertEq(escrow.creditOf(POSTER) + escrow.creditOf(other), 0, "I-03 to the wei");
        assertEq(masa.balanceOf(POSTER), 0.1e18, "paid out");
        _assertBooks();
    }

    /// @dev Nothing is lost if pay comes in again after some of it became credit.
    function test_PayIsAddedToPay() public {
        vm.txGasPrice(0);
        _settleFor(POSTER, _answered(_submission(REWARD), 1), 8e8, 0);
        _settleFor(POSTER, _answered(_submission(REWARD), 1), 8e8, 0);
        assertEq(escrow.creditOf(POSTER), 0.2e18, "twice");
        vm.prank(POSTER);
        escrow.withdrawCredit(POSTER, 0.15e18);
        _settleFor(POSTER, _answered(_submission(REWARD), 1), 8e8, 0);
        assertEq(escrow.creditOf(POSTER), 0.15e18, "what was left, and the third");
        vm.prank(POSTER);
        escrow.withdrawCredit(POSTER, 0.15e18);
        assertEq(masa.balanceOf(POSTER), 0.3e18, "all of it");
        _assertBooks();
    }

    function test_PayPosterIsBoundedByTheFeesThatWait() public {
        vm.startPrank(address(consensus));
        assertEq(escrow.payPoster(POSTER, 0), 0, "no fees, no pay");
        vm.stopPrank();
        uint256 id = _answered(_submission(REWARD), 1);
        _submit(asker, REWARD); // held, and nobody's to pay
        _settleAsConsensus(id, _one(_score(8e8)));
        vm.txGasPrice(0);
        vm.startPrank(address(consensus));
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.PosterPaid(POSTER, 0.1e18, 0.1e18);
        assertEq(escrow.payPoster(POSTER, 0), 0.1e18, "the bounty");
        _assertFees(FEE - 0.1e18);
        assertEq(escrow.payPoster(address(0), 0), 0, "no poster");
        vm.stopPrank();
        IRequestEscrow.PosterTerms memory p = _posterTerms();
        p.bounty = 1_000e18;
        escrow.setPosterTerms(p);
        vm.startPrank(address(consensus));
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.PosterPaid(POSTER, FEE - 0.1e18, 1_000e18);
        assertEq(escrow.payPoster(POSTER, 0), FEE - 0.1e18, "all that waits");
        assertEq(escrow.payPoster(POSTER, 0), 0, "and then nothing");
        vm.stopPrank();
        assertEq(escrow.creditOf(POSTER), FEE, "I-03 no more than there was");
        (, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(heldFees, SECOND_FEE, "I-03 held fees are left alone");
        assertEq(fees, 0, "I-03 none waits");
        assertEq(escrow.collectFees(), 0, "nothing is left to collect");
    }

    function test_FeesThatWereCollectedPayNobodyTwice() public {
        uint256 id = _answered(_submission(REWARD), 1);
        _settleAsConsensus(id, _one(_score(8e8)));
        escrow.collectFees();
        vm.prank(address(consensus));
        assertEq(escrow.payPoster(POSTER, 0), 0, "I-03 gone");
    }

    function _settleFor(address poster, uint256 id, uint32 quality, uint256 gasAtStart) private returns (uint256) {
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        return _settleAll(poster, ids, quality, gasAtStart);
    }

    function _settleAll(
        address poster,
        uint256[] memory ids,
        uint32 quality,
        uint256 gasAtStart
    ) private returns (uint256) {
        Results.Line[] memory lines = new Results.Line[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            lines[i] = Results.Line(ids[i], _one(_score(quality)));
        }
        bytes memory results = Results.encode(lines);
        vm.prank(address(consensus));
        return escrow.settle(poster, gasAtStart, results);
    }

    function _costIn(Vm.Log[] memory logs) private pure returns (uint256 cost) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IRequestEscrow.PosterPaid.selector) {
                (, cost) = abi.decode(logs[i].data, (uint256, uint256));
            }
        }
    }

    function _assertFees(uint256 fees) private view {
        (, , uint256 fees_) = escrow.totals();
        assertEq(fees_, fees, "I-03 the rest waits to be collected");
    }
}

/// @notice What a former worker has earned is its to spend.
contract EarningsTest is SettlementBed {
    address private former;

    function setUp() public override {
        super.setUp();
        former = workers[0];
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(9e8)));
        escrow.releaseBacking(former);
        vm.prank(former);
        registry.deregister();
        _register(former, NodeRole.Oracle, address(0), 0);
    }

    function test_EarningsPayForRequests() public {
        assertEq(escrow.creditOf(former), 90e18, "nothing but earnings");
        _submit(former, 50e18); // 0.5 + 0.0005
        assertEq(escrow.creditOf(former), 39.4995e18, "spent");
        (uint256 asAsker, uint256 asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0, "no credit");
        assertEq(uint96(asWorker), 39.4995e18, "out of earnings");
    }

    /// @dev Credit goes first.
    function test_CreditAndEarningsTogether() public {
        _deposit(former, 20e18);
        _submit(former, 50e18);
        (uint256 asAsker, uint256 asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0, "credit first");
        assertEq(uint96(asWorker), 59.4995e18, "then earnings");
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.CreditWithdrawn(former, former, 59e18, 0.4995e18);
        vm.prank(former);
        escrow.withdrawCredit(former, 59e18);
        _fund(former, 1e18);
        vm.startPrank(former);
        masa.approve(address(escrow), 1e18);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.Deposited(former, 1e18, 1.4995e18);
        escrow.deposit(1e18);
        vm.stopPrank();
        assertEq(escrow.creditOf(former), 1.4995e18, "both");
        _assertBooks();
    }

    /// @dev Credit, then pay as a poster, then earnings.
    function test_PayAsAPosterGoesBeforeEarnings() public {
        _deposit(former, 20e18);
        _payFor(former);
        assertEq(escrow.creditOf(former), 110.1e18, "all three");
        vm.startPrank(former);
        escrow.withdrawCredit(former, 20e18);
        (uint256 asAsker, uint256 asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0, "credit first, and to the wei");
        assertEq(escrow.creditOf(former), 90.1e18, "the pay is where it was");
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.CreditWithdrawn(former, former, 0.04e18, 90.06e18);
        escrow.withdrawCredit(former, 0.04e18);
        (asAsker, asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0.06e18, "the pay is credit now");
        assertEq(uint96(asWorker), 90e18, "no earnings yet");
        escrow.withdrawCredit(former, 1.06e18);
        (asAsker, asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0, "no credit");
        assertEq(uint96(asWorker), 89e18, "then earnings");
        vm.stopPrank();
        _assertBooks();
    }

    function test_PayAsAPosterPaysForRequests() public {
        _payFor(former);
        _fund(former, 1e18);
        vm.startPrank(former);
        masa.approve(address(escrow), 1e18);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.Deposited(former, 1e18, 91.1e18);
        escrow.deposit(1e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_InsufficientCredit.selector,
                former,
                91.1e18,
                91.1e18 + 1
            )
        );
        escrow.withdrawCredit(former, 91.1e18 + 1);
        vm.stopPrank();
        assertEq(escrow.creditOf(former), 91.1e18, "the refusal moves nothing");
        _submit(former, 50e18); // 0.5 + 0.0005
        assertEq(escrow.creditOf(former), 40.5995e18, "out of all three");
        (uint256 asAsker, uint256 asWorker, ) = escrow.wordsOf(former);
        assertEq(uint96(asAsker), 0, "credit and pay");
        assertEq(uint96(asWorker), 40.5995e18, "and earnings");
        _assertBooks();
    }

    /// @dev A bounty of 0.1 MASA to `poster`.
    function _payFor(address poster) private {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 1;
        uint256 id = _submit(asker, s);
        _commit(workers[1], id);
        bytes memory results = Results.encode(Results.Line(id, _one(_score(8e8))));
        vm.txGasPrice(0);
        vm.prank(address(consensus));
        assertEq(escrow.settle(poster, 0, results), 0.1e18, "the bounty");
    }

    function test_RevertGiven_MoreThanCreditAndEarnings() public {
        _deposit(former, 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_InsufficientCredit.selector,
                former,
                91e18,
                100e18 + FEE
            )
        );
        _submit(former, 100e18);
        vm.expectRevert(
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, former, 91e18, 91e18 + 1)
        );
        vm.prank(former);
        escrow.withdrawCredit(former, 91e18 + 1);
        vm.prank(former);
        escrow.withdrawCredit(former, 91e18);
        assertEq(escrow.creditOf(former), 0, "to the wei");
        _assertBooks();
    }
}
