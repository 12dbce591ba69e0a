// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../../contracts/interfaces/IValidatorSet.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title The market settled by reports that validators really sign
/// @notice Six validators of different weight, three needed at least; reports of any epoch and round, by any subset.
abstract contract ReportsHandler is MarketHandler {
    struct Final {
        uint64 epoch;
        uint32 round;
        bool ofEpoch; // an epoch report, without a round
        bytes32 digest;
        uint256 signedWeight;
        uint256 totalWeight;
        uint256 confirmations;
        bytes32 frozenSet; // hash of the set that signed, as it was then
    }

    Final[] private _finals;
    mapping(uint64 epoch => mapping(uint256 round => bool)) private _isFinal;
    mapping(uint64 epoch => bool) private _isEpochFinal;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 6; ++i) {
            _joinWaitlist(_registerValidator(i + 1, 400_000e18 + i * 100_000e18));
        }
        _rollNext();
        _keepTime();
    }

    /// @dev Posts a score report and knows beforehand whether it will be final.
    function postScoreReport(uint256 seed, uint256 signerSeed) external action {
        uint64 current = clock.currentEpoch();
        uint64 epoch = (seed >> 8) % 8 == 0 && current > 0 ? current - 1 : current;
        if ((seed >> 16) % 64 == 0 && current > 1) epoch = current - 2;
        uint256 begun = (block.timestamp - clock.epochStart(epoch)) / ROUND;
        uint32 round = uint32((seed >> 24) % 4 == 0 ? (seed >> 32) % (EPOCH / ROUND + 1) : _openRound(epoch, begun));
        IScoreConsensus.ScoreReport memory report = IScoreConsensus.ScoreReport({
            epoch: epoch,
            round: round,
            attempt: uint32(seed >> 64) % 3,
            poster: address(uint160(seed)),
            results: _randomResults(seed)
        });
        bytes32 digest = consensus.scoreReportDigest(report);
        (uint64 signers, bool enough) = _signers(epoch, signerSeed);
        bool expected =
            enough &&
                epoch + 1 >= current &&
                round < EPOCH / ROUND &&
                block.timestamp >= clock.epochStart(epoch) + uint256(round) * ROUND &&
                !_isFinal[epoch][round];
        bytes memory signatures = signers == 0 ? bytes("") : _sign(epoch, signers, digest);
        if (expected) _modelSettle(report.results);
        try consensus.postScoreReport(report, signers, signatures) {
            assertTrue(expected, "I-13 final against the rules");
            _isFinal[epoch][round] = true;
            _remember(epoch, round, false, digest, signers);
            ++times["score report"];
        } catch (bytes memory) {
            assertFalse(expected, "I-13 refused against the rules");
            ++times["score report refused"];
        }
    }

    function postEpochReport(uint256 seed, uint256 signerSeed) external action {
        uint64 current = clock.currentEpoch();
        if (current == 0) return;
        uint64 epoch = seed % 8 == 0 ? current : current - 1;
        (uint64 signers, bool enough) = _signers(epoch, signerSeed);
        uint256 rows = signers == 0 ? 0 : _rows(epoch);
        IValidatorSet.SeatScores memory scores = _scores(epoch, rows, uint32((seed >> 8) % (1e9 + 1)));
        for (uint256 i; i < rows; ++i) {
            _setScore(scores, i, uint32(uint256(keccak256(abi.encode(seed, i))) % (1e9 + 1)));
        }
        IScoreConsensus.EpochReport memory report = IScoreConsensus.EpochReport(epoch, 0, address(this), scores);
        bytes32 digest = consensus.epochReportDigest(report);
        bool expected = enough && epoch + 1 == current && !_isEpochFinal[epoch];
        bytes memory signatures = signers == 0 ? bytes("") : _sign(epoch, signers, digest);
        try consensus.postEpochReport(report, signers, signatures) {
            assertTrue(expected, "I-13 final against the rules");
            _isEpochFinal[epoch] = true;
            _remember(epoch, 0, true, digest, signers);
            ++times["epoch report"];
        } catch (bytes memory) {
            assertFalse(expected, "I-13 refused against the rules");
            ++times["epoch report refused"];
        }
    }

    /// @dev Whoever lost the seat queues for it again as soon as may be.
    function rejoin(uint256 who) external action {
        address owner = _ownerOf(1 + (who % 6));
        (bool seated, ) = validatorSet.seatOf(owner);
        if (seated) return;
        vm.prank(owner);
        try validatorSet.joinWaitlist() {
            ++times["rejoin"];
        } catch (bytes memory reason) {
            bytes4 error_ = bytes4(reason);
            assertTrue(
                error_ == IValidatorSet.ValidatorSet_CoolingDown.selector ||
                    error_ == IValidatorSet.ValidatorSet_AlreadyWaiting.selector,
                "I-18 refused for a known reason"
            );
        }
    }

    function finals() external view returns (Final[] memory) {
        return _finals;
    }

    function frozenSetHash(uint64 epoch) public view returns (bytes32) {
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        return keccak256(abi.encode(validatorSet.frozenSetOf(epoch), hotKeys, weights));
    }

    /// @dev The latest round that is not final, if there is one.
    function _openRound(uint64 epoch, uint256 begun) private view returns (uint256 round) {
        uint256 last = EPOCH / ROUND - 1;
        round = begun < last ? begun : last;
        while (round != 0 && _isFinal[epoch][round]) --round;
    }

    /// @dev Half of the time everybody signs, else any subset of the occupied seats.
    function _signers(uint64 epoch, uint256 seed) private view returns (uint64 signers, bool enough) {
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(epoch);
        if (frozen.table == address(0)) return (0, false);
        signers = _allSigners(epoch);
        if (seed % 2 == 0) signers &= uint64(seed >> 8);
        (uint256 signed, uint256 count) = _weigh(epoch, signers);
        // More than two thirds, said another way: the silent weigh less than half of those who signed.
        enough = signed > 2 * (frozen.totalWeight - signed) && count >= frozen.leastConfirmations;
    }

    function _weigh(uint64 epoch, uint64 signers) private view returns (uint256 signed, uint256 count) {
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        for (uint256 i; i < weights.length; ++i) {
            if ((signers >> i) & 1 == 1) (signed, count) = (signed + weights[i], count + 1);
        }
    }

    function _rows(uint64 epoch) private view returns (uint256) {
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch);
        return hotKeys.length;
    }

    function _remember(uint64 epoch, uint32 round, bool ofEpoch, bytes32 digest, uint64 signers) private {
        (uint256 signed, uint256 count) = _weigh(epoch, signers);
        uint256 total = validatorSet.frozenSetOf(epoch).totalWeight;
        _finals.push(Final(epoch, round, ofEpoch, digest, signed, total, count, frozenSetHash(epoch)));
    }
}
