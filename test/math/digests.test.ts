/** EIP-712 digests of the validators' six messages: contracts/consensus/ReportTypes.sol against ethers, one by one. */
import { expect } from "chai";
import { concat, getBytes, keccak256, toBeHex, TypedDataEncoder } from "ethers";
import hre from "hardhat";

/** The types in the order in which the harness numbers them. */
const TYPES: Record<string, readonly string[]> = {
  ScoreVector: ["uint64 epoch", "uint32 round", "uint32 attempt", "address validator", "bytes results"],
  VectorCommitment: [
    "uint64 epoch",
    "uint32 round",
    "uint32 attempt",
    "address validator",
    "bytes32 commitment",
  ],
  CommitmentSet: ["uint64 epoch", "uint32 round", "uint32 attempt", "bytes commitments"],
  ScoreReport: [
    "uint64 epoch",
    "uint32 round",
    "uint32 attempt",
    "address poster",
    "bytes32 commitmentSet",
    "bytes results",
  ],
  EpochReport: [
    "uint64 epoch",
    "uint32 attempt",
    "address poster",
    "bytes32 scoresHash",
    "bytes32 rewardRoot",
    "uint128 validatorTotal",
    "uint128 workerTotal",
    "uint64 idle",
  ],
  AvailabilityVector: ["uint64 epoch", "address validator", "bytes entries"],
};

/** 102,000 digests in all. */
const CHUNK = 1_000;
const CHUNKS = 17;
const CONSENSUS = "0x00000000000000000000000000000000c0ffee00";
const ONES = 2n ** 256n - 1n;

interface Draw {
  numbers: bigint;
  who: bigint;
  first: bigint;
  second: bigint;
}

const word = (value: bigint): string => toBeHex(value, 32);
const low = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);

function draw(kind: number, index: number): Draw {
  if (index % 9 === 0) return { numbers: 0n, who: 0n, first: 0n, second: 0n };
  if (index % 9 === 1) return { numbers: ONES, who: ONES, first: ONES, second: ONES };
  const drawn = (which: number): bigint =>
    BigInt(keccak256(concat([word(BigInt(kind)), word(BigInt(index)), word(BigInt(which))])));
  return { numbers: drawn(0), who: drawn(1), first: drawn(2), second: drawn(3) };
}

/** The members of number `index` of a kind, by name. */
function messageOf(kind: number, index: number): Record<string, unknown> {
  const d = draw(kind, index);
  const who = toBeHex(low(d.who, 160), 20);
  const length = Number((d.numbers >> 192n) % 97n);
  const bytes = getBytes(concat([word(d.who), word(d.first), word(d.second)])).subarray(0, length);
  return {
    epoch: low(d.numbers, 64),
    round: low(d.numbers >> 64n, 32),
    attempt: low(d.numbers >> 96n, 32),
    validator: who,
    poster: who,
    results: bytes,
    commitments: bytes,
    entries: bytes,
    commitment: word(d.first),
    commitmentSet: word(d.second),
    scoresHash: word(d.first),
    rewardRoot: word(d.second),
    validatorTotal: low(d.first ^ d.second, 128),
    workerTotal: low(d.who >> 128n, 128),
    idle: low(d.numbers >> 128n, 64),
  };
}

describe("EIP-712 digests of what validators sign", function () {
  this.timeout(300_000);

  let digests: (kind: number, from: number, count: number) => Promise<string[]>;
  let domain: string;

  before(async () => {
    const { ethers } = await hre.network.create();
    const harness = await (await ethers.getContractFactory("ReportTypesHarness")).deploy();
    digests = async (kind, from, count) => [...(await harness.digests(kind, from, count, CONSENSUS))];
    domain = TypedDataEncoder.hashDomain({
      name: "Masa Score Consensus",
      version: "1",
      chainId: (await ethers.provider.getNetwork()).chainId,
      verifyingContract: CONSENSUS,
    });
  });

  for (const [kind, [name, members]] of Object.entries(TYPES).entries()) {
    it(`${name}: the chain and ethers agree on ${CHUNK * CHUNKS} of them`, async () => {
      const fields = members.map((member) => {
        const [type = "", field = ""] = member.split(" ");
        return { type, name: field };
      });
      const encoder = TypedDataEncoder.from({ [name]: fields });
      let mismatches = 0;
      const seen = new Set<string>();
      for (let chunk = 0; chunk < CHUNKS; ++chunk) {
        const onChain = await digests(kind, chunk * CHUNK, CHUNK);
        expect(onChain).to.have.length(CHUNK);
        for (const [i, digest] of onChain.entries()) {
          const message = messageOf(kind, chunk * CHUNK + i);
          const mine = keccak256(concat(["0x1901", domain, encoder.hash(message)]));
          if (mine !== digest) ++mismatches;
          seen.add(digest);
        }
      }
      expect(mismatches, "mismatches").to.equal(0);
      // All but the edge cases, which are one message each, differ.
      const drawn = CHUNK * CHUNKS - 2 * Math.ceil((CHUNK * CHUNKS) / 9);
      expect(seen.size).to.be.at.least(drawn);
    });
  }
});
