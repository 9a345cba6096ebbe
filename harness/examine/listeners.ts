import { hostProc, type ProcFiles } from "../forensics/proc-files.ts";
import { parseCmdline } from "../forensics/proc-text.ts";
import { linkTarget, readFds, readTcp } from "../forensics/process.ts";
import { socketInode } from "../forensics/sockets.ts";

/*
 *   host:port ─► a socket that listens there, in some network namespace of this machine ─► the process that has it open
 *                  │
 *                  └─ an engine's? docker-proxy's arguments, or the packet filter's rules, name the container's address ─► the same again
 */

export interface Listener {
  pid: number;
  /** It is the one by its arguments, because nobody may see whose the socket is. */
  guessed: boolean;
}

const ANY = ["0.0.0.0", "::"];

/** Programs of engines that hold a port for a container, without taking its connections. */
const HOLDERS = /^(?:docker-proxy|dockerd|conmon|rootlessport|slirp4netns|pasta)/;

/**
 * The process that listens there on this machine, null: none that can be seen.
 * @param addresses what the host's name stands for
 * @param rules of the packet filter that send connections elsewhere, as iptables-save prints them
 */
export function listenerAt(
  addresses: readonly string[],
  port: number,
  rules = "",
  proc: ProcFiles = hostProc,
): Listener | null {
  const pids = proc
    .list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const inodes = new Set<number>();
  for (const pid of onePerNetwork(pids, proc)) {
    const own = isHere(pid, proc) ? null : localAddresses(pid, proc);
    for (const { state, local, inode } of readTcp(pid, proc)) {
      if (state !== "LISTEN" || local.port !== port) continue;
      const reached = addresses.filter((address) => own === null || own.has(address));
      const here = own === null ? ANY.includes(local.host) || reached.includes(local.host) : reached.length > 0;
      if (here) inodes.add(inode);
    }
  }
  const sent = sentOn(rules, port);
  const elsewhere = () => (sent === null ? null : listenerAt([sent.host], sent.port, "", proc));
  if (inodes.size === 0) return elsewhere();
  for (const pid of pids) {
    for (const target of readFds(pid, proc).values()) {
      if (!inodes.has(socketInode(target) ?? -1)) continue;
      if (!HOLDERS.test(proc.text(`/proc/${pid}/comm`) ?? "")) return { pid, guessed: false };
      const behind = proxied(pid, proc);
      return behind === null ? elsewhere() : listenerAt([behind.host], behind.port, "", proc);
    }
  }
  const pid = byArguments(pids, port, proc);
  return pid === null ? null : { pid, guessed: true };
}

function onePerNetwork(pids: readonly number[], proc: ProcFiles): number[] {
  const first = new Map<string, number>();
  for (const pid of pids) {
    const net = linkTarget(`/proc/${pid}/ns/net`, proc);
    if (net !== null && !first.has(net)) first.set(net, pid);
  }
  // Ours is there even where no other process may be looked at.
  return first.size === 0 ? [process.pid] : [...first.values()];
}

const isHere = (pid: number, proc: ProcFiles): boolean =>
  linkTarget(`/proc/${pid}/ns/net`, proc) === linkTarget(`/proc/${process.pid}/ns/net`, proc);

/** IPv4 addresses of a network namespace. Loopback is everybody's, so it tells nothing. */
export function localAddresses(pid: number, proc: ProcFiles = hostProc): Set<string> {
  const trie = proc.text(`/proc/${pid}/net/fib_trie`) ?? "";
  const found = [...trie.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)].map(([, address = ""]) => address);
  return new Set(found.filter((address) => !address.startsWith("127.")));
}

/** "-A DOCKER … --dport 6379 -j DNAT --to-destination 172.17.0.2:6379" */
function sentOn(rules: string, port: number): { host: string; port: number } | null {
  for (const line of rules.split("\n")) {
    const to = / --dport (\d+) .*-j DNAT --to-destination ([\d.]+):(\d+)/.exec(line);
    if (to?.[2] !== undefined && Number(to[1]) === port) return { host: to[2], port: Number(to[3]) };
  }
  return null;
}

function proxied(pid: number, proc: ProcFiles): { host: string; port: number } | null {
  const words = parseCmdline(proc.text(`/proc/${pid}/cmdline`) ?? "");
  if (!/(^|\/)docker-proxy$/.test(words[0] ?? "")) return null;
  const after = (name: string) => words[words.indexOf(name) + 1];
  const [host, port] = [after("-container-ip"), Number(after("-container-port"))];
  return host === undefined || !Number.isInteger(port) ? null : { host, port };
}

/** "redis-server 127.0.0.1:6379", "--port 6379": arguments may be read by everybody. Only where one process alone has them. */
function byArguments(pids: readonly number[], port: number, proc: ProcFiles): number | null {
  const named = pids.filter((pid) => {
    const line = parseCmdline(proc.text(`/proc/${pid}/cmdline`) ?? "").join(" ");
    return (
      new RegExp(`(?:^\\S+ .*:${port}(?: |$))|(?:--port[ =]${port}(?: |$))|(?: -p ?${port}(?: |$))`).test(line) &&
      !/docker-proxy/.test(line)
    );
  });
  return named.length === 1 ? (named[0] ?? null) : null;
}
