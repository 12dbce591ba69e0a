/** How the arguments of each action are drawn: most so that it works, the rest so that it is refused for a reason. */
import type { ActionName } from "./actions.ts";
import type { Draw, Generator } from "./generator.ts";
import { ALL, floorDiv, less, max, min, WAD } from "./numbers.ts";
import { MOST_ENTRIES, MOST_SLASHES } from "./observe.ts";
import { PARTY } from "./parties.ts";
import * as setup from "./setup.ts";
import { MASA, NO_CAP, TAO, worthOf } from "./stakes.ts";
import { ORACLE, ROLES, VALIDATOR, WORK_UNIT, WORKER, type Role } from "./standings.ts";

/** A second at which something may change: boundaries and ends of windows, one second around them, or any. */
const pass: Draw = ({ random, protocol: p }) => {
  const moments: number[] = [];
  for (const a of p.books.stakes) {
    for (const holding of a.holdings)
      for (const entry of holding.entries) if (entry) moments.push(entry.maturesAt);
    for (const slash of a.slashes) if (slash) moments.push(slash.releasableAt);
  }
  const skipped = random.weighted([0, 40, 12, 8, 6, 5, 5]);
  const boundary = p.calendar.start(p.epoch + skipped);
  const kind = random.below(10);
  let to = boundary + random.below(p.calendar.start(p.epoch + skipped + 1) - boundary);
  if (kind === 0) to = p.now + random.below(300);
  else if (kind < 4) to = boundary + random.below(3) - 1;
  else if (kind < 7 && moments.length !== 0) to = random.pick(moments) + random.below(3) - 1;
  return { args: [Math.max(p.now, to)] };
};

const withRoom = (g: Generator, account: number, token: number): boolean =>
  g.protocol.stakeOf(account).holdings[token as 0 | 1].entries.length < MOST_ENTRIES;

/** Slashes past the places for them would not be seen: nothing is booked for such an account any more. */
const slashable = (g: Generator, account: number): boolean => {
  const a = g.protocol.stakeOf(account);
  return a.slashes.length + (a.booked === 0n ? 0 : 1) < MOST_SLASHES;
};

const entryOf = (g: Generator): { account: number; token: number; id: number } => {
  const token = g.token();
  const t = token === 2 ? MASA : (token as 0 | 1);
  const has = (account: number): boolean => g.protocol.stakeOf(account).holdings[t].entries.some(Boolean);
  const account = g.accountWith(has);
  const { entries } = g.protocol.stakeOf(account).holdings[t];
  const open = entries.flatMap((entry, id) => (entry ? [id] : []));
  const ripe = open.filter((id) => entries[id]!.maturesAt <= g.protocol.now);
  if (open.length === 0 || g.random.oneIn(25))
    return { account, token, id: g.random.below(entries.length + 1) };
  return { account, token, id: g.random.pick(ripe.length !== 0 && !g.random.oneIn(8) ? ripe : open) };
};

export const DRAWS: Record<ActionName, Draw> = {
  pass,
  stake: (g) => {
    const account = g.account();
    const token = g.token();
    const { random, protocol: p } = g;
    const role = g.roleOf(account);
    const required = p.standings.requirementAt(
      role,
      p.standings.utilityOf(role, p.standings.nodes[role][account]!),
    );
    const all = p.books.balances[account]![token === TAO ? TAO : MASA];
    // Something is left to pay a deposit with.
    const balance = token === TAO ? all : less(all, 100n * WAD);
    let amount = random.pick([
      random.amount(balance),
      min(balance, token === TAO ? required / 8n / 10n ** 9n : random.between(required, required * 2n)),
      token === TAO ? random.amount(10n ** 14n) : max(1n, less(required, p.stakeToward(account, required))),
    ]);
    if (random.oneIn(40)) amount = random.pick([0n, all + 1n]);
    return { caller: account, args: [token, amount] };
  },
  startUnbonding: (g) => {
    const token = g.token();
    const t = token === 2 ? MASA : (token as 0 | 1);
    const account = g.accountWith(
      (each) => g.protocol.stakeOf(each).holdings[t].staked !== 0n && withRoom(g, each, t),
    );
    if (!withRoom(g, account, t)) return { caller: account, args: [token, 0] };
    const { staked } = g.protocol.stakeOf(account).holdings[t];
    const amount = g.random.pick([g.random.amount(staked), g.random.amount(staked / 4n), ALL]);
    return { caller: account, args: [token, g.random.oneIn(30) ? staked + 1n : amount] };
  },
  cancelUnbonding: (g) => {
    const { account, token, id } = entryOf(g);
    return { caller: account, args: [token, id] };
  },
  withdraw: (g) => {
    const { account, token, id } = entryOf(g);
    const holding = g.protocol.stakeOf(account).holdings[token === TAO ? TAO : MASA];
    const entry = holding.entries[id];
    const worth = entry ? worthOf(holding, entry) : 0n;
    const amount = g.random.pick([ALL, worth, g.random.amount(worth), g.random.amount(worth)]);
    const recipient = g.random.pick([account, account, g.account(), PARTY.stranger]);
    return {
      caller: account,
      args: [
        token,
        id,
        g.random.oneIn(30) ? worth + 1n : amount,
        g.random.oneIn(60) ? PARTY.nobody : recipient,
      ],
    };
  },
  reserve: (g) => {
    const account = g.accountWith((each) => g.protocol.stakeOf(each).holdings[MASA].staked !== 0n);
    const { holdings, reserved } = g.protocol.stakeOf(account);
    const free = less(holdings[MASA].staked, reserved);
    const amount = g.random.pick([g.random.amount(free), g.random.amount(free / 10n), free + 1n]);
    return { caller: g.holder(PARTY.slasherA, PARTY.slasherB), args: [account, amount] };
  },
  release: (g) => {
    const account = g.accountWith((each) => g.protocol.stakeOf(each).reserved !== 0n);
    const { reserved } = g.protocol.stakeOf(account);
    const amount = g.random.oneIn(20) ? reserved + 1n : g.random.amount(reserved);
    return { caller: g.holder(PARTY.slasherA, PARTY.slasherB), args: [account, amount] };
  },
  slash: (g) => {
    const { random, protocol: p } = g;
    const account = g.accountWith(
      (each) => slashable(g, each) && p.stakeOf(each).holdings[MASA].staked !== 0n,
    );
    const a = p.stakeOf(account);
    const held = a.holdings[MASA].staked + a.holdings[MASA].queued;
    const caller = g.holder(PARTY.slasherA, PARTY.slasherA, PARTY.slasherB);
    if (!slashable(g, account)) return { caller, args: [account, 0, 0] };
    if (caller === PARTY.stranger) return { caller, args: [account, 0, 1] };
    const reservation = random.oneIn(3) ? random.amount(a.reserved) : 0n;
    const amount = random.pick([
      reservation,
      held - min(held, random.between(0n, 3n)),
      random.amount(held / 50n),
      random.amount(held / 50n),
      random.amount(held),
      held * 2n,
    ]);
    return { caller, args: [account, random.oneIn(40) ? a.reserved + 1n : reservation, amount] };
  },
  applySlash: (g) => ({ args: [g.accountWith((each) => g.protocol.stakeOf(each).booked !== 0n)] }),
  bookDeferred: (g) => {
    const account = g.accountWith(
      (each) => g.protocol.frozen(g.protocol.stakeOf(each)) !== 0n && slashable(g, each),
    );
    return { args: [slashable(g, account) ? account : g.account()] };
  },
  reverseSlash: (g) => {
    const account = g.accountWith((each) => g.protocol.stakeOf(each).slashes.some(Boolean));
    const { slashes } = g.protocol.stakeOf(account);
    const id = slashes.findLastIndex(Boolean) + 1;
    const [masa, tao] = slashes[id - 1]?.amounts ?? [0n, 0n];
    const role = g.roleOf(account);
    const { utility } = g.protocol.standings.nodes[role][account]!;
    const raised = g.random.oneIn(10) ? WAD : min(WAD, utility + g.random.amount(WAD / 10n));
    return {
      caller: g.random.oneIn(4) ? PARTY.owner : g.holder(PARTY.guard),
      args: [
        account,
        g.random.oneIn(20) ? slashes.length + 1 : id,
        g.random.oneIn(20) ? masa + 1n : g.random.amount(masa),
        g.random.oneIn(3) ? 0n : g.random.amount(tao),
        g.random.oneIn(30) ? 0 : role,
        g.random.oneIn(2) ? 0n : raised,
      ],
      subject: account,
    };
  },
  reverseSlashDirectly: (g) => ({ caller: g.holder(PARTY.guard) }),
  releaseSlash: (g) => {
    const ripe = (each: number): boolean =>
      g.protocol.stakeOf(each).slashes.some((slash) => slash !== null && slash.releasableAt < g.protocol.now);
    const account = g.accountWith(ripe);
    const { slashes } = g.protocol.stakeOf(account);
    const oldest = slashes.findIndex(Boolean) + 1;
    const id = oldest === 0 || g.random.oneIn(15) ? slashes.length + 1 : oldest;
    return { caller: g.random.oneIn(4) ? PARTY.owner : g.account(), args: [account, id], subject: account };
  },
  register: (g) => {
    const { memberships, operators } = g.protocol.books;
    const account = g.accountWith((each) => memberships[each]!.role === 0 && g.rolesMet(each).length !== 0);
    const enough = g.rolesMet(account);
    const role = g.random.pick(enough.length === 0 || g.random.oneIn(6) ? ROLES : enough);
    const own = operators[account]!.account === account && g.random.oneIn(2) ? 0 : account + 1;
    let key = role === VALIDATOR ? own : g.random.oneIn(6) ? own : 0;
    if (g.random.oneIn(8)) key = g.random.pick([0, g.account() + 1]);
    const length = g.random.oneIn(40) ? g.random.pick([0, 1, 2_049]) : 2;
    return { caller: account, args: [g.random.oneIn(60) ? 0 : role, key, length] };
  },
  deregister: (g) => ({ caller: g.accountWith((each) => g.protocol.books.memberships[each]!.role !== 0) }),
  revokeOperator: (g) => {
    const account = g.accountWith((each) => g.protocol.books.operators[each]!.account === each);
    return { caller: g.random.oneIn(8) ? g.account() : account, args: [account + 1] };
  },
  topUpDeposit: (g) => ({
    caller: g.accountWith((each) => g.protocol.books.memberships[each]!.role !== 0),
    args: [g.random.oneIn(10) ? 10n ** 24n : g.random.amount(10n ** 19n)],
  }),
  pokeForBounty: (g) => {
    const account = g.accountWith((each) => g.protocol.books.memberships[each]!.role !== 0);
    return { caller: g.account(), args: [account], subject: account };
  },
  poke: (g) => {
    const account = g.accountWith((each) => g.protocol.books.memberships[each]!.role !== 0);
    return { args: [account, g.roleOf(account)] };
  },
  use: (g) => {
    const account = g.account();
    return { caller: g.holder(PARTY.market, PARTY.validatorSet), args: [account, g.roleOf(account)] };
  },
  recordWorkOf: (g) => {
    // Validators' utility moves by scores alone; nobody else's work is recorded before it was a node.
    const known = (each: number): Role[] =>
      ([WORKER, ORACLE] as const).filter((role) => g.protocol.standings.nodes[role][each]!.known);
    const account = g.accountWith((each) => known(each).length !== 0);
    const roles = known(account);
    const caller = g.holder(PARTY.market);
    if (roles.length === 0) return { caller: PARTY.stranger, args: [account, WORKER, 1, 0] };
    const role = g.random.pick(roles);
    const units = floorDiv(g.random.amount(400n * WAD), WORK_UNIT);
    return { caller, args: [account, role, units, floorDiv(units * g.ratio(), WAD)], subject: account };
  },
  strike: (g) => {
    const account = g.accountWith((each) => g.protocol.standings.nodes[WORKER][each]!.known);
    const size = g.random.oneIn(6) ? WAD - 1n : WAD;
    return { caller: g.holder(PARTY.market), args: [account, g.account(), size], subject: account };
  },
  scoreValidator: (g) => {
    const account = g.accountWith((each) => g.protocol.standings.nodes[VALIDATOR][each]!.known);
    const caller = g.protocol.standings.nodes[VALIDATOR][account]!.known
      ? g.holder(PARTY.validatorSet)
      : PARTY.stranger;
    return { caller, args: [account, g.ratio()], subject: account };
  },
  roll: (g) => ({ caller: g.account() }),
  setCollateral: (g) => {
    const { weight } = g.protocol;
    const drawn = g.random.oneIn(15) ? weight * 2n + 1n : g.random.between((weight + 1n) / 2n, weight * 2n);
    return { caller: g.holder(PARTY.owner), args: [drawn, g.random.oneIn(20) ? WAD + 1n : g.ratio()] };
  },
  setDestinations: (g) => {
    const burn = g.ratio();
    const compensation = g.random.oneIn(6) ? g.ratio() : g.random.between(0n, WAD - burn);
    return { caller: g.holder(PARTY.owner), args: [compensation, burn] };
  },
  setRole: (g) => {
    const role = g.role();
    const now = g.protocol.standings.roles[role];
    return {
      caller: g.holder(PARTY.owner),
      args: [
        role,
        g.random.oneIn(30) ? 0n : g.near(now.lambda, WAD / 50n, WAD),
        g.random.oneIn(8) ? 0n : g.near(now.maxExponent || WAD, 1n, g.random.oneIn(9) ? 3n * WAD : 2n * WAD),
        g.random.oneIn(30) ? 0n : g.near(now.floor, 1n, 10n ** 24n),
        BigInt(g.random.below(5)),
        g.random.oneIn(10) ? 0n : g.near(now.budgetShare || WAD / 50n, WAD / 1_000n, WAD / 12n),
      ],
    };
  },
  setStanding: (g) => ({
    caller: g.holder(PARTY.owner),
    args: [
      g.random.oneIn(20) ? WAD : g.random.between(WAD / 2n, WAD - 1n),
      g.random.oneIn(20) ? WAD : g.random.between(0n, WAD / 5n),
      g.random.oneIn(20) ? 7 : g.random.below(4),
    ],
  }),
  setSlashCap: (g) => ({
    caller: g.holder(PARTY.owner),
    args: [
      g.random.oneIn(10) ? PARTY.stranger : g.random.pick([PARTY.slasherA, PARTY.slasherB]),
      g.random.oneIn(8) ? g.random.pick([0n, WAD + 1n, NO_CAP]) : g.random.between(WAD / 1_000n, WAD / 5n),
    ],
  }),
  revokeSlasher: (g) => ({
    caller: g.holder(PARTY.owner),
    args: [g.random.pick([PARTY.slasherA, PARTY.slasherB])],
  }),
  setDelays: (g) => {
    const unbonding = setup.OFFENCE_PATH + g.random.below(24) * 3_600;
    return {
      caller: g.holder(PARTY.owner),
      args: [unbonding, unbonding + 3 * setup.DAY + (g.random.oneIn(5) ? 0 : 1 + g.random.below(setup.DAY))],
    };
  },
  setEpochLength: (g) => ({
    caller: g.holder(PARTY.owner),
    args: [setup.MIN_EPOCH_LENGTH + g.random.below(setup.MAX_EPOCH_LENGTH - setup.MIN_EPOCH_LENGTH + 1)],
  }),
  lendReversal: (g) => ({
    caller: g.holder(PARTY.owner),
    args: [g.random.pick([0, g.random.below(7_200), setup.GUARD_TERM])],
  }),
};
