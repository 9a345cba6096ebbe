import type { TimeToLive } from "./time-to-live.ts";

/*
 *   load thread ─► HistoryWriter ─► history/<load>-<thread>.ops ─┐
 *   quiesce ─────► HistoryWriter ─► history/final.ops ───────────┼─► readHistory ─► History ─► data checks, reports
 *   journal: "history" (what the files are), "flush", "topology" ┘
 *
 * A *cell* is a place that holds one value: a string key, one member of a sorted set, one field of a hash. Every recorded
 * operation writes or reads one cell, and every written value is unique within its load: a number that names the write.
 * Of a counter it is the amount that was added: `counted`. A group of keys is one cell: each write gives all of them the same value,
 * and a read that finds them different has found a foreign one.
 */

/**
 * What an operation did to its cell. A delete of a cell is a write of `NOTHING`; a touch changes the deadline of what is there, and
 * one that was refused found nothing to change.
 */
export const KIND = { write: 0, read: 1, touch: 2 } as const;
/** ok: it happened; fail: it definitely did not; info: nobody knows (timeout, connection lost). */
export const OUTCOME = { ok: 0, fail: 1, info: 2 } as const;
/** The value of a cell that does not exist. */
export const NOTHING = 0;
/** Cell of an operation that belongs to none: it goes into no history. */
export const UNRECORDED = 2 ** 32 - 1;
/** `replicas` of an operation that was not followed by WAIT. */
export const NOT_ASKED = 255;

/** How cells are named: number → key and element. */
export interface CellShape {
  /** "counter": element 0 of a key is a number of its own, the others are fields of a hash. */
  type: "string" | "zset" | "hash" | "counter" | "group" | "queue" | "stream";
  prefix: string;
  keys: number;
  /** Of a group: how many keys hold its value, each all of it. */
  parts?: number | undefined;
  /** Elements per key; 1 where a key is one cell. Cell number = key × elements + element. */
  elements: number;
  /** Writes that the numbers choose give their key a deadline, or only change it (deadlineOf); absent: none does. */
  ttl?: TimeToLive | undefined;
}

/**
 * Operations as columns: those of a cell together, in order of invocation. Times are run milliseconds; a million operations
 * are 33 MB. `value`: NOTHING, the positive number that names a write or a touch, or -(n + 1) for the n-th of `foreign` (a value that
 * no recorded write ever wrote).
 */
export interface Operations {
  readonly length: number;
  readonly cell: Uint32Array;
  /** KIND */
  readonly kind: Uint8Array;
  /** OUTCOME */
  readonly outcome: Uint8Array;
  /** How many replicas WAIT confirmed for a write, or NOT_ASKED. */
  readonly replicas: Uint8Array;
  /** Number of the connection (all operations of one were issued one after another when the pipeline is 1). */
  readonly client: Uint16Array;
  /** Index into `nodes`: where it was sent. */
  readonly node: Uint16Array;
  /** When it was sent. */
  readonly invoked: Float64Array;
  /** When its reply was read; NaN when there was none. Of an `info` operation with one: it may have been done in part. */
  readonly completed: Float64Array;
  readonly value: Int32Array;
}

/** What one recorded load did, and what every node held in the end. */
export interface LoadHistory {
  readonly load: string;
  readonly shape: CellShape;
  readonly nodes: readonly string[];
  /** What clients did while load ran. */
  readonly operations: Operations;
  /** One read (ok, or info when it could not be read) per cell that was touched and per node, after load had stopped and replication had drained. */
  readonly final: Operations;
  /** Values found that no recorded write wrote, as escaped text. */
  readonly foreign: readonly string[];
  /** Null, or why the recording is not whole (the harness was killed, a disk was full). */
  readonly incomplete: string | null;
  /** How far the wall clock, by which servers count deadlines, was moved against the run's while it was recorded, ms. */
  readonly clockMoved?: number;
}

export type History = readonly LoadHistory[];

/**
 * What operations do with a cell, and with that which checks can judge it. "value": a write replaces what was there; "count": a write
 * adds to it; "elements": a write puts an element there, a read takes one, and in the end a node has a row for each that is left.
 */
export type Model = "value" | "count" | "elements";

export function modelOf(type: CellShape["type"]): Model {
  if (type === "queue" || type === "stream") return "elements";
  return type === "counter" ? "count" : "value";
}

/** `value` of an operation that adds 0 to a counter, or finds 0 in it. */
const COUNTED_ZERO = 2 ** 30;

/** `value` of an operation that adds this to a counter, or of a read that found it; null: it is too far from 0. */
export function counted(amount: number): number | null {
  return Number.isInteger(amount) && Math.abs(amount) < COUNTED_ZERO ? COUNTED_ZERO + amount : null;
}

/** The amount in a `value` of a counter; null: a read found something else than a number in reach. A counter that does not exist is 0. */
export function amountOf(value: number): number | null {
  return value === NOTHING ? 0 : value < 0 ? null : value - COUNTED_ZERO;
}

/** Has a key of this type one cell, whatever its elements? */
export function isWhole(type: CellShape["type"]): boolean {
  return type === "string" || type === "group" || modelOf(type) === "elements";
}

/** Names of the keys of a group. */
export function partsOf({ prefix, parts = 1 }: CellShape, cell: number): string[] {
  return Array.from({ length: parts }, (_, part) => `${prefix}${cell}:${part}`);
}

/** Name of a cell's key; of a group's keys in short. */
export function keyOf(shape: CellShape, cell: number): string {
  const key = `${shape.prefix}${Math.floor(cell / shape.elements)}`;
  if (shape.type === "group") return `${key}:*`;
  return shape.type === "counter" && cell % shape.elements > 0 ? `${key}:fields` : key;
}

/** Name of a cell's member or field; null for a key of its own. */
export function elementOf(shape: CellShape, cell: number): string | null {
  if (isWhole(shape.type) || (shape.type === "counter" && cell % shape.elements === 0)) return null;
  return `${shape.type === "zset" ? "element" : "field"}:${cell % shape.elements}`;
}
