import type { Socket } from "node:net";
import type { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Link } from "../../network/link.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { replyText } from "../../resp/reply-text.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { capTook, echoOf } from "../links/measure-link.ts";
import { linksParameter, parameters, sizeParameter } from "../parameters.ts";
import { linkPattern, selectLink } from "../selector.ts";
import { dial } from "./bare-socket.ts";

/** How long reading is watched before it is called slow, ms. */
const WATCH_MS = 2_000;
const LIST_MS = 2_000;
/** So often a piece is read: one tenth of a second's worth. */
const READS_PER_SECOND = 10;
/** One question; its answer is as long. */
const ECHO_BYTES = 64 * 1024;

const described = parameters(
  {
    links: linksParameter("`r1 -> m1`: that replica reads slowly; `client -> m1`: a client of our own does"),
    rate: sizeParameter("bytes read per second, at least 1KB", { least: "1KB" }),
    pending: sizeParameter("how much our own client asks for at once (default 16MB)", { least: "1B" }).orElse(16e6),
  },
  {
    check: ({ links, pending }, wrong) => {
      if (pending !== undefined && !links.some((link) => link.trim().startsWith("client"))) {
        wrong("`pending` goes with a link `client -> <node>`", ["pending"]);
      }
    },
  },
);
type Params = z.infer<typeof described.planned>;

/** One reader that has been made slow. */
type Watch = () => Promise<Effect>;

/**
 * Somebody reads slowly while everything it sends arrives at once: the server has to keep what is not read.
 * - a replica: what its master sends is capped at `rate` (bandwidth toxic, whole kB/s, one direction only).
 * - a client of our own: asks for `pending` bytes at once and takes `rate` bytes per second off its socket.
 * Heal: toxics removed, clients closed. Effect: a replica's link delivers an ECHO as slowly as it should, and that replica
 * is its master's; our client is read at that rate and has more to read. The largest output buffer of the server goes with it.
 */
export const slowReader = defineFault({
  kind: "slow-reader",
  summary: "a replica, or a client, that reads slowly",
  lasting: true,
  parameters: described,
  // A client that reads slowly is one of our own: no other client's traffic waits for it.
  holdsUp: ({ links }) => links.map(linkPattern).filter(({ from }) => from !== "client"),
  dials: ({ links }) => links.map(linkPattern),
  inject: async (context, p) => {
    const chosen = p.links.map((link) => selectLink(context.cluster, link));
    const watches: Watch[] = [];
    for (const link of chosen) {
      watches.push(link.from === "client" ? await slowClient(context, link, p) : await slowReplica(context, link, p));
    }
    return {
      targets: chosen.map((link) => link.name),
      effect: async () => {
        const effects = await Promise.all(watches.map((watch) => watch()));
        return {
          measured: effects.every(({ measured }) => measured),
          summary: effects.map(({ summary }) => summary).join("; "),
        };
      },
    };
  },
});

async function slowReplica(context: FaultContext, link: Link, { rate }: Params): Promise<Watch> {
  const { cluster, clock, id } = context;
  const kilobytes = Math.max(1, Math.round(rate / 1000));
  const toxic = `${id}-to-replica`;
  context.onHeal(`let ${link.name} be read at full speed`, () => link.removeToxic(toxic));
  await link.addToxic(toxic, "bandwidth", "to-replica", { rate: kilobytes });
  return async () => {
    if (cluster.topology.replicaOf[link.from] !== link.to) {
      return { measured: false, summary: `${link.from} does not replicate from ${link.to}` };
    }
    const replica = cluster.node(link.from);
    const before = { bytes: replica.received(), t: clock.now() };
    const echo = echoOf(kilobytes * 1000);
    const took = await echo.through(link, clock);
    const after = { bytes: replica.received(), t: clock.now() };
    const speed =
      before.bytes === null || after.bytes === null
        ? ""
        : `, ${link.from} received ${kb((after.bytes - before.bytes) / ((after.t - before.t) / 1000))}/s`;
    return {
      measured: capTook(took, echo.expected),
      summary: `${link.name}: an ECHO of ${echo.bytes} bytes took ${took === null ? "too long" : `${Math.round(took)} ms`}${speed}${await waiting(context, link)}`,
    };
  };
}

async function slowClient(context: FaultContext, link: Link, { rate, pending }: Params): Promise<Watch> {
  const { clock, signal, id } = context;
  let client: SlowClient | undefined;
  context.onHeal(`close the slow client of ${link.to}`, async () => client?.close());
  const since = clock.now();
  client = await SlowClient.open({
    ...link.published,
    rate,
    pending,
    signal,
    onLost: (why) => {
      const seconds = ((clock.now() - since) / 1000).toFixed(1);
      context.note(`${id}: the slow client of ${link.to} lost its connection after ${seconds} s: ${why}`);
    },
  });
  const reader = client;
  return async () => {
    const [from, t] = [reader.read, clock.now()];
    await sleep(WATCH_MS);
    const speed = (reader.read - from) / ((clock.now() - t) / 1000);
    if (reader.trouble !== null) {
      return { measured: false, summary: `the slow client of ${link.to}: ${reader.trouble.trim()}` };
    }
    return {
      // A tick that came late is no faster reader; a reader that has read everything is no slow one.
      measured: speed > 0 && speed <= rate * 1.5 && reader.read < pending,
      summary: `${link.name}: reads ${kb(speed)}/s, ${kb(pending - reader.read)} unread${await waiting(context, link)}`,
    };
  };
}

async function waiting({ cluster }: FaultContext, link: Link): Promise<string> {
  const bytes = await largestOutputBuffer(cluster.node(link.to));
  return bytes === null ? "" : `, largest output buffer of ${link.to}: ${kb(bytes)}`;
}

/**
 * The largest output buffer of a server's clients and replicas, bytes; null when it does not tell or does not answer.
 * CLIENT LIST calls it `omem` in Redis and `obuf` in Kvrocks; Pika does not tell.
 */
async function largestOutputBuffer(node: ClusterNode): Promise<number | null> {
  try {
    return largestIn(replyText(await node.admin(["CLIENT", "LIST"], { within: LIST_MS })));
  } catch {
    return null;
  }
}

/** The same in the text of CLIENT LIST. */
export function largestIn(clients: string): number | null {
  const sizes = [...clients.matchAll(/\b(?:omem|obuf)=(\d+)/g)].map(([, size]) => Number(size));
  return sizes.length === 0 ? null : Math.max(...sizes);
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

interface SlowClientOptions {
  host: string;
  port: number;
  /** Bytes read per second. */
  rate: number;
  /** Bytes of answers asked for, all at once. */
  pending: number;
  signal: AbortSignal;
  /** Called when the connection ends by anybody's doing but ours. */
  onLost(why: string): void;
}

/*
 *   ECHO 64 KiB × n ──────────────────► server      written as fast as it takes them
 *   rate/10 bytes every 100 ms ◄─────── its output buffer, then both kernels' socket buffers
 */

/** A client that asks for much and takes the answers off its socket slowly: the server has to keep them. */
export class SlowClient {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #read = 0;
  #refusal: string | null = null;
  #ended: string | null = null;

  /** Connects and asks. Rejects when it cannot connect. */
  static async open(options: SlowClientOptions): Promise<SlowClient> {
    const { host, port, rate, signal } = options;
    let client: SlowClient | undefined;
    const onread = {
      buffer: Buffer.alloc(Math.max(1, Math.round(rate / READS_PER_SECOND))),
      callback: (bytes: number, chunk: Uint8Array) => {
        if (client) client.#took(bytes, chunk);
        return false; // until the next tick
      },
    };
    try {
      client = new SlowClient(await dial({ host, port, onread }, signal), options);
      return client;
    } catch (error) {
      signal.throwIfAborted();
      throw new ChaosError("infrastructure", `the slow reader: ${messageOf(error)}`, { cause: error });
    }
  }

  private constructor(socket: Socket, { pending, onLost }: SlowClientOptions) {
    this.#socket = socket;
    const lost = (why: string): void => {
      if (this.#ended !== null) return;
      this.#end(why);
      onLost(why);
    };
    socket.on("error", (error) => lost(messageOf(error)));
    socket.on("close", () => lost("closed by the server"));
    this.#timer = setInterval(() => socket.resume(), 1000 / READS_PER_SECOND);
    // The same bytes again and again: what the server does not take yet costs no memory here.
    const question = encodeCommand(["ECHO", Buffer.alloc(ECHO_BYTES, "x")]);
    for (let asked = 0; asked < pending; asked += ECHO_BYTES) socket.write(question);
  }

  #took(bytes: number, chunk: Uint8Array): void {
    // An error reply begins with "-"; every answer to ECHO with "$".
    if (this.#read === 0 && chunk[0] === 0x2d) this.#refusal = Buffer.from(chunk.subarray(0, bytes)).toString();
    this.#read += bytes;
  }

  /** Bytes taken off the socket so far. */
  get read(): number {
    return this.#read;
  }

  /** Why the connection is gone or useless; null while it is fine. */
  get trouble(): string | null {
    return this.#refusal ?? this.#ended;
  }

  /** Ends the connection with whatever is still unread. Idempotent. */
  close(): void {
    this.#end("closed by us");
  }

  #end(why: string): void {
    this.#ended ??= why;
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}
