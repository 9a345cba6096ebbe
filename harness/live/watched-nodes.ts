import { ChaosError } from "../base/chaos-error.ts";
import { nameOfServer } from "../run/attached/attached-servers.ts";
import { redis } from "../systems/redis.ts";
import type { WatchedNode } from "../watchdog/watchdog.ts";
import type { LiveServer } from "./discover.ts";

export const CONTROL = "control";

/** What it is, where there is no image: "redis 7.0.15". */
export function imageOf(server: LiveServer | undefined): string {
  if (!server) throw new ChaosError("internal", "there is no server to watch");
  return nameOfServer(server);
}

/** The server of our own that nobody harms. */
export function controlNode(port: number): WatchedNode {
  return {
    ...{
      name: CONTROL,
      system: redis,
      role: "control",
      host: "127.0.0.1",
      port,
      outside: { reads: false, writes: false },
    },
    pid: () => null,
    container: () => ({ running: true, paused: false, exitCode: null }),
    claimed: () => null,
    master: () => null,
  };
}
