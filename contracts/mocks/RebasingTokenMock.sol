// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title RebasingTokenMock
/// @notice Balances are shares times an index that anyone may move: every holder gains or loses at once, without a
/// transfer. Nothing in its interface tells, so a vault can only notice when it counts.
contract RebasingTokenMock is ERC20("Rebasing", "REB") {
    uint256 private constant WAD = 1e18;

    /// @notice Token units for one share, WAD.
    uint256 public index = WAD;

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function rebase(uint256 index_) external {
        index = index_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (super.balanceOf(account) * index) / WAD;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, (amount * WAD) / index);
    }
}
