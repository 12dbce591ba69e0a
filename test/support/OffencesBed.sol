// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ReportTypes} from "../../contracts/consensus/ReportTypes.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {SeatsFixture} from "./SeatsFixture.sol";

/// @title What the tests of validators' offences share
/// @notice Five validators with the private keys 1 to 5 sit in the seats 0 to 4, frozen for epoch 1, which runs.
abstract contract OffencesBed is SeatsFixture {
    uint256 internal constant OFFENDER = 1; // seat
    bytes32 internal constant SALT = "salt";

    address[] internal owners;
    address internal reporter = _account(77);

    function setUp() public virtual override {
        super.setUp();
        owners = _seatValidators(5, STAKE);
    }

    // ---------------------------------------------------------------- messages

    /// @dev A report of epoch 1, round 0, attempt 0, that differs by its results.
    function _report(bytes32 results) internal view returns (ReportTypes.ScoreReport memory) {
        return ReportTypes.ScoreReport(1, 0, 0, address(this), keccak256("commitments"), results);
    }

    function _vector(uint256 seat, bytes32 results) internal pure returns (ReportTypes.ScoreVector memory) {
        return ReportTypes.ScoreVector(1, 0, 0, vm.addr(seat + 1), results);
    }

    function _epochReport(bytes32 rewardRoot) internal view returns (ReportTypes.EpochReport memory) {
        return ReportTypes.EpochReport(1, 0, address(this), keccak256("scores"), rewardRoot, 10e18, 20e18, 4);
    }

    function _digest(ReportTypes.ScoreReport memory message) internal view returns (bytes32) {
        return _typed(ReportTypes.structHash(message));
    }

    function _digest(ReportTypes.ScoreVector memory message) internal view returns (bytes32) {
        return _typed(ReportTypes.structHash(message));
    }

    function _digest(ReportTypes.EpochReport memory message) internal view returns (bytes32) {
        return _typed(ReportTypes.structHash(message));
    }

    function _typed(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(ReportTypes.domainSeparator(address(consensus)), structHash);
    }

    // ---------------------------------------------------------------- evidence

    /// @dev r, s, v of the private key `key`.
    function _signedBy(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev Signed by the key that seat `seat` had at the start.
    function _evidence(uint256 seat, bytes32 first, bytes32 second) internal pure returns (IOffences.Evidence memory) {
        return IOffences.Evidence(seat, _signedBy(seat + 1, first), _signedBy(seat + 1, second), SALT);
    }

    function _prove(
        ReportTypes.ScoreReport memory first,
        ReportTypes.ScoreReport memory second,
        uint256 seat
    ) internal {
        IOffences.Evidence memory evidence = _evidence(seat, _digest(first), _digest(second));
        vm.prank(reporter);
        offences.proveScoreReports(first, second, evidence);
    }

    function _prove(
        ReportTypes.ScoreVector memory first,
        ReportTypes.ScoreVector memory second,
        uint256 seat
    ) internal {
        IOffences.Evidence memory evidence = _evidence(seat, _digest(first), _digest(second));
        vm.prank(reporter);
        offences.proveScoreVectors(first, second, evidence);
    }

    function _prove(
        ReportTypes.EpochReport memory first,
        ReportTypes.EpochReport memory second,
        uint256 seat
    ) internal {
        IOffences.Evidence memory evidence = _evidence(seat, _digest(first), _digest(second));
        vm.prank(reporter);
        offences.proveEpochReports(first, second, evidence);
    }

    /// @dev Proves that `seat` signed two score reports for epoch 1, round 0.
    function _proveSeat(uint256 seat) internal {
        _prove(_report("a"), _report("b"), seat);
    }

    /// @dev The same proof, which is refused.
    function _refuse(bytes memory reason) internal {
        _refuse(_report("a"), _report("b"), reason);
    }

    function _refuse(
        ReportTypes.ScoreReport memory first,
        ReportTypes.ScoreReport memory second,
        bytes memory reason
    ) internal {
        _refuse(first, second, _evidence(OFFENDER, _digest(first), _digest(second)), reason);
    }

    function _refuse(
        ReportTypes.ScoreReport memory first,
        ReportTypes.ScoreReport memory second,
        IOffences.Evidence memory evidence,
        bytes memory reason
    ) internal {
        vm.expectRevert(reason);
        vm.prank(reporter);
        offences.proveScoreReports(first, second, evidence);
    }

    /// @dev Of the proof of {_proveSeat}: committed long enough before.
    function _commitTo(
        address by,
        ReportTypes.ScoreReport memory first,
        ReportTypes.ScoreReport memory second
    ) internal {
        bytes32 commitment = offences.commitmentOf(by, _digest(first), _digest(second), SALT);
        vm.prank(by);
        offences.commitEvidence(commitment);
    }

    // ---------------------------------------------------------------- what follows

    function _badSignature(address recovered, uint256 seat) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IOffences.Offences_BadSignature.selector, recovered, vm.addr(seat + 1));
    }

    /// @dev ⌈κ_v · held⌉ with the fixture's κ_v.
    function _loss(uint256 held) internal pure returns (uint256) {
        return (held * _offenceTerms().offenceShare + WAD - 1) / WAD;
    }

    function _provenSeats(uint64 epoch) internal view returns (uint64 proven) {
        (proven, ) = offences.punishedSeatsOf(epoch);
    }
}
