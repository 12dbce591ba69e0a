// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

enum NodeRole {
    None,
    Validator,
    Worker,
    Oracle
}

/// @title Told when a validator's signing key changes or a validator goes
interface IMembershipObserver {
    /// @notice `current` signs for `account` from the next frozen set on.
    /// @param revoked The previous key must not count any more, in sets that are frozen already too (decision D20).
    function onSigningKeyChanged(address account, address previous, address current, bool revoked) external;

    /// @notice `account` is no eligible validator any more.
    /// @param left It left the role; else it fell short and may recover before the next roll.
    function onIneligible(address account, bool left) external;
}

/// @title Who is a node, and who may act for it
/// @notice One account has one role; its whole stake counts for that role. An account lends scoped rights to operator
/// keys, so that the key that stakes need not be online. What a node must stake is {INodeStanding}'s matter.
/// @dev Lists are kept per role for dashboards alone: nothing on chain walks them.
interface INodeRegistry {
    /// @dev Two slots.
    struct Membership {
        NodeRole role;
        uint32 nonce; // registration nonce: commitments bind it
        uint32 registeredEpoch;
        address signingKey; // the operator with SIGN; 0 if there is none
        address metadata; // code: the metadata
        uint96 deposit; // pays for pokes that mark the node short, wei
    }

    /// @dev One slot. Outlives a revocation for its nonce.
    struct Operator {
        address account; // 0: revoked or never granted
        uint16 rights;
        uint32 nonce; // of the proof that the next grant needs
        uint32 sinceEpoch;
    }

    /// @dev Of a key that has ever had RIGHT_SIGN: it answers for what it signed. One slot.
    struct Signer {
        address account; // for good
        uint40 revokedAt; // Unix second in which it lost the right by a revocation; 0 while it has it, and if it was replaced
    }

    struct OperatorGrant {
        address key;
        uint16 rights; // RIGHT_…, or-ed
        bytes proof; // the key's signature over {operatorDigest}
    }

    /// @dev Everything about an account as a node in one call.
    struct NodeView {
        NodeRole role;
        bool short;
        bool suspended;
        uint64 utility; // WAD
        address signingKey;
        uint32 nonce;
        uint32 graceUntil;
        uint32 registeredEpoch;
        uint96 deposit;
        uint256 requirement; // now, stake units
        uint256 stakeUnits; // what counts toward it
        string metadata;
    }

    /// @dev Governs the payment for pokes. One slot.
    struct PokeParameters {
        uint96 deposit; // a registration pays in, wei
        uint96 bounty; // for marking a node short, out of its deposit, wei
    }

    event Registered(address indexed account, NodeRole indexed role, uint32 nonce, uint256 deposit, string metadata);
    event Deregistered(address indexed account, NodeRole indexed role, uint256 deposit);
    event MetadataSet(address indexed account, string metadata);
    event OperatorSet(address indexed account, address indexed key, uint16 previous, uint16 rights);
    event OperatorRevoked(address indexed account, address indexed key);
    event SigningKeySet(address indexed account, address indexed previous, address indexed current);
    event Poked(address indexed account, address indexed poker, uint256 bounty);
    event DepositToppedUp(address indexed account, uint256 amount, uint256 deposit);
    event PokeParametersSet(PokeParameters previous, PokeParameters current);
    event Wired(address indexed observer);

    error NodeRegistry_AlreadyRegistered(address account, NodeRole role);
    error NodeRegistry_NotRegistered(address account);
    error NodeRegistry_NoRole();
    /// @notice Open commitments still reserve stake of the account.
    error NodeRegistry_StakeReserved(address account, uint256 reserved);
    /// @notice The key acts for `account` already, has ever had the right to sign for it, or is a node itself.
    error NodeRegistry_KeyTaken(address key, address account);
    error NodeRegistry_UnknownRights(uint16 rights);
    error NodeRegistry_NotOperator(address caller, address key);
    /// @notice The proof is no signature by `key` over {operatorDigest} with its present nonce.
    error NodeRegistry_BadProof(address key, uint32 nonce);
    error NodeRegistry_SigningKeyMissing(NodeRole role);
    /// @notice The caller is neither a node nor an operator with `right`.
    error NodeRegistry_NotAuthorised(address caller, uint16 right);
    error NodeRegistry_MetadataLength(uint256 length, uint256 least, uint256 most);
    error NodeRegistry_ZeroAddress();
    error NodeRegistry_AlreadyWired();
    error NodeRegistry_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);

    // ---------------------------------------------------------------- accounts

    /// @notice Registers the caller. Its stake must meet the requirement at its utility; the deposit is transferred from
    /// it. A validator names a key with RIGHT_SIGN.
    /// @param metadata A JSON object of 2 to MAX_METADATA_LENGTH bytes: see docs/payloads.md.
    function register(NodeRole role, string calldata metadata, OperatorGrant[] calldata operators) external;

    /// @notice Ends the caller's role and pays its deposit back. Stake stays in the vault, slashable until withdrawn;
    /// utility is remembered; operators are kept for the next registration.
    function deregister() external;

    function setMetadata(string calldata metadata) external;

    /// @notice Gives `key` rights to act for the caller, or changes them. An account has one key with RIGHT_SIGN: the
    /// latest. A validator's frozen key changes with the next roll. A key that has signed for one account never acts for
    /// another: an offender cannot move it to a puppet (decision D8).
    function setOperator(OperatorGrant calldata grant) external;

    /// @notice Ends all rights of `key` at once, in frozen sets too. The account, or the key itself.
    function revokeOperator(address key) external;

    /// @notice Adds to the caller's deposit.
    function topUpDeposit(uint96 amount) external;

    // ---------------------------------------------------------------- anyone

    /// @notice Folds and marks a node ({INodeStanding.poke}). The caller that marks it short is paid the bounty from the
    /// node's deposit, as far as it goes and once an epoch.
    function poke(address account) external returns (uint256 bounty);

    // ---------------------------------------------------------------- views

    /// @notice For whom `caller` acts with `right`: itself if it is a node, else the account whose operator it is.
    /// Reverts if it may not.
    function authorised(
        address caller,
        uint16 right
    ) external view returns (address account, NodeRole role, uint32 nonce);

    function roleOf(address account) external view returns (NodeRole);
    function nonceOf(address account) external view returns (uint32);
    function membershipOf(address account) external view returns (Membership memory);
    function operatorOf(address key) external view returns (Operator memory);

    /// @notice The key that signs for `account`; 0 if there is none.
    function signingKeyOf(address account) external view returns (address);

    /// @notice The account that `key` is an operator of, or `key` itself if it is a node; else 0.
    function accountOf(address key) external view returns (address);

    /// @notice For whom `key` signs, or has ever signed, whatever became of key and account since; 0 if it never had
    /// RIGHT_SIGN.
    /// @return account Answers for the key.
    /// @return revokedAt Unix second from which it answers for no later round (decision D20); 0 if that is not so.
    function signerOf(address key) external view returns (address account, uint256 revokedAt);

    function metadataOf(address account) external view returns (string memory);
    function nodeOf(address account) external view returns (NodeView memory);
    function countOf(NodeRole role) external view returns (uint256);

    /// @notice Accounts of a role, `limit` at most, from `offset` on. The order changes as nodes leave.
    function nodesOf(NodeRole role, uint256 offset, uint256 limit) external view returns (address[] memory);

    function pokeParameters() external view returns (PokeParameters memory);

    /// @notice What `key` signs to become an operator (EIP-712).
    function operatorDigest(address account, address key, uint16 rights) external view returns (bytes32);
}
