// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title What a receiver of {HookTokenMock} may implement
interface ITokenReceiver {
    /// @notice Called after `amount` has arrived.
    function tokensReceived(address from, uint256 amount) external;
}

/// @title HookTokenMock
/// @notice Calls every receiver that opted in, so that a test can reenter or refuse a transfer. Anyone may mint.
contract HookTokenMock is ERC20("Hook", "HOOK") {
    mapping(address account => bool) public hooked;

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    /// @notice Turns the caller's hook on or off.
    function setHook(bool on) external {
        hooked[msg.sender] = on;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (hooked[to]) ITokenReceiver(to).tokensReceived(from, amount);
    }
}
