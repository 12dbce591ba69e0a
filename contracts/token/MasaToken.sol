// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title MasaToken
/// @notice MASA: 18 decimals, permit (EIP-2612), a supply fixed at genesis. Nobody can mint or pause it.
/// On networks where MASA exists already this contract is not deployed; its address is a deployment parameter.
contract MasaToken is ERC20, ERC20Permit {
    /// @notice A supply above type(uint104).max, which the ledgers could not hold, or zero.
    error MasaToken_SupplyOutOfRange(uint256 supply);

    /// @param genesisSupply Whole supply, wei.
    /// @param holder Receives the whole supply.
    constructor(uint256 genesisSupply, address holder) ERC20("Masa", "MASA") ERC20Permit("Masa") {
        if (genesisSupply == 0 || genesisSupply > type(uint104).max) revert MasaToken_SupplyOutOfRange(genesisSupply);
        _mint(holder, genesisSupply);
    }
}
