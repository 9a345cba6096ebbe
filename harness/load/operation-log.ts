import { ChaosError } from "../base/chaos-error.ts";
import type { Random } from "../base/random.ts";
import { emptyOperation, type OperationFields } from "../history/format.ts";
import type { HistoryWriter } from "../history/writer.ts";
import { type CellShape, isWhole, KIND, NOT_ASKED, NOTHING, OUTCOME, UNRECORDED } from "../journal/history.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { type CommandWriter, Text } from "../resp/command-writer.ts";
import { encodeCommand } from "../resp/encode.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { CellValues, writeNumbers } from "./cell-values.ts";
import type { DialogueLog } from "./dialogue.ts";
import type { LoadTarget } from "./load.ts";
import { workloadNamed } from "./workloads/registry.ts";
import type { CommandSource, Intent, RecordedSource, Recording, Workload, WriteNumbers } from "./workloads/workload.ts";

/*
 *   source ─► command, intent ─► pipe ─► PipeLog.sent ─► in flight, by slot ─► answered / waited / lost ─► HistoryWriter
 */

/** Connections of one load get numbers below it, then the numbers begin again. */
const CLIENTS = 65_536;
const MOST_REPLICAS = NOT_ASKED - 1;
/** What a slot waits for, see PipeLog. */
const [WAITING, ELSEWHERE] = [1, 2];
/** Stands for a string whose bytes `PipeLog.bulk` has looked at. */
const LOOKED_AT: Reply = Buffer.alloc(0);

export interface LogOptions {
  spec: LoadSpec;
  writer: HistoryWriter;
  /** Names of all nodes: recorded operations number them. */
  nodes: readonly string[];
  /** Numbers of writes and of connections are `index`, `index + of`, …, so that no two threads use the same. */
  share: { index: number; of: number };
  random: Random;
}

/** How a load that is recorded names its cells. */
export function cellShape(spec: LoadSpec): CellShape {
  const { type } = recordedSide(spec);
  const { keyPrefix: prefix, keys, elements, ttl } = spec;
  const shape = { type, prefix, keys, ...(ttl === undefined ? {} : { ttl }) };
  if (type === "group") return { ...shape, elements: 1, parts: elements };
  return { ...shape, elements: isWhole(type) ? 1 : elements };
}

/** The workload's recorded side. @throws ChaosError invalid-experiment when it has none */
export function recordedSide({ workload }: Pick<LoadSpec, "workload">): Recording {
  const { recorded } = workloadNamed(workload);
  if (recorded) return recorded;
  throw new ChaosError("invalid-experiment", `the workload "${workload}" cannot be recorded`);
}

/** Makes the commands of one load in one thread and records what became of them. */
export class OperationLog {
  readonly #options: LogOptions;
  readonly #make: RecordedSource | undefined;
  /** What the last command written does. */
  readonly intent: Intent = { cell: 0, kind: KIND.write, value: NOTHING };
  /** What follows each write. */
  readonly wait: Text | undefined;
  readonly writes: WriteNumbers;
  readonly #values: CellValues;
  #client: number;

  constructor(options: LogOptions) {
    const { spec, share, random } = options;
    const workload: Workload = workloadNamed(spec.workload);
    this.#options = options;
    this.#values = new CellValues(recordedSide(spec).type, spec.value);
    this.#client = share.index - share.of;
    this.writes = writeNumbers(this.#values, share, (reply) => this.valueOf(reply));
    this.#make = workload.talk ? undefined : workload.recorded?.source(spec, random.fork("commands"), this.writes);
    const { wait } = spec;
    this.wait = wait === null ? undefined : new Text(encodeCommand(["WAIT", wait.replicas, wait.within]).toString());
  }

  /** Writes the next command; `intent` says what it does. Not of a workload whose operations take several. */
  readonly source: CommandSource = (to) => this.#make?.(to, this.intent);

  open(target: LoadTarget): PipeLog {
    return new PipeLog(this, this.nodeNumber(target.node), this.#options.spec.pipeline);
  }

  /** The same of a connection whose operations take several commands. */
  openDialogue(target: LoadTarget): DialogueLog {
    const node = this.nodeNumber(target.node);
    return {
      node,
      nodeNumber: (name) => this.nodeNumber(name),
      nextClient: () => this.nextClient(),
      add: (operation) => this.add(operation),
    };
  }

  /** @throws ChaosError internal: no history knows the node */
  nodeNumber(node: string): number {
    const { nodes, spec } = this.#options;
    const number = nodes.indexOf(node);
    if (number >= 0) return number;
    throw new ChaosError("internal", `the load ${spec.name} goes to ${node}, which no history knows`);
  }

  nextClient(): number {
    this.#client += this.#options.share.of;
    return this.#client % CLIENTS;
  }

  add(operation: OperationFields): void {
    this.#options.writer.add(operation);
  }

  /** The value that a read said. */
  valueOf(reply: Exclude<Reply, RespError>): number {
    return this.#numbered(this.#values.read(reply));
  }

  /** The value that a read said with the bytes from..to. */
  valueAt(bytes: Buffer, from: number, to: number): number {
    return this.#numbered(this.#values.readAt(bytes, from, to));
  }

  #numbered(value: number | string): number {
    return typeof value === "number" ? value : this.#options.writer.foreign(value);
  }
}

/**
 * The operations in flight on one connection, by the slot that the pipe gave them. Each is written once: when its reply is
 * in (with WAIT: when that reply is in, too), or when it will never be.
 */
export class PipeLog {
  readonly #log: OperationLog;
  readonly #cell: Uint32Array;
  readonly #kind: Uint8Array;
  readonly #outcome: Uint8Array;
  readonly #value: Float64Array;
  readonly #invoked: Float64Array;
  readonly #completed: Float64Array;
  /** WAITING: its own reply is in, that of its WAIT is to come; ELSEWHERE: the same, of one that another server is asked for. */
  readonly #waiting: Uint8Array;
  /** Used again for every operation. */
  readonly #operation: OperationFields;
  #hasClient = false;

  constructor(log: OperationLog, node: number, pipeline: number) {
    this.#log = log;
    this.#cell = new Uint32Array(pipeline);
    this.#kind = new Uint8Array(pipeline);
    this.#outcome = new Uint8Array(pipeline);
    this.#value = new Float64Array(pipeline);
    this.#invoked = new Float64Array(pipeline);
    this.#completed = new Float64Array(pipeline);
    this.#waiting = new Uint8Array(pipeline);
    this.#operation = emptyOperation(node);
  }

  /** The command just written was put into `slot`. Writes what must follow it. */
  sent(slot: number, time: number, to: CommandWriter): void {
    // Only a connection that does something needs a number.
    if (!this.#hasClient) this.#operation.client = this.#log.nextClient();
    this.#hasClient = true;
    const { cell, kind, value } = this.#log.intent;
    this.#cell[slot] = cell;
    this.#kind[slot] = kind;
    this.#value[slot] = value;
    this.#invoked[slot] = time;
    if (kind !== KIND.read && this.#log.wait) to.piece(this.#log.wait);
  }

  /** A reply that is a string: takes the value of a read out of memory that is used again. */
  bulk(slot: number, bytes: Buffer, from: number, to: number): Reply {
    if (this.#kind[slot] === KIND.read) this.#value[slot] = this.#log.valueAt(bytes, from, to);
    return LOOKED_AT;
  }

  /** All that is known of the operation in this slot before it has an outcome; undefined: it is not recorded. */
  operation(slot: number): OperationFields | undefined {
    if (this.#cell[slot] === UNRECORDED) return undefined;
    const { client, node } = this.#operation;
    return {
      ...emptyOperation(node),
      client,
      cell: this.#cell[slot] as number,
      kind: this.#kind[slot] as number,
      value: this.#value[slot] as number,
      invoked: this.#invoked[slot] as number,
    };
  }

  /**
   * Its own reply is in. False: that of its WAIT is still to come.
   * @param elsewhere it is asked of another server, where it gets its outcome: nothing is recorded here
   */
  answered(slot: number, reply: Reply, time: number, elsewhere = false): boolean {
    const kind = this.#kind[slot];
    if (elsewhere) {
      const waits = kind !== KIND.read && this.#log.wait !== undefined;
      if (waits) this.#waiting[slot] = ELSEWHERE;
      return !waits;
    }
    const isError = reply instanceof RespError;
    // PEXPIREAT and PERSIST say 0 where there was nothing to change.
    const failed = isError || (kind === KIND.touch && reply === 0);
    this.#outcome[slot] = failed ? OUTCOME.fail : OUTCOME.ok;
    this.#completed[slot] = time;
    if (kind !== KIND.read && this.#log.wait) {
      this.#waiting[slot] = WAITING;
      return false;
    }
    if (kind === KIND.read && !isError && reply !== LOOKED_AT) this.#value[slot] = this.#log.valueOf(reply);
    this.#add(slot, NOT_ASKED);
    return true;
  }

  isWaiting(slot: number): boolean {
    return this.#waiting[slot] !== 0;
  }

  /** The reply of its WAIT is in: how many replicas have the write; an error, or undefined for none, confirms nothing. */
  waited(slot: number, reply: Reply | undefined): void {
    const elsewhere = this.#waiting[slot] === ELSEWHERE;
    this.#waiting[slot] = 0;
    if (elsewhere) return;
    const confirmed = typeof reply === "number" ? Math.min(MOST_REPLICAS, reply) : 0;
    this.#add(slot, this.#outcome[slot] === OUTCOME.ok ? confirmed : NOT_ASKED);
  }

  /** No reply will come any more. False: its own had come, only that of its WAIT had not. */
  lost(slot: number): boolean {
    if (this.isWaiting(slot)) {
      this.waited(slot, undefined);
      return false;
    }
    this.#outcome[slot] = OUTCOME.info;
    this.#completed[slot] = Number.NaN;
    this.#add(slot, NOT_ASKED);
    return true;
  }

  /** The same of so many slots, from this one on; returns how many of them are unknown. */
  allLost(first: number, count: number): number {
    let unknown = 0;
    for (let i = 0; i < count; i++) if (this.lost((first + i) % this.#cell.length)) unknown++;
    return unknown;
  }

  #add(slot: number, replicas: number): void {
    if (this.#cell[slot] === UNRECORDED) return;
    const operation = this.#operation;
    operation.cell = this.#cell[slot] as number;
    operation.kind = this.#kind[slot] as number;
    operation.outcome = this.#outcome[slot] as number;
    operation.replicas = replicas;
    operation.invoked = this.#invoked[slot] as number;
    operation.completed = this.#completed[slot] as number;
    operation.value = this.#value[slot] as number;
    this.#log.add(operation);
  }
}
