// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "../support/Results.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @title NodeRegistry: operators, what they may do and how they prove themselves
contract OperatorsTest is StandingBed {
    uint16 private constant SIGN = 1;
    uint16 private constant SERVE = 2;
    uint16 private constant COMMIT = 4;
    uint16 private constant ASK = 8;
    uint16 private constant SEAT = 16;
    /// @dev Order of secp256k1.
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    address private key;
    address private second;

    function setUp() public override {
        super.setUp();
        key = _hotKey(7);
        second = _hotKey(8);
    }

    // ---------------------------------------------------------------- scopes

    function test_RightsHaveTheNumbersThatTheProofNames() public view {
        assertEq(registry.RIGHT_SIGN(), SIGN, "SIGN");
        assertEq(registry.RIGHT_SERVE(), SERVE, "SERVE");
        assertEq(registry.RIGHT_COMMIT(), COMMIT, "COMMIT");
        assertEq(registry.RIGHT_ASK(), ASK, "ASK");
        assertEq(registry.RIGHT_SEAT(), SEAT, "SEAT");
    }

    function test_ANodeActsForItself() public {
        _registerWorker(1, PLENTY);
        for (uint16 right = 1; right <= 16; right *= 2) {
            (address account, , uint32 nonce) = registry.authorised(alice, right);
            assertEq(account, alice, "itself");
            assertEq(nonce, 1, "with its nonce");
        }
    }

    /// Every set of rights opens what is in it, and nothing else.
    function testFuzz_AnOperatorHasItsRightsAlone(uint16 rights) public {
        rights = uint16(bound(rights, 1, 31));
        _registerWorker(1, PLENTY);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, key, rights);
        vm.expectEmit(address(registry));
        emit INodeRegistry.OperatorSet(alice, key, 0, rights);
        vm.prank(alice);
        registry.setOperator(grant);
        for (uint16 right = 1; right <= 16; right *= 2) {
            if (rights & right == 0) {
                _expectNotAuthorised(key, right);
                registry.authorised(key, right);
                continue;
            }
            (address account, , uint32 nonce) = registry.authorised(key, right);
            assertEq(account, alice, "for the account");
            assertEq(nonce, 1, "with the account's nonce");
        }
        assertEq(registry.signingKeyOf(alice), rights & SIGN == 0 ? address(0) : key, "the signing key");
        assertEq(registry.accountOf(key), alice, "accountOf");
    }

    function test_RevertGiven_NobodysKey() public {
        _expectNotAuthorised(key, SERVE);
        registry.authorised(key, SERVE);
        assertEq(registry.accountOf(key), address(0), "accountOf");
    }

    function test_RevertGiven_UnknownRights() public {
        _registerWorker(1, PLENTY);
        uint16[4] memory unknown = [uint16(0), 32, 33, type(uint16).max];
        for (uint256 i; i < 4; ++i) {
            INodeRegistry.OperatorGrant memory grant = _grant(alice, key, unknown[i]);
            vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_UnknownRights.selector, unknown[i]));
            vm.prank(alice);
            registry.setOperator(grant);
        }
    }

    /// Each right at the contract that asks for it.
    function test_OperatorsActForTheirAccounts() public {
        address oracle = _registerOracle(1, PLENTY, 100e18);
        address worker = _registerWorker(2, PLENTY);
        _setOperator(oracle, key, ASK);
        _setOperator(worker, second, COMMIT);
        IRequestEscrow.Submission memory submission = _submission(10e18);
        vm.prank(key);
        uint256 requestId = escrow.submit(submission);
        // 10 and the fee: 1 % and 0.04·10²/(2·100,000).
        assertEq(escrow.creditOf(oracle), 90e18 - 0.10002e18, "asked from the account's credit");
        vm.prank(second);
        escrow.commit(requestId, keccak256("commitment"));
        // 5 for the answer, and as much ahead.
        assertEq(vault.exposureOf(worker).reserved, 10e18, "committed with the account's stake");
        _expectNotAuthorised(second, ASK);
        vm.prank(second);
        escrow.submit(submission);

        address owner = _registerValidator(9, VALIDATOR_BASE);
        address desk = _hotKey(10);
        _setOperator(owner, desk, SEAT);
        vm.prank(desk);
        validatorSet.joinWaitlist();
        assertTrue(validatorSet.isWaiting(owner), "joined for the account");
    }

    function test_ChangingRightsReplacesThem() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, SERVE | ASK);
        _rollTo(4);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, key, COMMIT);
        vm.expectEmit(address(registry));
        emit INodeRegistry.OperatorSet(alice, key, SERVE | ASK, COMMIT);
        vm.prank(alice);
        registry.setOperator(grant);
        INodeRegistry.Operator memory operator = registry.operatorOf(key);
        assertEq(operator.account, alice, "account");
        assertEq(operator.rights, COMMIT, "rights");
        assertEq(operator.nonce, 2, "nonce");
        assertEq(operator.sinceEpoch, 4, "since");
        _expectNotAuthorised(key, SERVE);
        registry.authorised(key, SERVE);
    }

    // ---------------------------------------------------------------- registration

    function test_RegisterWithSeveralOperators() public {
        _stake(alice, PLENTY);
        _approveDeposit(alice);
        INodeRegistry.OperatorGrant[] memory grants = new INodeRegistry.OperatorGrant[](2);
        grants[0] = _grant(alice, key, SIGN | SERVE);
        grants[1] = _grant(alice, second, SEAT);
        vm.expectEmit(address(registry));
        emit INodeRegistry.SigningKeySet(alice, address(0), key);
        vm.prank(alice);
        registry.register(VALIDATOR, "{}", grants);
        assertEq(registry.signingKeyOf(alice), key, "signs");
        (address account, , ) = registry.authorised(second, SEAT);
        assertEq(account, alice, "sits");
    }

    function test_RevertGiven_AValidatorWithoutASigningKey() public {
        _stake(alice, PLENTY);
        _approveDeposit(alice);
        INodeRegistry.OperatorGrant[] memory grants = new INodeRegistry.OperatorGrant[](1);
        grants[0] = _grant(alice, key, SERVE | COMMIT | ASK | SEAT);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_SigningKeyMissing.selector, VALIDATOR));
        vm.prank(alice);
        registry.register(VALIDATOR, "{}", grants);
        grants[0] = _grant(alice, key, SIGN);
        vm.prank(alice);
        registry.register(VALIDATOR, "{}", grants);
    }

    function test_OperatorsAreKeptForTheNextRegistration() public {
        address owner = _registerValidator(9, PLENTY);
        address hotKey = registry.signingKeyOf(owner);
        _deregister(owner);
        (address account, , uint32 nonce) = registry.authorised(hotKey, ASK);
        assertEq(account, owner, "still its operator");
        assertEq(nonce, 1, "of the registration that is over");
        assertEq(registry.signingKeyOf(owner), hotKey, "still its signing key");
        _registerAs(owner, VALIDATOR);
        (account, , nonce) = registry.authorised(hotKey, ASK);
        assertEq(nonce, 2, "of the new one");
        // Whose key was revoked in between must name another.
        _deregister(owner);
        vm.prank(owner);
        registry.revokeOperator(hotKey);
        _approveDeposit(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_SigningKeyMissing.selector, VALIDATOR));
        vm.prank(owner);
        registry.register(VALIDATOR, "{}", _noGrants());
    }

    function test_RevertGiven_AnOperatorThatRegistersItself() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, SERVE);
        _stake(key, PLENTY);
        _approveDeposit(key);
        bytes memory taken = abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, key, alice);
        vm.expectRevert(taken);
        vm.prank(key);
        registry.register(WORKER, "{}", _noGrants());
        // It may free itself first.
        vm.prank(key);
        registry.revokeOperator(key);
        vm.prank(key);
        registry.register(WORKER, "{}", _noGrants());
        assertEq(registry.accountOf(key), key, "a node");
    }

    function test_RevertGiven_AKeyThatIsTaken() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _setOperator(alice, key, SERVE);
        _expectRefusedGrant(
            bob,
            _grant(bob, key, SERVE),
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, key, alice)
        );
        _register(second, WORKER, address(0), PLENTY);
        _expectRefusedGrant(
            bob,
            _grant(bob, second, SERVE),
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, second, second)
        );
        _expectRefusedGrant(
            second,
            _grant(second, second, SERVE),
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, second, second)
        );
    }

    // ---------------------------------------------------------------- proofs

    function test_RevertGiven_AProofOfSomethingElse() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        bytes memory bad = abi.encodeWithSelector(INodeRegistry.NodeRegistry_BadProof.selector, key, 0);
        // For another account, for other rights, by another key.
        _expectRefusedGrant(bob, _grant(alice, key, SERVE), bad);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, key, SERVE);
        grant.rights = SERVE | COMMIT;
        _expectRefusedGrant(alice, grant, bad);
        grant = _grant(alice, second, SERVE);
        grant.key = key;
        _expectRefusedGrant(alice, grant, bad);
    }

    function test_SIG04_RevertGiven_AProofInAnotherForm() public {
        _registerWorker(1, PLENTY);
        bytes memory bad = abi.encodeWithSelector(INodeRegistry.NodeRegistry_BadProof.selector, key, 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[key], registry.operatorDigest(alice, key, SERVE));
        bytes[5] memory proofs = [
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(r, CURVE_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255)),
            abi.encodePacked(r, s, v, uint8(0)),
            bytes("")
        ];
        for (uint256 i; i < 5; ++i) {
            _expectRefusedGrant(alice, INodeRegistry.OperatorGrant(key, SERVE, proofs[i]), bad);
        }
        vm.prank(alice);
        registry.setOperator(INodeRegistry.OperatorGrant(key, SERVE, abi.encodePacked(r, s, v)));
    }

    /// SIG-05: a signature that recovers to nobody is no proof of the zero address.
    function test_SIG05_RevertGiven_TheZeroKey() public {
        _registerWorker(1, PLENTY);
        _expectRefusedGrant(
            alice,
            INodeRegistry.OperatorGrant(address(0), SERVE, new bytes(65)),
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_BadProof.selector, address(0), 0)
        );
    }

    function test_SIG09_AProofServesOnce() public {
        _registerWorker(1, PLENTY);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, key, SERVE);
        vm.prank(alice);
        registry.setOperator(grant);
        assertEq(registry.operatorOf(key).nonce, 1, "SIG-09 next nonce");
        bytes memory used = abi.encodeWithSelector(INodeRegistry.NodeRegistry_BadProof.selector, key, 1);
        _expectRefusedGrant(alice, grant, used);
        // Nor after the key has taken its consent back.
        vm.prank(key);
        registry.revokeOperator(key);
        _expectRefusedGrant(alice, grant, used);
        _setOperator(alice, key, SERVE);
        assertEq(registry.operatorOf(key).nonce, 2, "SIG-09 with a new proof");
    }

    function test_SIG01_SIG02_AProofIsForOneChainAndOneRegistry() public {
        _registerWorker(1, PLENTY);
        bytes memory bad = abi.encodeWithSelector(INodeRegistry.NodeRegistry_BadProof.selector, key, 0);
        NodeRegistry other = new NodeRegistry(address(this), masa, standing, vault, _pokeParameters());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[key], other.operatorDigest(alice, key, SERVE));
        _expectRefusedGrant(alice, INodeRegistry.OperatorGrant(key, SERVE, abi.encodePacked(r, s, v)), bad);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, key, SERVE);
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        _expectRefusedGrant(alice, grant, bad);
        vm.chainId(home);
        vm.prank(alice);
        registry.setOperator(grant);
    }

    function test_TheDigestIsThatOfEip712() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Masa Node Registry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        bytes32 grant = keccak256(
            abi.encode(
                keccak256("Operator(address account,address key,uint16 rights,uint32 nonce)"),
                alice,
                key,
                uint256(SIGN | ASK),
                uint256(0)
            )
        );
        assertEq(
            registry.operatorDigest(alice, key, SIGN | ASK),
            keccak256(abi.encodePacked(hex"1901", domain, grant)),
            "digest"
        );
    }

    // ---------------------------------------------------------------- revocation

    function test_RevokeByTheAccountOrByTheKey() public {
        _registerWorker(1, PLENTY);
        for (uint256 i; i < 2; ++i) {
            _setOperator(alice, key, SERVE);
            vm.expectEmit(address(registry));
            emit INodeRegistry.OperatorRevoked(alice, key);
            vm.prank(i == 0 ? alice : key);
            registry.revokeOperator(key);
            _expectNotAuthorised(key, SERVE);
            registry.authorised(key, SERVE);
            assertEq(registry.accountOf(key), address(0), "nobody's");
            assertEq(registry.operatorOf(key).rights, 0, "no rights");
        }
    }

    function test_RevertGiven_RevokedByAStranger() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _setOperator(alice, key, 31);
        _setOperator(alice, second, 31);
        address[3] memory strangers = [bob, second, address(this)];
        for (uint256 i; i < 3; ++i) {
            _expectNotOperator(strangers[i], key);
            vm.prank(strangers[i]);
            registry.revokeOperator(key);
        }
        vm.prank(alice);
        registry.revokeOperator(key);
        _expectNotOperator(alice, key);
        vm.prank(alice);
        registry.revokeOperator(key);
        _expectNotOperator(bob, bob);
        vm.prank(bob);
        registry.revokeOperator(bob);
    }

    function test_RevokingTheSigningKeyLeavesNone() public {
        address owner = _registerValidator(9, PLENTY);
        address hotKey = registry.signingKeyOf(owner);
        vm.expectEmit(address(registry));
        emit INodeRegistry.SigningKeySet(owner, hotKey, address(0));
        vm.prank(hotKey);
        registry.revokeOperator(hotKey);
        assertEq(registry.signingKeyOf(owner), address(0), "none");
        assertTrue(registry.roleOf(owner) == VALIDATOR, "the role stays");
    }

    function test_AnAccountThatIsNoNodeStillRevokes() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, 31);
        _deregister(alice);
        vm.prank(alice);
        registry.revokeOperator(key);
        assertEq(registry.accountOf(key), address(0), "nobody's");
    }

    function test_D20_OneKeySignsTheLatest() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, SIGN | SERVE);
        INodeRegistry.OperatorGrant memory grant = _grant(alice, second, SIGN);
        vm.expectEmit(address(registry));
        emit INodeRegistry.SigningKeySet(alice, key, second);
        vm.prank(alice);
        registry.setOperator(grant);
        assertEq(registry.operatorOf(key).rights, SERVE, "D20 the first keeps what else it may do");
        assertEq(registry.signingKeyOf(alice), second, "D20 the latest signs");
        // The same key again changes nothing.
        _setOperator(alice, second, SIGN | COMMIT);
        assertEq(registry.signingKeyOf(alice), second, "D20 still");
        // Without SIGN it does not sign any more.
        _setOperator(alice, second, COMMIT);
        assertEq(registry.signingKeyOf(alice), address(0), "D20 none");
        assertEq(registry.operatorOf(second).rights, COMMIT, "D20 the rest is left");
    }

    function test_AKeyServesAnotherAccountOnceItIsFree() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _setOperator(alice, key, 30);
        vm.prank(alice);
        registry.revokeOperator(key);
        _setOperator(bob, key, 31);
        (address account, , ) = registry.authorised(key, SERVE);
        assertEq(account, bob, "for its new account");
        _expectNotOperator(alice, key);
        vm.prank(alice);
        registry.revokeOperator(key);
        assertEq(registry.signingKeyOf(alice), address(0), "and not for the old");
    }

    // ---------------------------------------------------------------- who answers for a key

    /// D8: an offender cannot move a key to a puppet's account, with whatever rights.
    function test_D8_RevertGiven_AKeyThatSignedForAnotherAccount() public {
        _registerWorker(1, PLENTY);
        _registerWorker(2, PLENTY);
        _setOperator(alice, key, SIGN);
        vm.prank(alice);
        registry.revokeOperator(key);
        bytes memory taken = abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, key, alice);
        _expectRefusedGrant(bob, _grant(bob, key, SIGN), taken);
        _expectRefusedGrant(bob, _grant(bob, key, SERVE), taken);
        // Not even when the account is a node no more.
        vm.prank(alice);
        registry.deregister();
        _expectRefusedGrant(bob, _grant(bob, key, SIGN), taken);
    }

    function test_D8_AKeyBelongsToItsAccountForGood() public {
        _registerWorker(1, PLENTY);
        _expectSigner(key, address(0), 0);
        _setOperator(alice, key, SERVE);
        _expectSigner(key, address(0), 0);
        _setOperator(alice, key, SIGN | SERVE);
        _expectSigner(key, alice, 0);
        _setOperator(alice, second, SIGN);
        _expectSigner(key, alice, 0);
        _expectSigner(second, alice, 0);
        vm.prank(alice);
        registry.deregister();
        _expectSigner(second, alice, 0);
    }

    /// D20: the second of the revocation is kept, and moved by no later one; a new grant takes it back.
    function test_D20_TheSecondOfARevocationIsKept() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, 31);
        vm.warp(START + 100);
        vm.prank(key);
        registry.revokeOperator(key);
        _expectSigner(key, alice, START + 100);
        vm.warp(START + 200);
        _setOperator(alice, key, SERVE);
        _expectSigner(key, alice, START + 100);
        vm.prank(alice);
        registry.revokeOperator(key);
        _expectSigner(key, alice, START + 100);
        _setOperator(alice, key, SIGN);
        _expectSigner(key, alice, 0);
        vm.warp(START + 300);
        _setOperator(alice, key, SERVE);
        _expectSigner(key, alice, START + 300);
    }

    /// A key that was replaced signs in the sets that are frozen still, until it is revoked.
    function test_D20_AReplacedKeyAnswersUntilItIsRevoked() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, 31);
        _setOperator(alice, second, SIGN);
        vm.warp(START + 100);
        _expectSigner(key, alice, 0);
        vm.prank(alice);
        registry.revokeOperator(key);
        _expectSigner(key, alice, START + 100);
        _expectSigner(second, alice, 0);
    }

    function test_ARevokedKeyThatNeverSignedAnswersForNothing() public {
        _registerWorker(1, PLENTY);
        _setOperator(alice, key, SERVE);
        vm.prank(alice);
        registry.revokeOperator(key);
        _expectSigner(key, address(0), 0);
    }

    /// Before anybody is told of keys, they are granted and revoked all the same.
    function test_KeysBeforeTheRegistryIsWired() public {
        NodeRegistry fresh = new NodeRegistry(address(this), masa, standing, vault, INodeRegistry.PokeParameters(0, 0));
        standing.grantModule("REGISTRY", address(fresh));
        vm.warp(block.timestamp + MODULE_DELAY);
        _stake(alice, PLENTY);
        INodeRegistry.OperatorGrant[] memory grants = new INodeRegistry.OperatorGrant[](2);
        for (uint256 i; i < 2; ++i) {
            address hotKey = i == 0 ? key : second;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[hotKey], fresh.operatorDigest(alice, hotKey, SIGN));
            grants[i] = INodeRegistry.OperatorGrant(hotKey, SIGN, abi.encodePacked(r, s, v));
        }
        vm.startPrank(alice);
        fresh.register(WORKER, "{}", grants);
        fresh.revokeOperator(key);
        assertEq(fresh.signingKeyOf(alice), second, "the other stays");
        fresh.revokeOperator(second);
        vm.stopPrank();
        assertEq(fresh.signingKeyOf(alice), address(0), "none");
    }

    // ---------------------------------------------------------------- frozen sets

    /// @dev Final all the same: its one line names a request that there is not.
    function _reportOfNothing() private view returns (IScoreConsensus.ScoreReport memory) {
        Results.Line[] memory lines = new Results.Line[](1);
        lines[0] = _result(1, new uint32[](1));
        return _scoreReport(lines);
    }

    /// D20: a revoked key counts no more in the two epochs whose reports may still come in.
    function test_D20_RevocationWorksAtOnceInBothOpenEpochs() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        _rollNext();
        _rollNext();
        address hotKey = registry.signingKeyOf(owners[0]);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(3, 0, hotKey);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(2, 0, hotKey);
        vm.prank(owners[0]);
        registry.revokeOperator(hotKey);
        assertEq(validatorSet.maskOf(3), 1, "D20 this epoch");
        assertEq(validatorSet.maskOf(2), 1, "D20 the one before");
        assertEq(validatorSet.maskOf(1), 0, "D20 none that is closed");
        IScoreConsensus.ScoreReport memory report = _reportOfNothing();
        bytes memory signatures = _sign(3, 15, consensus.scoreReportDigest(report));
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, uint64(1)));
        consensus.postScoreReport(report, 15, signatures);
        // The others are enough.
        _takeTurn(report, 14);
        consensus.postScoreReport(report, 14, _sign(3, 14, consensus.scoreReportDigest(report)));
        _rollNext();
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(4);
        assertEq(keys[0], address(0), "D20 nobody signs for it in the next set");
    }

    /// The new key takes its place with the roll; until then the old one signs, and the new one cannot beside it.
    function test_REG09_AReplacedKeyAndItsReplacementNeverBothCount() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        address old = registry.signingKeyOf(owners[0]);
        _setOperator(owners[0], key, SIGN);
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(1);
        assertEq(keys[0], old, "REG-09 the frozen set is as it was");
        assertEq(validatorSet.maskOf(1), 0, "REG-09 a replacement masks nothing");
        IScoreConsensus.ScoreReport memory report = _reportOfNothing();
        bytes32 digest = consensus.scoreReportDigest(report);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[key], digest);
        bytes memory signatures = abi.encodePacked(v, r, s, _sign(1, 14, digest));
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_BadSignature.selector, 0, key));
        consensus.postScoreReport(report, 15, signatures);
        consensus.postScoreReport(report, 15, _sign(1, 15, digest));

        _rollNext();
        (keys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[0], key, "REG-09 from the roll on the new one");
        for (uint256 i = 1; i < 4; ++i) {
            assertNotEq(keys[i], old, "REG-09 and the old one nowhere");
        }
    }

    function test_REG09_AKeyThatWasReplacedCanStillBeRevokedFromTheFrozenSet() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        address old = registry.signingKeyOf(owners[1]);
        _setOperator(owners[1], key, SIGN);
        vm.prank(owners[1]);
        registry.revokeOperator(old);
        assertEq(validatorSet.maskOf(1), 2, "REG-09 masked");
        assertEq(registry.signingKeyOf(owners[1]), key, "REG-09 its replacement stays");
        _rollNext();
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[1], key, "REG-09 and takes its seat");
        assertEq(validatorSet.maskOf(2), 0, "REG-09 unmasked");
    }

    function test_REG09_TakingTheRightToSignIsARevocation() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        address old = registry.signingKeyOf(owners[2]);
        _setOperator(owners[2], old, SERVE);
        assertEq(validatorSet.maskOf(1), 4, "REG-09 masked at once");
        assertEq(registry.signingKeyOf(owners[2]), address(0), "REG-09 none");
        // The same key may sign again from the next set on.
        _setOperator(owners[2], old, SIGN);
        assertEq(validatorSet.maskOf(1), 4, "REG-09 not in this one");
        _rollNext();
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[2], old, "REG-09 in the next");
        assertEq(validatorSet.maskOf(2), 0, "REG-09 unmasked");
    }

    /// A key that signed for one validator never signs for another: it cannot count twice in one epoch.
    function test_REG09_AKeyNeverMovesToAnotherValidator() public {
        address[] memory owners = _seatValidators(4, VALIDATOR_BASE);
        address moved = registry.signingKeyOf(owners[0]);
        vm.prank(owners[0]);
        registry.revokeOperator(moved);
        _expectRefusedGrant(
            owners[3],
            _grant(owners[3], moved, SIGN),
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_KeyTaken.selector, moved, owners[0])
        );
        _rollNext();
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[0], address(0), "REG-09 not here any more");
        assertNotEq(keys[3], moved, "REG-09 nor there");
    }

    // ---------------------------------------------------------------- helpers

    function _expectRefusedGrant(
        address account,
        INodeRegistry.OperatorGrant memory grant,
        bytes memory refusal
    ) private {
        vm.expectRevert(refusal);
        vm.prank(account);
        registry.setOperator(grant);
    }

    function _expectSigner(address key_, address wanted, uint256 wantedRevokedAt) private view {
        (address account, uint256 revokedAt) = registry.signerOf(key_);
        assertEq(account, wanted, "D8 who answers");
        assertEq(revokedAt, wantedRevokedAt, "D20 until when");
    }

    function _expectNotAuthorised(address caller, uint16 right) private {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorised.selector, caller, right));
    }

    function _expectNotOperator(address caller, address key_) private {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotOperator.selector, caller, key_));
    }
}
