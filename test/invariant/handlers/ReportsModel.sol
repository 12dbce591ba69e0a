// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardDistributor} from "../../../contracts/interfaces/IRewardDistributor.sol";
import {IScoreConsensus} from "../../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../../contracts/interfaces/IValidatorSet.sol";
import {ResultCodec} from "../../../contracts/market/ResultCodec.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title What becomes of a report, by rules written down apart from the consensus
/// @notice The model keeps its own time, frozen sets, masks, final rounds, requests and pots. It asks the consensus
/// nothing; of the validator set it copies what the roll froze, in the block of the roll.
abstract contract ReportsModel is ProtocolHandler {
    struct Post {
        uint64 epoch;
        uint32 round;
        uint32 attempt;
        uint64 signers;
        bytes signatures;
        bytes32 digest;
    }

    struct Asked {
        uint256 responses;
        bool full;
        uint256 answersUntil;
        uint256 scoresUntil;
        uint256 settled; // times
    }

    uint256 public constant VALIDATORS = 6;
    uint256 public constant ASKERS = 2;
    uint256 public constant WORKERS = 3;
    uint32 public constant ROUNDS = EPOCH / ROUND;
    uint32 internal constant ATTEMPTS = ROUND / ATTEMPT;
    uint32 internal constant EPOCH_ROUND = 0xffffffff;
    /// @dev Order of secp256k1.
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant EMISSIONS = 10_000_000e18;

    mapping(uint64 epoch => mapping(uint32 round => bool)) public modelFinal;
    mapping(uint64 epoch => bool) public modelEpochFinal;
    mapping(uint256 requestId => Asked) public requests;
    uint64 public rolledEpoch;
    uint128 public modelValidatorTotal;
    uint128 public modelWorkerTotal;
    uint128 public modelValidatorsFunded;
    uint128 public modelWorkersFunded;
    uint256 public modelPool = EMISSIONS;

    mapping(uint64 epoch => bool) internal isFrozen;
    mapping(uint64 epoch => uint64) internal maskOf;
    mapping(address owner => address) internal signingKeyOf;
    uint256 internal lastKey = 1_000;
    /// @dev Why a report is refused that passes all that is modelled here.
    bytes internal refusal;
    mapping(uint64 epoch => address[]) private _keys;
    mapping(uint64 epoch => uint64[]) private _weights;
    mapping(uint64 epoch => uint256) private _random;

    function setUp() public virtual override {
        super.setUp();
        masa.approve(address(emissions), EMISSIONS);
        emissions.fund(EMISSIONS);
        for (uint256 i; i < ASKERS; ++i) {
            _registerOracle(1 + i, 500_000e18, 100_000e18);
        }
        for (uint256 i; i < WORKERS; ++i) {
            _registerWorker(11 + i, 1_000_000e18);
        }
        for (uint256 i; i < VALIDATORS; ++i) {
            address owner = _registerValidator(i + 1, 1_000_000e18 + i * 150_000e18);
            signingKeyOf[owner] = vm.addr(i + 1);
            _joinWaitlist(owner);
        }
        _remember(_rollNext());
        _now = block.timestamp;
    }

    /// @dev Nobody is pruned: who sits where is the matter of another campaign.
    function _seatParameters() internal pure override returns (IValidatorSet.SeatParameters memory p) {
        p = super._seatParameters();
        p.minValidators = 64;
    }

    // ---------------------------------------------------------------- time

    function _epochNow() internal view returns (uint64) {
        return uint64((_now - START) / EPOCH);
    }

    function _epochBegins(uint64 epoch) internal pure returns (uint256) {
        return START + uint256(epoch) * EPOCH;
    }

    function _roundBegins(uint64 epoch, uint32 round) internal pure returns (uint256) {
        return _epochBegins(epoch) + uint256(round) * ROUND;
    }

    // ---------------------------------------------------------------- sets

    /// @dev Copies what was frozen in this block.
    function _remember(uint64 epoch) internal {
        (_keys[epoch], _weights[epoch]) = validatorSet.frozenSeatsOf(epoch);
        _random[epoch] = validatorSet.randomnessOf(epoch);
        (isFrozen[epoch], rolledEpoch) = (true, epoch);
    }

    function _frozenOf(uint64 epoch) internal view returns (address[] memory, uint64[] memory) {
        return (_keys[epoch], _weights[epoch]);
    }

    /// @dev D20: in the set that is frozen last, and in the one of the epoch before it.
    function _maskKey(address key) internal {
        for (uint64 k; k < 2 && k <= rolledEpoch; ++k) {
            address[] memory keys = _keys[rolledEpoch - k];
            for (uint256 i; i < keys.length; ++i) {
                if (keys[i] == key) maskOf[rolledEpoch - k] |= uint64(1 << i);
            }
        }
    }

    function _occupied(uint64 epoch) internal view returns (uint64 seats) {
        address[] memory keys = _keys[epoch];
        for (uint256 i; i < keys.length; ++i) {
            if (keys[i] != address(0)) seats |= uint64(1 << i);
        }
    }

    function _weigh(
        uint64 epoch,
        uint64 signers
    ) internal view returns (uint256 signed, uint256 silent, uint256 count) {
        uint64[] memory weights = _weights[epoch];
        for (uint256 i; i < weights.length; ++i) {
            if ((signers >> i) & 1 == 1) (signed, count) = (signed + weights[i], count + 1);
            else silent += weights[i];
        }
    }

    /// @dev The silent weigh less than half of those who signed, and three signed.
    function _suffices(uint64 epoch, uint64 signers) internal view returns (bool) {
        (uint256 signed, uint256 silent, uint256 count) = _weigh(epoch, signers);
        return signed > 2 * silent && count >= 3;
    }

    /// @dev The seat whose stretch of the weights holds ⌊⌊H / 2^64⌋ · total / 2^192⌋; no seat of an epoch without a set.
    function _drawn(uint64 epoch, uint32 round, uint32 attempt) internal view returns (uint256 seat) {
        uint64[] memory weights = _weights[epoch];
        uint256 total;
        for (uint256 i; i < weights.length; ++i) {
            total += weights[i];
        }
        uint256 random = uint256(keccak256(abi.encode(_random[epoch], epoch, round, attempt)));
        uint256 point = ((random / 2 ** 64) * total) / 2 ** 192;
        uint256 above;
        for (; seat < weights.length; ++seat) {
            above += weights[seat];
            if (point < above) return seat;
        }
    }

    // ---------------------------------------------------------------- refusals

    /// @return reason The error of the first rule that the post breaks; empty if it is accepted.
    function _scoreRefusal(Post memory p) internal view returns (bytes memory reason) {
        uint64 current = _epochNow();
        if (p.epoch != current && p.epoch + 1 != current) return _outsideWindow(p.epoch, current);
        if (p.round >= ROUNDS) {
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchRound.selector, p.round, ROUNDS);
        }
        if (p.attempt >= ATTEMPTS) {
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NoSuchAttempt.selector, p.attempt, ATTEMPTS);
        }
        uint256 begins = _roundBegins(p.epoch, p.round) + p.attempt * ATTEMPT;
        if (_now < begins) return _notBegun(p, begins);
        if (modelFinal[p.epoch][p.round]) {
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_AlreadyFinal.selector, p.epoch, p.round);
        }
        reason = _signatureRefusal(p);
        return reason.length == 0 ? refusal : reason;
    }

    function _epochRefusal(
        Post memory p,
        IScoreConsensus.EpochReport memory report
    ) internal view returns (bytes memory reason) {
        uint64 current = _epochNow();
        if (p.epoch + 1 != current) return _outsideWindow(p.epoch, current);
        if (report.scores.epoch != p.epoch) {
            return
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_ScoresOfAnotherEpoch.selector,
                    p.epoch,
                    report.scores.epoch
                );
        }
        uint256 begins = _epochBegins(current) + (uint256(p.attempt) + 1) * ATTEMPT;
        if (_now < begins) return _notBegun(p, begins);
        if (modelEpochFinal[p.epoch]) {
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochAlreadyFinal.selector, p.epoch);
        }
        reason = _signatureRefusal(p);
        return reason.length == 0 ? _rootRefusal(report) : reason;
    }

    function _signatureRefusal(Post memory p) private view returns (bytes memory) {
        if (!isFrozen[p.epoch]) {
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_EpochNotFrozen.selector, p.epoch);
        }
        uint64 revoked = p.signers & maskOf[p.epoch];
        if (revoked != 0) return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, revoked);
        uint256 count;
        for (uint256 i; i < 64; ++i) {
            count += (p.signers >> i) & 1;
        }
        if (p.signatures.length != 65 * count) {
            return
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_SignatureLength.selector,
                    p.signatures.length,
                    65 * count
                );
        }
        bytes memory reason = _memberRefusal(p);
        return reason.length == 0 ? _weightRefusal(p) : reason;
    }

    function _memberRefusal(Post memory p) private view returns (bytes memory) {
        address[] memory keys = _keys[p.epoch];
        uint256 k;
        for (uint256 seat; seat < 64; ++seat) {
            if ((p.signers >> seat) & 1 == 0) continue;
            if (seat >= keys.length || keys[seat] == address(0)) {
                return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_UnknownSeat.selector, seat);
            }
            address recovered = _recovered(p.digest, p.signatures, 65 * k++);
            if (recovered == keys[seat]) continue;
            return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_BadSignature.selector, seat, recovered);
        }
        return "";
    }

    function _weightRefusal(Post memory p) private view returns (bytes memory) {
        (uint256 signed, uint256 silent, uint256 count) = _weigh(p.epoch, p.signers);
        if (signed <= 2 * silent || count < 3) {
            return
                abi.encodeWithSelector(
                    IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                    signed,
                    signed + silent,
                    count,
                    3
                );
        }
        uint256 proposer = _drawn(p.epoch, p.round, p.attempt);
        if ((p.signers >> proposer) & 1 == 1) return "";
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_ProposerMissing.selector, proposer);
    }

    /// @dev A signature with s in the upper half is nobody's.
    function _recovered(bytes32 digest, bytes memory signatures, uint256 at_) private pure returns (address) {
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            let from := add(add(signatures, 0x20), at_)
            v := byte(0, mload(from))
            r := mload(add(from, 1))
            s := mload(add(from, 0x21))
        }
        return uint256(s) > CURVE_ORDER / 2 ? address(0) : ecrecover(digest, v, r, s);
    }

    function _outsideWindow(uint64 epoch, uint64 current) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, epoch, current);
    }

    function _notBegun(Post memory p, uint256 begins) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_AttemptNotBegun.selector,
                p.epoch,
                p.round,
                p.attempt,
                begins,
                _now
            );
    }

    // ---------------------------------------------------------------- rewards

    /// @dev What was funded once this report's release has come: a thousandth of the pool, two fifths of it each.
    function _fundedAfterRelease() internal view returns (uint128 validators, uint128 workers) {
        uint256 part = (((modelPool * 0.001e18) / 1e18) * 0.4e18) / 1e18;
        return (modelValidatorsFunded + uint128(part), modelWorkersFunded + uint128(part));
    }

    function _rootRefusal(IScoreConsensus.EpochReport memory report) private view returns (bytes memory reason) {
        (uint128 validators, uint128 workers) = _fundedAfterRelease();
        reason = _totalRefusal(
            IRewardDistributor.Pot.Validators,
            report.validatorTotal,
            modelValidatorTotal,
            validators
        );
        if (reason.length != 0) return reason;
        reason = _totalRefusal(IRewardDistributor.Pot.Workers, report.workerTotal, modelWorkerTotal, workers);
        if (reason.length != 0 || report.rewardRoot != 0) return reason;
        bool rose = report.validatorTotal != modelValidatorTotal || report.workerTotal != modelWorkerTotal;
        if (!rose) return "";
        return
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_RootMissing.selector,
                report.validatorTotal,
                report.workerTotal
            );
    }

    function _totalRefusal(
        IRewardDistributor.Pot pot,
        uint256 total,
        uint256 previous,
        uint256 held
    ) private pure returns (bytes memory) {
        if (total < previous) {
            return
                abi.encodeWithSelector(IRewardDistributor.RewardDistributor_TotalFell.selector, pot, total, previous);
        }
        if (total <= held) return "";
        return abi.encodeWithSelector(IRewardDistributor.RewardDistributor_NotFunded.selector, pot, total, held);
    }

    function _modelRoot(IScoreConsensus.EpochReport memory report) internal {
        (modelValidatorsFunded, modelWorkersFunded) = _fundedAfterRelease();
        uint256 released = (modelPool * 0.001e18) / 1e18;
        uint256 two = (released * 0.4e18) / 1e18;
        uint256 others = (released * 0.1e18) / 1e18;
        modelPool -= 2 * two + 2 * others;
        _tookIf(report.rewardRoot == 0, "root kept");
        _tookIf(report.rewardRoot != 0, "root accepted");
        (modelValidatorTotal, modelWorkerTotal) = (report.validatorTotal, report.workerTotal);
    }

    // ---------------------------------------------------------------- requests

    /// @dev Whether the line of `id` in these results settles: answers are closed, its time is not over, it has a score
    /// for each answer, one at least, and it has not settled before.
    function _settles(bytes memory results, uint256 id) internal view returns (bool) {
        Asked memory a = requests[id];
        if (a.settled != 0 || a.responses == 0 || _now > a.scoresUntil || (!a.full && _now <= a.answersUntil)) {
            return false;
        }
        for (uint256 i; i < results.length;) {
            uint256 count = uint8(results[i + 5]);
            uint256 line = uint256(uint40(bytes5(_slice5(results, i))));
            if (line == id) return count == a.responses && _anyScored(results, i + 6, count);
            i += 6 + 21 * count;
        }
        return false;
    }

    function _anyScored(bytes memory results, uint256 from, uint256 count) private pure returns (bool) {
        for (uint256 k; k < count; ++k) {
            if (results[from + 21 * k + 20] != 0xff) return true;
        }
        return false;
    }

    function _slice5(bytes memory data, uint256 from) private pure returns (bytes5 part) {
        for (uint256 k; k < 5; ++k) {
            part |= bytes5(data[from + k]) >> (8 * k);
        }
    }

    // ---------------------------------------------------------------- names

    function _nameOf(bytes4 selector) internal pure returns (bytes32) {
        if (selector == IScoreConsensus.ScoreConsensus_OutsideWindow.selector) return "outside the window";
        if (selector == IScoreConsensus.ScoreConsensus_NoSuchRound.selector) return "no such round";
        if (selector == IScoreConsensus.ScoreConsensus_NoSuchAttempt.selector) return "no such attempt";
        if (selector == IScoreConsensus.ScoreConsensus_AttemptNotBegun.selector) return "attempt not begun";
        if (selector == IScoreConsensus.ScoreConsensus_AlreadyFinal.selector) return "already final";
        if (selector == IScoreConsensus.ScoreConsensus_EpochAlreadyFinal.selector) return "epoch already final";
        if (selector == IScoreConsensus.ScoreConsensus_ScoresOfAnotherEpoch.selector) return "scores of another epoch";
        if (selector == IScoreConsensus.ScoreConsensus_EpochNotFrozen.selector) return "epoch not frozen";
        if (selector == IScoreConsensus.ScoreConsensus_KeysRevoked.selector) return "keys revoked";
        if (selector == IScoreConsensus.ScoreConsensus_SignatureLength.selector) return "signature length";
        if (selector == IScoreConsensus.ScoreConsensus_UnknownSeat.selector) return "unknown seat";
        if (selector == IScoreConsensus.ScoreConsensus_BadSignature.selector) return "bad signature";
        if (selector == IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector) return "not enough weight";
        if (selector == IScoreConsensus.ScoreConsensus_ProposerMissing.selector) return "proposer missing";
        if (selector == ResultCodec.ResultCodec_Unsorted.selector) return "unsorted results";
        if (selector == IRewardDistributor.RewardDistributor_NotFunded.selector) return "root not funded";
        if (selector == IRewardDistributor.RewardDistributor_TotalFell.selector) return "root takes back";
        if (selector == IRewardDistributor.RewardDistributor_RootMissing.selector) return "root missing";
        return "refused for another reason";
    }
}
