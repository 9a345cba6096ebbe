import { always, command, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

/** One in this many commands is an LTRIM: lists grow past `elements` by about keys × this, and no further. */
const TRIM_EVERY = 16;

export const lpush: Workload = {
  name: "lpush",
  summary: "LPUSH to a random list, kept near its length by an LTRIM in every 16 commands",
  source(spec, random) {
    const key = keys(spec, random);
    const push = command("LPUSH", key, values(spec.value, random));
    const trim = command("LTRIM", key, always(0), always(spec.elements - 1));
    return (to) => (random.next() * TRIM_EVERY < 1 ? trim(to) : push(to));
  },
};
