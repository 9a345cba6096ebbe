import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { ChaosError } from "../base/chaos-error.ts";

const LOWEST = 15_000;
/**
 * What was handed out and not given back. The container's TCP port is free before it starts and whenever its server is killed; the
 * UDP port of the same number, which nobody uses, says to other harnesses on this machine that it is not theirs. The kernel
 * takes it back when this process ends, in whatever way.
 */
const reserved = new Map<number, Socket>();

/**
 * Ports on 127.0.0.1 that nothing listens on, kept from other harnesses until `releasePorts` or the end of this process. They lie
 * below the kernel's ephemeral range, so that no outgoing connection can take one while its container is stopped: that keeps a
 * node's address over restarts (docs/facts.md#docker).
 */
export async function freePorts(count: number): Promise<number[]> {
  const highest = (await ephemeralStart()) - 1;
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 50 * count + 500) {
      releasePorts(ports);
      throw new ChaosError(
        "infrastructure",
        `Found no ${count} free ports on 127.0.0.1 between ${LOWEST} and ${highest}`,
        {
          hint: "See what listens with `ss -ltn`; `kvchaos clean` removes what earlier runs left.",
        },
      );
    }
    const port = randomInt(LOWEST, highest + 1);
    if (!(await reserve(port))) continue;
    if (await isFree(port)) ports.push(port);
    else releasePorts([port]);
  }
  return ports;
}

/** Others may have them from now on: what was published there is gone. */
export function releasePorts(ports: readonly number[]): void {
  for (const port of ports) {
    reserved.get(port)?.close();
    reserved.delete(port);
  }
}

async function reserve(port: number): Promise<boolean> {
  const socket = createSocket("udp4").unref();
  try {
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
  } catch {
    socket.close();
    return false;
  }
  reserved.set(port, socket);
  return true;
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
