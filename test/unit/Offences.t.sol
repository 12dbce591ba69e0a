// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offences} from "../../contracts/consensus/Offences.sol";
import {ReportTypes} from "../../contracts/consensus/ReportTypes.sol";
import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {OffencesBed} from "../support/OffencesBed.sol";

/// @title Offences: what is evidence, and what is none
contract OffencesTest is OffencesBed {
    /// @dev Order of secp256k1.
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    // ---------------------------------------------------------------- the three kinds

    function test_D8_TwoScoreReportsForOneAttempt() public {
        (bytes32 first, bytes32 second) = (_digest(_report("a")), _digest(_report("b")));
        vm.expectEmit(address(offences));
        emit IOffences.OffenceProven(
            1,
            owners[OFFENDER],
            reporter,
            IOffences.Kind.ScoreReports,
            OFFENDER,
            0,
            0,
            first,
            second,
            1,
            false
        );
        _proveSeat(OFFENDER);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "D8 slashed");
    }

    /// Every member makes a message another one.
    function test_D8_ReportsThatDifferInOneMember() public {
        ReportTypes.ScoreReport memory other = _report("a");
        other.poster = address(1);
        _prove(_report("a"), other, 0);
        other = _report("a");
        other.commitmentSet = keccak256("other commitments");
        _prove(_report("a"), other, 1);
        assertEq(_provenSeats(1), 3, "D8 both proven");
    }

    function test_D8_TwoScoreVectorsForOneAttempt() public {
        ReportTypes.ScoreVector memory first = _vector(OFFENDER, "a");
        ReportTypes.ScoreVector memory second = _vector(OFFENDER, "b");
        vm.expectEmit(address(offences));
        emit IOffences.OffenceProven(
            1,
            owners[OFFENDER],
            reporter,
            IOffences.Kind.ScoreVectors,
            OFFENDER,
            0,
            0,
            _digest(first),
            _digest(second),
            1,
            false
        );
        _prove(first, second, OFFENDER);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "D8 slashed");
    }

    function test_D8_TwoEpochReportsForOneAttempt() public {
        _rollNext();
        ReportTypes.EpochReport memory first = _epochReport("a");
        ReportTypes.EpochReport memory second = _epochReport("b");
        vm.expectEmit(address(offences));
        emit IOffences.OffenceProven(
            1,
            owners[OFFENDER],
            reporter,
            IOffences.Kind.EpochReports,
            OFFENDER,
            type(uint32).max,
            0,
            _digest(first),
            _digest(second),
            1,
            false
        );
        _prove(first, second, OFFENDER);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "D8 slashed");
    }

    function test_D8_EpochReportsThatDifferInOneMember() public {
        for (uint256 seat; seat < 5; ++seat) {
            ReportTypes.EpochReport memory other = _epochReport("a");
            if (seat == 0) other.poster = address(1);
            else if (seat == 1) other.scoresHash = keccak256("other scores");
            else if (seat == 2) ++other.validatorTotal;
            else if (seat == 3) ++other.workerTotal;
            else other.idle = 8;
            _prove(_epochReport("a"), other, seat);
        }
        assertEq(_provenSeats(1), 31, "D8 all proven");
    }

    // ---------------------------------------------------------------- what is no offence

    function test_RevertGiven_OneMessageTwice() public {
        _refuse(
            _report("a"),
            _report("a"),
            abi.encodeWithSelector(IOffences.Offences_SameMessage.selector, _digest(_report("a")))
        );
    }

    /// A proposer that stays silent loses its attempt: signing another report in the next one is what signers must do.
    function test_D8_RevertGiven_ALaterAttempt() public {
        ReportTypes.ScoreReport memory second = _report("b");
        second.attempt = 1;
        _refuse(_report("a"), second, _differentTurns(1, 0, 0, 1, 0, 1));
        (second.attempt, second.round) = (0, 1);
        _refuse(_report("a"), second, _differentTurns(1, 0, 0, 1, 1, 0));
        (second.round, second.epoch) = (0, 2);
        _refuse(_report("a"), second, _differentTurns(1, 0, 0, 2, 0, 0));
    }

    function test_D8_RevertGiven_AVectorOfALaterAttempt() public {
        ReportTypes.ScoreVector memory first = _vector(OFFENDER, "a");
        ReportTypes.ScoreVector memory second = _vector(OFFENDER, "b");
        second.attempt = 1;
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        vm.expectRevert(_differentTurns(1, 0, 0, 1, 0, 1));
        offences.proveScoreVectors(first, second, evidence);
    }

    function test_D8_RevertGiven_AnEpochReportOfALaterAttempt() public {
        ReportTypes.EpochReport memory first = _epochReport("a");
        ReportTypes.EpochReport memory second = _epochReport("b");
        second.attempt = 1;
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        vm.expectRevert(_differentTurns(1, type(uint32).max, 0, 1, type(uint32).max, 1));
        offences.proveEpochReports(first, second, evidence);
    }

    /// A vector that names another key is not taken from anybody who signs by the rules.
    function test_RevertGiven_AVectorThatNamesAnotherKey() public {
        ReportTypes.ScoreVector memory own = _vector(OFFENDER, "a");
        ReportTypes.ScoreVector memory foreign = _vector(0, "b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(own), _digest(foreign));
        vm.expectRevert(_foreignVector(vm.addr(1)));
        offences.proveScoreVectors(own, foreign, evidence);
        evidence = _evidence(OFFENDER, _digest(foreign), _digest(own));
        vm.expectRevert(_foreignVector(vm.addr(1)));
        offences.proveScoreVectors(foreign, own, evidence);
    }

    function test_RevertGiven_AnEpochThatWasNotFrozen() public {
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.epoch = second.epoch = 2;
        _refuse(first, second, abi.encodeWithSelector(IValidatorSet.ValidatorSet_EpochNotFrozen.selector, uint64(2)));
    }

    function test_SIG05_RevertGiven_ASeatWithoutAKey() public {
        vm.prank(owners[2]);
        registry.revokeOperator(vm.addr(3));
        _rollNext();
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.epoch = second.epoch = 2;
        // No key has the zero address, so a recovery that fails never matches.
        _refuseSeat(first, second, 2, 2);
        _refuseSeat(first, second, 5, 2);
        _refuseSeat(first, second, 64, 2);
        _refuseSeat(first, second, type(uint256).max, 2);
    }

    // ---------------------------------------------------------------- signatures

    function test_SIG01_RevertGiven_AnotherChain() public {
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        vm.chainId(block.chainid + 1);
        address recovered = _recovered(_digest(first), evidence.firstSignature);
        _refuse(first, second, evidence, _badSignature(recovered, OFFENDER));
    }

    function test_SIG02_RevertGiven_AnotherConsensus() public {
        ScoreConsensus other = new ScoreConsensus(
            clock,
            validatorSet,
            escrow,
            distributor,
            ROUND,
            ATTEMPT,
            address(this)
        );
        Offences judge = new Offences(
            address(this),
            clock,
            vault,
            registry,
            validatorSet,
            other,
            _offenceTerms(),
            _maxMissed()
        );
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", ReportTypes.domainSeparator(address(other)), ReportTypes.structHash(first))
        );
        vm.expectRevert(_badSignature(_recovered(digest, evidence.firstSignature), OFFENDER));
        judge.proveScoreReports(first, second, evidence);
    }

    /// The digests of two kinds differ even where their members do not: a vector never passes as a report.
    function test_SIG03_RevertGiven_AnotherKindOfMessage() public {
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        bytes32 vector = _digest(_vector(OFFENDER, "b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), vector);
        address recovered = _recovered(_digest(second), evidence.secondSignature);
        _refuse(first, second, evidence, _badSignature(recovered, OFFENDER));
    }

    function test_SIG03_RevertGiven_AnotherEpoch() public {
        _rollNext();
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        first.epoch = second.epoch = 2;
        address recovered = _recovered(_digest(first), evidence.firstSignature);
        _refuse(first, second, evidence, _badSignature(recovered, OFFENDER));
    }

    function test_SIG04_RevertGiven_AHighS() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OFFENDER + 1, _digest(second));
        evidence.secondSignature = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), uint8(v == 27 ? 28 : 27));
        _refuse(first, second, evidence, _badSignature(address(0), OFFENDER));
    }

    function test_SIG04_RevertGiven_ARecoveryIdOfZeroOrOne() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OFFENDER + 1, _digest(first));
        evidence.firstSignature = abi.encodePacked(r, s, uint8(v - 27));
        _refuse(first, second, evidence, _badSignature(address(0), OFFENDER));
    }

    function test_SIG04_RevertGiven_AnotherLength() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        bytes memory whole = evidence.secondSignature;
        evidence.secondSignature = abi.encodePacked(whole, uint8(0));
        _refuse(first, second, evidence, _signatureLength(66));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OFFENDER + 1, _digest(second));
        // The compact form of EIP-2098.
        evidence.secondSignature = abi.encodePacked(r, bytes32((uint256(v - 27) << 255) | uint256(s)));
        _refuse(first, second, evidence, _signatureLength(64));
        evidence.secondSignature = whole;
        evidence.firstSignature = "";
        _refuse(first, second, evidence, _signatureLength(0));
    }

    function test_SIG05_RevertGiven_ASignatureThatRecoversToNobody() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        evidence.firstSignature = new bytes(65);
        _refuse(first, second, evidence, _badSignature(address(0), OFFENDER));
    }

    function test_RevertGiven_AStrangersSignature() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        evidence.secondSignature = _signedBy(5, _digest(second));
        _refuse(first, second, evidence, _badSignature(vm.addr(5), OFFENDER));
    }

    /// SIG-10: code at the key's address (EIP-7702) is never asked, whatever it would say.
    function test_SIG10_CodeAtTheKeyChangesNothing() public {
        // Answers any call with the magic value of ERC-1271.
        vm.etch(vm.addr(OFFENDER + 1), hex"631626ba7e60e01b60005260206000f3");
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        bytes memory proper = evidence.secondSignature;
        evidence.secondSignature = _signedBy(5, _digest(second));
        _refuse(first, second, evidence, _badSignature(vm.addr(5), OFFENDER));
        evidence.secondSignature = proper;
        offences.proveScoreReports(first, second, evidence);
        assertEq(_provenSeats(1), 2, "SIG-10 its own signature counts");
    }

    // ---------------------------------------------------------------- once

    function test_SLA05_RevertGiven_TheSameOffenceTwice() public {
        _proveSeat(OFFENDER);
        bytes memory proven = abi.encodeWithSelector(
            IOffences.Offences_AlreadyProven.selector,
            uint64(1),
            owners[OFFENDER]
        );
        _refuse(proven);
        _refuse(_report("b"), _report("a"), proven);
        // Another offence of the same epoch is not punished either.
        _refuse(_report("c"), _report("d"), proven);
        ReportTypes.ScoreVector memory first = _vector(OFFENDER, "a");
        ReportTypes.ScoreVector memory second = _vector(OFFENDER, "b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        vm.expectRevert(proven);
        offences.proveScoreVectors(first, second, evidence);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "SLA-05 slashed once");
    }

    function test_SLA05_AnotherEpochIsAnotherOffence() public {
        _rollNext();
        _proveSeat(OFFENDER);
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.epoch = second.epoch = 2;
        _prove(first, second, OFFENDER);
        uint256 left = STAKE - _loss(STAKE);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), left - _loss(left), "SLA-05 once an epoch");
    }

    /// SCO-05: more than two thirds of the weight behind each of two reports means more than a third behind both: of five
    /// equal seats three. Whoever overlaps is found by either report.
    function test_SCO05_EveryOverlappingSignerIsSlashable() public {
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        uint64 firstSigners = 15; // seats 0 to 3
        uint64 secondSigners = 30; // seats 1 to 4
        for (uint256 seat; seat < 5; ++seat) {
            IOffences.Evidence memory evidence = _evidence(seat, _digest(first), _digest(second));
            if ((firstSigners >> seat) & 1 == 0) evidence.firstSignature = new bytes(65);
            if ((secondSigners >> seat) & 1 == 0) evidence.secondSignature = new bytes(65);
            bool overlaps = ((firstSigners & secondSigners) >> seat) & 1 == 1;
            if (!overlaps) vm.expectRevert(_badSignature(address(0), seat));
            offences.proveScoreReports(first, second, evidence);
        }
        assertEq(_provenSeats(1), firstSigners & secondSigners, "SCO-05 the overlap, and nobody else");
    }

    // ---------------------------------------------------------------- the evidence window

    /// UNB-03: the last second in which a report of the epoch can come in, and the evidence window; not one more.
    function test_UNB03_EvidenceIsTakenUntilTheLastSecondOfItsWindow() public {
        uint256 until = clock.epochStart(3) + EVIDENCE;
        assertEq(offences.provableUntil(1), until, "UNB-03 until");
        vm.warp(until + 1);
        _refuse(abi.encodeWithSelector(IOffences.Offences_TooLate.selector, uint64(1), until, until + 1));
        vm.warp(until);
        _proveSeat(OFFENDER);
        assertEq(_provenSeats(1), 2, "UNB-03 proven in the last second");
    }

    /// UNB-02: who has left everything it could leave is slashed from the queue.
    function test_UNB02_WhoDeregisteredAndUnbondsIsSlashed() public {
        address owner = owners[OFFENDER];
        _deregister(owner);
        uint256 id = _unbond(owner, STAKE);
        vm.warp(offences.provableUntil(1));
        _proveSeat(OFFENDER);
        (, uint256 worth) = vault.unbondingEntryOf(owner, address(masa), id);
        assertEq(worth, STAKE - _loss(STAKE), "UNB-02 from the queue");
    }

    /// UNB-03: stake that begins to leave with the epoch cannot be out before the window closes.
    function test_UNB03_UnbondingOutlastsTheWindow() public {
        uint256 id = _unbond(owners[OFFENDER], STAKE);
        vm.warp(block.timestamp + UNBONDING);
        assertGt(block.timestamp, offences.provableUntil(1), "UNB-03 nothing can be proven any more");
        assertEq(_withdraw(owners[OFFENDER], id), STAKE, "UNB-03 and then it may leave");
    }

    // ---------------------------------------------------------------- who answers

    /// REG-09: the key that was frozen answers for the epoch, whatever key the account has since.
    function test_REG09_AReplacedKeyStillAnswers() public {
        _setOperator(owners[OFFENDER], _newKey(1_000), 31);
        _rollNext();
        _proveSeat(OFFENDER);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "REG-09 its account pays");
    }

    function test_REG09_RevertGiven_TheNewKeyInAnOldEpoch() public {
        _setOperator(owners[OFFENDER], _newKey(1_000), 31);
        (ReportTypes.ScoreReport memory first, ReportTypes.ScoreReport memory second) = (_report("a"), _report("b"));
        IOffences.Evidence memory evidence = IOffences.Evidence(
            OFFENDER,
            _signedBy(1_000, _digest(first)),
            _signedBy(1_000, _digest(second)),
            SALT
        );
        _refuse(first, second, evidence, _badSignature(vm.addr(1_000), OFFENDER));
    }

    /// D20: a revocation ends the liability for rounds that begin with it or after it, not for those before.
    function test_D20_ARevokedKeyAnswersForTheRoundsBefore() public {
        uint256 begins = clock.epochStart(1) + 2 * ROUND;
        vm.warp(begins);
        _revoke(vm.addr(OFFENDER + 1));
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.round = second.round = 3;
        _refuse(first, second, _keyRevoked(begins, begins + ROUND));
        first.round = second.round = 2;
        _refuse(first, second, _keyRevoked(begins, begins));
        first.round = second.round = 1;
        _prove(first, second, OFFENDER);
        assertEq(_provenSeats(1), 2, "D20 the round before");
    }

    function test_D20_ARevocationASecondIntoTheRoundComesTooLate() public {
        vm.warp(clock.epochStart(1) + 2 * ROUND + 1);
        _revoke(vm.addr(OFFENDER + 1));
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.round = second.round = 2;
        _prove(first, second, OFFENDER);
        assertEq(_provenSeats(1), 2, "D20 the round had begun");
    }

    /// The epoch report of e is made in e + 1.
    function test_D20_ARevokedKeyAnswersForTheEpochReportThatHasBegun() public {
        uint256 begins = clock.epochStart(2);
        uint256 id = vm.snapshotState();
        vm.warp(begins - 1);
        _revoke(vm.addr(OFFENDER + 1));
        ReportTypes.EpochReport memory first = _epochReport("a");
        ReportTypes.EpochReport memory second = _epochReport("b");
        IOffences.Evidence memory evidence = _evidence(OFFENDER, _digest(first), _digest(second));
        vm.expectRevert(_keyRevoked(begins - 1, begins));
        offences.proveEpochReports(first, second, evidence);
        vm.revertToState(id);
        vm.warp(begins + 1);
        _revoke(vm.addr(OFFENDER + 1));
        offences.proveEpochReports(first, second, evidence);
        assertEq(_provenSeats(1), 2, "D20 its turn had begun");
    }

    /// Whoever grants a key again answers for all of it again.
    function test_D20_AKeyThatIsGrantedAgainAnswersAgain() public {
        _revoke(vm.addr(OFFENDER + 1));
        _setOperator(owners[OFFENDER], vm.addr(OFFENDER + 1), 31);
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.round = second.round = 5;
        _prove(first, second, OFFENDER);
        assertEq(_provenSeats(1), 2, "D20 again");
    }

    /// A key that was pruned out of its seat, and another owner's seat in its place, change nothing for the epoch.
    function test_REG11_WhoLostTheSeatStillAnswers() public {
        _rollTo(2);
        _reportOne(1, OFFENDER, POOR);
        address next = _registerValidator(9, STAKE);
        _joinWaitlist(next);
        _rollTo(3);
        assertEq(_ownerAt(OFFENDER), next, "somebody else sits there");
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.epoch = second.epoch = 2;
        _prove(first, second, OFFENDER);
        assertEq(vault.stakeUnitsOf(owners[OFFENDER]), STAKE - _loss(STAKE), "REG-11 the owner of then pays");
        assertEq(vault.stakeUnitsOf(next), STAKE, "REG-11 not the owner of now");
    }

    // ---------------------------------------------------------------- helpers

    function _revoke(address key) private {
        vm.prank(key);
        registry.revokeOperator(key);
    }

    function _refuseSeat(
        ReportTypes.ScoreReport memory first,
        ReportTypes.ScoreReport memory second,
        uint256 seat,
        uint64 epoch
    ) private {
        IOffences.Evidence memory evidence = IOffences.Evidence(seat, new bytes(65), new bytes(65), SALT);
        _refuse(first, second, evidence, abi.encodeWithSelector(IOffences.Offences_UnknownSeat.selector, epoch, seat));
    }

    function _recovered(bytes32 digest, bytes memory signature) private pure returns (address) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return ecrecover(digest, uint8(signature[64]), r, s);
    }

    function _differentTurns(
        uint64 firstEpoch,
        uint32 firstRound,
        uint32 firstAttempt,
        uint64 secondEpoch,
        uint32 secondRound,
        uint32 secondAttempt
    ) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IOffences.Offences_DifferentTurns.selector,
                firstEpoch,
                firstRound,
                firstAttempt,
                secondEpoch,
                secondRound,
                secondAttempt
            );
    }

    function _foreignVector(address validator) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOffences.Offences_ForeignVector.selector, validator, vm.addr(OFFENDER + 1));
    }

    function _signatureLength(uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOffences.Offences_SignatureLength.selector, length, 65);
    }

    function _keyRevoked(uint256 revokedAt, uint256 beginsAt) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(IOffences.Offences_KeyRevoked.selector, vm.addr(OFFENDER + 1), revokedAt, beginsAt);
    }
}
