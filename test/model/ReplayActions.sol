// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {Works} from "../support/Works.sol";

/// @title What every history starts from, and the calls that its actions are
abstract contract ReplayActions is MasaFixture {
    /// @dev In the order of test/model/actions.ts.
    enum Action {
        Pass,
        Stake,
        StartUnbonding,
        CancelUnbonding,
        Withdraw,
        Reserve,
        Release,
        Slash,
        ApplySlash,
        BookDeferred,
        ReverseSlash,
        ReverseSlashDirectly,
        ReleaseSlash,
        Register,
        Deregister,
        RevokeOperator,
        TopUpDeposit,
        PokeForBounty,
        Poke,
        Use,
        RecordWorkOf,
        Strike,
        ScoreValidator,
        Roll,
        SetCollateral,
        SetDestinations,
        SetRole,
        SetStanding,
        SetSlashCap,
        RevokeSlasher,
        SetDelays,
        SetEpochLength,
        LendReversal
    }

    // In the order of test/model/setup.ts.
    uint256 internal constant ACCOUNTS = 6;
    uint256 private constant MASA_EACH = 10_000_000e18;
    uint256 private constant TAO_EACH = 2_000_000e9;
    uint64 private constant CAP_A = 0.02e18;
    uint64 private constant CAP_B = type(uint64).max;

    address internal constant SLASHER_A = address(0x51a50001);
    address internal constant SLASHER_B = address(0x51a50002);
    address internal constant STRANGER = address(0x5742a6e4);
    address internal constant COMPENSATION = address(0xc0117);
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;
    address private constant UNLISTED = address(0xdeadbeef);

    address[ACCOUNTS] internal _accounts;
    address[ACCOUNTS] internal _keys;
    /// @dev The role an account was registered in last.
    NodeRole[ACCOUNTS] internal _lastRole;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < ACCOUNTS; ++i) {
            address account = _account(i + 1);
            _accounts[i] = account;
            _keys[i] = vm.addr(i + 1);
            keyOf[_keys[i]] = i + 1;
            _fund(account, MASA_EACH);
            tao.transfer(account, TAO_EACH);
            vm.startPrank(account);
            masa.approve(address(vault), type(uint256).max);
            masa.approve(address(registry), type(uint256).max);
            tao.approve(address(vault), type(uint256).max);
            vm.stopPrank();
        }
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, COMPENSATION, 0, 0));
        vault.scheduleSlasher(SLASHER_A, CAP_A);
        vault.scheduleSlasher(SLASHER_B, CAP_B);
        vm.warp(START + vault.moduleDelay());
        vault.activateSlasher(SLASHER_A);
        vault.activateSlasher(SLASHER_B);
        manager.roll();
    }

    // ---------------------------------------------------------------- parameters

    function _delays() internal pure override returns (IStakeVault.Delays memory) {
        return IStakeVault.Delays(2 hours, 4 hours, 1 hours, 2 hours, 10 hours, 4 days);
    }

    function _pokeParameters() internal pure override returns (INodeRegistry.PokeParameters memory) {
        return INodeRegistry.PokeParameters({deposit: 10e18, bounty: 4e18});
    }

    function _roleParameters(NodeRole role) internal pure override returns (INodeStanding.RoleParameters memory p) {
        p.lambda = ud2x18(0.25e18);
        p.maxExponent = ud2x18(LN_4);
        p.target = 2;
        if (role == NodeRole.Validator) (p.budgetShare, p.floor) = (ud2x18(0.04e18), 100e18);
        else if (role == NodeRole.Worker) (p.budgetShare, p.floor) = (ud2x18(0.04e18), 10e18);
        else (p.budgetShare, p.floor) = (ud2x18(0.02e18), 1e18);
    }

    function _standingParameters() internal pure override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        (p.graceCooldown, p.maxStrikes, p.strikeSize) = (4, 2, 1e18);
    }

    // ---------------------------------------------------------------- calls

    /// @dev The call of an action.
    function _call(
        Action action,
        uint256[] memory a,
        uint256 caller
    ) internal view returns (address target, bytes memory data) {
        if (action == Action.ReverseSlash) {
            NodeRole role = NodeRole(a[4]);
            data = abi.encodeCall(IGuardian.reverseSlash, (_party(a[0]), a[1], a[2], a[3], role, a[5]));
            return (address(guardian), data);
        }
        if (action <= Action.ReleaseSlash) return (address(vault), _vaultCall(action, a));
        if (action <= Action.PokeForBounty) return (address(registry), _registryCall(action, a, caller));
        return _otherCall(action, a);
    }

    function _vaultCall(Action action, uint256[] memory a) private view returns (bytes memory) {
        if (action == Action.Stake) return abi.encodeCall(IStakeVault.stake, (_token(a[0]), a[1]));
        if (action == Action.StartUnbonding) return abi.encodeCall(IStakeVault.startUnbonding, (_token(a[0]), a[1]));
        if (action == Action.CancelUnbonding) return abi.encodeCall(IStakeVault.cancelUnbonding, (_token(a[0]), a[1]));
        if (action == Action.Withdraw)
            return abi.encodeCall(IStakeVault.withdraw, (_token(a[0]), a[1], a[2], _party(a[3])));
        if (action == Action.Reserve) return abi.encodeCall(IStakeVault.reserve, (_party(a[0]), a[1]));
        if (action == Action.Release) return abi.encodeCall(IStakeVault.release, (_party(a[0]), a[1]));
        if (action == Action.Slash) return abi.encodeCall(IStakeVault.slash, (_party(a[0]), a[1], a[2]));
        if (action == Action.ApplySlash) return abi.encodeCall(IStakeVault.applySlash, (_party(a[0])));
        if (action == Action.BookDeferred) return abi.encodeCall(IStakeVault.bookDeferred, (_party(a[0])));
        if (action == Action.ReverseSlashDirectly)
            return abi.encodeCall(IStakeVault.reverseSlash, (_accounts[0], 1, 0, 0));
        return abi.encodeCall(IStakeVault.releaseSlash, (_party(a[0]), a[1]));
    }

    function _registryCall(Action action, uint256[] memory a, uint256 caller) private view returns (bytes memory) {
        if (action == Action.Register) {
            INodeRegistry.OperatorGrant[] memory operators = new INodeRegistry.OperatorGrant[](a[1] == 0 ? 0 : 1);
            if (a[1] != 0) operators[0] = _grant(_accounts[caller], _keys[a[1] - 1], 31);
            return abi.encodeCall(INodeRegistry.register, (NodeRole(a[0]), string(new bytes(a[2])), operators));
        }
        if (action == Action.Deregister) return abi.encodeCall(INodeRegistry.deregister, ());
        if (action == Action.RevokeOperator) return abi.encodeCall(INodeRegistry.revokeOperator, (_keys[a[0] - 1]));
        if (action == Action.TopUpDeposit) return abi.encodeCall(INodeRegistry.topUpDeposit, (uint96(a[0])));
        return abi.encodeCall(INodeRegistry.poke, (_party(a[0])));
    }

    function _otherCall(Action action, uint256[] memory a) private view returns (address target, bytes memory data) {
        if (action == Action.Roll) return (address(manager), abi.encodeCall(manager.roll, ()));
        if (action == Action.SetCollateral) {
            IStakeVault.Collateral memory c = IStakeVault.Collateral(uint128(a[0]), uint64(a[1]));
            return (address(vault), abi.encodeCall(vault.setCollateral, (c)));
        }
        if (action == Action.SetDestinations) {
            IStakeVault.SlashDestinations memory d = IStakeVault.SlashDestinations(
                treasury,
                COMPENSATION,
                uint64(a[0]),
                uint64(a[1])
            );
            return (address(vault), abi.encodeCall(vault.setSlashDestinations, (d)));
        }
        if (action == Action.SetSlashCap)
            return (address(vault), abi.encodeCall(vault.setSlashCap, (_party(a[0]), uint64(a[1]))));
        if (action == Action.RevokeSlasher)
            return (address(vault), abi.encodeCall(vault.revokeSlasher, (_party(a[0]))));
        if (action == Action.SetDelays)
            return (address(vault), abi.encodeCall(vault.setDelays, (uint40(a[0]), uint40(a[1]))));
        if (action == Action.SetEpochLength)
            return (address(manager), abi.encodeCall(manager.setEpochLength, (uint32(a[0]))));
        if (action == Action.LendReversal) {
            return (address(guardian), abi.encodeCall(IGuardian.lend, (IGuardian.Right.ReverseSlash, _party(8), a[0])));
        }
        return (address(standing), _standingCall(action, a));
    }

    function _standingCall(Action action, uint256[] memory a) private view returns (bytes memory) {
        if (action == Action.Poke) return abi.encodeCall(INodeStanding.poke, (_party(a[0]), NodeRole(a[1])));
        if (action == Action.Use) return abi.encodeCall(INodeStanding.use, (_party(a[0]), NodeRole(a[1])));
        if (action == Action.RecordWorkOf) {
            uint256[] memory words = Works.pack(_party(a[0]), NodeRole(a[1]), a[2], a[3]);
            return abi.encodeCall(INodeStanding.recordWorkOf, (NodeRole(a[1]), words));
        }
        if (action == Action.Strike) return abi.encodeCall(INodeStanding.strike, (_party(a[0]), _party(a[1]), a[2]));
        if (action == Action.ScoreValidator) {
            address[] memory accounts = new address[](1);
            uint256[] memory performances = new uint256[](1);
            (accounts[0], performances[0]) = (_party(a[0]), a[1]);
            return abi.encodeCall(INodeStanding.scoreValidators, (accounts, performances));
        }
        if (action == Action.SetRole) {
            INodeStanding.RoleParameters memory r = INodeStanding.RoleParameters(
                ud2x18(uint64(a[1])),
                ud2x18(uint64(a[2])),
                uint96(a[3]),
                uint32(a[4]),
                ud2x18(uint64(a[5]))
            );
            return abi.encodeCall(standing.setRoleParameters, (NodeRole(a[0]), r));
        }
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.decayPerEpoch, p.tolerance, p.maxStrikes) = (ud2x18(uint64(a[0])), ud2x18(uint64(a[1])), uint8(a[2]));
        return abi.encodeCall(standing.setStandingParameters, (p));
    }

    function _token(uint256 token) private view returns (address) {
        return
            token == 0
                ? address(masa)
                : token == 1
                    ? address(tao)
                    : UNLISTED;
    }

    /// @dev In the order of PARTY in test/model/protocol.ts.
    function _party(uint256 party) internal view returns (address) {
        if (party < ACCOUNTS) return _accounts[party];
        return
            [
                SLASHER_A,
                SLASHER_B,
                guard,
                address(this),
                STRANGER,
                address(escrow),
                address(validatorSet),
                address(0),
                treasury,
                COMPENSATION,
                BURN
            ][party - ACCOUNTS];
    }
}
