import { lookup } from "node:dns/promises";
import { closeSync, openSync, readSync } from "node:fs";
import { ChaosError } from "../base/chaos-error.ts";
import { findProgram } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { processState } from "../forensics/process.ts";
import { type Container, containerOf, findContainers } from "./containers.ts";
import { listenerAt } from "./listeners.ts";

/** What is to be examined. */
export type Target =
  | { kind: "process"; pid: number; container: Container | null; notes: string[] }
  | { kind: "core"; file: string };

/** Asks an engine for the process of a container of this name; null: it has none, or there is no engine. */
export type AskEngine = (name: string) => Promise<number | null>;

const HOW =
  "kvchaos examine takes a process id, a container's name or id, host:port of a server on this machine, or a core file.";

/**
 * What a user means by "4711", "my-redis", "127.0.0.1:6379", "core.4711".
 * @throws ChaosError usage: there is no such thing; infrastructure: it cannot be seen from here
 */
export async function findTarget(asked: string, askEngine: AskEngine): Promise<Target> {
  if (/^\d+$/.test(asked)) return processTarget(Number(asked), []);
  if (isCore(asked)) return { kind: "core", file: asked };
  const [, host, port] = /^(?:\[?([^[\]]*?)\]?):(\d{1,5})$/.exec(asked) ?? [];
  if (port !== undefined) return listenerTarget(asked, host || "127.0.0.1", Number(port));
  const found = findContainers(asked);
  const [only] = found;
  if (found.length > 1) {
    const all = found.map(({ id, by }) => `${id.slice(0, 12)} (${by})`).join(", ");
    throw new ChaosError("usage", `"${asked}" may be any of ${all}`, { hint: "Name more of the id." });
  }
  if (only) return { kind: "process", pid: only.pid, container: { id: only.id, by: only.by }, notes: [] };
  const pid = await askEngine(asked);
  if (pid !== null) return processTarget(pid, []);
  const notRoot = process.getuid?.() !== 0;
  throw new ChaosError("usage", `there is no process, running container, server or core file "${asked}" here`, {
    hint: notRoot ? `${HOW} Names of other users' containers can only be looked up by root.` : HOW,
  });
}

function processTarget(pid: number, notes: string[]): Target {
  if (processState(pid) === null)
    throw new ChaosError("usage", `there is no process ${pid} on this machine`, { hint: HOW });
  return { kind: "process", pid, container: containerOf(pid), notes };
}

async function listenerTarget(asked: string, host: string, port: number): Promise<Target> {
  const addresses = await lookup(host, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => null,
  );
  if (addresses === null) throw new ChaosError("usage", `${asked}: there is no host "${host}"`, { hint: HOW });
  const listener = listenerAt(addresses, port, await packetRules());
  if (listener) {
    const guess = `process ${listener.pid} is taken for the one at ${asked} because of its arguments: whose the socket is, only root sees`;
    return processTarget(listener.pid, listener.guessed ? [guess] : []);
  }
  const notRoot = process.getuid?.() !== 0;
  throw new ChaosError("usage", `no process that listens on ${asked} can be seen on this machine`, {
    hint: notRoot
      ? "Whose a socket is, only its owner and root can see: use sudo, or name the process or its container."
      : "Is the server on another machine? Then run kvchaos examine there; its folder can be rendered here with kvchaos report.",
  });
}

/** "" where there are none, or where they may not be read. */
export async function packetRules(): Promise<string> {
  const iptables = findProgram("iptables-save");
  if (!iptables) return "";
  return runCommand([iptables, "-t", "nat"], { within: 1_000, patience: 100 }).then(
    ({ stdout }) => stdout,
    () => "",
  );
}

/** ELF, of type core. */
function isCore(path: string): boolean {
  try {
    const file = openSync(path, "r");
    const head = Buffer.alloc(18);
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
    return head.toString("latin1", 0, 4) === "\x7fELF" && head.readUInt16LE(16) === 4;
  } catch {
    return false;
  }
}
