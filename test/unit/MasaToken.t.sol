// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {Test} from "../support/Test.sol";

/// @title MasaToken: a fixed supply with permit
contract MasaTokenTest is Test {
    uint256 internal constant KEY = 0xa11ce;
    bytes32 internal constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    function test_SupplyIsFixedAtGenesis() public {
        MasaToken masa = new MasaToken(5e18, address(0xb0b));
        assertEq(masa.totalSupply(), 5e18, "supply");
        assertEq(masa.balanceOf(address(0xb0b)), 5e18, "holder");
        assertEq(masa.decimals(), 18, "decimals");
        assertEq(masa.symbol(), "MASA", "symbol");
        assertEq(masa.name(), "Masa", "name");
        // No function mints, burns or pauses.
        bytes4[4] memory selectors = [
            bytes4(keccak256("mint(address,uint256)")),
            bytes4(keccak256("burn(uint256)")),
            bytes4(keccak256("pause()")),
            bytes4(keccak256("transferOwnership(address)"))
        ];
        for (uint256 i; i < selectors.length; ++i) {
            (bool done, ) = address(masa).call(abi.encodeWithSelector(selectors[i], address(this), 1));
            assertFalse(done, "a function that must not be there");
        }
    }

    function test_SupplyWithinWhatTheLedgersHold() public {
        assertEq(new MasaToken(1, address(this)).totalSupply(), 1, "least");
        assertEq(new MasaToken(type(uint104).max, address(this)).totalSupply(), type(uint104).max, "most");
    }

    function test_RevertGiven_SupplyOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(MasaToken.MasaToken_SupplyOutOfRange.selector, uint256(0)));
        new MasaToken(0, address(this));
        vm.expectRevert(abi.encodeWithSelector(MasaToken.MasaToken_SupplyOutOfRange.selector, uint256(1 << 104)));
        new MasaToken(1 << 104, address(this));
    }

    function test_Permit() public {
        MasaToken masa = new MasaToken(5e18, vm.addr(KEY));
        (uint8 v, bytes32 r, bytes32 s) = _sign(masa, 3e18, 0);
        masa.permit(vm.addr(KEY), address(this), 3e18, block.timestamp, v, r, s);
        assertEq(masa.allowance(vm.addr(KEY), address(this)), 3e18, "allowance");
        masa.transferFrom(vm.addr(KEY), address(0xb0b), 3e18);
        assertEq(masa.balanceOf(address(0xb0b)), 3e18, "moved");
        // SIG-09: the nonce is used.
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        masa.permit(vm.addr(KEY), address(this), 3e18, block.timestamp, v, r, s);
    }

    function test_RevertGiven_PermitExpired() public {
        MasaToken masa = new MasaToken(5e18, vm.addr(KEY));
        (uint8 v, bytes32 r, bytes32 s) = _sign(masa, 3e18, 0);
        uint256 deadline = block.timestamp;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        masa.permit(vm.addr(KEY), address(this), 3e18, deadline, v, r, s);
    }

    function _sign(MasaToken masa, uint256 value, uint256 nonce) private view returns (uint8, bytes32, bytes32) {
        bytes32 message = keccak256(
            abi.encode(PERMIT_TYPEHASH, vm.addr(KEY), address(this), value, nonce, block.timestamp)
        );
        return vm.sign(KEY, keccak256(abi.encodePacked("\x19\x01", masa.DOMAIN_SEPARATOR(), message)));
    }
}
