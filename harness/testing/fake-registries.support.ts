import { z } from "zod";
import type { Check } from "../checks/check.ts";
import { needsRecorded } from "../checks/needs.ts";
import type { Registries } from "../experiment/registries.ts";
import { defineFault, type Fault } from "../faults/fault.ts";
import {
  drawnDurationParameter,
  linksParameter,
  nodeParameter,
  Parameter,
  parameters,
  sizeParameter,
} from "../faults/parameters.ts";

/* Small stand-ins for tests: what the format needs to know of faults, checks, workloads and clusters, and nothing more. */

const never = () => Promise.reject(new Error("fakes are never injected"));

const OCCURRENCE: Parameter<undefined, number> = new Parameter({
  written: z.undefined().optional(),
  planned: z.number(),
  resolve: (_written, { occurrence }) => occurrence,
});

const freeze = defineFault({
  kind: "freeze",
  summary: "a lasting fault",
  lasting: true,
  parameters: parameters({
    node: new Parameter({
      written: z.string(),
      planned: z.string(),
      mentions: (name, path) => (name === "replica" ? [] : [{ kind: "node", name, path }]),
      resolve: (name, { random, shape }) => (name === "replica" ? random.pick(shape.replicas) : name),
    }),
    depth: sizeParameter("how deep").orAbsent(),
    occurrence: OCCURRENCE,
  }),
  inject: never,
});

const cut = defineFault({
  kind: "cut",
  summary: "a lasting fault with a duration of its own",
  lasting: true,
  parameters: parameters({
    links: linksParameter("which"),
    pause: drawnDurationParameter("how long").default("1s"),
  }),
  ownDuration: ({ pause }) => pause,
  inject: never,
});

const flush = defineFault({
  kind: "flush",
  summary: "an instant fault",
  lasting: false,
  parameters: parameters({ node: nodeParameter("whose").default("m1") }),
  inject: never,
});

export const fakeRegistries: Registries = {
  faults: new Map([freeze, cut, flush].map((fault: Fault) => [fault.kind, fault])),
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
    ["pika", { lacks: ["WAIT"] }],
  ]),
  readShape: async () => ({
    masters: ["m1"],
    replicas: ["r1", "r2"],
    controls: ["control"],
    links: ["r1 -> m1", "r2 -> m1", "client -> m1"],
  }),
};
