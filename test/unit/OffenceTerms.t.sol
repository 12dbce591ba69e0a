// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Offences} from "../../contracts/consensus/Offences.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {OffencesBed} from "../support/OffencesBed.sol";

/// @title Offences: construction, parameters, modules
contract OffenceTermsTest is OffencesBed {
    uint64 private constant WAD_BELOW_ONE = 1e18 - 1;

    address private stranger = _account(9);

    function _fresh() private returns (Offences) {
        return _new(clock, vault, registry, validatorSet, consensus);
    }

    function _new(
        IEpochClock clock_,
        IStakeVault vault_,
        INodeRegistry registry_,
        IValidatorSet set_,
        IScoreConsensus consensus_
    ) private returns (Offences) {
        return new Offences(address(this), clock_, vault_, registry_, set_, consensus_, _offenceTerms(), _maxMissed());
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public {
        IOffences.OffenceTerms memory none;
        vm.expectEmit();
        emit IOffences.OffenceTermsSet(none, _offenceTerms());
        vm.expectEmit();
        emit IOffences.MaxMissedSet(0, 3, 0);
        Offences fresh = _fresh();
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(address(fresh.registry()), address(registry), "registry");
        assertEq(address(fresh.validatorSet()), address(validatorSet), "validator set");
        assertEq(address(fresh.consensus()), address(consensus), "consensus");
        assertEq(keccak256(abi.encode(fresh.offenceTerms())), keccak256(abi.encode(_offenceTerms())), "terms");
        assertEq(fresh.maxMissedOf(0), 3, "most missed");
        assertEq(vault.slasherOf(address(offences)).capShare, type(uint64).max, "D15 outside the cap");
    }

    function test_RevertGiven_ZeroAddress() public {
        bytes memory zero = abi.encodeWithSelector(IOffences.Offences_ZeroAddress.selector);
        vm.expectRevert(zero);
        _new(IEpochClock(address(0)), vault, registry, validatorSet, consensus);
        vm.expectRevert(zero);
        _new(clock, IStakeVault(address(0)), registry, validatorSet, consensus);
        vm.expectRevert(zero);
        _new(clock, vault, INodeRegistry(address(0)), validatorSet, consensus);
        vm.expectRevert(zero);
        _new(clock, vault, registry, IValidatorSet(address(0)), consensus);
        vm.expectRevert(zero);
        _new(clock, vault, registry, validatorSet, IScoreConsensus(address(0)));
    }

    /// SIG-02: only a contract whose domain is that of the reports is a consensus.
    function test_SIG02_RevertGiven_AnotherDomain() public {
        vm.expectRevert(abi.encodeWithSelector(IOffences.Offences_NotAConsensus.selector, address(registry)));
        _new(clock, vault, registry, validatorSet, IScoreConsensus(address(registry)));
    }

    // ---------------------------------------------------------------- terms

    function test_SetOffenceTerms() public {
        IOffences.OffenceTerms memory terms = IOffences.OffenceTerms(WAD_BELOW_ONE, 0.01e18, 0.25e18, 10_000);
        vm.expectEmit(address(offences));
        emit IOffences.OffenceTermsSet(_offenceTerms(), terms);
        offences.setOffenceTerms(terms);
        assertEq(keccak256(abi.encode(offences.offenceTerms())), keccak256(abi.encode(terms)), "the largest");
        terms = IOffences.OffenceTerms(1, 1, 0, 1);
        offences.setOffenceTerms(terms);
        assertEq(keccak256(abi.encode(offences.offenceTerms())), keccak256(abi.encode(terms)), "the smallest");
    }

    function test_SLA11_RevertGiven_TermsOutOfBounds() public {
        IOffences.OffenceTerms memory terms = _offenceTerms();
        terms.offenceShare = 0;
        _expectOutOfRange(terms, "offenceShare", 0, 1, WAD_BELOW_ONE);
        terms.offenceShare = 1e18;
        _expectOutOfRange(terms, "offenceShare", 1e18, 1, WAD_BELOW_ONE);
        terms = _offenceTerms();
        terms.idleShare = 0;
        _expectOutOfRange(terms, "idleShare", 0, 1, 0.01e18);
        terms.idleShare = 0.01e18 + 1;
        _expectOutOfRange(terms, "idleShare", 0.01e18 + 1, 1, 0.01e18);
        terms = _offenceTerms();
        terms.bountyShare = 0.25e18 + 1;
        _expectOutOfRange(terms, "bountyShare", 0.25e18 + 1, 0, 0.25e18);
        terms = _offenceTerms();
        terms.expulsionEpochs = 0;
        _expectOutOfRange(terms, "expulsionEpochs", 0, 1, 10_000);
        terms.expulsionEpochs = 10_001;
        _expectOutOfRange(terms, "expulsionEpochs", 10_001, 1, 10_000);
    }

    function _expectOutOfRange(
        IOffences.OffenceTerms memory terms,
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private {
        vm.expectRevert(_outOfRange(name, value, least, most));
        offences.setOffenceTerms(terms);
    }

    function _outOfRange(bytes32 name, uint256 value, uint256 least, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOffences.Offences_OutOfRange.selector, name, value, least, most);
    }

    // ---------------------------------------------------------------- missed rounds

    /// Whoever signs the report of an epoch, in the epoch after it, counts by the value that the epoch began with.
    function test_D8_MaxMissedHoldsFromTheNextEpochOn() public {
        vm.expectEmit(address(offences));
        emit IOffences.MaxMissedSet(3, 5, 2);
        offences.setMaxMissed(5);
        _expectMaxMissed(3, 5, 5, 5);
        // The latest change of an epoch counts.
        offences.setMaxMissed(6);
        _expectMaxMissed(3, 6, 6, 6);
        _rollNext();
        offences.setMaxMissed(0);
        _expectMaxMissed(3, 6, 0, 0);
        _rollNext();
        offences.setMaxMissed(11);
        _expectMaxMissed(3, 6, 0, 11);
        assertEq(offences.maxMissedOf(type(uint64).max), 11, "for ever");
    }

    function _expectMaxMissed(uint32 first, uint32 second, uint32 third, uint32 fourth) private view {
        assertEq(offences.maxMissedOf(1), first, "D8 epoch 1");
        assertEq(offences.maxMissedOf(2), second, "D8 epoch 2");
        assertEq(offences.maxMissedOf(3), third, "D8 epoch 3");
        assertEq(offences.maxMissedOf(4), fourth, "D8 epoch 4");
    }

    /// An epoch of the fixture has twelve rounds.
    function test_RevertGiven_AsManyMissesAsRounds() public {
        vm.expectRevert(_outOfRange("maxMissed", 12, 0, 11));
        offences.setMaxMissed(12);
        vm.expectRevert(_outOfRange("maxMissed", 12, 0, 11));
        new Offences(address(this), clock, vault, registry, validatorSet, consensus, _offenceTerms(), 12);
    }

    // ---------------------------------------------------------------- owner and modules

    function test_I16_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        offences.setOffenceTerms(_offenceTerms());
        vm.expectRevert(refused);
        offences.setMaxMissed(1);
        vm.expectRevert(refused);
        offences.wire(stranger);
        vm.expectRevert(refused);
        offences.grantModule("REPORT", stranger);
        vm.stopPrank();
    }

    function test_WiresOnce() public {
        assertEq(offences.moduleActiveFrom("REPORT", address(consensus)), START, "at once");
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_AlreadyWired.selector));
        offences.wire(stranger);
        Offences fresh = _fresh();
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_ZeroAddress.selector));
        fresh.wire(address(0));
    }

    function test_D19_AnotherModuleWaits() public {
        offences.grantModule("REPORT", stranger);
        uint256 from = block.timestamp + MODULE_DELAY;
        assertEq(offences.moduleActiveFrom("REPORT", stranger), from, "D19 waits");
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, bytes32("REPORT"), stranger, from)
        );
        vm.prank(stranger);
        offences.slashIdle(1, 1);
    }
}
