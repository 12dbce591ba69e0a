// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {StakingMath} from "../math/StakingMath.sol";

/// @title SeatBook
/// @notice Who sits where, with which score, and who loses a seat (decision D6). Knows neither waitlist nor frozen sets.
abstract contract SeatBook is IValidatorSet, ModuleRights {
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

    uint256 public constant MAX_SEATS = 64;
    uint256 private constant WAD = 1e18;

    INodeRegistry public immutable registry;
    INodeStanding public immutable standing;
    IStakeVault public immutable vault;

    SeatParameters internal _parameters;
    Seat[64] internal _seats;
    address[64] internal _owners;
    /// @dev Index of the owner's seat plus one, 0 if it has none.
    mapping(address owner => uint256) internal _seatIndex;
    Bits internal _bits;
    Progress internal _progress;
    /// @dev P_v of 64 seats, eight a slot.
    uint256[8] internal _scores;
    /// @dev Epoch whose roll took the seat of an account, plus one.
    mapping(address owner => uint64) internal _lostSeat;

    constructor(
        INodeRegistry registry_,
        INodeStanding standing_,
        IStakeVault vault_,
        SeatParameters memory parameters
    ) {
        if (address(registry_) == address(0) || address(standing_) == address(0) || address(vault_) == address(0))
            revert ValidatorSet_ZeroAddress();
        registry = registry_;
        standing = standing_;
        vault = vault_;
        _setParameters(parameters);
    }

    // ---------------------------------------------------------------- owner

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
    function seatParameters() external view returns (SeatParameters memory) {
        return _parameters;
    }

    // ---------------------------------------------------------------- leaving

    /// @dev Holds seats that fell short against their requirement once more.
    /// @return leaving Those that are still short.
    function _recheck(uint64 suspect) internal returns (uint64 leaving) {
        for (; suspect != 0; suspect &= suspect - 1) {
            uint256 seat = _lowestBit(suspect);
            if (!standing.use(_owners[seat], NodeRole.Validator)) leaving |= _bit(seat);
        }
    }

    /// @dev Uses each epoch report once, and only when its window has closed: scores of n serve the roll into n + 2.
    function _prune(uint64 epoch, Bits memory bits, Progress memory progress) internal {
        PruneView memory v = _lowest(epoch, bits, progress);
        if (epoch >= progress.scoredEpoch + 2) bits.scored = 0;
        if (v.owner == address(0)) return;
        _vacate(v.seat, epoch, bits);
        emit Pruned(v.owner, v.seat, epoch, progress.scoredEpoch, v.score, v.reason);
    }

    /// @dev Does what a roll that is late would have done with the scores that a newer report is about to replace:
    /// whoever posts first must not decide whether they are used.
    function _pruneEarly(uint64 epoch) internal {
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

    function _vacateAll(uint64 seats, uint64 epoch, Bits memory bits, bool silent) internal {
        for (; seats != 0; seats &= seats - 1) {
            uint256 seat = _lowestBit(seats);
            address owner = _owners[seat];
            _vacate(seat, epoch, bits);
            if (silent) emit VacatedSilent(owner, seat, epoch);
            else emit Vacated(owner, seat, epoch);
        }
    }

    function _vacate(uint256 seat, uint64 epoch, Bits memory bits) internal {
        address owner = _owners[seat];
        delete _seatIndex[owner];
        delete _owners[seat];
        delete _seats[seat];
        _lostSeat[owner] = epoch + 1;
        bits.occupied &= ~_bit(seat);
        bits.scored &= ~_bit(seat);
        bits.checkedIn &= ~_bit(seat); // who sits there next has not said anything yet
    }

    // ---------------------------------------------------------------- internal

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    function _bit(uint256 seat) internal pure returns (uint64) {
        return uint64(1 << seat);
    }

    /// @dev Index of the lowest bit set; `bits` is not 0.
    function _lowestBit(uint64 bits) internal pure returns (uint256) {
        return LibBit.ffs(bits);
    }

    function _countBits(uint64 bits) internal pure returns (uint256) {
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
