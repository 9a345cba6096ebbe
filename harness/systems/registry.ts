import { kvrocks } from "./kvrocks.ts";
import { pika } from "./pika.ts";
import { redis } from "./redis.ts";
import type { System } from "./system.ts";

/** Every system kvchaos can drive, in the order in which one is chosen when the user names none. */
export const systems: ReadonlyMap<string, System> = new Map(
  [redis, kvrocks, pika].map((system) => [system.name, system]),
);
