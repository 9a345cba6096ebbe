import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { encodeCommand } from "../../resp/encode.ts";
import type { BareSocket } from "./bare-socket.ts";

const AUTH_MS = 5_000;

/** Unauthenticated connections may send only short commands. */
export async function authenticate(
  sockets: readonly BareSocket[],
  password: string,
  signal: AbortSignal,
): Promise<void> {
  for (const socket of sockets) socket.write(encodeCommand(["AUTH", password]));
  await until({ what: "the answers to AUTH", within: AUTH_MS, signal }, () =>
    sockets.every(({ heard, isEnded }) => heard.endsWith("\r\n") || isEnded),
  );
  const refused = sockets.find(({ heard }) => !heard.startsWith("+"));
  if (refused) throw new ChaosError("infrastructure", `AUTH was not accepted: ${refused.heard.trim() || "closed"}`);
}
