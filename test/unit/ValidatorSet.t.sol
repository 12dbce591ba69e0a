// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "../support/Results.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ValidatorSet} from "../../contracts/registry/ValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title ValidatorSet: construction, modules and setters
contract ValidatorSetParametersTest is SeatsFixture {
    function test_Construction() public {
        IValidatorSet.SeatParameters memory none;
        vm.expectEmit();
        emit IValidatorSet.SeatParametersSet(none, _seatParameters());
        ValidatorSet fresh = new ValidatorSet(address(this), registry, standing, vault, _seatParameters());
        assertEq(address(fresh.registry()), address(registry), "registry");
        assertEq(address(fresh.standing()), address(standing), "standing");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(fresh.seatCount(), 0, "seats");
        assertEq(fresh.waitlist().length, 0, "waitlist");
        assertEq(keccak256(abi.encode(fresh.seatParameters())), keccak256(abi.encode(_seatParameters())), "parameters");
    }

    function test_RevertGiven_ZeroAddress() public {
        bytes memory zero = abi.encodeWithSelector(IValidatorSet.ValidatorSet_ZeroAddress.selector);
        vm.expectRevert(zero);
        new ValidatorSet(address(this), INodeRegistry(address(0)), standing, vault, _seatParameters());
        vm.expectRevert(zero);
        new ValidatorSet(address(this), registry, INodeStanding(address(0)), vault, _seatParameters());
        vm.expectRevert(zero);
        new ValidatorSet(address(this), registry, standing, IStakeVault(address(0)), _seatParameters());
        ValidatorSet fresh = new ValidatorSet(address(this), registry, standing, vault, _seatParameters());
        zero = abi.encodeWithSelector(IModuleRights.ModuleRights_ZeroAddress.selector);
        vm.expectRevert(zero);
        fresh.wire(address(0), address(1));
        vm.expectRevert(zero);
        fresh.wire(address(1), address(0));
    }

    function test_WiresOnce() public {
        assertEq(validatorSet.moduleActiveFrom("REPORT", address(consensus)), START, "reports at once");
        assertEq(validatorSet.moduleActiveFrom("ROLL", address(manager)), START, "rolls at once");
        vm.expectRevert(abi.encodeWithSelector(IModuleRights.ModuleRights_AlreadyWired.selector));
        validatorSet.wire(address(1), address(2));
        ValidatorSet fresh = new ValidatorSet(address(this), registry, standing, vault, _seatParameters());
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("REPORT", address(1), START);
        vm.expectEmit(address(fresh));
        emit IModuleRights.ModuleGranted("ROLL", address(2), START);
        fresh.wire(address(1), address(2));
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _account(1));
        vm.startPrank(_account(1));
        vm.expectRevert(refused);
        validatorSet.wire(address(1), address(2));
        vm.expectRevert(refused);
        validatorSet.setSeatParameters(_seatParameters());
        vm.expectRevert(refused);
        validatorSet.grantModule("ROLL", _account(1));
        vm.expectRevert(refused);
        validatorSet.revokeModule("ROLL", address(manager));
        vm.stopPrank();
    }

    function test_RevertGiven_NotAModule() public {
        vm.startPrank(_account(1));
        vm.expectRevert(_unauthorised("ROLL", _account(1), 0));
        validatorSet.roll(1);
        vm.expectRevert(_unauthorised("REPORT", _account(1), 0));
        validatorSet.recordScores(_scores(0, 0, 0));
        vm.stopPrank();
        vm.prank(address(consensus));
        vm.expectRevert(_unauthorised("ROLL", address(consensus), 0));
        validatorSet.roll(1);
        vm.prank(address(manager));
        vm.expectRevert(_unauthorised("REPORT", address(manager), 0));
        validatorSet.recordScores(_scores(0, 0, 0));
    }

    /// D19: a consensus of one's own choice waits until everyone could leave; the old one is out at once.
    function test_D19_ANewModuleWaits() public {
        address module = address(0x30d);
        uint256 activeFrom = START + MODULE_DELAY;
        validatorSet.revokeModule("ROLL", address(manager));
        validatorSet.grantModule("ROLL", module);
        vm.expectRevert(_unauthorised("ROLL", address(manager), 0));
        vm.prank(address(manager));
        validatorSet.roll(1);
        vm.warp(activeFrom - 1);
        vm.expectRevert(_unauthorised("ROLL", module, activeFrom));
        vm.prank(module);
        validatorSet.roll(1);
        vm.warp(activeFrom);
        vm.prank(module);
        validatorSet.roll(1);
        assertNotEq(validatorSet.frozenSetOf(1).table, address(0), "D19 rolled");
    }

    function test_RevertGiven_ARightThatIsOrIsNotGranted() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_AlreadyGranted.selector,
                bytes32("ROLL"),
                address(manager),
                uint256(START)
            )
        );
        validatorSet.grantModule("ROLL", address(manager));
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_NotGranted.selector, bytes32("ROLL"), address(consensus))
        );
        validatorSet.revokeModule("ROLL", address(consensus));
    }

    function test_RevertGiven_NotTheRegistry() public {
        bytes memory refused = abi.encodeWithSelector(IValidatorSet.ValidatorSet_Unauthorised.selector, _account(1));
        vm.startPrank(_account(1));
        vm.expectRevert(refused);
        validatorSet.onSigningKeyChanged(_account(1), address(1), address(2), true);
        vm.expectRevert(refused);
        validatorSet.onIneligible(_account(1), true);
        vm.stopPrank();
    }

    function _unauthorised(bytes32 right, address caller, uint256 activeFrom) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, right, caller, activeFrom);
    }

    function test_SetSeatParameters() public {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.leastConfirmations = 1;
        p.minValidators = 64;
        p.immunityEpochs = 63;
        p.cooldownEpochs = 1_000;
        p.haltEpochs = 1_000;
        p.maxSeatShare = uint64(WAD);
        (p.weightConsensus, p.weightData, p.weightLlm) = (0, 0, uint64(WAD));
        _expectSet(p, _seatParameters());
        IValidatorSet.SeatParameters memory most = p;
        p = IValidatorSet.SeatParameters(1, 1, 0, 0, 2, uint64(WAD / 64), uint64(WAD), 0, 0);
        _expectSet(p, most);
    }

    function _expectSet(IValidatorSet.SeatParameters memory p, IValidatorSet.SeatParameters memory previous) private {
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.SeatParametersSet(previous, p);
        validatorSet.setSeatParameters(p);
        assertEq(keccak256(abi.encode(validatorSet.seatParameters())), keccak256(abi.encode(p)), "stored");
    }

    function test_RevertGiven_SeatParametersOutOfRange() public {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.leastConfirmations = 0;
        _expectRange(p, "leastConfirmations", 0, 1, 64);
        p.leastConfirmations = 65;
        _expectRange(p, "leastConfirmations", 65, 1, 64);
        p = _seatParameters();
        p.minValidators = 2;
        _expectRange(p, "minValidators", 2, 3, 64);
        p.minValidators = 65;
        _expectRange(p, "minValidators", 65, 3, 64);
        p = _seatParameters();
        p.immunityEpochs = 4;
        _expectRange(p, "immunityEpochs", 4, 0, 3);
        p = _seatParameters();
        p.cooldownEpochs = 1_001;
        _expectRange(p, "cooldownEpochs", 1_001, 0, 1_000);
        p = _seatParameters();
        p.haltEpochs = 1;
        _expectRange(p, "haltEpochs", 1, 2, 1_000);
        p.haltEpochs = 1_001;
        _expectRange(p, "haltEpochs", 1_001, 2, 1_000);
        p = _seatParameters();
        p.maxSeatShare = uint64(WAD / 64 - 1);
        _expectRange(p, "maxSeatShare", WAD / 64 - 1, WAD / 64, WAD);
        p.maxSeatShare = uint64(WAD + 1);
        _expectRange(p, "maxSeatShare", WAD + 1, WAD / 64, WAD);
        p = _seatParameters();
        ++p.weightData;
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_WeightsDoNotSumToOne.selector, WAD + 1));
        validatorSet.setSeatParameters(p);
        p.weightData -= 2;
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_WeightsDoNotSumToOne.selector, WAD - 1));
        validatorSet.setSeatParameters(p);
    }

    function _expectRange(
        IValidatorSet.SeatParameters memory p,
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorSet.ValidatorSet_ParameterOutOfRange.selector, name, value, least, most)
        );
        validatorSet.setSeatParameters(p);
    }
}

/// @title ValidatorSet: who sits where
contract ValidatorSetSeatsTest is SeatsFixture {
    function test_ARollSeatsTheWaiting() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owner, 0, 1, WEIGHT);
        _rollNext();
        assertEq(_seatIndexOf(owner), 0, "I-06 index");
        assertEq(_ownerAt(0), owner, "I-06 owner");
        assertEq(_seat(0).signingKey, vm.addr(1), "key");
        assertEq(_seat(0).weight, WEIGHT, "weight");
        assertEq(_seat(0).seatedEpoch, 1, "seatedEpoch");
        assertEq(validatorSet.seatCount(), 1, "I-06 count");
        assertFalse(validatorSet.isWaiting(owner), "waits no more");
    }

    function test_AFreeSeatIsEmpty() public {
        _seatValidators(2, STAKE);
        (IValidatorSet.Seat memory seat, address owner) = validatorSet.seatAt(63);
        assertEq(owner, address(0), "owner");
        assertEq(keccak256(abi.encode(seat)), keccak256(new bytes(96)), "all zero");
        (bool seated, uint256 index) = validatorSet.seatOf(_account(1));
        assertFalse(seated, "not seated");
        assertEq(index, 0, "no index");
    }

    function test_FreedSeatsAreFilledFromTheLowest() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _deregister(owners[1]);
        _deregister(owners[3]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[1], 1, 2);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[3], 3, 2);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(late, 1, 2, WEIGHT);
        _rollNext();
        assertEq(_seatIndexOf(late), 1, "the lowest free seat");
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(keys.length, 5, "rows up to the highest seat");
        assertEq(keys[1], vm.addr(9), "key");
        assertEq(keys[3], address(0), "free seat");
        assertEq(weights[3], 0, "free seat's weight");
        assertEq(validatorSet.frozenSetOf(2).seats, 4, "seats");
    }

    /// REG-08: seats and index agree while one validator after the other goes and comes.
    function test_REG08_SeatsAndIndexAgree() public {
        address[] memory owners = _seatValidators(6, STAKE);
        uint8[4] memory order = [0, 5, 2, 3];
        for (uint256 i; i < order.length; ++i) {
            _leaveSeat(owners[order[i]]);
            _joinWaitlist(_registerValidator(20 + i, STAKE + i));
            _rollNext();
            uint256 occupied;
            for (uint256 seat; seat < 64; ++seat) {
                address owner = _ownerAt(seat);
                if (owner == address(0)) continue;
                ++occupied;
                assertEq(_seatIndexOf(owner), seat, "REG-08 I-06 index");
            }
            assertEq(occupied, 6, "REG-08 I-06 occupied");
            assertEq(validatorSet.seatCount(), 6, "REG-08 I-06 count");
            assertFalse(_isSeated(owners[order[i]]), "REG-08 who left");
        }
    }

    /// DEP-02: fewer seats than confirmations: nothing becomes final, everything keeps an exit, and it heals.
    function test_DEP02_FewerSeatsThanConfirmationsFinaliseAndBrickNothing() public {
        address worker = _registerWorker(1, 100_000e18);
        address asker = _registerOracle(2, 100_000e18, 12e18);
        _seatValidators(2, STAKE);
        uint256 requestId = _submit(asker, 10e18);
        _commit(worker, requestId);
        vm.warp(block.timestamp + 5 minutes + 1);
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(requestId, new uint32[](1));
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        bytes memory signatures = _sign(1, 3, consensus.scoreReportDigest(report));
        uint256 weight = validatorSet.frozenSetOf(1).totalWeight;
        vm.expectRevert(
            abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, weight, weight, 2, 3)
        );
        consensus.postScoreReport(report, 3, signatures);

        vm.warp(block.timestamp + 20 minutes);
        escrow.close(requestId);
        assertEq(escrow.creditOf(asker), 12e18, "DEP-02 refunded, the fee too");
        escrow.releaseBacking(worker);
        assertEq(vault.exposureOf(worker).reserved, 0, "DEP-02 released");
        assertEq(vault.stakeUnitsOf(worker), 100_000e18, "DEP-02 nobody slashed");

        _joinWaitlist(_registerValidator(3, STAKE));
        _rollNext();
        requestId = _submit(asker, 10e18);
        _commit(worker, requestId);
        vm.warp(block.timestamp + 5 minutes + 1);
        _settle(requestId, new uint32[](1));
        assertEq(vault.stakeUnitsOf(worker), 100_000e18 - 5e18, "DEP-02 a third validator heals it");
    }
}

/// @title ValidatorSet: frozen sets
contract FrozenSetTest is SeatsFixture {
    function test_AFrozenSetNeverChanges() public {
        address[] memory owners = _seatValidators(5, STAKE);
        bytes32 frozen = _hashOfFrozen(1);
        _setOperator(owners[0], _newKey(1_000), 31);
        _stake(owners[1], 1_000_000e18);
        validatorSet.refresh(owners[1]);
        _deregister(owners[2]);
        _leaveSeat(owners[3]);
        assertEq(_hashOfFrozen(1), frozen, "within the epoch");
        vm.prevrandao(uint256(99));
        _rollNext();
        assertNotEq(_hashOfFrozen(2), frozen, "the next one differs");
        assertEq(_hashOfFrozen(1), frozen, "after the next roll");
        _postEpoch(_scores(1, 5, GOOD));
        _rollNext();
        assertEq(_hashOfFrozen(1), frozen, "after a report");
    }

    function test_AnUnchangedSetKeepsItsTable() public {
        address[] memory owners = _seatValidators(5, STAKE);
        address table = validatorSet.frozenSetOf(1).table;
        vm.prevrandao(uint256(7));
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.SetFrozen(2, table, 5 * WEIGHT, 5, 7);
        _rollNext();
        assertEq(validatorSet.frozenSetOf(2).table, table, "the same code");
        _rollTo(50);
        assertEq(validatorSet.frozenSetOf(50).table, table, "after missed epochs too");
        _stake(owners[0], 1e12);
        validatorSet.refresh(owners[0]);
        _rollNext();
        address changed = validatorSet.frozenSetOf(51).table;
        assertNotEq(changed, table, "one millionth of MASA makes another table");
        _unbond(owners[0], 1e12);
        validatorSet.refresh(owners[0]);
        _rollNext();
        assertNotEq(validatorSet.frozenSetOf(52).table, changed, "and back again");
        assertEq(validatorSet.frozenSetOf(52).table.codehash, table.codehash, "to the same rows");
    }

    function test_AnEmptySetIsFrozenToo() public {
        vm.prevrandao(uint256(3));
        _rollNext();
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(keys.length + weights.length, 0, "no rows");
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(1);
        assertEq(frozen.totalWeight, 0, "no weight");
        assertEq(frozen.seats, 0, "no seats");
        assertEq(frozen.leastConfirmations, 3, "confirmations");
        _rollNext();
        assertEq(validatorSet.frozenSetOf(2).table, frozen.table, "and kept");
        _warpToReportOf(1);
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(1, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0, 0, 0, 3));
        consensus.postEpochReport(report, 0, "");
        _seatValidators(4, STAKE);
        assertEq(validatorSet.seatCount(), 4, "an empty set bricks nothing");
    }

    function test_AllSixtyFourSeatsFitTheTable() public {
        for (uint256 key = 1; key <= 64; ++key) {
            _joinWaitlist(_registerValidator(key, STAKE + key * 1e18));
        }
        _rollNext();
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(keys.length, 64, "I-06 rows");
        assertEq(validatorSet.frozenSetOf(1).seats, 64, "I-06 seats");
        uint256 sum;
        for (uint256 i; i < 64; ++i) {
            // The heaviest, who has key 64, took the first seat.
            assertEq(keys[i], vm.addr(64 - i), "key");
            assertEq(weights[i], WEIGHT + (64 - i) * 1e6, "EQ-27 by stake");
            sum += weights[i];
        }
        assertEq(validatorSet.frozenSetOf(1).totalWeight, sum, "total");
        assertEq(
            validatorSet.frozenSetOf(1).table.code.length,
            1 + 64 * 28 + 4 * 8,
            "a STOP, rows of 28 bytes, sums of 8"
        );
    }

    function test_WeightsAreCapped() public {
        for (uint256 key = 1; key <= 5; ++key) {
            _joinWaitlist(_registerValidator(key, key == 5 ? 1_200_000e18 : 200_000e18));
        }
        vm.prevrandao(uint256(42));
        _rollNext();
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        // 2,000,000 in all, so that no seat counts for more than 500,000; the heaviest took seat 0.
        assertEq(weights[0], 500_000e6, "EQ-27 capped");
        for (uint256 i = 1; i < 5; ++i) {
            assertEq(weights[i], 200_000e6, "EQ-27 by stake");
        }
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(1);
        assertEq(frozen.totalWeight, 1_300_000e6, "EQ-27 total");
        assertEq(frozen.seats, 5, "seats");
        assertEq(frozen.leastConfirmations, 3, "confirmations");
        assertEq(validatorSet.randomnessOf(1), 42, "randomness");
        assertEq(_seat(0).weight, 1_200_000e6, "the seat keeps what it brought");
    }

    function test_STK03_OneSeatIsCappedAndCarriesEverything() public {
        _seatValidators(1, STAKE);
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(weights.length, 1, "STK-03 one seat");
        assertEq(weights[0], WEIGHT / 4, "STK-03 capped");
        assertEq(validatorSet.frozenSetOf(1).totalWeight, WEIGHT / 4, "STK-03 all the weight there is");
        assertEq(validatorSet.proposerOf(1, 0, 0), 0, "STK-03 proposer");
    }

    function test_ASeatWithoutAKeyHasNoWeight() public {
        address[] memory owners = _seatValidators(5, STAKE);
        vm.prank(owners[2]);
        registry.revokeOperator(vm.addr(3));
        assertEq(_seat(2).signingKey, address(0), "no key");
        _rollNext();
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[2], address(0), "D20 cannot sign");
        assertEq(weights[2], 0, "D20 no weight");
        assertEq(validatorSet.frozenSetOf(2).totalWeight, 4 * WEIGHT, "D20 nor in the total");
        assertEq(validatorSet.frozenSetOf(2).seats, 5, "D20 it sits");
    }

    function test_ACandidateWithoutAKeyIsSeatedWithoutOne() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        vm.prank(owner);
        registry.revokeOperator(vm.addr(1));
        _rollNext();
        assertEq(_seat(0).signingKey, address(0), "no key");
        assertEq(validatorSet.frozenSetOf(1).totalWeight, 0, "no weight");
        _setOperator(owner, _newKey(77), 31);
        _rollNext();
        assertEq(validatorSet.frozenSetOf(2).totalWeight, WEIGHT / 4, "D20 from the next epoch on");
    }

    function test_SeatParametersHoldFromTheNextSetOn() public {
        _seatValidators(4, STAKE);
        IValidatorSet.SeatParameters memory p = _seatParameters();
        (p.leastConfirmations, p.minValidators, p.maxSeatShare) = (4, 4, 0.2e18);
        validatorSet.setSeatParameters(p);
        assertEq(validatorSet.frozenSetOf(1).leastConfirmations, 3, "SCO-13 frozen");
        _rollNext();
        assertEq(validatorSet.frozenSetOf(2).leastConfirmations, 4, "SCO-13 the next");
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(weights[0], (4 * WEIGHT) / 5, "SCO-13 a fifth of the uncapped total");
    }

    function test_RevertGiven_EpochNotFrozen() public {
        bytes memory unknown = abi.encodeWithSelector(IValidatorSet.ValidatorSet_EpochNotFrozen.selector, uint64(7));
        vm.expectRevert(unknown);
        validatorSet.frozenSeatsOf(7);
        vm.expectRevert(unknown);
        validatorSet.proposerOf(7, 0, 0);
        vm.expectRevert(unknown);
        _recordAsConsensus(_scores(7, 0, 0));
    }

    /// Anyone recomputes every row from the public views: staked MASA / σ, its share of the sum capped (EQ-27). The
    /// formula is written out here once more, and with other rounding: a unit of either side is rounding.
    /// hardhat-config: fuzz.runs = 24
    function testFuzz_EQ27_WeightsCanBeRecomputedFromViews(uint256 seed) public {
        uint256 count = 3 + (seed % 6);
        for (uint256 i; i < count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            _joinWaitlist(_registerValidator(i + 1, 150_000e18 + (word % 2_000_000e18)));
        }
        _rollTo(2);
        _rollTo(3);
        IValidatorSet.SeatScores memory scores = _scores(2, count, 0);
        for (uint256 i; i < count; ++i) {
            _setScore(scores, i, uint32(uint256(keccak256(abi.encode(seed, "score", i))) % (SCORE_ONE + 1)));
        }
        _postEpoch(scores);
        // Nobody is pruned: the set is at its floor.
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.minValidators = 64;
        validatorSet.setSeatParameters(p);
        uint256[] memory uncapped = new uint256[](count);
        uint256 total;
        for (uint256 i; i < count; ++i) {
            address owner = _ownerAt(i);
            uint256 stake = vault.masaStakeOf(owner);
            uncapped[i] = (stake * WAD) / (standing.sigmaOf(owner, NodeRole.Validator) * 1e12);
            total += uncapped[i];
        }
        _rollTo(4);
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(4);
        uint256 cap = (total * p.maxSeatShare) / WAD;
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            assertNear(weights[i], uncapped[i] < cap ? uncapped[i] : cap, 1, "EQ-27 weight");
            sum += weights[i];
        }
        assertEq(validatorSet.frozenSetOf(4).totalWeight, sum, "EQ-27 total");
    }
}
