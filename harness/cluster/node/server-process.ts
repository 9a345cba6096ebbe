import { readFileSync } from "node:fs";

const DEPTH = 5;

/**
 * The server's own process below a container's first one: an entrypoint script may stay in front of it.
 * With no name the first one itself. null when /proc is not this engine's or the process is gone. Linux /proc, needs CONFIG_PROC_CHILDREN.
 */
export function findServerProcess(containerPid: number | null, processName: string): number | null {
  if (containerPid === null || processName === "") return containerPid;
  // The kernel cuts comm to 15 characters.
  const wanted = processName.slice(0, 15);
  let level = [containerPid];
  for (let depth = 0; depth < DEPTH && level.length > 0; depth++) {
    for (const pid of level) if (read(`/proc/${pid}/comm`).trim() === wanted) return pid;
    level = level.flatMap((pid) =>
      read(`/proc/${pid}/task/${pid}/children`)
        .split(" ")
        .map(Number)
        .filter((child) => child > 0),
    );
  }
  return null;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
