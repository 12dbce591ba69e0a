/** The whole run, in the order that lets every measurement find the network it needs. */
import { BenchChain } from "./chain.ts";
import { BenchNetwork } from "./network.ts";
import { measureGovernance } from "./operations/governance.ts";
import { measureFrozenSets } from "./operations/frozenSets.ts";
import { LAST_EPOCH, measureEpochs } from "./operations/epochs.ts";
import { measureMarket } from "./operations/market.ts";
import { measureMath } from "./operations/math.ts";
import { measurePeers } from "./operations/peers.ts";
import { measureRequirements } from "./operations/requirement.ts";
import { measureClaims } from "./operations/rewards.ts";
import { measureSlashing, measureStaking } from "./operations/staking.ts";
import { measureVotesFromStake } from "./operations/votes.ts";
import type { Figures } from "./rows.ts";

/** Measures everything; `say` hears of each part before it begins. */
export async function runBench(say: (line: string) => void): Promise<{ figures: Figures; hardfork: string }> {
  const chain = await BenchChain.open();
  try {
    say("mathematics");
    const math = await measureMath(chain);
    say("peers' votes, governors and signatures");
    const peers = await measurePeers(chain);
    say("deployment");
    const network = await BenchNetwork.deploy(chain);
    say("stake, unbonding, withdrawal");
    const staking = await measureStaking(network);
    say("votes from stake: delegates and edges");
    const votes = await measureVotesFromStake(network);
    say("proposals and votes");
    const governance = await measureGovernance(network);
    say("slashes, with up to 1,000 queue entries");
    const slashing = await measureSlashing(network);
    say("three ways to keep a frozen set");
    const frozenSets = await measureFrozenSets(chain);
    say("epochs: 64 seats, a full waitlist, 10,000 workers");
    const { figures: epochs, workers } = await measureEpochs(network);
    say("claims of rewards");
    const claims = await measureClaims(network, LAST_EPOCH);
    say("requests, responses, and reports of up to 200 results, with up to 10,000 workers");
    const [oracle = ""] = await network.register("oracle", 0, 1);
    const market = await measureMarket(network, LAST_EPOCH, oracle, workers);
    say("requirements");
    const [worked = ""] = workers;
    const idle = workers.at(-1) ?? "";
    const requirements = await measureRequirements(network, LAST_EPOCH + 1, idle, worked);
    const { networkConfig } = chain.connection;
    return {
      figures: {
        ...math,
        ...peers,
        ...staking,
        ...votes,
        ...governance,
        ...slashing,
        ...frozenSets,
        ...epochs,
        ...claims,
        ...market,
        ...requirements,
      },
      hardfork: networkConfig.type === "edr-simulated" ? networkConfig.hardfork : "unknown",
    };
  } finally {
    await chain.close();
  }
}
