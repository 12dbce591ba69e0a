/** The example questions: well formed, different from each other, spread over the documents, and leading to them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { z } from "zod";

const root = new URL("../../", import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), "utf8"));

const { questions } = z
  .strictObject({
    version: z.literal(1),
    questions: z.array(
      z.strictObject({ id: z.string().regex(/^q\d{2}$/), prompt: z.string().min(20).max(300) }),
    ),
  })
  .parse(read("examples/questions.json"));
const { sources } = z
  .strictObject({ version: z.literal(1), sources: z.record(z.string(), z.string()) })
  .parse(read("examples/questions.sources.json"));

const guide = fileURLToPath(new URL("docs/guide/", root));
const documents = readdirSync(guide).filter((name) => name.endsWith(".md"));
const textOf = (name: string): string => readFileSync(`${guide}${name}`, "utf8");
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

describe("example questions", () => {
  it("are at least 48, with ids and prompts that occur once", () => {
    assert.ok(questions.length >= 48, `${questions.length} questions`);
    assert.equal(new Set(questions.map((q) => q.id)).size, questions.length);
    assert.equal(new Set(questions.map((q) => wordsOf(q.prompt).join(" "))).size, questions.length);
  });

  it("have one main document each, which exists", () => {
    assert.deepEqual(Object.keys(sources).sort(), questions.map((q) => q.id).sort());
    for (const [id, name] of Object.entries(sources))
      assert.ok(documents.includes(name), `${id}: no ${name}`);
  });

  it("ask about every document, about none of them more than twice", () => {
    for (const name of documents) {
      const asked = Object.values(sources).filter((source) => source === name).length;
      assert.ok(asked >= 1 && asked <= 2, `${name} is asked about ${asked} times`);
    }
  });

  it("share words with their document that tell it from most others", () => {
    const vocabulary = new Map(documents.map((name) => [name, new Set(wordsOf(textOf(name)))]));
    for (const { id, prompt } of questions) {
      const own = vocabulary.get(sources[id] as string) as Set<string>;
      const telling = wordsOf(prompt).filter((word) => {
        const holders = [...vocabulary.values()].filter((words) => words.has(word)).length;
        return own.has(word) && holders <= documents.length / 3;
      });
      assert.ok(telling.length >= 1, `${id} has no telling word in common with ${sources[id]}: ${prompt}`);
    }
  });

  it("are not sentences of the documents", () => {
    const corpus = documents.map((name) => wordsOf(textOf(name)).join(" "));
    for (const { id, prompt } of questions) {
      const asked = wordsOf(prompt).join(" ");
      assert.ok(!corpus.some((text) => text.includes(asked)), `${id} is copied`);
    }
  });
});

describe("documents of the guide", () => {
  it("are at least 24, of 250 to 600 words, under one title each", () => {
    assert.ok(documents.length >= 24, `${documents.length} documents`);
    for (const name of documents) {
      const text = textOf(name);
      const words = text.split(/\s+/).filter((word) => word !== "").length;
      assert.ok(words >= 250 && words <= 600, `${name} has ${words} words`);
      assert.equal(text.match(/^# /gm)?.length, 1, `${name} has one title`);
    }
  });
});
