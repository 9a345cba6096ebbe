import { addTo } from "../../base/group-by.ts";
import type { Span } from "../../base/span.ts";
import { formatSeconds } from "../../base/units.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";

export type Ruling = NonNullable<EventOf<"cluster">["controllers"]>;
type Shown = EventOf<"controller-topology">;

/** For a controller to ask, to be answered by a replica, and to write down what it decided; a busy machine. ms */
const SLACK_MS = 5_000;
/** An answer that did not come within a second does not mean that it does not lead any more. ms */
const BLINK_MS = 3_000;
const MOST_LINES = 8;

/** Controllers gave a shard another master. */
export interface Replacement {
  /** When it was decided, as the log tells it, or was first seen. Run ms. */
  t: number;
  /** From 0. */
  shard: number;
  old: string;
  heir: string;
  version: number;
  /** The controller whose log tells of it; null: none does. */
  by: string | null;
}

/** Who was master of a shard, and of which servers it had replicas, in a stretch of time. */
export interface Reign extends Span {
  shard: number;
  master: string;
  replicas: string[];
  version: number;
}

/** Every topology that was newer than all before. */
function newest(record: RunRecord): Shown[] {
  let version = -1;
  return record.of("controller-topology").filter((one) => {
    if (one.version <= version) return false;
    version = one.version;
    return true;
  });
}

/** In order of time. Shards keep their numbers. */
export function replacementsIn(record: RunRecord, { hosts }: Ruling): Replacement[] {
  const all = newest(record);
  const decided = record.of("log").filter(({ rule }) => rule === "controller-promoted");
  return all.slice(1).flatMap((now, i) => {
    const before = all[i] as Shown;
    return now.shards.flatMap(({ masters }, shard): Replacement[] => {
      const [old, heir] = [before.shards[shard]?.masters[0] ?? null, masters[0] ?? null];
      if (old === null || heir === null || old === heir) return [];
      const told = decided.findLast(
        ({ t, fields }) => t > before.t && t <= now.t + SLACK_MS && hosts[hostOf(fields.addr)] === old,
      );
      return [{ t: Math.min(told?.t ?? now.t, now.t), shard, old, heir, version: now.version, by: told?.node ?? null }];
    });
  });
}

/** Of every shard, in order of time. */
export function reignsIn(record: RunRecord): Reign[] {
  const reigns: Reign[] = [];
  for (const { t, version, shards } of newest(record)) {
    shards.forEach(({ masters, replicas }, shard) => {
      const before = reigns.findLast((one) => one.shard === shard);
      const master = masters[0] ?? null;
      if (before?.master === master) return;
      if (before) before.to = t;
      const own = replicas.filter((name) => name !== null);
      if (master !== null) reigns.push({ shard, master, replicas: own, version, from: t, to: record.view.watchEnd });
    });
  }
  return reigns;
}

/** When each controller led, with its store at hand: it answered with the topology, and was silent for no longer than a moment. */
export function leadingIn(record: RunRecord): Map<string, Span[]> {
  const spans = new Map<string, Span[]>();
  const told = record.of("controller");
  for (const [i, { node, says, t }] of told.entries()) {
    if (says !== "leads") continue;
    const to = told.slice(i + 1).find((one) => one.node === node)?.t ?? record.view.watchEnd;
    const last = spans.get(node)?.at(-1);
    const follows = told.some(
      (one) => one.node === node && one.says === "follows" && last && one.t >= last.to && one.t <= t,
    );
    if (last && !follows && t - last.to <= BLINK_MS) last.to = to;
    else addTo(spans, node, { from: t, to });
  }
  return spans;
}

/** Within which the failures lie that made a controller replace a master. ms */
export function probedFor({ interval, failures, answer }: Ruling): number {
  return failures * interval + answer;
}

/** Within which a master that is gone has to be replaced: all its failures, the answers of replicas that are asked, and some more. ms */
export function dueWithin(ruling: Ruling): number {
  return probedFor(ruling) + ruling.interval + ruling.answer + SLACK_MS;
}

/** What a controller logged of a server until then: "c1 at 14.2 s: …". */
export function linesAbout(record: RunRecord, { names, hosts }: Ruling, server: string, { from, to }: Span): string[] {
  const own = record
    .of("log")
    .filter(({ node, t, fields }) => names.includes(node) && t >= from && t <= to && about(fields.addr, server, hosts));
  return own.slice(-MOST_LINES).map(({ node, t, line }) => `${node} at ${formatSeconds(t)}: ${line}`);
}

/** Failures in a row that a controller logged of a server; null: no log tells any. */
export function failuresOf(record: RunRecord, { hosts, names }: Ruling, server: string, { from, to }: Span): number {
  const own = record
    .of("log")
    .filter(({ node, rule, t }) => rule === "controller-probe-failed" && names.includes(node) && t >= from && t <= to);
  return own.filter(({ fields }) => hosts[hostOf(fields.addr)] === server).length;
}

/** What is about no server is about all. */
const about = (address: string | undefined, server: string, hosts: Ruling["hosts"]): boolean =>
  address === undefined || hosts[hostOf(address)] === server;

const hostOf = (address = ""): string => address.replace(/:\d+$/, "");
