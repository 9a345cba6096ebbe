import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The docker command. @returns what it says */
export async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args)).stdout.trim();
}

/** With the volumes that images ask for: without -v each would stay for good, of no name and no owner. */
export async function removeContainers(names: readonly string[]): Promise<void> {
  if (names.length > 0) await docker("rm", "-f", "-v", ...names);
}
