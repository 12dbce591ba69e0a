/** What the governor, the classes of proposals and reputation would refuse. */
import { WAD } from "../sdk/src/math/fixed.ts";
import { REPUTATION } from "../sdk/src/parameters/governance.ts";
import { CLASS_NAMES } from "../sdk/src/parameters/types.ts";
import type { DeployParameters } from "./params.ts";
import type { Reasons } from "./reasons.ts";

const MINUTE = 60n;
const HOUR = 3_600n;
const DAY = 86_400n;
const HALF = WAD / 2n;
const MIN_QUORUM = WAD / 100n; // ProposalClasses
const MAX_QUORUM = (WAD * 6n) / 10n; // ProposalClasses
const MAX_THRESHOLD = (WAD * 9n) / 10n; // ProposalClasses
const SUPPLY_PER_STAKE = 100n; // ProposalClasses
const LEAST_QUORUM_DIVISOR = 10n; // MasaGovernorSettings
const UINT96 = 2n ** 96n - 1n;

const RESPECTS = ["quorum", "maxQuorum", "threshold", "votingPeriod", "minStake"] as const;

export function checkGovernance(reasons: Reasons, p: DeployParameters): void {
  checkSettings(reasons, p);
  checkClasses(reasons, p);
  checkReputation(reasons, p);
}

function checkSettings(reasons: Reasons, { governance: g, tokens }: DeployParameters): void {
  reasons.within("governance.votingDelay (seconds)", g.votingDelay, MINUTE, 30n * DAY);
  reasons.within("governance.directWindow (seconds)", g.directWindow, 0n, 7n * DAY);
  reasons.within("governance.voteExtension (seconds)", g.voteExtension, g.directWindow + MINUTE, 14n * DAY);
  reasons.within("governance.expiry (seconds)", g.expiry, HOUR, 180n * DAY);
  if (tokens.masa !== null) return;
  reasons.withinWad("governance.leastQuorum", g.leastQuorum, 0n, tokens.genesisSupply / LEAST_QUORUM_DIVISOR);
}

function checkClasses(reasons: Reasons, { governance: g, tokens }: DeployParameters): void {
  reasons.within("governance.minVotingPeriod (seconds)", g.minVotingPeriod, 1n, 30n * DAY);
  for (const [index, name] of CLASS_NAMES.entries()) {
    const at = `governance.classes.${name}`;
    const c = g.classes[name];
    reasons.withinWad(`${at}.quorum`, c.quorum, MIN_QUORUM, MAX_QUORUM);
    reasons.withinWad(`${at}.maxQuorum`, c.maxQuorum, c.quorum, MAX_QUORUM);
    reasons.withinWad(`${at}.threshold`, c.threshold, HALF, MAX_THRESHOLD);
    reasons.within(`${at}.votingPeriod (seconds)`, c.votingPeriod, g.minVotingPeriod, 30n * DAY);
    reasons.within(`${at}.reviewInterval (seconds)`, c.reviewInterval, DAY, 1_095n * DAY);
    reasons.withinWad(`${at}.weight`, c.weight, WAD / 10n, 4n * WAD);
    const mostStake = tokens.masa === null ? tokens.genesisSupply / SUPPLY_PER_STAKE : UINT96;
    reasons.withinWad(`${at}.minStake`, c.minStake, 1n, mostStake);
    const before = CLASS_NAMES[index - 1];
    if (before === undefined) continue;
    for (const respect of RESPECTS) {
      reasons.need(
        c[respect] >= g.classes[before][respect],
        `${at}.${respect} is below that of ${before}: classes go from the laxest to the strictest.`,
      );
    }
  }
}

/** The registry has the bounds of the contract. */
function checkReputation(reasons: Reasons, { reputation }: DeployParameters): void {
  for (const { id, field, unit, least, most } of REPUTATION.parameters) {
    const value = reputation[field as keyof typeof reputation];
    if (unit === "count") reasons.within(id, value, least, most);
    else reasons.withinWad(id, BigInt(value), least, most);
  }
}
