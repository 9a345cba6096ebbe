import assert from "node:assert/strict";
import type { Finding } from "../journal/events.ts";
import { fixture } from "../testing/record-fixture.support.ts";
import { byCause, withCauses } from "./causes.ts";

function finding(
  type: Finding["type"],
  kind: string,
  node: string | null,
  from: number,
  to: number | null = null,
): Finding {
  return { type, class: kind, node, from, to, summary: `${type} of ${node}`, proof: null, evidence: [] };
}

const caused = (...findings: Finding[]): (string | undefined)[] =>
  withCauses(fixture(), [{ findings }]).flatMap((one) => one.findings.map(({ consequenceOf }) => consequenceOf));

describe("a finding that follows from another", () => {
  it("is the difference of a replica that did not get its link back, not that of one that was well", () => {
    const late = finding("slow-recovery", "not-recovered", "r1", 41_000);
    const differs = finding("divergence", "missing-keys", "r1", 56_000);
    assert.deepEqual(caused(late, differs), [undefined, "slow-recovery/not-recovered of r1"]);
    assert.deepEqual(caused(differs), [undefined]);
  });

  it("is a divergence of a replica that had no way to its master's data, whatever checks were asked for", () => {
    const differs = { ...finding("divergence", "missing-keys", "r1", 56_000), detail: { apart: "is not linked" } };
    const given = [{ findings: [differs as unknown as Finding] }];
    const all = withCauses(fixture(), given).flatMap(({ findings }) => findings);
    assert.deepEqual(
      all.map(({ type, class: kind, consequenceOf }) => [type, kind, consequenceOf]),
      [
        ["stuck-replication", "not-linked", undefined],
        ["divergence", "missing-keys", "stuck-replication/not-linked of r1"],
      ],
    );
    assert.match(all[0]?.summary ?? "", /^r1 is not linked after every fault was healed/);
    assert.deepEqual(caused(finding("slow-recovery", "not-recovered", "r1", 41_000), differs as unknown as Finding), [
      undefined,
      "slow-recovery/not-recovered of r1",
    ]);
  });

  it("is what full syncs in a loop do: replication that does not come back, and data that differ", () => {
    const loop = finding("full-sync", "loop", "r1", 20_000);
    const rest = [
      finding("slow-recovery", "not-recovered", "r1", 41_000),
      finding("stuck-replication", "stalled", "r1", 41_000),
      finding("divergence", "missing-keys", "r1", 56_000),
    ];
    assert.deepEqual(caused(...rest, loop).slice(0, 2), ["full-sync/loop of r1", "full-sync/loop of r1"]);
    assert.deepEqual(caused(loop, rest[2] as Finding), [undefined, "full-sync/loop of r1"]);
    assert.deepEqual(caused(finding("crash", "exit", "m1", 19_000), loop), [undefined, "crash/exit of m1"]);
  });

  it("is what a master's end does to its replica and its clients", () => {
    const crash = finding("crash", "exit", "m1", 20_000);
    const rest = [
      finding("stuck-replication", "stalled", "r1", 22_000),
      finding("unavailable", "refused", "m1", 20_100),
      finding("split-brain", "no-master", "m1", 41_000),
      finding("slow-recovery", "not-served", null, 41_000),
    ];
    assert.deepEqual(caused(crash, ...rest), [undefined, ...rest.map(() => "crash/exit of m1")]);
  });

  it("is a role that a server could not be told, since its master to be hangs", () => {
    const hang = finding("hang", "deadlocked", "m1", 20_000);
    const two = finding("split-brain", "two-masters", "r1", 26_000);
    const untold = {
      type: "note",
      t: 41_000,
      about: "r1",
      text: "its role could not be set",
      kind: "not-healed",
    } as const;
    const causes = (more: Parameters<typeof fixture>[0]) =>
      withCauses(fixture(more), [{ findings: [hang, two] }]).flatMap(({ findings }) =>
        findings.map(({ consequenceOf }) => consequenceOf),
      );
    assert.deepEqual(causes([untold]), [undefined, "hang/deadlocked of m1"]);
    assert.deepEqual(causes([]), [undefined, undefined]);
  });

  it("is a command that a server that hangs left without answer", () => {
    const hang = finding("hang", "deadlocked", "r1", 20_000);
    const command = finding("hang", "blocked-command", "r1", 19_900);
    assert.deepEqual(caused(command, hang), ["hang/deadlocked of r1", undefined]);
    assert.deepEqual(caused(command), [undefined]);
  });

  it("is none of what happened at another time, on another node, or is a cause of its own", () => {
    const over = finding("hang", "blocked", "m1", 12_000, 20_000);
    assert.deepEqual(caused(over, finding("divergence", "extra-keys", "r1", 56_000)), [undefined, undefined]);
    const replica = finding("crash", "exit", "r1", 20_000);
    assert.deepEqual(caused(replica, finding("unavailable", "refused", "m1", 20_000)), [undefined, undefined]);
    const master = finding("crash", "exit", "m1", 20_000);
    for (const own of [
      finding("split-brain", "two-masters", "r1", 41_000),
      finding("lost-write", "lost", "r1", 30_000),
      finding("crash", "exit", "r1", 21_000),
    ])
      assert.deepEqual(caused(master, own), [undefined, undefined]);
  });

  it("stands behind its cause, whichever check found it first", () => {
    const [differs, crash, late] = [
      finding("divergence", "missing-keys", "r1", 56_000),
      finding("crash", "exit", "m1", 20_000),
      finding("split-brain", "two-masters", "r1", 41_000),
    ] as const;
    const [result] = withCauses(fixture(), [{ findings: [differs, crash, late] }]);
    assert.deepEqual(
      byCause(result?.findings ?? []).map(({ type }) => type),
      ["crash", "divergence", "split-brain"],
    );
  });
});
