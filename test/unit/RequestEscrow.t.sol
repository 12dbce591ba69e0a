// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IFeeCurve} from "../../contracts/interfaces/IFeeCurve.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {HostileTokenMock, ITransferHook} from "../../contracts/mocks/HostileTokenMock.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {Results} from "../support/Results.sol";

/// @dev One oracle node with credit and two workers, before the first roll.
abstract contract EscrowBed is MasaFixture {
    uint96 internal constant REWARD = 100e18;
    /// @dev EQ-08 of the first 100 MASA of an epoch: 1 % and 0.04·100²/(2·100,000); and of the second.
    uint256 internal constant FEE = 1.002e18;
    uint256 internal constant SECOND_FEE = 1.006e18;
    uint256 internal constant COST = REWARD + FEE;
    uint256 internal constant CREDIT = 1_000e18;
    uint256 internal constant WORKER_STAKE = 400_000e18;
    bytes4 internal constant OUT_OF_RANGE = IRequestEscrow.RequestEscrow_OutOfRange.selector;
    bytes4 internal constant UNAUTHORISED = IModuleRights.ModuleRights_Unauthorised.selector;
    uint16 internal constant RIGHT_COMMIT = 4;
    uint16 internal constant RIGHT_ASK = 8;
    uint16 internal constant ALL_RIGHTS = 31;

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
        return vault.exposureOf(account).reserved;
    }

    function _newEscrow() internal returns (RequestEscrow) {
        return _newEscrow(_requestLimits());
    }

    function _newEscrow(IRequestEscrow.RequestLimits memory limits) internal returns (RequestEscrow) {
        return
            new RequestEscrow(
                address(this),
                masa,
                clock,
                registry,
                standing,
                vault,
                feeCurve,
                _marketTerms(),
                limits,
                _posterTerms()
            );
    }

    function _unauthorised(address caller, uint256 activeFrom) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(UNAUTHORISED, bytes32("SETTLE"), caller, activeFrom);
    }

    function _notAuthorised(address caller, uint16 right) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorised.selector, caller, right);
    }

    function _notEligible(address account) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotEligible.selector, account);
    }

    /// @dev A key of `account` with `rights`.
    function _operator(address account, uint256 privateKey, uint16 rights) internal returns (address key) {
        key = vm.addr(privateKey);
        keyOf[key] = privateKey;
        _setOperator(account, key, rights);
    }

    function _state(uint256 requestId) internal view returns (uint256) {
        return uint256(escrow.requestOf(requestId).state);
    }

    /// @dev What the open commitments of a worker may cost, and what is reserved in the vault for them and for more.
    function _behind(address account) internal view returns (uint256 openSlash, uint256 backing) {
        (, uint256 word, ) = escrow.wordsOf(account);
        return (uint256(uint56(word >> 136)) * UNIT, (word >> 192) * UNIT);
    }

    function _openSlash(address account) internal view returns (uint256 openSlash) {
        (openSlash, ) = _behind(account);
    }

    function _assertBooks() internal view {
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        address[6] memory holders = [asker, worker, rival, address(this), vm.addr(0xa11ce), _account(9)];
        uint256 credit;
        for (uint256 i; i < holders.length; ++i) {
            credit += escrow.creditOf(holders[i]);
        }
        assertEq(
            masa.balanceOf(address(escrow)),
            credit + reserved + heldFees + fees,
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
        assertEq(escrow.creditOf(asker), 0, "nothing is left");
        _assertBooks();
    }

    function test_RevertGiven_MoreThanTheCredit() public {
        _submit(asker, REWARD); // what a request holds is no credit
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_InsufficientCredit.selector,
                asker,
                CREDIT - COST,
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

    function test_RevertGiven_NothingToWithdraw() public {
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAmount.selector);
        vm.prank(asker);
        escrow.withdrawCredit(asker, 0);
    }

    /// @dev An account that the market has never seen has no number, and nothing to take.
    function test_RevertGiven_AnUnknownAccountWithdraws() public {
        address nobody = _account(77);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, nobody, 0, 1));
        vm.prank(nobody);
        escrow.withdrawCredit(nobody, 1);
    }

    function test_ADonationBelongsToNobody() public {
        _fund(address(escrow), 7);
        assertEq(escrow.creditOf(asker), CREDIT, "no credit moves");
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

/// @dev Passes a call back on.
contract HookRelay is ITransferHook {
    ITransferHook private immutable _to;

    constructor(ITransferHook to) {
        _to = to;
    }

    function onTransfer() external {
        _to.onTransfer();
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
        bytes[4] memory entries = _guardedEntries();
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
        assertEq(escrow.creditOf(address(this)), 400, "ESC-08 credited once each");
        _assertBooks();
    }

    function test_ESC08_NoEntryIsReenteredOnPayout() public {
        masa.approve(address(escrow), 400);
        escrow.deposit(400);
        bytes[4] memory entries = _guardedEntries();
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
        Results.Line[] memory results = new Results.Line[](1);
        uint32[] memory qualities = new uint32[](2);
        (qualities[0], qualities[1]) = (9e8, 1e8);
        results[0] = _result(id, qualities);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
        assertEq(hostile.transfers(), before, "ESC-08");
        assertEq(escrow.creditOf(worker), 90e18, "paid in credit");
    }

    /// @dev The fee pool, if it were to call back on what it receives.
    function test_ESC08_NoEntryIsReenteredOnCollectingFees() public {
        vm.etch(address(feePool), address(new HookRelay(this)).code);
        bytes[4] memory entries = _guardedEntries();
        for (uint256 i; i < entries.length; ++i) {
            uint256 id = _submit(asker, REWARD);
            _commit(worker, id);
            _commit(rival, id);
            uint32[] memory qualities = new uint32[](2);
            vm.prank(address(consensus));
            escrow.settle(address(0), 0, Results.encode(_result(id, qualities)));
            uint256 fee = escrow.requestOf(id).fee;
            (reentry, entered, answer) = (entries[i], false, "");
            hostile.setHooked(address(feePool), true);
            assertEq(escrow.collectFees(), fee, "ESC-08 collected once");
            hostile.setHooked(address(feePool), false);
            assertTrue(entered, "the hook ran");
            assertEq(
                answer,
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "ESC-08"
            );
        }
        _assertBooks();
    }

    function _guardedEntries() private view returns (bytes[4] memory) {
        return
            [
                abi.encodeCall(escrow.deposit, (1)),
                abi.encodeCall(escrow.depositWithPermit, (1, 0, 27, 0, 0)),
                abi.encodeCall(escrow.withdrawCredit, (address(this), 1)),
                abi.encodeCall(escrow.collectFees, ())
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
    uint96 private constant UNIT_REWARD = 1e9;

    function test_SubmitTakesRewardAndFeeFromTheCredit() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        (s.kind, s.hasEvidence, s.maxResponses, s.minQuality) = (2, true, 5, 0.75e18);
        vm.warp(START + 100);
        _expectSubmitted(s, FEE);
        assertEq(_submit(asker, s), 1, "first id");
        IRequestEscrow.Request memory expected = IRequestEscrow.Request({
            asker: asker,
            state: IRequestEscrow.RequestState.Open,
            kind: 2,
            hasEvidence: true,
            maxResponses: 5,
            responses: 0,
            baseReward: REWARD,
            fee: uint96(FEE),
            minQuality: 0.75e18,
            responseDeadline: uint40(START + 100 + 5 minutes),
            scoringDeadline: uint40(START + 100 + 25 minutes),
            terms: 0
        });
        assertEq(keccak256(abi.encode(escrow.requestOf(1))), keccak256(abi.encode(expected)), "stored");
        assertEq(escrow.creditOf(asker), CREDIT - COST, "credit");
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved, REWARD, "reserved");
        assertEq(heldFees, FEE, "fee held with the request");
        assertEq(fees, 0, "none to be collected");
        assertEq(_submit(asker, s), 2, "second id");
        assertEq(escrow.requestCount(), 2, "count");
        assertEq(escrow.workersOf(1).length, 0, "no answers yet");
        _assertBooks();
    }

    function test_NoRequestIsAllZeros() public view {
        IRequestEscrow.Request memory none;
        assertEq(keccak256(abi.encode(escrow.requestOf(0))), keccak256(abi.encode(none)), "zero");
        assertEq(keccak256(abi.encode(escrow.requestOf(1))), keccak256(abi.encode(none)), "not yet");
    }

    /// @dev Everything at the far end of its field at once comes back as it went in.
    function test_ARequestKeepsTheLargestValues() public {
        escrow.setRequestKinds(type(uint24).max, 0);
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.maxResponses = 16;
        escrow.setRequestLimits(limits);
        uint256 most = (2 ** 48 - 1) * UNIT;
        _deposit(asker, 300_000e18);
        IRequestEscrow.Submission memory s = _submission(uint96(most));
        (s.kind, s.hasEvidence, s.maxResponses, s.minQuality) = (23, true, 16, 0.8e18);
        (s.responseWindow, s.scoringWindow) = (30 minutes, 1 hours);
        IRequestEscrow.Request memory r = escrow.requestOf(_submit(asker, s));
        assertEq(r.baseReward, most, "reward");
        assertEq(r.kind, 23, "kind");
        assertEq(r.maxResponses, 16, "responses");
        assertEq(r.minQuality, 0.8e18, "minQuality");
        assertEq(r.scoringDeadline, START + 90 minutes, "deadlines");
        // 3,000 below the reference at 3 % on average, and 5 % of what is beyond.
        assertEq(r.fee, 3_000e18 + 9_073_748_835_533e9, "fee");
        _assertBooks();
    }

    function test_RevertGiven_ASubmissionOutOfBounds() public {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.minBaseReward = 10e9;
        escrow.setRequestLimits(limits);
        uint256 most = (2 ** 48 - 1) * UNIT;
        IRequestEscrow.Submission memory s = _submission(9e9);
        _expectOutOfRange(s, "baseReward", 9e9, 10e9, most);
        s.baseReward = uint96(most + UNIT);
        _expectOutOfRange(s, "baseReward", most + UNIT, 10e9, most);
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

    function test_RevertGiven_ARewardThatIsNotWhole() public {
        uint96[3] memory rewards = [uint96(1), 1e9 + 1, REWARD - 1];
        for (uint256 i; i < rewards.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IRequestEscrow.RequestEscrow_NotWhole.selector,
                    bytes32("baseReward"),
                    rewards[i],
                    UNIT
                )
            );
            _submit(asker, rewards[i]);
        }
    }

    /// @dev A margin above τ is kept in steps of 1e14, and never says less than what was asked for.
    function test_MinQualityRoundsUpToAStep() public {
        uint64[6] memory asked = [0.6e18, 0.6e18 + 1, 0.6001e18, 0.6001e18 + 1, 0.8e18 - 1, 0.8e18];
        uint64[6] memory kept = [0.6e18, 0.6001e18, 0.6001e18, 0.6002e18, 0.8e18, 0.8e18];
        for (uint256 i; i < asked.length; ++i) {
            IRequestEscrow.Submission memory s = _submission(UNIT_REWARD);
            s.minQuality = asked[i];
            vm.expectEmit(address(escrow));
            emit IRequestEscrow.RequestSubmitted(
                i + 1,
                asker,
                s.payloadHash,
                kept[i],
                _packed(s, 0.001e18, (kept[i] - 0.6e18) / 1e14)
            );
            assertEq(escrow.requestOf(_submit(asker, s)).minQuality, kept[i], "D11 rounded up");
        }
    }

    /// @dev A threshold that is no multiple of a step of the margin is the base of the steps all the same.
    function test_StepsBeginAtTau() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(0.6e18 + 7e9);
        escrow.setMarketTerms(terms);
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.minQuality = 0.6e18 + 7e9;
        assertEq(escrow.requestOf(_submit(asker, s)).minQuality, 0.6e18 + 7e9, "no margin");
        s.minQuality = 0.65e18;
        assertEq(escrow.requestOf(_submit(asker, s)).minQuality, 0.65e18 + 7e9, "500 steps above");
        s.minQuality = 0.6e18 + 7e9 - 1;
        _expectOutOfRange(s, "minQuality", 0.6e18 + 7e9 - 1, 0.6e18 + 7e9, 0.8e18 + 7e9);
    }

    function test_TheBoundsThemselvesAreInside() public {
        IRequestEscrow.Submission memory s = _submission(UNIT_REWARD);
        (s.responseWindow, s.scoringWindow, s.maxResponses, s.minQuality) = (10, 30, 1, 0.6e18);
        _submit(asker, s);
        (s.responseWindow, s.scoringWindow, s.maxResponses, s.minQuality) = (30 minutes, 1 hours, 8, 0.8e18);
        s.baseReward = REWARD;
        // The fee of 100 MASA after a UNIT: 4e4 wei more than that of the first, which is a UNIT when rounded up.
        uint256 left = COST + UNIT;
        vm.prank(asker);
        escrow.withdrawCredit(asker, CREDIT - 0.001e18 - UNIT_REWARD - left);
        _submit(asker, s);
        assertEq(escrow.creditOf(asker), 0, "all of the credit");
    }

    function test_RevertGiven_TooLittleCredit() public {
        // 1,000 MASA: 10 and 0.04·1,000²/200,000
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_InsufficientCredit.selector,
                asker,
                CREDIT,
                CREDIT + 10.2e18
            )
        );
        _submit(asker, uint96(CREDIT));
    }

    function test_RevertGiven_AKindThatIsNotOpen() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        uint8[4] memory closed = [3, 23, 24, 255];
        for (uint256 i; i < closed.length; ++i) {
            s.kind = closed[i];
            vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_KindNotOpen.selector, closed[i]));
            _submit(asker, s);
        }
    }

    /// @dev Governance opens and closes kinds; what is open stays what it is.
    function test_KindsOpenAndClose() public {
        (uint24 open, uint24 data) = escrow.requestKinds();
        assertEq(open, 7, "completion, query, scrape");
        assertEq(data, 6, "the last two are of data");
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.kind = 1;
        uint256 before = _submit(asker, s);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestKindsSet(7, 6, 0x800005, 4);
        escrow.setRequestKinds(0x800005, 4);
        (open, data) = escrow.requestKinds();
        assertEq(open, 0x800005, "opened");
        assertEq(data, 4, "of data");
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_KindNotOpen.selector, 1));
        _submit(asker, s);
        s.kind = 23;
        assertEq(escrow.requestOf(_submit(asker, s)).kind, 23, "the new one");
        assertEq(escrow.requestOf(before).kind, 1, "an open request is left alone");
        assertEq(_commit(worker, before), 0, "and answered");
    }

    function test_RevertGiven_NoOracleNode() public {
        _deposit(worker, REWARD);
        vm.expectRevert(_notEligible(worker));
        _submit(worker, REWARD);
        address nobody = _account(77);
        _deposit(nobody, REWARD);
        vm.expectRevert(_notAuthorised(nobody, RIGHT_ASK));
        _submit(nobody, REWARD);
    }

    function test_RevertGiven_AnOracleNodeMarkedShort() public {
        _unbond(asker, 200_000e18);
        _submit(asker, REWARD); // begins its grace, which ends with the next epoch
        _rollTo(1);
        _submit(asker, REWARD);
        _rollTo(2);
        vm.expectRevert(_notEligible(asker));
        _submit(asker, REWARD);
    }

    /// @dev The first request of `asker`, at this second.
    function _expectSubmitted(IRequestEscrow.Submission memory s, uint256 fee) private {
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestSubmitted(
            1,
            asker,
            s.payloadHash,
            s.minQuality,
            _packed(s, fee, (s.minQuality - 0.6e18) / 1e14)
        );
    }

    /// @dev The word of a request that the first account of the escrow submits now, under the first terms.
    function _packed(
        IRequestEscrow.Submission memory s,
        uint256 fee,
        uint256 marginSteps
    ) private view returns (uint256 word) {
        word = uint256(IRequestEscrow.RequestState.Open) + (uint256(s.kind) << 3) + (s.hasEvidence ? 1 << 8 : 0);
        word += (uint256(s.maxResponses) - 1) << 9;
        word += (marginSteps << 30) + (1 << 44) + ((block.timestamp + s.responseWindow) << 108);
        word += (uint256(s.scoringWindow) << 140) + (uint256(s.baseReward / UNIT) << 160) + ((fee / UNIT) << 208);
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
        assertEq(_openSlash(worker), 50e18, "kappa of R_base");
        assertEq(escrow.requestOf(id).responses, 2, "responses");
        address[] memory workers = escrow.workersOf(id);
        assertEq(workers.length, 2, "both");
        assertEq(workers[0], worker, "worker");
        assertEq(workers[1], rival, "rival");
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
        assertEq(_openSlash(worker), 50e18, "one slash at stake");
    }

    function test_RevertGiven_NoWorker() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notEligible(asker));
        vm.prank(asker);
        escrow.commit(id, C);
        address nobody = _account(77);
        vm.expectRevert(_notAuthorised(nobody, RIGHT_COMMIT));
        vm.prank(nobody);
        escrow.commit(id, C);
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
        uint256 second = _submit(asker, 1e9);
        _commit(worker, first);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, worker, 0, 1e9));
        vm.prank(worker);
        escrow.commit(second, C);
    }
}

contract EscrowExitTest is EscrowBed {
    function test_CancelRefunds() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Cancelled, COST);
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

    function test_RevertGiven_CancelByAStranger() public {
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notAuthorised(_account(77), RIGHT_ASK));
        vm.prank(_account(77));
        escrow.cancel(id);
    }

    /// @dev Who left the role leaves no money behind.
    function test_AnAskerThatDeregisteredCancelsStill() public {
        uint256 id = _submit(asker, REWARD);
        vm.startPrank(asker);
        registry.deregister();
        escrow.cancel(id);
        vm.stopPrank();
        _assertRefunded(id, IRequestEscrow.RequestState.Cancelled);
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
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Expired, COST);
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
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Unscored, COST);
        vm.prank(address(0xCAFE));
        escrow.close(id);
        _assertRefunded(id, IRequestEscrow.RequestState.Unscored);
        assertEq(vault.stakeUnitsOf(worker), WORKER_STAKE, "nobody is slashed");
        assertEq(vault.stakeUnitsOf(rival), WORKER_STAKE, "nobody is slashed");
        assertEq(_openSlash(worker) + _openSlash(rival), 0, "nothing is at stake");
        escrow.releaseBacking(worker);
        escrow.releaseBacking(rival);
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
        assertEq(_openSlash(rival), 50e18, "old kappa");
        _commit(worker, newer);
        assertEq(_openSlash(worker), 140e18, "old and new kappa");
        vm.warp(START + 25 minutes + 1);
        escrow.close(id);
        assertEq(_openSlash(rival), 0, "freed");
        assertEq(_openSlash(worker), 90e18, "freed");
        escrow.close(newer);
        assertEq(_openSlash(worker), 0, "freed");
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
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved + heldFees + fees, 0, "nothing reserved, nothing kept");
        _assertBooks();
    }
}

/// @notice Keys that act for an account, and what each may do.
contract EscrowOperatorTest is EscrowBed {
    bytes32 private constant C = keccak256("commitment");

    function test_AnOperatorAsksFromTheCreditOfItsAccount() public {
        address key = _operator(asker, 0xa5c, RIGHT_ASK);
        uint256 id = _submit(key, REWARD);
        assertEq(escrow.requestOf(id).asker, asker, "the account asks");
        assertEq(escrow.creditOf(asker), CREDIT - COST, "and pays");
        assertEq(escrow.creditOf(key), 0, "the key has no part in it");
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestClosed(id, IRequestEscrow.RequestState.Cancelled, COST);
        vm.prank(key);
        escrow.cancel(id);
        assertEq(escrow.creditOf(asker), CREDIT, "refunded to the account");
        assertEq(escrow.creditOf(key), 0, "not to the key");
    }

    function test_AnOperatorCancelsWhatTheAccountItselfAsked() public {
        address key = _operator(asker, 0xa5c, RIGHT_ASK);
        uint256 id = _submit(asker, REWARD);
        vm.prank(key);
        escrow.cancel(id);
        assertEq(escrow.creditOf(asker), CREDIT, "refunded");
    }

    function test_RevertGiven_AnOperatorWithoutTheRightToAsk() public {
        address key = _operator(asker, 0xa5c, ALL_RIGHTS & ~RIGHT_ASK);
        vm.expectRevert(_notAuthorised(key, RIGHT_ASK));
        _submit(key, REWARD);
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notAuthorised(key, RIGHT_ASK));
        vm.prank(key);
        escrow.cancel(id);
        assertEq(escrow.requestCount(), 1, "no request of the key's");
    }

    /// @dev Money leaves by the account alone: an operator's credit is its own.
    function test_RevertGiven_AnOperatorWithdrawsTheAccountsCredit() public {
        address key = _operator(asker, 0xa5c, ALL_RIGHTS);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_InsufficientCredit.selector, key, 0, 1));
        vm.prank(key);
        escrow.withdrawCredit(key, 1);
    }

    function test_RevertGiven_CancelByTheOperatorOfAnotherAsker() public {
        address other = _registerOracle(9, 200_000e18, 0);
        address key = _operator(other, 0xa5d, RIGHT_ASK);
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotAsker.selector, id, other));
        vm.prank(key);
        escrow.cancel(id);
    }

    function test_AnOperatorCommitsTheStakeOfItsAccount() public {
        address key = _operator(worker, 0xc03, RIGHT_COMMIT);
        uint256 id = _submit(asker, REWARD);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResponseCommitted(id, worker, 0, 1, C);
        vm.prank(key);
        assertEq(escrow.commit(id, C), 0, "index");
        assertEq(escrow.workersOf(id)[0], worker, "the account answers");
        assertEq(_openSlash(worker), 50e18, "and stands for it");
        assertEq(_reserved(key), 0, "the key does not");
    }

    /// @dev One account, one answer, whichever of its keys commits.
    function test_RevertGiven_ASecondAnswerThroughAnotherKey() public {
        address key = _operator(worker, 0xc03, RIGHT_COMMIT);
        address other = _operator(worker, 0xc04, RIGHT_COMMIT);
        uint256 id = _submit(asker, REWARD);
        vm.prank(key);
        escrow.commit(id, C);
        address[2] memory again = [other, worker];
        for (uint256 i; i < again.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_AlreadyCommitted.selector, id, worker));
            vm.prank(again[i]);
            escrow.commit(id, C);
        }
    }

    function test_RevertGiven_AnOperatorWithoutTheRightToCommit() public {
        address key = _operator(worker, 0xc03, ALL_RIGHTS & ~RIGHT_COMMIT);
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notAuthorised(key, RIGHT_COMMIT));
        vm.prank(key);
        escrow.commit(id, C);
        assertEq(_reserved(worker), 0, "nothing reserved");
    }

    /// @dev Rights are the key's, the role is the account's.
    function test_RevertGiven_TheOperatorOfAnotherRole() public {
        address asks = _operator(asker, 0xa5c, ALL_RIGHTS);
        address answers = _operator(worker, 0xc03, ALL_RIGHTS);
        uint256 id = _submit(asker, REWARD);
        vm.expectRevert(_notEligible(asker));
        vm.prank(asks);
        escrow.commit(id, C);
        vm.expectRevert(_notEligible(worker));
        _submit(answers, REWARD);
    }

    function test_RevertGiven_ARevokedOperator() public {
        address asks = _operator(asker, 0xa5c, ALL_RIGHTS);
        address answers = _operator(worker, 0xc03, ALL_RIGHTS);
        uint256 id = _submit(asks, REWARD);
        vm.prank(asker);
        registry.revokeOperator(asks);
        vm.prank(answers); // a key may give itself up
        registry.revokeOperator(answers);
        vm.expectRevert(_notAuthorised(asks, RIGHT_ASK));
        _submit(asks, REWARD);
        vm.expectRevert(_notAuthorised(asks, RIGHT_ASK));
        vm.prank(asks);
        escrow.cancel(id);
        vm.expectRevert(_notAuthorised(answers, RIGHT_COMMIT));
        vm.prank(answers);
        escrow.commit(id, C);
    }

    function test_TheOperatorOfAnAccountThatLeftCancelsButAsksNoMore() public {
        address key = _operator(asker, 0xa5c, RIGHT_ASK);
        uint256 id = _submit(key, REWARD);
        vm.prank(asker);
        registry.deregister();
        vm.expectRevert(_notEligible(asker));
        _submit(key, REWARD);
        vm.prank(key);
        escrow.cancel(id);
        assertEq(escrow.creditOf(asker), CREDIT, "refunded");
    }
}

/// @notice Decision D19: the consensus is replaced by moving its right, with everyone's time to leave first.
contract EscrowModuleTest is EscrowBed {
    address private constant NEXT = address(0x4e87);
    bytes32 private constant SETTLE = "SETTLE";

    function test_ANewConsensusSettlesAfterTheModuleDelayAlone() public {
        vm.expectEmit(address(escrow));
        emit IModuleRights.ModuleGranted(SETTLE, NEXT, START + MODULE_DELAY);
        escrow.grantModule(SETTLE, NEXT);
        assertEq(escrow.moduleActiveFrom(SETTLE, NEXT), START + MODULE_DELAY, "known beforehand");
        uint256[2] memory early = [uint256(START), START + MODULE_DELAY - 1];
        for (uint256 i; i < early.length; ++i) {
            vm.warp(early[i]);
            _expectRefused(NEXT, START + MODULE_DELAY);
            _settleBy(address(consensus)); // the old one still does
        }
        vm.warp(START + MODULE_DELAY);
        _settleBy(NEXT);
        _settleBy(address(consensus));
    }

    function test_TheOldConsensusIsStoppedAtOnce() public {
        vm.expectEmit(address(escrow));
        emit IModuleRights.ModuleRevoked(SETTLE, address(consensus));
        escrow.revokeModule(SETTLE, address(consensus));
        assertEq(escrow.moduleActiveFrom(SETTLE, address(consensus)), 0, "gone");
        _expectRefused(address(consensus), 0);
    }

    function test_AGrantThatWaitsCanBeTakenBack() public {
        escrow.grantModule(SETTLE, NEXT);
        escrow.revokeModule(SETTLE, NEXT);
        vm.warp(START + MODULE_DELAY);
        _expectRefused(NEXT, 0);
        // Granted again, it waits again.
        escrow.grantModule(SETTLE, NEXT);
        _expectRefused(NEXT, block.timestamp + MODULE_DELAY);
    }

    /// @dev The delay is fixed with the grant: shortening it later speeds nothing up.
    function test_AShorterDelayLeavesAGrantAlone() public {
        escrow.grantModule(SETTLE, NEXT);
        vault.setDelays(UNBONDING, MODULE_DELAY - 12 hours);
        vm.warp(START + MODULE_DELAY - 12 hours);
        _expectRefused(NEXT, START + MODULE_DELAY);
    }

    function test_RevertGiven_AGrantOrRevocationThatMakesNoSense() public {
        vm.expectRevert(IModuleRights.ModuleRights_ZeroAddress.selector);
        escrow.grantModule(SETTLE, address(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_AlreadyGranted.selector,
                SETTLE,
                address(consensus),
                uint256(START)
            )
        );
        escrow.grantModule(SETTLE, address(consensus));
        escrow.grantModule(SETTLE, NEXT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_AlreadyGranted.selector,
                SETTLE,
                NEXT,
                uint256(START) + MODULE_DELAY
            )
        );
        escrow.grantModule(SETTLE, NEXT);
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_NotGranted.selector, SETTLE, asker));
        escrow.revokeModule(SETTLE, asker);
    }

    /// @dev A right of another name lets nobody settle.
    function test_RevertGiven_AnotherRight() public {
        escrow.grantModule("REPORT", NEXT);
        vm.warp(START + MODULE_DELAY);
        _expectRefused(NEXT, 0);
    }

    /// @dev A request settles once, whichever of two consensus modules settles it (invariant I-05).
    function test_I05_TwoModulesSettleARequestOnce() public {
        escrow.grantModule(SETTLE, NEXT);
        vm.warp(START + MODULE_DELAY);
        uint256 id = _submit(asker, REWARD);
        _commit(worker, id);
        _commit(rival, id);
        Results.Line[] memory results = new Results.Line[](1);
        uint32[] memory qualities = new uint32[](2);
        (qualities[0], qualities[1]) = (9e8, 8e8);
        results[0] = _result(id, qualities);
        vm.prank(NEXT);
        escrow.settle(address(0), 0, Results.encode(results));
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResultSkipped(id, IRequestEscrow.RequestState.Settled);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
        assertEq(escrow.creditOf(worker), 90e18, "I-05 paid once");
        _assertBooks();
    }

    function _expectRefused(address caller, uint256 activeFrom) private {
        vm.expectRevert(_unauthorised(caller, activeFrom));
        _settleBy(caller);
    }

    function _settleBy(address caller) private {
        vm.prank(caller);
        escrow.settle(address(0), 0, Results.encode(_result(77, new uint32[](1))));
    }
}

contract EscrowOwnerTest is EscrowBed {
    function test_RevertGiven_ZeroAddressAtDeployment() public {
        for (uint256 missing; missing < 6; ++missing) {
            vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
            new RequestEscrow(
                address(this),
                IERC20(_unless(missing == 0, address(masa))),
                IEpochClock(_unless(missing == 1, address(clock))),
                INodeRegistry(_unless(missing == 2, address(registry))),
                INodeStanding(_unless(missing == 3, address(standing))),
                IStakeVault(_unless(missing == 4, address(vault))),
                IFeeCurve(_unless(missing == 5, address(feeCurve))),
                _marketTerms(),
                _requestLimits(),
                _posterTerms()
            );
        }
    }

    function test_WireNamesConsensusAndFeePoolOnce() public {
        RequestEscrow fresh = _newEscrow();
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(address(fresh.registry()), address(registry), "registry");
        assertEq(address(fresh.standing()), address(standing), "standing");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(address(fresh.feeCurve()), address(feeCurve), "fee curve");
        vm.expectRevert(IModuleRights.ModuleRights_ZeroAddress.selector);
        fresh.wire(address(0), address(feePool));
        vm.expectRevert(IRequestEscrow.RequestEscrow_ZeroAddress.selector);
        fresh.wire(address(consensus), address(0));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, asker));
        vm.prank(asker);
        fresh.wire(asker, asker);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("SETTLE", address(consensus), START);
        vm.expectEmit(address(fresh));
        emit IRequestEscrow.FeePoolSet(address(feePool));
        fresh.wire(address(consensus), address(feePool));
        assertEq(fresh.moduleActiveFrom("SETTLE", address(consensus)), START, "at once");
        assertEq(fresh.feePool(), address(feePool), "fee pool");
        vm.expectRevert(IModuleRights.ModuleRights_AlreadyWired.selector);
        fresh.wire(asker, asker);
    }

    function test_ESC02_NobodyButTheConsensusSettles() public {
        bytes memory none = Results.encode(_result(77, new uint32[](1)));
        address[3] memory others = [asker, worker, address(this)]; // this: the owner
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(_unauthorised(others[i], 0));
            vm.prank(others[i]);
            escrow.settle(address(0), 0, none);
            vm.expectRevert(_unauthorised(others[i], 0));
            vm.prank(others[i]);
            escrow.payPoster(others[i], 0);
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
        // minQuality stays below 1 with the margin of 0.2 that may be asked for.
        t = _marketTerms();
        t.qualityThreshold = ud2x18(0.8e18);
        _expectTerms(t, "maxMargin", 0.2e18, 0, 0.2e18 - 1);
        t = _marketTerms();
        t.attributionShare = ud2x18(1);
        _expectTerms(t, "attributionShare", 1, 0, 0);
        t = _marketTerms();
        t.posterShare = ud2x18(1e18 + 1);
        _expectTerms(t, "posterShare", WAD + 1, 0, WAD);
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
        (t.qualityThreshold, t.slashShare, t.posterShare) = (ud2x18(1e9), ud2x18(1e9), ud2x18(1e18));
        (t.weightRelevance, t.weightCoherence) = (ud2x18(1e9), ud2x18(0));
        (t.weightFactual, t.weightResponseTime) = (ud2x18(1e18 - 1e9), ud2x18(0));
        escrow.setMarketTerms(t);
        // The largest threshold that leaves room for the margin of 0.2.
        (t.qualityThreshold, t.slashShare, t.posterShare) = (ud2x18(0.8e18 - 1e9), ud2x18(1e18 - 1e9), ud2x18(0));
        escrow.setMarketTerms(t);
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.maxMargin = ud2x18(0);
        escrow.setRequestLimits(limits);
        t.qualityThreshold = ud2x18(1e18 - 1e9);
        escrow.setMarketTerms(t);
        assertEq(escrow.currentTerms(), 3, "three changes");
    }

    /// @dev Terms are kept in 32 bits each, in steps of 1e-9.
    function test_RevertGiven_TermsBetweenTheSteps() public {
        IRequestEscrow.MarketTerms memory t = _marketTerms();
        t.qualityThreshold = ud2x18(0.6e18 + 1);
        _expectNotWhole(t, "qualityThreshold", 0.6e18 + 1);
        t = _marketTerms();
        t.slashShare = ud2x18(0.5e18 + 1);
        _expectNotWhole(t, "slashShare", 0.5e18 + 1);
        t = _marketTerms();
        t.posterShare = ud2x18(1e9 - 1);
        _expectNotWhole(t, "posterShare", 1e9 - 1);
        // Of two weights that sum to 1 with the others, the first is named.
        t = _marketTerms();
        (t.weightRelevance, t.weightCoherence) = (ud2x18(0.4e18 + 1), ud2x18(0.2e18 - 1));
        _expectNotWhole(t, "weightRelevance", 0.4e18 + 1);
        t = _marketTerms();
        (t.weightCoherence, t.weightFactual) = (ud2x18(0.2e18 + 1), ud2x18(0.3e18 - 1));
        _expectNotWhole(t, "weightCoherence", 0.2e18 + 1);
        t = _marketTerms();
        (t.weightFactual, t.weightResponseTime) = (ud2x18(0.3e18 + 1), ud2x18(0.1e18 - 1));
        _expectNotWhole(t, "weightFactual", 0.3e18 + 1);
        // No weight is off alone if they sum to 1: the last one never comes to be named.
        t = _marketTerms();
        (t.weightFactual, t.weightResponseTime) = (ud2x18(0.3e18 - 1e9), ud2x18(0.1e18 + 1e9));
        escrow.setMarketTerms(t);
        assertEq(keccak256(abi.encode(escrow.marketTermsOf(1))), keccak256(abi.encode(t)), "a step is kept");
    }

    /// @dev Terms are numbered in twelve bits of a request: the last number is usable, and there is none after it.
    function test_RevertGiven_TermsRunOut() public {
        IRequestEscrow.MarketTerms memory t = _marketTerms();
        for (uint256 i = 1; i < 4096; ++i) {
            escrow.setMarketTerms(t);
        }
        uint256 id = _submit(asker, REWARD);
        assertEq(escrow.requestOf(id).terms, 4095, "the last");
        vm.expectRevert(abi.encodeWithSelector(OUT_OF_RANGE, bytes32("terms"), 4096, 0, 4095));
        escrow.setMarketTerms(t);
    }

    function test_SetPosterTerms() public {
        IRequestEscrow.PosterTerms memory p = IRequestEscrow.PosterTerms(1_000e18, 10_000_000e18, type(uint64).max);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.PosterTermsSet(_posterTerms(), p);
        escrow.setPosterTerms(p);
        assertEq(keccak256(abi.encode(escrow.posterTerms())), keccak256(abi.encode(p)), "stored");
        p.bounty = 1_000e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(OUT_OF_RANGE, bytes32("bounty"), 1_000e18 + 1, 0, 1_000e18));
        escrow.setPosterTerms(p);
        (p.bounty, p.masaPerEther) = (0, 10_000_000e18 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(OUT_OF_RANGE, bytes32("masaPerEther"), 10_000_000e18 + 1, 0, 10_000_000e18)
        );
        escrow.setPosterTerms(p);
    }

    function test_SetRequestLimits() public {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        (limits.minBaseReward, limits.maxResponses) = (uint96((2 ** 48 - 1) * UNIT), 16);
        // Windows together as long as the request's part of the way to a slash, to the second.
        (limits.maxResponseWindow, limits.maxScoringWindow) = (30 minutes, 90 minutes);
        assertEq(vault.requestPath(), 2 hours, "what the unbonding delay relies on");
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.RequestLimitsSet(_requestLimits(), limits);
        escrow.setRequestLimits(limits);
        assertEq(keccak256(abi.encode(escrow.requestLimits())), keccak256(abi.encode(limits)), "stored");
    }

    function test_RevertGiven_LimitsOutOfBounds() public {
        IRequestEscrow.RequestLimits memory l = _requestLimits();
        l.minBaseReward = 0;
        uint256 most = (2 ** 48 - 1) * UNIT;
        _expectLimits(l, "minBaseReward", 0, UNIT, most);
        l.minBaseReward = uint96(most + UNIT);
        _expectLimits(l, "minBaseReward", most + UNIT, UNIT, most);
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
        l.maxScoringWindow = 2 ** 20;
        _expectLimits(l, "maxScoringWindow", 2 ** 20, 1, 2 ** 20 - 1);
        l = _requestLimits();
        l.maxMargin = ud2x18(0.4e18);
        _expectLimits(l, "maxMargin", 0.4e18, 0, 0.4e18 - 1);
    }

    function test_RevertGiven_LimitsThatAreNotWhole() public {
        IRequestEscrow.RequestLimits memory l = _requestLimits();
        l.minBaseReward = 1e9 + 1;
        _expectNotWhole(l, "minBaseReward", 1e9 + 1, UNIT);
        l = _requestLimits();
        l.maxMargin = ud2x18(0.1e18 + 1);
        _expectNotWhole(l, "maxMargin", 0.1e18 + 1, 1e14);
    }

    /// @dev Deadlines beyond the vault's `requestPath` would let stake leave before its slash.
    function test_UNB01_RevertGiven_WindowsBeyondTheRequestPath() public {
        IRequestEscrow.RequestLimits memory l = _requestLimits();
        (l.maxResponseWindow, l.maxScoringWindow) = (30 minutes + 1, 90 minutes);
        bytes memory tooLong = abi.encodeWithSelector(
            IRequestEscrow.RequestEscrow_WindowsTooLong.selector,
            2 hours + 1,
            2 hours
        );
        vm.expectRevert(tooLong);
        escrow.setRequestLimits(l);
        vm.expectRevert(tooLong);
        _newEscrow(l);
        // Both at their largest: the sum does not wrap around.
        (l.maxResponseWindow, l.maxScoringWindow) = (type(uint24).max, 2 ** 20 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRequestEscrow.RequestEscrow_WindowsTooLong.selector,
                uint256(type(uint24).max) + 2 ** 20 - 1,
                2 hours
            )
        );
        escrow.setRequestLimits(l);
        assertEq(escrow.requestLimits().maxResponseWindow, 30 minutes, "unchanged");
    }

    function test_I16_SettersRefuseEverybodyElse() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, asker);
        vm.startPrank(asker);
        vm.expectRevert(refused);
        escrow.setMarketTerms(_marketTerms());
        vm.expectRevert(refused);
        escrow.setRequestLimits(_requestLimits());
        vm.expectRevert(refused);
        escrow.setRequestKinds(0, 0);
        vm.expectRevert(refused);
        escrow.setPosterTerms(_posterTerms());
        vm.expectRevert(refused);
        escrow.wire(asker, asker);
        vm.expectRevert(refused);
        escrow.grantModule("SETTLE", asker);
        vm.expectRevert(refused);
        escrow.revokeModule("SETTLE", address(consensus));
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

    function _expectNotWhole(IRequestEscrow.MarketTerms memory t, bytes32 name, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotWhole.selector, name, value, 1e9));
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

    function _expectNotWhole(IRequestEscrow.RequestLimits memory l, bytes32 name, uint256 value, uint256 unit) private {
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_NotWhole.selector, name, value, unit));
        escrow.setRequestLimits(l);
    }

    function _unless(bool missing, address account) private pure returns (address) {
        return missing ? address(0) : account;
    }
}
