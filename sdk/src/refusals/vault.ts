/** What the vault, the tokens and their libraries refuse. */
import type { Sentences } from "./values.ts";

export const VAULT_REFUSALS: Sentences = {
  StakeVault_UnlistedToken: (v) => [
    `${v.plain("token")} is neither MASA nor the wrapped TAO of this network`,
    "Stake one of the two tokens that the manifest names.",
  ],
  StakeVault_ZeroAmount: () => ["the amount is 0", "Give an amount above 0."],
  StakeVault_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  StakeVault_TokenRefused: (v) => [
    `${v.token()} cannot be staked: ${v.plain("reason")}`,
    "Deploy the vault with a token that is a plain ERC-20.",
  ],
  StakeVault_InsufficientStake: (v) => [
    `${v.plain("account")} stakes ${v.amount("staked")} and was asked for ${v.amount("asked")}`,
    "Take less.",
  ],
  StakeVault_InsufficientFreeStake: (v) => [
    `${v.plain("account")} has ${v.amount("free")} of free stake and was asked for ${v.amount("asked")}`,
    "Take less, or wait until open commitments are settled: what they reserve is not free.",
  ],
  StakeVault_UnknownEntry: (v) => [
    `${v.plain("account")} has no unbonding entry ${v.plain("id")}`,
    "See `masa unbond list` for the entries there are; one that was withdrawn or cancelled is gone.",
  ],
  StakeVault_NotMatured: (v) => [
    `entry ${v.plain("id")} of ${v.plain("account")} can be withdrawn from ${v.moment("maturesAt")}`,
    "Wait until then, or cancel the entry to stake it again.",
  ],
  StakeVault_EntryTooSmall: (v) => [
    `entry ${v.plain("id")} of ${v.plain("account")} is worth ${v.amount("worth")}, less than the ${v.amount("asked")} asked for`,
    "Withdraw what it is worth: slashes since it was queued have lowered it.",
  ],
  StakeVault_Frozen: (v) => [
    `a deferred slash holds ${v.stake("frozen")} of ${v.plain("account")}, and only ${v.stake("heldAfter")} would be left`,
    "Withdraw less, or wait for the next epoch, which books the slash.",
  ],
  StakeVault_QueueDiluted: (v) => [
    `the unbonding queue of ${v.plain("account")} was slashed so deeply that it takes no new entry`,
    "Withdraw or cancel the old entries first.",
  ],
  StakeVault_NotSlasher: (v) => [
    `${v.plain("caller")} may not reserve or slash`,
    "Only a contract that governance gave this right may.",
  ],
  StakeVault_AlreadyWired: () => [
    "the vault is wired already",
    "Schedule a slasher through governance instead.",
  ],
  StakeVault_SlasherKnown: (v) => [
    `${v.plain("slasher")} holds the right to slash already, waits for it, or had it and lost it for good`,
    "Name another contract.",
  ],
  StakeVault_SlasherUnknown: (v) => [
    `${v.plain("slasher")} does not hold the right to slash and does not wait for it`,
    "Check the address.",
  ],
  StakeVault_TooEarly: (v) =>
    v.number("activeFrom") === 0n
      ? [`nothing is scheduled, at ${v.date("now_")}`, "Schedule it through governance first."]
      : [`the right begins at ${v.moment("activeFrom")}`, "Wait until then: everyone can leave first."],
  StakeVault_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  StakeVault_ActivationPending: (v) => [
    `a right that waits begins at ${v.date("activeFrom")}, before ${v.date("needed")}: stake queued now would outstay it`,
    "Lengthen the unbonding delay once the right has begun.",
  ],
  StakeVault_NothingDeferred: (v) => [
    `no slash of ${v.plain("account")} is deferred`,
    "There is nothing to do.",
  ],
  StakeVault_CapReached: (v) => [
    `${v.plain("slasher")} has used up what it may slash in this epoch, which ends at ${v.date("epochEndsAt")}`,
    "Repeat the call in the next epoch.",
  ],
  StakeVault_NoSuchSlash: (v) => [
    `the appeal pot holds no slash ${v.plain("id")} of ${v.plain("account")}`,
    "See `masa slash list` for those there are; one that was released is gone.",
  ],
  StakeVault_AppealOpen: (v) => [
    `slash ${v.plain("id")} of ${v.plain("account")} can be appealed against until ${v.moment("releasableAt")}`,
    "Release it after that.",
  ],
  StakeVault_WaitsForGovernance: (v) => [
    `slash ${v.plain("id")} of ${v.plain("account")} waits for governance: the guardian's right lapsed before its appeal ended`,
    "Only the timelock can release it.",
  ],
  StakeVault_NotGuardian: (v) => [
    `${v.plain("caller")} is not the guardian contract`,
    "Reverse slashes through the guardian.",
  ],
  StakeVault_MoreThanSlashed: (v) => [
    `slash ${v.plain("id")} of ${v.plain("account")} has ${v.masa("masa")} and ${v.tao("tao")} left to give back`,
    "Give back at most that.",
  ],
  StakeVault_BountyAlreadySet: (v) => [
    `the bounty of slash ${v.plain("id")} of ${v.plain("account")} is promised to ${v.plain("reporter")}`,
    "A slash has one bounty; it cannot be changed.",
  ],
  StakeVault_ReporterRefused: (v) => [
    `${v.plain("reporter")} cannot have a bounty for a slash of ${v.plain("account")}`,
    "Name another account: not the zero address, the vault or the account that was slashed.",
  ],
  StakeVault_FeeOnTransfer: (v) => [
    `${v.amount("received")} of ${v.amount("asked")} arrived: ${v.token()} takes a fee on transfer`,
    "A token that does cannot be staked.",
  ],
  StakeVault_Insolvent: (v) => [
    `the vault holds ${v.amount("balance")} where its ledger says ${v.amount("ledger")}: ${v.token()} has lowered balances by itself`,
    "Do not stake this token; tell the network's governance.",
  ],
};

export const TOKEN_REFUSALS: Sentences = {
  ERC20InsufficientAllowance: (v) => [
    `${v.plain("spender")} may take ${v.amount("allowance")} and needs ${v.amount("needed")}`,
    "Approve what is needed; the masa command does so by itself.",
  ],
  ERC20InsufficientBalance: (v) => [
    `${v.plain("sender")} holds ${v.amount("balance")} and needs ${v.amount("needed")}`,
    "Send the account what is missing, or use less.",
  ],
  ERC20InvalidApprover: (v) => [`${v.plain("approver")} cannot approve`, "Use a real address."],
  ERC20InvalidReceiver: (v) => [`${v.plain("receiver")} cannot receive tokens`, "Name a real recipient."],
  ERC20InvalidSender: (v) => [`${v.plain("sender")} cannot send tokens`, "Use a real address."],
  ERC20InvalidSpender: (v) => [`${v.plain("spender")} cannot be approved`, "Name a real spender."],
  ERC2612ExpiredSignature: (v) => [`the permit ended at ${v.date("deadline")}`, "Sign a new one."],
  ERC2612InvalidSigner: (v) => [
    `the permit is signed by ${v.plain("signer")}, not by the owner ${v.plain("owner")}`,
    "Sign it with the owner's key.",
  ],
  InvalidAccountNonce: (v) => [
    `the signature is for another nonce than ${v.plain("currentNonce")}, the present one of ${v.plain("account")}`,
    "Sign again: another signature was used in between.",
  ],
  ECDSAInvalidSignature: () => ["the signature is none", "Sign again."],
  ECDSAInvalidSignatureLength: (v) => [
    `the signature has ${v.plain("length")} bytes, not 65`,
    "Give the whole signature.",
  ],
  ECDSAInvalidSignatureS: (v) => [
    `the signature's s value ${v.plain("s")} is in the upper half`,
    "Use a signer that makes canonical signatures.",
  ],
  MasaToken_SupplyOutOfRange: (v) => [
    `a supply of ${v.masa("supply")} does not fit the ledgers`,
    "Deploy with a supply above 0 and below 2^104 wei.",
  ],
  SafeERC20FailedOperation: (v) => [
    `a transfer of ${v.token()} failed`,
    "Check balance and allowance, and that the token does not block either side.",
  ],
  SafeCastOverflowedUintDowncast: (v) => [
    `${v.plain("value")} does not fit ${v.plain("bits")} bits`,
    "Use a smaller amount.",
  ],
  AddressEmptyCode: (v) => [`there is no contract at ${v.plain("target")}`, "Check the address."],
  FailedCall: () => [
    "a call within the transaction failed without a reason",
    "Check its target and its data.",
  ],
  ReentrancyGuardReentrantCall: () => [
    "the contract was called again from within its own call",
    "Make the calls one after another.",
  ],
  InvalidShortString: () => ["a stored name is malformed", "Report this: the deployment is broken."],
  StringTooLong: (v) => [`"${v.plain("str")}" is longer than 31 bytes`, "Deploy with a shorter name."],
};
