import { messageOf } from "../base/chaos-error.ts";
import { printableText } from "../base/escape.ts";
import { hostProc } from "../forensics/proc-files.ts";
import { linkTarget } from "../forensics/process.ts";
import type { OpenSocket } from "../forensics/sockets.ts";
import type { Answer } from "../journal/examination.ts";
import { RawConnection } from "../resp/connection.ts";
import { localAddresses } from "./listeners.ts";

/** ms for connecting and for an answer, each. */
const WITHIN = 400;

const SERVERS = /^(?:redis-server|valkey-server|kvrocks|pika|redis-sentinel|valkey-sentinel)\b/;

/** Whether a program is known to take INFO: to others nothing is sent. */
export const takesInfo = (program: string): boolean => SERVERS.test(program);

/** Where its clients reach a process, as far as its sockets tell; null: it listens nowhere. */
export function addressOf(pid: number, sockets: readonly OpenSocket[]): { host: string; port: number } | null {
  const [lowest] = sockets.filter(({ state }) => state === "LISTEN").sort((a, b) => a.local.port - b.local.port);
  if (!lowest) return null;
  const { host, port } = lowest.local;
  const here = linkTarget(`/proc/${pid}/ns/net`) === linkTarget("/proc/self/ns/net");
  const any = host === "0.0.0.0" || host === "::";
  if (here) return { host: any ? "127.0.0.1" : host, port };
  const [outside] = localAddresses(pid, hostProc);
  return outside === undefined || (!any && host !== outside) ? null : { host: outside, port };
}

/** Asks a server for INFO on a connection of its own. Never rejects, unless aborted. */
export async function askInfo(
  address: { host: string; port: number },
  password: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { host, port } = address;
  const begun = performance.now();
  const answer = (rest: Pick<Answer, "text" | "why" | "silent">): Answer => {
    return { to: `${host}:${port}`, asked: "INFO", ms: Math.round(performance.now() - begun), ...rest };
  };
  let connection: RawConnection | undefined;
  try {
    connection = await RawConnection.open({ host, port, within: WITHIN, signal });
    if (password !== undefined) await connection.send(["AUTH", password], { within: WITHIN });
    const { outcome, ...rest } = await connection.send(["INFO"], { within: WITHIN });
    if (outcome === "ok" && "reply" in rest)
      return answer({ text: printableText(String(rest.reply)), why: null, silent: false });
    const error = "error" in rest ? rest.error : "";
    const said = "reply" in rest && rest.reply !== undefined;
    if (said) return answer({ text: printableText(String(error)), why: null, silent: false });
    const silent = error === "timeout";
    return answer({
      text: null,
      why: silent ? `it took the connection and said nothing for ${WITHIN} ms` : String(error),
      silent,
    });
  } catch (error) {
    signal?.throwIfAborted();
    return answer({ text: null, why: messageOf(error), silent: false });
  } finally {
    connection?.close();
  }
}
