/** Every typed error of the contracts as a sentence: what happened, with its values, and what to do. */
import { CONSENSUS_REFUSALS, ESCROW_REFUSALS, FEE_REFUSALS } from "./market.ts";
import { EPOCH_REFUSALS, GOVERNANCE_REFUSALS } from "./governance.ts";
import { REGISTRY_REFUSALS, RIGHT_REFUSALS, SEAT_REFUSALS, STANDING_REFUSALS } from "./registry.ts";
import type { Sentences } from "./values.ts";
import { TOKEN_REFUSALS, VAULT_REFUSALS } from "./vault.ts";

export const REFUSALS: Sentences = {
  ...VAULT_REFUSALS,
  ...TOKEN_REFUSALS,
  ...REGISTRY_REFUSALS,
  ...STANDING_REFUSALS,
  ...SEAT_REFUSALS,
  ...RIGHT_REFUSALS,
  ...ESCROW_REFUSALS,
  ...FEE_REFUSALS,
  ...CONSENSUS_REFUSALS,
  ...EPOCH_REFUSALS,
  ...GOVERNANCE_REFUSALS,
};
