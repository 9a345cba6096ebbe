import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import path from "node:path";
import { KnownSignatures } from "../../explore/known-signatures.ts";
import type { JournalEvent, Verdict } from "../../journal/events.ts";
import type { Finding } from "../../journal/finding.ts";
import { event, fixture, starved } from "../../testing/record-fixture.support.ts";
import type { EndedRun } from "../session.ts";
import { readExplored } from "./experiment-run.ts";

const NONE = new KnownSignatures("", "signatures.yaml");

function finding(type: Finding["type"], more: Partial<Finding> = {}): Finding {
  const [kind, node] = ["some-class" as Finding["class"], "r1"];
  return {
    ...{ type, class: kind, node, from: 20_000, to: null, summary: "", proof: null, evidence: [], detail: undefined },
    ...more,
  };
}

/** Types of what counts, and whether the experiment counts at all. */
async function counted(verdict: Verdict, findings: readonly Finding[], more: readonly JournalEvent[] = []) {
  const run: Pick<EndedRun, "directory" | "verdict" | "warm" | "took" | "findings" | "record"> = {
    directory: path.join(tmpdir(), "kvchaos-no-such-run"),
    verdict,
    warm: false,
    took: 60_000,
    findings: [...findings],
    record: async () => fixture(more),
  };
  const { outcome } = await readExplored(run as EndedRun, NONE);
  assert.ok(!outcome.void || (outcome.seen.length === 0 && outcome.behaviour.size === 0));
  return { seen: outcome.seen.map(({ signature }) => signature.split("/")[0]), void: outcome.void };
}

const NOT_HEALED = event("fault", 41_000, { fault: "packet-loss", step: "heal-failed" });

describe("what counts of a run of an exploration", () => {
  const gone = finding("divergence");

  it("is what the run failed for", async () => {
    assert.deepEqual(await counted("fail", [gone]), { seen: ["divergence"], void: false });
    assert.deepEqual(await counted("pass", []), { seen: [], void: false });
  });

  it("is nothing that a run found which could not be concluded from", async () => {
    for (const type of ["divergence", "hang", "crash"] as const)
      assert.deepEqual((await counted("inconclusive", [finding(type, { proof: "a cycle" })])).seen, [], type);
  });

  it("is no experiment where the run broke or was interrupted, whatever it found", async () => {
    for (const verdict of ["error", "interrupted"] as const)
      assert.deepEqual(await counted(verdict, [gone]), { seen: [], void: true }, verdict);
  });

  it("is only a hang or a crash where a fault could not be healed: the rest may be the fault", async () => {
    const all = [gone, finding("lost-write"), finding("hang"), finding("crash")];
    assert.deepEqual(await counted("fail", all), {
      seen: ["divergence", "lost-write", "hang", "crash"],
      void: false,
    });
    assert.deepEqual(await counted("fail", all, [NOT_HEALED]), { seen: ["hang", "crash"], void: false });
    assert.deepEqual(await counted("fail", [gone], [NOT_HEALED]), { seen: [], void: true });
  });

  it("is only what proves itself where the harness was starved for a moment", async () => {
    const all = [gone, finding("hang"), finding("hang", { proof: "a cycle" }), finding("crash")];
    const { seen, void: isVoid } = await counted("fail", all, starved(20_000, 21_000));
    assert.deepEqual([seen, isVoid], [["hang", "crash"], false]);
    assert.deepEqual(await counted("fail", [gone], starved(20_000, 21_000)), { seen: [], void: false });
  });

  it("is no experiment where it was starved for long, unless something proves itself", async () => {
    const long = starved(15_000, 60_000);
    assert.deepEqual(await counted("pass", [], long), { seen: [], void: true });
    assert.deepEqual(await counted("fail", [gone, finding("hang")], long), { seen: [], void: true });
    assert.deepEqual(await counted("fail", [gone, finding("hang", { proof: "a cycle" })], long), {
      seen: ["hang"],
      void: false,
    });
  });

  it("is no finding that follows from another", async () => {
    const both = [finding("hang"), finding("lost-write", { consequenceOf: "hang/some-class of r1" })];
    assert.deepEqual((await counted("fail", both)).seen, ["hang"]);
  });
});
