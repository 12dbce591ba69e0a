// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {UD2x18, ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {FeeOnTransferMock} from "../../contracts/mocks/FeeOnTransferMock.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardsBed} from "../support/RewardsBed.sol";

/// @title Emissions: the pool, its geometric release, and the pots that wait
contract EmissionsTest is RewardsBed {
    IEmissions.Pot private constant DATA_POT = IEmissions.Pot.DataContributors;
    IEmissions.Pot private constant GOVERNANCE_POT = IEmissions.Pot.GovernanceParticipants;
    /// @dev Epochs: past two halvings at 1 % an epoch.
    uint256 private constant LONG = 150;

    function _release(uint64 epoch) private returns (uint256 validators, uint256 workers) {
        vm.prank(address(distributor));
        return emissions.release(epoch);
    }

    function _outOfRange(uint256 rate) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IEmissions.Emissions_OutOfRange.selector,
                bytes32("rate"),
                rate,
                uint256(1),
                uint256(0.1e18)
            );
    }

    function _assertSame(
        IEmissions.EmissionParameters memory left,
        IEmissions.EmissionParameters memory right,
        string memory message
    ) private pure {
        assertEq(keccak256(abi.encode(left)), keccak256(abi.encode(right)), message);
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public {
        IEmissions.EmissionParameters memory none;
        vm.expectEmit();
        emit IEmissions.EmissionParametersSet(0, none, _emissionParameters());
        Emissions fresh = new Emissions(alice, masa, clock, vault, _emissionParameters());
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(fresh.owner(), alice, "owner");
        assertEq(fresh.pool(), 0, "pool");
        assertEq(uint256(fresh.lastReleasedEpoch()), 0, "nothing released");
        _assertSame(fresh.emissionParametersFor(7), _emissionParameters(), "parameters");
    }

    function test_RevertGiven_AZeroAddress() public {
        bytes memory refusal = abi.encodeWithSelector(IEmissions.Emissions_ZeroAddress.selector);
        vm.expectRevert(refusal);
        new Emissions(alice, IERC20(address(0)), clock, vault, _emissionParameters());
        vm.expectRevert(refusal);
        new Emissions(alice, masa, IEpochClock(address(0)), vault, _emissionParameters());
        vm.expectRevert(refusal);
        new Emissions(alice, masa, clock, IStakeVault(address(0)), _emissionParameters());
    }

    function test_RevertGiven_ConstructedOutOfBounds() public {
        IEmissions.EmissionParameters memory p = _emissionParameters();
        p.rate = ud2x18(0);
        vm.expectRevert(_outOfRange(0));
        new Emissions(alice, masa, clock, vault, p);
    }

    function test_RevertGiven_WiredByAStrangerOrTwice() public {
        Emissions fresh = new Emissions(address(this), masa, clock, vault, _emissionParameters());
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        fresh.wire(alice);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("RELEASE", alice, block.timestamp);
        fresh.wire(alice);
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_AlreadyWired.selector));
        fresh.wire(bob);
    }

    // ---------------------------------------------------------------- funding

    function test_AnyoneFundsThePool() public {
        _fund(alice, 5e18);
        vm.startPrank(alice);
        masa.approve(address(emissions), 5e18);
        vm.expectEmit(address(emissions));
        emit IEmissions.Funded(alice, 5e18, POOL + 5e18);
        emissions.fund(5e18);
        vm.stopPrank();
        assertEq(emissions.pool(), POOL + 5e18, "pool");
        assertEq(masa.balanceOf(address(emissions)), POOL + 5e18, "balance");
    }

    function test_RevertGiven_FundingWithNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_ZeroAmount.selector));
        emissions.fund(0);
    }

    function test_RevertGiven_APoolBeyondItsField() public {
        vm.expectRevert(
            abi.encodeWithSignature(
                "SafeCastOverflowedUintDowncast(uint8,uint256)",
                uint8(128),
                uint256(type(uint128).max) + 1
            )
        );
        emissions.fund(uint256(type(uint128).max) - POOL + 1);
    }

    function test_TOK01_RevertGiven_AFeeOnTransfer() public {
        FeeOnTransferMock token = new FeeOnTransferMock();
        Emissions fresh = new Emissions(address(this), token, clock, vault, _emissionParameters());
        token.mint(address(this), 100);
        token.approve(address(fresh), 100);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_FeeOnTransfer.selector, 100, 99));
        fresh.fund(100);
    }

    function test_I09_ADonationMovesNothing() public {
        masa.transfer(address(emissions), 77e18);
        assertEq(emissions.pool(), POOL, "I-09 pool");
        (uint256 total, , ) = emissions.nextRelease();
        assertEq(total, POOL / 100, "I-09 release");
        _warpTo(2);
        _release(1);
        assertEq(
            masa.balanceOf(address(emissions)),
            emissions.pool() + emissions.potOf(DATA_POT) + emissions.potOf(GOVERNANCE_POT) + 77e18,
            "I-09 the gift stays apart"
        );
    }

    // ---------------------------------------------------------------- release

    function test_D17_AnEpochReleasesAHundredthOfWhatRemains() public {
        _warpTo(2);
        vm.expectEmit(address(emissions));
        emit IEmissions.Released(1, 4_000e18, 3_000e18, 2_000e18, 1_000e18, 990_000e18);
        (uint256 validators, uint256 workers) = _release(1);
        assertEq(validators, 4_000e18, "validators");
        assertEq(workers, 3_000e18, "workers");
        assertEq(masa.balanceOf(address(distributor)), 7_000e18, "sent to the caller");
        assertEq(emissions.potOf(DATA_POT), 2_000e18, "data contributors");
        assertEq(emissions.potOf(GOVERNANCE_POT), 1_000e18, "governance participants");
        assertEq(emissions.pool(), 990_000e18, "pool");
        assertEq(uint256(emissions.lastReleasedEpoch()), 1, "epoch");

        _warpTo(3);
        (validators, workers) = _release(2);
        assertEq(validators, 3_960e18, "validators, of what is left");
        assertEq(workers, 2_970e18, "workers, of what is left");
        assertEq(emissions.potOf(DATA_POT), 3_980e18, "data contributors, together");
        assertEq(emissions.potOf(GOVERNANCE_POT), 1_990e18, "governance participants, together");
    }

    function test_EMI09_EveryPartIsFlooredAndTheRestStaysInThePool() public {
        Emissions fresh = new Emissions(address(this), masa, clock, vault, _emissionParameters());
        fresh.wire(address(this));
        masa.approve(address(fresh), 199);
        fresh.fund(199);
        _warpTo(2);
        // ⌊199 / 100⌋ = 1, of which every share is less than a wei.
        (uint256 validators, uint256 workers) = fresh.release(1);
        assertEq(validators + workers, 0, "EMI-09 floored");
        assertEq(fresh.pool(), 199, "EMI-09 nothing is lost");
        masa.approve(address(fresh), 300);
        fresh.fund(300);
        _warpTo(3);
        // ⌊499 / 100⌋ = 4: one to validators and one to workers, 0.8 and 0.4 to the pots.
        (validators, workers) = fresh.release(2);
        assertEq(validators, 1, "EMI-09 validators");
        assertEq(workers, 1, "EMI-09 workers");
        assertEq(fresh.potOf(DATA_POT) + fresh.potOf(GOVERNANCE_POT), 0, "EMI-09 pots");
        assertEq(fresh.pool(), 497, "EMI-09 carried");
    }

    function test_AnEmptyPoolReleasesNothing() public {
        Emissions fresh = new Emissions(address(this), masa, clock, vault, _emissionParameters());
        fresh.wire(address(this));
        _warpTo(2);
        vm.expectEmit(address(fresh));
        emit IEmissions.Released(1, 0, 0, 0, 0, 0);
        (uint256 validators, uint256 workers) = fresh.release(1);
        assertEq(validators + workers, 0, "nothing");
        assertEq(masa.balanceOf(address(this)), SUPPLY - POOL, "and no transfer");
    }

    /// The schedule after n releases is pool·(1 − 0.99^n), computed here as a sum of its own with 18 more digits.
    function test_EMI01_NeverAboveTheScheduleAcrossHalvings() public {
        uint256 left = POOL * 1e18;
        uint256 halvings;
        uint256 half = POOL / 2;
        for (uint64 epoch = 1; epoch <= LONG; ++epoch) {
            _warpTo(epoch + 1);
            _release(epoch);
            left = (left * 99) / 100;
            assertGe(emissions.pool() * 1e18, left, "EMI-01 I-09 released more than the schedule");
            assertLe(emissions.pool() * 1e18, left + 600e18, "EMI-01 and by rounding alone less");
            if (emissions.pool() < half) {
                ++halvings;
                half /= 2;
            }
        }
        assertEq(halvings, 2, "EMI-01 over the edges of two halvings");
    }

    function testFuzz_EMI01_AnyRateAndShares(uint256 amount, uint256 rate, uint256[3] memory cuts) public {
        amount = bound(amount, 1, POOL);
        IEmissions.EmissionParameters memory p;
        p.rate = UD2x18.wrap(uint64(bound(rate, 1, 0.1e18)));
        uint256 left = WAD;
        uint64[3] memory shares;
        for (uint256 i; i < 3; ++i) {
            shares[i] = uint64(bound(cuts[i], 0, left));
            left -= shares[i];
        }
        (p.validators, p.workers) = (UD2x18.wrap(shares[0]), UD2x18.wrap(shares[1]));
        (p.dataContributors, p.governanceParticipants) = (UD2x18.wrap(shares[2]), UD2x18.wrap(uint64(left)));
        Emissions fresh = new Emissions(address(this), masa, clock, vault, p);
        fresh.wire(address(this));
        masa.approve(address(fresh), amount);
        fresh.fund(amount);
        uint256 exact = amount * WAD;
        for (uint64 epoch = 1; epoch < 12; ++epoch) {
            _warpTo(epoch + 1);
            (uint256 total, uint256 validators, uint256 workers) = fresh.nextRelease();
            uint256 before = fresh.pool();
            (uint256 toValidators, uint256 toWorkers) = fresh.release(epoch);
            assertEq(toValidators, validators, "EMI-01 as foretold");
            assertEq(toWorkers, workers, "EMI-01 as foretold");
            assertEq(before - fresh.pool(), total, "EMI-01 as foretold");
            // Rounded down at every step, so never above what the chain keeps.
            exact = (exact / WAD) * (WAD - p.rate.unwrap()) + ((exact % WAD) * (WAD - p.rate.unwrap())) / WAD;
            assertGe(fresh.pool() * WAD, exact, "EMI-01 I-09");
        }
        assertEq(
            masa.balanceOf(address(fresh)),
            fresh.pool() + fresh.potOf(DATA_POT) + fresh.potOf(GOVERNANCE_POT),
            "EMI-09 conserved to the wei"
        );
    }

    function test_D17_AnEpochWithoutAReportReleasesNothing() public {
        _warpTo(9);
        assertEq(emissions.pool(), POOL, "I-09 time alone releases nothing");
        _release(8);
        assertEq(emissions.pool(), 990_000e18, "I-09 nor does it catch up");
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_EpochNotAfter.selector, uint64(3), uint64(8)));
        _release(3);
    }

    function test_RevertGiven_AnEpochTwice() public {
        _warpTo(2);
        _release(1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_EpochNotAfter.selector, uint64(1), uint64(1)));
        _release(1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_EpochNotAfter.selector, uint64(0), uint64(1)));
        _release(0);
    }

    /// Whoever holds the right: never more releases than epochs that are over.
    function test_I09_RevertGiven_AnEpochThatIsNotOver() public {
        vm.warp(clock.epochStart(2) - 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_EpochNotOver.selector, uint64(1), uint64(1)));
        _release(1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_EpochNotOver.selector, uint64(5), uint64(1)));
        _release(5);
        _warpTo(2);
        _release(1);
    }

    function test_RevertGiven_ReleasedByAStranger() public {
        _warpTo(2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("RELEASE"),
                address(this),
                uint256(0)
            )
        );
        emissions.release(1);
    }

    function test_D19_ANewDistributorWaitsForTheModuleDelay() public {
        emissions.grantModule("RELEASE", alice);
        uint256 from = START + MODULE_DELAY;
        vm.warp(from - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, bytes32("RELEASE"), alice, from)
        );
        vm.prank(alice);
        emissions.release(1);
        vm.warp(from);
        vm.prank(alice);
        emissions.release(1);
        assertEq(masa.balanceOf(alice), 7_000e18, "the caller is paid");
    }

    // ---------------------------------------------------------------- pots

    function test_PotsAreSpentByWhoeverHoldsTheirRight() public {
        _warpTo(2);
        _release(1);
        emissions.grantModule("DATA", alice);
        emissions.grantModule("GOVERNANCE", bob);
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.expectEmit(address(emissions));
        emit IEmissions.PaidFromPot(DATA_POT, carol, 1_500e18, 500e18);
        vm.prank(alice);
        emissions.pay(DATA_POT, carol, 1_500e18);
        vm.expectEmit(address(emissions));
        emit IEmissions.PaidFromPot(GOVERNANCE_POT, carol, 1_000e18, 0);
        vm.prank(bob);
        emissions.pay(GOVERNANCE_POT, carol, 1_000e18);
        assertEq(masa.balanceOf(carol), 2_500e18, "paid");
        assertEq(emissions.potOf(DATA_POT), 500e18, "data contributors");
        assertEq(emissions.potOf(GOVERNANCE_POT), 0, "governance participants");
        assertEq(emissions.pool(), 990_000e18, "the pool is another matter");
    }

    function test_RevertGiven_APotWithoutItsRight() public {
        _warpTo(2);
        _release(1);
        emissions.grantModule("DATA", alice);
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("GOVERNANCE"),
                alice,
                uint256(0)
            )
        );
        vm.prank(alice);
        emissions.pay(GOVERNANCE_POT, alice, 1);
        // Not even the owner spends them.
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("DATA"),
                address(this),
                uint256(0)
            )
        );
        emissions.pay(DATA_POT, alice, 1);
    }

    function test_RevertGiven_APaymentThatCannotBe() public {
        _warpTo(2);
        _release(1);
        emissions.grantModule("DATA", alice);
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissions.Emissions_InsufficientPot.selector,
                DATA_POT,
                uint256(2_000e18),
                uint256(2_000e18 + 1)
            )
        );
        emissions.pay(DATA_POT, carol, 2_000e18 + 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_ZeroAddress.selector));
        emissions.pay(DATA_POT, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_ZeroAmount.selector));
        emissions.pay(DATA_POT, carol, 0);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- parameters

    function _changed(uint64 rate) private pure returns (IEmissions.EmissionParameters memory p) {
        p = _emissionParameters();
        p.rate = ud2x18(rate);
        (p.validators, p.workers) = (ud2x18(0.5e18), ud2x18(0.2e18));
    }

    /// What the roll announced for the epoch before is what its report releases.
    function test_AChangeHoldsFromTheReleaseOfItsOwnEpochOn() public {
        _warpTo(5);
        (uint256 announced, , ) = emissions.nextRelease();
        vm.expectEmit(address(emissions));
        emit IEmissions.EmissionParametersSet(5, _emissionParameters(), _changed(0.1e18));
        emissions.setEmissionParameters(_changed(0.1e18));
        _assertSame(emissions.emissionParametersFor(4), _emissionParameters(), "the epoch before");
        _assertSame(emissions.emissionParametersFor(5), _changed(0.1e18), "this epoch");
        (uint256 total, , ) = emissions.nextRelease();
        assertEq(total, announced, "as announced");
        (uint256 validators, ) = _release(4);
        assertEq(validators, 4_000e18, "by the old share of the old rate");
        (total, validators, ) = emissions.nextRelease();
        assertEq(total, 99_000e18, "the next by the new rate");
        assertEq(validators, 49_500e18, "and the new share");
        _warpTo(6);
        (validators, ) = _release(5);
        assertEq(validators, 49_500e18, "by the new share of the new rate");
    }

    function test_ASecondChangeInAnEpochReplacesTheFirst() public {
        _warpTo(5);
        emissions.setEmissionParameters(_changed(0.1e18));
        emissions.setEmissionParameters(_changed(0.05e18));
        _assertSame(emissions.emissionParametersFor(4), _emissionParameters(), "the epoch before keeps its own");
        _assertSame(emissions.emissionParametersFor(5), _changed(0.05e18), "the second");
        _warpTo(7);
        emissions.setEmissionParameters(_changed(0.02e18));
        _assertSame(emissions.emissionParametersFor(6), _changed(0.05e18), "until the next change");
        _assertSame(emissions.emissionParametersFor(7), _changed(0.02e18), "the third");
    }

    function test_NextReleaseInTheFirstEpochs() public {
        (uint256 total, , ) = emissions.nextRelease();
        assertEq(total, 10_000e18, "of epoch 0, which has no report, the view still tells the size");
        _warpTo(1);
        emissions.setEmissionParameters(_changed(0.02e18));
        (total, , ) = emissions.nextRelease();
        assertEq(total, 20_000e18, "epoch 1 is the first with a release");
    }

    function test_I16_RevertGiven_ParametersByAStranger() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        emissions.setEmissionParameters(_emissionParameters());
    }

    function test_I16_RevertGiven_ParametersOutOfBounds() public {
        IEmissions.EmissionParameters memory p = _emissionParameters();
        p.rate = ud2x18(0);
        vm.expectRevert(_outOfRange(0));
        emissions.setEmissionParameters(p);
        p.rate = ud2x18(0.1e18 + 1);
        vm.expectRevert(_outOfRange(0.1e18 + 1));
        emissions.setEmissionParameters(p);
        p.rate = ud2x18(0.1e18);
        emissions.setEmissionParameters(p);
        p.rate = ud2x18(1);
        p.workers = ud2x18(0.3e18 + 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_SharesDoNotSumToOne.selector, WAD + 1));
        emissions.setEmissionParameters(p);
        p.workers = ud2x18(0.3e18 - 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_SharesDoNotSumToOne.selector, WAD - 1));
        emissions.setEmissionParameters(p);
    }
}
