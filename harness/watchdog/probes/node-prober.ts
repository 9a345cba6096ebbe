import type { Clock } from "../../base/clock.ts";
import { encodeCommand } from "../../resp/encode.ts";
import type { Reply } from "../../resp/reply.ts";
import type { AnswerRecord, LossRecord, NodeReport, ProbeKind } from "../observation.ts";
import { UnansweredLimit } from "../unanswered-limit.ts";
import { ProbeConnection } from "./probe-connection.ts";
import { probeName } from "./probe-name.ts";

/** A fresh connection that gets no answer is kept, to see when it does; never more than this many on one node. */
const FRESH_AT_MOST = 3;
const CONTROL_CONNECTIONS = 2;
/** One small key of our own: load and preload never use this prefix. */
const PROBE_KEY = "kvchaos:probe";
const PING = encodeCommand(["PING"]);
/** A setting that every system has. Only a node that hangs is asked: there may be no data path left to ask on. */
const CONFIG = encodeCommand(["CONFIG", "GET", "maxclients"]);
const CONFIG_EVERY = 1000;

/** What the probe thread must know about a node. Plain data: it crosses a thread border. */
export interface ProbedNode {
  name: string;
  host: string;
  port: number;
  control: boolean;
  /** The write probe runs. */
  writes: boolean;
  /** Before our key: the hash tag of the node's shard in cluster mode. */
  keyTag: string;
}

export interface ProbePlan {
  /** Established connections per node. */
  connections: number;
  interval: number;
  poll: number;
  password: string | undefined;
  /** The system's INFO. */
  info: readonly string[];
  /** Unanswered questions on the data path at once, and one of each kind besides; null: no limit. */
  unansweredAtMost: number | null;
  /** Connections tell the server their names, to be found in its CLIENT LIST. */
  named: boolean;
}

/*
 * Connection numbers of a node with n established connections:
 *   0 … n-1 PING   n write   n+1 read   n+2 admin   n+3 … n+5 fresh   n+6 config   n+7 … PING, opened later to cover
 *   more workers
 */

/** Asks one node every question on its schedule and remembers what came back until `report` takes it. */
export class NodeProber {
  readonly #node: ProbedNode;
  readonly #all: ProbeConnection[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #clock: Clock;
  readonly #plan: ProbePlan;
  #writes: boolean;
  #config = false;
  #written = 0;
  readonly #limit: UnansweredLimit;
  /** Questions that wait for others to be answered. */
  readonly #heldBack = new Map<ProbeConnection, Buffer>();
  #answers: AnswerRecord[] = [];
  #losses: LossRecord[] = [];
  #sent: NodeReport["sent"] = {};
  #infos: NodeReport["infos"] = [];

  constructor(node: ProbedNode, plan: ProbePlan, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
    this.#plan = plan;
    this.#writes = node.writes;
    this.#limit = new UnansweredLimit(plan.unansweredAtMost);
    const count = node.control ? CONTROL_CONNECTIONS : plan.connections;
    const slow = Math.max(500, 2 * plan.interval);
    for (let i = 0; i < count; i++) this.#establish((i * plan.interval) / count);
    const write = this.#connection("write");
    const read = this.#connection("read");
    const admin = this.#connection("admin");
    if (!node.control) {
      const key = node.keyTag + PROBE_KEY;
      const get = encodeCommand(["GET", key]);
      const info = encodeCommand(plan.info);
      this.#every(slow, slow / 3, () => {
        if (this.#writes) this.#ask("write", write, encodeCommand(["SET", key, ++this.#written]));
        this.#ask("read", read, get);
      });
      this.#every(plan.poll, 0, () => this.#ask("admin", admin, info));
    }
    const fresh = Array.from({ length: FRESH_AT_MOST }, () => this.#connection("fresh"));
    this.#every(slow, slow / 2, () => {
      const free = fresh.find((connection) => connection.idle);
      free?.close(); // also forgets the backoff: every fresh question is a new connection, now
      if (free) this.#ask("fresh", free, PING);
    });
    const config = this.#connection("config");
    this.#every(CONFIG_EVERY, CONFIG_EVERY / 4, () => {
      if (this.#config) this.#ask("config", config, CONFIG);
    });
  }

  /** Only masters take writes; none do while the run compares data. */
  setWrites(on: boolean): void {
    this.#writes = on;
  }

  /** The node hangs (or no longer): does it still answer CONFIG GET? */
  askConfig(on: boolean): void {
    this.#config = on;
  }

  /** Opens more established connections until there are `connections`. */
  grow(connections: number): void {
    const have = this.#all.filter(({ kind }) => kind === "established").length;
    for (let i = have; i < connections; i++) {
      this.#establish(((i - have) * this.#plan.interval) / (connections - have));
    }
  }

  /** Drops every connection with a question outstanding: after a stop of ours the other end may have forgotten it. */
  reopen(): void {
    this.#limit.reset();
    for (const connection of this.#all) if (!connection.idle) connection.close();
  }

  report(): NodeReport {
    const report: NodeReport = {
      node: this.#node.name,
      connections: this.#all.map((connection) => connection.view()),
      answers: this.#answers,
      losses: this.#losses,
      held: this.#limit.holds(this.#open()),
      sent: this.#sent,
      infos: this.#infos,
    };
    this.#answers = [];
    this.#losses = [];
    this.#sent = {};
    this.#infos = [];
    return report;
  }

  stop(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
      clearInterval(timer);
    }
    this.#timers.clear();
    for (const connection of this.#all) connection.close();
  }

  #establish(offset: number): void {
    const connection = this.#connection("established");
    this.#every(this.#plan.interval, offset, () => this.#ask("established", connection, PING));
  }

  #connection(kind: ProbeKind): ProbeConnection {
    const number = this.#all.length;
    const { password, named } = this.#plan;
    const connection: ProbeConnection = new ProbeConnection({
      number,
      kind,
      host: this.#node.host,
      port: this.#node.port,
      password,
      // A fresh connection asks one question and is gone.
      name: named && kind !== "fresh" ? probeName(number) : undefined,
      clock: this.#clock,
      onAnswer: (answer, reply) => {
        this.#answers.push(answer);
        if (kind === "fresh") connection.close();
        this.#limit.answered(kind);
        this.#askHeldBack();
        const text = kind === "admin" && answer.error === null ? textOf(reply) : null;
        if (text !== null) this.#infos.push({ at: answer.answeredAt, text });
      },
      onLoss: (loss) => {
        this.#losses.push(loss);
        this.#limit.lost(kind, loss.waited, loss.at);
      },
    });
    this.#all.push(connection);
    return connection;
  }

  #ask(kind: ProbeKind, connection: ProbeConnection, question: Buffer): void {
    const now = this.#clock.now();
    if (!this.#limit.mayAsk(kind, this.#open(), now)) this.#heldBack.set(connection, question);
    else if (connection.ask(question)) {
      this.#limit.asked(kind, now);
      this.#sent[kind] = (this.#sent[kind] ?? 0) + 1;
    }
  }

  /** First come, first served: timers that fire together would ask on the same few connections every time. */
  #askHeldBack(): void {
    for (const [connection, question] of this.#heldBack) {
      if (this.#limit.holds(this.#open())) return;
      this.#heldBack.delete(connection);
      this.#ask(connection.kind, connection, question);
    }
  }

  /** The kinds of the questions without answer. */
  #open(): ProbeKind[] {
    return this.#all.flatMap(({ kind, idle }) => (idle ? [] : [kind]));
  }

  /** The first time after `offset` ms: questions of one node are spread over the interval instead of sent in one burst. */
  #every(ms: number, offset: number, work: () => void): void {
    const first = setTimeout(() => {
      this.#timers.delete(first);
      work();
      this.#timers.add(setInterval(work, ms));
    }, offset);
    this.#timers.add(first);
  }
}

function textOf(reply: Reply): string | null {
  if (Buffer.isBuffer(reply)) return reply.toString("latin1");
  return typeof reply === "string" ? reply : null;
}
