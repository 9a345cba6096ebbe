import { createHash } from "node:crypto";
import { ChaosError } from "../base/chaos-error.ts";
import { adminPath, missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";

/*
 *   r1's network namespace
 *   INPUT, OUTPUT ── a packet that is meant ─► chain of our own ─┬─ DROP, drawn at random (xt_statistic)
 *                                                                └─ RETURN: counted, and goes its way
 *
 * Below TCP: what is dropped is sent again by the kernel that sent it, later and later. The rules end with the namespace.
 */

const TOOLS = ["nsenter", "iptables"] as const;
const RULES_MS = 20_000;

/** Why packets inside a container's network cannot be dropped here; null: nothing is known that would prevent it. */
export function packetLossRefusal(): string | null {
  if (process.getuid?.() !== 0)
    return "only root may set rules in a container's network, and kvchaos does not run as root";
  return missingPrograms(TOOLS, "util-linux, iptables");
}

/** Which packets of a namespace are meant: all of its own address on one network, or those of connections that it opened to a port. */
export type Meant = { own: string } | { host: string | null; ports: readonly number[] };

/** Packets that were meant, and those of them that were dropped. */
export interface PacketCount {
  all: number;
  dropped: number;
}

/** Rules that lose packets in one network namespace. */
export class PacketLoss {
  readonly #pid: number;
  readonly #chain: string;
  readonly #rules: readonly string[];

  /** @param pid of any process in the namespace @param id unique in it */
  constructor(pid: number, id: string, meant: Meant) {
    this.#pid = pid;
    this.#chain = chainOf(id);
    this.#rules = matchesOf(meant).map((match) => `${match} -j ${this.#chain}`);
  }

  /** @param probability from 0 to 1. Rejects where the kernel cannot do it, and says what it said. */
  async begin(probability: number, signal: AbortSignal): Promise<void> {
    await this.#run(
      [
        `-N ${this.#chain}`,
        `-A ${this.#chain} -m statistic --mode random --probability ${probability.toFixed(6)} -j DROP`,
        `-A ${this.#chain} -j RETURN`,
        ...this.#rules.map((rule) => `-I ${rule}`),
      ],
      signal,
    );
  }

  /** Takes the rules away, as far as they are there. Does nothing when the namespace has ended. */
  async end(): Promise<void> {
    if (!(await this.#isThere())) return;
    const { stdout } = await this.#iptables("-S");
    const own = stdout.split("\n").filter((line) => line.endsWith(` -j ${this.#chain}`));
    await this.#run([...own.map((line) => line.replace(/^-A/, "-D")), `-F ${this.#chain}`, `-X ${this.#chain}`]);
  }

  /** null: the namespace has ended, and its rules with it. */
  async count(): Promise<PacketCount | null> {
    if (!(await this.#isThere())) return null;
    return countIn((await this.#iptables(`-L ${this.#chain} -v -x -n`)).stdout);
  }

  async #isThere(): Promise<boolean> {
    const { code } = await this.#iptables(`-S ${this.#chain}`, [0, 1, 2, 3, 4]);
    return code === 0;
  }

  async #run(commands: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const command of commands) await this.#iptables(command, [0], signal);
  }

  #iptables(words: string, accept: readonly number[] = [0], signal?: AbortSignal) {
    return runCommand(["nsenter", "-t", String(this.#pid), "-n", "iptables", "-w", "10", ...words.split(" ")], {
      within: RULES_MS,
      signal,
      accept,
      env: { PATH: adminPath() },
      hint: "The kernel needs the iptables matches statistic and conntrack in network namespaces.",
    });
  }
}

/** A chain's name has at most 28 characters. */
function chainOf(id: string): string {
  return `kvchaos-${createHash("sha256").update(id).digest("hex").slice(0, 12)}`;
}

/** Both directions. */
function matchesOf(meant: Meant): string[] {
  if ("own" in meant) return [`INPUT -d ${meant.own}/32`, `OUTPUT -s ${meant.own}/32`];
  const host = meant.host === null ? "" : `--ctorigdst ${meant.host} `;
  return meant.ports.flatMap((port) => {
    const match = `-p tcp -m conntrack ${host}--ctorigdstport ${port}`;
    return [`INPUT ${match} --ctdir REPLY`, `OUTPUT ${match} --ctdir ORIGINAL`];
  });
}

/** In the answer to `iptables -L <chain> -v -x -n`: packets, bytes, target. */
export function countIn(list: string): PacketCount {
  const counts = [...list.matchAll(/^\s*(\d+)\s+\d+\s+(DROP|RETURN)\b/gm)].map(([, packets, target]) => ({
    packets: Number(packets),
    target,
  }));
  if (counts.length !== 2) throw new ChaosError("infrastructure", `iptables does not list two rules:\n${list}`);
  const of = (wanted: string): number => counts.find(({ target }) => target === wanted)?.packets ?? 0;
  return { all: of("DROP") + of("RETURN"), dropped: of("DROP") };
}
