// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {MasaFixture} from "./MasaFixture.sol";
import {Works} from "./Works.sol";

/// @title What the tests of nodes, operators and standing share
/// @notice Modules are the real ones; a test that calls as a module pranks its address.
abstract contract StandingBed is MasaFixture {
    NodeRole internal constant NONE = NodeRole.None;
    NodeRole internal constant VALIDATOR = NodeRole.Validator;
    NodeRole internal constant WORKER = NodeRole.Worker;
    NodeRole internal constant ORACLE = NodeRole.Oracle;
    uint256 internal constant VALIDATOR_BASE = 125_000e18;
    uint256 internal constant WORKER_BASE = 62_500e18;
    uint256 internal constant ORACLE_BASE = 31_250e18;
    /// @dev Stake that no requirement of the fixture exceeds: 4 · VALIDATOR_BASE and a little.
    uint256 internal constant PLENTY = 501_000e18;

    address internal alice = _account(1);
    address internal bob = _account(2);
    address internal carol = _account(3);

    // ---------------------------------------------------------------- nodes

    function _noGrants() internal pure returns (INodeRegistry.OperatorGrant[] memory) {
        return new INodeRegistry.OperatorGrant[](0);
    }

    /// @dev The address of a private key that the fixture remembers.
    function _hotKey(uint256 key) internal returns (address hotKey) {
        hotKey = vm.addr(key);
        keyOf[hotKey] = key;
    }

    /// @dev Registers with the stake that the account has; pays the deposit.
    function _registerAs(address account, NodeRole role) internal {
        _approveDeposit(account);
        vm.prank(account);
        registry.register(role, "{}", _noGrants());
    }

    function _deregister(address account) internal {
        vm.prank(account);
        registry.deregister();
    }

    function _poke(address account, NodeRole role) internal returns (bool) {
        return standing.poke(account, role);
    }

    // ---------------------------------------------------------------- as the modules

    function _work(address account, NodeRole role, uint256 work, uint256 performance) internal {
        Works.record(standing, address(escrow), account, role, work, performance);
    }

    function _use(address account, NodeRole role) internal returns (bool) {
        vm.prank(address(escrow));
        return standing.use(account, role);
    }

    function _strike(address worker, address asker, uint256 size) internal {
        vm.prank(address(escrow));
        standing.strike(worker, asker, size);
    }

    function _forgive(address account, NodeRole role, uint256 utility) internal {
        vm.prank(address(guardian));
        standing.forgive(account, role, utility);
    }

    /// @dev P_v of one validator, as the validator set gives it.
    function _scoreValidator(address account, uint256 performance) internal returns (uint64 weight, uint256 eligible) {
        address[] memory accounts = new address[](1);
        uint256[] memory performances = new uint256[](1);
        (accounts[0], performances[0]) = (account, performance);
        vm.prank(address(validatorSet));
        uint64[] memory weights;
        (weights, eligible) = standing.scoreValidators(accounts, performances);
        return (weights[0], eligible);
    }

    // ---------------------------------------------------------------- what is so

    function _utility(address account, NodeRole role) internal view returns (uint256) {
        return standing.utilityOf(account, role);
    }

    function _isShort(address account, NodeRole role) internal view returns (bool) {
        return standing.standingOf(account, role).short;
    }

    function _assertTotals(NodeRole role, uint256 count, uint256 sum, string memory message) internal view {
        INodeStanding.RoleTotals memory totals = standing.totalsOf(role);
        assertEq(totals.count, count, message);
        assertEq(totals.utilitySum, sum, message);
    }

    function _expectRange(bytes32 name, uint256 value, uint256 least, uint256 most) internal {
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_OutOfRange.selector, name, value, least, most)
        );
    }

    function _expectNotRegistered(address account, NodeRole role) internal {
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_NotRegistered.selector, account, role));
    }

    // ---------------------------------------------------------------- another standing

    function _threeRoles() internal pure returns (INodeStanding.RoleParameters[3] memory) {
        return [_roleParameters(VALIDATOR), _roleParameters(WORKER), _roleParameters(ORACLE)];
    }

    /// @dev A standing over another token, vault or budget; the test is each of its modules.
    function _standingOver(
        IERC20 token,
        IStakeVault vault_,
        uint64 maxStakedShare,
        INodeStanding.RoleParameters[3] memory roles
    ) internal returns (NodeStanding other) {
        other = new NodeStanding(address(this), token, vault_, curve, 0, maxStakedShare, roles, _standingParameters());
        other.wire(address(this), address(this), address(0xdead), address(this), address(this));
    }
}
