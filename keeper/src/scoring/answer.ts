/** The judged form of a response: clean text, its sentences, and what had to be set aside. */
import { normalise, plainLinks, sentencesOf, type Sentence, type Word } from "./text.ts";

export type Answer = {
  text: string;
  sentences: Sentence[];
  words: Word[];
  stems: Set<string>;
  bigrams: Set<string>;
  /** distinct content stems */
  content: string[];
  /** sentences that talk to the judge instead of answering; they never count for the answer */
  instructions: string[];
};

/** Longer responses are judged by their beginning; their length alone has cost them their score by then. */
const MAX_CHARACTERS = 12_000;
const MAX_SENTENCES = 150;
/** After so many nobody asks any more whether the evidence says the next one. */
const ENOUGH_INSTRUCTIONS = 8;

/** Ways in which a text speaks to whoever grades it. A sentence of the evidence may say the same and is no offence. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.!?]{0,40}\b(?:previous|prior|above|earlier|all|any|your|these|the)\b[^.!?]{0,30}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|criteria|rubric)\b/i,
  /\b(?:give|assign|award|grant|return|output|report|set|mark|rate|grade|score)\b[^.!?]{0,60}\b(?:scores?|rating|grade|marks?|relevance|coherence|quality)\b[^.!?]{0,30}(?:\b(?:1|1\.0+|5|10|100|full|maximum|max|highest|perfect|top)\b|[:=])/i,
  /\b(?:give|assign|award|grant|rate|grade|score|mark)\b[^.!?]{0,50}\b(?:full|maximum|max|highest|perfect|top)\b[^.!?]{0,25}\b(?:scores?|ratings?|grades?|marks?|points?)\b/i,
  /\b(?:rate|grade|score|mark|evaluate|judge)\b (?:this|the|my|me|it)\b[^.!?]{0,60}(?:\b(?:1\.0+|10|100|perfect|full|maximum|highest|correct|excellent)\b)/i,
  /(?:\b(?:dear|attention|note to|message to|hey|hello)|^(?:as|to)),? (?:the |an? |our |my )?(?:ai |automated |human |llm )?(?:judges?|graders?|scorers?|validators?|evaluators?|reviewers?|raters?)\b ?[,:]/i,
  /\b(?:note|message|attention)\b[^.!?]{0,20}\b(?:judges?|graders?|scorers?|validators?|evaluators?|reviewers?|raters?) ?:/i,
  /\bact as (?:an? |the )?(?:\w+ ){0,2}(?:judge|grader|scorer|validator|evaluator|reviewer|rater)\b/i,
  /\b(?:scores?|grade|rating|marks?|evaluation|verdict) (?:for|of) (?:this|the above|my) (?:answer|response|text|submission)\b|^(?:final )?(?:scores?|rating|grade) ?: ?[\d"]/i,
  /\b(?:do not|never|no need to|without) (?:check|checking|verify|verifying|read|reading|consult|consulting|compare|comparing)\b[^.!?]{0,30}\b(?:evidence|sources?|citations?|documents?|passages?)\b/i,
  /\byou (?:are|must|should|will)\b[^.!?]{0,40}\b(?:judge|grader|scorer|evaluator|grade|score|rate|rating)\b[^.!?]{0,60}\b(?:this|answer|response|perfect|full|highest|maximum|10|1\.0|excellent)\b/i,
  /\bthis (?:answer|response|text|submission)\b[^.!?]{0,30}\b(?:deserves|merits|must (?:get|receive|be (?:rated|scored|graded|accepted))|should (?:get|receive|be (?:rated|scored|graded|accepted)))\b/i,
  /<\|[a-z_]+\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|instructions?)>|^\s*(?:system|assistant)\s*:/im,
  /"(?:relevance|coherence|factual|quality|score)"\s*:\s*[\d"]/i,
];

/** Removes marks that are no prose: reference marks, emphasis, fences, list and quote markers, links. */
function cleanResponse(raw: string): string {
  return plainLinks(normalise(raw.slice(0, MAX_CHARACTERS)))
    .replace(/^[ \t]{0,40}(?:```|~~~).*$/gm, "")
    .replace(/\s?\[\^?(?:\d{1,3}|[\w./ -]{1,80}\.(?:md|txt|html?|pdf))\]/g, "")
    .replace(/\s?\((?:source|see|from)?:? ?[\w./-]{1,80}\.(?:md|txt|html?|pdf)\)/gi, "")
    .replace(/\bhttps?:\/\/\S{1,500}/g, "")
    .replace(/[*_`]{1,3}(?=\S)|(?<=\S)[*`]{1,3}/g, "")
    .replace(/^[ \t]{0,40}(?:#{1,6}|>)[ \t]+/gm, "")
    .trim();
}

/** Reads a response; `supported` tells whether the evidence itself says a sentence. */
export function readAnswer(raw: string, supported: (sentence: Sentence) => boolean): Answer {
  const cleaned = cleanResponse(raw);
  const instructions: string[] = [];
  const sentences: Sentence[] = [];
  for (const sentence of sentencesOf(cleaned).slice(0, MAX_SENTENCES)) {
    const instructs = INSTRUCTIONS.some((pattern) => pattern.test(sentence.text));
    if (instructs && (instructions.length >= ENOUGH_INSTRUCTIONS || !supported(sentence)))
      instructions.push(sentence.text);
    else sentences.push(sentence);
  }
  return { ...collect(sentences), instructions };
}

function collect(sentences: Sentence[]): Omit<Answer, "instructions"> {
  const words = sentences.flatMap((s) => s.words);
  return {
    text: sentences.map((s) => s.text).join(" "),
    sentences,
    words,
    stems: new Set(words.map((w) => w.stem)),
    bigrams: new Set(sentences.flatMap((s) => [...s.bigrams])),
    content: [...new Set(words.filter((w) => w.isContent).map((w) => w.stem))],
  };
}
