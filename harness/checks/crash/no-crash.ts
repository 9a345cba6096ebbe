import type { Check } from "../check.ts";
import { resultOf } from "../result.ts";
import { judgeCrashes } from "./crash-rules.ts";

export const noCrash: Check = {
  name: "no-crash",
  summary:
    "No server process ends, is killed by the kernel, or writes a crash report unless one of our faults asked for it.",
  check: (record) => resultOf(judgeCrashes(record)),
};
