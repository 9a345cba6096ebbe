import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import type { OperationFields } from "../../history/format.ts";
import { KIND, NOT_ASKED, OUTCOME } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { CommandWriter } from "../../resp/command-writer.ts";
import { RawConnection } from "../../resp/connection.ts";
import type { Login } from "../../resp/login.ts";
import { type Outcome, type Reply, RespError } from "../../resp/reply.ts";
import type { Dialogue } from "../dialogue.ts";
import type { LoadTarget } from "../load.ts";
import type { OperationLog } from "../operation-log.ts";
import type { Tally } from "../tally.ts";
import { type Ending, OutOfStep } from "../workloads/workload.ts";
import { commandsIn, repeat } from "./repeat.ts";
import { isRedirect, type Redirect } from "./words.ts";

/*
 *   pipe ─► m1: GET k ─► "ASK 2843 m2"   ─► m2: ASKING, GET k ─┬─► ok, fail or info: one operation, counted once
 *                        "MOVED 2843 m2" ─► m2: GET k ─────────┤
 *                        "TRYAGAIN …"    ─► a pause ─► m1 ─────┘   each refusal on the way is counted as a redirect
 */

/** Before a command is sent once more to a server that said TRYAGAIN, and where servers send it in a circle. ms */
const PAUSE_MS = 20;
/** So many servers are asked without a pause. */
const QUICK_HOPS = 5;

/** An operation that a server has refused. */
export interface Refused {
  /** The command as it was written; or an operation of several, which begins anew elsewhere. */
  what: Buffer | Dialogue;
  /** When it was to be sent, and when it was. */
  due: number;
  sent: number;
  from: LoadTarget;
  /** "MOVED 2843 172.21.255.254:6379" */
  text: string;
  /** Of a recorded load: all that is known of it. */
  operation: OperationFields | undefined;
  /** Called when its outcome is counted. @param broken the server that was to do it, `at`, has broken the protocol */
  over(at: LoadTarget, outcome: Outcome["outcome"], broken?: OutOfStep): void;
}

/** What a load's generator knows. */
interface Of {
  peers?: RedirectOptions["peers"] | undefined;
  spec: Pick<LoadSpec, "timeout" | "wait">;
  login?: Login | undefined;
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
  login: Login | undefined;
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
  /** For single commands: one to each server. */
  readonly #connections = new Map<string, Promise<RawConnection>>();
  /** For operations of several, each of which needs one for itself: those that nobody has now. */
  readonly #free = new Map<string, RawConnection[]>();
  readonly #writer = new CommandWriter();
  #pending = 0;
  #onIdle = () => {};

  constructor(options: RedirectOptions) {
    this.#options = options;
  }

  /** Those of one load in one thread; undefined: its masters do not share the key space. */
  static of({ peers, spec, login, log, clock }: Of, tally: Tally): Redirects | undefined {
    const { timeout, wait } = spec;
    return peers && new Redirects({ peers, timeout, wait, login, tally, log, now: clock.now });
  }

  /** Is this refusal one that leads on? */
  follows({ code, message }: Pick<RespError, "code" | "message">): boolean {
    return isRedirect(code) && (code === "TRYAGAIN" || this.#peer(message) !== undefined);
  }

  /** Sees an operation to its outcome, which is counted. Never throws. */
  follow(refused: Refused): void {
    this.#pending++;
    const { what, operation, due } = refused;
    void this.#send(refused).then((sent) => {
      const { target, outcome, ending } = sent;
      const { tally, log, now } = this.#options;
      const counts = tally.node(target.node);
      const time = now();
      if (outcome.outcome === "ok") tally.ok(time - due, counts);
      else if (outcome.outcome === "fail") tally.fail(outcome.error, 1, counts);
      else tally.info(outcome.error === "timeout" ? "timeout" : "connection-lost", 1, counts);
      if (operation && log) log.add(recorded(operation, log, { ...sent, time }));
      const broken = ending instanceof OutOfStep ? ending : undefined;
      if (!Buffer.isBuffer(what)) {
        if (ending === undefined) what.lost(target.node);
        else what.over(ending, time, target.node);
        if (what.command !== undefined && outcome.outcome !== "info") tally.command(what.command, ending === "ok");
      }
      refused.over(target, outcome.outcome, broken);
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
    for (const one of [...this.#free.values()].flat()) one.close();
    this.#free.clear();
  }

  #peer(text: string): LoadTarget | undefined {
    return this.#options.peers[text.split(" ")[2] ?? ""];
  }

  async #send({ what, sent, from, text: first }: Refused): Promise<Sent> {
    const { tally, timeout, now } = this.#options;
    const left = (): number => sent + timeout - now();
    const commands = Buffer.isBuffer(what) ? commandsIn(what) : [];
    let [target, text] = [from, first];
    for (let hops = 1; ; hops++) {
      const word = text.split(" ")[0] as Redirect;
      tally.redirected(word);
      const again = word === "TRYAGAIN";
      const refusal: Sent = notDone(target, new RespError(text));
      if (again || hops > QUICK_HOPS) await sleep(PAUSE_MS);
      const next = again ? from : this.#peer(text);
      if (!next || commands.length > 1 || left() <= 0) return refusal;
      target = next;
      const asking = word === "ASK";
      const attempt = Buffer.isBuffer(what)
        ? await this.#sendOne(commands[0] ?? [], { target, asking, left })
        : await this.#repeat(what, { target, asking, left });
      if (attempt === undefined) return notDone(target, new RespError("connect-failed"));
      if (attempt.redirect === undefined) return attempt;
      text = attempt.redirect;
    }
  }

  /** undefined: there was no connection. */
  async #sendOne(argv: Buffer[], { target, asking, left }: Attempt): Promise<Tried | undefined> {
    const connection = await this.#connection(target, left()).catch(() => undefined);
    if (!connection) return undefined;
    const within = Math.max(1, left());
    // Nothing comes between the two: both are queued before anybody else has a turn.
    if (asking) void connection.send(["ASKING"], { within });
    const outcome = await connection.send(argv, { within });
    const reply = outcome.outcome === "fail" ? outcome.reply : undefined;
    if (reply && isRedirect(reply.code)) return { target, outcome, confirmed: 0, redirect: reply.message };
    return { target, outcome, confirmed: await this.#confirmed(connection, outcome) };
  }

  /** The same with an operation of several commands. */
  async #repeat(dialogue: Dialogue, { target, asking, left }: Attempt): Promise<Tried | undefined> {
    const key = `${target.host}:${target.port}`;
    const free = this.#free.get(key) ?? [];
    this.#free.set(key, free);
    let connection = free.pop();
    while (connection?.isOpen === false) connection = free.pop();
    connection ??= await this.#open(target, left()).catch(() => undefined);
    if (!connection) return undefined;
    const told = await repeat(dialogue, connection, { writer: this.#writer, asking, left });
    if ("unknown" in told || told.ending instanceof OutOfStep) connection.close();
    else free.push(connection);
    const lost = { target, confirmed: 0, outcome: { outcome: "info", error: "connection-lost" } } as const;
    if ("unknown" in told) return { ...lost, outcome: { outcome: "info", error: told.unknown } };
    const { ending } = told;
    if (ending instanceof OutOfStep) return { ...lost, ending };
    const refusal = dialogue.refusal(ending);
    if (refusal && this.follows(refusal)) return { ...lost, redirect: refusal.message };
    if (ending instanceof RespError) return notDone(target, ending);
    return { target, confirmed: 0, ending, outcome: { outcome: "ok", reply: "OK" } };
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
    const opening = this.#open(to, within);
    this.#connections.set(key, opening);
    return opening;
  }

  #open({ host, port }: LoadTarget, within: number): Promise<RawConnection> {
    return RawConnection.open({ host, port, ...this.#options.login, within: Math.max(1, within) });
  }
}

interface Attempt {
  target: LoadTarget;
  /** The server is only about to get the slot. */
  asking: boolean;
  /** ms of the operation's time. */
  left(): number;
}

interface Sent {
  /** Who had it last. */
  target: LoadTarget;
  outcome: Outcome;
  /** Replicas that have it. */
  confirmed: number;
  /** Of an operation of several commands whose outcome is known; or OutOfStep. */
  ending?: Ending;
}

/** `redirect`: it did not happen here, and the server says where it may. */
type Tried = Sent & { redirect?: string };

function notDone(target: LoadTarget, why: RespError): Sent {
  return { target, outcome: { outcome: "fail", error: why.code }, confirmed: 0, ending: why };
}

function recorded(
  operation: OperationFields,
  log: OperationLog,
  { target, outcome, confirmed, time }: Sent & { time: number },
): OperationFields {
  const isRead = operation.kind === KIND.read;
  // A touch that changed nothing, as in PipeLog.answered.
  const done = outcome.outcome === "ok" && !(operation.kind === KIND.touch && outcome.reply === 0);
  return {
    ...operation,
    node: log.nodeNumber(target.node),
    outcome: done ? OUTCOME.ok : outcome.outcome === "info" ? OUTCOME.info : OUTCOME.fail,
    completed: outcome.outcome === "info" ? Number.NaN : time,
    value: isRead && done ? log.valueOf(outcome.reply as Exclude<Reply, RespError>) : operation.value,
    replicas: !isRead && done && log.wait ? Math.min(NOT_ASKED - 1, confirmed) : NOT_ASKED,
  };
}
