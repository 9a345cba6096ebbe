import { formatDuration } from "../../base/units.ts";
import { shown as shownCommand } from "../../cluster/admin-lanes.ts";
import type { ClusterNode, Connection } from "../../cluster/cluster.ts";
import { type Outcome, type Reply, RespError } from "../../resp/reply.ts";
import { replyText as infoText } from "../../resp/reply-text.ts";
import { answerTime } from "../../systems/answer-time.ts";
import type { FaultContext } from "../fault.ts";

/*
 *   open ─► ask ─► sent ─┬─► answered | refused | lost            journal
 *                        └─► overdue, with the client's flags ─► …
 *   heal: closes what is over or never has to be answered; the rest is waited for until the run closes its connections
 */

const OPEN_MS = 5_000;
/** Longer than any run: the connection's end is the end of waiting. */
const NO_DEADLINE_MS = 24 * 3_600_000;
/** So long after it had to be answered the server is asked about its client, and again when it did not tell. */
const OVERDUE_MS = 5_000;
const OVERDUE_LOOKS = 6;
/** So often the clients without answer are counted. */
const COUNT_MS = 1_000;
/** An answer so much later than a command's own timeout is told as late. */
const LATE_MS = 1_000;
const COMMAND_CHARS = 120;
const LIST_MS = 3_000;

export interface Answer {
  outcome: Outcome;
  /** From sending to here. */
  ms: number;
}

interface Question {
  node: ClusterNode;
  argv: readonly string[];
  /** Which of the fault's commands on this node, from 1. */
  number: number;
  /** Its answer is not waited for: unless it has a timeout of its own, it never has to come. */
  unawaited?: boolean;
}

/** One command that was sent, on one connection or on several at once. */
export interface Asked {
  /** When it was handed to the kernel, run ms. */
  readonly sent: number;
  /** By its own words, ms; null: it never has to be answered. */
  readonly expected: number | null;
  /** One for each connection. They settle by an answer or by the connection's end, not by a deadline. */
  readonly answers: readonly Promise<Answer>[];
  /** Those that are there. */
  readonly settled: readonly Answer[];
}

/** Connections for one command, as near to the server as can be. Closed when the run ends, or by heal: see `ask`. */
export async function openFor(context: FaultContext, node: ClusterNode, count: number): Promise<Connection[]> {
  const { signal } = context;
  const attempts = Array.from({ length: count }, () => node.connect({ nearest: true, within: OPEN_MS, signal }));
  const opened = await Promise.allSettled(attempts);
  const connections = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (!failed) return connections;
  for (const connection of connections) connection.close();
  throw failed.reason;
}

/**
 * Sends a command and journals what becomes of it, to the end of the run. Heal closes its connections where an answer is there or
 * never has to come; one that is due stays open: a command without an answer must be seen to have none.
 */
export function ask(context: FaultContext, connections: readonly Connection[], question: Question): Asked {
  const { node, argv, number, unawaited } = question;
  const own = answerTime(argv);
  const expected = unawaited && own === 0 ? null : own;
  const shown = shownCommand(argv);
  const command = shown.length > COMMAND_CHARS ? `${shown.slice(0, COMMAND_CHARS)}…` : shown;
  const clients = connections.length > 1 ? { clients: connections.length } : {};
  const base = { type: "admin-command", node: node.name, connection: number, number, by: context.id, command } as const;
  const event = { ...base, expected, ...clients } as const;
  const settled: Answer[] = [];
  const open = new Set(connections);
  let healed = false;
  context.onHeal(`close the connection of ${argv[0]} on ${node.name}`, async () => {
    healed = true;
    for (const one of connections) if (expected === null || !open.has(one)) one.close();
  });
  const started = performance.now();
  const sent = context.clock.now();
  const answers = connections.map(async (connection): Promise<Answer> => {
    const outcome = await connection.send(argv, { within: NO_DEADLINE_MS });
    const answer = { outcome, ms: performance.now() - started };
    settled.push(answer);
    open.delete(connection);
    if (healed) connection.close();
    return answer;
  });
  // Not before the next copy has been sent, which may follow within the same breath.
  queueMicrotask(() => context.emit({ ...event, step: "sent", argv: [...argv] }));
  const stopWatch = expected === null ? () => {} : watchOverdue();
  void Promise.all(answers).then((all) => {
    stopWatch();
    const told = all.filter(({ outcome }) => isAnswer(outcome));
    const [last] = (told.length > 0 ? told : all).sort((a, b) => b.ms - a.ms);
    if (!last) return;
    const { outcome, ms } = last;
    context.emit({ ...event, ms, ...ending(outcome, healed && expected === null) });
  });
  return { sent, expected, answers, settled };

  /** Journals, once it is overdue, how many have no answer and what the server says of them. */
  function watchOverdue(): () => void {
    let looks = 0;
    let told: { waiting: number; flags: string | null } | undefined;
    let timer: NodeJS.Timeout;
    let over = false;
    const look = async (): Promise<void> => {
      const waiting = [...open];
      // Flags of half a minute ago are as good as new ones: watching must not be a load.
      const ask = (told?.flags ?? null) === null && looks++ < OVERDUE_LOOKS;
      const flags = ask ? await clientFlags(node, waiting, argv) : (told?.flags ?? null);
      if (over) return;
      if (told?.waiting !== open.size || told.flags !== flags) {
        told = { waiting: open.size, flags };
        const ms = performance.now() - started;
        context.emit({ ...event, step: "overdue", ms, flags, ...(clients.clients ? { waiting: open.size } : {}) });
      }
      next(clients.clients && flags !== null ? COUNT_MS : OVERDUE_MS);
    };
    const next = (ms: number): void => {
      timer = setTimeout(() => void look(), ms);
      timer.unref();
    };
    next((expected ?? 0) + OVERDUE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }
}

/**
 * The flags that a server shows in CLIENT LIST for clients of ours ("b": blocked), asked on a connection of its own. Found by
 * their ports, or as the only ones that show this command as their last. null: it does not tell, or does not answer.
 */
async function clientFlags(
  node: ClusterNode,
  connections: readonly Connection[],
  argv: readonly string[],
): Promise<string | null> {
  const observer = await node.connect({ within: LIST_MS }).catch(() => null);
  if (!observer) return null;
  try {
    const outcome = await observer.send(["CLIENT", "LIST"], { within: LIST_MS });
    return outcome.outcome === "ok" ? flagsIn(infoText(outcome.reply), portsOf(node, connections), argv) : null;
  } finally {
    observer.close();
  }
}

/** Behind the engine's forwarding the server sees other ports than ours. */
function portsOf(node: ClusterNode, connections: readonly Connection[]): number[] {
  const { host, port } = node.nearest();
  if (host === node.direct.host && port === node.direct.port) return [];
  return connections.flatMap(({ localPort }) => localPort ?? []);
}

/**
 * @param list what CLIENT LIST said: one client a line, "id=3 addr=172.18.0.1:5000 … flags=b … cmd=blpop …"
 * @param ports of our ends; [] when the server sees others
 */
export function flagsIn(list: string, ports: readonly number[], argv: readonly string[]): string | null {
  const clients = list.split("\n").map((line) => ({
    port: Number(/\baddr=\S*:(\d+)\b/.exec(line)?.[1]),
    flags: /\bflags=([A-Za-z]{1,32})\b/.exec(line)?.[1],
    command: /\bcmd=(\S+)/.exec(line)?.[1],
  }));
  const own = clients.filter(({ port }) => ports.includes(port));
  const name = argv[0]?.toLowerCase() ?? "";
  const alike = clients.filter(({ command }) => command?.split("|")[0]?.toLowerCase() === name);
  const found = (own.length > 0 ? own : alike).flatMap(({ flags }) => flags ?? []);
  return found.length === 0 ? null : [...new Set(found)].sort().join(", ");
}

/** What came within `ms`, or by the end of chaos; null: nothing yet. */
export async function within(answer: Promise<Answer>, ms: number, signal: AbortSignal): Promise<Answer | null> {
  return new Promise((resolve) => {
    // After a stall of our own event loop timers run before sockets are read: look once more.
    const giveUp = (): void => void setImmediate(() => resolve(null));
    const timer = setTimeout(giveUp, ms);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    void answer.then((one) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      resolve(one);
    });
  });
}

/** "12.3s, 11.3s later than its own timeout"; null: the answer came in time. */
export function lateness(answer: { ms: number; expected: number | null; within: number }): string | null {
  const { ms, expected, within } = answer;
  const own = expected ?? 0;
  const late = ms - own;
  if (late <= LATE_MS || (own === 0 && ms <= within)) return null;
  return `${tenths(ms)}${own > 0 ? `, ${tenths(late)} later than its own timeout` : ""}`;
}

/** What to say of a command that has no answer yet. */
export function unanswered(expected: number | null, waited: number): string {
  if (expected === null) return "no answer; it never has to be answered";
  const rest = expected > waited ? `its own timeout of ${tenths(expected)} is not over` : "it goes on being waited for";
  return `no answer within ${tenths(waited)}; ${rest}`;
}

/** A reply as text: bytes as UTF-8, all that is no text as JSON. */
export function replyText(reply: Reply): string {
  if (typeof reply === "string") return reply;
  return Buffer.isBuffer(reply) ? reply.toString("utf8") : JSON.stringify(plain(reply));
}

function plain(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  if (reply instanceof RespError) return reply.message;
  return Buffer.isBuffer(reply) ? reply.toString("utf8") : typeof reply === "bigint" ? String(reply) : reply;
}

function isAnswer(outcome: Outcome): boolean {
  return outcome.outcome === "ok" || (outcome.outcome === "fail" && outcome.reply !== undefined);
}

function ending(outcome: Outcome, closedByHeal: boolean) {
  if (outcome.outcome === "ok") return { step: "answered", reply: replyText(outcome.reply) } as const;
  if (outcome.outcome === "fail" && outcome.reply) {
    return { step: "refused", detail: outcome.reply.message, reply: outcome.reply.message } as const;
  }
  return { step: "lost", detail: closedByHeal ? "closed when the fault was healed" : outcome.error } as const;
}

function tenths(ms: number): string {
  return formatDuration(Math.round(ms / 100) * 100);
}
