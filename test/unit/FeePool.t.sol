// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {UD2x18, ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IFeePool} from "../../contracts/interfaces/IFeePool.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {FeePool} from "../../contracts/market/FeePool.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {RewardsBed} from "../support/RewardsBed.sol";

/// @title FeePool: what becomes of fees
/// @notice Half goes to validators, three tenths to the emission pool, the rest to the treasury.
contract FeePoolTest is RewardsBed {
    function _funded() private view returns (uint256 validators) {
        (validators, ) = distributor.funded();
    }

    function _setSplit(uint256 validators, uint256 emission) private {
        feePool.setFeeSplit(IFeePool.FeeSplit(UD2x18.wrap(uint64(validators)), UD2x18.wrap(uint64(emission))));
    }

    function _outOfRange(uint256 given) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IFeePool.FeePool_OutOfRange.selector,
                bytes32("feeSplit"),
                given,
                uint256(0.5e18),
                uint256(1e18)
            );
    }

    function test_Construction() public {
        IFeePool.Recipients memory nobody;
        IFeePool.FeeSplit memory nothing;
        IFeePool.Recipients memory to = IFeePool.Recipients(distributor, emissions, treasury);
        IFeePool.FeeSplit memory split = IFeePool.FeeSplit(ud2x18(0.6e18), ud2x18(0.4e18));
        vm.expectEmit();
        emit IFeePool.RecipientsSet(nobody, to);
        vm.expectEmit();
        emit IFeePool.FeeSplitSet(nothing, split);
        FeePool fresh = new FeePool(alice, masa, to, split);
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(fresh.owner(), alice, "owner");
        assertEq(keccak256(abi.encode(fresh.recipients())), keccak256(abi.encode(to)), "recipients");
        assertEq(keccak256(abi.encode(fresh.feeSplit())), keccak256(abi.encode(split)), "split");
    }

    function test_RevertGiven_AZeroAddress() public {
        IFeePool.Recipients memory to = IFeePool.Recipients(distributor, emissions, treasury);
        IFeePool.FeeSplit memory split = feePool.feeSplit();
        bytes memory refusal = abi.encodeWithSelector(IFeePool.FeePool_ZeroAddress.selector);
        vm.expectRevert(refusal);
        new FeePool(alice, IERC20(address(0)), to, split);
        to.treasury = address(0);
        vm.expectRevert(refusal);
        new FeePool(alice, masa, to, split);
        vm.expectRevert(refusal);
        feePool.setRecipients(to);
        to = IFeePool.Recipients(IRewardDistributor(address(0)), emissions, treasury);
        vm.expectRevert(refusal);
        feePool.setRecipients(to);
        to = IFeePool.Recipients(distributor, IEmissions(address(0)), treasury);
        vm.expectRevert(refusal);
        feePool.setRecipients(to);
    }

    function test_AnyoneDistributesTheBalance() public {
        masa.transfer(address(feePool), 100e18);
        vm.expectEmit(address(feePool));
        emit IFeePool.FeesDistributed(50e18, 30e18, 20e18);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PotFunded(IRewardDistributor.Pot.Validators, address(feePool), 50e18, 50e18);
        vm.expectEmit(address(emissions));
        emit IEmissions.Funded(address(feePool), 30e18, POOL + 30e18);
        vm.prank(stranger);
        (uint256 validators, uint256 emission, uint256 rest) = feePool.distribute();
        assertEq(validators, 50e18, "validators");
        assertEq(emission, 30e18, "emission pool");
        assertEq(rest, 20e18, "treasury");
        assertEq(masa.balanceOf(treasury), 20e18, "treasury");
        assertEq(masa.balanceOf(address(feePool)), 0, "nothing stays");
        assertEq(masa.allowance(address(feePool), address(distributor)), 0, "no allowance stays");
        assertEq(masa.allowance(address(feePool), address(emissions)), 0, "no allowance stays");
    }

    function test_RevertGiven_NothingToDistribute() public {
        vm.expectRevert(abi.encodeWithSelector(IFeePool.FeePool_NothingToDistribute.selector));
        feePool.distribute();
    }

    function test_TheRoundingRemainderIsTheTreasurys() public {
        masa.transfer(address(feePool), 1);
        (uint256 validators, uint256 emission, uint256 rest) = feePool.distribute();
        assertEq(validators + emission, 0, "less than a wei each");
        assertEq(rest, 1, "treasury");
        masa.transfer(address(feePool), 9);
        (validators, emission, rest) = feePool.distribute();
        assertEq(validators, 4, "of 4.5");
        assertEq(emission, 2, "of 2.7");
        assertEq(rest, 3, "of 1.8");
    }

    function test_AShareOfNothingCallsNobody() public {
        _setSplit(1e18, 0);
        masa.transfer(address(feePool), 7);
        feePool.distribute();
        assertEq(_funded(), 7, "all to validators");
        assertEq(masa.balanceOf(treasury), 0, "none to the treasury");
        assertEq(emissions.pool(), POOL, "none to the pool");
        _setSplit(0, 0.5e18);
        masa.transfer(address(feePool), 7);
        feePool.distribute();
        assertEq(_funded(), 7, "none to validators");
        assertEq(emissions.pool(), POOL + 3, "half to the pool");
        assertEq(masa.balanceOf(treasury), 4, "and the rest");
    }

    function testFuzz_FeesAreConservedToTheWei(uint256 amount, uint256 validatorShare, uint256 emissionShare) public {
        amount = bound(amount, 1, masa.balanceOf(address(this)));
        validatorShare = bound(validatorShare, 0, WAD);
        emissionShare = bound(
            emissionShare,
            validatorShare < 0.5e18 ? 0.5e18 - validatorShare : 0,
            WAD - validatorShare
        );
        _setSplit(validatorShare, emissionShare);
        masa.transfer(address(feePool), amount);
        (uint256 validators, uint256 emission, uint256 rest) = feePool.distribute();
        assertEq(validators + emission + rest, amount, "conserved");
        assertEq(_funded(), validators, "validators");
        assertEq(emissions.pool() - POOL, emission, "emission pool");
        assertEq(masa.balanceOf(treasury), rest, "treasury");
        assertLe(validators * WAD, amount * validatorShare, "not above the share");
        assertLe(emission * WAD, amount * emissionShare, "not above the share");
        assertLt(amount * validatorShare, (validators + 1) * WAD, "nor a wei below");
        assertLt(amount * emissionShare, (emission + 1) * WAD, "nor a wei below");
    }

    function test_SettersTellOldAndNew() public {
        IFeePool.FeeSplit memory split = IFeePool.FeeSplit(ud2x18(0.2e18), ud2x18(0.3e18));
        vm.expectEmit(address(feePool));
        emit IFeePool.FeeSplitSet(feePool.feeSplit(), split);
        feePool.setFeeSplit(split);
        Emissions other = new Emissions(address(this), masa, clock, vault, _emissionParameters());
        RewardDistributor another = new RewardDistributor(address(this), masa, other, vault, ACTIVATION);
        IFeePool.Recipients memory to = IFeePool.Recipients(another, other, bob);
        vm.expectEmit(address(feePool));
        emit IFeePool.RecipientsSet(feePool.recipients(), to);
        feePool.setRecipients(to);
        masa.transfer(address(feePool), 100);
        feePool.distribute();
        (uint256 validators, ) = another.funded();
        assertEq(validators, 20, "the new distributor");
        assertEq(other.pool(), 30, "the new pool");
        assertEq(masa.balanceOf(bob), 50, "the new treasury");
    }

    function test_I16_RevertGiven_SettersByAStranger() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        IFeePool.FeeSplit memory split = feePool.feeSplit();
        IFeePool.Recipients memory to = feePool.recipients();
        vm.startPrank(alice);
        vm.expectRevert(refusal);
        feePool.setFeeSplit(split);
        vm.expectRevert(refusal);
        feePool.setRecipients(to);
        vm.stopPrank();
    }

    function test_I16_RevertGiven_ASplitOutOfBounds() public {
        vm.expectRevert(_outOfRange(0.5e18 - 1));
        _setSplit(0.2e18, 0.3e18 - 1);
        vm.expectRevert(_outOfRange(1e18 + 1));
        _setSplit(0.5e18, 0.5e18 + 1);
        vm.expectRevert(_outOfRange(2 * uint256(type(uint64).max)));
        _setSplit(type(uint64).max, type(uint64).max);
        _setSplit(0.2e18, 0.3e18);
        _setSplit(0.5e18, 0.5e18);
    }
}
