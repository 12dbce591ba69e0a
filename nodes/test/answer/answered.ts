/** For tests that expect an answer, not silence. */
import assert from "node:assert/strict";

import type { AnswerEngine, AnswerPayload, AnswerRequest } from "../../src/answer/index.ts";

export async function answered(engine: AnswerEngine, request: AnswerRequest): Promise<AnswerPayload> {
  const answer = await engine.answer(request);
  assert.ok(answer !== null, `${engine.name} had nothing to say to ${request.prompt}`);
  return answer;
}
