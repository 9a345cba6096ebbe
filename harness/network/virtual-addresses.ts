import { readlinkSync } from "node:fs";
import { ChaosError } from "../base/chaos-error.ts";
import { adminPath, missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";

/*
 *   r1's network namespace               Toxiproxy                        m1's network namespace
 *   connect 172.21.255.254:6379 ──┐                                      ┌─► port 10003, made 6379;
 *   connect m1:6379 ──────────────┴─► :10003 ── link r1 -> m1 ── m1:10003 ┘   the peer is shown as r1's 172.21.255.253
 *   (nat OUTPUT)                                                             (nat PREROUTING, nat INPUT)
 *
 * Servers tell each other one address per server, and learn others from the connections that come in, so neither can be a link's.
 * Each server gets an address that no container has, at the end of the data network's range: whoever dials it without the rules
 * reaches nobody, never the server directly. What dials that address, or the container's own, goes into the dialler's link; what comes
 * out of a link seems to come from its other end. So every address that a server learns or shows can be dialled by every other,
 * as on a plain network, and each takes its own link. The rules are in the container's network namespace and end with it.
 */

const TOOLS = ["nsenter", "iptables-restore"] as const;
const RULES_MS = 20_000;

/** Why connections inside a container's network cannot be redirected here; null: they can. */
export function redirectRefusal(engineIsLocal: boolean): string | null {
  if (!engineIsLocal) return "the Docker engine is on another machine";
  if (process.getuid?.() !== 0) return "only root may set rules there, and kvchaos does not run as root";
  return missingPrograms(TOOLS, "util-linux, iptables");
}

/** @throws ChaosError infrastructure: says what is missing */
export function checkRedirect(engineIsLocal: boolean): void {
  const refusal = redirectRefusal(engineIsLocal);
  if (refusal === null) return;
  throw new ChaosError(
    "infrastructure",
    `servers that choose their master themselves, and helpers, are redirected to the links inside their network namespaces, which cannot be done here: ${refusal}`,
    {
      hint: "Run kvchaos as root on the engine's machine (with iptables), or use a cluster without `mode: …`.",
    },
  );
}

/** Who dials `host:port` in this namespace is sent to `listen` of Toxiproxy; null: to the same port of the server itself. */
export interface Outgoing {
  host: string;
  port: number;
  listen: number | null;
}

/** Addresses on the data network: of the container whose rules are set, and of Toxiproxy. */
interface Ends {
  own: string;
  toxiproxy: string;
}

/** What Toxiproxy dials on `listen` of this namespace reaches the server's `port`, and seems to come from `source`. */
export interface Incoming {
  listen: number;
  port: number;
  source: string;
}

/** The addresses of the servers: each has one that it is known by and that no container has, and the one of its container. */
export class VirtualAddresses {
  readonly #known: ReadonlyMap<string, string>;
  readonly #containers: ReadonlyMap<string, string>;
  /** Of Toxiproxy's container: next to those of the servers'. */
  readonly toxiproxy: string;

  /** @param subnet of the data network, like "172.21.0.0/16"; other containers get the first addresses of it */
  constructor(subnet: string, names: readonly string[]) {
    const [network = "", bits = ""] = subnet.split("/");
    const base = network.split(".").reduce((value, part) => value * 256 + Number(part), 0);
    const broadcast = base + 2 ** (32 - Number(bits)) - 1;
    this.#known = new Map(names.map((name, i) => [name, dotted(broadcast - 1 - i)]));
    this.#containers = new Map(names.map((name, i) => [name, dotted(broadcast - 1 - names.length - i)]));
    this.toxiproxy = dotted(broadcast - 1 - 2 * names.length);
  }

  of(name: string): string {
    return hostIn(this.#known, name);
  }

  /** That of its container on the data network: the same after every restart. */
  container(name: string): string {
    return hostIn(this.#containers, name);
  }

  nameOf(host: string): string | null {
    const all = [...this.#known, ...this.#containers, ...[...this.#known.keys()].map((name) => [name, name] as const)];
    return all.find(([, own]) => own === host)?.[0] ?? null;
  }
}

function hostIn(hosts: ReadonlyMap<string, string>, name: string): string {
  const host = hosts.get(name);
  if (host === undefined) throw new ChaosError("internal", `${name} has no address of its own`);
  return host;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/**
 * Sends what the processes in a network namespace dial to where the links are, and gives what comes from there its name. To be
 * repeated after every start of the container: a new process has a new namespace. Does nothing when the process has already ended, and
 * its namespace with it: who waits for its answer learns why.
 * @param pid of any process in it
 */
export async function redirect(
  pid: number,
  { own, toxiproxy }: Ends,
  { outgoing, incoming }: { outgoing: readonly Outgoing[]; incoming: readonly Incoming[] },
  signal?: AbortSignal,
): Promise<void> {
  const rules = [
    ...outgoing.map(({ host, port, listen }) => {
      const to = listen === null ? `REDIRECT --to-ports ${port}` : `DNAT --to-destination ${toxiproxy}:${listen}`;
      return `-A OUTPUT -d ${host}/32 -p tcp -m tcp --dport ${port} -j ${to}`;
    }),
    // Whoever dials an address on another network has chosen its own on that one, to which no answer would find back.
    `-A POSTROUTING -d ${toxiproxy}/32 -p tcp -j SNAT --to-source ${own}`,
    ...incoming.flatMap(({ listen, port, source }) => [
      `-A PREROUTING -p tcp -m tcp --dport ${listen} -j REDIRECT --to-ports ${port}`,
      `-A INPUT -p tcp -m conntrack --ctorigdstport ${listen} -j SNAT --to-source ${source}`,
    ]),
  ];
  const text = ["*nat", ...rules, "COMMIT", ""].join("\n");
  // Docker's own rules in the same table stay.
  const script = 'printf "%s" "$1" | exec iptables-restore --noflush -w 10';
  await runCommand(["nsenter", "-t", String(pid), "-n", "sh", "-c", script, "kvchaos", text], {
    within: RULES_MS,
    signal,
    env: { PATH: adminPath() },
    hint: "The kernel needs NAT in network namespaces (nf_nat), which Docker's own names use too.",
  }).catch((error: unknown) => {
    if (hasNetwork(pid)) throw error;
  });
}

/** A process that has ended, and also one that nobody has waited for yet, is in no namespace. */
function hasNetwork(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/net`);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return false;
    throw error;
  }
}
