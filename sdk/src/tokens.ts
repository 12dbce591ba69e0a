/** The two tokens that can be staked, and permits (EIP-2612) in the place of approvals. */
import { Signature } from "ethers";
import type { Signer } from "ethers";

import type { MasaToken } from "../../types/contracts/index.ts";
import type { MasaContracts } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import { amountOf } from "./format.ts";

export interface TokenInfo {
  readonly symbol: "MASA" | "TAO";
  readonly address: string;
  readonly decimals: number;
}

export interface Tokens {
  readonly masa: TokenInfo;
  /** Null where the network has none. */
  readonly tao: TokenInfo | null;
}

/** MASA, and the wrapped TAO with the decimals it says it has. */
export async function readTokens({ masa, tao }: Pick<MasaContracts, "masa" | "tao">): Promise<Tokens> {
  return {
    masa: { symbol: "MASA", address: await masa.getAddress(), decimals: 18 },
    tao:
      tao === null
        ? null
        : { symbol: "TAO", address: await tao.getAddress(), decimals: Number(await tao.decimals()) },
  };
}

/** "12.5 MASA", "0.000000001 TAO". */
export const tokenAmount = (units: bigint, { decimals, symbol }: TokenInfo): string =>
  `${amountOf(units, decimals)} ${symbol}`;

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** Lets `spender` take `value` from `owner` until `deadline` (Unix second). Throws MASA-309 where the token has no permits. */
export async function signPermit(
  owner: Signer,
  token: MasaToken,
  spender: string,
  value: bigint,
  deadline: bigint,
): Promise<Signature> {
  const address = await owner.getAddress();
  let nonce: bigint;
  let domain: Awaited<ReturnType<MasaToken["eip712Domain"]>>;
  try {
    [nonce, domain] = await Promise.all([token.nonces(address), token.eip712Domain()]);
  } catch (cause) {
    throw new MasaError("MASA-309", `${await token.getAddress()} does not answer nonces and eip712Domain`, {
      cause,
    });
  }
  const { name, version, chainId, verifyingContract } = domain;
  const signed = await owner.signTypedData({ name, version, chainId, verifyingContract }, PERMIT_TYPES, {
    owner: address,
    spender,
    value,
    nonce,
    deadline,
  });
  return Signature.from(signed);
}
