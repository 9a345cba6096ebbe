import type { Check } from "./check.ts";
import { converges } from "./converges.ts";
import { noCrash } from "./no-crash.ts";
import { noHang } from "./no-hang.ts";
import { oneMaster } from "./one-master.ts";
import { recoversWithin } from "./recovers-within.ts";

/** Every check by the name that experiments use. */
export const checks: ReadonlyMap<string, Check> = new Map(
  [noHang, noCrash, oneMaster, converges, recoversWithin].map((check) => [check.name, check]),
);
