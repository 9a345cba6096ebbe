import { command, keys } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const incr: Workload = {
  name: "incr",
  summary: "INCR of a random counter",
  source: (spec, random) => command("INCR", keys(spec, random)),
};
