import assert from "node:assert/strict";
import type { Finding } from "../journal/finding.ts";
import { planOf } from "../testing/plan-fixture.support.ts";
import { event, fixture } from "../testing/record-fixture.support.ts";
import { KnownSignatures, signaturesIn } from "./known-signatures.ts";

const ISSUE = "https://github.com/redis/redis/issues/1";
const CRASH: Finding = {
  ...{
    type: "crash",
    class: "exit",
    node: "r1",
    from: 20_000,
    to: null,
    summary: "r1 ended",
    proof: null,
    evidence: [],
  },
  detail: { exitCode: 139, signal: "SIGSEGV", oom: false, lines: ["==> replication.c:150 'a == 0' is not true"] },
};
const SIGNATURE = "crash/exit of replica: SIGSEGV, ==> replication.c:# `a == #` is not true";

/** A run of an experiment of the catalogue that found these on this image. */
function ran(
  findings: Finding[],
  { image = "redis:1", issue = ISSUE as string | null, file = "/x/experiments/redis/a.yaml" } = {},
) {
  const plan = planOf({
    images: { affected: "redis:1", fixed: "redis:2" },
    expect: { finding: ["crash"], class: null, sometimes: false },
  });
  return fixture(
    [
      event("run", 0, { plan, image, issue, experimentFile: file }),
      event("check", 57_000, { name: "no-crash", valid: false, findings }),
      { type: "verdict", t: 57_500, verdict: "fail", reasons: [] },
    ],
    { without: ["run"] },
  );
}

describe("signatures of known bugs", () => {
  it("are those of what an experiment expects, on an image that has its bug", () => {
    const hang: Finding = {
      ...CRASH,
      type: "hang",
      class: "unanswered-command",
      detail: { command: "BLPOP x 0" } as never,
    };
    assert.deepEqual(signaturesIn(ran([hang, CRASH])), [
      { system: "redis", signature: SIGNATURE, issue: ISSUE, experiment: "redis/a.yaml" },
    ]);
    for (const other of [{ image: "redis:2" }, { issue: null }, { file: "/x/drawn.yaml" }])
      assert.deepEqual(signaturesIn(ran([CRASH], other)), [], JSON.stringify(other));
  });

  it("are none that other bugs may have as well, or that follow from another finding", () => {
    const bare = { ...CRASH, detail: { exitCode: 139, signal: "SIGSEGV", oom: false, lines: [] } };
    assert.deepEqual(signaturesIn(ran([bare])), []);
    assert.deepEqual(signaturesIn(ran([{ ...CRASH, consequenceOf: "hang/deadlocked of m1" }])), []);
  });

  it("name the issue, of a master as of a replica, and of no other system", () => {
    const known = new KnownSignatures("", "signatures.yaml");
    const [one] = signaturesIn(ran([CRASH]));
    assert.ok(one);
    assert.deepEqual([known.add(one), known.add(one)], [true, false]);
    const again = new KnownSignatures(known.text, "signatures.yaml");
    assert.deepEqual(again.entries, [one]);
    const ofMaster = SIGNATURE.replace("replica", "master");
    assert.deepEqual(
      [again.issueOf(SIGNATURE, "redis"), again.issueOf(ofMaster, "redis"), again.issueOf(SIGNATURE, "pika")],
      [ISSUE, ISSUE, null],
    );
    assert.throws(
      () => new KnownSignatures("signatures:\n  - { system: redis, signature: x, experiment: y }\n", "signatures.yaml"),
      /signatures\.yaml:2:5: .*issue/,
    );
  });
});
