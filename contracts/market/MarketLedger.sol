// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IFeeCurve} from "../interfaces/IFeeCurve.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {RequestWord} from "./RequestWord.sol";

/// @title The money of the market, and what its accounts have open
/// @dev Accounts are numbered when they first appear, so that a request names two of them in 64 bits. An account is one
/// slot as an asker and one as a worker, whatever it does in a transaction.
abstract contract MarketLedger is IRequestEscrow, ModuleRights, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One slot. Amounts in UNITs but for the credit.
    struct Asker {
        uint96 credit; // wei
        uint40 epochEndsAt; // until when it is known to be eligible; `consumed` is of that epoch
        uint56 consumed;
        uint64 open; // R_base and fees of its open requests
    }

    /// @dev One slot. Amounts in UNITs but for the earnings.
    struct Worker {
        uint96 earned; // wei
        uint40 eligibleUntil; // until when it is known to be eligible
        uint56 open; // slashes that its open commitments may cost
        uint56 backing; // reserved in the vault, at least `open`
    }

    bytes32 public constant SETTLE = "SETTLE";
    uint256 internal constant UNIT = RequestWord.UNIT;
    uint256 internal constant WAD = 1e18;
    /// @dev Where the fields of {_totals} begin.
    uint256 private constant RESERVED_AT = 32;
    uint256 private constant HELD_FEES_AT = 96;
    uint256 private constant FEES_AT = 160;
    /// @dev Where the fields of {Worker} and {Asker} begin in their words.
    uint256 internal constant OPEN_AT = 136;
    uint256 internal constant BACKING_AT = 192;
    uint256 private constant ASKER_OPEN_AT = 192;
    /// @dev Where the last fields of a record begin.
    uint256 private constant CONSUMED_AT = 128;
    uint256 private constant SPENT_AT = 192;

    IERC20 public immutable masa;
    IEpochClock public immutable clock;
    INodeRegistry public immutable registry;
    INodeStanding public immutable standing;
    IStakeVault public immutable vault;
    IFeeCurve public immutable feeCurve;

    /// @notice Where fees go.
    address public feePool;
    /// @dev Number of requests 32 · Σ R_base of open requests 64 · Σ their fees 64 · fees to be collected 96, from the
    /// lowest bit up; UNITs but for the last, wei. All of it is MASA that the escrow holds, so no sum outgrows its field.
    uint256 private _totals;
    mapping(address account => uint256) private _numberOf;
    mapping(uint256 number => address) internal _accountOf;
    uint256 private _accountCount;
    mapping(uint256 number => Asker) private _askers;
    mapping(uint256 number => Worker) private _workers;
    /// @dev Requests settled 32 · of these accepted 32 · Σ Q of best answers, scale 1e9, 64 · consumption that NodeStanding
    /// has not been told of, UNITs, 64 · rewards paid, UNITs, 64, from the lowest bit up.
    mapping(uint256 number => uint256) private _records;
    /// @dev What posters were paid, by address: a report need not ask for the number of one. Moves into the credit when it
    /// is spent.
    mapping(address poster => uint256 wei_) private _posterPay;

    constructor(
        IERC20 masa_,
        IEpochClock clock_,
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        IFeeCurve feeCurve_
    ) {
        if (
            address(masa_) == address(0) ||
            address(clock_) == address(0) ||
            address(registry_) == address(0) ||
            address(standing_) == address(0) ||
            address(vault_) == address(0) ||
            address(feeCurve_) == address(0)
        ) revert RequestEscrow_ZeroAddress();
        masa = masa_;
        clock = clock_;
        registry = registry_;
        standing = standing_;
        vault = vault_;
        feeCurve = feeCurve_;
    }

    // ---------------------------------------------------------------- credit

    /// @inheritdoc IRequestEscrow
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IRequestEscrow
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Whoever front-runs the permit has only granted the allowance that the transfer needs.
        try IERC20Permit(address(masa)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IRequestEscrow
    function withdrawCredit(address to, uint256 amount) external nonReentrant {
        if (to == address(0)) revert RequestEscrow_ZeroAddress();
        if (amount == 0) revert RequestEscrow_ZeroAmount();
        // A poster may be without a number, and what is left of its pay needs one.
        uint256 number = _numberFor(msg.sender);
        Asker memory a = _asker(number);
        _spend(msg.sender, number, a, amount);
        _storeAsker(number, a);
        emit CreditWithdrawn(msg.sender, to, amount, _creditOf(msg.sender, number));
        masa.safeTransfer(to, amount);
    }

    /// @inheritdoc IRequestEscrow
    function releaseBacking(address worker) external {
        uint256 number = _numberOf[worker];
        Worker memory w = _worker(number);
        _releaseSurplus(worker, w);
        _storeWorker(number, w);
    }

    /// @inheritdoc IRequestEscrow
    function tellConsumption(address asker) external {
        _tellConsumption(asker, _numberOf[asker]);
    }

    /// @inheritdoc IRequestEscrow
    function collectFees() external nonReentrant returns (uint256 amount) {
        amount = _fees();
        _takeFees(amount);
        emit FeesCollected(amount);
        if (amount != 0) masa.safeTransfer(feePool, amount);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRequestEscrow
    function creditOf(address account) external view returns (uint256) {
        return _creditOf(account, _numberOf[account]);
    }

    /// @inheritdoc IRequestEscrow
    function wordsOf(address account) external view returns (uint256 asker, uint256 worker, uint256 record) {
        uint256 number = _numberOf[account];
        Asker storage a = _askers[number];
        Worker storage w = _workers[number];
        assembly ("memory-safe") {
            asker := sload(a.slot)
            worker := sload(w.slot)
        }
        record = _records[number];
    }

    /// @inheritdoc IRequestEscrow
    function requestCount() external view returns (uint256) {
        return uint32(_totals);
    }

    /// @inheritdoc IRequestEscrow
    function totals() external view returns (uint256 reserved, uint256 heldFees, uint256 fees) {
        uint256 word = _totals;
        return (_baseRewardsIn(word) * UNIT, _feesIn(word) * UNIT, word >> FEES_AT);
    }

    // ---------------------------------------------------------------- internal: accounts

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    /// @dev Number of an account; given at its first appearance.
    function _numberFor(address account) internal returns (uint256 number) {
        number = _numberOf[account];
        if (number != 0) return number;
        number = ++_accountCount;
        _numberOf[account] = number.toUint32();
        _accountOf[number] = account;
    }

    function _asker(uint256 number) internal view returns (Asker memory) {
        return _askers[number];
    }

    function _worker(uint256 number) internal view returns (Worker memory) {
        return _workers[number];
    }

    /// @dev One write for all fields, which the compiler would store one by one.
    function _storeAsker(uint256 number, Asker memory a) internal {
        Asker storage stored = _askers[number];
        uint256 word =
            a.credit | (uint256(a.epochEndsAt) << 96) | (uint256(a.consumed) << 136) | (uint256(a.open) << 192);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    /// @dev See {_storeAsker}.
    function _storeWorker(uint256 number, Worker memory w) internal {
        Worker storage stored = _workers[number];
        uint256 word =
            w.earned | (uint256(w.eligibleUntil) << 96) | (uint256(w.open) << 136) | (uint256(w.backing) << 192);
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    /// @dev Where the word of a worker is, for what changes single fields: settlements have opened what they take away, and
    /// no account earns 2^96 wei.
    function _workerSlot(uint256 number) internal view returns (uint256 slot) {
        Worker storage stored = _workers[number];
        assembly ("memory-safe") {
            slot := stored.slot
        }
    }

    function _wordIn(uint256 slot) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _store(uint256 slot, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function _withoutEligibility(uint256 word) internal pure returns (uint256) {
        return word & ~(uint256(type(uint40).max) << 96);
    }

    /// @dev Adds to the credit, and takes UNITs that are open no more.
    function _refundAsker(uint256 number, uint256 amount, uint256 closed) internal {
        Asker storage stored = _askers[number];
        assembly ("memory-safe") {
            sstore(stored.slot, sub(add(sload(stored.slot), amount), shl(ASKER_OPEN_AT, closed)))
        }
    }

    /// @dev Counts a new request in.
    /// @return requestId Its number.
    function _open(uint256 baseReward, uint256 fee) internal returns (uint256 requestId) {
        uint256 word = _totals;
        if (uint32(word) == type(uint32).max) revert RequestEscrow_NumbersExhausted();
        unchecked {
            // Every field has room for all that the escrow can hold.
            word += 1 + _sumOf(baseReward, fee);
        }
        _totals = word;
        requestId = uint32(word);
    }

    /// @dev R_base and the fee of a request, UNITs, as they are counted in {_totals}.
    function _sumOf(uint256 baseReward, uint256 fee) internal pure returns (uint256) {
        return (baseReward << RESERVED_AT) | (fee << HELD_FEES_AT);
    }

    function _baseRewardsIn(uint256 sum) internal pure returns (uint256) {
        return uint64(sum >> RESERVED_AT);
    }

    function _feesIn(uint256 sum) internal pure returns (uint256) {
        return uint64(sum >> HELD_FEES_AT);
    }

    /// @dev Takes requests out of the sums.
    /// @param sum Σ {_sumOf}.
    /// @param kept Wei of the fees that wait to be collected from now on.
    function _end(uint256 sum, uint256 kept) internal {
        unchecked {
            // What ends was counted in: no borrow; and all of it is held, so no field is outgrown.
            _totals = _totals - sum + (kept << FEES_AT);
        }
    }

    function _fees() internal view returns (uint256) {
        return _totals >> FEES_AT;
    }

    function _takeFees(uint256 amount) internal {
        _totals -= amount << FEES_AT;
    }

    /// @dev One settled request as it is added to a record.
    /// @param accepted 1 or 0.
    /// @param quality Of its best answer, scale 1e9.
    function _recordOf(uint256 accepted, uint256 quality) internal pure returns (uint256) {
        return 1 | (accepted << 32) | (quality << 64);
    }

    /// @param record Σ {_recordOf}.
    /// @param consumed UNITs.
    /// @param spent UNITs.
    function _record(uint256 number, uint256 record, uint256 consumed, uint256 spent) internal {
        unchecked {
            // 2^64 UNITs are 18 times the supply, and what is consumed is told with the next epoch's first request.
            _records[number] += record | (consumed << CONSUMED_AT) | (spent << SPENT_AT);
        }
    }

    /// @dev Tells NodeStanding what settled requests of the account consumed, if it was not told.
    function _tellConsumption(address account, uint256 number) internal {
        uint256 record = _records[number];
        uint64 consumed = uint64(record >> CONSUMED_AT);
        if (consumed == 0) return;
        _records[number] = record - (uint256(consumed) << CONSUMED_AT);
        uint256[] memory words = new uint256[](1);
        words[0] = uint256(uint160(account)) | (uint256(consumed) << 160);
        standing.recordWorkOf(NodeRole.Oracle, words);
    }

    // ---------------------------------------------------------------- internal: askers

    function _creditOf(address account, uint256 number) private view returns (uint256) {
        return uint256(_askers[number].credit) + _workers[number].earned + _posterPay[account];
    }

    function _payPoster(address poster, uint256 amount) internal {
        unchecked {
            // All that the escrow holds fits 96 bits.
            _posterPay[poster] += amount;
        }
    }

    /// @dev Takes `amount` wei from the credit; where that falls short from what the account was paid as a poster, all of
    /// which becomes credit, and then from what it has earned as a worker. Changes `a`.
    function _spend(address account, uint256 number, Asker memory a, uint256 amount) internal {
        if (amount > a.credit) {
            uint256 credit = uint256(a.credit) + _posterPay[account];
            delete _posterPay[account];
            if (amount > credit) {
                uint256 earned = _workers[number].earned;
                uint256 lacking = amount - credit;
                if (lacking > earned) revert RequestEscrow_InsufficientCredit(account, credit + earned, amount);
                _workers[number].earned = uint96(earned - lacking);
                credit = amount;
            }
            // All that the escrow holds fits 96 bits.
            a.credit = uint96(credit);
        }
        unchecked {
            // Not below the amount by now.
            a.credit -= uint96(amount);
        }
    }

    /// @dev Establishes once an epoch that the account is an eligible oracle node, and tells what it consumed before.
    function _requireAsker(address account, uint256 number, NodeRole role, Asker memory a) internal {
        if (role != NodeRole.Oracle) revert RequestEscrow_NotEligible(account);
        if (block.timestamp < a.epochEndsAt) return;
        _tellConsumption(account, number);
        if (!standing.use(account, NodeRole.Oracle)) revert RequestEscrow_NotEligible(account);
        a.epochEndsAt = _epochEnd();
        a.consumed = 0;
    }

    function _consumed(Asker memory a) internal view returns (uint256) {
        return block.timestamp < a.epochEndsAt ? a.consumed : 0;
    }

    /// @dev F_o in UNITs, rounded up (EQ-08).
    function _feeUnits(Asker memory a, uint256 baseReward) internal view returns (uint256) {
        unchecked {
            // Both are below 2^64 UNITs.
            return _unitsUp(feeCurve.fee(_consumed(a) * UNIT, baseReward * UNIT));
        }
    }

    /// @param amount Wei, below 2^128.
    function _unitsUp(uint256 amount) internal pure returns (uint256) {
        unchecked {
            return (amount + UNIT - 1) / UNIT;
        }
    }

    /// @dev Unix second at which the running epoch ends.
    function _epochEnd() internal view returns (uint40) {
        return uint40(clock.epochStart(clock.currentEpoch() + 1));
    }

    // ---------------------------------------------------------------- internal: workers

    /// @dev Establishes once an epoch that the account is an eligible worker, and puts stake behind one more commitment.
    function _openCommitment(address account, NodeRole role, uint256 number, uint256 slashUnits) internal {
        if (role != NodeRole.Worker) revert RequestEscrow_NotEligible(account);
        Worker memory w = _worker(number);
        if (block.timestamp >= w.eligibleUntil) {
            if (!standing.use(account, NodeRole.Worker)) revert RequestEscrow_NotEligible(account);
            w.eligibleUntil = _epochEnd();
            // It was reserved out of stake that may have left since.
            _releaseSurplus(account, w);
        }
        uint256 needed = w.open + slashUnits;
        if (needed > w.backing) {
            uint256 previous = w.backing;
            w.backing = _reserve(account, needed - previous, needed).toUint56() + w.backing;
            emit BackingChanged(account, previous * UNIT, w.backing * UNIT);
        }
        w.open = uint56(needed);
        _storeWorker(number, w);
    }

    /// @dev Reserves `least` UNITs of stake, and `ahead` more where there is as much, so that most commitments need not
    /// ask the vault.
    function _reserve(address account, uint256 least, uint256 ahead) private returns (uint256 reserved) {
        reserved = least + ahead;
        try vault.reserve(account, reserved * UNIT) {} catch {
            reserved = least;
            vault.reserve(account, reserved * UNIT);
        }
    }

    function _releaseSurplus(address account, Worker memory w) private {
        uint256 surplus = w.backing - w.open;
        if (surplus == 0) return;
        emit BackingChanged(account, w.backing * UNIT, w.open * UNIT);
        w.backing = w.open;
        vault.release(account, surplus * UNIT);
    }

    // ---------------------------------------------------------------- internal: money

    function _deposit(uint256 amount) private {
        if (amount == 0) revert RequestEscrow_ZeroAmount();
        uint256 number = _numberFor(msg.sender);
        Asker memory a = _asker(number);
        // All that the escrow holds fits 96 bits, and so does every part of it, whatever moves between them later.
        uint256 before = masa.balanceOf(address(this));
        (before + amount).toUint96();
        a.credit += uint96(amount);
        _storeAsker(number, a);
        emit Deposited(msg.sender, amount, _creditOf(msg.sender, number));
        masa.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = masa.balanceOf(address(this)) - before;
        if (received != amount) revert RequestEscrow_FeeOnTransfer(amount, received);
    }

    function _setFeePool(address feePool_) internal {
        if (feePool_ == address(0)) revert RequestEscrow_ZeroAddress();
        feePool = feePool_;
        emit FeePoolSet(feePool_);
    }
}
