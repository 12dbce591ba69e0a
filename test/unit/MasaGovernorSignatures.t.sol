// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {WalletMock} from "../../contracts/mocks/WalletMock.sol";
import {GovernanceBed} from "../support/GovernanceBed.sol";
import {Results} from "../support/Results.sol";

/// @dev A wallet that answers a question about a signature with malice.
contract HostileWallet {
    enum Answer {
        Revert,
        Nothing,
        LongFalse,
        LongTrue,
        BurnGas
    }

    Answer private immutable _answer;

    constructor(Answer answer) {
        _answer = answer;
    }

    function isValidSignature(bytes32, bytes calldata) external view {
        Answer answer = _answer;
        if (answer == Answer.BurnGas) while (gasleft() > 0) {}
        assembly ("memory-safe") {
            switch answer
            case 0 {
                revert(0, 100000)
            }
            case 1 {
                return(0, 0)
            }
            default {
                // The magic value, or it with a bit too many, and much behind it.
                mstore(0, or(shl(224, 0x1626ba7e), eq(answer, 2)))
                return(0, 100000)
            }
        }
    }
}

/// @title MasaGovernor: votes by signature
/// @notice Eve votes with a key; a wallet, which is a contract, with the same key. Both have 100,000 MASA; Eve has an
/// edge of 40,000 to Val. Digests are made here, from the types as a wallet shows them.
contract MasaGovernorSignaturesTest is GovernanceBed {
    uint256 private constant KEY = 0xe7e;
    uint256 private constant WRONG = 0xbad;
    address private eve = vm.addr(KEY);
    address private val;
    WalletMock private wallet;
    uint256 private id;
    uint256 private other;

    function setUp() public override {
        super.setUp();
        val = _registerValidator(1, 200_000e18);
        wallet = new WalletMock(eve);
        _stake(eve, 100_000e18);
        _stake(address(wallet), 100_000e18);
        _edge(eve, val, 40_000e18);
        id = _propose(val, _routine("First"));
        other = _propose(val, _routine("Second"));
        _open(id);
    }

    // ---------------------------------------------------------------- digests

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return _digestOf("MasaGovernor", address(governor), structHash);
    }

    function _digestOf(string memory name, address verifier, bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _ballot(uint256 proposalId, uint8 support, address voter, uint256 nonce) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"),
                    proposalId,
                    support,
                    voter,
                    nonce
                )
            );
    }

    function _extended(address voter, uint256 nonce, string memory reason) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
                    ),
                    id,
                    FOR,
                    voter,
                    nonce,
                    keccak256(bytes(reason)),
                    keccak256("")
                )
            );
    }

    function _overrideBallot(
        uint256 proposalId,
        bool residual,
        address[] memory delegatees,
        address voter,
        uint256 nonce
    ) private pure returns (bytes32) {
        bytes memory words;
        for (uint256 i; i < delegatees.length; ++i) words = bytes.concat(words, abi.encode(delegatees[i]));
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "OverrideBallot(uint256 proposalId,uint8 support,bool residual,address[] delegatees,address voter,uint256 nonce,string reason)"
                    ),
                    proposalId,
                    AGAINST,
                    residual,
                    keccak256(words),
                    voter,
                    nonce,
                    keccak256("why")
                )
            );
    }

    function _signed(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev Nonces of a proposal: its id's low 192 bits are their key.
    function _first(uint256 proposalId) private pure returns (uint256) {
        return uint256(uint192(proposalId)) << 64;
    }

    function _invalid(address voter) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGovernor.GovernorInvalidSignature.selector, voter);
    }

    // ---------------------------------------------------------------- ballots

    function test_BallotsForSeveralOpenProposalsInAnyOrder() public {
        bytes memory one = _signed(KEY, _digest(_ballot(id, FOR, eve, _first(id))));
        bytes memory two = _signed(KEY, _digest(_ballot(other, AGAINST, eve, _first(other))));
        assertEq(governor.castVoteBySig(other, AGAINST, eve, two), 60_000e18, "the second first");
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(eve, id, FOR, 60_000e18, "");
        vm.prank(carol);
        assertEq(governor.castVoteBySig(id, FOR, eve, one), 60_000e18, "posted by anybody");
        assertEq(governor.nonces(eve, uint192(id)), _first(id) + 1, "used");
        _assertTally(id, 0, 60_000e18, 0, "first");
        _assertTally(other, 60_000e18, 0, 0, "second");
    }

    function test_BallotWithThePlainNonceOfTheStandard() public {
        bytes memory signature = _signed(KEY, _digest(_ballot(id, FOR, eve, 0)));
        governor.castVoteBySig(id, FOR, eve, signature);
        assertEq(governor.nonces(eve), 1, "used");
    }

    function test_BallotWithReason() public {
        bytes memory signature = _signed(KEY, _digest(_extended(eve, _first(id), "because")));
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(eve, id, FOR, 60_000e18, "because");
        governor.castVoteWithReasonAndParamsBySig(id, FOR, eve, "because", "", signature);
        assertTrue(governor.receiptOf(id, eve).withReason, "with reason");
    }

    function test_BallotOfAContractWallet() public {
        bytes memory signature = _signed(KEY, _digest(_ballot(id, ABSTAIN, address(wallet), _first(id))));
        assertEq(governor.castVoteBySig(id, ABSTAIN, address(wallet), signature), 100_000e18, "ERC-1271");
        // What the wallet's key signed for the wallet is no vote of the key's own account.
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, ABSTAIN, eve, signature);
    }

    function test_RevertGiven_BallotOfAnother() public {
        bytes32 digest = _digest(_ballot(id, FOR, eve, _first(id)));
        bytes memory wrong = _signed(WRONG, digest);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, wrong);
        bytes memory right = _signed(KEY, digest);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, AGAINST, eve, right);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(other, FOR, eve, right);
        vm.expectRevert(_invalid(address(wallet)));
        governor.castVoteBySig(id, FOR, address(wallet), right);
        vm.expectRevert(_invalid(address(0)));
        governor.castVoteBySig(id, FOR, address(0), right);
        vm.expectRevert(_invalid(eve));
        governor.castVoteWithReasonAndParamsBySig(id, FOR, eve, "", "", right);
    }

    function test_RevertGiven_BallotTwice() public {
        bytes memory signature = _signed(KEY, _digest(_ballot(id, FOR, eve, _first(id))));
        governor.castVoteBySig(id, FOR, eve, signature);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, signature);
    }

    // ---------------------------------------------------------------- overrides

    function test_OverrideBySignatureForResidualAndEdges() public {
        _vote(val, id, FOR);
        _assertTally(id, 0, 240_000e18, 0, "Val");
        address[] memory list = _list(val);
        bytes memory signature = _signed(KEY, _digest(_overrideBallot(id, true, list, eve, _first(id))));
        vm.prank(carol);
        uint256 weight = governor.castOverrideVoteBySig(id, AGAINST, true, list, eve, "why", signature);
        assertEq(weight, 100_000e18, "all of her units");
        _assertTally(id, 100_000e18, 200_000e18, 0, "taken back");
        assertTrue(governor.receiptOf(id, votes.edgeAccount(eve, val)).withReason, "with reason");
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, true, list, eve, "why", signature);
    }

    function test_OverridesFollowEachOtherAndBallots() public {
        address[] memory none = new address[](0);
        bytes memory one = _signed(KEY, _digest(_overrideBallot(id, true, none, eve, _first(id))));
        governor.castOverrideVoteBySig(id, AGAINST, true, none, eve, "why", one);
        bytes memory two = _signed(KEY, _digest(_overrideBallot(id, false, _list(val), eve, _first(id) + 1)));
        governor.castOverrideVoteBySig(id, AGAINST, false, _list(val), eve, "why", two);
        bytes memory three = _signed(KEY, _digest(_ballot(id, FOR, eve, _first(id) + 2)));
        assertEq(governor.castVoteBySig(id, FOR, eve, three), 0, "everything was taken back");
        _assertTally(id, 100_000e18, 0, 0, "once");
    }

    function test_OverrideOfAContractWallet() public {
        address[] memory none = new address[](0);
        bytes32 structHash = _overrideBallot(id, true, none, address(wallet), _first(id));
        bytes memory signature = _signed(KEY, _digest(structHash));
        assertEq(
            governor.castOverrideVoteBySig(id, AGAINST, true, none, address(wallet), "why", signature),
            100_000e18,
            "ERC-1271"
        );
    }

    function test_RevertGiven_OverrideThatWasNotSigned() public {
        address[] memory list = _list(val);
        bytes memory signature = _signed(KEY, _digest(_overrideBallot(id, true, list, eve, _first(id))));
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, FOR, true, list, eve, "why", signature);
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, false, list, eve, "why", signature);
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, true, new address[](0), eve, "why", signature);
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, true, list, eve, "why not", signature);
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(other, AGAINST, true, list, eve, "why", signature);
        vm.expectRevert(_invalid(address(wallet)));
        governor.castOverrideVoteBySig(id, AGAINST, true, list, address(wallet), "why", signature);
        bytes memory wrong = _signed(WRONG, _digest(_overrideBallot(id, true, list, eve, _first(id))));
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, true, list, eve, "why", wrong);
    }

    function test_SIG01_SIG02_BallotOfAnotherChainOrGovernorIsNone() public {
        bytes32 structHash = _ballot(id, FOR, eve, _first(id));
        bytes memory elsewhere = _signed(KEY, _digestOf("MasaGovernor", address(votes), structHash));
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, elsewhere);
        bytes memory here = _signed(KEY, _digest(structHash));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, here);
    }

    /// @notice A validator's key signs scores, and delegators sign delegations: neither is a vote.
    function test_SIG03_OtherSignaturesAreNoVotes() public {
        Results.Line[] memory none = new Results.Line[](0);
        IScoreConsensus.ScoreReport memory report = _scoreReport(none);
        bytes memory score = _signed(1, consensus.scoreReportDigest(report));
        vm.expectRevert(_invalid(vm.addr(1)));
        governor.castVoteBySig(id, FOR, vm.addr(1), score);
        bytes32 delegation = keccak256(
            abi.encode(keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)"), val, 0, block.timestamp)
        );
        // For the votes' own contract, and for the governor's domain: the type differs as well.
        bytes memory forVotes = _signed(KEY, _digestOf("Masa Stake Votes", address(votes), delegation));
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, forVotes);
        bytes memory forGovernor = _signed(KEY, _digest(delegation));
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, forGovernor);
        // An override's signature is no ballot, and a ballot's no override.
        bytes memory taken = _signed(KEY, _digest(_overrideBallot(id, true, new address[](0), eve, _first(id))));
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, AGAINST, eve, taken);
        bytes memory ballot = _signed(KEY, _digest(_ballot(id, AGAINST, eve, _first(id))));
        vm.expectRevert(_invalid(eve));
        governor.castOverrideVoteBySig(id, AGAINST, true, new address[](0), eve, "why", ballot);
        IMasaGovernor.Receipt memory receipt = governor.receiptOf(id, eve);
        assertEq(receipt.cast + receipt.overrode, 0, "no vote");
    }

    /// @notice What a wallet answers decides about its own votes alone, and costs whoever posts them.
    function test_SIG07_HostileWalletsVoteForThemselvesOrNotAtAll() public {
        for (uint8 i; i < 5; ++i) {
            HostileWallet hostile = new HostileWallet(HostileWallet.Answer(i));
            if (i != 3) vm.expectRevert(_invalid(address(hostile)));
            governor.castVoteBySig{gas: 5_000_000}(id, FOR, address(hostile), "");
        }
        _assertTally(id, 0, 0, 0, "no votes of anybody");
    }

    /// @notice An account with code, as EIP-7702 gives it to one with a key, is asked by its code alone: one verdict.
    function test_SIG10_AccountWithCodeVotesOnceAsItsCodeSays() public {
        bytes memory signature = _signed(KEY, _digest(_ballot(id, FOR, eve, _first(id))));
        vm.etch(eve, address(new HostileWallet(HostileWallet.Answer.Nothing)).code);
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, signature);
        vm.etch(eve, address(wallet).code);
        assertEq(governor.castVoteBySig(id, FOR, eve, signature), 60_000e18, "its code knows the key");
        vm.etch(eve, "");
        vm.expectRevert(_invalid(eve));
        governor.castVoteBySig(id, FOR, eve, signature);
        _assertTally(id, 0, 60_000e18, 0, "once");
    }
}
