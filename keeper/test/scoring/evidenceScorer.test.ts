/** The default scorer tells good answers from partial, wrong and off-topic ones. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FRAUD_CODES, indexEvidence, SCORE_ONE, score, scorers } from "../../src/scoring/index.ts";
import { corpus, judge, questions } from "./corpus.ts";

const LIGHT = "How far can the light of Corra lighthouse be seen?";
const CASES = [
  {
    prompt: LIGHT,
    good: "The light of Corra lighthouse is seen for 22 nautical miles. It flashes twice every fifteen seconds.",
    partial: "Corra lighthouse stands 41 metres above the sea on a cliff, and three keepers share the work.",
    offTopic: "The miller keeps a sixteenth of the flour as payment. Widows and the school pay nothing.",
  },
  {
    prompt: "Why do the locomotives of the kelp railway run on compressed air?",
    good: "The locomotives of the kelp railway run on compressed air because sparks from a steam engine once set fire to the drying sheds.",
    partial: "The kelp railway is a narrow track of four kilometres, and its gauge is 600 millimetres.",
    offTopic: "The ferry sails three times a day from May to September, and islanders pay half the fare.",
  },
  {
    prompt: "What happens when the council cannot agree on a budget?",
    good: "If the council cannot agree on a budget by March, last year's budget applies, reduced by a tenth.",
    partial: "The council has thirteen members who are elected for four years.",
    offTopic: "Drinking water comes from the village well and from a second well at Upper Ness.",
  },
];

describe("evidence scorer: order of answers", () => {
  for (const { prompt, good, partial, offTopic } of CASES)
    it(`good > partial > off topic: ${prompt}`, () => {
      const [a, b, c] = [judge(prompt, good), judge(prompt, partial), judge(prompt, offTopic)];
      assert.ok(a.q >= 0.75, `good ${a.q}`);
      assert.ok(a.q > b.q + 0.1, `good ${a.q} partial ${b.q}`);
      assert.ok(b.q > c.q, `partial ${b.q} off topic ${c.q}`);
      assert.ok(c.q < 0.5 && c.factual < 0.35, `off topic ${c.q}, F ${c.factual}`);
    });

  it("an exact quote of a document that does not matter for the prompt is worth little in R and F", () => {
    const quote = "A good summer yields 38 tonnes of salt.";
    const result = judge(LIGHT, quote, [{ source: "salt.md", quote }]);
    assert.ok(result.relevance < 0.3, `R ${result.relevance}`);
    assert.ok(result.factual < 0.3, `F ${result.factual}`);
    assert.ok(result.coherence > 0.8, `C ${result.coherence}`);
  });

  it("a paraphrase passes, though it gets less than the words of the document", () => {
    const verbatim = judge(
      LIGHT,
      "Its light flashes twice every fifteen seconds and is seen for 22 nautical miles.",
    );
    const own = judge(
      LIGHT,
      "Sailors can still see the light of Corra lighthouse from 22 nautical miles away.",
    );
    assert.ok(own.q >= 0.6, `own words ${own.q}`);
    assert.ok(verbatim.factual > own.factual);
  });
});

describe("evidence scorer: facts", () => {
  const base = "The light of Corra lighthouse is seen for 22 nautical miles.";
  const pairs: [what: string, prompt: string, right: string, wrong: string][] = [
    ["number", LIGHT, base, base.replace("22", "35")],
    [
      "negation",
      "May carts of more than three tonnes cross the swing bridge?",
      "Carts of more than three tonnes may not cross the bridge.",
      "Carts of more than three tonnes may cross the bridge.",
    ],
    [
      "opposite",
      "When are crossings of the ferry cancelled?",
      "The captain cancels a crossing when waves are higher than three and a half metres.",
      "The captain cancels a crossing when waves are lower than three and a half metres.",
    ],
    [
      "name",
      "Where do pupils older than fifteen go to school?",
      "Pupils who are older than fifteen go to the upper school in Strom.",
      "Pupils who are older than fifteen go to the upper school in Bergen.",
    ],
  ];
  for (const [what, prompt, right, wrong] of pairs)
    it(`a wrong ${what} costs at least a fifth of F`, () => {
      const [a, b] = [judge(prompt, right), judge(prompt, wrong)];
      assert.ok(a.factual > 0.7, `right ${a.factual}`);
      assert.ok(b.factual < 0.8 * a.factual, `right ${a.factual} wrong ${b.factual}`);
    });

  it("invented sentences beside a right one lower F", () => {
    const more = judge(LIGHT, `${base} It was built by Dutch engineers with marble from Carrara in 1822.`);
    assert.ok(more.factual < 0.7 * judge(LIGHT, base).factual);
  });

  it("without evidence there are no facts", () => {
    for (const evidence of [[], [{ id: "empty", text: " \n" }]]) {
      const result = score({ prompt: LIGHT, evidence, response: { text: base, citations: [] } });
      assert.equal(result.factual, null);
      assert.ok(result.relevance > 0 && result.coherence > 0);
      assert.equal(
        scorers.naive.score({ prompt: LIGHT, evidence, response: { text: base, citations: [] } }).factual,
        null,
      );
    }
  });
});

describe("evidence scorer: citations", () => {
  const text = "The light of Corra lighthouse is seen for 22 nautical miles.";
  const genuine = { source: "lighthouse.md", quote: "is seen for 22 nautical miles" };
  const invented = [
    { source: "lighthouse.md", quote: "The keepers paint the tower in red stripes before every winter." },
    { source: "mill.md", quote: "Seven elephants crossed the mountain in a single night of snow." },
  ];

  it("genuine quotes cost nothing, whatever their spacing, case and punctuation", () => {
    const plain = judge(LIGHT, text).scores;
    assert.deepEqual(judge(LIGHT, text, [genuine]).scores, plain);
    assert.deepEqual(
      judge(LIGHT, text, [{ ...genuine, quote: "Is seen, for 22\n nautical  miles!" }]).scores,
      plain,
    );
    assert.deepEqual(
      judge(LIGHT, text, [{ source: "docs/lighthouse.md", quote: "Its light … 22 nautical miles" }]).scores,
      plain,
    );
  });

  it("an invented quote is no fraud yet, but takes the answer below the pass mark", () => {
    const result = judge(LIGHT, text, invented.slice(0, 1));
    assert.equal(result.scores.fraud, null);
    assert.ok(result.q < 0.6, `q ${result.q}`);
  });

  it("only invented quotes are fraud", () => {
    const result = judge(LIGHT, text, invented);
    assert.equal(result.scores.fraud, "FABRICATED_CITATION");
    assert.equal(FRAUD_CODES.FABRICATED_CITATION, 1);
    assert.ok(result.q < 0.5, `q ${result.q}`);
  });

  it("a real quote under the wrong name is an error, not a fraud", () => {
    const wrong = [
      { source: "mill.md", quote: genuine.quote },
      { source: "salt.md", quote: genuine.quote },
    ];
    const result = judge(LIGHT, text, wrong);
    assert.equal(result.scores.fraud, null);
    assert.ok(result.q < judge(LIGHT, text, [genuine]).q);
  });

  it("a source outside the evidence proves nothing and accuses nobody", () => {
    const result = judge(LIGHT, text, [
      { source: "elsewhere.md", quote: "Not a word of this stands in the evidence given." },
      { source: "elsewhere2.md", quote: "Neither does any word of this one, by all means." },
    ]);
    assert.equal(result.scores.fraud, null);
    assert.ok(result.factual < 0.5);
  });
});

describe("evidence scorer: determinism and form", () => {
  it("the same input gives the same integers, with and without a kept index, in any order of calls", () => {
    const index = indexEvidence(corpus);
    const inputs = questions.map((prompt, i) => ({
      prompt,
      evidence: corpus,
      response: { text: corpus[i % corpus.length]!.text.slice(0, 400), citations: [] },
    }));
    const first = inputs.map((input) => score(input, { index }));
    const again = inputs.toReversed().map((input) => score(structuredClone(input)));
    assert.deepEqual(again.toReversed(), first);
    for (const { relevance, coherence, factual } of first)
      for (const value of [relevance, coherence, factual])
        assert.ok(Number.isInteger(value) && value! >= 0 && value! <= SCORE_ONE);
  });

  it("gives the integers of its version", () => {
    // a change here needs a new version string: validators of different versions would disagree
    const text = "The light of Corra lighthouse is seen for 22 miles and flashes twice a minute.";
    const result = judge(LIGHT, text, [
      { source: "lighthouse.md", quote: "flashes twice every fifteen seconds" },
    ]);
    assert.equal(scorers.evidence.version, "evidence/1.0.0");
    assert.deepEqual(result.scores, GOLDEN);
  });

  it("empty and non-text responses get 0", () => {
    for (const text of ["", "   \n\t ", "!!! ... ???", "\u200b\u200b"])
      assert.deepEqual(judge(LIGHT, text).scores, { relevance: 0, coherence: 0, factual: 0, fraud: null });
    for (const response of [null, {}, { text: 7 }, { text: null, citations: "x" }])
      assert.equal(score({ prompt: LIGHT, evidence: corpus, response: response as never }).relevance, 0);
  });

  it("judges a normal answer against a corpus of 80 kB in at most 30 ms", () => {
    const big = Array.from({ length: 10 }, (_, i) =>
      corpus.map((d) => ({ id: `${i}/${d.id}`, text: d.text })),
    ).flat();
    assert.ok(big.reduce((sum, d) => sum + d.text.length, 0) >= 80_000);
    const index = indexEvidence(big);
    const response = { text: CASES[0]!.good, citations: [] };
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      score({ prompt: LIGHT, evidence: big, response }, { index });
      return performance.now() - start;
    }).sort((a, b) => a - b);
    assert.ok(times[4]! <= 30, `median ${times[4]} ms`);
  });
});

const GOLDEN = { relevance: 947704741, coherence: 868033476, factual: 495003732, fraud: null };
