// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {IStakeObserver} from "../interfaces/IStakeObserver.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {AwaitedTotals} from "./AwaitedTotals.sol";
import {VoteTrace} from "./VoteTrace.sol";

/// @title StakeVotes
/// @notice Votes from staked MASA, with partial delegation. See {IStakeVotes}.
contract StakeVotes is IStakeVotes, ModuleRights, EIP712, Nonces {
    using VoteTrace for VoteTrace.Trace;
    using AwaitedTotals for AwaitedTotals.Totals;

    bytes32 public constant SNAPSHOT = "SNAPSHOT";
    uint256 public constant MAX_EDGES = 8;
    bytes32 private constant DELEGATION_TYPE = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
    bytes32 private constant ACCOUNT_DELEGATION_TYPE = keccak256(
        "AccountDelegation(address delegator,address delegatee,uint256 nonce,uint256 expiry)"
    );
    bytes32 private constant EDGE_DELEGATION_TYPE = keccak256(
        "EdgeDelegation(address delegator,address delegatee,uint256 units,uint256 nonce,uint256 expiry)"
    );

    IStakeVault public immutable vault;
    INodeRegistry public immutable registry;
    address private immutable _masa;

    AwaitedTotals.Totals private _totals;
    mapping(address account => VoteTrace.Trace) private _traces;

    constructor(
        address owner_,
        IStakeVault vault_,
        INodeRegistry registry_
    ) Ownable(owner_) EIP712("Masa Stake Votes", "1") {
        if (address(vault_) == address(0) || address(registry_) == address(0)) revert StakeVotes_ZeroAddress();
        vault = vault_;
        registry = registry_;
        _masa = vault_.masa();
        _totals.begin();
    }

    /// @notice Names the governor, once.
    function wire(address governor) external {
        _beginWiring();
        _grant(SNAPSHOT, governor, block.timestamp);
    }

    // ---------------------------------------------------------------- vault

    /// @inheritdoc IStakeObserver
    function onStakeChanged(address account, uint256 previous, uint256 current) external {
        if (msg.sender != address(vault)) revert StakeVotes_NotVault(msg.sender);
        if (previous == current) return;
        uint256 total = _totals.head;
        if (AwaitedTotals.isOpen(total)) _totals.enter(total, _staked() + previous - current);

        VoteTrace.Trace storage t = _traces[account];
        uint256 head = t.head;
        if (VoteTrace.edgeCount(head) == 0) {
            // Without edges the residual is all of the stake. What an account staked before this contract followed the vault
            // comes in with its first change.
            _setResidual(account, t, head, VoteTrace.isKnown(head) ? previous : 0, current);
            return;
        }
        uint256 residual = t.residual(head);
        if (current > previous) {
            _setResidual(account, t, head, residual, residual + current - previous);
        } else if (previous - current <= residual) {
            _setResidual(account, t, head, residual, residual - (previous - current));
        } else {
            head = _takeFromEdges(account, t, head, previous - current - residual);
            if (residual == 0) t.head = head;
            else _setResidual(account, t, head, residual, 0);
        }
    }

    // ---------------------------------------------------------------- delegation

    /// @inheritdoc IVotes
    function delegate(address delegatee) external {
        _delegate(msg.sender, delegatee);
    }

    /// @inheritdoc IVotes
    function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s) external {
        _requireUnexpired(expiry);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(DELEGATION_TYPE, delegatee, nonce, expiry)));
        address signer = ECDSA.recover(digest, v, r, s);
        _useCheckedNonce(signer, nonce);
        _delegate(signer, delegatee);
    }

    /// @inheritdoc IStakeVotes
    function delegateBySig(address account, address delegatee, uint256 expiry, bytes calldata signature) external {
        bytes32 typeHash = ACCOUNT_DELEGATION_TYPE;
        _requireSigned(
            account,
            expiry,
            keccak256(abi.encode(typeHash, account, delegatee, _useNonce(account), expiry)),
            signature
        );
        _delegate(account, delegatee);
    }

    /// @inheritdoc IStakeVotes
    function delegateUnits(address delegatee, uint256 units) external {
        _delegateUnits(msg.sender, delegatee, units);
    }

    /// @inheritdoc IStakeVotes
    function delegateUnitsBySig(
        address account,
        address delegatee,
        uint256 units,
        uint256 expiry,
        bytes calldata signature
    ) external {
        bytes32 typeHash = EDGE_DELEGATION_TYPE;
        _requireSigned(
            account,
            expiry,
            keccak256(abi.encode(typeHash, account, delegatee, units, _useNonce(account), expiry)),
            signature
        );
        _delegateUnits(account, delegatee, units);
    }

    // ---------------------------------------------------------------- governor

    /// @inheritdoc IStakeVotes
    function awaitSnapshot(uint256 until) external onlyModule(SNAPSHOT) {
        if (until < block.timestamp) revert StakeVotes_SnapshotPast(until, block.timestamp);
        emit SnapshotAwaited(_totals.await(SafeCast.toUint48(until)));
    }

    // ---------------------------------------------------------------- present

    /// @inheritdoc IVotes
    function getVotes(address account) external view returns (uint256) {
        return VoteTrace.votesIn(_traces[account].head);
    }

    /// @inheritdoc IVotes
    function delegates(address account) external view returns (address) {
        VoteTrace.Trace storage t = _traces[account];
        return t.delegateNow(t.head, account);
    }

    /// @inheritdoc IStakeVotes
    function unitsOf(address account) external view returns (uint256 units) {
        units = residualOf(account);
        Edge[] memory edges = edgesOf(account);
        for (uint256 i; i < edges.length; ++i) {
            units += edges[i].units;
        }
    }

    /// @inheritdoc IStakeVotes
    function residualOf(address account) public view returns (uint256) {
        VoteTrace.Trace storage t = _traces[account];
        uint256 head = t.head;
        return VoteTrace.isEdge(head) ? 0 : t.residual(head);
    }

    /// @inheritdoc IStakeVotes
    function edgesOf(address account) public view returns (Edge[] memory edges) {
        VoteTrace.Trace storage t = _traces[account];
        uint256 head = t.head;
        if (VoteTrace.isEdge(head)) return edges;
        edges = new Edge[](VoteTrace.edgeCount(head));
        for (uint256 i; i < edges.length; ++i) {
            address delegatee = address(uint160(t.edges[i]));
            VoteTrace.Trace storage edge = _traces[edgeAccount(account, delegatee)];
            edges[i] = Edge(delegatee, edge.edgeUnits(edge.head));
        }
    }

    /// @inheritdoc IStakeVotes
    function edgeAccount(address delegator, address delegatee) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(delegator, delegatee)))));
    }

    // ---------------------------------------------------------------- past

    /// @inheritdoc IVotes
    function getPastVotes(address account, uint256 timepoint) external view returns (uint256) {
        _requirePast(timepoint);
        return _traces[account].votesAt(timepoint);
    }

    /// @inheritdoc IStakeVotes
    function getPastBalanceOf(address account, uint256 timepoint) external view returns (uint256) {
        _requirePast(timepoint);
        return _traces[account].unitsAt(timepoint);
    }

    /// @inheritdoc IStakeVotes
    function getPastDelegate(address account, uint256 timepoint) external view returns (address) {
        _requirePast(timepoint);
        return _traces[account].delegateAt(account, timepoint);
    }

    /// @inheritdoc IVotes
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256 total) {
        _requirePast(timepoint);
        bool known;
        (known, total) = _totals.totalAt(timepoint, _staked());
        if (!known) revert StakeVotes_TotalNotRecorded(timepoint);
    }

    /// @inheritdoc IStakeVotes
    function isRecorded(uint256 timepoint) external view returns (bool) {
        return _totals.isKnown(timepoint);
    }

    /// @inheritdoc IERC6372
    function clock() external view returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @inheritdoc IERC6372
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }

    // ---------------------------------------------------------------- residual

    function _delegate(address account, address delegatee) private {
        if (delegatee == address(0)) delegatee = account;
        else if (delegatee != account) _requireNode(delegatee);
        VoteTrace.Trace storage t = _traces[account];
        uint256 head = t.head;
        uint256 last = t.lastDelegation(head);
        address from = last == 0 ? account : address(uint160(last));
        emit DelegateChanged(account, from, delegatee);
        if (from == delegatee) return;
        head = t.setDelegate(head, last, delegatee);
        uint256 residual = t.residual(head);
        if (residual != 0) {
            if (from == account) head = t.moveVotes(head, account, residual, 0);
            else _moveVotes(from, residual, 0);
            if (delegatee == account) head = t.moveVotes(head, account, 0, residual);
            else _moveVotes(delegatee, 0, residual);
        }
        t.head = head;
    }

    /// @dev The residual of `account` goes from `previous` to `current`, another number of units, and so do its delegate's
    /// votes.
    function _setResidual(
        address account,
        VoteTrace.Trace storage t,
        uint256 head,
        uint256 previous,
        uint256 current
    ) private {
        address to = t.delegateNow(head, account);
        if (to == account) {
            t.head = t.setUnits(head, account, current, previous, current);
        } else {
            t.head = t.setUnits(head, account, current, 0, 0);
            _moveVotes(to, previous, current);
        }
    }

    // ---------------------------------------------------------------- edges

    function _delegateUnits(address account, address delegatee, uint256 units) private {
        if (delegatee == account) revert StakeVotes_EdgeToSelf(account);
        VoteTrace.Trace storage t = _traces[account];
        uint256 head = t.head;
        VoteTrace.Trace storage edge = _traces[edgeAccount(account, delegatee)];
        uint256 edgeHead = edge.head;
        uint256 previous = edge.edgeUnits(edgeHead);
        if (units == previous) revert StakeVotes_NothingChanged(account, delegatee, units);
        uint256 residual = t.residual(head);
        if (units > previous) {
            _requireNode(delegatee);
            if (units - previous > residual) {
                revert StakeVotes_InsufficientResidual(account, residual, units - previous);
            }
            if (previous == 0) {
                if (VoteTrace.edgeCount(head) == MAX_EDGES) revert StakeVotes_TooManyEdges(account, MAX_EDGES);
                head = t.pushEdge(head, delegatee);
            }
        } else if (units == 0) {
            head = t.removeEdge(head, delegatee);
        }
        edge.setEdgeUnits(edgeHead, delegatee, units);
        emit EdgeChanged(account, delegatee, previous, units);
        uint256 rest = residual + previous - units;
        if (t.delegateNow(head, account) == delegatee) {
            // From one hand of the delegatee to the other.
            t.head = t.setUnits(head, account, rest, 0, 0);
        } else {
            _setResidual(account, t, head, residual, rest);
            _moveVotes(delegatee, previous, units);
        }
    }

    /// @dev Takes what the residual could not give from the edges, the newest first. `lost` is not above their sum: edges
    /// and residual are all of the stake. The head returned is not stored yet.
    function _takeFromEdges(
        address account,
        VoteTrace.Trace storage t,
        uint256 head,
        uint256 lost
    ) private returns (uint256) {
        while (lost != 0) {
            address delegatee = t.newestEdge(head);
            VoteTrace.Trace storage edge = _traces[edgeAccount(account, delegatee)];
            uint256 edgeHead = edge.head;
            uint256 previous = edge.edgeUnits(edgeHead);
            uint256 current = previous > lost ? previous - lost : 0;
            lost -= previous - current;
            edge.setEdgeUnits(edgeHead, delegatee, current);
            emit EdgeChanged(account, delegatee, previous, current);
            _moveVotes(delegatee, previous, current);
            if (current == 0) head = t.popEdge(head);
        }
        return head;
    }

    /// @dev EQ-20 by differences: a part of the sum of `account`, units of others, goes from `previous` to `current`.
    function _moveVotes(address account, uint256 previous, uint256 current) private {
        VoteTrace.Trace storage t = _traces[account];
        t.head = t.moveVotes(t.head, account, previous, current);
    }

    // ---------------------------------------------------------------- checks

    function _staked() private view returns (uint256 staked) {
        (staked, , ) = vault.totalsOf(_masa);
    }

    /// @dev {INodeRegistry-roleOf}, without what a call in Solidity adds to it. Arguments are evaluated from the last to the
    /// first: the size is that of the answer.
    function _requireNode(address delegatee) private view {
        address asked = address(registry);
        bytes4 selector = INodeRegistry.roleOf.selector;
        uint256 role;
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, delegatee)
            if and(gt(returndatasize(), 31), staticcall(gas(), asked, 0, 0x24, 0, 0x20)) {
                role := mload(0)
            }
        }
        if (role != uint256(NodeRole.Validator) && role != uint256(NodeRole.Worker)) {
            revert StakeVotes_DelegateeRefused(delegatee);
        }
    }

    function _requirePast(uint256 timepoint) private view {
        if (timepoint >= block.timestamp) revert StakeVotes_FutureLookup(timepoint, block.timestamp);
    }

    function _requireUnexpired(uint256 expiry) private view {
        if (block.timestamp > expiry) revert StakeVotes_SignatureExpired(expiry, block.timestamp);
    }

    function _requireSigned(
        address account,
        uint256 expiry,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        _requireUnexpired(expiry);
        if (!SignatureChecker.isValidSignatureNowCalldata(account, _hashTypedDataV4(structHash), signature)) {
            revert StakeVotes_InvalidSignature(account);
        }
    }

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }
}
