// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ResultCodec} from "../../../contracts/market/ResultCodec.sol";
import {Results} from "../../support/Results.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @title The market with this handler in the place of the consensus
abstract contract EscrowHandler is MarketHandler {
    function settle(uint256 seed) external action(seed) {
        _only(_hasRipe() || _oneIn(6));
        Results.Line[] memory lines = _randomResults();
        address poster = _poster();
        (uint256 fees, uint256 posterMost) = _modelSettle(lines);
        vm.txGasPrice(_below(4) * _below(1 gwei));
        uint256 gasAtStart = _oneIn(3) ? 0 : gasleft();
        vm.prank(address(consensus));
        uint256 paid = escrow.settle(poster, gasAtStart, Results.encode(lines));
        _modelReport(poster, fees, posterMost, paid);
    }

    /// @dev Bytes that are no encoding, of requests that could settle: refused as a whole.
    function settleMalformed(uint256 seed) external action(seed) {
        bytes memory results = Results.encode(_randomResults());
        uint256 kind = _below(4);
        if (kind == 0) {
            uint256 cut = _between(1, 20); // in the middle of a response
            assembly ("memory-safe") {
                mstore(results, sub(mload(results), cut))
            }
        } else if (kind == 1) {
            results[5] = bytes1(uint8(_oneIn(2) ? 0 : _between(17, 255)));
        } else if (kind == 2) {
            results[6 + 4 * _below(4)] = 0xff; // a score of 4.278e9 or more
        } else {
            results = bytes.concat(results, results);
        }
        vm.prank(address(consensus));
        try escrow.settle(_poster(), 0, results) {
            // An unscored response with a number is malformed too: nothing of the above is ever taken.
            assertTrue(false, "D16 a report that is no encoding was taken");
        } catch (bytes memory reason) {
            bytes4 error_ = bytes4(reason);
            assertTrue(
                error_ == ResultCodec.ResultCodec_Malformed.selector ||
                    error_ == ResultCodec.ResultCodec_Unsorted.selector ||
                    error_ == ResultCodec.ResultCodec_ScoreOutOfRange.selector,
                "D16 refused for another reason"
            );
        }
    }

    /// @dev Nobody else settles, pays posters or grants the right to.
    function settleAsAnybody(uint256 seed) external action(seed) {
        bytes memory results = Results.encode(_randomResults());
        address caller = _anybody();
        vm.prank(caller);
        try escrow.settle(caller, 0, results) {
            assertTrue(false, "ESC-02 settled by a party");
        } catch {}
        vm.prank(caller);
        try escrow.payPoster(caller, 0) {
            assertTrue(false, "ESC-02 paid itself");
        } catch {}
    }
}
