import { z } from "zod";
import { durationRange, sizeRange } from "../base/units.ts";
import type { Check } from "../checks/check.ts";
import { needsRecorded } from "../checks/needs.ts";
import type { Registries } from "../experiment/registries.ts";
import type { Fault } from "../faults/fault.ts";

/* Small stand-ins for tests: what the format needs to know of faults, checks, workloads and clusters, and nothing more. */

const never = () => Promise.reject(new Error("fakes are never injected"));

const freezeParams = z.strictObject({ node: z.string(), depth: sizeRange.optional() });
const freeze: Fault<z.infer<typeof freezeParams>, unknown> = {
  kind: "freeze",
  summary: "a lasting fault",
  lasting: true,
  params: freezeParams,
  mentions: ({ node }) => (node === "replica" ? [] : [{ kind: "node", name: node, path: ["node"] }]),
  resolve: (params, random, occurrence, shape) => ({
    ...params,
    node: params.node === "replica" ? random.pick(shape.replicas) : params.node,
    occurrence,
    unused: undefined,
  }),
  inject: never,
};

// Not strict, as a careless fault may be: the loader has to see unknown keys by itself.
const cutParams = z.object({ links: z.array(z.string()).min(1), pause: durationRange.prefault("1s") });
const cut: Fault<z.infer<typeof cutParams>, unknown> = {
  kind: "cut",
  summary: "a lasting fault with a duration of its own",
  lasting: true,
  params: cutParams,
  ownDuration: (params) => (params as { pause: number }).pause,
  mentions: ({ links }) => links.map((name, index) => ({ kind: "link", name, path: ["links", index] })),
  resolve: (params) => params,
  inject: never,
};

const flushParams = z.strictObject({ node: z.string().default("m1") });
const flush: Fault<z.infer<typeof flushParams>> = {
  kind: "flush",
  summary: "an instant fault",
  lasting: false,
  params: flushParams,
  mentions: ({ node }) => [{ kind: "node", name: node, path: ["node"] }],
  resolve: (params) => params,
  inject: never,
};

export const fakeRegistries: Registries = {
  faults: new Map([freeze, cut, flush].map((fault) => [fault.kind, fault as Fault])),
  checks: new Map<string, Pick<Check, "needs">>([
    ...["no-hang", "no-crash", "one-master", "converges", "replication-progress", "recovers-within"].map(
      (name) => [name, {}] as const,
    ),
    ["no-lost-writes", { needs: (experiment) => needsRecorded(experiment, "write") }],
  ]),
  workloads: new Map([
    ["set", { recorded: { type: "string", does: ["write"] } }],
    ["zadd", { recorded: { type: "zset", does: ["write"] } }],
  ]),
  systems: new Map([
    ["redis", {}],
    ["kvrocks", {}],
    ["pika", { withoutWait: true }],
  ]),
  readShape: async () => ({
    masters: ["m1"],
    replicas: ["r1", "r2"],
    controls: ["control"],
    links: ["r1 -> m1", "r2 -> m1", "client -> m1"],
  }),
};
