/** Parameters of governance that cannot work: refused before anything is sent, and by the contracts just the same. */
import { assert } from "chai";

import type { DeployParameters, RawParameters } from "../../deploy/params.ts";
import { freshChain, localParameters, refusal, removeTemporaryFolders, TRANSACTIONS } from "./deployment.ts";

const WAD = 10n ** 18n;

describe("parameters of governance are refused before anything is sent", () => {
  const cases: [what: string, change: (raw: RawParameters) => void, words: RegExp][] = [
    [
      "a voting delay too short",
      (raw) => (raw.governance.votingDelay = "59s"),
      /votingDelay.*59.*between 60/,
    ],
    [
      "an extension that reopens nothing",
      (raw) => (raw.governance.voteExtension = "89s"),
      /voteExtension.*89.*between 90/,
    ],
    ["no time to execute", (raw) => (raw.governance.expiry = "59m"), /expiry.*3540/],
    [
      "a floor above a tenth of the supply",
      (raw) => (raw.governance.leastQuorum = "100000001"),
      /leastQuorum is 100000001; it must lie between 0 and 100000000/,
    ],
    [
      "a quorum too small",
      (raw) => (raw.governance.classes.routine.quorum = "0.009"),
      /routine\.quorum is 0\.009/,
    ],
    [
      "a threshold below a half",
      (raw) => (raw.governance.classes.routine.threshold = "0.49"),
      /routine\.threshold is 0\.49/,
    ],
    [
      "classes out of order",
      (raw) => (raw.governance.classes.rights.quorum = "0.05"),
      /rights\.quorum is below that of economic/,
    ],
    [
      "a vote shorter than any may be",
      (raw) => (raw.governance.minVotingPeriod = "91s"),
      /routine\.votingPeriod.*90.*between 91/,
    ],
    ["reputation that never fades", (raw) => (raw.reputation.decay = "1"), /reputation\.decay is 1;/],
    ["no grace at all", (raw) => (raw.reputation.graceMissed = 0), /reputation\.graceMissed is 0;/],
  ];
  for (const [what, change, words] of cases) {
    it(what, async () => {
      const error = await refusal(() => localParameters(change));
      assert.equal(error.code, "MASA-201");
      assert.match(error.message, words);
    });
  }
});

describe("the contracts agree with the feasibility check of governance on", () => {
  after(removeTemporaryFolders);

  const p = localParameters();
  const governance = (change: Partial<DeployParameters["governance"]>): DeployParameters => ({
    ...p,
    governance: { ...p.governance, ...change },
  });
  const routine = (
    change: Partial<DeployParameters["governance"]["classes"]["routine"]>,
  ): DeployParameters => {
    const { classes } = p.governance;
    return governance({ classes: { ...classes, routine: { ...classes.routine, ...change } } });
  };
  const cases: [string, DeployParameters, RegExp][] = [
    ["the voting delay", governance({ votingDelay: 59n }), /MasaGovernor_OutOfRange/],
    ["the extension", governance({ voteExtension: 89n }), /MasaGovernor_OutOfRange/],
    ["the floor of the quorum", governance({ leastQuorum: 10n ** 26n + 1n }), /MasaGovernor_OutOfRange/],
    ["the quorum", routine({ quorum: WAD / 100n - 1n }), /ProposalClasses_OutOfRange/],
    ["the order of classes", routine({ quorum: WAD / 10n }), /ProposalClasses_OutOfOrder/],
    ["the stake of proposers", routine({ minStake: 0n }), /ProposalClasses_OutOfRange/],
    [
      "reputation",
      { ...p, reputation: { ...p.reputation, maxPotShare: WAD / 2n + 1n } },
      /Reputation_OutOfRange/,
    ],
  ];
  for (const [what, beyond, words] of cases) {
    it(what, async () => {
      const { run, nonce } = await freshChain();
      const error = await refusal(run(beyond));
      assert.equal(error.code, "MASA-205");
      assert.match(error.message, words);
      assert.isBelow(await nonce(), TRANSACTIONS);
    });
  }
});
