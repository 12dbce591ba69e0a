// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {MasaFixture} from "./MasaFixture.sol";

/// @title The market in front of a test that speaks for the consensus
/// @notice One oracle node with credit and four workers. What a report may say is the consensus' matter, what its lines
/// do is the escrow's.
abstract contract SettlementBed is MasaFixture {
    uint96 internal constant REWARD = 100e18;
    uint256 internal constant CREDIT = 10_000_000e18;
    uint256 internal constant WORKER_STAKE = 2_000_000e18;
    IRequestEscrow.ResponseOutcome internal constant UNSCORED = IRequestEscrow.ResponseOutcome.Unscored;
    IRequestEscrow.ResponseOutcome internal constant SLASHED = IRequestEscrow.ResponseOutcome.Slashed;
    IRequestEscrow.ResponseOutcome internal constant UNPAID = IRequestEscrow.ResponseOutcome.Unpaid;
    IRequestEscrow.ResponseOutcome internal constant PAID = IRequestEscrow.ResponseOutcome.Paid;

    address internal asker;
    address[] internal workers;

    function setUp() public virtual override {
        super.setUp();
        asker = _registerOracle(1, 500_000e18, CREDIT);
        for (uint256 i; i < 4; ++i) {
            workers.push(_registerWorker(10 + i, WORKER_STAKE));
        }
    }

    /// @dev A request that is full once `count` workers, the first ones, have answered.
    function _answered(IRequestEscrow.Submission memory s, uint256 count) internal returns (uint256 id) {
        s.maxResponses = uint8(count);
        id = _submit(asker, s);
        for (uint256 i; i < count; ++i) {
            _commit(workers[i], id);
        }
    }

    function _settleAsConsensus(uint256 id, IRequestEscrow.ResponseScore[] memory scores) internal {
        IRequestEscrow.RequestResult[] memory results = new IRequestEscrow.RequestResult[](1);
        results[0] = IRequestEscrow.RequestResult(id, scores);
        vm.prank(address(consensus));
        escrow.settle(results);
    }

    function _one(
        IRequestEscrow.ResponseScore memory score
    ) internal pure returns (IRequestEscrow.ResponseScore[] memory scores) {
        scores = new IRequestEscrow.ResponseScore[](1);
        scores[0] = score;
    }

    function _many(uint32[4] memory qualities) internal pure returns (IRequestEscrow.ResponseScore[] memory scores) {
        scores = new IRequestEscrow.ResponseScore[](4);
        for (uint256 i; i < 4; ++i) {
            scores[i] = _score(qualities[i]);
        }
    }

    /// @dev Stake net of booked slashes, and what commitments reserve of it.
    function _position(address worker) internal view returns (uint256 staked, uint256 reserved) {
        return (vault.positionOf(worker, address(masa)).staked, vault.exposureOf(worker).reserved);
    }

    function _state(uint256 id) internal view returns (IRequestEscrow.RequestState) {
        return escrow.requestOf(id).state;
    }

    function _assertState(uint256 id, IRequestEscrow.RequestState state, string memory message) internal view {
        assertEq(uint256(_state(id)), uint256(state), message);
    }

    function _assertBooks() internal view {
        assertEq(
            masa.balanceOf(address(escrow)),
            escrow.totalCredit() + escrow.totalReserved(),
            "I-03 the escrow holds what it owes"
        );
    }
}
