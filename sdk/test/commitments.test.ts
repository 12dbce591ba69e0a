/** Commit, co-sign, reveal: what each signature holds for, and what opens a commitment. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { id, Signature } from "ethers";

import {
  commitmentDigest,
  commitmentOf,
  commitmentSetDigest,
  commitmentSetHash,
  isCommitmentSigned,
  isCosigned,
  isVectorSigned,
  opens,
  packCommitments,
  signCommitment,
  signVector,
  vectorDigest,
} from "../src/commitments.ts";
import type { SignedCommitment, SignedVector } from "../src/commitments.ts";
import { isSignedBy } from "../src/messages.ts";
import { scoreReportDigest } from "../src/reports.ts";
import { cosignAs, honestRound } from "./rounds.ts";
import { exampleManifest, frozenSeats, refusal, score, walletOf } from "./support.ts";

const manifest = exampleManifest();
const { frozen, keys } = frozenSeats([5n, 0n, 3n, 2n]);
const key = keys[2] as (typeof keys)[number];
const results = [{ requestId: 12n, responses: [score(), score({ relevance: 1 })] }];
const plain = { seat: 2, epoch: 7, round: 3, attempt: 1, results };

describe("signatures", () => {
  it("of a vector hold for its seat, deployment and content alone", async () => {
    const vector = await signVector(key, manifest, plain);
    assert.ok(isVectorSigned(manifest, frozen, vector));
    const forgeries: [string, SignedVector][] = [
      ["another seat", { ...vector, seat: 0 }],
      ["a free seat", { ...vector, seat: 1 }],
      ["no seat", { ...vector, seat: 64 }],
      ["another round", { ...vector, round: 4 }],
      ["another attempt", { ...vector, attempt: 2 }],
      ["another epoch", { ...vector, epoch: 8 }],
      ["other scores", { ...vector, results: [{ requestId: 12n, responses: [score(), score()] }] }],
      [
        "another request",
        { ...vector, results: [{ requestId: 13n, responses: results[0]?.responses ?? [] }] },
      ],
      ["no signature", { ...vector, signature: "0x" }],
      ["garbage", { ...vector, signature: `0x${"ff".repeat(65)}` }],
      ["a stranger's key", await signVector(walletOf("stranger"), manifest, plain)],
    ];
    for (const [what, forged] of forgeries)
      assert.equal(isVectorSigned(manifest, frozen, forged), false, what);
    assert.equal(isVectorSigned(exampleManifest({ chainId: 1 }), frozen, vector), false, "another chain");
    assert.equal(isVectorSigned(manifest, { ...frozen, epoch: 8 }, vector), false, "another epoch's set");
  });

  it("of a commitment hold likewise", async () => {
    const place = { seat: plain.seat, epoch: plain.epoch, round: plain.round, attempt: plain.attempt };
    const given = await signCommitment(key, manifest, { ...place, commitment: id("commitment") });
    assert.ok(isCommitmentSigned(manifest, frozen, given));
    const forgeries: SignedCommitment[] = [
      { ...given, seat: 0 },
      { ...given, seat: 1 },
      { ...given, seat: 64 },
      { ...given, epoch: 8 },
      { ...given, round: 4 },
      { ...given, attempt: 2 },
      { ...given, commitment: id("another") },
      await signCommitment(walletOf("stranger"), manifest, given),
    ];
    for (const [index, forged] of forgeries.entries())
      assert.equal(isCommitmentSigned(manifest, frozen, forged), false, `forgery ${index}`);
    assert.equal(isCommitmentSigned(exampleManifest({ chainId: 1 }), frozen, given), false);
  });

  it("SIG-04: have one canonical form", async () => {
    const { signature } = await signVector(key, manifest, plain);
    const digest = vectorDigest(manifest, plain, key.address);
    const { r, s, v, compactSerialized } = Signature.from(signature);
    const order = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n;
    const highS = (order - BigInt(s)).toString(16).padStart(64, "0");
    const forms = [
      [signature, true],
      [`0x${r.slice(2)}${highS}${v === 27 ? "1c" : "1b"}`, false],
      [`0x${r.slice(2)}${s.slice(2)}0${v - 27}`, false],
      [compactSerialized, false],
      [`0x${signature.slice(2).toUpperCase()}`, false],
      [`${signature}00`, false],
      ["", false],
    ] as const;
    for (const [form, holds] of forms) assert.equal(isSignedBy(digest, form, key.address), holds, form);
    assert.equal(
      isSignedBy(digest, signature, "0x0000000000000000000000000000000000000000"),
      false,
      "SIG-05",
    );
    assert.equal(isSignedBy(digest, signature, key.address), true, "the same again");
  });

  it("SIG-03: of one message are none of another", async () => {
    const { turn, report, commitments, network } = await honestRound();
    const place = { ...turn, seat: 0 };
    const digests = [
      vectorDigest(network.manifest, { ...place, results: [] }, network.frozen.hotKeys[0] as string),
      commitmentDigest(
        network.manifest,
        { ...place, commitment: id("") },
        network.frozen.hotKeys[0] as string,
      ),
      commitmentSetDigest(network.manifest, turn, commitments),
      scoreReportDigest(network.manifest, report),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });
});

describe("a commitment", () => {
  it("hides the scores behind a salt and opens with the same scores, seat, turn and salt alone", async () => {
    const vector = await signVector(key, manifest, plain);
    const salt = id("salt");
    const commitment = commitmentOf(vectorDigest(manifest, vector, key.address), salt);
    const place = { seat: plain.seat, epoch: plain.epoch, round: plain.round, attempt: plain.attempt };
    const given = await signCommitment(key, manifest, { ...place, commitment });
    assert.ok(opens(manifest, frozen, { vector, salt }, given));
    assert.notEqual(commitmentOf(vectorDigest(manifest, vector, key.address), id("other salt")), commitment);
    const others = [
      { vector, salt: id("other salt") },
      { vector: { ...vector, results: [] }, salt },
      { vector: { ...vector, attempt: 2 }, salt },
      { vector: { ...vector, round: 2 }, salt },
      { vector: { ...vector, epoch: 6 }, salt },
      { vector: { ...vector, seat: 3 }, salt },
      { vector: { ...vector, seat: 99 }, salt },
    ];
    for (const [index, reveal] of others.entries())
      assert.equal(opens(manifest, frozen, reveal, given), false, `reveal ${index}`);
    // A copied commitment opens for nobody else: the digest below it names the validator.
    const copied = await signCommitment(keys[3] as (typeof keys)[number], manifest, {
      ...place,
      seat: 3,
      commitment,
    });
    assert.ok(isCommitmentSigned(manifest, frozen, copied));
    assert.equal(opens(manifest, frozen, { vector: { ...vector, seat: 3 }, salt }, copied), false);
  });
});

describe("a commitment set", () => {
  it("is packed as seat and commitment, ascending", async () => {
    const entry = (seat: number, byte: string) => ({ seat, commitment: `0x${byte.repeat(32)}` });
    assert.equal(
      packCommitments([entry(0, "aa"), entry(63, "bb")]),
      `0x00${"aa".repeat(32)}3f${"bb".repeat(32)}`,
    );
    assert.equal(packCommitments([]), "0x");
    await refusal(() => packCommitments([entry(1, "aa"), entry(0, "bb")]), "MASA-505", /ascend/);
    await refusal(() => packCommitments([entry(1, "aa"), entry(1, "bb")]), "MASA-505", /ascend/);
    assert.notEqual(commitmentSetHash([entry(0, "aa")]), commitmentSetHash([entry(1, "aa")]));
  });

  it("is co-signed with more than two thirds of the frozen weight, each signature on this set and turn", async () => {
    const { network, turn, commitments, cosignatures } = await honestRound();
    const holds = (given: typeof cosignatures, at = turn, set = commitments) =>
      isCosigned(network.manifest, network.frozen, at, { commitments: set, cosignatures: given });
    assert.ok(holds(cosignatures));
    assert.ok(holds(cosignatures.slice(1)), "80 of 100");
    assert.equal(holds(cosignatures.slice(2)), false, "60 of 100");
    const [first, second] = cosignatures as [(typeof cosignatures)[0], (typeof cosignatures)[0]];
    assert.equal(holds([first, first, first, second]), false, "one seat counts once");
    assert.equal(holds([...cosignatures.slice(0, 4), { ...first, seat: 4 }]), false, "each must hold");
    assert.equal(holds([...cosignatures, { ...first, seat: 70 }]), false, "a seat that there is not");
    assert.equal(holds(cosignatures, { ...turn, attempt: 0 }), false);
    assert.equal(holds(cosignatures, turn, commitments.slice(1)), false);
    const other = await cosignAs(network, { ...turn, round: 9 }, 0, commitments);
    assert.equal(holds([other, ...cosignatures.slice(1)]), false);
  });
});
