// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReportTypes} from "../../contracts/consensus/ReportTypes.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {OffencesBed} from "../support/OffencesBed.sol";

/// @title Offences: what a proof costs the offender and brings the reporter
contract OffencePunishmentTest is OffencesBed {
    address private owner;

    function setUp() public override {
        super.setUp();
        owner = owners[OFFENDER];
    }

    /// @dev A thousandth of the staked MASA an epoch for score reports.
    function _slashCap() internal pure override returns (uint64) {
        return 0.001e18;
    }

    // ---------------------------------------------------------------- the slash

    /// D8: the share is of everything that the account holds: active and queued stake of both tokens.
    function test_D8_TheWholeStakeIsTheBase() public {
        _stakeTao(owner, 10_000e9); // 40,000 stake units
        vm.startPrank(owner);
        uint256 masaId = vault.startUnbonding(address(masa), 50_000e18);
        uint256 taoId = vault.startUnbonding(address(tao), 2_500e9);
        vm.stopPrank();
        _proveSeat(OFFENDER);
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(owner, 1);
        assertEq(record.masa + vault.taoUnitsDown(record.tao), _loss(STAKE + 40_000e18), "D8 of the whole");
        assertEq(record.masa, _loss(STAKE), "D8 pro rata in both tokens");
        assertEq(record.tao, 3_000e9, "D8 pro rata in both tokens");
        (, uint256 worth) = vault.unbondingEntryOf(owner, address(masa), masaId);
        assertEq(worth, 35_000e18, "D8 and in queue and stake");
        (, worth) = vault.unbondingEntryOf(owner, address(tao), taoId);
        assertEq(worth, 1_750e9, "D8 and in queue and stake");
    }

    /// SLA-01: the share is rounded against the offender.
    function test_SLA01_TheShareIsRoundedUp() public {
        _stake(owner, 1);
        _proveSeat(OFFENDER);
        assertEq(vault.slashRecordOf(owner, 1).masa, (STAKE * 3) / 10 + 1, "SLA-01 up");
    }

    /// SLA-07: what others have booked is not slashed again, and becomes a record of its own.
    function test_SLA07_TheBaseIsNetOfBookings() public {
        vm.prank(address(escrow));
        vault.slash(owner, 0, 100e18);
        _proveSeat(OFFENDER);
        assertEq(vault.slashRecordOf(owner, 1).masa, 100e18, "SLA-07 the other slash");
        assertEq(vault.slashRecordOf(owner, 2).masa, _loss(STAKE - 100e18), "SLA-07 this one");
        assertEq(vault.stakeUnitsOf(owner), STAKE - 100e18 - _loss(STAKE - 100e18), "SLA-07 what is left");
    }

    /// D15: proofs are outside the cap that bounds what a quorum could slash.
    function test_D15_ProofsAreOutsideTheCap() public {
        vm.prank(address(escrow));
        vault.slash(owners[0], 0, STAKE / 2);
        assertEq(vault.slasherOf(address(escrow)).left, 0, "D15 the cap of reports is used up");
        uint256 sum;
        for (uint256 seat = 1; seat < 5; ++seat) {
            _proveSeat(seat);
            sum += vault.slashRecordOf(owners[seat], 1).masa;
        }
        assertEq(sum, 4 * _loss(STAKE), "D15 each in full");
    }

    /// SLA-08: neither the offender nor who receives the slash is called.
    function test_SLA08_NobodyBlocksAProofByReverting() public {
        bytes memory reverting = hex"60006000fd";
        vm.etch(owner, reverting);
        vm.etch(vm.addr(OFFENDER + 1), reverting);
        vm.etch(treasury, reverting);
        vm.etch(reporter, reverting);
        _proveSeat(OFFENDER);
        assertEq(vault.slashRecordOf(owner, 1).masa, _loss(STAKE), "SLA-08 slashed");
    }

    /// SLA-03: an account that holds nothing any more loses its seat all the same.
    function test_SLA03_AnAccountThatHoldsNothingLosesItsSeat() public {
        _commitTo(reporter, _report("a"), _report("b"));
        uint256 id = _unbond(owner, STAKE);
        vm.warp(block.timestamp + 1 minutes);
        vm.prank(address(offences));
        vault.slash(owner, 0, STAKE);
        vault.applySlash(owner);
        (, uint256 worth) = vault.unbondingEntryOf(owner, address(masa), id);
        assertEq(worth, 0, "SLA-03 nothing left");
        vm.expectEmit(address(offences));
        emit IOffences.OffenceProven(
            1,
            owner,
            reporter,
            IOffences.Kind.ScoreReports,
            OFFENDER,
            0,
            0,
            _digest(_report("a")),
            _digest(_report("b")),
            0,
            false
        );
        _proveSeat(OFFENDER);
        _rollNext();
        assertFalse(_isSeated(owner), "D8 the seat is lost");
    }

    /// D15: the guardian may reverse the slash while it waits.
    function test_D15_AProofCanBeAppealed() public {
        _proveSeat(OFFENDER);
        uint256 loss = _loss(STAKE);
        vm.prank(guard);
        guardian.reverseSlash(owner, 1, loss, 0, NodeRole.Validator, 0);
        assertEq(vault.stakeUnitsOf(owner), STAKE, "D15 given back");
    }

    // ---------------------------------------------------------------- the bounty

    function test_D8_TheReporterIsPaidAfterTheAppeal() public {
        _commitTo(reporter, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        vm.expectEmit(address(offences));
        emit IOffences.OffenceProven(
            1,
            owner,
            reporter,
            IOffences.Kind.ScoreReports,
            OFFENDER,
            0,
            0,
            _digest(_report("a")),
            _digest(_report("b")),
            1,
            true
        );
        _proveSeat(OFFENDER);
        assertEq(masa.balanceOf(reporter), 0, "D8 not before the appeal is over");
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(owner, 1);
        assertEq(masa.balanceOf(reporter), _loss(STAKE) / 10, "D8 the bounty");
        assertEq(masa.balanceOf(treasury), _loss(STAKE) - _loss(STAKE) / 10, "D8 the rest");
    }

    function test_D15_AReversalTakesTheBountyToo() public {
        _commitTo(reporter, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        _proveSeat(OFFENDER);
        uint256 loss = _loss(STAKE);
        vm.prank(guard);
        guardian.reverseSlash(owner, 1, loss, 0, NodeRole.Validator, 0);
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(owner, 1);
        assertEq(masa.balanceOf(reporter), 0, "D15 nothing to share");
    }

    /// D8: with the largest bounty there may be, the offender that reports itself through another account loses three
    /// quarters of κ_v, and one that does so from its own account all of it.
    function test_D8_SelfReportingIsNeverProfitable() public {
        IOffences.OffenceTerms memory terms = _offenceTerms();
        terms.bountyShare = 0.25e18;
        offences.setOffenceTerms(terms);
        _commitTo(reporter, _report("a"), _report("b"));
        _commitTo(owner, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        uint256 before = vm.snapshotState();
        _proveSeat(OFFENDER);
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(owner, 1);
        // 250,000 · 0.3 = 75,000 lost, 18,750 of it back.
        uint256 left = vault.stakeUnitsOf(owner) + masa.balanceOf(reporter);
        assertEq(left, 193_750e18, "D8 the offender's two accounts together");
        assertEq(STAKE - left, 56_250e18, "D8 loses three quarters");

        vm.revertToState(before);
        reporter = owner;
        _proveSeat(OFFENDER);
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(owner, 1);
        assertEq(vault.stakeUnitsOf(owner) + masa.balanceOf(owner), 175_000e18, "D8 its own account alone");
    }

    /// Reporting oneself pays at no stake, share and bounty within the bounds.
    function testFuzz_D8_SelfReportingAlwaysLoses(uint256 offenceShare, uint256 bountyShare, uint256 more) public {
        IOffences.OffenceTerms memory terms = _offenceTerms();
        terms.offenceShare = uint64(bound(offenceShare, 1, WAD - 1));
        terms.bountyShare = uint64(bound(bountyShare, 0, 0.25e18));
        offences.setOffenceTerms(terms);
        more = bound(more, 1, 1_000_000e18);
        _stake(owner, more);
        _commitTo(reporter, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        _proveSeat(OFFENDER);
        uint256 lost = STAKE + more - vault.stakeUnitsOf(owner);
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(owner, 1);
        uint256 gained = masa.balanceOf(reporter);
        assertLt(gained, lost, "D8 less than the loss");
        assertLe(gained * 4, lost, "D8 a quarter at most");
    }

    function test_D8_WithoutABountyTheProofIsTakenAllTheSame() public {
        IOffences.OffenceTerms memory terms = _offenceTerms();
        terms.bountyShare = 0;
        offences.setOffenceTerms(terms);
        _commitTo(reporter, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        _proveSeat(OFFENDER);
        assertEq(vault.slashRecordOf(owner, 1).masa, _loss(STAKE), "D8 slashed");
        _expectNoBounty();
    }

    // ---------------------------------------------------------------- commitments

    /// Whoever sees a proof on its way and sends it first gains nothing: it had not committed.
    function test_WhoCopiesAProofGainsNothing() public {
        _commitTo(reporter, _report("a"), _report("b"));
        vm.warp(block.timestamp + 1 minutes);
        reporter = _account(78);
        _proveSeat(OFFENDER);
        _expectNoBounty();
    }

    /// Neither does committing in the same moment, nor a second too late.
    function test_ACommitmentNeedsItsAge() public {
        _commitTo(reporter, _report("a"), _report("b"));
        uint256 id = vm.snapshotState();
        vm.warp(block.timestamp + 1 minutes - 1);
        _proveSeat(OFFENDER);
        _expectNoBounty();
        vm.revertToState(id);
        vm.warp(block.timestamp + 1 minutes);
        _proveSeat(OFFENDER);
        (address to, uint64 share) = vault.bountyOf(owner, 1);
        assertEq(to, reporter, "from the second on");
        assertEq(share, 0.1e18, "the share of the terms");
    }

    function test_ACommitmentIsToOneReporterTwoMessagesAndTheirOrder() public {
        _commitTo(reporter, _report("b"), _report("a"));
        _commitTo(reporter, _report("a"), _report("c"));
        _commitTo(_account(78), _report("a"), _report("b"));
        bytes32 otherSalt = offences.commitmentOf(reporter, _digest(_report("a")), _digest(_report("b")), "other");
        offences.commitEvidence(otherSalt);
        vm.warp(block.timestamp + 1 minutes);
        _proveSeat(OFFENDER);
        _expectNoBounty();
    }

    /// Committing for another, or again, neither takes a commitment away nor makes it younger.
    function test_ACommitmentKeepsItsSecond() public {
        bytes32 commitment = offences.commitmentOf(reporter, bytes32("1"), bytes32("2"), SALT);
        assertEq(commitment, keccak256(abi.encode(reporter, bytes32("1"), bytes32("2"), SALT)), "as documented");
        assertEq(offences.committedAt(commitment), 0, "none yet");
        uint256 first = block.timestamp;
        vm.expectEmit(address(offences));
        emit IOffences.EvidenceCommitted(commitment, first);
        offences.commitEvidence(commitment);
        vm.warp(first + 10);
        vm.recordLogs();
        offences.commitEvidence(commitment);
        assertEq(vm.getRecordedLogs().length, 0, "nothing happens");
        assertEq(offences.committedAt(commitment), first, "its second");
    }

    function _expectNoBounty() private view {
        (address to, uint64 share) = vault.bountyOf(owner, 1);
        assertEq(to, address(0), "nobody");
        assertEq(share, 0, "nothing");
    }
}
