/** The HTTP face that workers, oracle nodes and validators share: bounded bodies, signed callers, numbered errors. */
import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import { MasaError } from "./errors.ts";

export interface NodeRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

export interface NodeAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

export interface NodeServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface NodeServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Most bytes of a request body. */
  readonly maxBytes: number;
  readonly handle: (request: NodeRequest) => Promise<NodeAnswer>;
}

const ERROR_STATUS: Partial<Record<string, ContentfulStatusCode>> = {
  "MASA-501": 404,
  "MASA-503": 409,
  "MASA-504": 401,
  "MASA-505": 400,
};

function makeApp(options: NodeServerOptions): Hono {
  const app = new Hono();
  app.use(
    bodyLimit({
      maxSize: options.maxBytes,
      onError: (c) => c.text("MASA-505 the request body is too large", 413),
    }),
  );
  app.onError((error, c) =>
    // What is no MasaError was not meant for strangers: they learn nothing of it.
    error instanceof MasaError
      ? c.text(`${error.code} ${error.message}`, ERROR_STATUS[error.code] ?? 500)
      : c.text("internal error", 500),
  );
  app.all("*", async (c) => {
    const answer = await options.handle({
      method: c.req.method,
      path: c.req.path,
      body: await c.req.text(),
      header: (name) => c.req.header(name),
    });
    return c.body(answer.body, answer.status as ContentfulStatusCode, {
      "content-type": answer.contentType ?? "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
  });
  return app;
}

/** Starts listening. Throws MASA-402. */
export function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const app = makeApp(options);
  return new Promise((resolve, reject) => {
    const server: ServerType = serve(
      { fetch: app.fetch, hostname: options.host, port: options.port },
      ({ port }) => {
        resolve({
          url: `http://${options.host}:${port}`,
          close: () =>
            new Promise((done) => {
              if ("closeAllConnections" in server) server.closeAllConnections();
              server.close(() => done());
            }),
        });
      },
    );
    server.once("error", (cause: Error) => {
      reject(new MasaError("MASA-402", `${options.host}:${options.port}: ${cause.message}`, { cause }));
    });
  });
}
