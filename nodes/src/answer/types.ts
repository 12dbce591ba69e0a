/** What an answer engine takes and gives. */

export type Citation = {
  /** file name relative to the folder of documents, with forward slashes */
  source: string;
  /** words of that file, verbatim up to white space */
  quote: string;
};

export type Usage = {
  /** passages of the documents that went into the answer (or, for a model, into its context) */
  passages: number;
  /** characters of the answer */
  characters: number;
  /** tokens as the model's server counted them; absent without a model */
  promptTokens?: number;
  completionTokens?: number;
};

export type AnswerPayload = {
  text: string;
  citations: Citation[];
  /** name of the engine that answered */
  engine: string;
  /** the language model, where one was asked */
  model?: string;
  usage: Usage;
};

export type AnswerRequest = { prompt: string; kind: string };

export type AnswerEngine = {
  name: string;
  /** null: the engine has nothing to say, and the worker keeps its stake out of it */
  answer(request: AnswerRequest): Promise<AnswerPayload | null>;
};
