// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";
import {StakingMath} from "../math/StakingMath.sol";

/// @title ValidatorSet
/// @notice Seats, waitlist, pruning and the frozen sets. See {IValidatorSet}.
contract ValidatorSet is IValidatorSet, Ownable {
    uint256 public constant MAX_SEATS = 64;
    uint256 public constant MAX_WAITLIST = 64;
    /// @notice Bytes of a seat in a frozen table: hot key 20, weight 8.
    uint256 private constant ROW = 28;
    uint256 private constant WAD = 1e18;
    /// @notice Scores arrive and are kept on this scale.
    uint256 private constant SCORE_ONE = 1e9;

    INodeRegistry public immutable registry;
    IStakeVault public immutable vault;

    address public consensus;
    address public epochManager;

    SeatParameters private _parameters;
    Seat[64] private _seats;
    /// @dev Index of the owner's seat plus one, 0 if it has none.
    mapping(address owner => uint256) private _seatIndex;
    /// @dev Bit i set: seat i is occupied.
    uint64 private _occupied;
    /// @dev Bit i set: seat i has a score in `_scores` that no roll has used yet.
    uint64 private _scored;
    /// @dev Epoch of the scores in `_scores`.
    uint64 private _scoredEpoch;
    /// @dev P_v of 64 seats, eight a slot.
    uint256[8] private _scores;
    address[] private _waitlist;
    /// @dev Position on the waitlist plus one, 0 if it is not on it.
    mapping(address owner => uint256) private _waitlistIndex;
    /// @dev First epoch in which a pruned validator may join the waitlist.
    mapping(address owner => uint64) private _coolingUntil;
    mapping(uint64 epoch => FrozenSet) private _frozen;
    mapping(uint64 epoch => uint256) private _randomness;

    constructor(
        address owner_,
        INodeRegistry registry_,
        IStakeVault vault_,
        SeatParameters memory parameters
    ) Ownable(owner_) {
        if (address(registry_) == address(0) || address(vault_) == address(0)) revert ValidatorSet_ZeroAddress();
        registry = registry_;
        vault = vault_;
        _setParameters(parameters);
    }

    // ---------------------------------------------------------------- validators

    /// @inheritdoc IValidatorSet
    function joinWaitlist() external {
        if (!registry.use(msg.sender, INodeRegistry.Role.Validator)) revert ValidatorSet_NotEligible(msg.sender);
        uint256 index = _seatIndex[msg.sender];
        if (index != 0) revert ValidatorSet_AlreadySeated(msg.sender, index - 1);
        if (_waitlistIndex[msg.sender] != 0) revert ValidatorSet_AlreadyWaiting(msg.sender);
        if (_waitlist.length == MAX_WAITLIST) revert ValidatorSet_WaitlistFull(MAX_WAITLIST);
        uint64 coolingUntil = _coolingUntil[msg.sender];
        if (registry.snapshotOf(INodeRegistry.Role.Validator).epoch < coolingUntil) {
            revert ValidatorSet_CoolingDown(msg.sender, coolingUntil);
        }
        _waitlist.push(msg.sender);
        _waitlistIndex[msg.sender] = _waitlist.length;
        emit WaitlistJoined(msg.sender);
    }

    /// @inheritdoc IValidatorSet
    function leaveWaitlist() external {
        if (_waitlistIndex[msg.sender] == 0) revert ValidatorSet_NotWaiting(msg.sender);
        _removeWaiting(msg.sender);
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc IValidatorSet
    function roll(uint64 epoch) external {
        if (msg.sender != epochManager) revert ValidatorSet_Unauthorised(msg.sender);
        uint64 leaving = _useSeated();
        _prune(epoch, leaving);
        _vacateSeats(leaving & _occupied, epoch);
        _seatWaiting(epoch);
        _freeze(epoch);
    }

    /// @inheritdoc IValidatorSet
    /// @dev A seat that changed hands since `scores.epoch` keeps no score: evidence belongs to who was frozen then.
    function recordScores(SeatScores calldata scores) external {
        if (msg.sender != consensus) revert ValidatorSet_Unauthorised(msg.sender);
        address table = _frozen[scores.epoch].table;
        if (table == address(0)) revert ValidatorSet_EpochNotFrozen(scores.epoch);
        uint256 rows = (table.code.length - 1) / ROW;
        if (scores.consensus.length != rows || scores.data.length != rows || scores.llm.length != rows) {
            revert ValidatorSet_ScoreCount(scores.consensus.length, rows);
        }
        uint256[8] memory packed;
        uint64 scored;
        for (uint256 i; i < rows; ++i) {
            Seat memory seat = _seats[i];
            if (seat.owner == address(0) || seat.seatedEpoch > scores.epoch) continue;
            uint256 score = _performance(scores, i);
            packed[i / 8] |= score << (32 * (i % 8));
            scored |= uint64(1 << i);
            registry.recordWork(seat.owner, INodeRegistry.Role.Validator, WAD, score * (WAD / SCORE_ONE));
            emit PerformanceScored(
                seat.owner,
                i,
                scores.epoch,
                scores.consensus[i],
                scores.data[i],
                scores.llm[i],
                score
            );
        }
        _scores = packed;
        _scored = scored;
        _scoredEpoch = scores.epoch;
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the modules, once.
    function wire(address consensus_, address epochManager_) external onlyOwner {
        if (consensus != address(0)) revert ValidatorSet_AlreadyWired();
        if (consensus_ == address(0) || epochManager_ == address(0)) revert ValidatorSet_ZeroAddress();
        consensus = consensus_;
        epochManager = epochManager_;
        emit Wired(consensus_, epochManager_);
    }

    /// @notice Confirmations hold from the next frozen set on; the rest at once.
    function setSeatParameters(SeatParameters calldata parameters) external onlyOwner {
        _setParameters(parameters);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IValidatorSet
    function nextToBePruned() external view returns (address owner, uint256 seat, uint256 score) {
        uint64 rolled = registry.snapshotOf(INodeRegistry.Role.Validator).epoch;
        uint64 next = _scoredEpoch + 2 > rolled ? _scoredEpoch + 2 : rolled + 1;
        bool found;
        uint64 leaving;
        for (uint256 i; i < MAX_SEATS; ++i) {
            if ((_occupied >> i) & 1 == 0 || registry.isEligible(_seats[i].owner, INodeRegistry.Role.Validator))
                continue;
            leaving |= uint64(1 << i);
        }
        (found, seat, score) = _lowest(next, leaving);
        if (found) owner = _seats[seat].owner;
    }

    /// @inheritdoc IValidatorSet
    function seatOf(address owner) external view returns (bool seated, uint256 seat) {
        uint256 index = _seatIndex[owner];
        return index == 0 ? (false, 0) : (true, index - 1);
    }

    /// @inheritdoc IValidatorSet
    function seatAt(uint256 seat) external view returns (Seat memory) {
        return _seats[seat];
    }

    /// @inheritdoc IValidatorSet
    function seatCount() public view returns (uint256) {
        return _countBits(_occupied);
    }

    /// @inheritdoc IValidatorSet
    function waitlist() external view returns (address[] memory) {
        return _waitlist;
    }

    /// @inheritdoc IValidatorSet
    function frozenSetOf(uint64 epoch) external view returns (FrozenSet memory) {
        return _frozen[epoch];
    }

    /// @inheritdoc IValidatorSet
    function frozenSeatsOf(uint64 epoch) public view returns (address[] memory hotKeys, uint64[] memory weights) {
        address table = _frozen[epoch].table;
        if (table == address(0)) revert ValidatorSet_EpochNotFrozen(epoch);
        bytes memory rows = SSTORE2.read(table);
        uint256 count = rows.length / ROW;
        hotKeys = new address[](count);
        weights = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(rows, 0x20), mul(i, ROW)))
            }
            hotKeys[i] = address(uint160(word >> 96));
            weights[i] = uint64(word >> 32);
        }
    }

    /// @inheritdoc IValidatorSet
    function randomnessOf(uint64 epoch) external view returns (uint256) {
        return _randomness[epoch];
    }

    /// @inheritdoc IValidatorSet
    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) external view returns (uint256) {
        uint256 total = _frozen[epoch].totalWeight;
        (, uint64[] memory frozenWeights) = frozenSeatsOf(epoch);
        if (total == 0) revert ValidatorSet_EmptySet(epoch);
        uint256[] memory weights = new uint256[](frozenWeights.length);
        for (uint256 i; i < weights.length; ++i) {
            weights[i] = frozenWeights[i];
        }
        uint256 draw = uint256(keccak256(abi.encode(_randomness[epoch], epoch, round, attempt))) % total;
        return ConsensusMath.seatAt(weights, draw);
    }

    function seatParameters() external view returns (SeatParameters memory) {
        return _parameters;
    }

    // ---------------------------------------------------------------- roll

    /// @dev Uses each epoch report once, and only when its window has closed: scores of n serve the roll into n + 2.
    function _prune(uint64 epoch, uint64 leaving) private {
        (bool found, uint256 seat, uint256 score) = _lowest(epoch, leaving);
        uint64 scoredEpoch = _scoredEpoch;
        if (epoch >= scoredEpoch + 2) _scored = 0;
        if (!found) return;
        address owner = _seats[seat].owner;
        _coolingUntil[owner] = epoch + _parameters.cooldownEpochs;
        _vacate(seat);
        emit Pruned(owner, seat, epoch, scoredEpoch, score);
    }

    /// @dev argmin P_v over scored, non-immune seats; ties go to the lower stake, then to the later seating.
    /// @param leaving Seats whose owners are no eligible validators any more. They do not count for the floor, which
    /// would be missed otherwise (invariant I-07); the lowest of all is pruned even so, or leaving the registry for the
    /// moment of the roll would spare it the cooldown.
    function _lowest(
        uint64 epoch,
        uint64 leaving
    ) private view returns (bool found, uint256 lowestSeat, uint256 lowestScore) {
        uint64 candidates = _scored & _occupied;
        if (candidates == 0 || epoch < _scoredEpoch + 2) return (false, 0, 0);
        uint256 immunity = _parameters.immunityEpochs;
        for (uint256 i; i < MAX_SEATS; ++i) {
            if ((candidates >> i) & 1 == 1 && _seats[i].seatedEpoch + immunity > epoch) candidates &= ~uint64(1 << i);
        }
        (uint32 lowest, uint64 tied) = StakingMath.lowestScores(_scores, candidates);
        uint256 leastStake = type(uint256).max;
        uint256 latest;
        for (uint256 i; i < MAX_SEATS; ++i) {
            if ((tied >> i) & 1 == 0) continue;
            Seat memory seat = _seats[i];
            uint256 staked = vault.stakeUnitsOf(seat.owner);
            if (!found || staked < leastStake || (staked == leastStake && seat.seatedEpoch > latest)) {
                (found, lowestSeat, leastStake, latest) = (true, i, staked, seat.seatedEpoch);
            }
        }
        bool atFloor = _countBits(_occupied & ~leaving) <= _parameters.minValidators;
        if (!found || (atFloor && (leaving >> lowestSeat) & 1 == 0)) return (false, 0, 0);
        lowestScore = lowest;
    }

    /// @dev Pokes the owner of every seat.
    /// @return leaving Bit i set: the owner of seat i is no eligible validator any more.
    function _useSeated() private returns (uint64 leaving) {
        uint64 occupied = _occupied;
        for (uint256 i; i < MAX_SEATS; ++i) {
            if ((occupied >> i) & 1 == 0 || registry.use(_seats[i].owner, INodeRegistry.Role.Validator)) continue;
            leaving |= uint64(1 << i);
        }
    }

    function _vacateSeats(uint64 leaving, uint64 epoch) private {
        for (uint256 i; leaving != 0; ++i) {
            if ((leaving >> i) & 1 == 0) continue;
            leaving &= leaving - 1;
            address owner = _seats[i].owner;
            _vacate(i);
            emit Vacated(owner, i, epoch);
        }
    }

    /// @dev Fills free seats with the heaviest eligible validators of the waitlist; ineligible ones drop off it.
    function _seatWaiting(uint64 epoch) private {
        uint256 free = MAX_SEATS - seatCount();
        uint256 length = _waitlist.length;
        if (free == 0 || length == 0) return;
        address[] memory waiting = _waitlist;
        uint256[] memory weights = new uint256[](length);
        for (uint256 i; i < length; ++i) {
            if (registry.use(waiting[i], INodeRegistry.Role.Validator)) weights[i] = _rawWeight(waiting[i]);
            else _removeWaiting(waiting[i]);
        }
        for (; free != 0; --free) {
            uint256 heaviest = length;
            uint256 most;
            for (uint256 i; i < length; ++i) {
                if (weights[i] > most) (heaviest, most) = (i, weights[i]);
            }
            if (heaviest == length) return;
            weights[heaviest] = 0;
            _removeWaiting(waiting[heaviest]);
            _seat(waiting[heaviest], epoch);
        }
    }

    function _seat(address owner, uint64 epoch) private {
        uint256 seat;
        while ((_occupied >> seat) & 1 == 1) ++seat;
        _seats[seat] = Seat(owner, uint32(epoch));
        _seatIndex[owner] = seat + 1;
        _occupied |= uint64(1 << seat);
        _scored &= ~uint64(1 << seat);
        emit Seated(owner, seat, epoch);
    }

    function _vacate(uint256 seat) private {
        delete _seatIndex[_seats[seat].owner];
        delete _seats[seat];
        _occupied &= ~uint64(1 << seat);
        _scored &= ~uint64(1 << seat);
    }

    /// @dev Weights are shares of the capped total, WAD: they fit 8 bytes and sum to at most 1e18.
    function _freeze(uint64 epoch) private {
        uint64 occupied = _occupied;
        uint256 rows = MAX_SEATS;
        while (rows != 0 && (occupied >> (rows - 1)) & 1 == 0) --rows;
        uint256[] memory weights = new uint256[](rows);
        uint256 uncapped;
        for (uint256 i; i < rows; ++i) {
            if ((occupied >> i) & 1 == 1) uncapped += weights[i] = _rawWeight(_seats[i].owner);
        }
        uint256 cap = ConsensusMath.seatCapDown(uncapped, _parameters.maxSeatShare);
        uint256 capped;
        for (uint256 i; i < rows; ++i) {
            if (weights[i] > cap) weights[i] = cap;
            capped += weights[i];
        }
        bytes memory table = new bytes(rows * ROW + 4); // room for the last row's 32-byte store
        uint64 totalWeight;
        for (uint256 i; i < rows; ++i) {
            if (weights[i] == 0) continue;
            uint64 share = ConsensusMath.seatShareDown(weights[i], capped);
            totalWeight += share;
            bytes28 row = bytes28(abi.encodePacked(registry.hotKeyOf(_seats[i].owner), share));
            assembly ("memory-safe") {
                // Rows are written in ascending order, so the four zero bytes behind a row spoil nothing.
                mstore(add(add(table, 0x20), mul(i, ROW)), row)
            }
        }
        assembly ("memory-safe") {
            mstore(table, mul(rows, ROW))
        }
        _frozen[epoch] = FrozenSet(
            SSTORE2.write(table),
            totalWeight,
            uint8(_countBits(occupied)),
            _parameters.leastConfirmations
        );
        _randomness[epoch] = block.prevrandao;
        emit SetFrozen(epoch, _frozen[epoch].table, totalWeight, uint8(_countBits(occupied)), block.prevrandao);
    }

    function _rawWeight(address owner) private view returns (uint256) {
        return ConsensusMath.seatWeightDown(vault.masaStakeOf(owner), registry.sigmaOf(owner));
    }

    // ---------------------------------------------------------------- internal

    function _performance(SeatScores calldata scores, uint256 i) private view returns (uint256) {
        if (scores.consensus[i] > SCORE_ONE || scores.data[i] > SCORE_ONE || scores.llm[i] > SCORE_ONE) {
            revert ValidatorSet_ScoreOutOfRange(
                i,
                scores.consensus[i] > SCORE_ONE
                    ? scores.consensus[i]
                    : scores.data[i] > SCORE_ONE
                        ? scores.data[i]
                        : scores.llm[i]
            );
        }
        return
            StakingMath.performanceDown(
                scores.consensus[i],
                scores.data[i],
                scores.llm[i],
                _parameters.weightConsensus,
                _parameters.weightData,
                _parameters.weightLlm,
                scores.hasData,
                scores.hasLlm
            );
    }

    function _removeWaiting(address owner) private {
        uint256 index = _waitlistIndex[owner];
        address last = _waitlist[_waitlist.length - 1];
        _waitlist[index - 1] = last;
        _waitlistIndex[last] = index;
        _waitlist.pop();
        delete _waitlistIndex[owner];
        emit WaitlistLeft(owner);
    }

    function _countBits(uint64 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) ++count;
    }

    function _setParameters(SeatParameters memory p) private {
        _requireWithin("leastConfirmations", p.leastConfirmations, 1, MAX_SEATS);
        _requireWithin("minValidators", p.minValidators, p.leastConfirmations, MAX_SEATS);
        _requireWithin("immunityEpochs", p.immunityEpochs, 0, p.minValidators - 1);
        _requireWithin("cooldownEpochs", p.cooldownEpochs, 0, 1_000);
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
