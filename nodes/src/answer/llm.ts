/** Answers through any server with the OpenAI chat API; retrieved passages are its context when a folder is given. */
import { z } from "zod";
import { loadPassages, type Passage } from "./documents.ts";
import { openLibrary, termsOf, type Library } from "./retrieval.ts";
import type { AnswerEngine, AnswerPayload, Citation } from "./types.ts";

export type LlmOptions = {
  /** base address of the API, e.g. http://localhost:11434/v1 */
  url: string;
  model: string;
  /** folder of documents for the context */
  folder?: string;
  /** read from MASA_LLM_API_KEY when absent; never printed */
  apiKey?: string;
  timeoutMs?: number;
  maxAttempts?: number;
  /** first pause between attempts; doubles each time */
  retryMs?: number;
};

const DEFAULTS = { timeoutMs: 60_000, maxAttempts: 3, retryMs: 1_000 };
const MAX_RETRY_MS = 20_000;
const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_ANSWER_CHARACTERS = 16_000;
const CONTEXT_PASSAGES = 8;

const replySchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
  usage: z
    .object({ prompt_tokens: z.number().optional(), completion_tokens: z.number().optional() })
    .nullish(),
});

const answerSchema = z.object({
  answer: z.string(),
  citations: z.array(z.object({ source: z.string(), quote: z.string() })).default([]),
});

const INSTRUCTION = [
  "Answer the question in one to four plain sentences.",
  "Use only the passages given, when there are any; say so when they do not answer the question.",
  'Reply with one JSON object and nothing else: {"answer": "…", "citations": [{"source": "file name", "quote": "words copied from that passage"}]}.',
].join(" ");

export async function createLlmEngine(options: LlmOptions): Promise<AnswerEngine> {
  const endpoint = endpointOf(options.url);
  if (options.model.trim() === "")
    throw new Error("no model named: give --model NAME as the server lists it");
  const library = options.folder === undefined ? null : openLibrary(await loadPassages(options.folder));
  return {
    name: "llm",
    async answer({ prompt }) {
      const passages = library === null ? [] : library.find(prompt, CONTEXT_PASSAGES).map((f) => f.passage);
      const body = JSON.stringify({
        model: options.model,
        temperature: 0,
        messages: [
          { role: "system", content: INSTRUCTION },
          { role: "user", content: question(prompt, passages) },
        ],
      });
      const reply = await askWithRetries(endpoint, body, options);
      return toPayload(reply, options.model, passages, library);
    },
  };
}

function endpointOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error(`${url} is no address of a model server: give something like http://localhost:11434/v1`);
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:")
    throw new Error(`${parsed.protocol} is not supported for a model server: use http: or https:`);
  return `${url.replace(/\/+$/, "")}/chat/completions`;
}

function question(prompt: string, passages: readonly Passage[]): string {
  const context = passages.map((p) => `[${p.source}] ${p.heading === "" ? "" : `(${p.heading}) `}${p.text}`);
  return context.length === 0 ? prompt : `Passages:\n\n${context.join("\n\n")}\n\nQuestion: ${prompt}`;
}

/** A failure that another attempt may cure. */
class Retryable extends Error {
  readonly waitMs: number | null;
  constructor(message: string, waitMs: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.waitMs = waitMs;
  }
}

async function askWithRetries(
  endpoint: string,
  body: string,
  options: LlmOptions,
): Promise<z.infer<typeof replySchema>> {
  const attempts = options.maxAttempts ?? DEFAULTS.maxAttempts;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(endpoint, body, options);
    } catch (error) {
      if (!(error instanceof Retryable)) throw error;
      if (attempt >= attempts)
        throw new Error(`${error.message}; gave up after ${attempt} attempts`, { cause: error });
      const pause = error.waitMs ?? (options.retryMs ?? DEFAULTS.retryMs) * 2 ** (attempt - 1);
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, MAX_RETRY_MS)));
    }
  }
}

async function ask(
  endpoint: string,
  body: string,
  options: LlmOptions,
): Promise<z.infer<typeof replySchema>> {
  const timeoutMs = options.timeoutMs ?? DEFAULTS.timeoutMs;
  const key = options.apiKey ?? process.env["MASA_LLM_API_KEY"];
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key !== undefined && key !== "") headers["authorization"] = `Bearer ${key}`;
  let status: number;
  let text: string;
  let retryAfter: string | null;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(endpoint, { method: "POST", headers, body, signal, redirect: "error" });
    status = response.status;
    retryAfter = response.headers.get("retry-after");
    text = await readLimited(response);
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const what = timedOut ? `did not answer within ${timeoutMs} ms` : "cannot be reached";
    throw new Retryable(
      `the model server ${endpoint} ${what}: check that it runs and that the address is right`,
      null,
      { cause: error },
    );
  }
  if (status === 429 || status >= 500) {
    const seconds = Number(retryAfter ?? Number.NaN);
    throw new Retryable(
      `the model server ${endpoint} answered ${status}`,
      Number.isFinite(seconds) ? seconds * 1000 : null,
    );
  }
  if (status === 401 || status === 403)
    throw new Error(`the model server ${endpoint} refused the key (${status}): set MASA_LLM_API_KEY`);
  if (status === 404)
    throw new Error(
      `the model server ${endpoint} answered 404: the address must end before /chat/completions and the model "${options.model}" must exist there`,
    );
  if (status !== 200)
    throw new Error(`the model server ${endpoint} answered ${status}: ${text.slice(0, 200)}`);
  return parseReply(text, endpoint);
}

class TooLarge extends Error {}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // leaving the loop early cancels the stream, so that memory stays bounded
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_REPLY_BYTES)
      throw new TooLarge(
        `the model server's reply exceeds ${MAX_REPLY_BYTES} bytes: check what runs at that address`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseReply(text: string, endpoint: string): z.infer<typeof replySchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(
      `the model server ${endpoint} did not reply with JSON: is it an OpenAI-compatible chat API?`,
    );
  }
  const reply = replySchema.safeParse(value);
  if (!reply.success)
    throw new Error(
      `the model server ${endpoint} did not reply with a chat completion: ${z.prettifyError(reply.error)}`,
    );
  return reply.data;
}

function toPayload(
  reply: z.infer<typeof replySchema>,
  model: string,
  passages: Passage[],
  library: Library | null,
): AnswerPayload {
  const content = (reply.choices[0]?.message.content ?? "").replace(/<think>[\s\S]*?<\/think>/g, "").trim();
  if (content === "") throw new Error(`the model "${model}" returned an empty answer`);
  const parsed = parseAnswer(content);
  const text = parsed.answer.trim().slice(0, MAX_ANSWER_CHARACTERS);
  if (text === "") throw new Error(`the model "${model}" returned an empty answer`);
  const citations = library === null ? [] : keepGenuine(parsed.citations, passages);
  return {
    text,
    citations: citations.length > 0 || library === null ? citations : citationsFromMarks(text, passages),
    engine: "llm",
    model,
    usage: {
      passages: passages.length,
      characters: text.length,
      ...(reply.usage?.prompt_tokens === undefined ? {} : { promptTokens: reply.usage.prompt_tokens }),
      ...(reply.usage?.completion_tokens === undefined
        ? {}
        : { completionTokens: reply.usage.completion_tokens }),
    },
  };
}

/** The JSON that was asked for, fenced or not; a model that answers in prose is taken at its word. */
function parseAnswer(content: string): z.infer<typeof answerSchema> {
  const json = content.slice(content.indexOf("{"), content.lastIndexOf("}") + 1);
  try {
    const answer = answerSchema.safeParse(JSON.parse(json));
    if (answer.success) return answer.data;
  } catch {
    // prose: handled below
  }
  return { answer: content, citations: [] };
}

const fold = (s: string): string => (s.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");

/** Models invent quotes; a worker that passed them on would be slashed for it. Sources are completed to file names. */
function keepGenuine(citations: Citation[], passages: readonly Passage[]): Citation[] {
  return citations.flatMap(({ source, quote }) => {
    const wanted = fold(quote);
    const found = passages.find((p) => wanted !== "" && ` ${fold(p.text)} `.includes(` ${wanted} `));
    if (found === undefined) return [];
    const named = passages.find(
      (p) => fold(p.source) === fold(source) && ` ${fold(p.text)} `.includes(` ${wanted} `),
    );
    return [{ source: (named ?? found).source, quote }];
  });
}

/** For prose that names its sources: the sentence of the named document that says most of what the answer says. */
function citationsFromMarks(text: string, passages: readonly Passage[]): Citation[] {
  const said = termsOf(text);
  const out: Citation[] = [];
  for (const source of new Set(passages.map((p) => p.source))) {
    if (!text.includes(source)) continue;
    const sentences = passages.filter((p) => p.source === source).flatMap((p) => p.sentences);
    const shared = (s: string): number => [...termsOf(s)].filter((t) => said.has(t)).length;
    out.push({ source, quote: sentences.reduce((a, b) => (shared(b) > shared(a) ? b : a)) });
  }
  return out;
}
