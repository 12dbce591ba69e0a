// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "../support/Results.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title ValidatorSet: keys replaced and revoked
contract SeatKeysTest is SeatsFixture {
    address[] internal owners;

    function setUp() public override {
        super.setUp();
        owners = _seatValidators(5, STAKE);
    }

    function _keyAt(uint64 epoch, uint256 seat) private view returns (address) {
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        return keys[seat];
    }

    function _revoke(uint256 seat, address key) private {
        vm.prank(owners[seat]);
        registry.revokeOperator(key);
    }

    // ---------------------------------------------------------------- replaced

    function test_D20_AReplacementComesWithTheNextRoll() public {
        address fresh = _newKey(1_000);
        _setOperator(owners[0], fresh, 31);
        assertEq(_keyAt(1, 0), vm.addr(1), "D20 the old key until then");
        assertEq(_seat(0).signingKey, fresh, "D20 the seat knows");
        assertEq(validatorSet.maskOf(1), 0, "D20 replaced, not revoked");
        _rollNext();
        assertEq(_keyAt(2, 0), fresh, "D20 the new key");
        assertEq(_keyAt(1, 0), vm.addr(1), "D20 the past keeps its own");
    }

    /// REG-09: for every epoch one key counts for a seat, and never the other.
    function test_REG09_OldAndNewKeyNeverBothCount() public {
        address fresh = _newKey(1_000);
        _setOperator(owners[0], fresh, 31);
        _rollNext();
        _expectRefusedKey(1, fresh);
        _postEpoch(_scores(1, 5, GOOD));
        _rollNext();
        _expectRefusedKey(2, vm.addr(1));
        _postEpoch(_scores(2, 5, GOOD));
    }

    /// @dev With `key` signing for seat 0 of `epoch`, the report is refused.
    function _expectRefusedKey(uint64 epoch, address key) private {
        _warpToReportOf(epoch);
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(epoch, 5, GOOD));
        bytes32 digest = consensus.epochReportDigest(report);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[key], digest);
        bytes memory signatures = abi.encodePacked(v, r, s, _sign(epoch, 30, digest));
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_BadSignature.selector, 0, key));
        consensus.postEpochReport(report, 31, signatures);
    }

    // ---------------------------------------------------------------- revoked

    function test_D20_ARevocationMasksTheCurrentAndThePreviousSetAtOnce() public {
        _rollTo(2);
        _rollTo(3);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(3, 2, vm.addr(3));
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(2, 2, vm.addr(3));
        _revoke(2, vm.addr(3));
        assertEq(validatorSet.maskOf(3), 4, "D20 the current set");
        assertEq(validatorSet.maskOf(2), 4, "D20 the previous set, whose report may still come");
        assertEq(validatorSet.maskOf(1), 0, "D20 no report of an earlier one can come");
        assertEq(_keyAt(3, 2), vm.addr(3), "SCO-13 the table never changes");
        assertEq(_seat(2).signingKey, address(0), "D20 no key any more");
        _rollNext();
        assertEq(_keyAt(4, 2), address(0), "D20 nor in the next set");
        assertEq(validatorSet.maskOf(4), 0, "D20 which needs no mask");
    }

    function test_D20_TheKeyRevokesItself() public {
        vm.prank(vm.addr(4));
        registry.revokeOperator(vm.addr(4));
        assertEq(validatorSet.maskOf(1), 8, "D20 masked");
    }

    function test_D20_TakingTheRightToSignIsARevocation() public {
        _setOperator(owners[1], vm.addr(2), RIGHT_SEAT);
        assertEq(validatorSet.maskOf(1), 2, "D20 masked");
        assertEq(_seat(1).signingKey, address(0), "D20 no key any more");
    }

    function test_D20_AKeyThatWasReplacedBeforeIsMaskedToo() public {
        address fresh = _newKey(1_000);
        _setOperator(owners[0], fresh, 31);
        _rollTo(2);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(1, 0, vm.addr(1));
        _revoke(0, vm.addr(1));
        assertEq(validatorSet.maskOf(1), 1, "D20 where it stands");
        assertEq(validatorSet.maskOf(2), 0, "D20 not where its successor does");
        assertEq(_seat(0).signingKey, fresh, "D20 the seat keeps its key");
        _rollTo(3);
        assertEq(_keyAt(3, 0), fresh, "D20 which goes on signing");
    }

    function test_D20_AKeyReplacedInTheSameEpochIsMaskedToo() public {
        address fresh = _newKey(1_000);
        _setOperator(owners[0], fresh, 31);
        _revoke(0, vm.addr(1));
        assertEq(validatorSet.maskOf(1), 1, "D20 masked");
        assertEq(_seat(0).signingKey, fresh, "D20 the seat keeps its key");
    }

    function test_D20_APrunedOwnersKeyIsMaskedToo() public {
        _rollTo(2);
        _reportOne(1, 3, POOR);
        _rollTo(3);
        assertFalse(_isSeated(owners[3]), "pruned");
        _revoke(3, vm.addr(4));
        assertEq(validatorSet.maskOf(2), 8, "D20 in the set it still stands in");
        assertEq(validatorSet.maskOf(3), 0, "D20 nowhere else");
    }

    function test_D20_AKeyOfNoSeatMasksNothing() public {
        address worker = _registerWorker(1, STAKE);
        address key = _newKey(1_000);
        _setOperator(worker, key, 31);
        vm.prank(worker);
        registry.revokeOperator(key);
        address waiting = _registerValidator(9, STAKE);
        vm.prank(waiting);
        registry.revokeOperator(vm.addr(9));
        assertEq(validatorSet.maskOf(1), 0, "D20 nothing to mask");
    }

    /// A key without the right to sign is nobody's signing key, in no set.
    function test_D20_OtherOperatorsMaskNothing() public {
        address operator = _newKey(1_000);
        _setOperator(owners[0], operator, RIGHT_SEAT);
        _revoke(0, operator);
        assertEq(validatorSet.maskOf(1), 0, "D20 nothing to mask");
        assertEq(_seat(0).signingKey, vm.addr(1), "D20 the signing key stays");
    }

    function test_D20_MissedEpochsLeaveOneSetToMask() public {
        _rollTo(9);
        _revoke(2, vm.addr(3));
        assertEq(validatorSet.maskOf(9), 4, "D20 the current set");
        assertEq(validatorSet.maskOf(8), 0, "D18 no set was frozen for 8");
    }

    /// What was revoked stays masked; the same key counts from the next set on if it is granted once more.
    function test_D20_AKeyGrantedAgainCountsFromTheNextSetOn() public {
        _revoke(2, vm.addr(3));
        _setOperator(owners[2], vm.addr(3), 31);
        assertEq(validatorSet.maskOf(1), 4, "D20 still masked");
        _rollNext();
        assertEq(_keyAt(2, 2), vm.addr(3), "D20 back");
        assertEq(validatorSet.maskOf(2), 0, "D20 not masked there");
    }

    /// REG-09: a key that signed for one validator's account never signs for another's.
    function test_REG09_AKeyNeverMoves() public {
        _revoke(2, vm.addr(3));
        INodeRegistry.OperatorGrant memory grant = _grant(owners[4], vm.addr(3), 31);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, vm.addr(3), owners[2]));
        vm.prank(owners[4]);
        registry.setOperator(grant);
        _rollNext();
        assertEq(_keyAt(2, 4), vm.addr(5), "REG-09 the other keeps its own");
    }

    function test_D20_WithoutASetThereIsNothingToMask() public {
        super.setUp();
        address owner = _registerValidator(31, STAKE);
        _joinWaitlist(owner);
        vm.prank(owner);
        registry.revokeOperator(vm.addr(31));
        assertEq(validatorSet.maskOf(0), 0, "nothing was frozen");
        assertTrue(validatorSet.isWaiting(owner), "waits");
    }

    // ---------------------------------------------------------------- with real signatures

    /// A revoked key's signature does not count: neither for a score report nor for an epoch report, neither in the
    /// current nor in the previous set. Whoever leaves it out goes on as long as two thirds remain.
    function test_D20_TheConsensusRefusesRevokedKeys() public {
        _rollTo(2);
        _warpToReportOf(1);
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(1, 5, GOOD));
        bytes32 digest = consensus.epochReportDigest(report);
        bytes memory signatures = _sign(1, 31, digest);
        _revoke(1, vm.addr(2));
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, uint64(2)));
        consensus.postEpochReport(report, 31, signatures);

        // Settled in the current epoch, by the four that are left.
        address asker = _registerOracle(2, 100_000e18, 12e18);
        address worker = _registerWorker(1, 100_000e18);
        uint256 requestId = _submit(asker, 10e18);
        _commit(worker, requestId);
        vm.warp(block.timestamp + 5 minutes + 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = GOOD;
        _expectScoreRefused(requestId, qualities, 31, _revoked(2));
        uint256 id = vm.snapshotState();
        _postScoreBy(requestId, qualities, 29);
        vm.revertToState(id);

        // With a second key revoked three fifths are left, which is not enough.
        _revoke(3, vm.addr(4));
        _expectScoreRefused(requestId, qualities, 31, _revoked(2 | 8));
        _expectScoreRefused(requestId, qualities, 29, _revoked(8));
        _expectScoreRefused(
            requestId,
            qualities,
            21,
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                3 * WEIGHT,
                5 * WEIGHT,
                3,
                3
            )
        );
        // From the next set on the two carry nothing, and the three that are left are all.
        _rollTo(3);
        _warpToReportOf(2);
        IValidatorSet.SeatScores memory scores = _scores(2, 5, GOOD);
        report = _epochReport(scores);
        signatures = _sign(2, 29, consensus.epochReportDigest(report));
        vm.expectRevert(_revoked(8));
        consensus.postEpochReport(report, 29, signatures);
        _rollTo(4);
        _postEpoch(_scores(3, 5, GOOD));
        assertTrue(consensus.isEpochFinal(3), "D20 final without them");
    }

    function _revoked(uint64 seats) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, seats);
    }

    function _reportOn(
        uint256 requestId,
        uint32[] memory qualities
    ) private view returns (IScoreConsensus.ScoreReport memory) {
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(requestId, qualities);
        return _scoreReport(results);
    }

    function _postScoreBy(uint256 requestId, uint32[] memory qualities, uint64 signers) private {
        IScoreConsensus.ScoreReport memory report = _reportOn(requestId, qualities);
        report.attempt = _turnOf(report.epoch, report.round, signers);
        _postScore(report, signers);
        assertTrue(consensus.isFinal(report.epoch, report.round), "D20 final without it");
    }

    function _expectScoreRefused(
        uint256 requestId,
        uint32[] memory qualities,
        uint64 signers,
        bytes memory reason
    ) private {
        IScoreConsensus.ScoreReport memory report = _reportOn(requestId, qualities);
        bytes memory signatures = _sign(report.epoch, signers, consensus.scoreReportDigest(report));
        vm.expectRevert(reason);
        consensus.postScoreReport(report, signers, signatures);
    }
}
