import { readFile } from "node:fs/promises";
import { ChaosError } from "../../base/chaos-error.ts";
import { sleep, until } from "../../base/deadline.ts";
import type { Address, ClusterNode } from "../../cluster/cluster.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { greetingsOf } from "../../resp/greetings.ts";
import type { Login } from "../../resp/login.ts";
import type { FaultContext } from "../fault.ts";
import { BareSocket } from "./bare-socket.ts";

const AUTH_MS = 5_000;
/** So often the next ones are opened. */
const TICK_MS = 10;
/** File descriptors that the harness needs for everything else. */
const OWN_FILES = 1_000;

interface OpenManyOptions {
  address: Address;
  count: number;
  /** Milliseconds from the first to the last; 0: all at once. */
  over: number;
  /** Called for each one as it is there. */
  onOpen(socket: BareSocket): void;
}

/** What became of the attempts. */
export interface Opened {
  sockets: readonly BareSocket[];
  /** The system's error code → how often: ECONNREFUSED, timeout. */
  failures: ReadonlyMap<string, number>;
  /** From the first attempt to the answer to the last, ms. */
  ms: number;
}

/**
 * Opens connections to one server, evenly over a time. Each attempt has 5 s. All of them are closed by heal, whatever happens.
 * @throws ChaosError infrastructure: this process may not open so many files
 */
export async function openMany(context: FaultContext, options: OpenManyOptions): Promise<Opened> {
  const { address, count, over, onOpen } = options;
  const { clock, signal } = context;
  await checkFiles(count);
  const sockets: BareSocket[] = [];
  const failures = new Map<string, number>();
  let healed = false;
  context.onHeal(`close ${count} connections to port ${address.port}`, async () => {
    healed = true;
    for (const socket of sockets) socket.close();
  });
  const open = async (): Promise<void> => {
    try {
      const socket = await BareSocket.open(address, signal);
      if (healed) return socket.close();
      sockets.push(socket);
      onOpen(socket);
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(error);
      failures.set(code, (failures.get(code) ?? 0) + 1);
    }
  };
  const start = clock.now();
  const attempts: Promise<void>[] = [];
  for (;;) {
    const due = over === 0 ? count : Math.min(count, 1 + Math.floor(((clock.now() - start) / over) * count));
    while (attempts.length < due) attempts.push(open());
    if (attempts.length === count) break;
    await sleep(TICK_MS, signal);
  }
  await Promise.all(attempts);
  signal.throwIfAborted();
  return { sockets, failures, ms: clock.now() - start };
}

function codeOf(error: unknown): string {
  if (!(error instanceof ChaosError)) return "error";
  return error.code === "timeout" ? "timeout" : String((error.cause as NodeJS.ErrnoException).code ?? "error");
}

/**
 * At its limit the process could not even write its journal any more.
 * @throws ChaosError infrastructure: this process may not open so many files
 */
export async function checkFiles(count: number): Promise<void> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (count + OWN_FILES <= most) return;
  throw new ChaosError("infrastructure", `${count} connections: this process may open ${most} files only`, {
    hint: `Type \`ulimit -n ${count + OWN_FILES}\` before kvchaos, or ask for fewer connections.`,
  });
}

/** Connections for something that should get no answer. */
export interface Unanswered {
  sockets: readonly BareSocket[];
  /** How many are open and have heard nothing since they were authenticated. */
  silent(): number;
}

/** Opens `count` connections to a node at once, authenticated; they are closed when the fault is healed. Rejects as openMany does. */
export async function openUnanswered(context: FaultContext, node: ClusterNode, count: number): Promise<Unanswered> {
  const { login } = context.cluster;
  const { sockets } = await openMany(context, { address: node.nearest(), count, over: 0, onOpen: () => {} });
  await authenticate(sockets, login, context.signal);
  const greeted = sockets.map(({ heard }) => heard.length);
  return {
    sockets,
    silent: () => sockets.filter((socket, i) => !socket.isEnded && socket.heard.length === greeted[i]).length,
  };
}

/** Unauthenticated connections may send only short commands. */
async function authenticate(sockets: readonly BareSocket[], login: Login, signal: AbortSignal): Promise<void> {
  const [auth] = greetingsOf(login);
  if (auth === undefined) return;
  for (const socket of sockets) socket.write(encodeCommand(auth));
  await until({ what: "the answers to AUTH", within: AUTH_MS, signal }, () =>
    sockets.every(({ heard, isEnded }) => heard.endsWith("\r\n") || isEnded),
  );
  const refused = sockets.find(({ heard }) => !heard.startsWith("+"));
  if (refused) throw new ChaosError("infrastructure", `AUTH was not accepted: ${refused.heard.trim() || "closed"}`);
}
