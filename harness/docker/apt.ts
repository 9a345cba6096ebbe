import { existsSync } from "node:fs";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { sleep } from "../base/deadline.ts";
import { type CommandResult, runCommand } from "../base/run-command.ts";

/** How long another package manager may hold the lock before we give up, ms. */
const LOCK_PATIENCE = 180_000;
const COMMAND_DEADLINE = 600_000;
const LOCKED = /Could not get lock|Unable to lock|Unable to acquire the dpkg|is held by process/i;
/** Not root: the lock is free, and will never be ours. */
const DENIED = /Permission denied|are you root/;
const STALE_LISTS =
  /Unable to locate package|has no installation candidate|404\s+Not Found|Failed to fetch|Unable to fetch/i;

export interface AptOptions {
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
  cwd?: string | undefined;
  hint?: string | undefined;
  /** Options in front of the command, like `-o NAME=VALUE`: other package sources than this machine's (backports.ts). */
  config?: readonly string[] | undefined;
}

/** Is this a machine with apt (Debian, Ubuntu and their kin)? */
export function hasApt(): boolean {
  return existsSync("/usr/bin/apt-get");
}

/**
 * Runs apt-get non-interactively. Waits (bounded) while another package manager holds the lock; refreshes the package
 * lists and tries once more when they turn out to be missing or stale.
 */
export async function aptGet(args: readonly string[], options: AptOptions): Promise<CommandResult> {
  try {
    return await patiently(args, options);
  } catch (error) {
    if (args[0] === "update" || !(error instanceof ChaosError) || !STALE_LISTS.test(error.message)) throw error;
    options.log("apt-get update (the package lists are missing or out of date)");
    await patiently(["update"], options);
    return patiently(args, options);
  }
}

/** The version apt would install, e.g. "5:7.0.15-1~deb12u10"; undefined when no source offers the package. */
export async function aptCandidate(
  name: string,
  { signal, config = [] }: Pick<AptOptions, "signal" | "config"> = {},
): Promise<string | undefined> {
  if (!hasApt()) return undefined;
  const argv = ["apt-cache", ...config, "policy", name] as const;
  const { stdout } = await runCommand([...argv], { within: 20_000, signal, env: { LC_ALL: "C" } });
  const candidate = /^ {2}Candidate: (\S+)$/m.exec(stdout)?.[1];
  return candidate === "(none)" ? undefined : candidate;
}

async function patiently(args: readonly string[], options: AptOptions): Promise<CommandResult> {
  const { log, signal, cwd, hint, config = [] } = options;
  const giveUp = performance.now() + LOCK_PATIENCE;
  for (let told = false; ; told = true) {
    try {
      return await runCommand(["apt-get", "-y", "-q", ...config, ...args], {
        within: COMMAND_DEADLINE,
        patience: Number.POSITIVE_INFINITY,
        env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
        signal,
        cwd,
        hint,
      });
    } catch (error) {
      const said = messageOf(error);
      if (!LOCKED.test(said) || DENIED.test(said) || performance.now() > giveUp) throw error;
      if (!told) log("another package manager holds apt's lock: waiting for it");
      await sleep(1000, signal);
    }
  }
}
