/** The actions of a history: what Replay.t.sol calls, and what the model does instead. */
import type { Protocol } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import type { Role } from "./standings.ts";

type Run = (p: Protocol, caller: number, a: readonly bigint[]) => unknown;

const n = Number;
const role = (value: bigint): Role => n(value) as Role;

/** In the order of their codes. Arguments are numbers; tokens, parties, roles and keys go by number. */
const ACTIONS = {
  pass: (p, _, [to]) => void (p.now = n(to!)),
  stake: (p, caller, [token, amount]) => p.stake(caller, n(token!), amount!),
  startUnbonding: (p, caller, [token, amount]) => p.startUnbonding(caller, n(token!), amount!),
  cancelUnbonding: (p, caller, [token, id]) => p.cancelUnbonding(caller, n(token!), n(id!)),
  withdraw: (p, caller, [token, id, amount, recipient]) =>
    p.withdraw(caller, n(token!), n(id!), amount!, n(recipient!)),
  reserve: (p, caller, [account, amount]) => p.reserve(caller, n(account!), amount!),
  release: (p, caller, [account, amount]) => p.release(caller, n(account!), amount!),
  slash: (p, caller, [account, reservation, amount]) => p.slash(caller, n(account!), reservation!, amount!),
  applySlash: (p, _, [account]) => p.applySlash(n(account!)),
  bookDeferred: (p, _, [account]) => p.bookDeferred(n(account!)),
  reverseSlash: (p, caller, [account, id, masa, tao, of, utility]) =>
    p.reverseSlash(caller, n(account!), n(id!), [masa!, tao!], role(of!), utility!),
  reverseSlashDirectly: (p, caller) => p.reverseSlashDirectly(caller),
  releaseSlash: (p, caller, [account, id]) => p.releaseSlash(caller, n(account!), n(id!)),
  register: (p, caller, [of, key, metadataLength]) =>
    p.register(caller, role(of!), n(key!), n(metadataLength!)),
  deregister: (p, caller) => p.deregister(caller),
  revokeOperator: (p, caller, [key]) => p.revokeOperator(caller, n(key!)),
  topUpDeposit: (p, caller, [amount]) => p.topUpDeposit(caller, amount!),
  pokeForBounty: (p, caller, [account]) => p.pokeForBounty(caller, n(account!)),
  poke: (p, _, [account, of]) => p.poke(n(account!), role(of!)),
  use: (p, caller, [account, of]) => p.use(caller, n(account!), role(of!)),
  recordWorkOf: (p, caller, [account, of, units, weighted]) =>
    p.recordWorkOf(caller, n(account!), role(of!), units!, weighted!),
  strike: (p, caller, [account, asker, size]) => p.strike(caller, n(account!), n(asker!), size!),
  // Answers a list of one weight, and a bitmap.
  scoreValidator: (p, caller, [account, performance]) => {
    const { weight, eligible } = p.scoreValidator(caller, n(account!), performance!);
    return [64n, eligible ? 1n : 0n, 1n, weight];
  },
  roll: (p) => p.roll(),
  setCollateral: (p, caller, [weight, share]) => p.setCollateral(caller, weight!, share!),
  setDestinations: (p, caller, [compensation, burn]) => p.setDestinations(caller, compensation!, burn!),
  setRole: (p, caller, [of, lambda, maxExponent, floor, target, budgetShare]) =>
    p.setRole(caller, role(of!), {
      lambda: lambda!,
      maxExponent: maxExponent!,
      floor: floor!,
      target: target!,
      budgetShare: budgetShare!,
    }),
  setStanding: (p, caller, [decay, tolerance, maxStrikes]) =>
    p.setStanding(caller, decay!, tolerance!, n(maxStrikes!)),
  setSlashCap: (p, caller, [slasher, share]) => p.setSlashCap(caller, n(slasher!), share!),
  revokeSlasher: (p, caller, [slasher]) => p.revokeSlasher(caller, n(slasher!)),
  setDelays: (p, caller, [unbonding, module]) => p.setDelays(caller, n(unbonding!), n(module!)),
  setEpochLength: (p, caller, [length]) => p.setEpochLength(caller, n(length!)),
  lendReversal: (p, caller, [term]) => p.lendReversal(caller, n(term!)),
} satisfies Record<string, Run>;

export type ActionName = keyof typeof ACTIONS;

export const ACTION_NAMES = Object.keys(ACTIONS) as ActionName[];

export interface Action {
  name: ActionName;
  caller: number;
  args: readonly bigint[];
  /** Whose preview is compared after it. */
  subject: number;
}

/** What the call must return, as words, or how it must be refused. */
export type Outcome = readonly bigint[] | Refusal;

export function perform(protocol: Protocol, action: Action): Outcome {
  const run: Run = ACTIONS[action.name];
  const outcome = protocol.attempt(() => run(protocol, action.caller, action.args));
  if (outcome instanceof Refusal) return outcome;
  if (typeof outcome === "bigint") return [outcome];
  return Array.isArray(outcome) ? (outcome as bigint[]) : [];
}
