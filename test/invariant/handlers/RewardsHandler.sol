// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18, ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEmissions} from "../../../contracts/interfaces/IEmissions.sol";
import {MasaFixture} from "../../support/MasaFixture.sol";
import {RewardsBed} from "../../support/RewardsBed.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title Drives emissions, roots and claims: reports come or do not, roots are cancelled, anyone funds and gives away
/// @notice The model is kept by rules of its own: the schedule as a number that shrinks with every epoch begun, roots as
/// tables of what each actor was given, and what each was paid. Trees are built from the tables, as validators do.
abstract contract RewardsHandler is ProtocolHandler, RewardsBed {
    uint256 public constant ACTORS = 5;
    address private constant SPENDER = address(0x5be9d);

    /// @dev A root that was accepted and stands.
    struct ModelRoot {
        uint64 epoch;
        uint256 activeFrom;
        uint256[2] totals; // validators, workers
        uint256[5] cumulative; // by actor
    }

    address[5] public actors;
    ModelRoot[] private _roots;
    uint64 public modelLastEpoch;
    uint256[2] private _modelFunded;
    /// @notice The least that the pool may hold now by the schedule, wei with 18 more digits.
    uint256 public scheduleLeft;
    uint256 public modelPool;
    uint256[2] private _modelPots;
    /// @notice What each contract was given as a present: emissions, distributor.
    uint256[2] public donated;
    uint256[5] private _claimed;
    address[5] private _claimers;
    mapping(address account => uint256) public modelReceived;
    /// @dev Rates and shares that hold for the epoch before this one, and for this one.
    IEmissions.EmissionParameters[2] private _inForce;

    function setUp() public virtual override(MasaFixture, RewardsBed) {
        super.setUp();
        emissions.grantModule("DATA", SPENDER);
        emissions.grantModule("GOVERNANCE", SPENDER);
        _warp(block.timestamp + MODULE_DELAY);
        modelPool = POOL;
        _inForce[0] = _inForce[1] = _emissionParameters();
        // Of the epochs so far the last may still be released: the one before this.
        scheduleLeft = POOL * (WAD - _inForce[0].rate.unwrap());
        for (uint256 i; i < ACTORS; ++i) {
            actors[i] = _account(0x100 + i);
            _claimers[i] = actors[i];
        }
        masa.approve(address(feePool), type(uint256).max);
    }

    function _emissionParameters()
        internal
        pure
        override(MasaFixture, RewardsBed)
        returns (IEmissions.EmissionParameters memory)
    {
        return RewardsBed._emissionParameters();
    }

    // ---------------------------------------------------------------- what the invariants read

    function protocol() external view returns (address, address, address, address) {
        return (address(masa), address(emissions), address(distributor), address(feePool));
    }

    function rootsCount() external view returns (uint256) {
        return _roots.length;
    }

    function modelRoot(uint256 index) external view returns (ModelRoot memory) {
        return _roots[index];
    }

    /// @dev Roots that are active by now: none overtakes an earlier one.
    function modelActive() public view returns (uint256 active) {
        while (active < _roots.length && _roots[active].activeFrom <= _now) ++active;
    }

    function modelFunded(uint256 pot) external view returns (uint256) {
        return _modelFunded[pot];
    }

    function modelPot(uint256 pot) external view returns (uint256) {
        return _modelPots[pot];
    }

    function modelClaimed(uint256 actor) external view returns (uint256) {
        return _claimed[actor];
    }

    function modelClaimer(uint256 actor) external view returns (address) {
        return _claimers[actor];
    }

    function hash(ModelRoot memory root) external view returns (bytes32) {
        return _rootOf(_table(root));
    }

    // ---------------------------------------------------------------- time and money

    /// @dev Mostly into the next epoch; at times past several, whose reports never come.
    function pass(uint256 seed) external action(seed) {
        uint64 epoch = clock.currentEpoch();
        uint256 kind = _below(8);
        if (kind < 3) {
            uint256 left = clock.epochStart(epoch + 1) - _now;
            _warp(_now + _between(1, left));
        } else {
            uint64 skipped = kind == 3 ? uint64(_between(2, 4)) : 1;
            _warp(clock.epochStart(epoch + skipped) + _below(EPOCH));
        }
        for (uint64 begun = clock.currentEpoch() - epoch; begun > 0; --begun) _beginEpoch(epoch++);
    }

    /// @dev An epoch has begun, so the one before it may be released, once.
    function _beginEpoch(uint64 ended) private {
        _tookIf(modelLastEpoch + 1 < ended, "epoch without a report");
        scheduleLeft = (scheduleLeft * (WAD - _inForce[1].rate.unwrap())) / WAD;
        _inForce[0] = _inForce[1];
    }

    function fundPool(uint256 seed) external action(seed) {
        uint256 amount = _size(POOL / 100);
        emissions.fund(amount);
        _addToPool(amount);
    }

    function _addToPool(uint256 amount) private {
        modelPool += amount;
        // The release of the epoch before may still come, and takes its share of what was added before it.
        bool released = modelLastEpoch + 1 == clock.currentEpoch();
        scheduleLeft += amount * (released ? WAD : WAD - _inForce[0].rate.unwrap());
    }

    function fundPot(uint256 seed) external action(seed) {
        uint256 pot = _below(2);
        uint256 amount = _size(1_000e18);
        if (pot == 0) distributor.fundValidators(amount);
        else distributor.fundWorkers(amount);
        _modelFunded[pot] += amount;
    }

    function distributeFees(uint256 seed) external action(seed) {
        uint256 amount = _size(1_000e18);
        masa.transfer(address(feePool), amount);
        feePool.distribute();
        _modelFunded[0] += amount / 2;
        uint256 toPool = (amount * 3) / 10;
        if (toPool != 0) _addToPool(toPool);
    }

    function donate(uint256 seed) external action(seed) {
        uint256 to = _below(2);
        uint256 amount = _size(1_000e18);
        masa.transfer(to == 0 ? address(emissions) : address(distributor), amount);
        donated[to] += amount;
    }

    function payFromPot(uint256 seed) external action(seed) {
        uint256 pot = _below(2);
        _only(_modelPots[pot] != 0);
        uint256 amount = _size(_modelPots[pot]);
        _modelPots[pot] -= amount;
        vm.prank(SPENDER);
        emissions.pay(IEmissions.Pot(pot), treasury, amount);
    }

    function setParameters(uint256 seed) external action(seed) {
        IEmissions.EmissionParameters memory p;
        p.rate = UD2x18.wrap(uint64(_oneIn(4) ? _between(1, 1e6) : _between(0.001e18, 0.1e18)));
        uint256 validators = _below(WAD + 1);
        uint256 workers = _below(WAD - validators + 1);
        uint256 data = _below(WAD - validators - workers + 1);
        (p.validators, p.workers) = (UD2x18.wrap(uint64(validators)), UD2x18.wrap(uint64(workers)));
        p.dataContributors = UD2x18.wrap(uint64(data));
        p.governanceParticipants = UD2x18.wrap(uint64(WAD - validators - workers - data));
        _tookIf(modelLastEpoch + 1 < clock.currentEpoch(), "change before the report");
        emissions.setEmissionParameters(p);
        _inForce[1] = p;
    }

    function setDelay(uint256 seed) external action(seed) {
        distributor.setActivationDelay(uint32(_oneIn(2) ? _between(1 minutes, EPOCH) : _between(EPOCH, 3 * EPOCH)));
    }

    // ---------------------------------------------------------------- roots

    /// @dev A report of the epoch before this one, with a root over what its pots give to the actors.
    function report(uint256 seed) external action(seed) {
        uint64 epoch = _due();
        _modelRelease(epoch);
        ModelRoot memory root;
        if (_roots.length != 0) root = _roots[_roots.length - 1];
        uint256[2] memory left = [_modelFunded[0] - root.totals[0], _modelFunded[1] - root.totals[1]];
        uint256 given;
        bool idle = _oneIn(20);
        for (uint256 i; i < ACTORS; ++i) {
            uint256 pot = _below(2);
            // At times everything that is there, so that the last wei is given too.
            uint256 share = idle || left[pot] == 0 || _oneIn(3) ? 0 : _size(left[pot]);
            left[pot] -= share;
            root.totals[pot] += share;
            root.cumulative[i] += share;
            given += share;
        }
        _tookIf(given == 0, "root that gives nothing");
        _tookIf(given != 0 && left[0] == 0, "pot given to the last wei");
        root.epoch = epoch;
        root.activeFrom = _now + distributor.activationDelay();
        if (_roots.length != 0 && root.activeFrom < _roots[_roots.length - 1].activeFrom) {
            root.activeFrom = _roots[_roots.length - 1].activeFrom;
            _took("root held back by another");
        }
        bytes32 top = _rootOf(_table(root));
        _post(epoch, top, root.totals[0], root.totals[1]);
        _roots.push(root);
    }

    /// @dev A report of an epoch in which nobody earned anything.
    function reportNothing(uint256 seed) external action(seed) {
        _only(_oneIn(3));
        uint64 epoch = _due();
        _modelRelease(epoch);
        uint256[2] memory totals;
        if (_roots.length != 0) totals = _roots[_roots.length - 1].totals;
        _post(epoch, 0, totals[0], totals[1]);
    }

    function reportRefused(uint256 seed) external action(seed) {
        uint64 epoch = clock.currentEpoch() - 1;
        _only(modelLastEpoch < epoch);
        (uint256 validators, uint256 workers) = distributor.nextPots();
        (uint128 validatorTotal, uint128 workerTotal) = distributor.lastTotals();
        // One wei more than is funded, in one pot or the other.
        bool first = _oneIn(2);
        uint256 totalV = validatorTotal + validators + (first ? 1 : 0);
        uint256 totalW = workerTotal + workers + (first ? 0 : 1);
        vm.prank(address(consensus));
        try distributor.postRoot(epoch, keccak256("too much"), uint128(totalV), uint128(totalW)) {
            assertTrue(false, "I-10 a root beyond the funds was accepted");
        } catch {
            _took("unfunded root refused");
        }
    }

    function cancel(uint256 seed) external action(seed) {
        uint256 active = modelActive();
        _only(active < _roots.length);
        uint256 index = _between(active, _roots.length - 1);
        _tookIf(index + 1 < _roots.length, "later roots cancelled too");
        uint64 epoch = _roots[index].epoch;
        if (_oneIn(2)) vm.prank(guard);
        distributor.cancelRoot(epoch);
        while (_roots.length > index) _roots.pop();
    }

    function cancelRefused(uint256 seed) external action(seed) {
        uint256 active = modelActive();
        _only(active != 0);
        uint64 epoch = _roots[_below(active)].epoch;
        vm.prank(guard);
        try distributor.cancelRoot(epoch) {
            assertTrue(false, "I-10 an active root was cancelled");
        } catch {
            _took("too late to cancel");
        }
    }

    // ---------------------------------------------------------------- claims

    function claim(uint256 seed) external action(seed) {
        uint256 active = modelActive();
        uint256 i = _below(ACTORS);
        _only(active != 0 && _roots[active - 1].cumulative[i] > _claimed[i]);
        ModelRoot memory root = _roots[active - 1];
        uint256 amount = root.cumulative[i] - _claimed[i];
        bytes32[] memory proof = _proofOf(_table(root), i);
        address caller = _oneIn(2) ? actors[i] : stranger;
        _tookIf(caller == stranger, "claim by another");
        _tookIf(_claimers[i] != actors[i], "claim to a claimer");
        _tookIf(_claimed[i] != 0, "claim after a claim");
        _tookIf(active < _roots.length, "claim while a root waits");
        _claimed[i] += amount;
        modelReceived[_claimers[i]] += amount;
        vm.prank(caller);
        uint256 paid = distributor.claim(actors[i], root.cumulative[i], proof);
        assertEq(paid, amount, "I-10 a claim pays what is new");
    }

    /// @dev Twice, by a root that waits, or for more than the leaf says.
    function claimRefused(uint256 seed) external action(seed) {
        uint256 active = modelActive();
        _only(active != 0);
        uint256 i = _below(ACTORS);
        ModelRoot memory root = _roots[active - 1];
        uint256 cumulative = root.cumulative[i];
        bytes32 what = "claim beyond the leaf refused";
        if (cumulative <= _claimed[i] && _oneIn(2)) {
            what = "second claim refused";
        } else if (active < _roots.length && _roots[active].cumulative[i] != cumulative) {
            root = _roots[active];
            cumulative = root.cumulative[i];
            what = "claim by a waiting root refused";
        } else {
            cumulative += _between(1, 1e18);
        }
        bytes32[] memory proof = _proofOf(_table(root), i);
        try distributor.claim(actors[i], cumulative, proof) {
            assertTrue(false, "I-10 a claim was paid that is not owed");
        } catch {
            _took(what);
        }
    }

    function setClaimer(uint256 seed) external action(seed) {
        uint256 i = _below(ACTORS);
        address claimer = _oneIn(3) ? address(0) : _account(0x200 + _below(3));
        vm.prank(actors[i]);
        distributor.setClaimer(claimer);
        _claimers[i] = claimer == address(0) ? actors[i] : claimer;
    }

    // ---------------------------------------------------------------- model

    /// @dev The epoch before this one, whose report has not come.
    function _due() private view returns (uint64 epoch) {
        epoch = clock.currentEpoch() - 1;
        _only(modelLastEpoch < epoch);
    }

    function _modelRelease(uint64 epoch) private {
        IEmissions.EmissionParameters memory p = _inForce[0];
        uint256 released = (modelPool * p.rate.unwrap()) / WAD;
        uint256[4] memory parts = [
            (released * p.validators.unwrap()) / WAD,
            (released * p.workers.unwrap()) / WAD,
            (released * p.dataContributors.unwrap()) / WAD,
            (released * p.governanceParticipants.unwrap()) / WAD
        ];
        _modelFunded[0] += parts[0];
        _modelFunded[1] += parts[1];
        _modelPots[0] += parts[2];
        _modelPots[1] += parts[3];
        modelPool -= parts[0] + parts[1] + parts[2] + parts[3];
        modelLastEpoch = epoch;
    }

    function _table(ModelRoot memory root) private view returns (Given[] memory given) {
        given = new Given[](ACTORS);
        for (uint256 i; i < ACTORS; ++i) {
            given[i] = Given(actors[i], root.cumulative[i]);
        }
    }
}
