import type { EventType, JournalEvent } from "../journal/events.ts";
import type { LoadHistory } from "../journal/history.ts";
import type { RunRecord } from "../journal/record.ts";
import { buildHistory, type OperationRow } from "./build-history.support.ts";
import { fixture } from "./record-fixture.support.ts";

/* Test support: the healthy run of record-fixture.ts with one recorded load on m1, replicated to r1. Times are seconds. */

type More = Partial<OperationRow>;

const NODES = ["m1", "r1"];

/** A write that was acknowledged; the number is its value, 0 deletes. */
export const write = (value: number, from: number, to: number, more: More = {}): OperationRow => ({
  cell: 0,
  kind: "write",
  outcome: "ok",
  invoked: from * 1000,
  completed: to * 1000,
  value,
  node: "m1",
  ...more,
});

export const read = (value: number, from: number, to: number, more: More = {}): OperationRow => ({
  ...write(value, from, to, more),
  kind: "read",
});

/** A write that was never answered. */
export const lateWrite = (value: number, from: number, more: More = {}): OperationRow => ({
  ...write(value, from, 0, more),
  outcome: "info",
  completed: null,
});

/** What a node held in the end. */
export const final = (node: string, value: number, more: More = {}): OperationRow =>
  read(value, 53, 53.001, { node, ...more });

/** What both nodes held in the end. */
export const finals = (value: number, more: More = {}): OperationRow[] => NODES.map((node) => final(node, value, more));

/** @param to seconds; null: it was never answered */
export function flush(from: number, to: number | null, more: { node?: string; failed?: string } = {}): JournalEvent {
  const { node = "m1", failed = null } = more;
  const acknowledged = to === null ? null : to * 1000;
  const times = { t: acknowledged ?? from * 1000, invoked: from * 1000, acknowledged };
  return { type: "flush", id: `flush-${from}`, node, command: "FLUSHALL", failed, ...times };
}

export interface RecordedRun {
  operations: readonly OperationRow[];
  final?: readonly OperationRow[];
  events?: readonly JournalEvent[];
  without?: readonly EventType[];
  /** What the experiment asks for. */
  checks?: readonly string[];
  losses?: "none" | "any" | null;
  load?: Partial<Pick<LoadHistory, "shape" | "foreign" | "incomplete" | "nodes">>;
}

export function recorded({
  operations,
  final: last = [],
  events = [],
  without = [],
  checks,
  losses = null,
  load,
}: RecordedRun): RunRecord {
  const history = buildHistory({
    load: "set",
    shape: { type: "string", prefix: "set:", keys: 100, elements: 1 },
    nodes: NODES,
    ...load,
    operations,
    final: last,
  });
  return fixture(events, { history: [history], without, experiment: { losses }, ...(checks ? { checks } : {}) });
}
