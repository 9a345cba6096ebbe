import { formatSeconds } from "../../base/units.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "../check.ts";
import type { Missing } from "../needs.ts";
import { lastViews } from "../roles/role-views.ts";
import { type Ruling, replacementsIn } from "./decisions.ts";
import { judgeNeedless } from "./needless.ts";
import { judgeOverdue } from "./overdue.ts";

/*
 *   controller            who leads, and can read the store ─────────┐
 *   controller-topology   what it decided ───────────────────────────┼─► needless, missing, late,
 *   log                   what it says why ──────────────────────────┤   two-masters, slots-twice, version-back,
 *   condition, probe      what the server answered to us meanwhile ──┤   not-told
 *   role-view             what every server was told in the end ─────┘
 */

export const failovers: Check = {
  name: "failovers",
  summary:
    "Controllers replace a master that is gone, within what their own settings allow, and no other; their topology never has two masters of a shard, and in the end every server has been told it.",
  needs: ({ shape }): Missing | null =>
    (shape.controllers ?? []).length > 0
      ? null
      : { what: "judges what controllers decide, and the cluster has none", hint: "take a cluster of mode controller" },
  check(record) {
    const ruling = record.last("cluster")?.controllers;
    if (!ruling) return unknownBecause("the journal names no controllers");
    const shown = record.of("controller-topology");
    if (shown.length === 0) return unknownBecause("no controller showed its topology");
    const parts = [
      judgeTopologies(shown, ruling),
      judgeNeedless(record, ruling, replacementsIn(record, ruling)),
      judgeOverdue(record, ruling),
      judgeTold(record, ruling),
    ];
    return resultOf({
      findings: parts.flatMap(({ findings }) => findings),
      unknown: parts.flatMap(({ unknown }) => unknown),
      remarks: parts.flatMap(({ remarks = [] }) => remarks),
    });
  },
};

/** What controllers showed is a topology at all. One finding of a kind. */
function judgeTopologies(shown: readonly EventOf<"controller-topology">[], ruling: Ruling): Judged {
  const findings = new Map<string, Finding>();
  const versions = new Map<string, number>();
  const tell = (kind: string, { node, t, version }: (typeof shown)[number], shard: number | null, what: string) => {
    if (findings.has(kind)) return;
    findings.set(kind, {
      ...{ type: "failover", class: kind, node, from: t, to: null, proof: null },
      summary: `${node} showed at ${formatSeconds(t)} (topology ${version}) ${what}.`,
      evidence: ruling.names.map((name) => `evidence/logs/${name}.log`),
      detail: { shard, version, observed: what, lines: [] },
    });
  };
  for (const one of shown) {
    one.shards.forEach(({ masters }, shard) => {
      const names = masters.map((name) => name ?? "a server that is none of this cluster").join(", ");
      if (masters.length > 1) tell("two-masters", one, shard + 1, `several masters of shard ${shard + 1}: ${names}`);
      if (masters.length === 0) tell("no-master", one, shard + 1, `no master of shard ${shard + 1}`);
    });
    const ranges = one.shards.flatMap(({ slots }) => slots).sort(([a], [b]) => a - b);
    const twice = ranges.find(([first], i) => i > 0 && first <= (ranges[i - 1]?.[1] ?? -1));
    if (twice) tell("slots-twice", one, null, `two shards with slot ${twice[0]}`);
    const before = versions.get(one.node) ?? -1;
    if (one.version < before) tell("version-back", one, null, `an older topology than before, which was ${before}`);
    versions.set(one.node, one.version);
  }
  return { findings: [...findings.values()], unknown: [] };
}

/** Every server that answers knows the newest topology in the end. */
function judgeTold(record: RunRecord, ruling: Ruling): Judged {
  const recovered = record.view.recoveryEnd;
  if (recovered === undefined) return { findings: [], unknown: ["the run did not get through a recovery phase"] };
  const views = lastViews(record, recovered);
  const versionOf = (node: string): number | null => {
    const epochs = (views.get(node)?.shards ?? []).flatMap(({ epoch }) => epoch ?? []);
    return epochs.length === 0 ? null : Math.max(...epochs);
  };
  const known = ruling.names.flatMap((name) => versionOf(name) ?? []);
  if (known.length === 0) return { findings: [], unknown: ["no controller showed its topology after recovery"] };
  const wanted = Math.max(...known);
  const servers = [...views.values()].filter(({ node }) => !ruling.names.includes(node));
  const findings = servers.flatMap(({ node, t }): Finding[] => {
    const version = versionOf(node);
    if (version === wanted) return [];
    const has = version === null ? "knows no topology" : `has topology ${version}`;
    return [
      {
        ...{ type: "failover", class: "not-told", node, from: t, to: null, proof: null },
        summary: `${node} ${has} after recovery; the controllers' is ${wanted}.`,
        evidence: ruling.names.map((name) => `evidence/logs/${name}.log`),
        detail: {
          shard: null,
          version: wanted,
          observed: `CLUSTER NODES of ${node}: ${version ?? "nothing"}.`,
          lines: [],
        },
      },
    ];
  });
  return { findings, unknown: [] };
}
