/** Every typed error of the contracts as a sentence: what happened, with its values, and what to do. */
import { CONSENSUS_REFUSALS, ESCROW_REFUSALS, FEE_REFUSALS, RESULT_REFUSALS } from "./market.ts";
import { EPOCH_REFUSALS, GOVERNANCE_REFUSALS } from "./governance.ts";
import { REGISTRY_REFUSALS, RIGHT_REFUSALS, SEAT_REFUSALS, STANDING_REFUSALS } from "./registry.ts";
import { OFFENCE_REFUSALS } from "./offences.ts";
import { DISTRIBUTOR_REFUSALS, EMISSIONS_REFUSALS, FEE_POOL_REFUSALS } from "./rewards.ts";
import { REPUTATION_REFUSALS } from "./reputation.ts";
import type { Sentences } from "./values.ts";
import { TOKEN_REFUSALS, VAULT_REFUSALS } from "./vault.ts";
import { CLASS_REFUSALS, GOVERNOR_REFUSALS, VOTES_REFUSALS } from "./voting.ts";

export const REFUSALS: Sentences = {
  ...VAULT_REFUSALS,
  ...TOKEN_REFUSALS,
  ...REGISTRY_REFUSALS,
  ...STANDING_REFUSALS,
  ...SEAT_REFUSALS,
  ...RIGHT_REFUSALS,
  ...ESCROW_REFUSALS,
  ...RESULT_REFUSALS,
  ...FEE_REFUSALS,
  ...CONSENSUS_REFUSALS,
  ...OFFENCE_REFUSALS,
  ...EMISSIONS_REFUSALS,
  ...DISTRIBUTOR_REFUSALS,
  ...FEE_POOL_REFUSALS,
  ...EPOCH_REFUSALS,
  ...GOVERNANCE_REFUSALS,
  ...VOTES_REFUSALS,
  ...GOVERNOR_REFUSALS,
  ...CLASS_REFUSALS,
  ...REPUTATION_REFUSALS,
};
