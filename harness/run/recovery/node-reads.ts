import { messageOf } from "../../base/chaos-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Cluster, ClusterNode, Connection } from "../../cluster/cluster.ts";
import type { OperationFields } from "../../history/format.ts";
import { type CellShape, elementOf, keyOf, modelOf, NOTHING, OUTCOME, partsOf } from "../../journal/history.ts";
import type { KeySpace } from "../../journal/loads/key-space.ts";
import type { CellValues } from "../../load/cell-values.ts";
import { type Outcome, RespError } from "../../resp/reply.ts";
import { elementsLeft } from "./elements-left.ts";

/** Commands sent before their replies are awaited. */
const ROUND = 512;
const CONNECT_MS = 5_000;
const REPLY_MS = 10_000;

export interface NodeReadOptions {
  cluster: Pick<Cluster, "sharded">;
  node: Pick<ClusterNode, "name" | "connect">;
  clock: Clock;
  signal: AbortSignal;
  /** Numbers of the cells to read. */
  cells: Uint32Array;
  shape: CellShape;
  /** Absent: the first. */
  space?: KeySpace | undefined;
  values: CellValues;
  /** The value that stands for a foreign one. */
  foreign(text: string): number;
}

/** What one node said of each cell, or that it could not be read. */
export class NodeReads {
  readonly #options: NodeReadOptions;
  readonly #outcome: Uint8Array;
  readonly #value: Float64Array;
  readonly #invoked: Float64Array;
  readonly #completed: Float64Array;
  /** Of cells that hold many elements: those of each, by its place. */
  readonly #elements = new Map<number, readonly number[]>();
  /** Why some cells could not be read; null: they all were. */
  why: string | null = null;

  constructor(options: NodeReadOptions) {
    const { length } = options.cells;
    this.#options = options;
    this.#outcome = new Uint8Array(length).fill(OUTCOME.info);
    this.#value = new Float64Array(length).fill(NOTHING);
    this.#invoked = new Float64Array(length).fill(options.clock.now());
    this.#completed = new Float64Array(length).fill(Number.NaN);
  }

  get name(): string {
    return this.#options.node.name;
  }

  get cells(): Uint32Array {
    return this.#options.cells;
  }

  /**
   * Reads every cell, within so many ms. Rejects only with the signal's reason.
   * @param unreadable why it is not even tried
   */
  async read(within: number, unreadable: string | null): Promise<void> {
    if (unreadable !== null) this.why = unreadable;
    else await this.#readAll(this.#options.cells.length, (i) => i, within);
  }

  /** Reads some cells again, by their place among the cells. */
  async readAgain(places: readonly number[], within: number): Promise<void> {
    await this.#readAll(places.length, (i) => places[i] as number, within);
  }

  /** Places of the cells of which both nodes said something, and not the same. */
  different(other: NodeReads): number[] {
    const places: number[] = [];
    for (let i = 0; i < this.#value.length; i++) {
      const both = this.#outcome[i] === OUTCOME.ok && other.#outcome[i] === OUTCOME.ok;
      if (both && `${this.values(i)}` !== `${other.values(i)}`) places.push(i);
    }
    return places;
  }

  /** What the last read of the cell at this place found: one value, or an element's number for each that is there (none: NOTHING). */
  values(place: number): readonly number[] {
    return this.#elements.get(place) ?? [this.#value[place] as number];
  }

  /** The last read of the cell at this place, all but its values. */
  fill(operation: OperationFields, place: number): void {
    operation.cell = this.cells[place] as number;
    operation.outcome = this.#outcome[place] as number;
    operation.invoked = this.#invoked[place] as number;
    operation.completed = this.#completed[place] as number;
  }

  async #readAll(count: number, place: (i: number) => number, within: number): Promise<void> {
    const { cluster, node, signal } = this.#options;
    const end = performance.now() + within;
    let connection: Connection | undefined;
    const close = () => connection?.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      connection = await node.connect({ within: CONNECT_MS, signal, space: this.#options.space });
      // In cluster mode a replica answers questions about its master's keys only to clients that said so.
      if (cluster.sharded) await connection.send(["READONLY"], { within: REPLY_MS });
      for (let i = 0; i < count && connection.isOpen && performance.now() < end; i += ROUND) {
        const open = connection;
        const round = Array.from({ length: Math.min(ROUND, count - i) }, (_, k) => this.#readOne(open, place(i + k)));
        await Promise.all(round);
        signal.throwIfAborted();
      }
      if (!connection.isOpen) this.why ??= "its connection ended";
      else if (performance.now() >= end) this.why ??= `not all was read within ${Math.round(within)} ms`;
    } catch (error) {
      signal.throwIfAborted();
      this.why ??= messageOf(error);
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }

  async #readOne(connection: Connection, place: number): Promise<void> {
    const { clock, shape, values, foreign } = this.#options;
    const cell = this.cells[place] as number;
    const argv = question(shape, cell);
    const invoked = clock.now();
    const ask = (words: string[]): Promise<Outcome> => connection.send(words, { within: REPLY_MS });
    const many = modelOf(shape.type) === "elements";
    const outcome = many ? await elementsLeft(shape, cell, ask) : await ask(argv);
    if (outcome.outcome !== "ok") {
      this.why ??= `${argv.join(" ")}: ${outcome.outcome === "fail" ? (outcome.reply?.message ?? outcome.error) : outcome.error}`;
      return;
    }
    const number = (value: number | string): number => (typeof value === "number" ? value : foreign(value));
    if (many && Array.isArray(outcome.reply)) {
      const found = outcome.reply.map((one) => number(one instanceof RespError ? one.message : values.read(one)));
      this.#elements.set(place, found.length > 0 ? found : [NOTHING]);
    } else this.#value[place] = number(values.read(outcome.reply));
    this.#outcome[place] = OUTCOME.ok;
    this.#invoked[place] = invoked;
    this.#completed[place] = clock.now();
  }
}

/** The command that reads a cell. */
function question(shape: CellShape, cell: number): string[] {
  if (shape.type === "group") return ["MGET", ...partsOf(shape, cell)];
  const [key, element] = [keyOf(shape, cell), elementOf(shape, cell)];
  return element === null ? ["GET", key] : [shape.type === "zset" ? "ZSCORE" : "HGET", key, element];
}
