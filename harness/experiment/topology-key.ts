import { z } from "zod";
import { sizeRange } from "../base/units.ts";
import {
  MOST_CONTROLLERS,
  MOST_MASTERS,
  MOST_REPLICAS,
  MOST_SENTINELS,
  TOPOLOGY_MODES,
  type Topology,
} from "../journal/topology.ts";
import { serverSettings } from "./schema-parts.ts";

/** Less is refused by the engine, or no server starts in it. */
const LEAST_MEMORY = 8 * 1024 ** 2;
const MOST_MEMORY = 1024 ** 4;
/** Enough to agree when one is gone. */
const SENTINELS = 3;

const own = z.strictObject({
  memory: sizeRange
    .refine(({ min, max }) => min === max && min >= LEAST_MEMORY && max <= MOST_MEMORY, {
      error: "expected one size from 8MiB to 1024GiB",
    })
    .transform(({ min }) => min)
    .optional()
    .meta({ title: "size" })
    .describe("What its container may use; more, and the kernel ends the server (`exited`, out of memory)"),
  cpus: z.number().min(0.05).max(64).optional().describe("Processors that its container may use, like `0.5`"),
  config: serverSettings.optional().describe("Server configuration per system, over that of all nodes"),
});

const perMaster = z.int().min(0).max(MOST_REPLICAS);

/** The keys of `cluster` where no Compose file is named. */
export const topologyKey = z.strictObject({
  masters: z.int().min(1).max(MOST_MASTERS).prefault(1).describe("`m1`, `m2`, …"),
  replicas: z
    .union([perMaster, z.array(perMaster).min(1).max(MOST_MASTERS)], {
      error: `expected 0 to ${MOST_REPLICAS} replicas of each master, or a list with a number for each, like [1, 0]`,
    })
    .prefault(1)
    .describe("Of each master, or a list with a number for each (`[1, 0]`): `r1`, `r2`, … first those of `m1`"),
  chain: z
    .int()
    .min(1)
    .max(MOST_REPLICAS)
    .prefault(1)
    .describe(
      "So many replicas of a master stand in a line, each the replica of the one before; 1: all follow the master",
    ),
  mode: z
    .enum(TOPOLOGY_MODES)
    .prefault("replication")
    .describe(
      "`replication`: each master has all keys, and kvchaos says who is master; `cluster`: the masters share the key space; `sentinel`: sentinels choose the master; `controller`: as `cluster`, and kvrocks-controller says who is master",
    ),
  sentinels: z
    .int()
    .min(1)
    .max(MOST_SENTINELS)
    .optional()
    .describe(`With mode \`sentinel\`: \`s1\`, \`s2\`, … (default: ${SENTINELS})`),
  controllers: z
    .int()
    .min(1)
    .max(MOST_CONTROLLERS)
    .optional()
    .describe("With mode `controller`: `c1`, `c2`, … beside their `store` (default: 1)"),
  nodes: z
    .record(z.string(), own)
    .prefault({})
    .describe(
      "What some nodes have and others have not, by a node's name, or `masters`, `replicas`, `sentinels`, `controllers`",
    ),
});

/** With every default. */
export function topologyOf({ sentinels, controllers, ...said }: z.output<typeof topologyKey>): Topology {
  return {
    ...said,
    sentinels: said.mode === "sentinel" ? (sentinels ?? SENTINELS) : 0,
    ...(said.mode === "controller" && { controllers: controllers ?? 1 }),
  };
}
