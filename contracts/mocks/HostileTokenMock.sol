// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MasaToken} from "../token/MasaToken.sol";

/// @title HostileTokenMock
/// @notice MASA as it must never be: it may take a fee on transfer and calls back whoever sends or receives. A test
/// puts its code in the place of the real token's; balances keep their slots.
contract HostileTokenMock is MasaToken {
    /// @notice Share of every transfer that is burned, in basis points.
    uint256 public feeBps;
    /// @notice Transfers so far, mints and burns included.
    uint256 public transfers;
    /// @notice Whether an account's `onTransfer()` is called before and after its balance changes.
    mapping(address account => bool) public hooked;

    constructor() MasaToken(1, msg.sender) {}

    function setFee(uint256 feeBps_) external {
        feeBps = feeBps_;
    }

    function setHooked(address account, bool hooked_) external {
        hooked[account] = hooked_;
    }

    function _update(address from, address to, uint256 value) internal override {
        ++transfers;
        uint256 fee = from == address(0) || to == address(0) ? 0 : (value * feeBps) / 10_000;
        if (hooked[from]) ITransferHook(from).onTransfer();
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
        if (hooked[to]) ITransferHook(to).onTransfer();
    }
}

interface ITransferHook {
    function onTransfer() external;
}
