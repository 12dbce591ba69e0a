/** The public face of the SDK. */
export * from "./connection.ts";
export * from "./contracts.ts";
export * from "./epochScores.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./guardedFetch.ts";
export * from "./httpAuth.ts";
export * from "./manifest.ts";
export * from "./math/index.ts";
export * from "./nodeServer.ts";
export * from "./payloads.ts";
export * from "./reports.ts";
export * from "./reverts.ts";
export * from "./selection.ts";
