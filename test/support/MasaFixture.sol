// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {Offences} from "../../contracts/consensus/Offences.sol";
import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {Guardian} from "../../contracts/governance/Guardian.sol";
import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IFeePool} from "../../contracts/interfaces/IFeePool.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IStakeObserver} from "../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {FeeCurve} from "../../contracts/market/FeeCurve.sol";
import {FeePool} from "../../contracts/market/FeePool.sol";
import {RequestEscrow} from "../../contracts/market/RequestEscrow.sol";
import {WrappedTaoMock} from "../../contracts/mocks/WrappedTaoMock.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {ValidatorSet} from "../../contracts/registry/ValidatorSet.sol";
import {Emissions} from "../../contracts/rewards/Emissions.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {StakingCurve} from "../../contracts/staking/StakingCurve.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {Results} from "./Results.sol";
import {Test} from "./Test.sol";

/// @title The whole protocol, deployed and wired, for a test to stand on
/// @notice The test contract holds the supply and owns every module, as the timelock does after deployment. Parameters
/// are virtual functions: a test overrides what it wants to vary before {setUp} runs. Helpers that start with `_` act
/// for an account and leave no prank behind.
abstract contract MasaFixture is Test {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant SCORE_ONE = 1e9;
    /// @dev ln 4, WAD: σ in [1/4, 4].
    uint64 internal constant LN_4 = 1_386294361119890618;
    uint256 internal constant SUPPLY = 100_000_000e18;
    uint64 internal constant START = 1_800_000_000;
    uint32 internal constant EPOCH = 1 hours;
    uint32 internal constant ROUND = 5 minutes;
    uint32 internal constant ATTEMPT = 1 minutes;
    /// @dev Of R_base and fees, wei.
    uint256 internal constant UNIT = 1e9;
    uint40 internal constant REQUEST_PATH = 2 hours;
    uint40 internal constant REPORT_PATH = 4 hours;
    uint40 internal constant EVIDENCE = 1 hours;
    uint40 internal constant APPEAL = 1 hours;
    uint40 internal constant UNBONDING = 7 days;
    uint40 internal constant MODULE_DELAY = 11 days;
    uint40 internal constant GUARD_TERM = 180 days;
    uint256 internal constant TAO_SUPPLY = 21_000_000e9;
    /// @dev Distance of an owner's key from its hot key, so that the two are never one account.
    uint256 private constant OWNER_KEY = 1 << 128;

    EpochClock internal clock;
    EpochManager internal manager;
    Guardian internal guardian;
    MasaToken internal masa;
    WrappedTaoMock internal tao;
    StakeVault internal vault;
    StakingCurve internal curve;
    NodeStanding internal standing;
    NodeRegistry internal registry;
    ValidatorSet internal validatorSet;
    FeeCurve internal feeCurve;
    FeePool internal feePool;
    RequestEscrow internal escrow;
    Emissions internal emissions;
    RewardDistributor internal distributor;
    ScoreConsensus internal consensus;
    Offences internal offences;
    address internal treasury = address(0x7ea5);
    address internal guard = address(0x60a4d);

    /// @dev Private key of a hot key that the fixture made.
    mapping(address hotKey => uint256) internal keyOf;

    function setUp() public virtual {
        vm.warp(START);
        clock = new EpochClock(0, EPOCH, address(this));
        masa = new MasaToken(SUPPLY, address(this));
        tao = new WrappedTaoMock();
        tao.mint(address(this), TAO_SUPPLY);
        curve = new StakingCurve();
        vault = new StakeVault(
            address(this),
            clock,
            address(masa),
            _listedTao(),
            _delays(),
            _collateral(),
            IStakeVault.SlashDestinations(treasury, address(0), 0, 0)
        );
        standing = new NodeStanding(
            address(this),
            masa,
            vault,
            curve,
            uint32(clock.currentEpoch()),
            _maxStakedShare(),
            [_roleParameters(NodeRole.Validator), _roleParameters(NodeRole.Worker), _roleParameters(NodeRole.Oracle)],
            _standingParameters()
        );
        registry = new NodeRegistry(address(this), masa, standing, vault, _pokeParameters());
        validatorSet = new ValidatorSet(address(this), registry, standing, vault, _seatParameters());
        _deployMarket();
        _deployRewards();
        consensus = new ScoreConsensus(clock, validatorSet, escrow, distributor, ROUND, ATTEMPT, address(this));
        manager = new EpochManager(address(this), clock, masa, vault, standing, validatorSet, consensus, _rollBounty());
        guardian = new Guardian(address(this), vault, standing, guard, GUARD_TERM);
        offences = new Offences(
            address(this),
            clock,
            vault,
            registry,
            validatorSet,
            consensus,
            _offenceTerms(),
            _maxMissed()
        );
        vault.scheduleSlasher(address(offences), type(uint64).max);
        vault.activateSlasher(address(offences));
        validatorSet.grantModule("EXPEL", address(offences));
        clock.wire(address(manager));
        vault.wire(address(escrow), _slashCap(), IGuardian(address(guardian)), IStakeObserver(address(0)));
        standing.wire(address(registry), address(escrow), address(validatorSet), address(guardian), address(manager));
        registry.wire(validatorSet);
        validatorSet.wire(address(consensus), address(manager));
        escrow.wire(address(consensus), address(feePool));
        emissions.wire(address(distributor));
        distributor.wire(address(consensus));
        consensus.wire(offences);
        offences.wire(address(consensus));
    }

    function _deployMarket() private {
        feeCurve = new FeeCurve(ud2x18(0.01e18), ud2x18(0.05e18), 100_000e18, 0.001e18);
        escrow = new RequestEscrow(
            address(this),
            masa,
            clock,
            registry,
            standing,
            vault,
            feeCurve,
            _marketTerms(),
            _requestLimits(),
            _posterTerms()
        );
    }

    function _deployRewards() private {
        emissions = new Emissions(address(this), masa, clock, vault, _emissionParameters());
        distributor = new RewardDistributor(address(this), masa, emissions, vault, 1 hours);
        feePool = new FeePool(
            address(this),
            masa,
            IFeePool.Recipients(distributor, emissions, treasury),
            IFeePool.FeeSplit(ud2x18(0.5e18), ud2x18(0.2e18))
        );
    }

    // ---------------------------------------------------------------- parameters

    function _maxStakedShare() internal pure virtual returns (uint64) {
        return 0.5e18;
    }

    /// @dev The zero address for a network without TAO.
    function _listedTao() internal view virtual returns (address) {
        return address(tao);
    }

    /// @dev TAO at 4 MASA, for half of a requirement at most.
    function _collateral() internal pure virtual returns (IStakeVault.Collateral memory) {
        return IStakeVault.Collateral({taoWeight: 4e18, taoMaxShare: 0.5e18});
    }

    function _delays() internal pure virtual returns (IStakeVault.Delays memory) {
        return
            IStakeVault.Delays({
                requestPath: REQUEST_PATH,
                reportPath: REPORT_PATH,
                evidenceWindow: EVIDENCE,
                appealWindow: APPEAL,
                unbondingDelay: UNBONDING,
                moduleDelay: MODULE_DELAY
            });
    }

    /// @dev No cap: a test that is about it overrides this.
    function _slashCap() internal pure virtual returns (uint64) {
        return type(uint64).max;
    }

    function _rollBounty() internal pure virtual returns (uint256) {
        return 0;
    }

    function _pokeParameters() internal pure virtual returns (INodeRegistry.PokeParameters memory) {
        return INodeRegistry.PokeParameters({deposit: 10e18, bounty: 2e18});
    }

    /// @dev Bases at σ = 1: validators 125,000 MASA, workers 62,500, oracle nodes 31,250.
    function _roleParameters(NodeRole role) internal pure virtual returns (INodeStanding.RoleParameters memory p) {
        p.lambda = ud2x18(0.25e18);
        p.maxExponent = ud2x18(LN_4);
        if (role == NodeRole.Validator) (p.budgetShare, p.target, p.floor) = (ud2x18(0.02e18), 16, 100e18);
        else if (role == NodeRole.Worker) (p.budgetShare, p.target, p.floor) = (ud2x18(0.02e18), 32, 10e18);
        else (p.budgetShare, p.target, p.floor) = (ud2x18(0.01e18), 32, 1e18);
    }

    /// @dev References: 100 MASA of answers, 1,000 MASA of consumption, of which accepted value is all.
    function _standingParameters() internal pure virtual returns (INodeStanding.StandingParameters memory) {
        return
            INodeStanding.StandingParameters({
                decayPerEpoch: ud2x18(0.8e18),
                tolerance: ud2x18(0.05e18),
                workerReference: 100e9,
                oracleReference: 1_000e9,
                baseStep: ud2x18(0.1e18),
                meanStep: ud2x18(0.05e18),
                supplyStep: ud2x18(0.01e18),
                weightThroughput: ud2x18(0.2e18),
                resourceShare: ud2x18(0),
                targetThroughput: 1_000,
                graceCooldown: 10,
                maxStrikes: 0,
                strikeSize: 0
            });
    }

    function _seatParameters() internal pure virtual returns (IValidatorSet.SeatParameters memory) {
        return
            IValidatorSet.SeatParameters({
                leastConfirmations: 3,
                minValidators: 4,
                immunityEpochs: 2,
                cooldownEpochs: 3,
                haltEpochs: 4,
                maxSeatShare: 0.25e18,
                weightConsensus: 0.4e18,
                weightData: 0.3e18,
                weightLlm: 0.3e18
            });
    }

    function _offenceTerms() internal pure virtual returns (IOffences.OffenceTerms memory) {
        return
            IOffences.OffenceTerms({
                offenceShare: 0.3e18,
                idleShare: 0.002e18,
                bountyShare: 0.1e18,
                expulsionEpochs: 20
            });
    }

    /// @dev Of the twelve rounds of an epoch.
    function _maxMissed() internal pure virtual returns (uint32) {
        return 3;
    }

    function _marketTerms() internal pure virtual returns (IRequestEscrow.MarketTerms memory) {
        return
            IRequestEscrow.MarketTerms({
                qualityThreshold: ud2x18(0.6e18),
                slashShare: ud2x18(0.5e18),
                attributionShare: ud2x18(0),
                weightRelevance: ud2x18(0.4e18),
                weightCoherence: ud2x18(0.2e18),
                weightFactual: ud2x18(0.3e18),
                weightResponseTime: ud2x18(0.1e18),
                posterShare: ud2x18(0.25e18)
            });
    }

    function _requestLimits() internal pure virtual returns (IRequestEscrow.RequestLimits memory) {
        return
            IRequestEscrow.RequestLimits({
                minBaseReward: uint96(UNIT),
                minResponseWindow: 10,
                maxResponseWindow: 30 minutes,
                minScoringWindow: 30,
                maxScoringWindow: 1 hours,
                maxResponses: 8,
                maxMargin: ud2x18(0.2e18)
            });
    }

    /// @dev A tenth of a MASA a report, and gas at 2,000 MASA an ether up to 10 gwei.
    function _posterTerms() internal pure virtual returns (IRequestEscrow.PosterTerms memory) {
        return IRequestEscrow.PosterTerms({bounty: 0.1e18, masaPerEther: 2_000e18, maxGasPrice: 10 gwei});
    }

    function _emissionParameters() internal pure virtual returns (IEmissions.EmissionParameters memory) {
        return
            IEmissions.EmissionParameters({
                rate: ud2x18(0.001e18),
                validators: ud2x18(0.4e18),
                workers: ud2x18(0.4e18),
                dataContributors: ud2x18(0.1e18),
                governanceParticipants: ud2x18(0.1e18)
            });
    }

    // ---------------------------------------------------------------- accounts

    /// @dev Owner of the validator whose hot key has the private key `key`.
    function _ownerOf(uint256 key) internal pure returns (address) {
        return vm.addr(OWNER_KEY + key);
    }

    /// @dev An account named by a number; apart from validators and hot keys.
    function _account(uint256 number) internal pure returns (address) {
        return address(uint160(0xacc0000000000000000 + number));
    }

    function _fund(address account, uint256 amount) internal {
        masa.transfer(account, amount);
    }

    /// @dev Funds the account and stakes `amount` of MASA for it.
    function _stake(address account, uint256 amount) internal {
        _fund(account, amount);
        vm.startPrank(account);
        masa.approve(address(vault), amount);
        vault.stake(address(masa), amount);
        vm.stopPrank();
    }

    function _unbond(address account, uint256 amount) internal returns (uint256 id) {
        vm.prank(account);
        id = vault.startUnbonding(address(masa), amount);
    }

    /// @dev Stakes `amount` of MASA, pays the deposit and registers; `hotKey`, whose private key the fixture knows, may
    /// be 0 where the role allows, and gets every right.
    function _register(address account, NodeRole role, address hotKey, uint256 amount) internal {
        if (amount != 0) _stake(account, amount);
        _approveDeposit(account);
        INodeRegistry.OperatorGrant[] memory operators = new INodeRegistry.OperatorGrant[](
            hotKey == address(0) ? 0 : 1
        );
        if (hotKey != address(0)) operators[0] = _grant(account, hotKey, 31);
        vm.prank(account);
        registry.register(role, "{}", operators);
    }

    /// @dev Funds and approves the deposit of a registration.
    function _approveDeposit(address account) internal {
        uint256 deposit = registry.pokeParameters().deposit;
        _fund(account, deposit);
        vm.prank(account);
        masa.approve(address(registry), deposit);
    }

    /// @dev A grant with the key's proof.
    function _grant(
        address account,
        address key,
        uint16 rights
    ) internal view returns (INodeRegistry.OperatorGrant memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[key], registry.operatorDigest(account, key, rights));
        return INodeRegistry.OperatorGrant(key, rights, abi.encodePacked(r, s, v));
    }

    function _setOperator(address account, address key, uint16 rights) internal {
        INodeRegistry.OperatorGrant memory grant = _grant(account, key, rights);
        vm.prank(account);
        registry.setOperator(grant);
    }

    /// @dev Registers a validator whose hot key has the private key `key`.
    function _registerValidator(uint256 key, uint256 amount) internal returns (address owner) {
        owner = _ownerOf(key);
        address hotKey = vm.addr(key);
        keyOf[hotKey] = key;
        _register(owner, NodeRole.Validator, hotKey, amount);
    }

    function _registerWorker(uint256 number, uint256 amount) internal returns (address worker) {
        worker = _account(number);
        _register(worker, NodeRole.Worker, address(0), amount);
    }

    /// @param credit Prepaid credit in the escrow, wei.
    function _registerOracle(uint256 number, uint256 amount, uint256 credit) internal returns (address asker) {
        asker = _account(number);
        _register(asker, NodeRole.Oracle, address(0), amount);
        if (credit != 0) _deposit(asker, credit);
    }

    function _deposit(address account, uint256 amount) internal {
        _fund(account, amount);
        vm.startPrank(account);
        masa.approve(address(escrow), amount);
        escrow.deposit(amount);
        vm.stopPrank();
    }

    /// @dev Funds the account with TAO and stakes it.
    function _stakeTao(address account, uint256 amount) internal {
        tao.transfer(account, amount);
        vm.startPrank(account);
        tao.approve(address(vault), amount);
        vault.stake(address(tao), amount);
        vm.stopPrank();
    }

    function _withdraw(address account, uint256 id) internal returns (uint256) {
        vm.prank(account);
        return vault.withdraw(address(masa), id, type(uint256).max, account);
    }

    function _joinWaitlist(address owner) internal {
        vm.prank(owner);
        validatorSet.joinWaitlist();
    }

    /// @dev Registers validators with the keys 1..count and `amount` of stake each, and seats them by a roll.
    function _seatValidators(uint256 count, uint256 amount) internal returns (address[] memory owners) {
        owners = new address[](count);
        for (uint256 i; i < count; ++i) {
            owners[i] = _registerValidator(i + 1, amount);
            _joinWaitlist(owners[i]);
        }
        _rollNext();
    }

    // ---------------------------------------------------------------- time

    /// @dev Warps to the first second of `epoch` without rolling.
    function _warpTo(uint64 epoch) internal {
        vm.warp(clock.epochStart(epoch));
    }

    function _rollTo(uint64 epoch) internal {
        _warpTo(epoch);
        manager.roll();
    }

    function _rollNext() internal returns (uint64 epoch) {
        epoch = clock.currentEpoch() + 1;
        _rollTo(epoch);
    }

    // ---------------------------------------------------------------- market

    /// @dev A request without evidence for two answers, 5 minutes to answer and 20 to score.
    function _submission(uint96 baseReward) internal pure returns (IRequestEscrow.Submission memory) {
        return
            IRequestEscrow.Submission({
                payloadHash: keccak256("question"),
                kind: 0,
                hasEvidence: false,
                maxResponses: 2,
                baseReward: baseReward,
                minQuality: 0.6e18,
                responseWindow: 5 minutes,
                scoringWindow: 20 minutes
            });
    }

    function _submit(address asker, uint96 baseReward) internal returns (uint256) {
        return _submit(asker, _submission(baseReward));
    }

    function _submit(address asker, IRequestEscrow.Submission memory submission) internal returns (uint256 requestId) {
        vm.prank(asker);
        requestId = escrow.submit(submission);
    }

    function _commit(address worker, uint256 requestId) internal returns (uint256 index) {
        bytes32 commitment = escrow.commitmentOf(
            requestId,
            worker,
            registry.nonceOf(worker),
            bytes32("salt"),
            keccak256("answer")
        );
        vm.prank(worker);
        index = escrow.commit(requestId, commitment);
    }

    /// @dev All four sub-scores the same, so that Q is `quality`, on the scale 1e9 = 1.
    function _score(uint32 quality) internal pure returns (Results.Score memory) {
        return Results.Score(quality, quality, quality, quality, 1_000, true, 0);
    }

    /// @dev One request and one quality for each of its commitments.
    function _result(uint256 requestId, uint32[] memory qualities) internal pure returns (Results.Line memory result) {
        result.requestId = requestId;
        result.responses = new Results.Score[](qualities.length);
        for (uint256 i; i < qualities.length; ++i) {
            result.responses[i] = _score(qualities[i]);
        }
    }

    // ---------------------------------------------------------------- reports

    /// @dev Round of this block in its epoch.
    function _round() internal view returns (uint32) {
        return uint32((block.timestamp - clock.epochStart(clock.currentEpoch())) / ROUND);
    }

    /// @dev A report of this epoch and round with these results.
    function _scoreReport(Results.Line[] memory results) internal view returns (IScoreConsensus.ScoreReport memory) {
        return
            IScoreConsensus.ScoreReport(
                clock.currentEpoch(),
                _round(),
                0,
                address(this),
                bytes32(0),
                Results.encode(results)
            );
    }

    /// @dev Bitmap of the occupied seats of a frozen set.
    function _allSigners(uint64 epoch) internal view returns (uint64 signers) {
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch);
        for (uint256 i; i < hotKeys.length; ++i) {
            if (hotKeys[i] != address(0)) signers |= uint64(1 << i);
        }
    }

    /// @dev Signatures of the seats in `signers` of the epoch's frozen set, in ascending order of seats.
    function _sign(uint64 epoch, uint64 signers, bytes32 digest) internal view returns (bytes memory signatures) {
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch);
        for (uint256 i; i < hotKeys.length; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[hotKeys[i]], digest);
            signatures = abi.encodePacked(signatures, v, r, s);
        }
    }

    function _postScore(IScoreConsensus.ScoreReport memory report, uint64 signers) internal {
        bytes memory signatures = _sign(report.epoch, signers, consensus.scoreReportDigest(report));
        consensus.postScoreReport(report, signers, signatures);
    }

    /// @dev Takes the first attempt whose proposer is among `signers`, and waits for it to begin.
    function _takeTurn(IScoreConsensus.ScoreReport memory report, uint64 signers) internal {
        while ((signers >> validatorSet.proposerOf(report.epoch, report.round, report.attempt)) & 1 == 0) {
            ++report.attempt;
        }
        uint256 begins = clock.epochStart(report.epoch) + report.round * ROUND + report.attempt * ATTEMPT;
        if (block.timestamp < begins) vm.warp(begins);
    }

    /// @dev Settles one request in this round with everybody's signature; qualities on the scale 1e9 = 1.
    function _settle(uint256 requestId, uint32[] memory qualities) internal {
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(requestId, qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        _postScore(report, _allSigners(report.epoch));
    }

    /// @dev C = D = L = `score` for each of `rows` seats, both kinds of work present; scale 1e9 = 1.
    function _scores(
        uint64 epoch,
        uint256 rows,
        uint32 score
    ) internal pure returns (IValidatorSet.SeatScores memory scores) {
        scores.epoch = epoch;
        scores.hasData = true;
        scores.hasLlm = true;
        scores.consensus = new uint32[](rows);
        scores.data = new uint32[](rows);
        scores.llm = new uint32[](rows);
        for (uint256 i; i < rows; ++i) {
            scores.consensus[i] = scores.data[i] = scores.llm[i] = score;
        }
    }

    function _setScore(IValidatorSet.SeatScores memory scores, uint256 seat, uint32 score) internal pure {
        scores.consensus[seat] = scores.data[seat] = scores.llm[seat] = score;
    }

    /// @dev A report that rewards nobody and finds nobody idle.
    function _epochReport(
        IValidatorSet.SeatScores memory scores
    ) internal view returns (IScoreConsensus.EpochReport memory report) {
        report.epoch = scores.epoch;
        report.poster = address(this);
        report.scores = scores;
        (report.validatorTotal, report.workerTotal) = distributor.lastTotals();
    }

    /// @dev Posts the report of `scores.epoch` with everybody's signature; this block lies in the next epoch, or
    /// becomes the one in which the first attempt begins.
    function _postEpoch(IValidatorSet.SeatScores memory scores) internal {
        IScoreConsensus.EpochReport memory report = _epochReport(scores);
        uint256 begins = clock.epochStart(scores.epoch + 1) + ATTEMPT;
        if (block.timestamp < begins) vm.warp(begins);
        uint64 signers = _allSigners(scores.epoch);
        bytes memory signatures = _sign(scores.epoch, signers, consensus.epochReportDigest(report));
        consensus.postEpochReport(report, signers, signatures);
    }
}
