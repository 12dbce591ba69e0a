// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Rights of modules (decision D19)
/// @notice A module is replaced by moving its right to another contract. A new holder waits `moduleDelay` of the vault,
/// longer than unbonding, so that everyone who distrusts it can leave first; taking a right away works at once.
interface IModuleRights {
    /// @notice `module` may use `right` from `activeFrom` (Unix second) on.
    event ModuleGranted(bytes32 indexed right, address indexed module, uint256 activeFrom);
    event ModuleRevoked(bytes32 indexed right, address indexed module);

    error ModuleRights_ZeroAddress();
    error ModuleRights_AlreadyWired();
    error ModuleRights_AlreadyGranted(bytes32 right, address module, uint256 activeFrom);
    error ModuleRights_NotGranted(bytes32 right, address module);
    /// @notice The caller does not hold `right`, or holds it only from a later second on.
    error ModuleRights_Unauthorised(bytes32 right, address caller, uint256 activeFrom);

    /// @notice Lets `module` use `right` after the vault's `moduleDelay`; at once until the contract is wired, as nobody
    /// has staked by then. Owner only.
    function grantModule(bytes32 right, address module) external;

    /// @notice Takes `right` from `module` at once. Owner only.
    function revokeModule(bytes32 right, address module) external;

    /// @notice Unix second from which `module` may use `right`; 0 if it never may.
    function moduleActiveFrom(bytes32 right, address module) external view returns (uint256);
}
