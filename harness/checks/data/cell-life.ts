import type { LifeMoment } from "../../journal/finding-detail.ts";
import { KIND, type LoadHistory, type Operations, OUTCOME } from "../../journal/history.ts";
import type { RunRecord } from "../../journal/record.ts";
import { lifetimeText, touchText, valueText } from "./operation-text.ts";

/** A report's picture has room for so many. */
const MOST = 60;

/** What contradicts each other in a cell's life. */
export interface LifeMarks {
  /** Rows of `operations`. */
  operations: readonly number[];
  /** Rows of `final`. */
  final: readonly number[];
  /** Ids of flushes. */
  flushes: readonly string[];
}

/**
 * The life of one cell in order of time: what clients did to it, what was done to the cluster, what every node held in the
 * end. The marked moments and those nearest to them.
 */
export function cellLife(record: RunRecord, load: LoadHistory, cell: number, marks: LifeMarks): LifeMoment[] {
  const moments = [
    ...operationMoments(load, load.operations, cell, marks.operations, false),
    ...operationMoments(load, load.final, cell, marks.final, true),
    ...flushMoments(record, marks.flushes),
    ...clusterMoments(record, load.nodes),
  ];
  const times = moments.filter(({ marked }) => marked).map(({ from }) => from);
  const distance = ({ marked, from }: LifeMoment) =>
    marked ? -1 : Math.min(Infinity, ...times.map((t) => Math.abs(t - from)));
  const nearest = moments.map((one) => ({ one, far: distance(one) })).sort((a, b) => a.far - b.far);
  const kept = new Set(nearest.slice(0, MOST).map(({ one }) => one));
  return moments.filter((one) => kept.has(one)).sort((a, b) => a.from - b.from);
}

function operationMoments(
  load: LoadHistory,
  { length, cell, kind, outcome, node, invoked, completed, value }: Operations,
  wanted: number,
  marked: readonly number[],
  final: boolean,
): LifeMoment[] {
  const moments: LifeMoment[] = [];
  const text = (row: number): string => {
    if (kind[row] === KIND.touch) return touchText(load, row);
    return `${valueText(load, value[row] as number, kind[row] === KIND.write)}${final ? "" : lifetimeText(load, row)}`;
  };
  for (let row = 0; row < length; row++) {
    if (cell[row] !== wanted) continue;
    const isRead = kind[row] === KIND.read;
    const isTouch = kind[row] === KIND.touch;
    const to = completed[row] as number;
    moments.push({
      what: final ? "final-read" : isRead ? "read" : isTouch ? "deadline" : "write",
      from: invoked[row] as number,
      to: Number.isNaN(to) ? null : to,
      node: load.nodes[node[row] as number] ?? null,
      value: isRead && outcome[row] !== OUTCOME.ok ? null : text(row),
      outcome: outcome[row] === OUTCOME.ok ? "ok" : outcome[row] === OUTCOME.fail ? "fail" : "info",
      marked: marked.includes(row),
    });
  }
  return moments;
}

const NONE = { to: null, node: null, value: null, outcome: "ok", marked: false } as const;

function flushMoments(record: RunRecord, marked: readonly string[]): LifeMoment[] {
  const flushes = record.of("flush").map(({ id, node, invoked, acknowledged, failed }): LifeMoment => {
    const outcome = failed !== null ? "fail" : acknowledged === null ? "info" : "ok";
    return { ...NONE, what: "flush", from: invoked, to: acknowledged, node, outcome, marked: marked.includes(id) };
  });
  const effects = record
    .of("flush-effect")
    .flatMap(({ node, at }): LifeMoment[] =>
      at === null ? [] : [{ ...NONE, what: "flush-effect", from: at, to: at, node }],
    );
  return [...flushes, ...effects];
}

/** Switches, ends of processes, and other faults. */
function clusterMoments(record: RunRecord, nodes: readonly string[]): LifeMoment[] {
  const switches = record
    .of("topology")
    .slice(1)
    .map(({ t, masters }): LifeMoment => ({ ...NONE, what: "switch", from: t, to: t, node: masters[0] ?? null }));
  const kills = record
    .of("container")
    .filter(({ action, node }) => action === "die" && nodes.includes(node))
    .map(({ t, node }): LifeMoment => ({ ...NONE, what: "kill", from: t, to: t, node }));
  return [...switches, ...kills, ...faultMoments(record)];
}

/** Shown by moments of their own. */
const SHOWN = ["flushall", "switch-master"];

function faultMoments(record: RunRecord): LifeMoment[] {
  const events = record.of("fault").filter(({ fault }) => !SHOWN.includes(fault));
  return events
    .filter(({ step }) => step === "injected")
    .map(({ t, id, fault, ms = 0 }): LifeMoment => {
      const healed = events.find((one) => one.id === id && one.step === "healed" && one.t >= t);
      return { ...NONE, what: "fault", from: t - ms, to: healed?.t ?? null, value: `${id} (${fault})` };
    });
}
