/**
 * HTTP for talking to strangers: bounded in size and time, no redirects, no compression, and no addresses of private
 * networks unless allowed. The address is checked where the connection resolves it, so a name that changes its mind
 * between check and use gains nothing.
 */
import { lookup as dnsLookup } from "node:dns";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";

import { MasaError } from "./errors.ts";

export interface GuardedFetchOptions {
  readonly method?: "GET" | "POST";
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of the answer's body. */
  readonly maxBytes: number;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Loopback, private and link-local addresses too: for local networks only. */
  readonly allowPrivateHosts: boolean;
}

export interface GuardedResponse {
  readonly status: number;
  readonly text: string;
}

const privateAddresses = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  privateAddresses.addSubnet(net, prefix, "ipv4");
  // The same networks written as IPv4-mapped IPv6 addresses.
  privateAddresses.addSubnet(`::ffff:${net}`, 96 + prefix, "ipv6");
}
// Unspecified, loopback, and ways to write or to tunnel to IPv4 addresses: compatible, NAT64, Teredo, 6to4.
privateAddresses.addSubnet("::", 96, "ipv6");
privateAddresses.addSubnet("64:ff9b::", 96, "ipv6");
privateAddresses.addSubnet("64:ff9b:1::", 48, "ipv6");
privateAddresses.addSubnet("2001::", 32, "ipv6");
privateAddresses.addSubnet("2002::", 16, "ipv6");
privateAddresses.addSubnet("fc00::", 7, "ipv6");
privateAddresses.addSubnet("fe80::", 10, "ipv6");
privateAddresses.addSubnet("ff00::", 8, "ipv6");

/** Whether an IP address belongs to a network that strangers must not send us to. */
export const isPrivateAddress = (address: string): boolean =>
  privateAddresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const refused = addresses.find(({ address }) => isPrivateAddress(address));
    const first = addresses[0];
    if (refused !== undefined || first === undefined) {
      return callback(
        new MasaError("MASA-506", `${hostname} resolves to ${refused?.address ?? "nothing"}`),
        "",
        0,
      );
    }
    if (options.all === true) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return void chunks.push(chunk);
      // Before the stream says that it was cut off.
      reject(new MasaError("MASA-501", `the answer is larger than ${maxBytes} bytes`));
      response.destroy();
    });
    response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    response.on("error", reject);
    response.on("aborted", () => reject(new MasaError("MASA-501", "the answer was cut off")));
  });
}

/**
 * One HTTP exchange. Throws MASA-506 for an address that is not allowed, MASA-501 for anything that keeps the answer from
 * arriving whole; statuses other than 2xx are returned, redirects are never followed.
 */
export async function guardedFetch(url: string, options: GuardedFetchOptions): Promise<GuardedResponse> {
  let target: URL;
  try {
    target = new URL(url);
  } catch (cause) {
    throw new MasaError("MASA-506", `not a URL: ${url}`, { cause });
  }
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new MasaError("MASA-506", `${target.protocol} is not fetched`);
  }
  const host = target.hostname.replace(/^\[|\]$/g, "");
  if (!options.allowPrivateHosts && isIP(host) !== 0 && isPrivateAddress(host)) {
    throw new MasaError("MASA-506", `${host} is a private address`);
  }
  const requestOptions: RequestOptions = {
    method: options.method ?? "GET",
    headers: { "accept-encoding": "identity", connection: "close", ...options.headers },
    signal: AbortSignal.timeout(options.timeoutMs),
  };
  if (!options.allowPrivateHosts) requestOptions.lookup = guardedLookup;
  try {
    return await new Promise<GuardedResponse>((resolve, reject) => {
      const send = target.protocol === "http:" ? httpRequest : httpsRequest;
      const request = send(target, requestOptions, (response) => {
        readBody(response, options.maxBytes).then(
          (text) => resolve({ status: response.statusCode ?? 0, text }),
          reject,
        );
      });
      request.on("error", reject);
      request.end(options.body);
    });
  } catch (cause) {
    if (cause instanceof MasaError) throw cause;
    const error = cause as Error;
    throw new MasaError("MASA-501", `${target.host}: ${error.message}`, { cause });
  }
}
