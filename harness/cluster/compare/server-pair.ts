import { quoteBytes } from "../../base/show-bytes.ts";
import type { RawConnection } from "../../resp/connection.ts";
import { type Reply, RespError } from "../../resp/reply.ts";

/** The comparison cannot go on: a server is silent or gone, or time is up. */
class ComparisonCutOff extends Error {}

/** An answer that a question of its kind should not get: the key may have expired or changed since it was last asked about. */
export class UnexpectedReply extends Error {
  /** Of a redirection; null: it is another answer. */
  readonly movedSlot: number | null;

  constructor(message: string, movedSlot: number | null = null) {
    super(message);
    this.movedSlot = movedSlot;
  }
}

export type Argv = readonly (string | Buffer | number)[];

const ONE_COMMAND_MS = 15_000;

/** One of the two servers. Commands sent in the same tick travel as one pipeline. */
export class ComparedServer {
  readonly name: string;
  readonly #connection: RawConnection;
  readonly #end: number;

  /** @param end `performance.now()` at which the whole comparison must be over */
  constructor(name: string, connection: RawConnection, end: number) {
    this.name = name;
    this.#connection = connection;
    this.#end = end;
  }

  /** @throws UnexpectedReply on an error reply @throws ComparisonCutOff on silence, or a lost connection */
  async call(argv: Argv): Promise<Reply> {
    const left = this.#end - performance.now();
    if (left <= 0) throw new ComparisonCutOff("time was up");
    const outcome = await this.#connection.send(argv, { within: Math.min(left, ONE_COMMAND_MS) });
    if (outcome.outcome === "ok") return outcome.reply;
    // The command's own deadline was then the whole comparison's.
    if (outcome.error === "timeout" && left < ONE_COMMAND_MS) {
      throw new ComparisonCutOff(`time was up, ${this.name} had not answered ${String(argv[0])}`);
    }
    if (outcome.outcome === "fail" && outcome.reply) {
      const slot = /^MOVED (\d+) /.exec(outcome.reply.message)?.[1];
      const what = `${this.name} answered ${String(argv[0])} with: ${outcome.reply.message}`;
      throw new UnexpectedReply(what, slot === undefined ? null : Number(slot));
    }
    throw new ComparisonCutOff(`${this.name} answered ${String(argv[0])} with: ${outcome.error}`);
  }
}

/** Master and replica, asked the same. */
export class ServerPair {
  readonly master: ComparedServer;
  readonly replica: ComparedServer;

  constructor(master: ComparedServer, replica: ComparedServer) {
    this.master = master;
    this.replica = replica;
  }

  both(argv: Argv): Promise<[Reply, Reply]> {
    return Promise.all([this.master.call(argv), this.replica.call(argv)]);
  }
}

/** What the two sides hold where they differ, as text for a reader. */
export interface Difference {
  master: string | null;
  replica: string | null;
}

/** How to compare the values of one type. Both functions are given a key that has this type on both sides. */
export interface TypeComparison {
  /** For the many: one or two round trips and little memory, safe to run for a whole batch at once. */
  small(pair: ServerPair, key: Buffer): Promise<Difference | null | "big">;
  /** For the few that `small` calls big: in chunks, run one at a time. */
  big(pair: ServerPair, key: Buffer): Promise<Difference | null>;
}

/** Collections up to this many elements are read in one go. */
export const SMALL_ELEMENTS = 128;
/** Elements per chunk of a big collection. */
export const CHUNK_ELEMENTS = 512;

export function bytesOf(reply: Reply | undefined): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if (typeof reply === "string" || typeof reply === "number" || typeof reply === "bigint")
    return Buffer.from(String(reply));
  throw new UnexpectedReply(`unexpected reply: ${nameOf(reply)}`);
}

export function listOf(reply: Reply | undefined): Reply[] {
  if (Array.isArray(reply)) return reply;
  throw new UnexpectedReply(`unexpected reply: ${nameOf(reply)}, not an array`);
}

function nameOf(reply: Reply | undefined): string {
  if (reply === null) return "nil";
  if (reply === undefined) return "nothing";
  if (reply instanceof RespError) return reply.message;
  return Array.isArray(reply) ? "an array" : quoteBytes(bytesOf(reply));
}

/** Compares the answers to a length command; `noun` as in "3 members". */
export function differentLength(lengths: [Reply, Reply], noun: string): Difference | null {
  const [a, b] = lengths.map(Number) as [number, number];
  return a === b ? null : { master: `${a} ${noun}`, replica: `${b} ${noun}` };
}

/** One call of SCAN, SSCAN, HSCAN or ZSCAN; `next` "0": it was the last. */
export async function scanPage(side: ComparedServer, argv: Argv): Promise<{ next: string; items: Reply[] }> {
  const [next, items] = listOf(await side.call(argv));
  return { next: bytesOf(next).toString("latin1"), items: listOf(items) };
}
