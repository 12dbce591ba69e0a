// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title The market with this handler in the place of the consensus
abstract contract EscrowHandler is MarketHandler {
    function settle(uint256 seed) external action {
        IRequestEscrow.RequestResult[] memory results = _randomResults(seed);
        _modelSettle(results);
        vm.prank(address(consensus));
        escrow.settle(results);
        ++times["settle"];
    }
}
