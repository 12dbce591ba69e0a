/** Scores a file of responses, one JSON object a line, for comparing a scorer with human judgements. */
import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { z } from "zod";
import {
  indexEvidence,
  SCORE_ONE,
  scorers,
  type EvidenceIndex,
  type ScorerName,
  type SubScores,
} from "./index.ts";

const rowSchema = z.object({
  id: z.union([z.string(), z.number()]),
  prompt: z.string(),
  evidence: z.array(z.string()).default([]),
  response: z.string(),
});

export type ScoredRow = {
  id: string | number;
  relevance: number;
  coherence: number;
  factual: number | null;
  q: number;
};

/** The protocol's default weights; response time counts as perfect, since a file has none. */
const FILE_WEIGHTS = { relevance: 0.35, coherence: 0.2, factual: 0.35, responseTime: 0.1 } as const;

/** Q of sub-scores with T = 1; without evidence the other weights are divided by what is left. */
export function fileQuality(scores: SubScores): number {
  const w = FILE_WEIGHTS;
  const rest = w.relevance * scores.relevance + w.coherence * scores.coherence + w.responseTime * SCORE_ONE;
  const sum = scores.factual === null ? rest / (1 - w.factual) : rest + w.factual * scores.factual;
  return sum / SCORE_ONE;
}

type ScoreFileOptions = { input: string; output: string; scorer?: ScorerName };

/** Reads rows {id, prompt, evidence, response}, writes rows {id, relevance, coherence, factual, q}; returns how many. */
export async function scoreFile({ input, output, scorer = "evidence" }: ScoreFileOptions): Promise<number> {
  // Renamed when it is whole: what was there before is not lost to a malformed row.
  const part = `${output}.part`;
  const out = createWriteStream(part);
  await once(out, "open");
  const lines = createInterface({ input: createReadStream(input, "utf8"), crlfDelay: Infinity });
  const kept: { key: string | null; index: EvidenceIndex } = { key: null, index: indexEvidence([]) };
  let line = 0;
  let rows = 0;
  try {
    for await (const text of lines) {
      line++;
      if (text.trim() === "") continue;
      const row = parseRow(text, `${input}:${line}`);
      const evidence = row.evidence.map((body, i) => ({ id: `evidence-${i + 1}`, text: body }));
      const key = JSON.stringify(row.evidence);
      if (kept.key !== key) Object.assign(kept, { key, index: indexEvidence(evidence) });
      const response = { text: row.response, citations: [] };
      const scores = scorers[scorer].score(
        { prompt: row.prompt, evidence: [], response },
        { index: kept.index },
      );
      if (!out.write(`${JSON.stringify(toRow(row.id, scores))}\n`)) await once(out, "drain");
      rows++;
    }
  } catch (error) {
    out.end();
    await finished(out).catch(() => undefined);
    rmSync(part, { force: true });
    throw error;
  }
  out.end();
  await finished(out);
  renameSync(part, output);
  return rows;
}

function parseRow(text: string, where: string): z.infer<typeof rowSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${where} is not JSON: each line must be one object {id, prompt, evidence, response}`);
  }
  const row = rowSchema.safeParse(value);
  if (!row.success)
    throw new Error(`${where} is not a row {id, prompt, evidence, response}: ${z.prettifyError(row.error)}`);
  return row.data;
}

function toRow(id: string | number, scores: SubScores): ScoredRow {
  return {
    id,
    relevance: scores.relevance / SCORE_ONE,
    coherence: scores.coherence / SCORE_ONE,
    factual: scores.factual === null ? null : scores.factual / SCORE_ONE,
    q: fileQuality(scores),
  };
}
