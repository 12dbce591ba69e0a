// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title WrappedTaoMock
/// @notice Stands in for wrapped TAO on local chains, with the 9 decimals of the one on Ethereum. Anyone may mint.
contract WrappedTaoMock is ERC20("Wrapped TAO", "wTAO") {
    function decimals() public pure override returns (uint8) {
        return 9;
    }

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
