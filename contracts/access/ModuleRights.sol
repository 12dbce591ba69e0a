// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IModuleRights} from "../interfaces/IModuleRights.sol";

/// @title ModuleRights
/// @notice Who may call the functions that only modules may call. See {IModuleRights}.
abstract contract ModuleRights is IModuleRights, Ownable {
    mapping(bytes32 right => mapping(address module => uint256 activeFrom)) private _activeFrom;
    bool private _wired;

    modifier onlyModule(bytes32 right) {
        uint256 activeFrom = _activeFrom[right][msg.sender];
        if (activeFrom == 0 || block.timestamp < activeFrom) {
            revert ModuleRights_Unauthorised(right, msg.sender, activeFrom);
        }
        _;
    }

    /// @inheritdoc IModuleRights
    function grantModule(bytes32 right, address module) external onlyOwner {
        // Nobody has staked before the contracts are wired: what is granted until then holds at once.
        _grant(right, module, _wired ? block.timestamp + _moduleDelay() : block.timestamp);
    }

    /// @inheritdoc IModuleRights
    function revokeModule(bytes32 right, address module) external onlyOwner {
        if (_activeFrom[right][module] == 0) revert ModuleRights_NotGranted(right, module);
        delete _activeFrom[right][module];
        emit ModuleRevoked(right, module);
    }

    /// @inheritdoc IModuleRights
    function moduleActiveFrom(bytes32 right, address module) external view returns (uint256) {
        return _activeFrom[right][module];
    }

    /// @dev The first modules hold their rights at once: nobody has staked before the contracts are wired.
    function _beginWiring() internal onlyOwner {
        if (_wired) revert ModuleRights_AlreadyWired();
        _wired = true;
    }

    /// @param activeFrom Unix second, above 0.
    function _grant(bytes32 right, address module, uint256 activeFrom) internal {
        if (module == address(0)) revert ModuleRights_ZeroAddress();
        uint256 granted = _activeFrom[right][module];
        if (granted != 0) revert ModuleRights_AlreadyGranted(right, module, granted);
        _activeFrom[right][module] = activeFrom;
        emit ModuleGranted(right, module, activeFrom);
    }

    /// @dev Seconds from a grant to its first use.
    function _moduleDelay() internal view virtual returns (uint256);
}
