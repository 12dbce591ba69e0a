// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {INodeRegistry, NodeRole} from "../../interfaces/INodeRegistry.sol";
import {IStakeVault} from "../../interfaces/IStakeVault.sol";

/// @title A worker that registers as it comes to be, for the bench
contract CrowdWorker {
    constructor(IERC20 masa, IStakeVault vault, INodeRegistry registry, uint256 stake) {
        masa.approve(address(vault), stake);
        vault.stake(address(masa), stake);
        masa.approve(address(registry), registry.pokeParameters().deposit);
        registry.register(NodeRole.Worker, "{}", new INodeRegistry.OperatorGrant[](0));
    }
}

/// @title Thousands of workers in few transactions, for the bench
/// @notice Holds the MASA of them all.
contract WorkerCrowd {
    uint256 public count;

    /// @notice Makes `more` workers with `stake` each.
    function enlist(IERC20 masa, IStakeVault vault, INodeRegistry registry, uint256 stake, uint256 more) external {
        uint256 needed = stake + registry.pokeParameters().deposit;
        for (uint256 i; i < more; ++i) {
            // The address is known before the worker is: its tokens must be there when it comes to be.
            bytes32 salt = bytes32(count++);
            bytes memory code = abi.encodePacked(
                type(CrowdWorker).creationCode,
                abi.encode(masa, vault, registry, stake)
            );
            bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(this), salt, keccak256(code)));
            masa.transfer(address(uint160(uint256(hash))), needed);
            new CrowdWorker{salt: salt}(masa, vault, registry, stake);
        }
    }
}
