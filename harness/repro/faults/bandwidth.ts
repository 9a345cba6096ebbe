import { z } from "zod";
import type { FaultScript } from "../fault-script.ts";
import { BOTH, toxicLines } from "./toxic.ts";

const params = z.looseObject({ links: z.array(z.string()), rate: z.number() });

export const bandwidth: FaultScript = {
  kind: "bandwidth",
  links: () => true,
  write(given, id) {
    const { links, rate } = params.parse(given);
    return toxicLines(links, id, "bandwidth", BOTH, { rate: kilobytes(rate) });
  },
};

/** The toxic counts whole kB/s. */
export function kilobytes(bytes: number): number {
  return Math.max(1, Math.round(bytes / 1000));
}
