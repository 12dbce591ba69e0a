// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ValidatorSet} from "../../contracts/registry/ValidatorSet.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @dev What the test contracts of the validator set share.
abstract contract ValidatorSetBase is MasaFixture {
    uint256 internal constant STAKE = 250_000e18;
    uint32 internal constant GOOD = 900_000_000;
    uint32 internal constant POOR = 300_000_000;

    function _deregister(address account) internal {
        vm.prank(account);
        registry.deregister();
    }

    function _isSeated(address owner) internal view returns (bool seated) {
        (seated, ) = validatorSet.seatOf(owner);
    }

    function _seatIndexOf(address owner) internal view returns (uint256 seat) {
        bool seated;
        (seated, seat) = validatorSet.seatOf(owner);
        assertTrue(seated, "seated");
    }

    /// @dev Every seat of `epoch` scores GOOD, and `seat` scores `score`; posted in the next epoch.
    function _reportOne(uint64 epoch, uint256 seat, uint32 score) internal {
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch);
        IValidatorSet.SeatScores memory scores = _scores(epoch, hotKeys.length, GOOD);
        _setScore(scores, seat, score);
        _postEpoch(scores);
    }

    /// @dev The view and the roll must name the same validator.
    function _rollAndPruned() internal returns (address pruned) {
        (pruned, , ) = validatorSet.nextToBePruned();
        uint256 before = validatorSet.seatCount();
        _rollNext();
        if (pruned == address(0)) assertEq(validatorSet.seatCount(), before, "nobody was pruned");
        else assertFalse(_isSeated(pruned), "the view told who leaves");
    }

    function _recordAsConsensus(IValidatorSet.SeatScores memory scores) internal {
        vm.prank(address(consensus));
        validatorSet.recordScores(scores);
    }
}

/// @title ValidatorSet: construction and setters
contract ValidatorSetParametersTest is ValidatorSetBase {
    function test_Construction() public {
        IValidatorSet.SeatParameters memory none;
        vm.expectEmit();
        emit IValidatorSet.SeatParametersSet(none, _seatParameters());
        ValidatorSet fresh = new ValidatorSet(address(this), registry, vault, _seatParameters());
        assertEq(address(fresh.registry()), address(registry), "registry");
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(fresh.seatCount(), 0, "seats");
        assertEq(keccak256(abi.encode(fresh.seatParameters())), keccak256(abi.encode(_seatParameters())), "parameters");
        assertEq(validatorSet.consensus(), address(consensus), "consensus");
        assertEq(validatorSet.epochManager(), address(manager), "manager");
    }

    function test_RevertGiven_ZeroAddress() public {
        bytes memory zero = abi.encodeWithSelector(IValidatorSet.ValidatorSet_ZeroAddress.selector);
        vm.expectRevert(zero);
        new ValidatorSet(address(this), INodeRegistry(address(0)), vault, _seatParameters());
        vm.expectRevert(zero);
        new ValidatorSet(address(this), registry, IStakeVault(address(0)), _seatParameters());
        ValidatorSet fresh = new ValidatorSet(address(this), registry, vault, _seatParameters());
        vm.expectRevert(zero);
        fresh.wire(address(0), address(1));
        vm.expectRevert(zero);
        fresh.wire(address(1), address(0));
    }

    function test_WireHappensOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadyWired.selector));
        validatorSet.wire(address(1), address(2));
        ValidatorSet fresh = new ValidatorSet(address(this), registry, vault, _seatParameters());
        vm.expectEmit(address(fresh));
        emit IValidatorSet.Wired(address(1), address(2));
        fresh.wire(address(1), address(2));
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, _account(1));
        vm.startPrank(_account(1));
        vm.expectRevert(refused);
        validatorSet.wire(address(1), address(2));
        vm.expectRevert(refused);
        validatorSet.setSeatParameters(_seatParameters());
        vm.stopPrank();
    }

    function test_RevertGiven_NotAModule() public {
        bytes memory refused = abi.encodeWithSelector(IValidatorSet.ValidatorSet_Unauthorised.selector, _account(1));
        vm.startPrank(_account(1));
        vm.expectRevert(refused);
        validatorSet.roll(1);
        vm.expectRevert(refused);
        validatorSet.recordScores(_scores(0, 0, 0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_Unauthorised.selector, address(consensus)));
        vm.prank(address(consensus));
        validatorSet.roll(1);
    }

    function test_SetSeatParameters() public {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.leastConfirmations = 1;
        p.minValidators = 64;
        p.immunityEpochs = 63;
        p.cooldownEpochs = 1_000;
        p.maxSeatShare = uint64(WAD);
        (p.weightConsensus, p.weightData, p.weightLlm) = (0, 0, uint64(WAD));
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.SeatParametersSet(_seatParameters(), p);
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
        p.maxSeatShare = uint64(WAD / 64 - 1);
        _expectRange(p, "maxSeatShare", WAD / 64 - 1, WAD / 64, WAD);
        p.maxSeatShare = uint64(WAD + 1);
        _expectRange(p, "maxSeatShare", WAD + 1, WAD / 64, WAD);
        p = _seatParameters();
        ++p.weightData;
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_WeightsDoNotSumToOne.selector, WAD + 1));
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

/// @title ValidatorSet: waitlist, seats and frozen sets
contract ValidatorSetSeatsTest is ValidatorSetBase {
    function test_JoinAndLeave() public {
        address owner = _registerValidator(1, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistJoined(owner);
        _joinWaitlist(owner);
        assertEq(validatorSet.waitlist().length, 1, "waiting");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadyWaiting.selector, owner));
        _joinWaitlist(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        vm.prank(owner);
        validatorSet.leaveWaitlist();
        assertEq(validatorSet.waitlist().length, 0, "empty");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotWaiting.selector, owner));
        vm.prank(owner);
        validatorSet.leaveWaitlist();
        _rollNext();
        assertFalse(_isSeated(owner), "who left the list is not seated");
    }

    function test_RevertGiven_NotEligibleToJoin() public {
        address worker = _registerWorker(1, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotEligible.selector, worker));
        _joinWaitlist(worker);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotEligible.selector, _account(2)));
        _joinWaitlist(_account(2));
    }

    function test_RevertGiven_AlreadySeated() public {
        address[] memory owners = _seatValidators(3, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadySeated.selector, owners[2], 2));
        _joinWaitlist(owners[2]);
    }

    function test_RevertGiven_WaitlistFull() public {
        for (uint256 key = 1; key <= 64; ++key) {
            _joinWaitlist(_registerValidator(key, STAKE));
        }
        address late = _registerValidator(65, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_WaitlistFull.selector, 64));
        _joinWaitlist(late);
        _rollNext();
        assertEq(validatorSet.seatCount(), 64, "I-06 all seats");
        assertEq(validatorSet.waitlist().length, 0, "the list is empty again");
        _joinWaitlist(late);
        _rollNext();
        assertFalse(_isSeated(late), "I-06 no 65th seat");
        assertEq(validatorSet.waitlist().length, 1, "it keeps waiting");
    }

    /// REG-08: leaving from the front, the middle and the end keeps list and index in step.
    function test_REG08_SwapAndPopKeepsTheIndex() public {
        address[] memory owners = new address[](5);
        for (uint256 i; i < 5; ++i) {
            owners[i] = _registerValidator(i + 1, STAKE);
            _joinWaitlist(owners[i]);
        }
        uint256[5] memory order = [uint256(0), 2, 4, 1, 3];
        for (uint256 left; left < 5; ++left) {
            vm.prank(owners[order[left]]);
            validatorSet.leaveWaitlist();
            address[] memory waiting = validatorSet.waitlist();
            assertEq(waiting.length, 4 - left, "REG-08 length");
            for (uint256 i; i < waiting.length; ++i) {
                for (uint256 gone; gone <= left; ++gone) {
                    assertNotEq(waiting[i], owners[order[gone]], "REG-08 someone who left");
                }
            }
        }
        _joinWaitlist(owners[0]);
        assertEq(validatorSet.waitlist()[0], owners[0], "REG-08 back again");
    }

    function test_HeaviestAreSeatedFirst() public {
        address[] memory owners = new address[](66);
        for (uint256 i; i < 62; ++i) {
            owners[i] = _registerValidator(i + 1, STAKE);
            _joinWaitlist(owners[i]);
        }
        _rollNext();
        for (uint256 i = 62; i < 66; ++i) {
            owners[i] = _registerValidator(i + 1, STAKE + (i % 2) * 1e18 + i);
            _joinWaitlist(owners[i]);
        }
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owners[65], 62, 2);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owners[63], 63, 2);
        _rollNext();
        address[] memory waiting = validatorSet.waitlist();
        assertEq(waiting.length, 2, "two seats, two left over");
        assertTrue(_isSeated(owners[63]) && _isSeated(owners[65]), "the heavier two");
        assertEq(validatorSet.seatAt(62).owner, owners[65], "heaviest first");
        assertEq(validatorSet.seatAt(62).seatedEpoch, 2, "seatedEpoch");
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
        emit IValidatorSet.Seated(late, 1, 2);
        _rollNext();
        assertEq(_seatIndexOf(late), 1, "the lowest free seat");
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(hotKeys.length, 5, "rows up to the highest seat");
        assertEq(hotKeys[1], vm.addr(9), "hot key");
        assertEq(hotKeys[3], address(0), "free seat");
        assertEq(weights[3], 0, "free seat's weight");
        assertEq(validatorSet.frozenSetOf(2).seats, 4, "seats");
    }

    function test_IneligibleDropOffTheWaitlist() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        _deregister(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        _rollNext();
        assertEq(validatorSet.waitlist().length, 0, "dropped");
        assertEq(validatorSet.seatCount(), 0, "not seated");
    }

    /// In grace an account is eligible; without stake it has no weight and gets no seat.
    function test_NobodyIsSeatedWithoutStake() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        _unbond(owner, STAKE);
        _rollNext();
        assertFalse(_isSeated(owner), "no seat");
        assertEq(validatorSet.waitlist().length, 1, "still waiting");
        _rollTo(3);
        assertEq(validatorSet.waitlist().length, 0, "dropped once short");
    }

    function test_SeatInGraceWithoutStakeCarriesNoWeight() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _unbond(owners[2], STAKE);
        _rollNext();
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(hotKeys[2], address(0), "cannot sign");
        assertEq(weights[2], 0, "no weight");
        assertTrue(_isSeated(owners[2]), "D4 grace");
        _rollTo(4);
        assertFalse(_isSeated(owners[2]), "D4 vacated once short");
    }

    function test_FrozenSetNeverChanges() public {
        address[] memory owners = _seatValidators(5, STAKE);
        bytes32 frozen = _hashOfFrozen(1);
        vm.prank(owners[0]);
        registry.setHotKey(vm.addr(1_000));
        _stake(owners[1], 1_000_000e18);
        _deregister(owners[2]);
        assertEq(_hashOfFrozen(1), frozen, "within the epoch");
        _rollNext();
        assertEq(_hashOfFrozen(1), frozen, "after the next roll");
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(hotKeys[0], vm.addr(1_000), "D20 the new key comes with the next epoch");
    }

    function _hashOfFrozen(uint64 epoch) private view returns (bytes32) {
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        return keccak256(abi.encode(hotKeys, weights, validatorSet.frozenSetOf(epoch)));
    }

    function test_WeightsFollowStakeAndAreCapped() public {
        for (uint256 key = 1; key <= 5; ++key) {
            _joinWaitlist(_registerValidator(key, key == 5 ? 1_200_000e18 : 200_000e18));
        }
        vm.prevrandao(uint256(42));
        _rollNext();
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        // 2,000,000 in all, so that no seat counts for more than 500,000; the heaviest took seat 0.
        assertEq(weights[0], (uint256(500_000e18) * WAD) / 1_300_000e18, "EQ-27 capped");
        uint256 sum;
        for (uint256 i; i < 5; ++i) {
            if (i != 0) assertEq(weights[i], (uint256(200_000e18) * WAD) / 1_300_000e18, "EQ-27 by stake");
            sum += weights[i];
        }
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(1);
        assertEq(frozen.totalWeight, sum, "total");
        assertLe(sum, WAD, "at most one");
        assertEq(frozen.seats, 5, "seats");
        assertEq(frozen.leastConfirmations, 3, "confirmations");
        assertEq(validatorSet.randomnessOf(1), 42, "randomness");
    }

    function test_WeightsFollowUtility() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _reportOne(1, 2, 0);
        _rollNext();
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(3);
        assertEq(weights.length, 5, "rows");
        assertEq(weights[2], 0, "the poor one was pruned");
        _joinWaitlist(_registerValidator(9, STAKE));
        _rollNext();
        (, weights) = validatorSet.frozenSeatsOf(4);
        // The newcomer has the mean utility, the others rose above it or stayed with it.
        assertGt(weights[0], 0, "weighted");
        assertEq(registry.nodeOf(owners[0]).utility, 0.5e18 + (0.2e18 * 0.4e18) / WAD, "EQ-01");
    }

    function test_STK03_OneSeatIsCappedAndCarriesEverything() public {
        _seatValidators(1, STAKE);
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(weights.length, 1, "STK-03 one seat");
        assertEq(weights[0], WAD, "STK-03 all the weight");
        assertEq(validatorSet.proposerOf(1, 0, 0), 0, "STK-03 proposer");
    }

    function test_EmptySetIsFrozenToo() public {
        _rollNext();
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(hotKeys.length + weights.length, 0, "no rows");
        assertEq(validatorSet.frozenSetOf(1).totalWeight, 0, "no weight");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_EmptySet.selector, uint64(1)));
        validatorSet.proposerOf(1, 0, 0);
        _rollNext();
        _postNothing(1);
        _seatValidators(4, STAKE);
        assertEq(validatorSet.seatCount(), 4, "an empty set bricks nothing");
    }

    function _postNothing(uint64 epoch) private {
        IScoreConsensus.EpochReport memory report = IScoreConsensus.EpochReport(
            epoch,
            0,
            address(this),
            _scores(epoch, 0, 0)
        );
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector, 0, 0, 0, 3));
        consensus.postEpochReport(report, 0, "");
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

    function test_ProposersAreDrawnByWeight() public {
        for (uint256 key = 1; key <= 4; ++key) {
            _joinWaitlist(_registerValidator(key, key == 4 ? 600_000e18 : 200_000e18));
        }
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.maxSeatShare = uint64(WAD);
        validatorSet.setSeatParameters(p);
        vm.prevrandao(uint256(1));
        _rollNext();
        uint256[4] memory drawn;
        for (uint32 round; round < 1_200; ++round) {
            ++drawn[validatorSet.proposerOf(1, round, 0)];
        }
        // Half of the weight is on seat 0; three standard deviations are 52.
        assertNear(drawn[0], 600, 52, "EQ-27 half of the draws");
        for (uint256 seat = 1; seat < 4; ++seat) {
            assertNear(drawn[seat], 200, 39, "EQ-27 a sixth of the draws");
        }
        bool differs;
        for (uint32 attempt = 1; attempt < 16; ++attempt) {
            if (validatorSet.proposerOf(1, 0, attempt) != validatorSet.proposerOf(1, 0, 0)) differs = true;
        }
        assertTrue(differs, "a silent proposer loses its attempt to another");
    }

    /// DEP-02: fewer seats than confirmations: nothing becomes final, everything keeps an exit, and it heals.
    function test_DEP02_FewerSeatsThanConfirmationsFinaliseAndBrickNothing() public {
        address worker = _registerWorker(1, 100_000e18);
        address asker = _registerOracle(2, 100_000e18, 10e18);
        _seatValidators(2, STAKE);
        uint256 requestId = _submit(asker, 10e18);
        _commit(worker, requestId);
        vm.warp(block.timestamp + 5 minutes + 1);
        IRequestEscrow.RequestResult[] memory results = new IRequestEscrow.RequestResult[](1);
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
        assertEq(escrow.creditOf(asker), 10e18, "DEP-02 refunded");
        assertEq(vault.positionOf(worker, address(masa)).reserved, 0, "DEP-02 released");
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

/// @title ValidatorSet: scores and pruning
contract ValidatorSetPruningTest is ValidatorSetBase {
    // ---------------------------------------------------------------- scores

    function test_RecordScores() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 5, GOOD);
        (scores.consensus[3], scores.data[3], scores.llm[3]) = (1e9, 5e8, 0);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.PerformanceScored(owners[3], 3, 1, 1e9, 5e8, 0, 55e7);
        _postEpoch(scores);
        (address owner, uint256 seat, uint256 score) = validatorSet.nextToBePruned();
        assertEq(owner, owners[3], "EQ-06 owner");
        assertEq(seat, 3, "EQ-06 seat");
        assertEq(score, 55e7, "EQ-05 0.4 + 0.15");
        _rollNext();
        assertEq(registry.nodeOf(owners[0]).utility, 0.58e18, "EQ-01 0.5 + 0.2 * 0.4");
    }

    function test_D16_AbsentKindsPassTheirWeightOn() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 5, 0);
        (scores.hasData, scores.hasLlm) = (false, false);
        scores.consensus[1] = 8e8;
        scores.data[1] = scores.llm[1] = 1e9;
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.PerformanceScored(owners[1], 1, 1, 8e8, 1e9, 1e9, 8e8);
        _postEpoch(scores);
    }

    function test_RevertGiven_BadScores() public {
        _seatValidators(5, STAKE);
        _rollNext();
        for (uint256 list; list < 3; ++list) {
            IValidatorSet.SeatScores memory scores = _scores(1, 5, GOOD);
            if (list == 0) scores.consensus = new uint32[](4);
            else if (list == 1) scores.data = new uint32[](6);
            else scores.llm = new uint32[](0);
            vm.expectRevert(
                abi.encodeWithSelector(IValidatorSet.ValidatorSet_ScoreCount.selector, scores.consensus.length, 5)
            );
            _recordAsConsensus(scores);
            scores = _scores(1, 5, GOOD);
            (
                list == 0
                    ? scores.consensus
                    : list == 1
                        ? scores.data
                        : scores.llm
            )[2] = 1e9 + 1;
            vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_ScoreOutOfRange.selector, 2, 1e9 + 1));
            _recordAsConsensus(scores);
        }
    }

    /// A validator that left and came back as something else is no validator: its old seat's score must not count as
    /// work in the new role.
    function test_ScoresDoNotCountInAnotherRole() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _deregister(owners[2]);
        vm.prank(owners[2]);
        registry.register(INodeRegistry.Role.Worker, address(0), "{}");
        uint256 before = registry.nodeOf(owners[2]).utility;
        _reportOne(1, 2, 1e9);
        _rollNext();
        registry.poke(owners[2]);
        assertEq(registry.nodeOf(owners[2]).utility, before, "D3 the worker did no work");
    }

    // ---------------------------------------------------------------- prune

    function test_LowestIsPrunedByTheRollAfterNext() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 4, POOR);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Pruned(owners[4], 4, 3, 1, POOR);
        assertEq(_rollAndPruned(), owners[4], "EQ-06");
        assertEq(validatorSet.seatCount(), 5, "one an epoch");
        assertEq(validatorSet.seatAt(4).owner, address(0), "the seat is free");
        assertEq(vault.stakeUnitsOf(owners[4]), STAKE, "unslashed");
        // REG-11: who was pruned stays slashable and may leave with its stake.
        assertEq(_unbond(owners[4], STAKE), 0, "REG-11 free to unbond");
    }

    function test_D6_EvidenceServesOnce() public {
        _seatValidators(7, STAKE);
        _rollNext();
        _reportOne(1, 4, POOR);
        _rollNext();
        assertEq(validatorSet.seatCount(), 6, "pruned once");
        for (uint256 i; i < 4; ++i) {
            assertEq(_rollAndPruned(), address(0), "D6 no new report, no evidence");
        }
        assertEq(validatorSet.seatCount(), 6, "D6 nobody else");
    }

    function test_D6_EvidenceWaitsUntilItsWindowIsClosed() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollTo(3);
        IValidatorSet.SeatScores memory scores = _scores(3, 6, GOOD);
        _setScore(scores, 2, POOR);
        _recordAsConsensus(scores); // within its own epoch, which the consensus contract never does
        _rollNext();
        assertEq(validatorSet.seatCount(), 6, "D6 not at the next roll");
        (address owner, , ) = validatorSet.nextToBePruned();
        assertEq(owner, owners[2], "D6 announced");
        _rollNext();
        assertFalse(_isSeated(owners[2]), "D6 at the one after");
    }

    function test_D6_EvidenceSurvivesMissedEpochs() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 3, POOR);
        _rollTo(40);
        assertFalse(_isSeated(owners[3]), "D18 the late roll prunes");
        assertEq(validatorSet.seatCount(), 5, "D18 once");
    }

    function test_D6_NoReportNoPrune() public {
        _seatValidators(6, STAKE);
        for (uint256 i; i < 5; ++i) {
            assertEq(_rollAndPruned(), address(0), "D6 nobody");
        }
        assertEq(validatorSet.seatCount(), 6, "D6 all stay");
    }

    function test_REG10_AllEqualScoresPruneByTheTieRule() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _postEpoch(_scores(1, 6, GOOD));
        assertEq(_rollAndPruned(), owners[0], "REG-10 equal in everything: the lowest seat");
        assertEq(validatorSet.seatCount(), 5, "REG-10 one");
    }

    function test_REG10_AllZeroScores() public {
        _seatValidators(6, STAKE);
        _rollNext();
        _postEpoch(_scores(1, 6, 0));
        (, , uint256 score) = validatorSet.nextToBePruned();
        assertEq(score, 0, "REG-10 score");
        _rollNext();
        assertEq(validatorSet.seatCount(), 5, "REG-10 one");
    }

    function test_REG01_TiesGoToTheLowerStake() public {
        address[] memory owners = _seatValidators(6, STAKE);
        for (uint256 i; i < 6; ++i) {
            if (i != 3) _stake(owners[i], 1 + i);
        }
        _rollNext();
        _postEpoch(_scores(1, 6, GOOD));
        assertEq(_rollAndPruned(), owners[3], "REG-01 the lower stake leaves");
    }

    function test_REG01_TiesOfStakeGoToTheLaterSeating() public {
        _seatValidators(5, STAKE);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertEq(_seatIndexOf(late), 5, "seated later, in a higher seat");
        _rollTo(3);
        _postEpoch(_scores(2, 6, GOOD));
        assertEq(_rollAndPruned(), late, "REG-01 the later seating leaves");
    }

    /// The later seating decides even where it sits in a lower seat.
    function test_REG01_LaterSeatingInALowerSeat() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _deregister(owners[1]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertEq(_seatIndexOf(late), 1, "the freed seat");
        _rollTo(3);
        _postEpoch(_scores(2, 6, GOOD));
        assertEq(_rollAndPruned(), late, "REG-01 not by index");
    }

    function test_REG02_PruningStopsAtTheFloor() public {
        _seatValidators(6, STAKE);
        uint64 epoch = _rollNext();
        for (uint256 i; i < 5; ++i) {
            (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch - 1);
            _postEpoch(_scores(epoch - 1, hotKeys.length, uint32(i)));
            epoch = _rollNext();
            assertGe(validatorSet.seatCount(), 4, "REG-02 I-07");
        }
        assertEq(validatorSet.seatCount(), 4, "REG-02 down to the floor");
        (address owner, uint256 seat, uint256 score) = validatorSet.nextToBePruned();
        assertEq(owner, address(0), "REG-02 nobody is next");
        assertEq(seat + score, 0, "REG-02 nothing to tell");
    }

    /// I-07: seats that are vacated anyway do not count for the floor.
    function test_REG02_VacatedSeatsDoNotMakeRoomForPruning() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[4]);
        _rollNext();
        assertTrue(_isSeated(owners[2]), "I-07 pruning would leave three");
        assertEq(validatorSet.seatCount(), 4, "I-07 the floor");
    }

    /// REG-05: who leaves the registry for the moment of the roll is pruned all the same, and cools down; the others
    /// are spared, at the floor and above it.
    function test_REG05_LeavingBeforeTheRollDoesNotSpareTheCooldown() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[2]);
        assertEq(_rollAndPruned(), owners[2], "REG-05 pruned, not vacated");
        assertEq(validatorSet.seatCount(), 5, "REG-05 nobody else");
        vm.prank(owners[2]);
        registry.register(INodeRegistry.Role.Validator, vm.addr(3), "{}");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(6)));
        _joinWaitlist(owners[2]);
        _reportOne(2, 4, GOOD - 1);
        _rollNext();
        assertEq(validatorSet.seatCount(), 4, "the floor");
        _reportOne(3, 5, POOR);
        _deregister(owners[5]);
        assertEq(_rollAndPruned(), owners[5], "REG-05 at the floor too");
        assertEq(validatorSet.seatCount(), 3, "it leaves anyway");
    }

    function test_D6_FreshSeatsAreImmune() public {
        address[] memory owners = _seatValidators(5, STAKE);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.immunityEpochs = 3;
        validatorSet.setSeatParameters(p);
        _rollTo(3);
        _reportOne(2, 5, POOR);
        // Seated for 2 and immune for three epochs: the roll into 4 spares it, and takes the next one instead.
        assertEq(_rollAndPruned(), owners[0], "D6 immune");
        assertTrue(_isSeated(late), "D6 stays");
        _reportOne(3, 5, POOR);
        assertEq(_rollAndPruned(), late, "D6 immunity is over");
    }

    function test_D6_AllImmuneMeansNobody() public {
        _seatValidators(6, STAKE);
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.immunityEpochs = 3;
        validatorSet.setSeatParameters(p);
        _rollNext();
        _reportOne(1, 2, POOR);
        assertEq(_rollAndPruned(), address(0), "D6 all immune");
        assertEq(validatorSet.seatCount(), 6, "D6 all stay");
    }

    function test_D6_PrunedWaitBeforeTheyJoinAgain() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _rollNext();
        for (uint64 epoch = 3; epoch < 6; ++epoch) {
            vm.expectRevert(
                abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(6))
            );
            _joinWaitlist(owners[2]);
            _rollNext();
        }
        _joinWaitlist(owners[2]);
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D6 after the cooldown");
    }

    /// REG-05: leaving the registry wipes neither the evidence nor the cooldown.
    function test_REG05_LeavingAndComingBackChangesNothing() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[2]);
        uint256 remembered = 0.5e18 - (0.2e18 * 0.2e18) / WAD;
        vm.prank(owners[2]);
        registry.register(INodeRegistry.Role.Validator, vm.addr(3), "{}");
        assertEq(registry.nodeOf(owners[2]).utility, remembered, "REG-05 the utility is kept");
        assertEq(_rollAndPruned(), owners[2], "REG-05 pruned all the same");
        _deregister(owners[2]);
        vm.prank(owners[2]);
        registry.register(INodeRegistry.Role.Validator, vm.addr(3), "{}");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(6)));
        _joinWaitlist(owners[2]);
    }

    /// A seat that changed hands between the scored epoch and its report keeps no score.
    function test_SeatsThatChangedHandsKeepNoScore() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _deregister(owners[2]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollNext();
        assertEq(_seatIndexOf(late), 2, "same seat");
        _reportOne(1, 2, 0);
        (address owner, , uint256 score) = validatorSet.nextToBePruned();
        assertEq(owner, owners[0], "the newcomer is not judged by its predecessor");
        assertEq(score, GOOD, "nor is the score counted");
        _rollNext();
        assertTrue(_isSeated(late), "stays");
        assertEq(registry.nodeOf(late).utility, 0.5e18, "utility untouched");
    }

    /// Nor does a seat that is filled after its predecessor was scored.
    function test_SeatsFilledAfterTheReportKeepNoScore() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollTo(2);
        _recordAsConsensus(_scores(2, 6, GOOD));
        _deregister(owners[2]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(3);
        assertEq(_seatIndexOf(late), 2, "same seat");
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.immunityEpochs = 0;
        validatorSet.setSeatParameters(p);
        (address owner, , ) = validatorSet.nextToBePruned();
        assertEq(owner, owners[0], "without a score nobody is a candidate");
    }

    /// All 64 seats with scores of their own: the argmin finds the least wherever it sits.
    function test_EQ06_FindsTheLowestOfSixtyFour() public {
        address[] memory owners = _seatValidators(64, STAKE);
        uint256 state = vm.snapshotState();
        uint256[5] memory seats = [uint256(0), 7, 8, 37, 63];
        for (uint256 i; i < 5; ++i) {
            _rollTo(2);
            IValidatorSet.SeatScores memory scores = _scores(1, 64, 0);
            for (uint256 seat; seat < 64; ++seat) {
                _setScore(scores, seat, uint32(500_000_000 + ((seat * 29 + i) % 64) * 1_000_000));
            }
            _setScore(scores, seats[i], 499_999_999);
            _postEpoch(scores);
            assertEq(_rollAndPruned(), owners[seats[i]], "EQ-06");
            vm.revertToState(state);
        }
    }

    /// REG-06: with all seats taken a better candidate enters by the prune of each epoch.
    function test_REG06_FullSetLetsOneInEachEpoch() public {
        address[] memory owners = _seatValidators(64, STAKE);
        address late = _registerValidator(99, 2 * STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertFalse(_isSeated(late), "full");
        _reportOne(1, 20, POOR);
        _rollTo(3);
        assertEq(_seatIndexOf(late), 20, "REG-06 takes the seat of the lowest");
        assertFalse(_isSeated(owners[20]), "REG-06 which left");
    }
}
