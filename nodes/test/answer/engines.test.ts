/** Documents, the quoting engine and the hasty one. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadPassages, splitSentences } from "../../src/answer/documents.ts";
import { createEngine, createHastyEngine, createQuotingEngine } from "../../src/answer/index.ts";
import { answered } from "./answered.ts";

const CORPUS = new URL("./corpus/", import.meta.url).pathname;
const fold = (s: string): string => (s.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");

describe("documents", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "masa-docs-"));
  });
  after(() => rm(folder, { recursive: true }));
  const fill = async (name: string, files: Record<string, string | Buffer>): Promise<string> => {
    const path = join(folder, name);
    await mkdir(path);
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(path, file, ".."), { recursive: true });
      await writeFile(join(path, file), content);
    }
    return path;
  };

  it("reads .md and .txt in the order of their names, in folders below too, and nothing else", async () => {
    const path = await fill("order", {
      "b.md": "# Bee\n\nThe second text.",
      "a.txt": "The first text.",
      "sub/c.md": "The third text.",
      "picture.png": Buffer.from([0, 1, 2]),
      ".hidden.md": "Not read.",
    });
    const passages = await loadPassages(path);
    assert.deepEqual(
      passages.map((p) => [p.source, p.text]),
      [
        ["a.txt", "The first text."],
        ["b.md", "The second text."],
        ["sub/c.md", "The third text."],
      ],
    );
    assert.equal(passages[1]!.heading, "Bee");
  });

  it("keeps prose, drops code and tables, and removes Markdown marks from sentences", async () => {
    const path = await fill("marks", {
      "a.md":
        "Use **bold** and `code` and a [link](x.md).\n\n```sh\nrm -rf /\n```\n\n| a | b |\n|---|---|\n\n- First item.\n- Second_item stays.",
    });
    const passages = await loadPassages(path);
    assert.deepEqual(
      passages.flatMap((p) => p.sentences),
      ["Use bold and code and a link.", "First item.", "Second_item stays."],
    );
  });

  it("splits sentences", () => {
    assert.deepEqual(splitSentences("It costs 1.5, e.g. today. Dr. Hale knows. Why?"), [
      "It costs 1.5, e.g. today.",
      "Dr. Hale knows.",
      "Why?",
    ]);
  });

  it("cuts text without full stops into pieces that fit a payload", async () => {
    const passages = await loadPassages(
      await fill("long", { "a.txt": "word ".repeat(2_000), "b.txt": "x".repeat(4_000) }),
    );
    const sentences = passages.flatMap((p) => p.sentences);
    assert.ok(sentences.every((s) => s.length <= 1_500));
    assert.equal(sentences.join("").replaceAll(" ", ""), "word".repeat(2_000) + "x".repeat(4_000));
  });

  it("says what is wrong with a folder and what to do", async () => {
    await assert.rejects(loadPassages(join(folder, "none")), /does not exist; check the path/);
    await assert.rejects(loadPassages(join(CORPUS, "salt.md")), /is not a folder/);
    await assert.rejects(
      loadPassages(await fill("empty", {})),
      /no \.md or \.txt documents .* put the documents there/,
    );
    await assert.rejects(loadPassages(await fill("blank", { "a.md": " \n" })), /hold no text/);
    await assert.rejects(
      loadPassages(await fill("binary", { "a.md": Buffer.from([65, 0, 66]) })),
      /a\.md is a binary file/,
    );
    await assert.rejects(
      loadPassages(await fill("latin", { "a.md": Buffer.from([0xe9, 0x20]) })),
      /a\.md is not UTF-8/,
    );
  });
});

describe("quoting engine", () => {
  it("answers with cited sentences of the right document", async () => {
    const engine = await createQuotingEngine(CORPUS);
    const { text, citations, usage } = await answered(engine, {
      prompt: "How much barley does the tidal mill grind in one tide?",
      kind: "data-query",
    });
    assert.match(text, /1,800 kilograms of barley \[\d\]/);
    assert.equal(citations[0]!.source, "mill.md");
    assert.ok(citations.length <= 4 && text.length <= 1_200);
    assert.equal(usage.characters, text.length);
    assert.ok(usage.passages >= 1);
  });

  it("every quote stands in the file it names", async () => {
    const engine = await createQuotingEngine(CORPUS);
    const questions = JSON.parse(
      await readFile(new URL("./questions.json", import.meta.url), "utf8"),
    ) as string[];
    for (const prompt of questions)
      for (const { source, quote } of (await answered(engine, { prompt, kind: "data-query" })).citations)
        assert.ok(fold(await readFile(CORPUS + source, "utf8")).includes(fold(quote)), `${source}: ${quote}`);
  });

  it("has nothing to say when no document shares a word with the question", async () => {
    const engine = await createEngine({ engine: "quoting", folder: CORPUS });
    assert.equal(await engine.answer({ prompt: "Quantum chromodynamics?", kind: "data-query" }), null);
  });
});

describe("hasty engine", () => {
  it("takes the first passage that shares a word, right or not", async () => {
    const engine = await createHastyEngine(CORPUS);
    const answer = await answered(engine, { prompt: "Which wind stops the turbines?", kind: "data-query" });
    assert.equal(answer.citations[0]!.source, "bees.md");
    assert.match(answer.text, /west wind/);
  });
});
