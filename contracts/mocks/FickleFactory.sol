// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @title Makes contracts at addresses known before, and can have them gone in the same transaction
contract FickleFactory {
    function create(bytes calldata code, bytes32 salt) public returns (address target) {
        return Create2.deploy(0, salt, code);
    }

    function createAndCall(bytes calldata code, bytes32 salt) external {
        Address.functionCall(create(code, salt), "");
    }
}
