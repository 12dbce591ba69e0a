/** The llm engine against a small server that speaks the OpenAI chat API. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { createLlmEngine, type LlmOptions } from "../../src/answer/index.ts";
import { answered } from "./answered.ts";

const CORPUS = new URL("./corpus/", import.meta.url).pathname;
const QUESTION = { prompt: "How much barley does the tidal mill grind in one tide?", kind: "llm-completion" };
const QUOTE = "In one tide it grinds 1,800 kilograms of barley.";

type Seen = {
  url: string;
  key: string | undefined;
  body: { model: string; messages: { role: string; content: string }[] };
};
type Reply = (response: ServerResponse, attempt: number) => void;

describe("llm engine", () => {
  let server: Server;
  let url = "";
  let seen: Seen[] = [];
  let reply: Reply = () => undefined;

  before(async () => {
    server = createServer((request: IncomingMessage, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        seen.push({
          url: request.url ?? "",
          key: request.headers.authorization,
          body: JSON.parse(text) as Seen["body"],
        });
        reply(response, seen.length);
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen = [];
  });

  const content =
    (text: string): Reply =>
    (response) => {
      const usage = { prompt_tokens: 12, completion_tokens: 5 };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: text } }], usage }));
    };
  const status =
    (code: number, headers: Record<string, string> = {}): Reply =>
    (response) => {
      response.writeHead(code, headers);
      response.end("no");
    };
  const ask = async (more: Partial<LlmOptions> = {}) => {
    const engine = await createLlmEngine({
      url,
      model: "tiny",
      folder: CORPUS,
      retryMs: 1,
      apiKey: "",
      ...more,
    });
    return answered(engine, QUESTION);
  };

  it("sends passages as context and returns answer, citations and usage", async () => {
    const citations = [{ source: "mill.md", quote: QUOTE }];
    reply = content(
      JSON.stringify({ answer: "The mill grinds 1,800 kilograms of barley in one tide.", citations }),
    );
    const answer = await ask({ apiKey: "k-1" });
    assert.equal(answer.text, "The mill grinds 1,800 kilograms of barley in one tide.");
    assert.deepEqual(answer.citations, citations);
    assert.equal(answer.model, "tiny");
    assert.equal(answer.usage.promptTokens, 12);
    assert.ok(answer.usage.passages > 0);
    assert.equal(seen[0]!.url, "/v1/chat/completions");
    assert.equal(seen[0]!.key, "Bearer k-1");
    assert.equal(seen[0]!.body.model, "tiny");
    const sent = seen[0]!.body.messages.at(-1)!.content;
    assert.ok(sent.includes("[mill.md]") && sent.includes(QUOTE) && sent.endsWith(QUESTION.prompt));
  });

  it("drops quotes that the model made up and completes source names", async () => {
    const citations = [
      { source: "Mill", quote: QUOTE },
      { source: "mill.md", quote: "The mill is made of gold." },
    ];
    reply = content(
      "```json\n" + JSON.stringify({ answer: "It grinds 1,800 kilograms.", citations }) + "\n```",
    );
    assert.deepEqual((await ask()).citations, [{ source: "mill.md", quote: QUOTE }]);
  });

  it("takes prose as it comes and finds the quote for a source that the prose names", async () => {
    reply = content("<think>hm {x}</think>In one tide the mill grinds 1,800 kilograms of barley [mill.md].");
    const answer = await ask();
    assert.equal(answer.text, "In one tide the mill grinds 1,800 kilograms of barley [mill.md].");
    assert.deepEqual(answer.citations, [{ source: "mill.md", quote: QUOTE }]);
  });

  it("asks without context when no folder is given, and sends no key when there is none", async () => {
    reply = content('{"answer": "I do not know."}');
    const engine = await createLlmEngine({ url: `${url}/`, model: "tiny", apiKey: "" });
    const answer = await answered(engine, QUESTION);
    assert.deepEqual([answer.text, answer.citations, answer.usage.passages], ["I do not know.", [], 0]);
    assert.equal(seen[0]!.body.messages.at(-1)!.content, QUESTION.prompt);
    assert.equal(seen[0]!.key, undefined);
  });

  it("takes the key from MASA_LLM_API_KEY", async () => {
    reply = content('{"answer": "I do not know."}');
    const before = process.env["MASA_LLM_API_KEY"];
    process.env["MASA_LLM_API_KEY"] = "from-environment";
    try {
      await (await createLlmEngine({ url, model: "tiny" })).answer(QUESTION);
    } finally {
      if (before === undefined) delete process.env["MASA_LLM_API_KEY"];
      else process.env["MASA_LLM_API_KEY"] = before;
    }
    assert.equal(seen[0]!.key, "Bearer from-environment");
  });

  it("tries again on 429 and 5xx, as often as allowed", async () => {
    reply = (response, attempt) =>
      (attempt === 1
        ? status(429, { "retry-after": "0" })
        : attempt === 2
          ? status(503)
          : content("Yes, it does."))(response, attempt);
    assert.equal((await ask()).text, "Yes, it does.");
    assert.equal(seen.length, 3);
    seen = [];
    reply = status(500);
    await assert.rejects(ask({ maxAttempts: 2 }), /answered 500; gave up after 2 attempts/);
    assert.equal(seen.length, 2);
  });

  it("does not try again on what another attempt cannot cure, and says what to do", async () => {
    const cases: [Reply, RegExp][] = [
      [status(401), /refused the key \(401\): set MASA_LLM_API_KEY/],
      [status(404), /answered 404: .*model "tiny" must exist/],
      [status(400), /answered 400: no/],
      [(r) => r.end("<html>"), /did not reply with JSON/],
      [(r) => r.end('{"choices": []}'), /did not reply with a chat completion/],
      [content("  "), /returned an empty answer/],
      [(r) => r.end("x".repeat(2 * 1024 * 1024)), /exceeds 1048576 bytes/],
    ];
    for (const [answer, message] of cases) {
      seen = [];
      reply = answer;
      await assert.rejects(ask({ apiKey: "sekrit" }), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes("sekrit"));
        return true;
      });
      assert.equal(seen.length, 1, String(message));
    }
  });

  it("gives up on a server that is silent or away", async () => {
    reply = () => undefined;
    await assert.rejects(
      ask({ timeoutMs: 50, maxAttempts: 2 }),
      /did not answer within 50 ms.*gave up after 2 attempts/,
    );
    await assert.rejects(
      ask({ url: "http://127.0.0.1:9/v1", maxAttempts: 1 }),
      /cannot be reached: check that it runs/,
    );
  });

  it("refuses an address or a model name that cannot work before asking", async () => {
    await assert.rejects(createLlmEngine({ url: "localhost", model: "m" }), /no address of a model server/);
    await assert.rejects(createLlmEngine({ url: "ftp://x/v1", model: "m" }), /ftp: is not supported/);
    await assert.rejects(createLlmEngine({ url, model: " " }), /no model named/);
    await assert.rejects(createLlmEngine({ url, model: "m", folder: "/nonexistent" }), /does not exist/);
  });
});
