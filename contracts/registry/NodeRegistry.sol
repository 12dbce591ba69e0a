// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IMembershipObserver, INodeRegistry, NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";

/// @title NodeRegistry
/// @notice Roles, operators, metadata and the deposits that pay for pokes. See {INodeRegistry}.
contract NodeRegistry is INodeRegistry, Ownable, EIP712, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 private constant OPERATOR_TYPEHASH = keccak256(
        "Operator(address account,address key,uint16 rights,uint32 nonce)"
    );
    /// @notice Signs reports and score vectors (decision D20).
    uint16 public constant RIGHT_SIGN = 1;
    /// @notice Serves and fetches payloads.
    uint16 public constant RIGHT_SERVE = 2;
    /// @notice Commits to answers.
    uint16 public constant RIGHT_COMMIT = 4;
    /// @notice Submits and cancels requests from the account's credit.
    uint16 public constant RIGHT_ASK = 8;
    /// @notice Joins and leaves the waitlist, checks in.
    uint16 public constant RIGHT_SEAT = 16;
    uint16 private constant ALL_RIGHTS = 31;
    uint256 public constant MAX_METADATA_LENGTH = 2_048;
    uint96 public constant MAX_DEPOSIT = 1_000_000e18;

    IERC20 public immutable masa;
    INodeStanding public immutable standing;
    IStakeVault public immutable vault;

    IMembershipObserver public observer;
    PokeParameters private _poke;
    mapping(address account => Membership) private _memberships;
    mapping(address key => Operator) private _operators;
    /// @dev Never deleted: evidence may come when key and account have long parted.
    mapping(address key => Signer) private _signers;
    mapping(NodeRole role => address[]) private _nodes;
    /// @dev Position on the list of its role plus one, 0 if it is on none.
    mapping(address account => uint256) private _index;
    /// @dev Epoch of the latest payment for marking the account short, plus one.
    mapping(address account => uint256) private _paidEpoch;

    constructor(
        address owner_,
        IERC20 masa_,
        INodeStanding standing_,
        IStakeVault vault_,
        PokeParameters memory poke_
    ) Ownable(owner_) EIP712("Masa Node Registry", "1") {
        if (address(masa_) == address(0) || address(standing_) == address(0) || address(vault_) == address(0)) {
            revert NodeRegistry_ZeroAddress();
        }
        masa = masa_;
        standing = standing_;
        vault = vault_;
        _setPokeParameters(poke_);
    }

    // ---------------------------------------------------------------- accounts

    /// @inheritdoc INodeRegistry
    function register(
        NodeRole role,
        string calldata metadata,
        OperatorGrant[] calldata operators
    ) external nonReentrant {
        if (role == NodeRole.None) revert NodeRegistry_NoRole();
        Membership memory m = _memberships[msg.sender];
        if (m.role != NodeRole.None) revert NodeRegistry_AlreadyRegistered(msg.sender, m.role);
        address account = _operators[msg.sender].account;
        if (account != address(0)) revert NodeRegistry_KeyTaken(msg.sender, account);
        vault.applySlash(msg.sender);
        standing.enter(msg.sender, role);

        m.role = role;
        ++m.nonce;
        m.registeredEpoch = uint32(standing.rolledEpoch());
        m.deposit = _poke.deposit;
        m.metadata = _storeMetadata(metadata);
        _memberships[msg.sender] = m;
        _nodes[role].push(msg.sender);
        _index[msg.sender] = _nodes[role].length;
        for (uint256 i; i < operators.length; ++i) {
            _setOperator(operators[i]);
        }
        if (role == NodeRole.Validator && _memberships[msg.sender].signingKey == address(0)) {
            revert NodeRegistry_SigningKeyMissing(role);
        }
        emit Registered(msg.sender, role, m.nonce, m.deposit, metadata);
        if (m.deposit != 0) masa.safeTransferFrom(msg.sender, address(this), m.deposit);
    }

    /// @inheritdoc INodeRegistry
    function deregister() external nonReentrant {
        Membership memory m = _requireNode(msg.sender);
        vault.applySlash(msg.sender);
        uint256 reserved = vault.exposureOf(msg.sender).reserved;
        if (reserved != 0) revert NodeRegistry_StakeReserved(msg.sender, reserved);
        standing.exit(msg.sender, m.role);
        _removeFromList(m.role, msg.sender);
        uint256 deposit = m.deposit;
        NodeRole role = m.role;
        m.role = NodeRole.None;
        m.deposit = 0;
        _memberships[msg.sender] = m;
        emit Deregistered(msg.sender, role, deposit);
        if (role == NodeRole.Validator) observer.onIneligible(msg.sender, true);
        if (deposit != 0) masa.safeTransfer(msg.sender, deposit);
    }

    /// @inheritdoc INodeRegistry
    function setMetadata(string calldata metadata) external {
        _requireNode(msg.sender);
        _memberships[msg.sender].metadata = _storeMetadata(metadata);
        emit MetadataSet(msg.sender, metadata);
    }

    /// @inheritdoc INodeRegistry
    function setOperator(OperatorGrant calldata grant) external {
        _requireNode(msg.sender);
        _setOperator(grant);
    }

    /// @inheritdoc INodeRegistry
    function revokeOperator(address key) external {
        Operator memory o = _operators[key];
        address account = o.account;
        if (account == address(0) || (msg.sender != account && msg.sender != key)) {
            revert NodeRegistry_NotOperator(msg.sender, key);
        }
        (o.account, o.rights) = (address(0), 0);
        _operators[key] = o;
        emit OperatorRevoked(account, key);
        if (_memberships[account].signingKey == key) {
            _setSigningKey(account, address(0), true);
            return;
        }
        // A key that was replaced by another may still stand in a frozen set.
        _endLiability(key);
        if (address(observer) != address(0)) observer.onSigningKeyChanged(account, key, signingKeyOf(account), true);
    }

    /// @inheritdoc INodeRegistry
    function topUpDeposit(uint96 amount) external nonReentrant {
        _requireNode(msg.sender);
        uint256 deposit = uint256(_memberships[msg.sender].deposit) + amount;
        _requireWithin("deposit", deposit, 1, MAX_DEPOSIT);
        _memberships[msg.sender].deposit = uint96(deposit);
        emit DepositToppedUp(msg.sender, amount, deposit);
        masa.safeTransferFrom(msg.sender, address(this), amount);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc INodeRegistry
    function poke(address account) external nonReentrant returns (uint256 bounty) {
        Membership memory m = _requireNode(account);
        bool newlyShort = standing.poke(account, m.role);
        // Also of a validator that was marked by {INodeStanding.poke}, of which the observer has heard nothing.
        if (m.role == NodeRole.Validator && !standing.isEligible(account, m.role))
            observer.onIneligible(account, false);
        if (!newlyShort) return 0;
        uint256 epoch = uint256(standing.rolledEpoch()) + 1;
        if (_paidEpoch[account] == epoch) return 0;
        _paidEpoch[account] = epoch;
        bounty = _poke.bounty < m.deposit ? _poke.bounty : m.deposit;
        _memberships[account].deposit = uint96(m.deposit - bounty);
        emit Poked(account, msg.sender, bounty);
        if (bounty != 0) masa.safeTransfer(msg.sender, bounty);
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names who is told of signing keys and of validators that go, once.
    function wire(IMembershipObserver observer_) external onlyOwner {
        if (address(observer) != address(0)) revert NodeRegistry_AlreadyWired();
        if (address(observer_) == address(0)) revert NodeRegistry_ZeroAddress();
        observer = observer_;
        emit Wired(address(observer_));
    }

    /// @notice The deposit holds for registrations from now on, the bounty at once.
    function setPokeParameters(PokeParameters calldata poke_) external onlyOwner {
        _setPokeParameters(poke_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc INodeRegistry
    function authorised(
        address caller,
        uint16 right
    ) external view returns (address account, NodeRole role, uint32 nonce) {
        Membership storage m = _memberships[caller];
        (role, nonce) = (m.role, m.nonce);
        if (role != NodeRole.None) return (caller, role, nonce);
        Operator memory o = _operators[caller];
        if (o.rights & right == 0) revert NodeRegistry_NotAuthorised(caller, right);
        m = _memberships[o.account];
        return (o.account, m.role, m.nonce);
    }

    /// @inheritdoc INodeRegistry
    function roleOf(address account) external view returns (NodeRole) {
        return _memberships[account].role;
    }

    /// @inheritdoc INodeRegistry
    function nonceOf(address account) external view returns (uint32) {
        return _memberships[account].nonce;
    }

    /// @inheritdoc INodeRegistry
    function membershipOf(address account) external view returns (Membership memory) {
        return _memberships[account];
    }

    /// @inheritdoc INodeRegistry
    function operatorOf(address key) external view returns (Operator memory) {
        return _operators[key];
    }

    /// @inheritdoc INodeRegistry
    function signingKeyOf(address account) public view returns (address) {
        return _memberships[account].signingKey;
    }

    /// @inheritdoc INodeRegistry
    function accountOf(address key) external view returns (address) {
        return _memberships[key].role != NodeRole.None ? key : _operators[key].account;
    }

    /// @inheritdoc INodeRegistry
    function signerOf(address key) external view returns (address account, uint256 revokedAt) {
        Signer memory s = _signers[key];
        return (s.account, s.revokedAt);
    }

    /// @inheritdoc INodeRegistry
    function metadataOf(address account) public view returns (string memory) {
        address stored = _memberships[account].metadata;
        return stored == address(0) ? "" : string(SSTORE2.read(stored));
    }

    /// @inheritdoc INodeRegistry
    function nodeOf(address account) external view returns (NodeView memory v) {
        Membership memory m = _memberships[account];
        v.role = m.role;
        v.signingKey = m.signingKey;
        v.nonce = m.nonce;
        v.registeredEpoch = m.registeredEpoch;
        v.deposit = m.deposit;
        v.metadata = metadataOf(account);
        if (m.role == NodeRole.None) {
            v.stakeUnits = vault.stakeUnitsOf(account);
            return v;
        }
        INodeStanding.Standing memory s = standing.standingOf(account, m.role);
        v.short = s.short;
        v.suspended = s.suspended;
        v.utility = s.utility;
        v.graceUntil = s.graceUntil;
        v.requirement = s.requirement;
        v.stakeUnits = s.stakeUnits;
    }

    /// @inheritdoc INodeRegistry
    function countOf(NodeRole role) external view returns (uint256) {
        return _nodes[role].length;
    }

    /// @inheritdoc INodeRegistry
    function nodesOf(NodeRole role, uint256 offset, uint256 limit) external view returns (address[] memory page) {
        address[] storage all = _nodes[role];
        uint256 length = all.length;
        if (offset >= length) return page;
        if (limit > length - offset) limit = length - offset;
        page = new address[](limit);
        for (uint256 i; i < limit; ++i) {
            page[i] = all[offset + i];
        }
    }

    /// @inheritdoc INodeRegistry
    function pokeParameters() external view returns (PokeParameters memory) {
        return _poke;
    }

    /// @inheritdoc INodeRegistry
    function operatorDigest(address account, address key, uint16 rights) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OPERATOR_TYPEHASH, account, key, rights, _operators[key].nonce)));
    }

    // ---------------------------------------------------------------- internal

    function _setOperator(OperatorGrant calldata grant) private {
        address key = grant.key;
        uint16 rights = grant.rights;
        if (rights == 0 || rights > ALL_RIGHTS) revert NodeRegistry_UnknownRights(rights);
        Operator memory o = _operators[key];
        if (o.account != address(0) && o.account != msg.sender) revert NodeRegistry_KeyTaken(key, o.account);
        if (_memberships[key].role != NodeRole.None) revert NodeRegistry_KeyTaken(key, key);
        address bound = _signers[key].account;
        if (bound != address(0) && bound != msg.sender) revert NodeRegistry_KeyTaken(key, bound);
        (address signer, , ) = ECDSA.tryRecover(operatorDigest(msg.sender, key, rights), grant.proof);
        if (signer != key || key == address(0)) revert NodeRegistry_BadProof(key, o.nonce);
        emit OperatorSet(msg.sender, key, o.rights, rights);
        _operators[key] = Operator(msg.sender, rights, o.nonce + 1, uint32(standing.rolledEpoch()));

        address signing = _memberships[msg.sender].signingKey;
        if (rights & RIGHT_SIGN != 0) {
            if (signing == key) return;
            // The key before it keeps what else it may do.
            if (signing != address(0)) _operators[signing].rights &= ~RIGHT_SIGN;
            _setSigningKey(msg.sender, key, false);
        } else if (signing == key) {
            _setSigningKey(msg.sender, address(0), true);
        }
    }

    function _setSigningKey(address account, address key, bool revoked) private {
        address previous = _memberships[account].signingKey;
        _memberships[account].signingKey = key;
        if (key != address(0)) _signers[key] = Signer(account, 0);
        if (revoked) _endLiability(previous);
        emit SigningKeySet(account, previous, key);
        if (address(observer) != address(0)) observer.onSigningKeyChanged(account, previous, key, revoked);
    }

    /// @dev A revocation after a revocation does not move the first one's second.
    function _endLiability(address key) private {
        Signer storage s = _signers[key];
        if (s.account != address(0) && s.revokedAt == 0) s.revokedAt = uint40(block.timestamp);
    }

    function _storeMetadata(string calldata metadata) private returns (address) {
        uint256 length = bytes(metadata).length;
        if (length < 2 || length > MAX_METADATA_LENGTH) {
            revert NodeRegistry_MetadataLength(length, 2, MAX_METADATA_LENGTH);
        }
        return SSTORE2.write(bytes(metadata));
    }

    function _removeFromList(NodeRole role, address account) private {
        address[] storage all = _nodes[role];
        uint256 index = _index[account];
        address last = all[all.length - 1];
        all[index - 1] = last;
        _index[last] = index;
        all.pop();
        delete _index[account];
    }

    function _requireNode(address account) private view returns (Membership memory m) {
        m = _memberships[account];
        if (m.role == NodeRole.None) revert NodeRegistry_NotRegistered(account);
    }

    function _setPokeParameters(PokeParameters memory p) private {
        _requireWithin("deposit", p.deposit, 0, MAX_DEPOSIT);
        _requireWithin("bounty", p.bounty, 0, p.deposit);
        emit PokeParametersSet(_poke, p);
        _poke = p;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert NodeRegistry_OutOfRange(name, value, least, most);
    }
}
