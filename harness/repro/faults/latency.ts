import { latency } from "../../faults/links/latency.ts";
import { scriptOf } from "../fault-script.ts";
import { BOTH, toxicLines } from "./toxic.ts";

export const latencyScript = scriptOf(
  latency,
  ({ links, latency: ms, jitter }, id) => {
    return toxicLines(links, id, "latency", BOTH, { latency: ms, jitter });
  },
  { links: () => true },
);
