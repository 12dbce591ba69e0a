/** The check of the formula register passes on this tree, and fails on copies of it that are broken on purpose. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { checkFormulas, run } from "../../scripts/check-formulas.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["docs/formulas.md", "contracts", "sdk/src/math", "test/reference/vectors"];
const REGISTER = "docs/formulas.md";
const STAKING = "contracts/math/StakingMath.sol";
const EQ_05_TAG = "    /// @custom:formula EQ-05\n";

interface Breakage {
  name: string;
  path: string;
  change: (text: string) => string;
  /** Code and words of the one problem that must be reported. */
  expected: RegExp;
}

const BREAKAGES: Breakage[] = [
  {
    name: "a tag is removed",
    path: STAKING,
    change: (text) => text.replace(EQ_05_TAG, ""),
    expected: /^FORMULA-05 EQ-05 has its home at .*#performanceDown, but no function there carries the tag$/,
  },
  {
    name: "a tag stands over another function than the register says",
    path: STAKING,
    change: (text) =>
      text.replace(EQ_05_TAG, "").replace("    /// @custom:formula EQ-06\n", (tag) => `${tag}${EQ_05_TAG}`),
    expected: /^FORMULA-05 EQ-05 is registered at .*#performanceDown, but tagged at .*#lowestScores$/,
  },
  {
    name: "a tag has an unknown id",
    path: STAKING,
    change: (text) => text.replace(EQ_05_TAG, `${EQ_05_TAG}    /// @custom:formula EQ-77\n`),
    expected: /^FORMULA-02 .*#performanceDown carries EQ-77/,
  },
  {
    name: "a formula has a second home",
    path: "contracts/math/UtilityMath.sol",
    change: (text) => text.replace("    /// @custom:formula EQ-01\n", (tag) => `${tag}${EQ_05_TAG}`),
    expected: /^FORMULA-04 EQ-05 is tagged twice/,
  },
  {
    name: "a tag stands outside contracts/math",
    path: "contracts/mocks/MathHarness.sol",
    change: (text) => text.replace("    function sigma(", (line) => `    /// @custom:formula EQ-04\n${line}`),
    expected: /^FORMULA-03 contracts\/mocks\/MathHarness\.sol#sigma carries EQ-04/,
  },
  {
    name: "a planned formula has a home",
    path: STAKING,
    change: (text) => text.replace(EQ_05_TAG, `${EQ_05_TAG}    /// @custom:formula EQ-14\n`),
    expected: /^FORMULA-06 EQ-14 is registered as planned/,
  },
  {
    name: "a mirror is missing",
    path: "sdk/src/math/staking.ts",
    change: (text) => text.replace("@formula EQ-06", "argmin"),
    expected:
      /^FORMULA-07 EQ-06 is registered as mirrored .*#lowestScores, but tagged at no exported function$/,
  },
  {
    name: "vectors are empty",
    path: "test/reference/vectors/quality.json",
    change: (text) => JSON.stringify({ ...(JSON.parse(text) as object), rows: [] }),
    expected: /^FORMULA-08 .*quality\.json of EQ-18 has no rows$/,
  },
  {
    name: "vectors are about another formula",
    path: "test/reference/vectors/quality.json",
    change: (text) => text.replace("EQ-18", "EQ-17"),
    expected: /^FORMULA-08 .*quality\.json does not say that it is about EQ-18$/,
  },
  {
    name: "the register names vectors that do not exist",
    path: REGISTER,
    change: (text) => text.replace("vectors/quality.json", "vectors/absent.json"),
    expected: /^FORMULA-08 EQ-18 names the vectors .*absent\.json, which do not exist$/,
  },
  {
    name: "a row of the register is missing",
    path: REGISTER,
    change: (text) => text.replace(/^\| EQ-02 .*\n/m, ""),
    expected: /^FORMULA-01 EQ-02 has no row/,
  },
  {
    name: "a reading is missing",
    path: REGISTER,
    change: (text) => text.replace("### EQ-21\n", ""),
    expected: /^FORMULA-01 EQ-21 has no section/,
  },
];

describe("check of the formula register", function () {
  this.timeout(30_000);

  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), "masa-formulas-"));
    for (const path of COPIED) {
      mkdirSync(join(copy, path, ".."), { recursive: true });
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    }
  });

  afterEach(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  it("passes on this tree and on a copy of it", () => {
    expect(checkFormulas(ROOT).problems).to.deep.equal([]);
    expect(checkFormulas(copy).problems).to.deep.equal([]);
    expect(checkFormulas(ROOT).summary).to.match(/^formulas: 29 registered, 1\d implemented, .* 0 problems$/);
  });

  for (const { name, path, change, expected } of BREAKAGES) {
    it(`fails when ${name}`, () => {
      const file = join(copy, path);
      const before = readFileSync(file, "utf8");
      const after = change(before);
      expect(after).to.not.equal(before);
      writeFileSync(file, after);
      const { problems } = checkFormulas(copy);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(expected);
    });
  }

  it("ends with exit code 1 and numbered messages on a broken tree, 2 on a wrong flag, 0 on this one", () => {
    const command = (...args: string[]) => {
      const out: string[] = [];
      const err: string[] = [];
      const code = run(
        args,
        (line) => out.push(line),
        (line) => err.push(line),
      );
      return { code, out, err };
    };
    writeFileSync(join(copy, STAKING), "");
    const broken = command("--root", copy);
    expect(broken.code).to.equal(1);
    expect(broken.err[0]).to.match(/^1\. FORMULA-\d\d EQ-03 /);
    expect(broken.err[1]).to.match(/^2\. FORMULA-\d\d /);
    expect(command("--folder", copy).code).to.equal(2);
    expect(command("--root").code).to.equal(2);
    const whole = command();
    expect(whole).to.deep.equal({ code: 0, out: [checkFormulas(ROOT).summary], err: [] });
  });
});
