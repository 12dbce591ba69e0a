// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Guardian} from "../../contracts/governance/Guardian.sol";
import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {FeeOnTransferMock} from "../../contracts/mocks/FeeOnTransferMock.sol";
import {HookTokenMock, ITokenReceiver} from "../../contracts/mocks/HookTokenMock.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {RewardsBed} from "../support/RewardsBed.sol";

/// @title Claims a second time while it is being paid
contract ReenteringClaimer is ITokenReceiver {
    RewardDistributor private _distributor;
    uint256 private _cumulative;
    bytes public refusal;

    function prepare(HookTokenMock token, RewardDistributor distributor, uint256 cumulative) external {
        (_distributor, _cumulative) = (distributor, cumulative);
        token.setHook(true);
    }

    function tokensReceived(address, uint256) external {
        try _distributor.claim(address(this), _cumulative, new bytes32[](0)) {
            refusal = "paid twice";
        } catch (bytes memory reason) {
            refusal = reason;
        }
    }
}

/// @title RewardDistributor: pots, roots, and claims
/// @notice An epoch releases 4,000 MASA to validators and 3,000 to workers at first.
contract RewardDistributorTest is RewardsBed {
    IRewardDistributor.Pot private constant VALIDATORS = IRewardDistributor.Pot.Validators;
    IRewardDistributor.Pot private constant WORKERS = IRewardDistributor.Pot.Workers;
    IGuardian.Right private constant CANCEL = IGuardian.Right.CancelRewardRoot;
    bytes32 private constant ROOT = keccak256("some root");

    function _selector(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }

    function _epochNotAfter(uint64 epoch, uint64 last) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRewardDistributor.RewardDistributor_EpochNotAfter.selector, epoch, last);
    }

    function _unauthorised(address caller) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("POST"),
                caller,
                uint256(0)
            );
    }

    function _nothing(address account, uint256 cumulative, uint256 claimed) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_NothingToClaim.selector,
                account,
                cumulative,
                claimed
            );
    }

    function _invalid(address account, uint256 cumulative) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRewardDistributor.RewardDistributor_InvalidProof.selector, account, cumulative);
    }

    function _delayOutOfRange(uint256 delay) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_OutOfRange.selector,
                bytes32("activationDelay"),
                delay,
                uint256(1 minutes),
                uint256(30 days)
            );
    }

    function _assertTotals(uint256 validators, uint256 workers, string memory message) private view {
        (uint128 validatorTotal, uint128 workerTotal) = distributor.lastTotals();
        assertEq(uint256(validatorTotal), validators, message);
        assertEq(uint256(workerTotal), workers, message);
    }

    function _assertNone(IRewardDistributor.Root memory root, string memory message) private pure {
        IRewardDistributor.Root memory none;
        assertEq(keccak256(abi.encode(root)), keccak256(abi.encode(none)), message);
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public {
        vm.expectEmit();
        emit IRewardDistributor.ActivationDelaySet(0, 1 days);
        RewardDistributor fresh = new RewardDistributor(alice, masa, emissions, vault, 1 days);
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.emissions()), address(emissions), "emissions");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(fresh.owner(), alice, "owner");
        assertEq(fresh.activationDelay(), 1 days, "delay");
        _assertNone(fresh.activeRoot(), "active root");
        _assertNone(fresh.lastRoot(), "last root");
        _assertNone(fresh.rootOf(0), "root of epoch 0");
        assertEq(fresh.pendingRoots().length, 0, "pending roots");
        assertEq(uint256(fresh.lastEpoch()), 0, "last epoch");
    }

    function test_RevertGiven_AZeroAddress() public {
        bytes memory refusal = _selector(IRewardDistributor.RewardDistributor_ZeroAddress.selector);
        vm.expectRevert(refusal);
        new RewardDistributor(alice, IERC20(address(0)), emissions, vault, 1 days);
        vm.expectRevert(refusal);
        new RewardDistributor(alice, masa, IEmissions(address(0)), vault, 1 days);
        vm.expectRevert(refusal);
        new RewardDistributor(alice, masa, emissions, IStakeVault(address(0)), 1 days);
    }

    function test_RevertGiven_WiredByAStrangerOrTwice() public {
        RewardDistributor fresh = new RewardDistributor(address(this), masa, emissions, vault, 1 days);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        fresh.wire(alice);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("POST", alice, block.timestamp);
        fresh.wire(alice);
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_AlreadyWired.selector));
        fresh.wire(bob);
    }

    // ---------------------------------------------------------------- pots

    function test_AnyoneFundsAPot() public {
        _fund(alice, 12e18);
        vm.startPrank(alice);
        masa.approve(address(distributor), 12e18);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PotFunded(VALIDATORS, alice, 7e18, 7e18);
        distributor.fundValidators(7e18);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PotFunded(WORKERS, alice, 5e18, 5e18);
        distributor.fundWorkers(5e18);
        vm.stopPrank();
        (uint256 validators, uint256 workers) = distributor.funded();
        assertEq(validators, 7e18, "validators");
        assertEq(workers, 5e18, "workers");
        (validators, workers) = distributor.pots();
        assertEq(validators, 7e18, "nothing is given yet");
        assertEq(workers, 5e18, "nothing is given yet");
        assertEq(masa.balanceOf(address(distributor)), 12e18, "balance");
    }

    function test_RevertGiven_FundingWithNothing() public {
        bytes memory refusal = _selector(IRewardDistributor.RewardDistributor_ZeroAmount.selector);
        vm.expectRevert(refusal);
        distributor.fundValidators(0);
        vm.expectRevert(refusal);
        distributor.fundWorkers(0);
    }

    function test_RevertGiven_FundingBeyondTheField() public {
        bytes memory refusal = abi.encodeWithSignature(
            "SafeCastOverflowedUintDowncast(uint8,uint256)",
            uint8(128),
            uint256(type(uint128).max) + 1
        );
        vm.expectRevert(refusal);
        distributor.fundValidators(uint256(type(uint128).max) + 1);
        vm.expectRevert(refusal);
        distributor.fundWorkers(uint256(type(uint128).max) + 1);
    }

    function test_TOK01_RevertGiven_AFeeOnTransfer() public {
        FeeOnTransferMock token = new FeeOnTransferMock();
        Emissions source = new Emissions(address(this), token, clock, vault, _emissionParameters());
        RewardDistributor fresh = new RewardDistributor(address(this), token, source, vault, 1 days);
        source.wire(address(fresh));
        fresh.wire(address(this));
        token.mint(address(this), 1_000);
        token.approve(address(fresh), 1_000);
        bytes4 refusal = IRewardDistributor.RewardDistributor_FeeOnTransfer.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, 100, 99));
        fresh.fundValidators(100);
        vm.expectRevert(abi.encodeWithSelector(refusal, 100, 99));
        fresh.fundWorkers(100);
    }

    /// A release is believed only as far as it arrives.
    function test_TOK01_RevertGiven_AReleaseThatDoesNotArriveInFull() public {
        _warpTo(2);
        vm.mockCall(
            address(emissions),
            abi.encodeCall(IEmissions.release, (uint64(1))),
            abi.encode(uint256(3), uint256(4))
        );
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_FeeOnTransfer.selector, uint256(7), uint256(0))
        );
        _post(1, 0, 0, 0);
        vm.clearMockedCalls();
    }

    function test_I10_ADonationMovesNothing() public {
        masa.transfer(address(distributor), 5e18);
        (uint256 validators, uint256 workers) = distributor.funded();
        assertEq(validators + workers, 0, "I-10 nothing is funded");
        _warpTo(2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_NotFunded.selector,
                VALIDATORS,
                uint256(4_000e18 + 1),
                uint256(4_000e18)
            )
        );
        _post(1, ROOT, 4_000e18 + 1, 0);
    }

    // ---------------------------------------------------------------- roots

    function test_D17_ARootReleasesTheEmissionAndWaits() public {
        _warpTo(2);
        (uint256 validators, uint256 workers) = distributor.nextPots();
        assertEq(validators, 4_000e18, "D17 the pot that a report allocates");
        assertEq(workers, 3_000e18, "D17 the pot that a report allocates");
        uint40 from = uint40(block.timestamp + ACTIVATION);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PotFunded(VALIDATORS, address(emissions), 4_000e18, 4_000e18);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PotFunded(WORKERS, address(emissions), 3_000e18, 3_000e18);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootPosted(1, ROOT, 4_000e18, 2_999e18, from);
        _post(1, ROOT, 4_000e18, 2_999e18);

        _assertTotals(4_000e18, 2_999e18, "accepted");
        (validators, workers) = distributor.pots();
        assertEq(validators, 0, "all given");
        assertEq(workers, 1e18, "the remainder stays");
        assertEq(uint256(distributor.lastEpoch()), 1, "epoch");
        IRewardDistributor.Root[] memory pending = distributor.pendingRoots();
        assertEq(pending.length, 1, "pending");
        bytes32 expected = keccak256(abi.encode(IRewardDistributor.Root(ROOT, 4_000e18, 2_999e18, uint64(1), from)));
        assertEq(keccak256(abi.encode(pending[0])), expected, "pending root");
        assertEq(keccak256(abi.encode(distributor.lastRoot())), expected, "last root");
        assertEq(keccak256(abi.encode(distributor.rootOf(1))), expected, "root by epoch");
        _assertNone(distributor.activeRoot(), "not active yet");

        vm.warp(from - 1);
        _assertNone(distributor.activeRoot(), "nor a second before");
        vm.warp(from);
        assertEq(keccak256(abi.encode(distributor.activeRoot())), expected, "active");
        assertEq(distributor.pendingRoots().length, 0, "no longer pending");
    }

    function test_AReportWithoutRewardsKeepsTheRoot() public {
        _warpTo(2);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootKept(1);
        _post(1, 0, 0, 0);
        (uint256 validators, ) = distributor.funded();
        assertEq(validators, 4_000e18, "the emission came in");
        _give(_three(10e18, 20e18, 30e18));
        bytes32 before = distributor.activeRoot().root;
        _warpTo(clock.currentEpoch() + 1);
        uint64 epoch = clock.currentEpoch() - 1;
        _post(epoch, 0, 60e18, 0);
        assertEq(distributor.activeRoot().root, before, "kept");
        assertEq(uint256(distributor.lastEpoch()), epoch, "the report counts");
        _assertNone(distributor.rootOf(epoch), "it brought none");
    }

    function test_ARootMayCorrectTheLastWithTheSameTotals() public {
        _give(_three(10e18, 20e18, 30e18));
        _give(_three(11e18, 19e18, 30e18));
        assertEq(_claim(_three(11e18, 19e18, 30e18), 0), 11e18, "by the later root");
    }

    function test_RevertGiven_NoRootForNewTotals() public {
        _warpTo(2);
        bytes4 selector = IRewardDistributor.RewardDistributor_RootMissing.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, uint256(1), uint256(0)));
        _post(1, 0, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(selector, uint256(0), uint256(1)));
        _post(1, 0, 0, 1);
    }

    function test_EMI08_RevertGiven_ARootThatIsNotFunded() public {
        _warpTo(2);
        bytes4 selector = IRewardDistributor.RewardDistributor_NotFunded.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, VALIDATORS, uint256(4_000e18 + 1), uint256(4_000e18)));
        _post(1, ROOT, 4_000e18 + 1, 0);
        // What one pot has too much does not pay for the other.
        vm.expectRevert(abi.encodeWithSelector(selector, WORKERS, uint256(3_000e18 + 1), uint256(3_000e18)));
        _post(1, ROOT, 0, 3_000e18 + 1);
        assertEq(emissions.pool(), POOL, "EMI-08 and nothing was released");
        distributor.fundWorkers(1);
        _post(1, ROOT, 4_000e18, 3_000e18 + 1);
        _assertTotals(4_000e18, 3_000e18 + 1, "EMI-08 funded to the wei");
    }

    function test_RevertGiven_TotalsThatFall() public {
        _warpTo(2);
        _post(1, ROOT, 100, 200);
        _warpTo(3);
        bytes4 selector = IRewardDistributor.RewardDistributor_TotalFell.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, VALIDATORS, uint256(99), uint256(100)));
        _post(2, ROOT, 99, 300);
        vm.expectRevert(abi.encodeWithSelector(selector, WORKERS, uint256(199), uint256(200)));
        _post(2, ROOT, 100, 199);
        vm.expectRevert(abi.encodeWithSelector(selector, WORKERS, uint256(0), uint256(200)));
        _post(2, 0, 100, 0);
    }

    function test_RevertGiven_AnEpochTwiceOrOutOfOrder() public {
        _warpTo(4);
        _post(3, ROOT, 1, 1);
        vm.expectRevert(_epochNotAfter(3, 3));
        _post(3, ROOT, 2, 2);
        vm.expectRevert(_epochNotAfter(2, 3));
        _post(2, ROOT, 2, 2);
        vm.prank(guard);
        distributor.cancelRoot(3);
        vm.expectRevert(_epochNotAfter(3, 3));
        _post(3, ROOT, 2, 2);
    }

    function test_RevertGiven_PostedByAStranger() public {
        _warpTo(2);
        vm.expectRevert(_unauthorised(alice));
        vm.prank(alice);
        distributor.postRoot(1, ROOT, 0, 0);
        vm.expectRevert(_unauthorised(address(this)));
        distributor.postRoot(1, ROOT, 0, 0);
    }

    function test_D19_ANewConsensusWaitsForTheModuleDelay() public {
        distributor.grantModule("POST", alice);
        assertEq(distributor.moduleActiveFrom("POST", alice), START + MODULE_DELAY, "D19");
    }

    /// Governance that stops the emission does not stop the reports.
    function test_ARootComesWithoutTheRightToRelease() public {
        emissions.revokeModule("RELEASE", address(distributor));
        distributor.fundValidators(60e18);
        _warpTo(2);
        (uint256 validators, uint256 workers) = distributor.nextPots();
        assertEq(validators, 60e18, "no release to come");
        assertEq(workers, 0, "no release to come");
        _give(_three(10e18, 20e18, 30e18));
        assertEq(emissions.pool(), POOL, "nothing released");
        assertEq(_claim(_three(10e18, 20e18, 30e18), 2), 30e18, "paid from what others funded");
        // A right that is granted anew is used from its first second on, not before.
        emissions.grantModule("RELEASE", address(distributor));
        _warpTo(clock.currentEpoch() + 1);
        _post(clock.currentEpoch() - 1, 0, 60e18, 0);
        assertEq(emissions.pool(), POOL, "still waiting");
        vm.warp(block.timestamp + MODULE_DELAY);
        _post(clock.currentEpoch() - 1, 0, 60e18, 0);
        assertEq(emissions.pool(), 990_000e18, "released");
    }

    // ---------------------------------------------------------------- cancelling

    function test_EMI07_AWrongRootIsCancelledBeforeItPays() public {
        Given[] memory right = _three(10e18, 20e18, 30e18);
        _give(right);
        _warpTo(clock.currentEpoch() + 1);
        uint64 epoch = clock.currentEpoch() - 1;
        Given[] memory wrong = _three(10e18, 20e18, 4_000e18);
        _post(epoch, _rootOf(wrong), 4_030e18, 0);
        vm.warp(block.timestamp + ACTIVATION - 1);
        vm.expectRevert(_invalid(carol, 4_000e18));
        distributor.claim(carol, 4_000e18, _proofOf(wrong, 2));
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootCancelled(epoch, _rootOf(wrong), guard);
        vm.prank(guard);
        distributor.cancelRoot(epoch);
        vm.warp(block.timestamp + 10 * ACTIVATION);
        vm.expectRevert(_invalid(carol, 4_000e18));
        distributor.claim(carol, 4_000e18, _proofOf(wrong, 2));
        _assertTotals(60e18, 0, "EMI-07 the totals are back");
        assertEq(_claim(right, 2), 30e18, "EMI-07 the root before still pays");
        // What the cancelled root would have given is there for the next.
        _warpTo(clock.currentEpoch() + 1);
        (uint256 validators, ) = distributor.nextPots();
        assertEq(validators, 4_000e18 + 3_960e18 + 3_920.4e18 - 60e18, "EMI-07 the pot keeps it");
    }

    function test_EMI07_CancellingOneCancelsAllThatBuildOnIt() public {
        distributor.setActivationDelay(3 hours);
        bytes32[3] memory roots = [keccak256("1"), keccak256("2"), keccak256("3")];
        for (uint64 i; i < 3; ++i) {
            _warpTo(i + 2);
            _post(i + 1, roots[i], 10 * (i + 1), 20 * (i + 1));
        }
        assertEq(distributor.pendingRoots().length, 3, "three wait");
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootCancelled(3, roots[2], address(this));
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootCancelled(2, roots[1], address(this));
        distributor.cancelRoot(2);
        assertEq(distributor.pendingRoots().length, 1, "one is left");
        _assertTotals(10, 20, "EMI-07 totals of the root that is left");
        _assertNone(distributor.rootOf(2), "gone");
        _assertNone(distributor.rootOf(3), "gone");
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributor_UnknownRoot.selector, uint64(3)));
        distributor.cancelRoot(3);
        distributor.cancelRoot(1);
        _assertTotals(0, 0, "EMI-07 nothing is left");
        _warpTo(5);
        _post(4, roots[0], 1, 1);
        assertEq(distributor.pendingRoots()[0].epoch, uint64(4), "and the next one is the first again");
        vm.warp(block.timestamp + 3 hours);
        assertEq(distributor.activeRoot().root, roots[0], "active in its time");
    }

    function test_RevertGiven_CancelledTooLate() public {
        _give(_three(1, 2, 3));
        uint64 epoch = distributor.lastEpoch();
        uint256 from = distributor.rootOf(epoch).activeFrom;
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributor_AlreadyActive.selector,
                epoch,
                from,
                block.timestamp
            )
        );
        vm.prank(guard);
        distributor.cancelRoot(epoch);
        vm.warp(from - 1);
        vm.prank(guard);
        distributor.cancelRoot(epoch);
    }

    function test_RevertGiven_CancellingWithoutTheRight() public {
        _warpTo(2);
        _post(1, ROOT, 1, 1);
        uint256 until = guardian.rightUntil(CANCEL);
        bytes4 selector = IGuardian.Guardian_RightNotHeld.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, CANCEL, alice, until, block.timestamp));
        vm.prank(alice);
        distributor.cancelRoot(1);
        // The holder of another right is nobody here.
        guardian.lend(CANCEL, bob, 1 days);
        until = block.timestamp + 1 days;
        vm.expectRevert(abi.encodeWithSelector(selector, CANCEL, guard, until, block.timestamp));
        vm.prank(guard);
        distributor.cancelRoot(1);
        distributor.setActivationDelay(30 days);
        _warpTo(3);
        _post(2, ROOT, 1, 1);
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(selector, CANCEL, bob, until, until + 1));
        vm.prank(bob);
        distributor.cancelRoot(2);
        vm.warp(until);
        vm.prank(bob);
        distributor.cancelRoot(2);
    }

    function test_AnotherGuardianOfTheVaultCancelsHere() public {
        Guardian other = new Guardian(address(this), vault, standing, bob, 1 days);
        other.lend(CANCEL, bob, 1 days);
        vault.setGuardian(IGuardian(address(other)));
        _warpTo(2);
        _post(1, ROOT, 1, 1);
        vm.prank(bob);
        distributor.cancelRoot(1);
        assertEq(distributor.pendingRoots().length, 0, "cancelled");
    }

    // ---------------------------------------------------------------- claims

    function test_AClaimPaysWhatIsNewToTheAccount() public {
        _give(_three(10e18, 20e18, 30e18));
        Given[] memory given = _three(10e18, 20e18, 30e18);
        assertEq(distributor.claimable(alice, 10e18, _proofOf(given, 0)), 10e18, "foretold");
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RewardClaimed(alice, alice, 10e18, 10e18);
        vm.prank(alice);
        assertEq(_claim(given, 0), 10e18, "paid");
        assertEq(masa.balanceOf(alice), 10e18, "arrived");
        given = _three(15e18, 20e18, 30e18);
        _give(given);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RewardClaimed(alice, alice, 5e18, 15e18);
        assertEq(_claim(given, 0), 5e18, "the difference");
        assertEq(masa.balanceOf(alice), 15e18, "arrived");
        assertEq(distributor.claimedOf(alice), 15e18, "since the beginning");
        assertEq(_claim(given, 1), 20e18, "Bob missed nothing");
        assertEq(distributor.claimable(alice, 15e18, _proofOf(given, 0)), 0, "nothing left");
    }

    function test_EMI02_AFallenCumulativePaysNothing() public {
        _give(_three(10e18, 20e18, 30e18));
        _claim(_three(10e18, 20e18, 30e18), 0);
        Given[] memory fallen = _three(9e18, 21e18, 30e18);
        _give(fallen);
        vm.expectRevert(_nothing(alice, 9e18, 10e18));
        _claim(fallen, 0);
        assertEq(distributor.claimedOf(alice), 10e18, "EMI-02 I-10 what was paid does not fall");
        assertEq(distributor.claimable(alice, 9e18, _proofOf(fallen, 0)), 0, "EMI-02 nothing");
        assertEq(_claim(fallen, 1), 21e18, "EMI-02 others are not held up");
    }

    function test_RevertGiven_AClaimTwice() public {
        Given[] memory given = _three(10e18, 20e18, 30e18);
        _give(given);
        _claim(given, 0);
        vm.expectRevert(_nothing(alice, 10e18, 10e18));
        _claim(given, 0);
        vm.expectRevert(_nothing(alice, 10e18, 10e18));
        vm.prank(alice);
        distributor.claim(alice, 10e18, _proofOf(given, 0));
    }

    /// The hash of two nodes is no leaf: 64 bytes that hash to a node do not pass as account and amount.
    function test_EMI03_AnInnerNodeIsNoLeaf() public {
        address[4] memory accounts = [alice, bob, carol, stranger];
        Given[] memory given = new Given[](4);
        for (uint256 i; i < 4; ++i) {
            given[i] = Given(accounts[i], (i + 1) * 1e18);
        }
        _give(given);
        // The sibling of an inner node is what proves that node; its own two children would be the "leaf".
        bytes32[] memory proof = _proofOf(given, 0);
        bytes32[] memory upper = new bytes32[](1);
        upper[0] = proof[1];
        bytes32 leaf = _leaf(alice, 1e18);
        (bytes32 left, bytes32 right) = leaf < proof[0] ? (leaf, proof[0]) : (proof[0], leaf);
        address account = address(uint160(uint256(left)));
        vm.expectRevert(_invalid(account, uint256(right)));
        distributor.claim(account, uint256(right), upper);
        // Even where the first half is an address: one hash is not what a leaf is.
        assertNotEq(
            distributor.leafOf(alice, 1e18),
            keccak256(abi.encode(alice, uint256(1e18))),
            "EMI-03 leaves are hashed twice"
        );
        assertEq(distributor.leafOf(alice, 1e18), leaf, "EMI-03 exactly twice");
    }

    function test_EMI04_AnAccountInTwoLeavesIsPaidTheLargerOnce() public {
        Given[] memory given = new Given[](3);
        given[0] = Given(alice, 10e18);
        given[1] = Given(alice, 25e18);
        given[2] = Given(bob, 1e18);
        _give(given);
        assertEq(_claim(given, 0), 10e18, "EMI-04 the smaller leaf");
        assertEq(_claim(given, 1), 15e18, "EMI-04 and the rest of the larger");
        vm.expectRevert(_nothing(alice, 10e18, 25e18));
        _claim(given, 0);
        assertEq(masa.balanceOf(alice), 25e18, "EMI-04 not 35");
    }

    /// There are no multiproofs here; in a single proof a zero node is a hash like any other.
    function test_EMI05_AProofWithAZeroNodeIsRejected() public {
        Given[] memory given = _three(10e18, 20e18, 30e18);
        _give(given);
        bytes32[] memory proof = new bytes32[](1);
        vm.expectRevert(_invalid(stranger, 1e18));
        distributor.claim(stranger, 1e18, proof);
        // The root as the sibling of a zero node, and the other way round.
        proof = new bytes32[](2);
        proof[1] = _rootOf(given);
        vm.expectRevert(_invalid(stranger, 1e18));
        distributor.claim(stranger, 1e18, proof);
        (proof[0], proof[1]) = (proof[1], bytes32(0));
        vm.expectRevert(_invalid(stranger, 1e18));
        distributor.claim(stranger, 1e18, proof);
        // A true proof with a zero node at its end or beginning proves nothing either.
        bytes32[] memory good = _proofOf(given, 0);
        bytes32[] memory longer = new bytes32[](good.length + 1);
        for (uint256 i; i < good.length; ++i) {
            longer[i] = good[i];
        }
        vm.expectRevert(_invalid(alice, 10e18));
        distributor.claim(alice, 10e18, longer);
        for (uint256 i; i < good.length; ++i) {
            longer[i + 1] = good[i];
        }
        longer[0] = bytes32(0);
        vm.expectRevert(_invalid(alice, 10e18));
        distributor.claim(alice, 10e18, longer);
    }

    function test_EMI06_NothingIsProvenWithoutARoot() public {
        bytes memory noRoot = _selector(IRewardDistributor.RewardDistributor_NoActiveRoot.selector);
        bytes32[] memory empty = new bytes32[](0);
        vm.expectRevert(noRoot);
        distributor.claim(alice, 1, empty);
        vm.expectRevert(noRoot);
        distributor.claim(address(0), 0, empty);
        vm.expectRevert(noRoot);
        distributor.claim(alice, 1, new bytes32[](1));
        assertEq(distributor.claimable(alice, 1, empty), 0, "EMI-06 nothing");
        // A report that kept the root, which is none, leaves none.
        _warpTo(2);
        _post(1, 0, 0, 0);
        vm.warp(block.timestamp + ACTIVATION);
        vm.expectRevert(noRoot);
        distributor.claim(alice, 1, empty);
        // A root that waits is none yet.
        Given[] memory given = _three(10e18, 20e18, 30e18);
        _warpTo(3);
        _post(2, _rootOf(given), 60e18, 0);
        bytes32[] memory proof = _proofOf(given, 0);
        vm.expectRevert(noRoot);
        distributor.claim(alice, 10e18, proof);
        vm.warp(block.timestamp + ACTIVATION);
        // And an empty proof proves the root alone.
        vm.expectRevert(_invalid(alice, 10e18));
        distributor.claim(alice, 10e18, empty);
        vm.expectRevert(_invalid(address(0), 0));
        distributor.claim(address(0), 0, empty);
        assertEq(distributor.claim(alice, 10e18, proof), 10e18, "EMI-06 with its proof");
    }

    function test_ATreeOfOneLeafIsProvenByNothingElse() public {
        Given[] memory given = new Given[](1);
        given[0] = Given(alice, 10e18);
        _give(given);
        assertEq(distributor.claim(alice, 10e18, new bytes32[](0)), 10e18, "the leaf is the root");
    }

    function test_EMI09_LeavesThatSumToTheTotalsEmptyThePotsToTheWei() public {
        Given[] memory given = _three(3_333, 3_333, 3_334);
        distributor.fundValidators(10_000);
        emissions.revokeModule("RELEASE", address(distributor));
        _give(given);
        for (uint256 i; i < 3; ++i) {
            _claim(given, i);
        }
        assertEq(masa.balanceOf(address(distributor)), 0, "EMI-09 to the wei");
        (uint256 validators, uint256 workers) = distributor.pots();
        assertEq(validators + workers, 0, "EMI-09 nothing is left to give");
    }

    function test_EMI11_AStrangersClaimPaysTheAccount() public {
        Given[] memory given = _three(10e18, 20e18, 30e18);
        _give(given);
        bytes32[] memory proof = _proofOf(given, 0);
        vm.prank(stranger);
        distributor.claim(alice, 10e18, proof);
        assertEq(masa.balanceOf(alice), 10e18, "EMI-11 the leaf's account");
        assertEq(masa.balanceOf(stranger), 0, "EMI-11 not the caller");
    }

    function test_EMI11_AStrangersClaimPaysTheChosenClaimer() public {
        Given[] memory given = _three(10e18, 20e18, 30e18);
        _give(given);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.ClaimerSet(alice, alice, carol);
        vm.prank(alice);
        distributor.setClaimer(carol);
        assertEq(distributor.claimerOf(alice), carol, "EMI-11 chosen");
        assertEq(distributor.claimerOf(bob), bob, "EMI-11 for herself alone");
        bytes32[] memory proof = _proofOf(given, 0);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RewardClaimed(alice, carol, 10e18, 10e18);
        vm.prank(stranger);
        distributor.claim(alice, 10e18, proof);
        assertEq(masa.balanceOf(carol), 10e18, "EMI-11 the claimer");
        assertEq(masa.balanceOf(alice), 0, "EMI-11 not the account");

        given = _three(12e18, 20e18, 30e18);
        _give(given);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.ClaimerSet(alice, carol, alice);
        vm.prank(alice);
        distributor.setClaimer(address(0));
        assertEq(distributor.claimedOf(alice), 10e18, "EMI-11 the choice leaves the books alone");
        _claim(given, 0);
        assertEq(masa.balanceOf(alice), 2e18, "EMI-11 herself again");
    }

    /// The cheaper check of proofs takes what OpenZeppelin's takes, and refuses what it refuses.
    function testFuzz_AProofIsWhatOpenZeppelinTakes(uint96[8] memory amounts, uint8 index, uint8 spoiled) public {
        Given[] memory given = new Given[](8);
        for (uint256 i; i < 8; ++i) {
            given[i] = Given(_account(i), uint256(amounts[i] >> 14) + 1);
        }
        uint256 total = 3_000_000e18 * 8;
        distributor.fundValidators(total);
        _warpTo(2);
        bytes32 root = _rootOf(given);
        _post(1, root, total, 0);
        vm.warp(block.timestamp + ACTIVATION);
        Given memory one = given[index % 8];
        bytes32[] memory proof = _proofOf(given, index % 8);
        if (spoiled & 1 != 0) proof[spoiled % proof.length] ^= bytes32(uint256(1) << spoiled);
        if (spoiled & 2 != 0) ++one.cumulative;
        bool valid = MerkleProof.verify(proof, root, _leaf(one.account, one.cumulative));
        assertEq(valid, spoiled & 3 == 0, "spoiled or not");
        uint256 paid = distributor.claimable(one.account, one.cumulative, proof);
        assertEq(paid, valid ? one.cumulative : 0, "as OpenZeppelin's");
    }

    function test_RevertGiven_ALeafBeyondItsField() public {
        uint256 most = type(uint96).max;
        distributor.fundValidators(60e18);
        Given[] memory given = new Given[](2);
        (given[0], given[1]) = (Given(alice, most + 1), Given(bob, 1));
        _warpTo(2);
        _post(1, _rootOf(given), 60e18, 0);
        vm.warp(block.timestamp + ACTIVATION);
        vm.expectRevert(abi.encodeWithSignature("SafeCastOverflowedUintDowncast(uint8,uint256)", uint8(96), most + 1));
        _claim(given, 0);
        assertEq(distributor.claimable(alice, most + 1, _proofOf(given, 0)), 0, "nothing");
    }

    function test_ReenteringAClaimGainsNothing() public {
        HookTokenMock token = new HookTokenMock();
        Emissions source = new Emissions(address(this), token, clock, vault, _emissionParameters());
        RewardDistributor fresh = new RewardDistributor(address(this), token, source, vault, 1 minutes);
        source.wire(address(fresh));
        fresh.wire(address(this));
        token.mint(address(this), 100);
        token.approve(address(fresh), 100);
        fresh.fundValidators(100);
        ReenteringClaimer claimer = new ReenteringClaimer();
        claimer.prepare(token, fresh, 50);
        _warpTo(2);
        fresh.postRoot(1, _leaf(address(claimer), 50), 50, 0);
        vm.warp(block.timestamp + 1 minutes);
        fresh.claim(address(claimer), 50, new bytes32[](0));
        assertEq(token.balanceOf(address(claimer)), 50, "paid once");
        assertEq(claimer.refusal(), _nothing(address(claimer), 50, 50), "the second time nothing was left");
    }

    // ---------------------------------------------------------------- the delay

    function test_ManyRootsBecomeActiveInTheirOrder() public {
        distributor.setActivationDelay(12 hours);
        for (uint64 i = 1; i <= 20; ++i) {
            _warpTo(i + 1);
            _post(i, keccak256(abi.encode(i)), i, i);
        }
        assertEq(distributor.pendingRoots().length, 12, "the others are active by now");
        // No report comes any more: the rest becomes active all the same.
        for (uint64 i = 9; i <= 20; ++i) {
            uint256 from = distributor.rootOf(i).activeFrom;
            assertEq(from, clock.epochStart(i + 1) + 12 hours, "in its time");
            vm.warp(from - 1);
            assertEq(distributor.activeRoot().epoch, uint64(i - 1), "the one before");
            vm.warp(from);
            assertEq(distributor.activeRoot().epoch, i, "this one");
            assertEq(distributor.pendingRoots().length, 20 - i, "as many wait");
        }
        for (uint64 i = 1; i <= 20; ++i) {
            assertEq(distributor.rootOf(i).root, keccak256(abi.encode(i)), "each is found");
        }
        _assertNone(distributor.rootOf(0), "none before the first");
        _assertNone(distributor.rootOf(21), "none after the last");
    }

    function test_AShorterDelayLetsNoRootOvertake() public {
        distributor.setActivationDelay(10 hours);
        _warpTo(2);
        _post(1, ROOT, 1, 1);
        uint256 from = block.timestamp + 10 hours;
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.ActivationDelaySet(10 hours, 1 minutes);
        distributor.setActivationDelay(1 minutes);
        assertEq(uint256(distributor.rootOf(1).activeFrom), from, "a root that waits keeps its time");
        _warpTo(3);
        _post(2, keccak256("next"), 2, 2);
        assertEq(uint256(distributor.rootOf(2).activeFrom), from, "together with the one it builds on");
        vm.warp(from - 1);
        _assertNone(distributor.activeRoot(), "neither");
        vm.warp(from);
        assertEq(distributor.activeRoot().root, keccak256("next"), "the later of the two");
        _warpTo(clock.currentEpoch() + 1);
        _post(clock.currentEpoch() - 1, ROOT, 2, 2);
        assertEq(uint256(distributor.lastRoot().activeFrom), block.timestamp + 1 minutes, "by the new delay");
    }

    function test_I16_RevertGiven_ADelayByAStrangerOrOutOfBounds() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        distributor.setActivationDelay(1 hours);
        vm.expectRevert(_delayOutOfRange(59));
        distributor.setActivationDelay(59);
        vm.expectRevert(_delayOutOfRange(30 days + 1));
        distributor.setActivationDelay(30 days + 1);
        distributor.setActivationDelay(1 minutes);
        distributor.setActivationDelay(30 days);
        assertEq(distributor.activationDelay(), 30 days, "both bounds");
        vm.expectRevert(_delayOutOfRange(0));
        new RewardDistributor(alice, masa, emissions, vault, 0);
    }

    // ---------------------------------------------------------------- gas

    /// @dev A claim at depth 20 as a transaction of its own: 21,000, its calldata, and its execution with everything cold.
    /// Paid before, and the receiver has tokens.
    function test_AClaimAtDepthTwentyIsCheap() public {
        alice = vm.addr(0xa11ce); // of 20 bytes that cost what they cost
        bytes32 node = _leaf(alice, 10e18);
        bytes32[] memory proof = new bytes32[](20);
        for (uint256 i; i < 20; ++i) {
            proof[i] = keccak256(abi.encode("sibling", i));
            node = node < proof[i] ? keccak256(abi.encode(node, proof[i])) : keccak256(abi.encode(proof[i], node));
        }
        Given[] memory given = _three(4e18, 0, 0);
        _give(given);
        _claim(given, 0);
        _warpTo(clock.currentEpoch() + 1);
        _post(clock.currentEpoch() - 1, node, 10e18, 0);
        vm.warp(block.timestamp + ACTIVATION);

        bytes memory call = abi.encodeCall(distributor.claim, (alice, 10e18, proof));
        uint256 used = 21_000;
        for (uint256 i; i < call.length; ++i) {
            used += call[i] == 0 ? 4 : 16;
        }
        vm.cool(address(distributor));
        vm.cool(address(masa));
        uint256 before = gasleft();
        (bool ok, ) = address(distributor).call(call);
        used += before - gasleft();
        assertTrue(ok, "paid");
        assertEq(masa.balanceOf(alice), 10e18, "in two claims");
        emit Measured(used);
        assertLe(used, 66_000, "gas of a claim at depth 20");
    }

    event Measured(uint256 gas);
}
