// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title BlockingTokenMock
/// @notice A token with decimals of the test's choice that refuses transfers of blocked accounts, by a revert or by
/// returning false. Anyone may mint and block.
contract BlockingTokenMock is ERC20("Blocking", "BLOCK") {
    error BlockingTokenMock_Blocked(address account);

    uint8 private immutable _decimals;
    /// @notice Blocked transfers return false instead of reverting.
    bool public silent;
    mapping(address account => bool) public blocked;

    constructor(uint8 decimals_) {
        _decimals = decimals_;
    }

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    function setSilent(bool silent_) external {
        silent = silent_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (silent && (blocked[msg.sender] || blocked[to])) return false;
        return super.transfer(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (blocked[from]) revert BlockingTokenMock_Blocked(from);
        if (blocked[to]) revert BlockingTokenMock_Blocked(to);
        super._update(from, to, amount);
    }
}
