import { bandwidth } from "../../faults/links/bandwidth.ts";
import { scriptOf } from "../fault-script.ts";
import { BOTH, toxicLines } from "./toxic.ts";

export const bandwidthScript = scriptOf(
  bandwidth,
  ({ links, rate }, id) => {
    return toxicLines(links, id, "bandwidth", BOTH, { rate: kilobytes(rate) });
  },
  { links: () => true },
);

/** The toxic counts whole kB/s. */
export function kilobytes(bytes: number): number {
  return Math.max(1, Math.round(bytes / 1000));
}
