import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { Address } from "../../cluster/cluster.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { BareSocket } from "../clients/bare-socket.ts";

const AUTH_MS = 5_000;
/** Most malformed texts have no answer for ever: the server waits for the rest of them. */
const ANSWER_MS = 100;

/** What the server made of a text: `refused` has an error in it, `closed` is the connection's end without any word. */
export type Answer = "answered" | "refused" | "closed" | "none";

/** Sends bytes over a connection of their own and closes it. Rejects where it cannot connect, or with the signal. */
export async function sendBytes(
  to: Address,
  bytes: Buffer,
  { password, signal }: { password: string | undefined; signal: AbortSignal },
): Promise<Answer> {
  const socket = await BareSocket.open(to, signal);
  try {
    if (password !== undefined) await authenticate(socket, password, signal);
    const greeted = socket.heard.length;
    socket.write(bytes);
    await until({ what: "an answer", within: ANSWER_MS, signal, every: 5 }, () => {
      return socket.isEnded || socket.heard.length > greeted;
    }).catch(() => signal.throwIfAborted());
    const heard = socket.heard.slice(greeted);
    if (/(?:^|\n)-/.test(heard)) return "refused";
    return heard !== "" ? "answered" : socket.isEnded ? "closed" : "none";
  } finally {
    socket.close();
  }
}

async function authenticate(socket: BareSocket, password: string, signal: AbortSignal): Promise<void> {
  socket.write(encodeCommand(["AUTH", password]));
  await until({ what: "the answer to AUTH", within: AUTH_MS, signal }, () => {
    return socket.heard.endsWith("\r\n") || socket.isEnded;
  });
  if (!socket.heard.startsWith("+")) {
    throw new ChaosError("infrastructure", `AUTH was not accepted: ${socket.heard.trim() || "closed"}`);
  }
}
