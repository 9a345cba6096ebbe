import { adminPath, missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";

const TOOLS = ["nsenter", "iptables", "tc"] as const;
const LOOK_MS = 20_000;

/**
 * What faults have set in the network namespace of a process and nobody has taken away: chains that lose packets, emulators. Nothing where this
 * machine cannot set any.
 * @param pid of any process in it
 */
export async function leftoverRules(pid: number, signal: AbortSignal): Promise<string[]> {
  if (process.getuid?.() !== 0 || missingPrograms(TOOLS, "") !== null) return [];
  const script = "iptables -w 10 -S; tc qdisc show";
  const { stdout } = await runCommand(["nsenter", "-t", String(pid), "-n", "sh", "-c", script], {
    within: LOOK_MS,
    signal,
    env: { PATH: adminPath() },
  });
  return stdout.split("\n").filter((line) => /kvchaos-|netem/.test(line));
}
