import { readFileSync } from "node:fs";

/** State of a socket that waits for connections, in /proc/net/tcp. */
const LISTEN = "0A";

/** Does anything in the network namespace of a process wait for connections on this port? 0: nobody has to. */
export function isOpen(pid: number | null, port: number): boolean {
  if (pid === null) return false;
  if (port === 0) return true;
  return ["tcp", "tcp6"].some((table) => {
    try {
      return hasListener(readFileSync(`/proc/${pid}/net/${table}`, "utf8"), port);
    } catch {
      return false; // it has ended, or knows no IPv6
    }
  });
}

/** The text of /proc/net/tcp: a line's second word is the own address and port in hex, its fourth the state. */
export function hasListener(text: string, port: number): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text.split("\n").some((line) => {
    const [, own = "", , state] = line.trim().split(/\s+/);
    return own.endsWith(end) && state === LISTEN;
  });
}
