import { existsSync } from "node:fs";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { runCommand } from "../docker/images/run-command.ts";

/*
 *   r1:  connect 172.21.255.254:6379 ──► nat table of r1's own network namespace ──► toxiproxy:10003 ── link r1 -> m1 ──► m1
 *   r2:  connect 172.21.255.254:6379 ──► nat table of r2's …                     ──► toxiproxy:10009 ── link r2 -> m1 ──► m1
 *
 * Servers that agree among themselves tell each other one address per server, so it cannot be a link's. Each gets an address that
 * no container has, at the end of the data network's range: whoever dials it without the rules reaches nobody, never the
 * server directly. The rules are in the container's network namespace and end with it.
 */

const TOOLS = ["nsenter", "iptables-restore"] as const;
// Those of administrators are not on everybody's PATH.
const PATH = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
const RULES_MS = 20_000;

/** Why connections inside a container's network cannot be redirected here; null: they can. */
export function redirectRefusal(engineIsLocal: boolean): string | null {
  if (!engineIsLocal) return "the Docker engine is on another machine";
  if (process.getuid?.() !== 0) return "only root may set rules there, and kvchaos does not run as root";
  const missing = TOOLS.filter((tool) => !PATH.split(":").some((folder) => existsSync(path.join(folder, tool))));
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")} (packages util-linux, iptables)`;
}

/** @throws ChaosError infrastructure: says what is missing */
export function checkRedirect(engineIsLocal: boolean): void {
  const refusal = redirectRefusal(engineIsLocal);
  if (refusal === null) return;
  throw new ChaosError(
    "infrastructure",
    `servers that choose their master themselves are redirected to the links inside their network namespaces, which cannot be done here: ${refusal}`,
    {
      hint: "Run kvchaos as root on the engine's machine (with iptables), or use a cluster without `x-kvchaos: {mode: …}`.",
    },
  );
}

/** One port of one link: who dials `host:port` is sent to `listen` of Toxiproxy. */
export interface Redirect {
  host: string;
  port: number;
  listen: number;
}

/** The addresses that servers announce: one each, that no container has. */
export class VirtualAddresses {
  readonly #hosts: ReadonlyMap<string, string>;

  /** @param subnet of the data network, like "172.21.0.0/16"; containers get the first addresses of it */
  constructor(subnet: string, names: readonly string[]) {
    const [network = "", bits = ""] = subnet.split("/");
    const base = network.split(".").reduce((value, part) => value * 256 + Number(part), 0);
    const broadcast = base + 2 ** (32 - Number(bits)) - 1;
    this.#hosts = new Map(names.map((name, i) => [name, dotted(broadcast - 1 - i)]));
  }

  of(name: string): string {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new ChaosError("internal", `${name} has no address of its own`);
    return host;
  }

  nameOf(host: string): string | null {
    return [...this.#hosts].find(([, own]) => own === host)?.[0] ?? null;
  }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/**
 * Sends what the processes in a network namespace dial to where the links are. To be repeated after every start of the
 * container: a new process has a new namespace.
 * @param pid of any process in it @param toxiproxy address of Toxiproxy on the data network
 */
export async function redirect(
  pid: number,
  toxiproxy: string,
  redirects: readonly Redirect[],
  signal?: AbortSignal,
): Promise<void> {
  const rules = redirects.map(
    ({ host, port, listen }) =>
      `-A OUTPUT -d ${host}/32 -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${toxiproxy}:${listen}`,
  );
  const text = ["*nat", ...rules, "COMMIT", ""].join("\n");
  // Docker's own rules in the same table stay.
  const script = 'printf "%s" "$1" | exec iptables-restore --noflush -w 10';
  await runCommand(["nsenter", "-t", String(pid), "-n", "sh", "-c", script, "kvchaos", text], {
    within: RULES_MS,
    signal,
    env: { PATH },
    hint: "The kernel needs NAT in network namespaces (nf_nat), which Docker's own names use too.",
  });
}
