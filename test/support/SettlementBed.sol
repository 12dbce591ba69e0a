// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "./Results.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {MasaFixture} from "./MasaFixture.sol";

/// @title The market in front of a test that speaks for the consensus
/// @notice One oracle node with credit and four workers. What a report may say is the consensus' matter, what its lines
/// do is the escrow's.
abstract contract SettlementBed is MasaFixture {
    uint96 internal constant REWARD = 100e18;
    /// @dev EQ-08 of the first 100 MASA of an epoch, 1 % and 0.04·100²/(2·100,000), and of the second.
    uint256 internal constant FEE = 1.002e18;
    uint256 internal constant SECOND_FEE = 1.006e18;
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

    function _settleAsConsensus(uint256 id, Results.Score[] memory scores) internal {
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = Results.Line(id, scores);
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
    }

    function _one(Results.Score memory score) internal pure returns (Results.Score[] memory scores) {
        scores = new Results.Score[](1);
        scores[0] = score;
    }

    function _many(uint32[4] memory qualities) internal pure returns (Results.Score[] memory scores) {
        scores = new Results.Score[](4);
        for (uint256 i; i < 4; ++i) {
            scores[i] = _score(qualities[i]);
        }
    }

    /// @dev Stake net of booked slashes, and what commitments reserve of it.
    function _position(address worker) internal view returns (uint256 staked, uint256 reserved) {
        return (vault.positionOf(worker, address(masa)).staked, vault.exposureOf(worker).reserved);
    }

    /// @dev What the open commitments of a worker may cost, and what is reserved in the vault for them and for more.
    function _behind(address worker) internal view returns (uint256 openSlash, uint256 backing) {
        (, uint256 word, ) = escrow.wordsOf(worker);
        return (uint256(uint56(word >> 136)) * UNIT, (word >> 192) * UNIT);
    }

    function _openSlash(address worker) internal view returns (uint256 openSlash) {
        (openSlash, ) = _behind(worker);
    }

    /// @dev Of a worker whose stake nobody else reserves.
    function _assertBacking(address worker) internal view {
        (uint256 openSlash, uint256 backing) = _behind(worker);
        assertLe(openSlash, backing, "I-19 what is open is backed");
        assertEq(vault.exposureOf(worker).reserved, backing, "I-19 the vault reserves what backs");
    }

    function _state(uint256 id) internal view returns (IRequestEscrow.RequestState) {
        return escrow.requestOf(id).state;
    }

    function _assertState(uint256 id, IRequestEscrow.RequestState state, string memory message) internal view {
        assertEq(uint256(_state(id)), uint256(state), message);
    }

    function _assertBooks() internal view {
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        // The test contract is the poster of its reports.
        uint256 credit = escrow.creditOf(asker) + escrow.creditOf(address(this));
        for (uint256 i; i < workers.length; ++i) {
            credit += escrow.creditOf(workers[i]);
        }
        assertEq(
            masa.balanceOf(address(escrow)),
            credit + reserved + heldFees + fees,
            "I-03 the escrow holds what it owes"
        );
    }
}
