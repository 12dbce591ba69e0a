// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {IMembershipObserver, INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {SeatTable} from "./SeatTable.sol";
import {Waitlist} from "./Waitlist.sol";

/// @title ValidatorSet
/// @notice Seats, waitlist, pruning and the frozen sets. See {IValidatorSet}.
contract ValidatorSet is IValidatorSet, ModuleRights {
    using Waitlist for Waitlist.List;
    using Waitlist for Waitlist.Line;

    /// @dev One slot; bit i stands for seat i.
    struct Bits {
        uint64 occupied;
        uint64 scored; // has a score that no roll has used yet
        uint64 leaving; // vacated by the next roll
        uint64 checkedIn; // since the last epoch report
    }

    /// @dev One slot.
    struct Progress {
        uint64 scoredEpoch; // of the scores
        uint32 silentRolls; // since the last epoch report
        uint64 suspect; // fell short: held against its requirement again by the next roll
        uint64 rolled; // epoch last rolled into
    }

    /// @dev What an epoch report comes to: P_v packed by seat, and one entry a scored seat in ascending order.
    struct Scored {
        uint256[8] packed;
        address[] accounts;
        uint256[] performances;
        uint256 count;
    }

    bytes32 public constant REPORT = "REPORT";
    bytes32 public constant ROLL = "ROLL";
    uint256 public constant MAX_SEATS = 64;
    uint256 private constant WAD = 1e18;
    /// @notice Scores arrive and are kept on this scale.
    uint256 private constant SCORE_ONE = 1e9;
    /// @dev INodeRegistry's right to act for a validator's seat.
    uint16 private constant RIGHT_SEAT = 16;

    INodeRegistry public immutable registry;
    INodeStanding public immutable standing;
    IStakeVault public immutable vault;

    SeatParameters private _parameters;
    Seat[64] private _seats;
    address[64] private _owners;
    /// @dev Index of the owner's seat plus one, 0 if it has none.
    mapping(address owner => uint256) private _seatIndex;
    Bits private _bits;
    Progress private _progress;
    /// @dev P_v of 64 seats, eight a slot.
    uint256[8] private _scores;
    Waitlist.List private _waitlist;
    /// @dev Epoch whose roll took the seat of an account, plus one.
    mapping(address owner => uint64) private _lostSeat;
    mapping(uint64 epoch => FrozenSet) private _frozen;
    mapping(uint64 epoch => uint64) private _masks;
    mapping(uint64 epoch => uint256) private _randomness;

    constructor(
        address owner_,
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        SeatParameters memory parameters
    ) Ownable(owner_) {
        if (address(registry_) == address(0) || address(standing_) == address(0) || address(vault_) == address(0))
            revert ValidatorSet_ZeroAddress();
        registry = registry_;
        standing = standing_;
        vault = vault_;
        _setParameters(parameters);
    }

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

    /// @notice Confirmations hold from the next frozen set on; the rest at once.
    function setSeatParameters(SeatParameters calldata parameters) external onlyOwner {
        _setParameters(parameters);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IValidatorSet
    function nextToBePruned() external view returns (PruneView memory v) {
        Bits memory bits = _bits;
        Progress memory progress = _progress;
        for (uint64 left = progress.suspect & bits.occupied & ~bits.leaving; left != 0; left &= left - 1) {
            uint256 seat = _lowestBit(left);
            address owner = _owners[seat];
            if (standing.isEligible(owner, NodeRole.Validator)) continue;
            if (standing.previewRequirement(owner, NodeRole.Validator, 0).nextShortfall != 0)
                bits.leaving |= _bit(seat);
        }
        v = _lowest(progress.rolled + 1, bits, progress);
    }

    /// @inheritdoc IValidatorSet
    function seatOf(address owner) external view returns (bool seated, uint256 seat) {
        uint256 index = _seatIndex[owner];
        return index == 0 ? (false, 0) : (true, index - 1);
    }

    /// @inheritdoc IValidatorSet
    function seatAt(uint256 seat) external view returns (Seat memory, address owner) {
        return (_seats[seat], _owners[seat]);
    }

    /// @inheritdoc IValidatorSet
    function seatCount() external view returns (uint256) {
        return _countBits(_bits.occupied);
    }

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
    function coolingUntil(address owner) public view returns (uint64) {
        uint64 lost = _lostSeat[owner];
        if (lost == 0) return 0;
        uint256 cooldown = _parameters.cooldownEpochs;
        if (cooldown > 1 && _waitlist.length == 0) cooldown = 1;
        return uint64(lost - 1 + cooldown);
    }

    /// @inheritdoc IValidatorSet
    function scoreOf(uint256 seat) external view returns (bool scored, uint256 score, uint64 epoch) {
        scored = _bits.scored & _bit(seat) != 0;
        score = uint32(_scores[seat / 8] >> (32 * (seat % 8)));
        epoch = _progress.scoredEpoch;
    }

    /// @inheritdoc IValidatorSet
    function silence() external view returns (uint32 rolls, uint64 checkedIn) {
        return (_progress.silentRolls, _bits.checkedIn);
    }

    /// @inheritdoc IValidatorSet
    function frozenSetOf(uint64 epoch) external view returns (FrozenSet memory) {
        return _frozen[epoch];
    }

    /// @inheritdoc IValidatorSet
    function frozenSeatsOf(uint64 epoch) public view returns (address[] memory signingKeys, uint64[] memory weights) {
        address table = _frozen[epoch].table;
        if (table == address(0)) revert ValidatorSet_EpochNotFrozen(epoch);
        return SeatTable.read(table);
    }

    /// @inheritdoc IValidatorSet
    function maskOf(uint64 epoch) external view returns (uint64) {
        return _masks[epoch];
    }

    /// @inheritdoc IValidatorSet
    function randomnessOf(uint64 epoch) external view returns (uint256) {
        return _randomness[epoch];
    }

    /// @inheritdoc IValidatorSet
    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) external view returns (uint256) {
        uint64 total = _frozen[epoch].totalWeight;
        (, uint64[] memory frozenWeights) = frozenSeatsOf(epoch);
        if (total == 0) revert ValidatorSet_EmptySet(epoch);
        uint256[] memory weights = new uint256[](frozenWeights.length);
        for (uint256 i; i < weights.length; ++i) {
            weights[i] = frozenWeights[i];
        }
        uint256 random = uint256(keccak256(abi.encode(_randomness[epoch], epoch, round, attempt)));
        return ConsensusMath.seatAt(weights, ConsensusMath.drawDown(random, total));
    }

    /// @inheritdoc IValidatorSet
    function seatParameters() external view returns (SeatParameters memory) {
        return _parameters;
    }

    // ---------------------------------------------------------------- roll

    /// @dev Holds seats that fell short against their requirement once more.
    /// @return leaving Those that are still short.
    function _recheck(uint64 suspect) private returns (uint64 leaving) {
        for (; suspect != 0; suspect &= suspect - 1) {
            uint256 seat = _lowestBit(suspect);
            if (!standing.use(_owners[seat], NodeRole.Validator)) leaving |= _bit(seat);
        }
    }

    /// @dev Uses each epoch report once, and only when its window has closed: scores of n serve the roll into n + 2.
    function _prune(uint64 epoch, Bits memory bits, Progress memory progress) private {
        PruneView memory v = _lowest(epoch, bits, progress);
        if (epoch >= progress.scoredEpoch + 2) bits.scored = 0;
        if (v.owner == address(0)) return;
        _vacate(v.seat, epoch, bits);
        emit Pruned(v.owner, v.seat, epoch, progress.scoredEpoch, v.score, v.reason);
    }

    /// @dev Does what a roll that is late would have done with the scores that a newer report is about to replace:
    /// whoever posts first must not decide whether they are used.
    function _pruneEarly(uint64 epoch) private {
        Bits memory bits = _bits;
        Progress memory progress = _progress;
        if (bits.scored == 0) return;
        uint64 leaving = bits.leaving;
        bits.leaving |= _recheck(progress.suspect & bits.occupied);
        _prune(epoch, bits, progress);
        bits.leaving = leaving;
        _bits = bits;
    }

    /// @dev argmin P_v over scored, non-immune seats; ties go to the lower stake, then to the later seating. Seats that
    /// are leaving do not count for the floor, which would be missed otherwise (invariant I-07); the lowest of all is
    /// pruned even so, or leaving for the moment of the roll would spare it the cooldown.
    function _lowest(
        uint64 epoch,
        Bits memory bits,
        Progress memory progress
    ) private view returns (PruneView memory v) {
        v.scoredEpoch = progress.scoredEpoch;
        uint64 candidates = bits.scored & bits.occupied;
        if (candidates == 0) return v;
        v.reason = PruneReason.NotDueYet;
        if (epoch < progress.scoredEpoch + 2) return v;
        v.reason = PruneReason.AllImmune;
        uint256 immunity = _parameters.immunityEpochs;
        for (uint64 left = candidates; left != 0; left &= left - 1) {
            uint256 seat = _lowestBit(left);
            if (_seats[seat].seatedEpoch + immunity > epoch) candidates &= ~_bit(seat);
        }
        if (candidates == 0) return v;
        (uint32 lowest, uint64 tied) = StakingMath.lowestScores(_scores, candidates);
        (v.seat, v.reason) = _breakTie(tied);
        uint64 staying = bits.occupied & ~bits.leaving;
        if (_countBits(staying) <= _parameters.minValidators && staying & _bit(v.seat) != 0) {
            v.reason = PruneReason.AtFloor;
            v.seat = 0;
            return v;
        }
        v.owner = _owners[v.seat];
        v.score = lowest;
    }

    function _breakTie(uint64 tied) private view returns (uint256 chosen, PruneReason reason) {
        chosen = _lowestBit(tied);
        reason = PruneReason.LowestScore;
        if (tied & (tied - 1) == 0) return (chosen, reason);
        uint256 leastStake = type(uint256).max;
        uint256 latest;
        for (uint64 left = tied; left != 0; left &= left - 1) {
            uint256 seat = _lowestBit(left);
            uint256 staked = vault.stakeUnitsOf(_owners[seat]);
            uint256 seated = _seats[seat].seatedEpoch;
            if (staked > leastStake) continue;
            if (staked < leastStake) reason = PruneReason.TieLowerStake;
            else if (seated > latest) reason = PruneReason.TieLaterSeating;
            else {
                if (seated == latest) reason = PruneReason.TieSeatIndex;
                else if (reason == PruneReason.TieLowerStake) reason = PruneReason.TieLaterSeating;
                continue;
            }
            (chosen, leastStake, latest) = (seat, staked, seated);
        }
    }

    function _vacateAll(uint64 seats, uint64 epoch, Bits memory bits, bool silent) private {
        for (; seats != 0; seats &= seats - 1) {
            uint256 seat = _lowestBit(seats);
            address owner = _owners[seat];
            _vacate(seat, epoch, bits);
            if (silent) emit VacatedSilent(owner, seat, epoch);
            else emit Vacated(owner, seat, epoch);
        }
    }

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

    function _vacate(uint256 seat, uint64 epoch, Bits memory bits) private {
        address owner = _owners[seat];
        delete _seatIndex[owner];
        delete _owners[seat];
        delete _seats[seat];
        _lostSeat[owner] = epoch + 1;
        bits.occupied &= ~_bit(seat);
        bits.scored &= ~_bit(seat);
        bits.checkedIn &= ~_bit(seat); // who sits there next has not said anything yet
    }

    /// @dev A seat without a signing key is frozen without weight: nobody could sign for it.
    function _freeze(uint64 epoch, uint64 occupied) private {
        (bytes memory table, uint64 totalWeight) = SeatTable.build(_seats, occupied, _parameters.maxSeatShare);
        uint8 seats = uint8(_countBits(occupied));
        address stored = SeatTable.store(table, _frozen[_progress.rolled].table);
        _frozen[epoch] = FrozenSet(stored, totalWeight, seats, _parameters.leastConfirmations);
        _randomness[epoch] = block.prevrandao;
        emit SetFrozen(epoch, stored, totalWeight, seats, block.prevrandao);
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

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

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
            if (keys[i] != key) continue;
            _masks[epoch] |= _bit(i);
            emit KeyMasked(epoch, i, key);
        }
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

    function _bit(uint256 seat) private pure returns (uint64) {
        return uint64(1 << seat);
    }

    /// @dev Index of the lowest bit set; `bits` is not 0.
    function _lowestBit(uint64 bits) private pure returns (uint256) {
        return LibBit.ffs(bits);
    }

    function _countBits(uint64 bits) private pure returns (uint256) {
        return LibBit.popCount(bits);
    }

    function _setParameters(SeatParameters memory p) private {
        _requireWithin("leastConfirmations", p.leastConfirmations, 1, MAX_SEATS);
        _requireWithin("minValidators", p.minValidators, p.leastConfirmations, MAX_SEATS);
        _requireWithin("immunityEpochs", p.immunityEpochs, 0, p.minValidators - 1);
        _requireWithin("cooldownEpochs", p.cooldownEpochs, 0, 1_000);
        _requireWithin("haltEpochs", p.haltEpochs, 2, 1_000);
        _requireWithin("maxSeatShare", p.maxSeatShare, WAD / MAX_SEATS, WAD);
        uint256 sum = uint256(p.weightConsensus) + p.weightData + p.weightLlm;
        if (sum != WAD) revert ValidatorSet_WeightsDoNotSumToOne(sum);
        emit SeatParametersSet(_parameters, p);
        _parameters = p;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert ValidatorSet_ParameterOutOfRange(name, value, least, most);
    }
}
