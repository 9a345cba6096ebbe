import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import type { OperationFields } from "../history/format.ts";
import { KIND, NOT_ASKED, OUTCOME } from "../journal/history.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { RawConnection } from "../resp/connection.ts";
import { Decoder } from "../resp/decode.ts";
import type { Outcome, Reply, RespError } from "../resp/reply.ts";
import type { LoadTarget } from "./load.ts";
import type { OperationLog } from "./operation-log.ts";
import type { Tally } from "./tally.ts";

/*
 *   pipe ─► m1: GET k ─► "ASK 2843 m2"   ─► m2: ASKING, GET k ─┬─► ok, fail or info: one operation, counted once
 *                        "MOVED 2843 m2" ─► m2: GET k ─────────┤
 *                        "TRYAGAIN …"    ─► a pause ─► m1 ─────┘   each refusal on the way is counted as a redirect
 */

/** What servers say when they refuse a command because of its key's slot: it did not happen there. */
const REDIRECTS = ["MOVED", "ASK", "TRYAGAIN"] as const;
type Redirect = (typeof REDIRECTS)[number];
/** Before a command is sent once more to a server that said TRYAGAIN, and where servers send it in a circle. ms */
const PAUSE_MS = 20;
/** So many servers are asked without a pause. */
const QUICK_HOPS = 5;

const isRedirect = (code: string): code is Redirect => (REDIRECTS as readonly string[]).includes(code);

/** An operation that a server has refused. */
export interface Refused {
  /** As it was written. */
  bytes: Buffer;
  /** When it was to be sent, and when it was. */
  due: number;
  sent: number;
  from: LoadTarget;
  /** "MOVED 2843 172.21.255.254:6379" */
  text: string;
  /** Of a recorded load: all that is known of it. */
  operation: OperationFields | undefined;
  /** Called when its outcome is counted. */
  over(): void;
}

/** What a load's generator knows. */
interface Of {
  peers?: RedirectOptions["peers"] | undefined;
  spec: Pick<LoadSpec, "timeout" | "wait">;
  password?: string | undefined;
  log?: OperationLog | undefined;
  clock: Clock;
}

interface RedirectOptions {
  /** "host:port" as servers name each other → where clients dial that node. */
  peers: Readonly<Record<string, LoadTarget>>;
  /** Milliseconds from sending an operation to its outcome. */
  timeout: number;
  /** Of a recorded load whose writes are confirmed: what follows each. */
  wait: { replicas: number; within: number } | null;
  password: string | undefined;
  tally: Tally;
  log: OperationLog | undefined;
  now(): number;
}

/**
 * Follows redirections, as clients of a cluster do: what was refused is sent to the server that has the slot, over connections of
 * its own, until it has an outcome or its time is over. A refused operation did not happen: one that is given up before it was
 * sent again is `fail`.
 */
export class Redirects {
  readonly #options: RedirectOptions;
  readonly #connections = new Map<string, Promise<RawConnection>>();
  #pending = 0;
  #onIdle = () => {};

  constructor(options: RedirectOptions) {
    this.#options = options;
  }

  /** Those of one load in one thread; undefined: its masters do not share the key space. */
  static of({ peers, spec, password, log, clock }: Of, tally: Tally): Redirects | undefined {
    const { timeout, wait } = spec;
    return peers && new Redirects({ peers, timeout, wait, password, tally, log, now: clock.now });
  }

  /** Is this refusal one that leads on? */
  follows({ code, message }: Pick<RespError, "code" | "message">): boolean {
    return isRedirect(code) && (code === "TRYAGAIN" || this.#peer(message) !== undefined);
  }

  /** Sees an operation to its outcome, which is counted. Never throws. */
  follow(refused: Refused): void {
    this.#pending++;
    const { operation } = refused;
    void this.#send(refused).then(({ node, outcome, confirmed }) => {
      const { tally, log, now } = this.#options;
      const counts = tally.node(node);
      const time = now();
      if (outcome.outcome === "ok") tally.ok(time - refused.due, counts);
      else if (outcome.outcome === "fail") tally.fail(outcome.error, 1, counts);
      else tally.info(outcome.error === "timeout" ? "timeout" : "connection-lost", 1, counts);
      if (operation && log) log.add(recorded(operation, log, { node, outcome, confirmed, time }));
      refused.over();
      this.#pending--;
      if (this.#pending === 0) this.#onIdle();
    });
  }

  /** Resolves when nothing is on its way any more, within the load's timeout; then its connections are closed. */
  async idle(): Promise<void> {
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const opened = [...this.#connections.values()];
    this.#connections.clear();
    for (const one of opened) void one.then((connection) => connection.close()).catch(() => {});
  }

  #peer(text: string): LoadTarget | undefined {
    return this.#options.peers[text.split(" ")[2] ?? ""];
  }

  async #send({ bytes, sent, from, text: first }: Refused): Promise<Sent> {
    const { tally, timeout, now } = this.#options;
    const argv = wordsOf(bytes);
    const left = (): number => sent + timeout - now();
    let [target, text] = [from, first];
    for (let hops = 1; ; hops++) {
      const word = text.split(" ")[0] as Redirect;
      tally.redirected(word);
      const again = word === "TRYAGAIN";
      const refusal: Sent = { node: target.node, outcome: { outcome: "fail", error: word }, confirmed: 0 };
      if (again || hops > QUICK_HOPS) await sleep(PAUSE_MS);
      const next = again ? from : this.#peer(text);
      if (!next || argv === null || left() <= 0) return refusal;
      target = next;
      let connection: RawConnection;
      try {
        connection = await this.#connection(target, left());
      } catch {
        return { ...refusal, node: target.node, outcome: { outcome: "fail", error: "connect-failed" } };
      }
      const within = Math.max(1, left());
      // Nothing comes between the two: both are queued before anybody else has a turn.
      if (word === "ASK") void connection.send(["ASKING"], { within });
      const outcome = await connection.send(argv, { within });
      const reply = outcome.outcome === "fail" ? outcome.reply : undefined;
      if (!reply || !isRedirect(reply.code)) {
        return { node: target.node, outcome, confirmed: await this.#confirmed(connection, outcome) };
      }
      text = reply.message;
    }
  }

  async #confirmed(connection: RawConnection, { outcome }: Outcome): Promise<number> {
    const { wait } = this.#options;
    if (wait === null || outcome !== "ok") return 0;
    const answer = await connection.send(["WAIT", wait.replicas, wait.within], {
      within: wait.within + this.#options.timeout,
    });
    return answer.outcome === "ok" && typeof answer.reply === "number" ? answer.reply : 0;
  }

  /** One for all: opened anew by the first who finds it ended. */
  async #connection(to: LoadTarget, within: number): Promise<RawConnection> {
    const { host, port } = to;
    const key = `${host}:${port}`;
    const known = this.#connections.get(key);
    const open = await known?.catch(() => undefined);
    if (open?.isOpen) return open;
    if (this.#connections.get(key) !== known) return this.#connection(to, within);
    const { password } = this.#options;
    const opening = RawConnection.open({ host, port, password, within: Math.max(1, within) });
    this.#connections.set(key, opening);
    return opening;
  }
}

interface Sent {
  node: string;
  outcome: Outcome;
  /** Replicas that have it. */
  confirmed: number;
}

/** The words of the only command in these bytes; null: there are several. */
function wordsOf(bytes: Buffer): Buffer[] | null {
  const decoder = new Decoder();
  decoder.push(bytes);
  const words = decoder.next();
  const more = decoder.next();
  return Array.isArray(words) && more === undefined ? words.map((word) => Buffer.from(word as Buffer)) : null;
}

function recorded(
  operation: OperationFields,
  log: OperationLog,
  { node, outcome, confirmed, time }: Sent & { time: number },
): OperationFields {
  const isRead = operation.kind === KIND.read;
  // A touch that changed nothing, as in PipeLog.answered.
  const done = outcome.outcome === "ok" && !(operation.kind === KIND.touch && outcome.reply === 0);
  return {
    ...operation,
    node: log.nodeNumber(node),
    outcome: done ? OUTCOME.ok : outcome.outcome === "info" ? OUTCOME.info : OUTCOME.fail,
    completed: outcome.outcome === "info" ? Number.NaN : time,
    value: isRead && done ? log.valueOf(outcome.reply as Exclude<Reply, RespError>) : operation.value,
    replicas: !isRead && done && log.wait ? Math.min(NOT_ASKED - 1, confirmed) : NOT_ASKED,
  };
}
