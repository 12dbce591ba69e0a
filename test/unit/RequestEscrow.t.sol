// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {HostileTokenMock, ITransferHook} from "../../contracts/mocks/HostileTokenMock.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @dev One oracle node with credit and two workers, before the first roll.
abstract contract EscrowBed is MasaFixture {
    uint96 internal constant REWARD = 100e18;
    uint256 internal constant CREDIT = 1_000e18;
    uint256 internal constant WORKER_STAKE = 400_000e18;
    bytes4 internal constant OUT_OF_RANGE = IRequestEscrow.RequestEscrow_OutOfRange.selector;

    address internal asker;
    address internal worker;
    address internal rival;

    function setUp() public virtual override {
        super.setUp();
        asker = _registerOracle(1, 200_000e18, CREDIT);
        worker = _registerWorker(2, WORKER_STAKE);
        rival = _registerWorker(3, WORKER_STAKE);
    }

    function _reserved(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(masa)).reserved;
    }

    function _state(uint256 requestId) internal view returns (uint256) {
        return uint256(escrow.requestOf(requestId).state);
    }

    function _assertBooks() internal view {
        assertEq(
            masa.balanceOf(address(escrow)),
            escrow.totalCredit() + escrow.totalReserved(),
            "I-03 the escrow holds what it owes"
        );
    }
}

contract EscrowCreditTest is EscrowBed {
    function test_DepositBecomesCredit() public {
        address account = _account(9);
        _fund(account, 70);
        vm.startPrank(account);
        masa.approve(address(escrow), 70);
        escrow.deposit(30);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.Deposited(account, 40, 70);
        escrow.deposit(40);
        vm.stopPrank();
        assertEq(escrow.creditOf(account), 70, "credit");
        assertEq(escrow.totalCredit(), CREDIT + 70, "total");
        _assertBooks();
    }

    function test_RevertGiven_NothingToDeposit() public {
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAmount.selector);
        escrow.deposit(0);
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAmount.selector);
        escrow.depositWithPermit(0, 0, 27, 0, 0);
    }

    function test_RevertGiven_NoAllowance() public {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 5)
        );
        escrow.deposit(5);
        assertEq(escrow.creditOf(address(this)), 0, "no credit");
    }

    function test_DepositWithPermit() public {
        (address account, uint8 v, bytes32 r, bytes32 s) = _permit(50);
        vm.prank(account);
        escrow.depositWithPermit(50, START, v, r, s);
        assertEq(escrow.creditOf(account), 50, "credit");
        assertEq(masa.allowance(account, address(escrow)), 0, "allowance is used up");
        _assertBooks();
    }

    function test_ESC09_AFrontRunPermitStillDeposits() public {
        (address account, uint8 v, bytes32 r, bytes32 s) = _permit(50);
        vm.prank(address(0xbad));
        masa.permit(account, address(escrow), 50, START, v, r, s);
        vm.prank(account);
        escrow.depositWithPermit(50, START, v, r, s);
        assertEq(escrow.creditOf(account), 50, "ESC-09");
    }

    function test_ESC09_AWorthlessPermitGrantsNothing() public {
        (address account, uint8 v, bytes32 r, bytes32 s) = _permit(50);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 51)
        );
        vm.prank(account);
        escrow.depositWithPermit(51, START, v, r, s);
        // Nor may somebody else deposit the signer's tokens into their own credit.
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 50)
        );
        vm.prank(address(0xbad));
        escrow.depositWithPermit(50, START, v, r, s);
    }

    function test_WithdrawCredit() public {
        address to = _account(10);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.CreditWithdrawn(asker, to, 400e18, 600e18);
        vm.prank(asker);
        escrow.withdrawCredit(to, 400e18);
        assertEq(masa.balanceOf(to), 400e18, "paid");
        assertEq(escrow.creditOf(asker), 600e18, "left");
        vm.prank(asker);
        escrow.withdrawCredit(to, 600e18);
        assertEq(escrow.totalCredit(), 0, "nothing is left");
        _assertBooks();
    }

    function test_RevertGiven_MoreThanTheCredit() public {
        _submit(asker, REWARD); // what a request holds is no credit
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_InsufficientCredit.selector,
                asker,
                CREDIT - REWARD,
                CREDIT
            )
        );
        vm.prank(asker);
        escrow.withdrawCredit(asker, CREDIT);
    }

    function test_RevertGiven_WithdrawalToNobody() public {
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        vm.prank(asker);
        escrow.withdrawCredit(address(0), 1);
    }

    function test_ADonationBelongsToNobody() public {
        _fund(address(escrow), 7);
        assertEq(escrow.totalCredit(), CREDIT, "no credit moves");
        _deposit(worker, 5);
        assertEq(escrow.creditOf(worker), 5, "nor is it found by the next deposit");
    }

    function _permit(uint256 amount) private returns (address account, uint8 v, bytes32 r, bytes32 s) {
        account = vm.addr(0xa11ce);
        _fund(account, 1_000);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                account,
                address(escrow),
                amount,
                masa.nonces(account),
                uint256(START)
            )
        );
        (v, r, s) = vm.sign(0xa11ce, keccak256(abi.encodePacked(hex"1901", masa.DOMAIN_SEPARATOR(), structHash)));
    }
}

contract EscrowHostileTokenTest is EscrowBed, ITransferHook {
    HostileTokenMock private hostile;
    bytes private reentry;
    bytes private answer;
    bool private entered;

    function setUp() public override {
        super.setUp();
        vm.etch(address(masa), address(new HostileTokenMock()).code);
        hostile = HostileTokenMock(address(masa));
    }

    function onTransfer() external {
        if (entered || reentry.length == 0) return;
        entered = true;
        (, answer) = address(escrow).call(reentry);
    }

    function test_TOK01_ESC_FeeOnTransferIsRefused() public {
        hostile.setFee(100);
        _fundExactly(rival, 1_000);
        vm.startPrank(rival);
        masa.approve(address(escrow), 1_000);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_FeeOnTransfer.selector, 1_000, 990));
        escrow.deposit(1_000);
        vm.stopPrank();
        assertEq(escrow.creditOf(rival), 0, "no credit");
        _assertBooks();
    }

    function test_ESC08_NoEntryIsReenteredOnDeposit() public {
        bytes[3] memory entries = _guardedEntries();
        for (uint256 i; i < entries.length; ++i) {
            (reentry, entered, answer) = (entries[i], false, "");
            masa.approve(address(escrow), 100);
            hostile.setHooked(address(this), true);
            escrow.deposit(100);
            hostile.setHooked(address(this), false);
            assertTrue(entered, "the hook ran");
            assertEq(
                answer,
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "ESC-08"
            );
        }
        assertEq(escrow.creditOf(address(this)), 300, "ESC-08 credited once each");
        _assertBooks();
    }

    function test_ESC08_NoEntryIsReenteredOnPayout() public {
        masa.approve(address(escrow), 300);
        escrow.deposit(300);
        bytes[3] memory entries = _guardedEntries();
        for (uint256 i; i < entries.length; ++i) {
            (reentry, entered, answer) = (entries[i], false, "");
            hostile.setHooked(address(this), true);
            escrow.withdrawCredit(address(this), 100);
            hostile.setHooked(address(this), false);
            assertTrue(entered, "the hook ran");
            assertEq(
                answer,
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "ESC-08"
            );
        }
        assertEq(escrow.creditOf(address(this)), 0, "ESC-08 paid once each");
        _assertBooks();
    }

    /// @dev What the hook sees on payout: the books without the money that is on its way.
    function test_ESC08_TheBooksAreClosedBeforeThePayout() public {
        masa.approve(address(escrow), 300);
        escrow.deposit(300);
        reentry = abi.encodeCall(escrow.creditOf, (address(this)));
        hostile.setHooked(address(this), true);
        escrow.withdrawCredit(address(this), 300);
        assertEq(abi.decode(answer, (uint256)), 0, "ESC-08");
    }

    /// @dev A payout is credit: whoever is paid or refunded cannot hold up the report.
    function test_ESC08_SettlementMovesNoTokens() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        _commit(rival, id);
        hostile.setHooked(worker, true); // would revert: an account without code
        hostile.setHooked(asker, true);
        uint256 before = hostile.transfers();
        IRequestEscrow.RequestResult[] memory results = new IRequestEscrow.RequestResult[](1);
        uint32[] memory qualities = new uint32[](2);
        (qualities[0], qualities[1]) = (9e8, 1e8);
        results[0] = _result(id, qualities);
        vm.prank(address(consensus));
        escrow.settle(results);
        assertEq(hostile.transfers(), before, "ESC-08");
        assertEq(escrow.creditOf(worker), 90e18, "paid in credit");
    }

    function _guardedEntries() private view returns (bytes[3] memory) {
        return
            [
                abi.encodeCall(escrow.deposit, (1)),
                abi.encodeCall(escrow.depositWithPermit, (1, 0, 27, 0, 0)),
                abi.encodeCall(escrow.withdrawCredit, (address(this), 1))
            ];
    }

    function _fundExactly(address account, uint256 amount) private {
        uint256 fee = hostile.feeBps();
        hostile.setFee(0);
        _fund(account, amount);
        hostile.setFee(fee);
    }
}

contract EscrowSubmitTest is EscrowBed {
    function test_SubmitTakesTheRewardFromTheCredit() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.kind = IRequestEscrow.RequestKind.DataScrape;
        s.hasEvidence = true;
        s.maxResponses = 5;
        s.minQuality = 0.75e18;
        vm.warp(START + 100);
        IRequestEscrow.Request memory expected = IRequestEscrow.Request({
            asker: asker,
            submittedAt: uint40(START + 100),
            state: IRequestEscrow.RequestState.Open,
            kind: IRequestEscrow.RequestKind.DataScrape,
            hasEvidence: true,
            maxResponses: 5,
            responses: 0,
            baseReward: REWARD,
            minQuality: 0.75e18,
            responseDeadline: uint40(START + 100 + 5 minutes),
            scoringDeadline: uint40(START + 100 + 25 minutes),
            terms: 0
        });
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestSubmitted(1, asker, s.payloadHash, expected);
        assertEq(_submit(asker, s), 1, "first id");
        assertEq(keccak256(abi.encode(escrow.requestOf(1))), keccak256(abi.encode(expected)), "stored");
        assertEq(escrow.creditOf(asker), CREDIT - REWARD, "credit");
        assertEq(escrow.totalCredit(), CREDIT - REWARD, "total credit");
        assertEq(escrow.totalReserved(), REWARD, "reserved");
        assertEq(_submit(asker, s), 2, "second id");
        assertEq(escrow.requestCount(), 2, "count");
        assertEq(escrow.commitmentsOf(1).length, 0, "no answers yet");
        _assertBooks();
    }

    function test_RevertGiven_ASubmissionOutOfBounds() public {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.minBaseReward = 10;
        escrow.setRequestLimits(limits);
        IRequestEscrow.Submission memory s = _submission(9);
        _expectOutOfRange(s, "baseReward", 9, 10, type(uint96).max);
        s = _submission(REWARD);
        s.responseWindow = 9;
        _expectOutOfRange(s, "responseWindow", 9, 10, 30 minutes);
        s.responseWindow = 30 minutes + 1;
        _expectOutOfRange(s, "responseWindow", 30 minutes + 1, 10, 30 minutes);
        s = _submission(REWARD);
        s.scoringWindow = 29;
        _expectOutOfRange(s, "scoringWindow", 29, 30, 1 hours);
        s.scoringWindow = 1 hours + 1;
        _expectOutOfRange(s, "scoringWindow", 1 hours + 1, 30, 1 hours);
        s = _submission(REWARD);
        s.maxResponses = 0;
        _expectOutOfRange(s, "maxResponses", 0, 1, 8);
        s.maxResponses = 9;
        _expectOutOfRange(s, "maxResponses", 9, 1, 8);
        s = _submission(REWARD);
        s.minQuality = 0.6e18 - 1;
        _expectOutOfRange(s, "minQuality", 0.6e18 - 1, 0.6e18, 0.8e18);
        s.minQuality = 0.8e18 + 1;
        _expectOutOfRange(s, "minQuality", 0.8e18 + 1, 0.6e18, 0.8e18);
    }

    function test_TheBoundsThemselvesAreInside() public {
        IRequestEscrow.Submission memory s = _submission(1);
        (s.responseWindow, s.scoringWindow, s.maxResponses, s.minQuality) = (10, 30, 1, 0.6e18);
        _submit(asker, s);
        (s.responseWindow, s.scoringWindow, s.maxResponses, s.minQuality) = (30 minutes, 1 hours, 8, 0.8e18);
        s.baseReward = uint96(CREDIT - 1);
        _submit(asker, s);
        assertEq(escrow.creditOf(asker), 0, "all of the credit");
    }

    function test_RevertGiven_TooLittleCredit() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, asker, CREDIT, CREDIT + 1)
        );
        _submit(asker, uint96(CREDIT + 1));
    }

    function test_RevertGiven_NoOracleNode() public {
        address[2] memory others = [worker, _account(77)];
        for (uint256 i; i < others.length; ++i) {
            _deposit(others[i], REWARD);
            vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, others[i]));
            _submit(others[i], REWARD);
        }
    }

    function test_RevertGiven_AnOracleNodeMarkedShort() public {
        _unbond(asker, 200_000e18);
        _submit(asker, REWARD); // its epoch of grace
        _warpTo(2);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, asker));
        _submit(asker, REWARD);
    }

    function _expectOutOfRange(
        IRequestEscrow.Submission memory s,
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private {
        vm.expectRevert(abi.encodeWithSelector(OUT_OF_RANGE, name, value, least, most));
        _submit(asker, s);
    }
}

contract EscrowCommitTest is EscrowBed {
    bytes32 private constant C = keccak256("commitment");

    function test_CommitReservesTheSlash() public {
        uint256 id = _submit(asker, REWARD);
        vm.warp(START + 60);
        bytes32 commitment = escrow.commitmentOf(id, worker, 1, bytes32("salt"), keccak256("answer"));
        assertEq(
            commitment,
            keccak256(abi.encode(id, worker, uint32(1), bytes32("salt"), keccak256("answer"))),
            "what a worker commits to"
        );
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResponseCommitted(id, worker, 0, 1, commitment);
        assertEq(_commit(worker, id), 0, "index");
        assertEq(_commit(rival, id), 1, "index");
        assertEq(_reserved(worker), 50e18, "kappa of R_base");
        assertEq(escrow.requestOf(id).responses, 2, "responses");
        IRequestEscrow.Commitment[] memory commitments = escrow.commitmentsOf(id);
        assertEq(commitments[0].worker, worker, "worker");
        assertEq(commitments[0].committedAt, START + 60, "time");
        assertEq(commitments[0].nonce, 1, "nonce");
        assertEq(commitments[1].worker, rival, "rival");
    }

    function test_RevertGiven_AnEmptyCommitment() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(IRequestEscrow.RequestEscrow_EmptyCommitment.selector);
        vm.prank(worker);
        escrow.commit(id, 0);
    }

    function test_RevertGiven_NoSuchRequest() public {
        bytes memory unknown = abi.encodeWithSelector(IRequestEscrow.RequestEscrow_UnknownRequest.selector, 1);
        vm.expectRevert(unknown);
        escrow.commit(1, C);
        vm.expectRevert(unknown);
        escrow.cancel(1);
        vm.expectRevert(unknown);
        escrow.close(1);
    }

    function test_RevertGiven_ItIsNotOpen() public {
        uint256 id = _submit(asker, REWARD);
        vm.prank(asker);
        escrow.cancel(id);
        bytes memory notOpen = abi.encodeWithSelector(
            IRequestEscrow.RequestEscrow_NotOpen.selector,
            id,
            IRequestEscrow.RequestState.Cancelled
        );
        vm.expectRevert(notOpen);
        vm.prank(worker);
        escrow.commit(id, C);
        vm.expectRevert(notOpen);
        vm.prank(asker);
        escrow.cancel(id);
        vm.expectRevert(notOpen);
        escrow.close(id);
    }

    function test_TheResponseDeadlineIsTheLastSecond() public {
        uint256 id = _submit(asker, REWARD);
        vm.warp(START + 5 minutes);
        _commit(worker, id);
        vm.warp(START + 5 minutes + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_ResponsesClosed.selector,
                id,
                START + 5 minutes,
                START + 5 minutes + 1
            )
        );
        vm.prank(rival);
        escrow.commit(id, C);
    }

    function test_RevertGiven_ResponsesAreFull() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        _commit(rival, id);
        address third = _registerWorker(4, WORKER_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_ResponsesFull.selector, id, 2));
        vm.prank(third);
        escrow.commit(id, C);
    }

    function test_RevertGiven_ASecondAnswerOfOneWorker() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 4;
        uint256 id = _submit(asker, s);
        _commit(rival, id);
        _commit(worker, id);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_AlreadyCommitted.selector, id, worker));
        vm.prank(worker);
        escrow.commit(id, C);
        assertEq(_reserved(worker), 50e18, "reserved once");
    }

    function test_RevertGiven_NoWorker() public {
        uint256 id = _submit(asker, REWARD);
        address[2] memory others = [asker, _account(77)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, others[i]));
            vm.prank(others[i]);
            escrow.commit(id, C);
        }
    }

    function test_RevertGiven_TooLittleFreeStake() public {
        uint256 id = _submit(asker, REWARD);
        _unbond(worker, WORKER_STAKE - 50e18 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, worker, 50e18 - 1, 50e18)
        );
        vm.prank(worker);
        escrow.commit(id, C);
    }

    /// @dev Two requests, one stake that covers the slash of one only.
    function test_OneStakeBacksOneAnswer() public {
        _unbond(worker, WORKER_STAKE - 50e18);
        uint256 first = _submit(asker, REWARD);
        uint256 second = _submit(asker, 1);
        _commit(worker, first);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, worker, 0, 1));
        vm.prank(worker);
        escrow.commit(second, C);
    }
}

contract EscrowExitTest is EscrowBed {
    function test_CancelRefunds() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Cancelled, REWARD);
        vm.prank(asker);
        escrow.cancel(id);
        _assertRefunded(id, IRequestEscrow.RequestState.Cancelled);
    }

    function test_RevertGiven_CancelBySomebodyElse() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotAsker.selector, id, worker));
        vm.prank(worker);
        escrow.cancel(id);
    }

    function test_ESC02_NoCancelOnceSomebodyAnswered() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_HasResponses.selector, id, 1));
        vm.prank(asker);
        escrow.cancel(id);
    }

    function test_ExpiresUnanswered() public {
        uint256 id = _submit(asker, REWARD);
        vm.warp(START + 5 minutes);
        _expectTooEarly(id, START + 5 minutes);
        vm.warp(START + 5 minutes + 1);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Expired, REWARD);
        vm.prank(address(0xCAFE)); // anyone
        escrow.close(id);
        _assertRefunded(id, IRequestEscrow.RequestState.Expired);
    }

    function test_GoesUnscoredWithoutAReport() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        _commit(rival, id);
        vm.warp(START + 25 minutes);
        _expectTooEarly(id, START + 25 minutes);
        vm.warp(START + 25 minutes + 1);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Unscored, REWARD);
        vm.prank(address(0xCAFE));
        escrow.close(id);
        _assertRefunded(id, IRequestEscrow.RequestState.Unscored);
        assertEq(vault.stakeUnitsOf(worker), WORKER_STAKE, "nobody is slashed");
        assertEq(vault.stakeUnitsOf(rival), WORKER_STAKE, "nobody is slashed");
        assertEq(_reserved(worker) + _reserved(rival), 0, "reservations are released");
    }

    function test_AnAnsweredRequestDoesNotExpire() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        vm.warp(START + 5 minutes + 1);
        _expectTooEarly(id, START + 25 minutes);
    }

    /// @dev Reservations are released by the terms of the request, whatever the terms are by then.
    function test_ATermsChangeLeavesOpenRequestsAlone() public {
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.slashShare = ud2x18(0.9e18);
        escrow.setMarketTerms(terms);
        uint256 newer = _submit(asker, REWARD);
        assertEq(escrow.requestOf(id).terms, 0, "old terms");
        assertEq(escrow.requestOf(newer).terms, 1, "new terms");
        _commit(rival, id);
        assertEq(_reserved(rival), 50e18, "old kappa");
        _commit(worker, newer);
        assertEq(_reserved(worker), 140e18, "old and new kappa");
        vm.warp(START + 25 minutes + 1);
        escrow.close(id);
        assertEq(_reserved(rival), 0, "released");
        assertEq(_reserved(worker), 90e18, "released");
        escrow.close(newer);
        assertEq(_reserved(worker), 0, "released");
    }

    function _expectTooEarly(uint256 id, uint256 closesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooEarly.selector, id, closesAt, block.timestamp)
        );
        escrow.close(id);
    }

    function _assertRefunded(uint256 id, IRequestEscrow.RequestState state) private view {
        assertEq(_state(id), uint256(state), "state");
        assertEq(escrow.creditOf(asker), CREDIT, "refunded to the wei");
        assertEq(escrow.totalReserved(), 0, "nothing reserved");
        _assertBooks();
    }
}

contract EscrowOwnerTest is EscrowBed {
    function test_RevertGiven_ZeroAddressAtDeployment() public {
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        new RequestEscrow(address(this), IERC20(address(0)), registry, vault, _marketTerms(), _requestLimits());
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        new RequestEscrow(address(this), masa, INodeRegistry(address(0)), vault, _marketTerms(), _requestLimits());
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        new RequestEscrow(address(this), masa, registry, IStakeVault(address(0)), _marketTerms(), _requestLimits());
    }

    function test_WireNamesTheConsensusOnce() public {
        RequestEscrow fresh = new RequestEscrow(address(this), masa, registry, vault, _marketTerms(), _requestLimits());
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.registry()), address(registry), "registry");
        assertEq(address(fresh.vault()), address(vault), "vault");
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        fresh.wire(address(0));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, asker));
        vm.prank(asker);
        fresh.wire(asker);
        vm.expectEmit(address(fresh));
        emit IRequestEscrow.Wired(address(consensus));
        fresh.wire(address(consensus));
        assertEq(fresh.consensus(), address(consensus), "wired");
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_AlreadyWired.selector, address(consensus)));
        fresh.wire(asker);
    }

    function test_ESC02_NobodyButTheConsensusSettles() public {
        IRequestEscrow.RequestResult[] memory none = new IRequestEscrow.RequestResult[](0);
        address[3] memory others = [asker, worker, address(this)]; // this: the owner
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotConsensus.selector, others[i]));
            vm.prank(others[i]);
            escrow.settle(none);
        }
    }

    function test_SetMarketTerms() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(0.5e18);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.MarketTermsSet(1, terms);
        escrow.setMarketTerms(terms);
        assertEq(escrow.currentTerms(), 1, "index");
        assertEq(keccak256(abi.encode(escrow.marketTermsOf(1))), keccak256(abi.encode(terms)), "new");
        assertEq(keccak256(abi.encode(escrow.marketTermsOf(0))), keccak256(abi.encode(_marketTerms())), "old");
    }

    function test_SLA11_RevertGiven_TermsOutOfBounds() public {
        IRequestEscrow.MarketTerms memory t = _marketTerms();
        t.qualityThreshold = ud2x18(0);
        _expectTerms(t, "qualityThreshold", 0, 1, WAD - 1);
        t.qualityThreshold = ud2x18(1e18);
        _expectTerms(t, "qualityThreshold", WAD, 1, WAD - 1);
        t = _marketTerms();
        t.slashShare = ud2x18(0);
        _expectTerms(t, "slashShare", 0, 1, WAD - 1);
        t.slashShare = ud2x18(1e18);
        _expectTerms(t, "slashShare", WAD, 1, WAD - 1);
        t = _marketTerms();
        t.maxMargin = ud2x18(0.4e18);
        _expectTerms(t, "maxMargin", 0.4e18, 0, 0.4e18 - 1);
        t = _marketTerms();
        (t.weightRelevance, t.weightCoherence) = (ud2x18(0), ud2x18(0));
        (t.weightFactual, t.weightResponseTime) = (ud2x18(1e18), ud2x18(0));
        _expectTerms(t, "weightFactual", WAD, 0, WAD - 1);
    }

    function test_RevertGiven_WeightsThatDoNotSumToOne() public {
        IRequestEscrow.MarketTerms memory t = _marketTerms();
        t.weightCoherence = ud2x18(0.2e18 + 1);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_WeightsDoNotSumToOne.selector, WAD + 1));
        escrow.setMarketTerms(t);
        t.weightCoherence = ud2x18(0.2e18 - 1);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_WeightsDoNotSumToOne.selector, WAD - 1));
        escrow.setMarketTerms(t);
        assertEq(escrow.currentTerms(), 0, "nothing changed");
    }

    function test_TheBoundsOfTermsAreInside() public {
        IRequestEscrow.MarketTerms memory t = _marketTerms();
        (t.qualityThreshold, t.slashShare, t.maxMargin) = (ud2x18(1), ud2x18(1), ud2x18(1e18 - 2));
        (t.weightRelevance, t.weightCoherence) = (ud2x18(1), ud2x18(0));
        (t.weightFactual, t.weightResponseTime) = (ud2x18(1e18 - 1), ud2x18(0));
        escrow.setMarketTerms(t);
        (t.qualityThreshold, t.slashShare, t.maxMargin) = (ud2x18(1e18 - 1), ud2x18(1e18 - 1), ud2x18(0));
        escrow.setMarketTerms(t);
        assertEq(escrow.currentTerms(), 2, "two changes");
    }

    function test_SetRequestLimits() public {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        (limits.minBaseReward, limits.maxResponses) = (type(uint96).max, 16);
        // Windows together as long as the way to a slash allows: 4 hours less the appeal.
        (limits.maxResponseWindow, limits.maxScoringWindow) = (1 hours, 2 hours);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestLimitsSet(_requestLimits(), limits);
        escrow.setRequestLimits(limits);
        assertEq(keccak256(abi.encode(escrow.requestLimits())), keccak256(abi.encode(limits)), "stored");
    }

    function test_RevertGiven_LimitsOutOfBounds() public {
        IRequestEscrow.RequestLimits memory l = _requestLimits();
        l.minBaseReward = 0;
        _expectLimits(l, "minBaseReward", 0, 1, type(uint96).max);
        l = _requestLimits();
        l.maxResponses = 0;
        _expectLimits(l, "maxResponses", 0, 1, 16);
        l.maxResponses = 17;
        _expectLimits(l, "maxResponses", 17, 1, 16);
        l = _requestLimits();
        l.minResponseWindow = 0;
        _expectLimits(l, "minResponseWindow", 0, 1, 30 minutes);
        l.minResponseWindow = 30 minutes + 1;
        _expectLimits(l, "minResponseWindow", 30 minutes + 1, 1, 30 minutes);
        l = _requestLimits();
        l.minScoringWindow = 0;
        _expectLimits(l, "minScoringWindow", 0, 1, 1 hours);
        l.minScoringWindow = 1 hours + 1;
        _expectLimits(l, "minScoringWindow", 1 hours + 1, 1, 1 hours);
        l = _requestLimits();
        (l.maxResponseWindow, l.maxScoringWindow) = (1 hours + 1, 2 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_WindowsTooLong.selector,
                3 hours + 1,
                OFFENCE_PATH - APPEAL
            )
        );
        escrow.setRequestLimits(l);
    }

    function test_I16_SettersRefuseEverybodyElse() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, asker);
        vm.startPrank(asker);
        vm.expectRevert(refused);
        escrow.setMarketTerms(_marketTerms());
        vm.expectRevert(refused);
        escrow.setRequestLimits(_requestLimits());
        vm.expectRevert(refused);
        escrow.wire(asker);
        vm.stopPrank();
    }

    function _expectTerms(
        IRequestEscrow.MarketTerms memory t,
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private {
        vm.expectRevert(abi.encodeWithSelector(OUT_OF_RANGE, name, value, least, most));
        escrow.setMarketTerms(t);
    }

    function _expectLimits(
        IRequestEscrow.RequestLimits memory l,
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private {
        vm.expectRevert(abi.encodeWithSelector(OUT_OF_RANGE, name, value, least, most));
        escrow.setRequestLimits(l);
    }
}
