import { z } from "zod";
import type { FaultScript } from "../fault-script.ts";
import { BOTH, toxicLines } from "./toxic.ts";

const params = z.looseObject({ links: z.array(z.string()), latency: z.number(), jitter: z.number() });

export const latency: FaultScript = {
  kind: "latency",
  links: () => true,
  write(given, id) {
    const { links, latency: ms, jitter } = params.parse(given);
    return toxicLines(links, id, "latency", BOTH, { latency: ms, jitter });
  },
};
