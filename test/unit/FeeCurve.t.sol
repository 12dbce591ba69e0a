// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {IFeeCurve} from "../../contracts/interfaces/IFeeCurve.sol";
import {FeeCurve} from "../../contracts/market/FeeCurve.sol";
import {Test} from "../support/Test.sol";

/// @title FeeCurve: what it refuses to be built with, what it says it was built with, and what it asks for
contract FeeCurveTest is Test {
    uint64 internal constant WAD = 1e18;
    uint104 internal constant MOST_MINIMUM = 1_000e18;

    FeeCurve internal curve;

    function setUp() public {
        curve = _curve(0.02e18, 0.06e18, 1_000e18, 0.01e18);
    }

    function _curve(
        uint64 baseRate,
        uint64 maxRate,
        uint104 referenceConsumption,
        uint104 minimumFee
    ) private returns (FeeCurve) {
        return new FeeCurve(UD2x18.wrap(baseRate), UD2x18.wrap(maxRate), referenceConsumption, minimumFee);
    }

    function test_ParametersAreReadable() public view {
        assertEq(uint256(curve.baseRate().unwrap()), 0.02e18, "baseRate");
        assertEq(uint256(curve.maxRate().unwrap()), 0.06e18, "maxRate");
        assertEq(uint256(curve.referenceConsumption()), 1_000e18, "referenceConsumption");
        assertEq(uint256(curve.minimumFee()), 0.01e18, "minimumFee");
    }

    function test_AsksForMoreTheMoreWasConsumed() public view {
        assertEq(curve.fee(0, 100e18), 2.2e18, "EQ-08: 2.2 % of the first hundred");
        assertEq(curve.fee(900e18, 100e18), 5.8e18, "EQ-08: 5.8 % of the tenth");
        assertEq(curve.fee(5_000e18, 100e18), 6e18, "EQ-08: 6 % beyond the reference");
        assertEq(curve.fee(0, 1), 0.01e18, "EQ-08: the minimum");
        assertEq(curve.fee(900e18, 0), 0.01e18, "EQ-08: the minimum for nothing");
    }

    function test_MayBeFlat() public {
        FeeCurve flat = _curve(0.03e18, 0.03e18, 1, 1);
        assertEq(flat.fee(0, 100e18), 3e18, "EQ-08: linear");
        assertEq(flat.fee(1e30, 100e18), 3e18, "EQ-08: linear");
    }

    function test_MayBeTheMinimumAlone() public {
        FeeCurve free = _curve(0, 0, 1, 7);
        assertEq(free.fee(1e30, 100e18), 7, "EQ-08: the minimum");
    }

    function test_BoundsAreAllowed() public {
        FeeCurve steepest = _curve(0, WAD, type(uint104).max, MOST_MINIMUM);
        assertEq(steepest.fee(type(uint104).max, 5_000e18), 5_000e18, "EQ-08: all of it");
        FeeCurve dearest = _curve(WAD, WAD, 1, 1);
        assertEq(dearest.fee(0, 1), 1, "EQ-08: all of it");
    }

    function test_RevertGiven_RateAboveOne() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeCurve.FeeCurve_RateTooHigh.selector, WAD + 1, WAD));
        _curve(0, WAD + 1, 1_000e18, 1);
    }

    function test_RevertGiven_PriceThatWouldFall() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeCurve.FeeCurve_RatesOutOfOrder.selector, 0.02e18 + 1, 0.02e18));
        _curve(0.02e18 + 1, 0.02e18, 1_000e18, 1);
    }

    function test_RevertGiven_NoReference() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeCurve.FeeCurve_ZeroReference.selector));
        _curve(0.02e18, 0.06e18, 0, 1);
    }

    function test_RevertGiven_MinimumOutOfRange() public {
        bytes4 selector = IFeeCurve.FeeCurve_MinimumOutOfRange.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, 0, 1, MOST_MINIMUM));
        _curve(0.02e18, 0.06e18, 1_000e18, 0);
        vm.expectRevert(abi.encodeWithSelector(selector, MOST_MINIMUM + 1, 1, MOST_MINIMUM));
        _curve(0.02e18, 0.06e18, 1_000e18, MOST_MINIMUM + 1);
    }

    function test_RevertGiven_ConsumptionBeyondAWord() public {
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        curve.fee(type(uint256).max, 1);
    }

    /// A caller can rely on it for any curve that could be built: monotonic, convex, never cheaper in pieces.
    function testFuzz_KeepsWhatTheInterfacePromises(
        uint64[2] memory rates,
        uint104 referenceConsumption,
        uint104 minimumFee,
        uint104 before,
        uint104 first,
        uint104 second
    ) public {
        uint64 maxRate = uint64(bound(rates[0], 0, WAD));
        uint64 baseRate = uint64(bound(rates[1], 0, maxRate));
        referenceConsumption = uint104(bound(referenceConsumption, 1, type(uint104).max));
        curve = _curve(baseRate, maxRate, referenceConsumption, uint104(bound(minimumFee, 1, MOST_MINIMUM)));
        uint256 one = curve.fee(before, first);
        uint256 later = curve.fee(uint256(before) + second, first);
        uint256 whole = curve.fee(before, uint256(first) + second);
        assertGt(one, 0, "EQ-08: some fee is always due");
        assertGe(later, one, "EQ-08 convex");
        assertGe(whole, one, "EQ-08 monotonic");
        assertGe(one + curve.fee(uint256(before) + first, second), whole, "EQ-08: splitting never pays");
    }
}
