import { redis } from "./redis.ts";
import { recipeLike } from "./redis-recipe.ts";
import type { System } from "./system.ts";

/**
 * Valkey: Redis in everything that kvchaos does, but for its images and the names of its programs. It has no name of its own
 * among the systems; an image of that name chooses it (`systemIn`).
 */
export const valkey: System = {
  ...redis,
  images: ["valkey/valkey:8.0.1"],
  processName: "valkey-server",
  recipe: recipeLike("valkey", {
    kind: "debian",
    repository: "valkey/valkey",
    package: "valkey-server",
    binary: "/usr/bin/valkey-server",
    // Debian 12 has it there only.
    backports: true,
  }),
  launch: (config) => {
    const { command, environment } = redis.launch(config);
    return { command: ["valkey-server", ...command.slice(1)], environment };
  },
};
