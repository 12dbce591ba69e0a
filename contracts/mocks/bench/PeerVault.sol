// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title OpenZeppelin's ERC4626 as it is: the peer of staking without votes, queue or slashing, for the bench
contract PeerVault is ERC4626 {
    constructor(IERC20 asset_) ERC20("Peer", "PEER") ERC4626(asset_) {}
}
