// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {INodeRegistry, NodeRole} from "../../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {Results} from "../../support/Results.sol";
import {MarketModel} from "./MarketModel.sol";

/// @title What accounts and governance do in the market, at random, beside the model of what should come of it
abstract contract MarketHandler is MarketModel {
    uint256 private constant MOST_OPEN = 12;
    mapping(address account => uint256[]) private _entries;

    // ---------------------------------------------------------------- time

    /// @dev Mostly less than an answer takes, at times past every deadline, now and then past an unbonding.
    function pass(uint256 seed) external action(seed) {
        uint256 kind = _below(24);
        _warp(
            _now +
                (
                    kind == 0
                        ? UNBONDING
                        : kind < 5
                            ? _between(1, 1 hours)
                            : _between(1, 3 minutes)
                )
        );
    }

    function roll(uint256 seed) external action(seed) {
        if (clock.currentEpoch() == manager.rolledEpoch()) {
            _only(_oneIn(3));
            _warp(clock.epochStart(clock.currentEpoch() + 1));
        }
        manager.roll();
    }

    // ---------------------------------------------------------------- money

    function deposit(uint256 seed) external action(seed) {
        address account = _anybody();
        uint256 amount = _size(20_000e18);
        _deposit(account, amount);
        _modelCredit(account, amount);
    }

    /// @dev At times somebody else uses the permit first.
    function depositWithPermit(uint256 seed) external action(seed) {
        address account = accounts[accounts.length - 1];
        uint256 amount = _size(1_000e18);
        uint256 deadline = _now + _below(1 hours);
        _fund(account, amount);
        (uint8 v, bytes32 r, bytes32 s) = _permit(account, amount, deadline);
        if (_oneIn(3)) {
            masa.permit(account, address(escrow), amount, deadline, v, r, s);
            _took("permit used before");
        }
        vm.prank(account);
        escrow.depositWithPermit(amount, deadline, v, r, s);
        _modelCredit(account, amount);
    }

    function withdrawCredit(uint256 seed) external action(seed) {
        address account = _anybody();
        _only(modelCredit[account] != 0);
        uint256 amount = _size(modelCredit[account]);
        uint256 before = masa.balanceOf(account);
        vm.prank(account);
        escrow.withdrawCredit(account, amount);
        assertEq(masa.balanceOf(account) - before, amount, "I-03 credit is paid out in full");
        _modelDebit(account, amount);
    }

    function donate(uint256 seed) external action(seed) {
        uint256 amount = _size(10e18);
        _fund(address(escrow), amount);
        modelDonated += amount;
    }

    function collectFees(uint256 seed) external action(seed) {
        uint256 before = masa.balanceOf(address(feePool));
        assertEq(escrow.collectFees(), modelFees, "I-03 the fees that were kept");
        assertEq(masa.balanceOf(address(feePool)) - before, modelFees, "I-03 arrive in the pool");
        _tookIf(modelFees != 0, "fees collected");
        modelFees = 0;
    }

    function payPoster(uint256 seed) external action(seed) {
        address poster = _poster();
        uint256 bounty = escrow.posterTerms().bounty;
        uint256 most = poster == address(0) ? 0 : modelFees;
        vm.prank(address(consensus));
        uint256 paid = escrow.payPoster(poster, 0);
        assertEq(paid, bounty < most ? bounty : most, "I-03 the bounty, as far as there are fees");
        if (paid != 0) _modelCredit(poster, paid);
        modelFees -= paid;
        _tookIf(paid != 0, "epoch poster paid");
    }

    // ---------------------------------------------------------------- stake

    function stake(uint256 seed) external action(seed) {
        address account = _anyWorker();
        uint256 amount = _size(50_000e18);
        _stake(account, amount);
        modelHeld[account] += amount;
    }

    /// @dev Reserved stake too: it stays slashable in the queue.
    function unbond(uint256 seed) external action(seed) {
        address account = _anyWorker();
        uint256 staked = vault.positionOf(account, address(masa)).staked;
        _only(staked != 0);
        // All of it, at times: what stands behind answers is then in the queue.
        uint256 amount = modelOpen[account] != 0 && _oneIn(4) ? staked : _size(staked);
        uint256 id = _unbond(account, amount);
        _entries[account].push(id);
        _tookIf(staked - amount < modelOpen[account], "unbonded what stands behind");
    }

    function withdrawStake(uint256 seed) external action(seed) {
        address account = _anyWorker();
        uint256[] storage entries = _entries[account];
        _only(entries.length != 0);
        uint256 place = _below(entries.length);
        uint256 id = entries[place];
        (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(account, address(masa), id);
        _only(entry.maturesAt <= _now);
        modelHeld[account] -= _withdraw(account, id);
        entries[place] = entries[entries.length - 1];
        entries.pop();
    }

    function releaseBacking(uint256 seed) external action(seed) {
        address account = _anyWorker();
        uint256 before = vault.exposureOf(account).reserved;
        escrow.releaseBacking(account);
        _tookIf(before != modelOpen[account], "backing released");
        assertEq(vault.exposureOf(account).reserved, modelOpen[account], "I-19 what is open stays reserved");
    }

    /// @dev Of anybody, an asker or not.
    function tellConsumption(uint256 seed) external action(seed) {
        address account = _anybody();
        escrow.tellConsumption(account);
        _tookIf(modelUntold[account] != 0, "told by anyone");
        _modelTell(account);
    }

    /// @dev An asker or a worker leaves and comes back, with its earnings, its stake and what it has consumed.
    function rejoin(uint256 seed) external action(seed) {
        address account = accounts[_below(ASKERS + WORKERS)];
        _only(modelOpen[account] == 0 && vault.stakeUnitsOf(account) >= 250_000e18);
        escrow.releaseBacking(account);
        NodeRole role = registry.roleOf(account);
        _tookIf(modelUntold[account] != 0, "left with something to tell");
        vm.prank(account);
        registry.deregister();
        _approveDeposit(account);
        vm.prank(account);
        registry.register(role, "{}", new INodeRegistry.OperatorGrant[](0));
    }

    // ---------------------------------------------------------------- requests

    function submit(uint256 seed) external action(seed) {
        _only(openCount() < MOST_OPEN && openKinds != 0);
        address asker = accounts[_below(ASKERS)];
        IRequestEscrow.Submission memory s = _submission(uint96(_size(5_000e9) * UNIT));
        ModelTerms memory terms = _terms[currentTerms];
        do s.kind = uint8(_below(24)); while ((openKinds >> s.kind) & 1 == 0);
        s.hasEvidence = _oneIn(2);
        s.maxResponses = uint8(_between(1, 3));
        s.minQuality = uint64(_oneIn(3) ? terms.threshold : _between(terms.threshold, terms.threshold + maxMargin));
        s.responseWindow = uint32(_between(60, 10 minutes));
        s.scoringWindow = uint32(_between(5 minutes, 1 hours));
        uint256 fee = _modelFee(asker, s.baseReward);
        uint256 cost = s.baseReward + fee;
        if (modelCredit[asker] < cost) {
            _only(!_oneIn(4));
            _deposit(asker, cost);
            _modelCredit(asker, cost);
        }
        uint256 id = _submit(asker, s);
        _modelSubmit(id, asker, s, fee);
    }

    function commit(uint256 seed) external action(seed) {
        uint256 id = _answerable();
        _only(id != 0);
        address worker = _anyWorker();
        _only(!_hasAnswered(id, worker));
        uint256 slash = _unitsUp(_slashOf(id));
        vm.prank(worker);
        try escrow.commit(id, bytes32(uint256(1))) {
            _modelCommit(id, worker, slash);
        } catch (bytes memory reason) {
            _checkRefusal(worker, slash, bytes4(reason));
            _took("commit refused");
        }
    }

    function cancel(uint256 seed) external action(seed) {
        uint256 id = _openRequest();
        _only(id != 0 && modelRequestOf(id).workers.length == 0);
        vm.prank(modelRequestOf(id).asker);
        escrow.cancel(id);
        _modelRefund(id, IRequestEscrow.RequestState.Cancelled);
    }

    function close(uint256 seed) external action(seed) {
        uint256 id = _closable();
        _only(id != 0);
        bool answered = modelRequestOf(id).workers.length != 0;
        escrow.close(id);
        _modelRefund(id, answered ? IRequestEscrow.RequestState.Unscored : IRequestEscrow.RequestState.Expired);
        _took(answered ? bytes32("unscored") : bytes32("expired"));
    }

    // ---------------------------------------------------------------- governance

    function changeTerms(uint256 seed) external action(seed) {
        _only(_oneIn(2)); // requests of one set of terms should meet each other too
        ModelTerms memory t;
        // Terms are whole steps of 1e-9.
        t.threshold = _between(0.3e9, 0.7e9) * 1e9;
        t.slashShare = _between(1, 1e9 - 1) * 1e9;
        t.posterShare = _between(0, 1e9) * 1e9;
        t.weights[2] = _below(0.5e9) * 1e9;
        (t.weights[0], t.weights[1], t.weights[3]) = (0.3e18, 0.2e18, 0.5e18 - t.weights[2]);
        IRequestEscrow.MarketTerms memory terms;
        terms.qualityThreshold = ud2x18(uint64(t.threshold));
        terms.slashShare = ud2x18(uint64(t.slashShare));
        terms.posterShare = ud2x18(uint64(t.posterShare));
        terms.weightRelevance = ud2x18(uint64(t.weights[0]));
        terms.weightCoherence = ud2x18(uint64(t.weights[1]));
        terms.weightFactual = ud2x18(uint64(t.weights[2]));
        terms.weightResponseTime = ud2x18(uint64(t.weights[3]));
        escrow.setMarketTerms(terms);
        _terms[++currentTerms] = t;
    }

    function changeRules(uint256 seed) external action(seed) {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        maxMargin = _below(2_000) * 1e14;
        limits.maxMargin = ud2x18(uint64(maxMargin));
        escrow.setRequestLimits(limits);
        openKinds = uint24(_oneIn(8) ? 0 : 1 + _below(2 ** 24 - 1));
        escrow.setRequestKinds(openKinds, uint24(_below(2 ** 24)));
        escrow.setPosterTerms(
            IRequestEscrow.PosterTerms(uint96(_below(2e18)), uint96(_below(5_000e18)), uint64(_below(20 gwei)))
        );
    }

    // ---------------------------------------------------------------- internal

    /// @dev For a reason that is true, or for none that is known.
    function _checkRefusal(address worker, uint256 slash, bytes4 reason) private view {
        if (reason == IRequestEscrow.RequestEscrow_NotEligible.selector) return;
        assertTrue(reason == IStakeVault.StakeVault_InsufficientFreeStake.selector, "I-18 refused for no reason");
        uint256 staked = vault.positionOf(worker, address(masa)).staked;
        assertLt(staked, modelOpen[worker] + slash, "I-19 refused although the stake is there");
    }

    function _poster() internal returns (address) {
        return _oneIn(5) ? address(0) : _anybody();
    }

    function _permit(
        address account,
        uint256 amount,
        uint256 deadline
    ) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                account,
                address(escrow),
                amount,
                masa.nonces(account),
                deadline
            )
        );
        return vm.sign(PERMIT_KEY, keccak256(abi.encodePacked(hex"1901", masa.DOMAIN_SEPARATOR(), structHash)));
    }

    /// @dev Lines in ascending order about open requests and, now and then, about others.
    function _randomResults() internal returns (Results.Line[] memory lines) {
        uint256 count = openCount();
        uint256 most = _between(1, 4);
        uint256[] memory ids = new uint256[](most);
        uint256 found;
        if (count != 0 && !_oneIn(8)) {
            // The open ones are listed in ascending order.
            for (uint256 i; i < count && found < most; ++i) {
                if (_isRipe(openAt(i)) ? !_oneIn(4) : _oneIn(16)) ids[found++] = openAt(i);
            }
        }
        if (found == 0) ids[found++] = _oneIn(4) ? 0xffffffffff : 1 + _below(escrow.requestCount() + 1);
        lines = new Results.Line[](found);
        for (uint256 i; i < found; ++i) {
            uint256 answers = modelRequestOf(ids[i]).workers.length;
            if (answers == 0 || _oneIn(16)) ++answers;
            lines[i] = Results.Line(ids[i], new Results.Score[](answers));
            for (uint256 j; j < answers; ++j) {
                lines[i].responses[j] = _randomScore();
            }
        }
    }

    /// @dev One answer in 12 is unscored, one in 12 a fraud; a third of them have one of five qualities, so that they tie.
    function _randomScore() private returns (Results.Score memory score) {
        if (_oneIn(12)) return score;
        score = _score(uint32(_below(5) * 25e7));
        if (!_oneIn(3)) {
            score.relevance = uint32(_between(0, 1e9));
            score.coherence = uint32(_between(0, 1e9));
            score.factual = uint32(_between(0, 1e9));
            score.responseTime = uint32(_between(0, 1e9));
        }
        score.throughput = uint32(_draw());
        if (_oneIn(12)) score.fraud = uint8(_between(1, 254));
    }
}
