/** Fees of settled requests on their way to the pots: what who posted an epoch report does beside it. */
import type { KeeperRuntime } from "./runtime.ts";

/** Gas of collecting and distributing, with room to spare. */
const GAS = 250_000n;
/** Fees must be worth this many times the gas, at the price that the escrow's terms put on it. */
const WORTH = 2n;
const WEI_PER_ETHER = 10n ** 18n;

/**
 * Sends the fees of settled requests to the fee pool and on to the pots, if they are worth the gas. After the report: its
 * poster is paid out of them.
 */
export async function moveFees({ connection, log }: KeeperRuntime): Promise<bigint> {
  const { escrow, feePool, masa } = connection.contracts;
  const [{ fees }, pooled, { masaPerEther }, price] = await Promise.all([
    escrow.totals(),
    masa.balanceOf(connection.manifest.contracts.feePool),
    escrow.posterTerms(),
    connection.gasPrice(),
  ]);
  const waiting = fees + pooled;
  const cost = (GAS * price * masaPerEther) / WEI_PER_ETHER;
  if (waiting === 0n || waiting < WORTH * cost) return 0n;
  if (fees > 0n) await connection.send(() => escrow.collectFees());
  await connection.send(() => feePool.distribute());
  log.info({ fees: waiting }, "fees distributed");
  return waiting;
}
