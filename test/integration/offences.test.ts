/** An offence from its messages to its bounty: what the SDK signs is what the contract punishes. */
import { assert } from "chai";
import { id, keccak256 } from "ethers";

import { signVector, vectorDigest } from "../../sdk/src/commitments.ts";
import type { SignedVector } from "../../sdk/src/commitments.ts";
import { encodeResults } from "../../sdk/src/results.ts";
import type { ResponseScore } from "../../sdk/src/results.ts";
import { localParameters, removeTemporaryFolders } from "./deployment.ts";
import { refused } from "./network.ts";
import { BAD, GOOD, openMarket, WAD } from "./pass.ts";

const SALT = id("a reporter's salt");
const SEAT = 2;

describe("a validator that signs two vectors in one turn", () => {
  let market: Awaited<ReturnType<typeof openMarket>>;
  let vectors: readonly [SignedVector, SignedVector];

  const digestOf = (vector: SignedVector): string =>
    vectorDigest(market.network.manifest, vector, market.keyOfSeat(vector.seat).address);
  const structOf = (vector: SignedVector) => ({
    epoch: vector.epoch,
    round: vector.round,
    attempt: vector.attempt,
    validator: market.keyOfSeat(vector.seat).address,
    resultsHash: keccak256(encodeResults(vector.results)),
  });
  const prove = (first: SignedVector, second: SignedVector) =>
    market.oracle.contracts.offences.proveScoreVectors(structOf(first), structOf(second), {
      seat: SEAT,
      firstSignature: first.signature,
      secondSignature: second.signature,
      salt: SALT,
    });

  before(async () => {
    market = await openMarket();
    const sign = (round: number, responses: ResponseScore[]) =>
      signVector(market.keyOfSeat(SEAT), market.network.manifest, {
        ...{ epoch: market.epoch, round, attempt: 0, seat: SEAT },
        results: [{ requestId: 1n, responses }],
      });
    vectors = [await sign(0, [GOOD, BAD]), await sign(0, [BAD, GOOD])];
    const [first] = vectors;
    // One vector, or one of another turn, proves nothing.
    await refused(prove(first, first), "Offences_SameMessage");
    await refused(prove(first, await sign(1, [BAD, GOOD])), "Offences_DifferentTurns");
    await refused(prove(first, { ...vectors[1], signature: first.signature }), "Offences_BadSignature");
  });
  after(removeTemporaryFolders);

  it("loses κ_v of its stake and its seat, and who proved it gets the bounty after the appeal", async () => {
    const { network, oracle, frozen } = market;
    const { offences, vault, validatorSet, masa } = network.contracts;
    const { offenceShare, bountyShare } = localParameters().offences;
    const [first, second] = vectors;
    const { owner } = await validatorSet.seatAt(SEAT);
    const evidence = await offences.commitmentOf(oracle.account, digestOf(first), digestOf(second), SALT);
    await oracle.contracts.offences.commitEvidence(evidence);
    await network.goTo((await network.now()) + Number(await offences.COMMITMENT_AGE()));

    const before = await vault.masaStakeOf(owner);
    await prove(first, second);
    const lost = (before * offenceShare + WAD - 1n) / WAD;
    assert.equal(before - (await vault.masaStakeOf(owner)), lost);
    const record = await vault.slashRecordOf(owner, 1);
    assert.equal(record.masa, lost);
    assert.deepEqual([...(await offences.punishedSeatsOf(frozen.epoch))], [1n << BigInt(SEAT), 0n]);
    await refused(prove(second, first), "Offences_AlreadyProven");
    await network.rollNext();
    assert.isFalse((await validatorSet.seatOf(owner)).seated);
    const offender = market.validators.find(({ node }) => node.account === owner);
    if (offender === undefined) return assert.fail("the seat is nobody's");
    await refused(offender.node.contracts.validatorSet.joinWaitlist(), "ValidatorSet_CoolingDown");

    await refused(vault.releaseSlash(owner, 1), "StakeVault_AppealOpen");
    await network.goTo(Number(record.releasableAt) + 1);
    const [reporterBefore, treasuryBefore] = await Promise.all(
      [oracle.account, network.manifest.contracts.timelock].map((account) => masa.balanceOf(account)),
    );
    await vault.releaseSlash(owner, 1);
    const bounty = (lost * bountyShare) / WAD;
    assert.equal((await masa.balanceOf(oracle.account)) - (reporterBefore ?? 0n), bounty);
    const { timelock } = network.manifest.contracts;
    assert.equal((await masa.balanceOf(timelock)) - (treasuryBefore ?? 0n), lost - bounty);
  });
});
