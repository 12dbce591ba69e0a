// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IMembershipObserver, INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {SeatBook} from "./SeatBook.sol";
import {SeatTable} from "./SeatTable.sol";
import {Waitlist} from "./Waitlist.sol";

/// @title ValidatorSet
/// @notice Waitlist, rolls, epoch reports and the frozen sets. See {IValidatorSet}.
contract ValidatorSet is SeatBook {
    using Waitlist for Waitlist.List;
    using Waitlist for Waitlist.Line;

    /// @dev What an epoch report comes to: P_v packed by seat, and one entry a scored seat in ascending order.
    struct Scored {
        uint256[8] packed;
        address[] accounts;
        uint256[] performances;
        uint256 count;
    }

    /// @dev One slot: all that a report reads of the set of its epoch, once it knows the randomness.
    struct Frozen {
        address table;
        uint64 mask; // see {maskOf}
        uint8 seats; // occupied ones
        uint8 leastConfirmations;
    }

    bytes32 public constant REPORT = "REPORT";
    bytes32 public constant ROLL = "ROLL";
    bytes32 public constant EXPEL = "EXPEL";
    uint256 private constant WAD = 1e18;
    /// @notice Scores arrive and are kept on this scale.
    uint256 private constant SCORE_ONE = 1e9;
    /// @dev INodeRegistry's right to act for a validator's seat.
    uint16 private constant RIGHT_SEAT = 16;

    Waitlist.List private _waitlist;
    /// @dev First epoch in which an account that was expelled may join the waitlist.
    mapping(address owner => uint64) private _barredUntil;
    mapping(uint64 epoch => Frozen) private _frozen;
    mapping(uint64 epoch => uint256) private _randomness;

    constructor(
        address owner_,
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        SeatParameters memory parameters
    ) Ownable(owner_) SeatBook(registry_, standing_, vault_, parameters) {}

    // ---------------------------------------------------------------- validators

    /// @inheritdoc IValidatorSet
    function joinWaitlist() external {
        address owner = _caller();
        if (!standing.use(owner, NodeRole.Validator)) revert ValidatorSet_NotEligible(owner);
        uint256 index = _seatIndex[owner];
        if (index != 0) revert ValidatorSet_AlreadySeated(owner, index - 1);
        if (_waitlist.has(owner)) revert ValidatorSet_AlreadyWaiting(owner);
        uint64 until = coolingUntil(owner);
        if (_progress.rolled < until) revert ValidatorSet_CoolingDown(owner, until);
        uint64 weight = standing.seatWeightOf(owner);
        (bool added, address displaced, uint64 lightest) = _waitlist.add(owner, weight, uint32(_progress.rolled));
        if (!added) revert ValidatorSet_WaitlistFull(Waitlist.SIZE, lightest, weight);
        if (displaced != address(0)) emit WaitlistLeft(displaced);
        emit WaitlistJoined(owner, weight);
    }

    /// @inheritdoc IValidatorSet
    function leaveWaitlist() external {
        address owner = _caller();
        if (!_waitlist.has(owner)) revert ValidatorSet_NotWaiting(owner);
        _removeWaiting(owner);
    }

    /// @inheritdoc IValidatorSet
    function leaveSeat() external {
        address owner = _caller();
        uint256 seat = _requireSeat(owner);
        _bits.leaving |= _bit(seat);
        emit LeavingSeat(owner, seat);
    }

    /// @inheritdoc IValidatorSet
    function checkIn() external {
        address owner = _caller();
        uint256 seat = _requireSeat(owner);
        _bits.checkedIn |= _bit(seat);
        emit CheckedIn(owner, seat, _progress.rolled);
    }

    /// @inheritdoc IValidatorSet
    function refresh(address owner) external returns (uint64 weight) {
        bool eligible = standing.use(owner, NodeRole.Validator);
        uint256 index = _seatIndex[owner];
        if (index == 0 && !_waitlist.has(owner)) revert ValidatorSet_NotSeated(owner);
        weight = eligible ? standing.seatWeightOf(owner) : 0;
        uint64 previous;
        if (index == 0) {
            previous = _waitlist.weightOf(owner);
            if (eligible) _waitlist.setWeight(owner, weight);
            else _removeWaiting(owner);
        } else if (eligible) {
            previous = _seats[index - 1].weight;
            _seats[index - 1].weight = weight;
        } else {
            // Its weight stays until the roll that vacates it: the frozen set is not made anew in between.
            previous = _seats[index - 1].weight;
            _progress.suspect |= _bit(index - 1);
        }
        emit WeightRefreshed(owner, previous, weight);
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc IMembershipObserver
    /// @dev Both epochs whose reports may still come in are masked.
    function onSigningKeyChanged(address account, address previous, address current, bool revoked) external {
        if (msg.sender != address(registry)) revert ValidatorSet_Unauthorised(msg.sender);
        uint256 index = _seatIndex[account];
        if (index != 0) _seats[index - 1].signingKey = current;
        if (!revoked || previous == address(0)) return;
        uint64 rolled = _progress.rolled;
        _mask(rolled, previous);
        if (rolled != 0) _mask(rolled - 1, previous);
    }

    /// @inheritdoc IMembershipObserver
    function onIneligible(address account, bool left) external {
        if (msg.sender != address(registry)) revert ValidatorSet_Unauthorised(msg.sender);
        uint256 index = _seatIndex[account];
        if (index != 0) {
            if (left) _bits.leaving |= _bit(index - 1);
            else _progress.suspect |= _bit(index - 1);
        } else if (_waitlist.has(account)) {
            _removeWaiting(account);
        }
    }

    /// @inheritdoc IValidatorSet
    /// @dev The keys of an account may differ between the two sets and from its present one: the registry knows them all.
    function expel(address account, uint32 epochs) external onlyModule(EXPEL) {
        uint64 rolled = _progress.rolled;
        uint64 until = rolled + epochs;
        if (until > _barredUntil[account]) _barredUntil[account] = until;
        uint256 index = _seatIndex[account];
        if (index != 0) _bits.leaving |= _bit(index - 1);
        else if (_waitlist.has(account)) _removeWaiting(account);
        emit Expelled(account, _barredUntil[account]);
        _maskAccount(rolled, account);
        if (rolled != 0) _maskAccount(rolled - 1, account);
    }

    function _maskAccount(uint64 epoch, address account) private {
        address table = _frozen[epoch].table;
        if (table == address(0)) return;
        (address[] memory keys, ) = SeatTable.read(table);
        for (uint256 i; i < keys.length; ++i) {
            if (keys[i] == address(0)) continue;
            (address signer, ) = registry.signerOf(keys[i]);
            if (signer == account) _maskRow(epoch, i, keys[i]);
        }
    }

    /// @inheritdoc IValidatorSet
    function roll(uint64 epoch) external onlyModule(ROLL) {
        Bits memory bits = _bits;
        Progress memory progress = _progress;
        bits.leaving |= _recheck(progress.suspect & bits.occupied);
        bits.leaving &= bits.occupied;
        _prune(epoch, bits, progress);
        if (progress.silentRolls >= _parameters.haltEpochs) {
            _vacateAll(bits.occupied & ~bits.checkedIn, epoch, bits, true);
            (progress.silentRolls, bits.checkedIn) = (0, 0);
        }
        _vacateAll(bits.leaving & bits.occupied, epoch, bits, false);
        bits.leaving = 0;
        progress.suspect = 0;
        progress.rolled = epoch;
        if (bits.occupied != 0) ++progress.silentRolls;
        _seatWaiting(epoch, bits);
        _freeze(epoch, bits.occupied);
        _bits = bits;
        _progress = progress;
    }

    /// @inheritdoc IValidatorSet
    /// @dev A seat that changed hands since `scores.epoch` keeps no score: evidence belongs to who was frozen then.
    function recordScores(SeatScores calldata scores) external onlyModule(REPORT) {
        address table = _frozen[scores.epoch].table;
        if (table == address(0)) revert ValidatorSet_EpochNotFrozen(scores.epoch);
        uint256 rows = SeatTable.rowsOf(table);
        if (scores.consensus.length != rows || scores.data.length != rows || scores.llm.length != rows) {
            revert ValidatorSet_ScoreCount(scores.consensus.length, rows);
        }
        if (_progress.rolled == scores.epoch) _pruneEarly(scores.epoch + 1);
        Scored memory r;
        r.accounts = new address[](rows);
        r.performances = new uint256[](rows);
        uint64 scored;
        for (uint256 i; i < rows; ++i) {
            if (_owners[i] == address(0) || _seats[i].seatedEpoch > scores.epoch) continue;
            _scoreSeat(scores, i, r);
            scored |= _bit(i);
        }
        _applyScores(r, scored);
        _scores = r.packed;
        (_progress.scoredEpoch, _progress.silentRolls) = (scores.epoch, 0);
        (_bits.scored, _bits.checkedIn) = (scored, 0);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the first modules, once.
    function wire(address consensus, address epochManager) external {
        _beginWiring();
        _grant(REPORT, consensus, block.timestamp);
        _grant(ROLL, epochManager, block.timestamp);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IValidatorSet
    function waitlist() external view returns (Candidate[] memory) {
        return _waitlist.all();
    }

    /// @inheritdoc IValidatorSet
    function isWaiting(address owner) external view returns (bool) {
        return _waitlist.has(owner);
    }

    /// @inheritdoc IValidatorSet
    /// @dev One epoch is enough while nobody waits (decision D6).
    function coolingUntil(address owner) public view returns (uint64 until) {
        uint64 lost = _lostSeat[owner];
        until = _barredUntil[owner];
        if (lost == 0) return until;
        uint256 cooldown = _parameters.cooldownEpochs;
        if (cooldown > 1 && _waitlist.length == 0) cooldown = 1;
        uint64 cooled = uint64(lost - 1 + cooldown);
        if (cooled > until) until = cooled;
    }

    /// @inheritdoc IValidatorSet
    function frozenSetOf(uint64 epoch) external view returns (FrozenSet memory set) {
        Frozen memory f = _frozen[epoch];
        if (f.table == address(0)) return set;
        return FrozenSet(f.table, SeatTable.totalWeightOf(SSTORE2.read(f.table)), f.seats, f.leastConfirmations);
    }

    /// @inheritdoc IValidatorSet
    function reportSetOf(uint64 epoch) external view returns (address table, uint64 mask, uint256 leastConfirmations) {
        Frozen storage f = _frozen[epoch];
        return (f.table, f.mask, f.leastConfirmations);
    }

    /// @inheritdoc IValidatorSet
    function frozenSeatsOf(uint64 epoch) public view returns (address[] memory signingKeys, uint64[] memory weights) {
        address table = _frozen[epoch].table;
        if (table == address(0)) revert ValidatorSet_EpochNotFrozen(epoch);
        return SeatTable.read(table);
    }

    /// @inheritdoc IValidatorSet
    function maskOf(uint64 epoch) external view returns (uint64) {
        return _frozen[epoch].mask;
    }

    /// @inheritdoc IValidatorSet
    function randomnessOf(uint64 epoch) external view returns (uint256) {
        return _randomness[epoch];
    }

    /// @inheritdoc IValidatorSet
    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) external view returns (uint256) {
        address stored = _frozen[epoch].table;
        if (stored == address(0)) revert ValidatorSet_EpochNotFrozen(epoch);
        bytes memory table = SSTORE2.read(stored);
        if (SeatTable.totalWeightOf(table) == 0) revert ValidatorSet_EmptySet(epoch);
        return SeatTable.proposerAt(table, SeatTable.randomOf(_randomness[epoch], epoch, round, attempt));
    }

    // ---------------------------------------------------------------- roll

    /// @dev Fills free seats with the heaviest eligible validators of the waitlist; ineligible ones drop off it. A
    /// candidate is asked for its weight when its turn comes: one that lost more than a quarter of it goes back into the
    /// line, once a roll. Less is what a move of the mean does to all of them alike.
    function _seatWaiting(uint64 epoch, Bits memory bits) private {
        uint256 free = MAX_SEATS - _countBits(bits.occupied);
        if (free == 0 || _waitlist.length == 0) return;
        Waitlist.Line memory line = _waitlist.line();
        while (free != 0) {
            (bool found, uint256 spot) = line.popHeaviest();
            if (!found) return;
            address owner = line.owners[spot];
            uint64 claimed = _waitlist.weightOf(owner);
            uint64 weight = standing.use(owner, NodeRole.Validator) ? standing.seatWeightOf(owner) : 0;
            if (weight != 0 && weight < claimed - claimed / 4) {
                _waitlist.setWeight(owner, weight);
                line.pushBack(spot, weight, _waitlist.joinedEpochOf(owner));
                continue;
            }
            _removeWaiting(owner);
            if (weight == 0) continue;
            _seat(owner, weight, epoch, bits);
            --free;
        }
    }

    function _seat(address owner, uint64 weight, uint64 epoch, Bits memory bits) private {
        uint256 seat = _lowestBit(~bits.occupied);
        _seats[seat] = Seat(registry.signingKeyOf(owner), weight, uint32(epoch));
        _owners[seat] = owner;
        _seatIndex[owner] = seat + 1;
        bits.occupied |= _bit(seat);
        bits.scored &= ~_bit(seat);
        emit Seated(owner, seat, epoch, weight);
    }

    /// @dev A seat without a signing key is frozen without weight: nobody could sign for it.
    function _freeze(uint64 epoch, uint64 occupied) private {
        (bytes memory table, uint64 totalWeight) = SeatTable.build(_seats, occupied, _parameters.maxSeatShare);
        uint8 seats = uint8(_countBits(occupied));
        address stored = SeatTable.store(table, _frozen[_progress.rolled].table);
        uint256 randomness = uint96(block.prevrandao);
        _frozen[epoch] = Frozen(stored, 0, seats, _parameters.leastConfirmations);
        _randomness[epoch] = randomness;
        emit SetFrozen(epoch, stored, totalWeight, seats, randomness);
    }

    // ---------------------------------------------------------------- scores

    function _scoreSeat(SeatScores calldata scores, uint256 seat, Scored memory r) private {
        address owner = _owners[seat];
        uint256 score = _performance(scores, seat);
        r.packed[seat / 8] |= score << (32 * (seat % 8));
        r.accounts[r.count] = owner;
        r.performances[r.count] = score * (WAD / SCORE_ONE);
        ++r.count;
        emit PerformanceScored(
            owner,
            seat,
            scores.epoch,
            scores.consensus[seat],
            scores.data[seat],
            scores.llm[seat],
            score
        );
    }

    /// @dev Utilities move, weights are made anew, who fell short is held against its requirement by the next roll.
    function _applyScores(Scored memory r, uint64 scored) private {
        (address[] memory accounts, uint256[] memory performances, uint256 count) = (
            r.accounts,
            r.performances,
            r.count
        );
        assembly ("memory-safe") {
            mstore(accounts, count)
            mstore(performances, count)
        }
        (uint64[] memory weights, uint256 eligible) = standing.scoreValidators(accounts, performances);
        uint64 suspect;
        for (uint256 k; scored != 0; scored &= scored - 1) {
            uint256 seat = _lowestBit(scored);
            if ((eligible >> k) & 1 == 1) _seats[seat].weight = weights[k];
            else suspect |= _bit(seat);
            ++k;
        }
        if (suspect != 0) _progress.suspect |= suspect;
    }

    // ---------------------------------------------------------------- internal

    function _caller() private view returns (address account) {
        (account, , ) = registry.authorised(msg.sender, RIGHT_SEAT);
    }

    function _requireSeat(address owner) private view returns (uint256 seat) {
        uint256 index = _seatIndex[owner];
        if (index == 0) revert ValidatorSet_NotSeated(owner);
        return index - 1;
    }

    function _removeWaiting(address owner) private {
        _waitlist.remove(owner);
        emit WaitlistLeft(owner);
    }

    function _mask(uint64 epoch, address key) private {
        address table = _frozen[epoch].table;
        if (table == address(0)) return;
        (address[] memory keys, ) = SeatTable.read(table);
        for (uint256 i; i < keys.length; ++i) {
            if (keys[i] == key) _maskRow(epoch, i, key);
        }
    }

    function _maskRow(uint64 epoch, uint256 seat, address key) private {
        _frozen[epoch].mask |= _bit(seat);
        emit KeyMasked(epoch, seat, key);
    }

    function _performance(SeatScores calldata scores, uint256 i) private view returns (uint256) {
        (uint256 consensus, uint256 data, uint256 llm) = (scores.consensus[i], scores.data[i], scores.llm[i]);
        if (consensus > SCORE_ONE) revert ValidatorSet_ScoreOutOfRange(i, consensus);
        if (data > SCORE_ONE) revert ValidatorSet_ScoreOutOfRange(i, data);
        if (llm > SCORE_ONE) revert ValidatorSet_ScoreOutOfRange(i, llm);
        SeatParameters storage p = _parameters;
        return
            StakingMath.performanceDown(
                consensus,
                data,
                llm,
                p.weightConsensus,
                p.weightData,
                p.weightLlm,
                scores.hasData,
                scores.hasLlm
            );
    }
}
