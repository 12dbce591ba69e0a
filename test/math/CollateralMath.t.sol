// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CollateralMath} from "../../contracts/math/CollateralMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of stake in two tokens (decisions D13, D14)
contract CollateralMathTest is Test {
    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_WEIGHT = 1_000_000e18;

    /// @dev What {CollateralMath-cut} is asked.
    struct Question {
        uint256[4] held;
        uint256 reserved;
        uint256 amount;
        uint256 scale;
        uint256 weight;
    }

    /// @dev Amounts up to the width of a slot, decimals from 0 to 18, any weight that governance could set. Reservations
    /// of stake that has left meanwhile may exceed what is held.
    function _bounded(Question memory q, uint256 decimals) private pure {
        for (uint256 i; i < 4; ++i) {
            q.held[i] = bound(q.held[i], 0, type(uint104).max / 2);
        }
        q.reserved = bound(q.reserved, 0, q.held[0] + q.held[1] + 1e30);
        q.scale = 10 ** bound(decimals, 0, 18);
        q.weight = bound(q.weight, 1, MAX_WEIGHT);
        q.amount = bound(q.amount, 0, _units(q) + 1e30);
    }

    function _units(Question memory q) private pure returns (uint256) {
        return q.held[0] + q.held[1] + CollateralMath.unitsDown(q.held[2] + q.held[3], q.scale, q.weight);
    }

    /// @dev MASA that the reservation spares, active or queued.
    function _spared(Question memory q) private pure returns (uint256) {
        uint256 masaHeld = q.held[0] + q.held[1];
        return q.reserved < masaHeld ? q.reserved : masaHeld;
    }

    function _cut(Question memory q) private pure returns (CollateralMath.Cut memory) {
        return CollateralMath.cut(q.held, q.reserved, q.amount, q.scale, q.weight);
    }

    /// @dev What is left of the account, as a new question.
    function _left(Question memory q, CollateralMath.Cut memory c) private pure returns (Question memory left) {
        left.held = [
            q.held[0] - c.masaStaked,
            q.held[1] - c.masaQueued,
            q.held[2] - c.taoStaked,
            q.held[3] - c.taoQueued
        ];
        (left.reserved, left.scale, left.weight) = (q.reserved, q.scale, q.weight);
    }

    /// @dev Stake units of one unit of TAO, rounded up.
    function _grain(Question memory q) private pure returns (uint256) {
        return (q.scale * q.weight + WAD - 1) / WAD;
    }

    // ---------------------------------------------------------------- units

    function test_UnitsByHand() public pure {
        assertEq(CollateralMath.unitsDown(25e9, 1e9, 4e18), 100e18, "D13 nine decimals");
        assertEq(CollateralMath.unitsDown(25e18, 1, 4e18), 100e18, "D13 eighteen decimals");
        assertEq(CollateralMath.unitsDown(1, 1e18, 0.5e18), 0.5e18, "D13 none");
        assertEq(CollateralMath.unitsDown(999, 1, 1e15), 0, "D13 rounds down");
        assertEq(CollateralMath.unitsDown(1_000, 1, 1e15), 1, "D13 to whole units");
        assertEq(CollateralMath.unitsDown(0, 1e9, 4e18), 0, "D13 nothing");
        assertEq(CollateralMath.unitsDown(5, 1e9, 0), 0, "D13 no weight");
        // The largest of everything fits.
        assertEq(
            CollateralMath.unitsDown(type(uint104).max, 1e18, MAX_WEIGHT),
            uint256(type(uint104).max) * 1e24,
            "D13 no overflow"
        );
    }

    /// TOK-04: the same value, whatever the decimals.
    function testFuzz_TOK04_DecimalsDoNotMoveTheValue(uint64 whole, uint256 weight, uint256 decimals) public pure {
        weight = bound(weight, 0, MAX_WEIGHT);
        decimals = bound(decimals, 0, 18);
        assertEq(
            CollateralMath.unitsDown(uint256(whole) * 10 ** decimals, 10 ** (18 - decimals), weight),
            uint256(whole) * weight,
            "TOK-04"
        );
    }

    function testFuzz_CoverIsCapped(uint256 units, uint256 required, uint256 maxShare) public pure {
        units = bound(units, 0, 1e58);
        required = bound(required, 0, 1e58);
        maxShare = bound(maxShare, 0, WAD);
        uint256 covered = CollateralMath.cappedUnitsDown(units, required, maxShare);
        assertLe(covered, units, "D13 never more than there is");
        assertLe(covered * WAD, required * maxShare, "D13 never more than the share");
        assertTrue(covered == units || (covered + 1) * WAD > required * maxShare, "D13 nor a unit less");
    }

    // ---------------------------------------------------------------- cuts by hand

    function _assertCut(
        CollateralMath.Cut memory c,
        uint256[4] memory expected,
        uint256 shortfall,
        string memory message
    ) private pure {
        assertEq(c.masaStaked, expected[0], message);
        assertEq(c.masaQueued, expected[1], message);
        assertEq(c.taoStaked, expected[2], message);
        assertEq(c.taoQueued, expected[3], message);
        assertEq(c.shortfall, shortfall, message);
    }

    function test_CutsByHand() public pure {
        uint256[4] memory held = [uint256(60e18), 40e18, 15e9, 10e9];
        _assertCut(
            CollateralMath.cut(held, 0, 20e18, 1e9, 4e18),
            [uint256(6e18), 4e18, 1.5e9, 1e9],
            0,
            "D14 a tenth of each"
        );
        _assertCut(
            CollateralMath.cut(held, 0, 200e18, 1e9, 4e18),
            [uint256(60e18), 40e18, 15e9, 10e9],
            0,
            "D14 all of it"
        );
        _assertCut(
            CollateralMath.cut(held, 0, 201e18, 1e9, 4e18),
            [uint256(60e18), 40e18, 15e9, 10e9],
            1e18,
            "SLA-03 and what was not there"
        );
        _assertCut(
            CollateralMath.cut(held, 60e18, 201e18, 1e9, 4e18),
            [uint256(24e18), 16e18, 15e9, 10e9],
            61e18,
            "I-19 the reservation stays, wherever it lies"
        );
        _assertCut(
            CollateralMath.cut(held, 90e18, 201e18, 1e9, 4e18),
            [uint256(6e18), 4e18, 15e9, 10e9],
            91e18,
            "I-19 in the queue too"
        );
        _assertCut(
            CollateralMath.cut(held, 1_000e18, 201e18, 1e9, 4e18),
            [uint256(0), 0, 15e9, 10e9],
            101e18,
            "I-19 no more of it than there is"
        );
        _assertCut(
            CollateralMath.cut(held, 55e18, 100e18, 1e9, 4e18),
            // 50 of MASA would leave 50 of 100: 45 can go, three fifths of them staked, and TAO bears the last 5.
            [uint256(27e18), 18e18, 8.25e9, 5.5e9],
            0,
            "I-19 TAO makes up for it"
        );
        _assertCut(CollateralMath.cut(held, 0, 0, 1e9, 4e18), [uint256(0), 0, 0, 0], 0, "nothing asked, nothing taken");
    }

    function test_CutsOfOneTokenAlone() public pure {
        _assertCut(
            CollateralMath.cut([uint256(70), 30, 0, 0], 0, 10, 1e9, 4e18),
            [uint256(7), 3, 0, 0],
            0,
            "MASA alone"
        );
        _assertCut(
            CollateralMath.cut([uint256(70), 30, 0, 0], 0, 1, 1e9, 4e18),
            [uint256(1), 0, 0, 0],
            0,
            "the queue rounds down"
        );
        _assertCut(CollateralMath.cut([uint256(0), 0, 3, 1], 0, 4e9, 1e9, 4e18), [uint256(0), 0, 1, 0], 0, "TAO alone");
        _assertCut(
            CollateralMath.cut([uint256(0), 0, 3, 1], 0, 4e9 + 1, 1e9, 4e18),
            [uint256(0), 0, 2, 0],
            0,
            "SLA-01 against the offender"
        );
        _assertCut(
            CollateralMath.cut([uint256(0), 0, 0, 0], 0, 5, 1e9, 4e18),
            [uint256(0), 0, 0, 0],
            5,
            "SLA-03 of nobody"
        );
    }

    /// Less TAO than a stake unit is dust: it goes with the last unit, and cannot be slashed alone.
    function test_DustGoesWithTheRest() public pure {
        _assertCut(
            CollateralMath.cut([uint256(10), 0, 999, 0], 0, 10, 1, 1e15),
            [uint256(10), 0, 999, 0],
            0,
            "the last unit takes the dust"
        );
        _assertCut(
            CollateralMath.cut([uint256(0), 0, 999, 0], 0, 1, 1, 1e15),
            [uint256(0), 0, 0, 0],
            1,
            "worth no unit"
        );
    }

    /// No weight, no value: what the vault passes where there is no TAO. Nothing divides by it.
    function test_ZeroWeight() public pure {
        _assertCut(
            CollateralMath.cut([uint256(60), 40, 0, 0], 50, 80, 1e9, 0),
            [uint256(30), 20, 0, 0],
            30,
            "MASA pays"
        );
        _assertCut(
            CollateralMath.cut([uint256(0), 0, 5, 5], 0, 1, 1e9, 0),
            [uint256(0), 0, 0, 0],
            1,
            "worthless TAO covers nothing"
        );
    }

    // ---------------------------------------------------------------- cuts of anything

    function testFuzz_CutTakesWhatIsAskedAndNeverMoreThanThereIs(Question memory q, uint256 decimals) public pure {
        _bounded(q, decimals);
        CollateralMath.Cut memory c = _cut(q);
        assertLe(c.masaStaked, q.held[0], "I-14 staked MASA");
        assertLe(c.masaQueued, q.held[1], "I-14 queued MASA");
        assertLe(c.taoStaked, q.held[2], "I-14 staked TAO");
        assertLe(c.taoQueued, q.held[3], "I-14 queued TAO");
        assertLe(c.masaStaked + c.masaQueued, q.held[0] + q.held[1] - _spared(q), "I-19 reserved MASA stays");
        uint256 units = _units(q);
        uint256 most = units - _spared(q);
        assertEq(c.shortfall, q.amount > most ? q.amount - most : 0, "SLA-03");
        uint256 taken = units - _units(_left(q, c));
        uint256 asked = q.amount - c.shortfall;
        assertGe(taken, asked, "I-14 against the offender");
        // The last unit takes the dust of TAO with it, which was worth less than a unit anyway.
        assertLe(taken, asked + _grain(q), "I-14 by a unit of TAO at most");
    }

    /// Whatever is reserved, active and queued of a token pay alike, the queue rounded down.
    function testFuzz_QueuePaysItsPartRoundedDown(Question memory q, uint256 decimals) public pure {
        _bounded(q, decimals);
        CollateralMath.Cut memory c = _cut(q);
        for (uint256 i; i < 4; i += 2) {
            (uint256 fromStaked, uint256 fromQueued) = i == 0
                ? (c.masaStaked, c.masaQueued)
                : (c.taoStaked, c.taoQueued);
            uint256 held = q.held[i] + q.held[i + 1];
            if (held == 0) continue;
            assertEq(fromQueued, _mulDiv(fromStaked + fromQueued, q.held[i + 1], held), "D14 the queue's part");
        }
    }

    /// Pro rata within a unit where no reservation stands in the way: MASA against TAO, and active against queued.
    function testFuzz_CutIsProRata(Question memory q, uint256 decimals) public pure {
        _bounded(q, decimals);
        q.reserved = 0;
        uint256 units = _units(q);
        q.amount = bound(q.amount, 0, units);
        CollateralMath.Cut memory c = _cut(q);
        if (units == 0) return;
        uint256 taoHeld = q.held[2] + q.held[3];
        uint256 fromTao = c.taoStaked + c.taoQueued;
        uint256 share = _mulDiv(q.amount, taoHeld, units);
        assertGe(fromTao, share, "D13 TAO's share");
        assertLe(fromTao, share + 1, "D13 to a unit");
        if (taoHeld != 0) assertNear(c.taoQueued, _mulDiv(fromTao, q.held[3], taoHeld), 1, "D14 queued TAO");
        uint256 masaHeld = q.held[0] + q.held[1];
        uint256 fromMasa = c.masaStaked + c.masaQueued;
        if (masaHeld != 0) assertNear(c.masaQueued, _mulDiv(fromMasa, q.held[1], masaHeld), 1, "D14 queued MASA");
    }

    /// Taking all leaves nothing, dust included; and taking nothing leaves everything.
    function testFuzz_AllMeansAll(Question memory q, uint256 decimals) public pure {
        _bounded(q, decimals);
        q.reserved = 0;
        q.amount = _units(q);
        CollateralMath.Cut memory c = _cut(q);
        Question memory left = _left(q, c);
        if (q.amount != 0) {
            assertEq(left.held[0] + left.held[1] + left.held[2] + left.held[3], 0, "I-14 no dust");
        }
        q.amount = 0;
        c = _cut(q);
        assertEq(c.masaStaked + c.masaQueued + c.taoStaked + c.taoQueued + c.shortfall, 0, "nothing");
    }

    /// Slash after slash takes together what was asked together, and the reservation stands throughout.
    function testFuzz_CutsAddUp(Question memory q, uint256 decimals, uint256[5] memory amounts) public pure {
        _bounded(q, decimals);
        uint256 units = _units(q);
        uint256 spared = _spared(q);
        uint256 asked;
        for (uint256 i; i < 5; ++i) {
            q.amount = bound(amounts[i], 0, units / 3);
            CollateralMath.Cut memory c = _cut(q);
            asked += q.amount - c.shortfall;
            q = _left(q, c);
            assertGe(q.held[0] + q.held[1], spared, "I-19");
            assertGe(units - _units(q), asked, "I-14 at least what was asked");
            assertLe(units - _units(q), asked + (i + 1) * _grain(q), "I-14 at most a unit of TAO a slash more");
        }
    }

    /// ⌊x·y/z⌋ without the library's full multiplication: bit by bit, with the remainder carried along.
    function _mulDiv(uint256 x, uint256 y, uint256 z) private pure returns (uint256) {
        unchecked {
            if (x == 0 || (x * y) / x == y) return (x * y) / z;
        }
        uint256 quotient;
        uint256 remainder;
        for (uint256 bit = 256; bit > 0; --bit) {
            (quotient, remainder) = _carry(quotient * 2, remainder * 2, z);
            if ((x >> (bit - 1)) & 1 == 1) (quotient, remainder) = _carry(quotient, remainder + y, z);
        }
        return quotient;
    }

    function _carry(uint256 quotient, uint256 remainder, uint256 z) private pure returns (uint256, uint256) {
        return (quotient + remainder / z, remainder % z);
    }
}
