import type { Clock } from "../../base/clock.ts";
import type { WatchdogSettings } from "../../journal/plan.ts";
import { encodeCommand } from "../../resp/encode.ts";
import type { Login } from "../../resp/login.ts";
import { replyText } from "../../resp/reply-text.ts";
import { ASK_STEP, type NodeReport, PROBE_NAME, type ProbeKind } from "../observation.ts";
import { UnansweredLimit } from "../unanswered-limit.ts";
import { ProbeConnection } from "./probe-connection.ts";

/** A fresh connection that gets no answer is kept, to see when it does; never more than this many on one node. */
const FRESH_AT_MOST = 3;
const CONTROL_CONNECTIONS = 2;
/** One small key of our own: load and preload never use this prefix. */
const PROBE_KEY = "kvchaos:probe";
const PING = encodeCommand(["PING"]);
/** A setting that every system has. Only a node that hangs is asked: there may be no data path left to ask on. */
const CONFIG = encodeCommand(["CONFIG", "GET", "maxclients"]);
const CONFIG_EVERY = 1000;
/** A question that is older than this is news; on a healthy server none is. ms */
const QUICK = 100;

/** What the probe thread must know about a node. Plain data: it crosses a thread border. */
export interface ProbedNode {
  name: string;
  host: string;
  port: number;
  control: boolean;
  /** The write probe runs. */
  writes: boolean;
  /** The read probe runs. */
  reads: boolean;
  /** Before our key: the hash tag of the node's shard in cluster mode. */
  keyTag: string;
  /** Its server's INFO. */
  info: readonly string[];
  /** Unanswered questions on the data path at once, and one of each kind besides; null: no limit. */
  unansweredAtMost: number | null;
  /** Connections tell the server their names, to be found in its CLIENT LIST. */
  named: boolean;
}

export interface ProbePlan extends Pick<WatchdogSettings, "connections" | "interval" | "poll" | "hangAfter"> {
  login: Login;
}

/** From the main thread, about one node. */
export type NodeOrder =
  /** Only masters take writes; none do while the run compares data. */
  | { type: "writes"; node: string; on: boolean }
  /** The node hangs (or no longer): does it still answer CONFIG GET? */
  | { type: "config"; node: string; on: boolean }
  /** Drop every connection with a question outstanding: after a stop of ours the other end may have forgotten it. */
  | { type: "reopen"; node: string }
  /** Open more established connections until there are so many. */
  | { type: "grow"; node: string; connections: number };

/*
 * Connection numbers of a node with n established connections:
 *   0 … n-1 PING   n write   n+1 read   n+2 admin   n+3 … n+5 fresh   n+6 config   n+7 … PING, opened later to cover
 *   more workers
 */

/** What all nodes share. */
interface ProbeTurns {
  clock: Clock;
  /** Questions are due so many steps after this. Run milliseconds. */
  origin: number;
  /** Something has come that is waited for. */
  onNews(): void;
}

/** Something that is done again and again. `every` in ms, `due` in run milliseconds. */
interface Routine {
  every: number;
  due: number;
  work(): void;
}

/** Asks one node every question on its schedule and remembers what came back until `report` takes it. */
export class NodeProber {
  readonly #node: ProbedNode;
  readonly #all: ProbeConnection[] = [];
  readonly #routines: Routine[] = [];
  readonly #clock: Clock;
  readonly #turns: ProbeTurns;
  readonly #plan: ProbePlan;
  #writes: boolean;
  #config = false;
  #written = 0;
  readonly #limit: UnansweredLimit;
  /** Questions that wait for others to be answered. */
  readonly #heldBack = new Map<ProbeConnection, Buffer>();
  #news = noNews();
  #refused = false;
  #awaited = false;

  constructor(node: ProbedNode, plan: ProbePlan, turns: ProbeTurns) {
    this.#node = node;
    this.#clock = turns.clock;
    this.#turns = turns;
    this.#plan = plan;
    this.#writes = node.writes;
    this.#limit = new UnansweredLimit(node.unansweredAtMost);
    const count = node.control ? CONTROL_CONNECTIONS : plan.connections;
    const slow = Math.max(500, plan.interval);
    this.#grow(count);
    const write = this.#connection("write");
    const read = this.#connection("read");
    const admin = this.#connection("admin");
    if (!node.control) {
      const key = node.keyTag + PROBE_KEY;
      const get = encodeCommand(["GET", key]);
      const info = encodeCommand(node.info);
      this.#every(slow, slow / 3, () => {
        if (this.#writes) this.#ask(write, encodeCommand(["SET", key, ++this.#written]));
        if (node.reads) this.#ask(read, get);
      });
      this.#every(plan.poll, 0, () => this.#ask(admin, info));
    }
    const fresh = Array.from({ length: FRESH_AT_MOST }, () => this.#connection("fresh"));
    this.#every(slow, slow / 2, () => {
      const free = fresh.find((connection) => connection.idle);
      free?.close(); // also forgets the backoff: every fresh question is a new connection, now
      if (free) this.#ask(free, PING);
    });
    const config = this.#connection("config");
    this.#every(CONFIG_EVERY, CONFIG_EVERY / 4, () => {
      if (this.#config) this.#ask(config, CONFIG);
    });
  }

  obey(order: NodeOrder): void {
    if (order.type === "writes") this.#writes = order.on;
    else if (order.type === "config") this.#config = order.on;
    else if (order.type === "reopen") this.#reopen();
    else this.#grow(order.connections);
  }

  #grow(connections: number): void {
    const have = this.#all.filter(({ kind }) => kind === "established").length;
    for (let i = have; i < connections; i++) {
      const connection = this.#connection("established");
      const offset = ((i - have) * this.#plan.interval) / (connections - have);
      this.#every(this.#plan.interval, offset, () => this.#ask(connection, PING));
    }
  }

  #reopen(): void {
    this.#limit.reset();
    for (const connection of this.#all) if (!connection.idle) connection.close();
  }

  askWhatIsDue(now: number): void {
    for (const routine of this.#routines) {
      if (now < routine.due) continue;
      routine.work();
      // Whoever was late does not ask twice to make up for it.
      routine.due += routine.every * (Math.floor((now - routine.due) / routine.every) + 1);
    }
  }

  /** When there is something to do again: a question is due, or one without answer becomes a hang. */
  next(now: number): number {
    const hang = this.#hangAt();
    return Math.min(hang > now ? hang : Number.POSITIVE_INFINITY, ...this.#routines.map(({ due }) => due));
  }

  /** There is something to report that is waited for: a state of the server, or the first answer on a connection that lasts. */
  get isAwaited(): boolean {
    return this.#awaited;
  }

  /** There is something to report that is not seen on a healthy server. */
  isTroubled(now: number): boolean {
    return this.#refused || this.#news.losses.length > 0 || now - this.#oldest() > QUICK;
  }

  /** The oldest question without answer reached hangAfter in this time. */
  hangsSince(from: number, to: number): boolean {
    const hang = this.#hangAt();
    return hang > from && hang <= to;
  }

  /** When the oldest question without answer was asked; infinity: none was. */
  #oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { askedAt } of this.#all) if (askedAt !== null && askedAt < oldest) oldest = askedAt;
    return oldest;
  }

  /** A moment later, because timers fire early by a fraction of a millisecond. */
  #hangAt(): number {
    return this.#oldest() + this.#plan.hangAfter + 1;
  }

  report(): NodeReport {
    const news = this.#news;
    this.#news = noNews();
    this.#refused = false;
    this.#awaited = false;
    return {
      node: this.#node.name,
      connections: this.#all.map((connection) => connection.view()),
      held: this.#limit.holds(this.#open()),
      ...news,
    };
  }

  stop(): void {
    for (const connection of this.#all) connection.close();
  }

  #connection(kind: ProbeKind): ProbeConnection {
    const number = this.#all.length;
    const { login } = this.#plan;
    const { named } = this.#node;
    const connection: ProbeConnection = new ProbeConnection({
      number,
      kind,
      host: this.#node.host,
      port: this.#node.port,
      ...login,
      // A fresh connection asks one question and is gone.
      name: named && kind !== "fresh" ? `${PROBE_NAME}${number}` : undefined,
      clock: this.#clock,
      onAnswer: (answer, reply, isFirst) => {
        this.#news.answers.push(answer);
        this.#refused ||= answer.error !== null;
        if (kind === "fresh") connection.close();
        this.#limit.answered(kind);
        this.#askHeldBack();
        const told = kind === "admin" && answer.error === null;
        if (told) this.#news.infos.push({ at: answer.answeredAt, text: replyText(reply) });
        if (!told && !(isFirst && kind === "established")) return;
        this.#awaited = true;
        this.#turns.onNews();
      },
      onLoss: (loss) => {
        this.#news.losses.push(loss);
        this.#limit.lost(kind, loss.waited, loss.at);
      },
    });
    this.#all.push(connection);
    return connection;
  }

  #ask(connection: ProbeConnection, question: Buffer): void {
    const { kind } = connection;
    const now = this.#clock.now();
    if (!this.#limit.mayAsk(kind, this.#open(), now)) this.#heldBack.set(connection, question);
    else if (connection.ask(question)) {
      this.#limit.asked(kind, now);
      this.#news.sent.push(kind);
    }
  }

  /** First come, first served: timers that fire together would ask on the same few connections every time. */
  #askHeldBack(): void {
    for (const [connection, question] of this.#heldBack) {
      if (this.#limit.holds(this.#open())) return;
      this.#heldBack.delete(connection);
      this.#ask(connection, question);
    }
  }

  /** The kinds of the questions without answer; where nothing depends on them, nobody looks. */
  #open(): ProbeKind[] {
    if (this.#node.unansweredAtMost === null) return [];
    return this.#all.flatMap(({ kind, idle }) => (idle ? [] : [kind]));
  }

  /** The first time `offset` ms from now: questions of one node are spread over the interval instead of sent in one burst. */
  #every(ms: number, offset: number, work: () => void): void {
    const { origin } = this.#turns;
    const due = origin + Math.floor((this.#clock.now() - origin + offset) / ASK_STEP) * ASK_STEP;
    this.#routines.push({ every: ms, due, work });
  }
}

function noNews(): Pick<NodeReport, "answers" | "losses" | "sent" | "infos"> {
  return { answers: [], losses: [], sent: [], infos: [] };
}
