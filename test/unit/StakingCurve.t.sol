// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD60x18, exp, ud} from "@prb/math/src/UD60x18.sol";

import {IStakingCurve} from "../../contracts/interfaces/IStakingCurve.sol";
import {StakingCurve} from "../../contracts/staking/StakingCurve.sol";
import {Test} from "../support/Test.sol";

/// @title StakingCurve: σ against another library's exp, at its clamp and where the paper's form would break
contract StakingCurveTest is Test {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant LN_4 = 1_386294361119890618;
    uint256 internal constant LN_16 = 2_772588722239781237;

    StakingCurve internal curve;

    function setUp() public {
        curve = new StakingCurve();
    }

    function test_OneAtTheMean() public view {
        for (uint256 i; i <= 10; ++i) {
            assertEq(curve.coefficient((i * WAD) / 10, (i * WAD) / 10, 0.25e18, LN_4), WAD, "sigma(0)");
        }
    }

    function test_RevertGiven_ZeroLambda() public {
        vm.expectRevert(abi.encodeWithSelector(IStakingCurve.StakingCurve_ZeroLambda.selector));
        curve.coefficient(WAD, 0, 0, LN_4);
    }

    function test_STK04_ClampedAtBothEnds() public view {
        uint256 highest = curve.coefficient(WAD, 0, 0.25e18, LN_4);
        uint256 lowest = curve.coefficient(0, WAD, 0.25e18, LN_4);
        assertNear(highest, 4 * WAD, 40, "STK-04 four");
        assertNear(lowest, WAD / 4, 4, "STK-04 a quarter");
        // λ of one wei: the exponent would be 1e18, far beyond where exp reverts or vanishes.
        assertEq(curve.coefficient(WAD, 0, 1, LN_4), highest, "STK-04 huge exponent");
        assertEq(curve.coefficient(0, WAD, 1, LN_4), lowest, "STK-04 hugely negative exponent");
        assertEq(curve.coefficient(WAD, 0, type(uint256).max, LN_4), WAD, "STK-04 endless lambda");
    }

    function testFuzz_AgreesWithPrbMath(uint256 mean, uint256 utility, uint256 lambda) public view {
        mean = bound(mean, 0, WAD);
        utility = bound(utility, 0, mean);
        lambda = bound(lambda, 0.01e18, 10e18);
        uint256 exponent = ((mean - utility) * WAD) / lambda;
        if (exponent > LN_16) exponent = LN_16;
        UD60x18 other = exp(ud(exponent));
        uint256 sigma = curve.coefficient(mean, utility, lambda, LN_16);
        assertNear(sigma, other.unwrap(), 1_000, "EQ-04 within 1e-15");
        // σ(−x) = 1/σ(x)
        assertNear((curve.coefficient(utility, mean, lambda, LN_16) * sigma) / WAD, WAD, 1_000, "EQ-04 reciprocal");
    }

    /// I-12: the better node is never asked for more.
    function testFuzz_I12_NeverRisesWithUtility(
        uint256 mean,
        uint256 low,
        uint256 high,
        uint256 lambda,
        uint256 most
    ) public view {
        mean = bound(mean, 0, WAD);
        low = bound(low, 0, WAD);
        high = bound(high, low, WAD);
        lambda = bound(lambda, 1, 18e18);
        most = bound(most, 1, LN_16);
        uint256 asked = curve.coefficient(mean, low, lambda, most);
        uint256 askedOfBetter = curve.coefficient(mean, high, lambda, most);
        assertLe(askedOfBetter, asked, "I-12");
        assertGe(askedOfBetter, WAD / 16 - 1, "I-11 least");
        assertLe(asked, 16 * WAD, "I-11 most");
    }
}
