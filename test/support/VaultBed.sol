// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IStakeObserver} from "../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {MasaFixture} from "./MasaFixture.sol";

/// @title What the tests of the vault share
/// @notice The escrow is the vault's slasher: the helpers act in its name. One unit of TAO is worth {TAO_UNIT} stake
/// units.
abstract contract VaultBed is MasaFixture {
    uint256 internal constant ALL = type(uint256).max;
    /// @dev Stake units of 1e-9 TAO at 4 MASA for one TAO.
    uint256 internal constant TAO_UNIT = 4e9;
    uint256 internal constant PATH = uint256(REQUEST_PATH) + REPORT_PATH + EVIDENCE + APPEAL;
    bytes internal constant ARITHMETIC = abi.encodeWithSignature("Panic(uint256)", 0x11);

    address internal alice = _account(1);
    address internal bob = _account(2);
    address internal carol = _account(3);

    // ---------------------------------------------------------------- acting

    function _slash(address account, uint256 reservation, uint256 amount) internal returns (uint256) {
        vm.prank(address(escrow));
        return vault.slash(account, reservation, amount);
    }

    /// @dev Books a slash and applies it at once.
    function _slashNow(address account, uint256 amount) internal returns (uint256 id) {
        _slash(account, 0, amount);
        id = vault.applySlash(account);
    }

    function _reserve(address account, uint256 amount) internal {
        vm.prank(address(escrow));
        vault.reserve(account, amount);
    }

    function _release(address account, uint256 amount) internal {
        vm.prank(address(escrow));
        vault.release(account, amount);
    }

    /// @dev As the guardian, without what it does to the standing.
    function _reverse(address account, uint256 id, uint256 masaAmount, uint256 taoAmount) internal {
        vm.prank(address(guardian));
        vault.reverseSlash(account, id, masaAmount, taoAmount);
    }

    function _unbondTao(address account, uint256 amount) internal returns (uint256 id) {
        vm.prank(account);
        id = vault.startUnbonding(address(tao), amount);
    }

    function _withdrawTao(address account, uint256 id) internal returns (uint256) {
        vm.prank(account);
        return vault.withdraw(address(tao), id, ALL, account);
    }

    function _cancel(address account, uint256 id) internal returns (uint256) {
        vm.prank(account);
        return vault.cancelUnbonding(address(masa), id);
    }

    // ---------------------------------------------------------------- reading

    function _staked(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(masa)).staked;
    }

    function _queued(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(masa)).queued;
    }

    function _taoStaked(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(tao)).staked;
    }

    function _taoQueued(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(tao)).queued;
    }

    function _worth(address account, uint256 id) internal view returns (uint256 worth) {
        (, worth) = vault.unbondingEntryOf(account, address(masa), id);
    }

    function _pot(address token) internal view returns (uint256 pot) {
        (, , pot) = vault.totalsOf(token);
    }

    /// @dev I-01 for both tokens: what the vault holds is what the ledger says, donations aside.
    function _assertConserved(string memory message) internal view {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(masa.balanceOf(address(vault)), staked + unbonding + pot, message);
        (staked, unbonding, pot) = vault.totalsOf(address(tao));
        assertEq(tao.balanceOf(address(vault)), staked + unbonding + pot, message);
    }

    // ---------------------------------------------------------------- other vaults

    /// @dev A vault over tokens of the test's choice; the test is its slasher, without a cap.
    function _vaultOver(address masa_, address tao_) internal returns (StakeVault other) {
        other = _unwired(masa_, tao_);
        other.wire(address(this), type(uint64).max, IGuardian(address(guardian)), IStakeObserver(address(0)));
    }

    function _unwired(address masa_, address tao_) internal returns (StakeVault) {
        return new StakeVault(address(this), clock, masa_, tao_, _delays(), _collateral(), _toTreasury());
    }

    function _toTreasury() internal view returns (IStakeVault.SlashDestinations memory) {
        return IStakeVault.SlashDestinations(treasury, address(0), 0, 0);
    }

    function _outOfRange(
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_OutOfRange.selector, name, value, least, most);
    }
}
