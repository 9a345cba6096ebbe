import { redis } from "../../harness/systems/redis.ts";
import type { System } from "../../harness/systems/system.ts";

/** A system that differs from Redis in its images and the name of its process. It holds no connection and no state. */
export const valkey: System = {
  ...redis,
  images: ["valkey/valkey:8.1"],
  processName: "valkey-server",
  launch: (config) => {
    const { command, environment } = redis.launch(config);
    return { command: ["valkey-server", ...command.slice(1)], environment };
  },
};
