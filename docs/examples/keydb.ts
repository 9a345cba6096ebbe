import { redis } from "../../harness/systems/redis.ts";
import type { System } from "../../harness/systems/system.ts";

/** A system that differs from Redis in its images and the name of its process. It holds no connection and no state. */
export const keydb: System = {
  ...redis,
  images: ["eqalpha/keydb:latest"],
  processName: "keydb-server",
  launch: (config) => {
    const { command, environment } = redis.launch(config);
    return { command: ["keydb-server", ...command.slice(1)], environment };
  },
};
