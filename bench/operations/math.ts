/** Formulas alone: sigma, argmin, and the same mathematics in three libraries. */
import { packScores } from "#sdk";

import type { BenchChain } from "../chain.ts";
import { SEATS } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

/** ln 16, WAD: the widest clamp that governance may set. */
const LARGEST_EXPONENT = 2_772_588722239781237n;
const STEPS = 200n;

/** Sigma over its whole clamped range, beside the exp of two libraries at the same points; the dearest of each. */
async function measureSigma(chain: BenchChain): Promise<{ sigma: Measured; prbExp: Measured }> {
  const { ethers } = chain.connection;
  const harness = await (await ethers.getContractFactory("MathHarness")).deploy();
  const peer = await (await ethers.getContractFactory("PeerMath")).deploy();
  let sigma = 0n;
  let prb = 0n;
  for (let step = 0n; step <= STEPS; step++) {
    const exponent = ((2n * step - STEPS) * LARGEST_EXPONENT) / STEPS;
    const { used } = await harness.sigmaGas(exponent);
    const gas = await peer.expGas(exponent);
    if (used > sigma) sigma = used;
    if (gas.prb > prb) prb = gas.prb;
  }
  return { sigma: { cold: null, warm: Number(sigma) }, prbExp: { cold: null, warm: Number(prb) } };
}

/** The argmin over stored scores as a transaction: rising, falling and equal scores, the dearest of them. */
async function measureArgmin(chain: BenchChain): Promise<Measured> {
  const harness = await (await chain.connection.ethers.getContractFactory("MathHarness")).deploy();
  const [sender] = await chain.connection.ethers.getSigners();
  if (sender === undefined) throw new Error("the chain has no accounts");
  const all = (1n << BigInt(SEATS)) - 1n;
  const cold: number[] = [];
  const warm: number[] = [];
  for (const score of [(seat: number) => seat, (seat: number) => SEATS - seat, () => 7]) {
    const scores = Array.from({ length: SEATS }, (_, seat) => 1_000_000n * BigInt(score(seat)) + 1n);
    await chain.send(sender.address, harness.storeScores.populateTransaction(packScores(scores)));
    for (const gas of [cold, warm]) {
      gas.push(await chain.gasOf(sender.address, harness.findLowest.populateTransaction(all)));
    }
  }
  return { cold: Math.max(...cold), warm: Math.max(...warm) };
}

async function measureLibraries(chain: BenchChain): Promise<Figures> {
  const peer = await (await chain.connection.ethers.getContractFactory("PeerMath")).deploy();
  const wide = 2n ** 200n + 12_345n;
  const product = await peer.mulDivGas(wide, wide - 1n, 2n ** 190n + 1n);
  const power = await peer.powerGas(999_000_000_000_000_000n, 100n);
  const warm = (gas: bigint): Measured => ({ cold: null, warm: Number(gas) });
  return {
    mulDiv: warm(product.solady),
    openZeppelinMulDiv: warm(product.openZeppelin),
    prbMulDiv: warm(product.prb),
    power: warm(power.solady),
    prbPower: warm(power.prb),
  };
}

export async function measureMath(chain: BenchChain): Promise<Figures> {
  return {
    ...(await measureSigma(chain)),
    argmin: await measureArgmin(chain),
    ...(await measureLibraries(chain)),
  };
}
