// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {VotesBed} from "../support/VotesBed.sol";

/// @dev A wallet that takes the signature of its owner for its own, whatever it signs.
contract OwnedWallet is IERC1271 {
    address private immutable _owner;

    constructor(address owner_) {
        _owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecover(hash, signature);
        return signer == _owner ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @title StakeVotes: delegation by signature
contract StakeVotesSignaturesTest is VotesBed {
    uint256 private constant KEY = 0x51947;
    uint256 private constant STAKE = 100e18;

    address private signer;
    address private wallet;
    uint256 private expiry;

    function setUp() public override {
        super.setUp();
        signer = vm.addr(KEY);
        wallet = address(new OwnedWallet(signer));
        _stake(signer, STAKE);
        _stake(wallet, STAKE);
        _later(1);
        expiry = _now() + 1 hours;
    }

    // ---------------------------------------------------------------- standard

    function test_TheStandardSignatureDelegatesTheSigner() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(dora, 0));
        vm.prank(bob);
        votes.delegateBySig(dora, 0, expiry, v, r, s);
        assertEq(votes.delegates(signer), dora, "delegate");
        assertEq(votes.getVotes(dora), NODE_STAKE + STAKE, "votes");
        assertEq(votes.nonces(signer), 1, "nonce");
    }

    function test_ItHoldsInTheSecondOfItsExpiry() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(dora, 0));
        vm.warp(expiry);
        votes.delegateBySig(dora, 0, expiry, v, r, s);
        assertEq(votes.delegates(signer), dora, "delegate");
    }

    function test_RevertGiven_TheStandardSignatureExpired() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(dora, 0));
        vm.warp(expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_SignatureExpired.selector, expiry, expiry + 1));
        votes.delegateBySig(dora, 0, expiry, v, r, s);
    }

    function test_RevertGiven_TheStandardSignatureAgain() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(dora, 0));
        votes.delegateBySig(dora, 0, expiry, v, r, s);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, signer, 1));
        votes.delegateBySig(dora, 0, expiry, v, r, s);
    }

    function test_TheStandardSignatureOfAnotherStructDelegatesNobodyWithStake() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(dora, 0));
        votes.delegateBySig(egon, 0, expiry, v, r, s);
        assertEq(votes.delegates(signer), signer, "the signer");
        assertEq(votes.getVotes(egon), NODE_STAKE, "votes");
    }

    function test_RevertGiven_AStandardSignatureThatIsNone() public {
        vm.expectRevert(ECDSA.ECDSAInvalidSignature.selector);
        votes.delegateBySig(dora, 0, expiry, 27, bytes32(0), bytes32(uint256(1)));
    }

    // ---------------------------------------------------------------- accounts

    function test_AnAccountSignsForItself() public {
        bytes memory signature = _signed(_accountDelegation(signer, dora, 0));
        vm.prank(bob);
        votes.delegateBySig(signer, dora, expiry, signature);
        assertEq(votes.delegates(signer), dora, "delegate");
        assertEq(votes.nonces(signer), 1, "nonce");
    }

    function test_AWalletSignsForItselfByERC1271() public {
        vm.expectEmit(address(votes));
        emit IVotes.DelegateChanged(wallet, wallet, dora);
        votes.delegateBySig(wallet, dora, expiry, _signed(_accountDelegation(wallet, dora, 0)));
        assertEq(votes.getVotes(dora), NODE_STAKE + STAKE, "votes");
        assertEq(votes.delegates(signer), signer, "its owner's own");
        votes.delegateBySig(wallet, address(0), expiry, _signed(_accountDelegation(wallet, address(0), 1)));
        assertEq(votes.delegates(wallet), wallet, "taken back");
    }

    function test_RevertGiven_ASignatureForAnotherWalletOfOneOwner() public {
        address other = address(new OwnedWallet(signer));
        bytes memory signature = _signed(_accountDelegation(wallet, dora, 0));
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, other));
        votes.delegateBySig(other, dora, expiry, signature);
        // Nor is what the owner signed for itself one of its wallets'.
        signature = _signed(_delegation(dora, 0));
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, wallet));
        votes.delegateBySig(wallet, dora, expiry, signature);
    }

    function test_RevertGiven_AnAccountsSignatureOfSomethingElse() public {
        bytes memory refused = abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, signer);
        bytes memory signature = _signed(_accountDelegation(signer, dora, 0));
        vm.expectRevert(refused);
        votes.delegateBySig(signer, egon, expiry, signature);
        vm.expectRevert(refused);
        votes.delegateBySig(signer, dora, expiry + 1, signature);
        vm.expectRevert(refused);
        votes.delegateBySig(signer, dora, expiry, "");
        signature = _signed(_accountDelegation(signer, dora, 1));
        vm.expectRevert(refused);
        votes.delegateBySig(signer, dora, expiry, signature);
        assertEq(votes.nonces(signer), 0, "no nonce is used up");
    }

    function test_RevertGiven_AnAccountsSignatureAgain() public {
        bytes memory signature = _signed(_accountDelegation(signer, dora, 0));
        votes.delegateBySig(signer, dora, expiry, signature);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, signer));
        votes.delegateBySig(signer, dora, expiry, signature);
    }

    function test_RevertGiven_AnAccountsSignatureExpired() public {
        bytes memory signature = _signed(_accountDelegation(signer, dora, 0));
        vm.warp(expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_SignatureExpired.selector, expiry, expiry + 1));
        votes.delegateBySig(signer, dora, expiry, signature);
    }

    function test_RevertGiven_ASignedDelegateeThatIsNoNode() public {
        bytes memory signature = _signed(_accountDelegation(signer, bob, 0));
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_DelegateeRefused.selector, bob));
        votes.delegateBySig(signer, bob, expiry, signature);
    }

    // ---------------------------------------------------------------- edges

    function test_AnEdgeIsSetBySignature() public {
        bytes memory signature = _signed(_edgeDelegation(signer, dora, 30e18, 0));
        vm.prank(bob);
        votes.delegateUnitsBySig(signer, dora, 30e18, expiry, signature);
        assertEq(_edgeUnits(signer, dora), 30e18, "edge");
        votes.delegateUnitsBySig(wallet, dora, 20e18, expiry, _signed(_edgeDelegation(wallet, dora, 20e18, 0)));
        assertEq(_edgeUnits(wallet, dora), 20e18, "edge of the wallet");
        assertEq(votes.getVotes(dora), NODE_STAKE + 50e18, "votes");
    }

    function test_EveryKindOfSignatureUsesTheSameNonces() public {
        bytes memory early = _signed(_edgeDelegation(signer, dora, 30e18, 0));
        votes.delegateBySig(signer, egon, expiry, _signed(_accountDelegation(signer, egon, 0)));
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, signer));
        votes.delegateUnitsBySig(signer, dora, 30e18, expiry, early);
        votes.delegateUnitsBySig(signer, dora, 30e18, expiry, _signed(_edgeDelegation(signer, dora, 30e18, 1)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _delegation(finn, 2));
        votes.delegateBySig(finn, 2, expiry, v, r, s);
        assertEq(votes.nonces(signer), 3, "nonces");
        assertEq(votes.getVotes(finn), NODE_STAKE + 70e18, "the residual's delegate");
    }

    function test_RevertGiven_AnEdgesSignatureOfSomethingElse() public {
        bytes memory signature = _signed(_edgeDelegation(signer, dora, 30e18, 0));
        bytes memory refused = abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, signer);
        vm.expectRevert(refused);
        votes.delegateUnitsBySig(signer, dora, 31e18, expiry, signature);
        vm.expectRevert(refused);
        votes.delegateUnitsBySig(signer, egon, 30e18, expiry, signature);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InvalidSignature.selector, wallet));
        votes.delegateUnitsBySig(wallet, dora, 30e18, expiry, signature);
        vm.warp(expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_SignatureExpired.selector, expiry, expiry + 1));
        votes.delegateUnitsBySig(signer, dora, 30e18, expiry, signature);
    }

    // ---------------------------------------------------------------- typed data, written out anew

    function _delegation(address delegatee, uint256 nonce) private view returns (bytes32) {
        bytes32 kind = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        return _digest(keccak256(abi.encode(kind, delegatee, nonce, expiry)));
    }

    function _accountDelegation(address delegator, address delegatee, uint256 nonce) private view returns (bytes32) {
        bytes32 kind = keccak256("AccountDelegation(address delegator,address delegatee,uint256 nonce,uint256 expiry)");
        return _digest(keccak256(abi.encode(kind, delegator, delegatee, nonce, expiry)));
    }

    function _edgeDelegation(
        address delegator,
        address delegatee,
        uint256 units,
        uint256 nonce
    ) private view returns (bytes32) {
        bytes32 kind = keccak256(
            "EdgeDelegation(address delegator,address delegatee,uint256 units,uint256 nonce,uint256 expiry)"
        );
        return _digest(keccak256(abi.encode(kind, delegator, delegatee, units, nonce, expiry)));
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(
            abi.encode(kind, keccak256("Masa Stake Votes"), keccak256("1"), block.chainid, address(votes))
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _signed(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        return abi.encodePacked(r, s, v);
    }
}
