// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IStakeVault} from "../interfaces/IStakeVault.sol";

/// @title What can be known of a token before anyone stakes it
/// @notice A fee on transfer and a fall of balances show only in use: the vault refuses the deposit then.
library ListedToken {
    using SafeERC20 for IERC20;

    /// @notice Refuses what is no token with at most 18 decimals, tokens whose balances move by themselves, and tokens
    /// that the vault cannot transfer.
    /// @return decimals As the token says.
    function check(address token) internal returns (uint8 decimals) {
        if (token.code.length == 0) revert IStakeVault.StakeVault_TokenRefused(token, "no code");
        // Not through the interface: an answer that is no number would revert without a reason.
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20Metadata.decimals, ()));
        if (!ok || answer.length < 32) revert IStakeVault.StakeVault_TokenRefused(token, "no decimals");
        uint256 said = abi.decode(answer, (uint256));
        if (said > 18) revert IStakeVault.StakeVault_TokenRefused(token, "more than 18 decimals");
        decimals = uint8(said);
        // What balances in shares of something else are read from, in the tokens that have them.
        if (_answers(token, "sharesOf(address)") || _answers(token, "scaledBalanceOf(address)")) {
            revert IStakeVault.StakeVault_TokenRefused(token, "balances move by themselves");
        }
        if (!IERC20(token).trySafeTransfer(address(this), 0)) {
            revert IStakeVault.StakeVault_TokenRefused(token, "transfers by the vault fail");
        }
    }

    function _answers(address token, string memory signature) private view returns (bool) {
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeWithSignature(signature, address(this)));
        return ok && answer.length >= 32;
    }
}
