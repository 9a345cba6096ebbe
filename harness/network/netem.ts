import { adminPath, missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";

const TOOLS = ["nsenter", "unshare", "tc", "ip"] as const;
const COMMAND_MS = 20_000;

/** What the kernel's network emulator does to packets that leave. Shares from 0 to 1. */
export interface Emulation {
  /** ms */
  delay: number | null;
  duplicate: number | null;
  reorder: number | null;
}

/** Why netem cannot be used here, tried on the loopback of a namespace that ends at once; null: it can. */
export async function netemRefusal(): Promise<string | null> {
  const missing = missingPrograms(TOOLS, "util-linux, iproute2");
  if (missing !== null) return missing;
  const words = "-n tc qdisc add dev lo root netem duplicate 1%".split(" ");
  const tried = await runCommand(["unshare", ...words], {
    within: COMMAND_MS,
    accept: [0, 1, 2],
    env: { PATH: adminPath() },
  });
  if (tried.code === 0) return null;
  return `the kernel has no netem (sch_netem): tc says "${tried.stderr.trim().split("\n")[0]}"`;
}

/** The emulator's words of `tc qdisc`. Reordering needs a delay that the packets which overtake do not have. */
export function netemWords({ delay, duplicate, reorder }: Emulation): string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(4)}%`;
  return [
    ...(delay === null ? [] : ["delay", `${delay}ms`]),
    ...(duplicate === null ? [] : ["duplicate", percent(duplicate)]),
    ...(reorder === null ? [] : ["reorder", percent(reorder)]),
  ];
}

/** An emulator on the interface that has an address, in the network namespace of a process. */
export class Netem {
  readonly #pid: number;
  readonly #own: string;

  constructor(pid: number, own: string) {
    this.#pid = pid;
    this.#own = own;
  }

  async begin(emulation: Emulation, signal: AbortSignal): Promise<void> {
    await this.#inside(`tc qdisc add dev "$dev" root netem ${netemWords(emulation).join(" ")}`, signal);
  }

  /** Idempotent. */
  async end(): Promise<void> {
    await this.#inside('tc qdisc show dev "$dev" | grep -q netem || exit 0; tc qdisc del dev "$dev" root');
  }

  /** Packets that it let out. */
  async sent(): Promise<number> {
    const { stdout } = await this.#inside('tc -s qdisc show dev "$dev"');
    return Number(/netem.*?Sent \d+ bytes (\d+) pkt/s.exec(stdout)?.[1] ?? 0);
  }

  #inside(script: string, signal?: AbortSignal) {
    const find = `dev=$(ip -o -4 addr show | awk -v own=${this.#own} 'index($4, own "/") == 1 { print $2 }')`;
    return runCommand(["nsenter", "-t", String(this.#pid), "-n", "sh", "-c", `${find}; ${script}`], {
      within: COMMAND_MS,
      signal,
      env: { PATH: adminPath() },
    });
  }
}
