// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IFeePool} from "../../contracts/interfaces/IFeePool.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {FeePool} from "../../contracts/market/FeePool.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {MasaFixture} from "./MasaFixture.sol";
import {MerkleTree} from "./MerkleTree.sol";

/// @title What the tests of emissions and rewards share
/// @notice The consensus holds POST: the helpers post in its name. The guard holds the right to cancel roots.
abstract contract RewardsBed is MasaFixture {
    using MerkleTree for bytes32[];

    /// @dev What a root gives to an account, wei.
    struct Given {
        address account;
        uint256 cumulative;
    }

    uint256 internal constant POOL = 1_000_000e18;
    uint32 internal constant ACTIVATION = 30 minutes;
    bytes internal constant ARITHMETIC_PANIC = abi.encodeWithSignature("Panic(uint256)", 0x11);

    address internal alice = _account(1);
    address internal bob = _account(2);
    address internal carol = _account(3);
    address internal stranger = _account(99);

    function setUp() public virtual override {
        super.setUp();
        guardian.lend(IGuardian.Right.CancelRewardRoot, guard, GUARD_TERM);
        masa.approve(address(emissions), type(uint256).max);
        masa.approve(address(distributor), type(uint256).max);
        distributor.setActivationDelay(ACTIVATION);
        feePool.setFeeSplit(IFeePool.FeeSplit(ud2x18(0.5e18), ud2x18(0.3e18)));
        if (_startPool() != 0) emissions.fund(_startPool());
    }

    function _startPool() internal pure virtual returns (uint256) {
        return POOL;
    }

    /// @dev One hundredth an epoch: 40 % to validators, 30 % to workers, 20 % and 10 % to the pots.
    function _emissionParameters() internal pure virtual override returns (IEmissions.EmissionParameters memory) {
        return
            IEmissions.EmissionParameters({
                rate: ud2x18(0.01e18),
                validators: ud2x18(0.4e18),
                workers: ud2x18(0.3e18),
                dataContributors: ud2x18(0.2e18),
                governanceParticipants: ud2x18(0.1e18)
            });
    }

    // ---------------------------------------------------------------- roots

    function _leaves(Given[] memory given) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](given.length);
        for (uint256 i; i < given.length; ++i) {
            leaves[i] = _leaf(given[i].account, given[i].cumulative);
        }
    }

    function _leaf(address account, uint256 cumulative) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(abi.encode(account, cumulative))));
    }

    function _rootOf(Given[] memory given) internal pure returns (bytes32) {
        return _leaves(given).build()[0];
    }

    function _proofOf(Given[] memory given, uint256 index) internal pure returns (bytes32[] memory) {
        bytes32[] memory leaves = _leaves(given);
        return leaves.build().proofOf(leaves[index]);
    }

    /// @dev Alice, Bob and Carol, who are given this much since the beginning.
    function _three(uint256 a, uint256 b, uint256 c) internal view returns (Given[] memory given) {
        given = new Given[](3);
        (given[0], given[1], given[2]) = (Given(alice, a), Given(bob, b), Given(carol, c));
    }

    function _post(uint64 epoch, bytes32 root, uint256 validatorTotal, uint256 workerTotal) internal {
        vm.prank(address(consensus));
        distributor.postRoot(epoch, root, uint128(validatorTotal), uint128(workerTotal));
    }

    /// @dev Posts for the epoch before this one, everything from the validators' pot, and waits until it is active.
    function _give(Given[] memory given) internal {
        uint256 total;
        for (uint256 i; i < given.length; ++i) {
            total += given[i].cumulative;
        }
        uint64 epoch = clock.currentEpoch() + 1;
        _warpTo(epoch == 1 ? 2 : epoch); // epoch 0 has no report
        _post(clock.currentEpoch() - 1, _rootOf(given), total, 0);
        vm.warp(block.timestamp + ACTIVATION);
    }

    function _claim(Given[] memory given, uint256 index) internal returns (uint256) {
        bytes32[] memory proof = _proofOf(given, index);
        return distributor.claim(given[index].account, given[index].cumulative, proof);
    }
}
