import { keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

/** One in this many commands is an LTRIM: lists grow past `elements` by about keys × this, and no further. */
const TRIM_EVERY = 16;

export const lpush: Workload = {
  name: "lpush",
  summary: "LPUSH to a random list, kept near its length by an LTRIM in every 16 commands",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    const last = `${spec.elements - 1}`;
    return () => (random.next() * TRIM_EVERY < 1 ? ["LTRIM", key(), "0", last] : ["LPUSH", key(), value()]);
  },
};
