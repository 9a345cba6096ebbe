import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { ChaosError } from "../base/chaos-error.ts";

const LOWEST = 15_000;
/** Handed out before in this process; a container may not have bound it yet. */
const taken = new Set<number>();

/**
 * Ports on 127.0.0.1 that nothing listens on. They lie below the kernel's ephemeral range, so that no outgoing connection can take
 * one while its container is stopped: that keeps a node's address over restarts (FACTS §6).
 */
export async function freePorts(count: number): Promise<number[]> {
  const highest = (await ephemeralStart()) - 1;
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 50 * count + 500) {
      throw new ChaosError(
        "infrastructure",
        `Found no ${count} free ports on 127.0.0.1 between ${LOWEST} and ${highest}`,
        {
          hint: "See what listens with `ss -ltn`; `kvchaos clean` removes what earlier runs left.",
        },
      );
    }
    const port = randomInt(LOWEST, highest + 1);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    ports.push(port);
  }
  return ports;
}

async function ephemeralStart(): Promise<number> {
  // Not Linux, or no /proc: the range that IANA names begins at 49152, Linux's own default at 32768.
  const text = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8").catch(() => "32768 60999");
  const start = Number(text.trim().split(/\s+/)[0]);
  return start > LOWEST + 1000 ? start : 32_768;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
