// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakingCurve} from "../interfaces/IStakingCurve.sol";

/// @dev A curve by which performance moves no requirement: another one that governance can install.
contract FlatCurveMock is IStakingCurve {
    function coefficient(uint256, uint256, uint256, uint256) external pure returns (uint256 sigma) {
        return 1e18;
    }
}
