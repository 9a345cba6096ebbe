import { Redis } from "ioredis";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { shorten } from "../base/shorten.ts";
import { tlsOptions } from "./dial.ts";
import type { Login } from "./login.ts";
import { type Reply, RespError } from "./reply.ts";

interface AdminOptions extends Login {
  /** Milliseconds for connecting and the answer together. */
  within: number;
  signal?: AbortSignal | undefined;
}

/**
 * One administration command on a connection of its own, through ioredis with everything switched off that would retry,
 * queue or resend (with its defaults a lost reply runs a command twice, and a timed-out one may still run later).
 * Strings of the reply are Buffers, status replies included: use `replyText`.
 *
 * Rejects with ChaosError naming the address and the command: `timeout`, or `infrastructure` for a lost connection and
 * for an error reply; an error reply is the error's `cause`, a RespError.
 */
export async function adminCommand(
  address: { host: string; port: number },
  argv: readonly (string | Buffer | number)[],
  options: AdminOptions,
): Promise<Reply> {
  const { host, port } = address;
  const [name, ...args] = argv;
  const what = `${describe(argv, options.password)} on ${host}:${port}`;
  const redis = new Redis({
    host,
    port,
    ...(options.username === undefined ? {} : { username: options.username, password: options.password ?? "" }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.tls === undefined ? {} : { tls: tlsOptions(host, options.tls) }),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: options.within,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
  });
  // The same failure rejects connect() or the command; without a listener ioredis prints it. Keep it: it says more.
  let socketError: Error | undefined;
  redis.on("error", (error: Error) => {
    socketError = error;
  });
  try {
    return await withDeadline({ what, within: options.within, signal: options.signal }, async () => {
      await redis.connect();
      return plain(await redis.callBuffer(String(name), args));
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ChaosError) throw error;
    if (error instanceof Error && error.name === "ReplyError") {
      throw new ChaosError("infrastructure", `${what} was refused: ${messageOf(error)}`, {
        cause: new RespError(error.message),
      });
    }
    const why = messageOf(socketError ?? error);
    throw new ChaosError("infrastructure", `${what} failed: ${why}`, { cause: socketError ?? error });
  } finally {
    redis.disconnect();
  }
}

/** ioredis' values as ours: inside arrays it uses Error objects for error replies. */
function plain(value: unknown): Reply {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Error) return new RespError(value.message);
  return value as Reply;
}

function describe(argv: readonly (string | Buffer | number)[], password: string | undefined): string {
  const words = argv.map((arg) => {
    const word = String(arg);
    return password && word.includes(password) ? "***" : shorten(word, 60);
  });
  return /^auth$/i.test(words[0] ?? "") ? "AUTH ***" : words.join(" ");
}
