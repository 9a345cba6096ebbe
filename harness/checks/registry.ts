import type { Check } from "./check.ts";
import { cleanShutdown } from "./clean-shutdown.ts";
import { converges } from "./converges.ts";
import { expectations } from "./expectations.ts";
import { flushOrder } from "./flush-order.ts";
import { linearizable } from "./linearizable.ts";
import { noCrash } from "./no-crash.ts";
import { noHang } from "./no-hang.ts";
import { noLostWrites } from "./no-lost-writes.ts";
import { oneMaster } from "./one-master.ts";
import { perKeyOrder } from "./per-key-order.ts";
import { recoversWithin } from "./recovers-within.ts";
import { replicationProgress } from "./replication-progress.ts";
import { serves } from "./serves.ts";

/** Every check by the name that experiments use. */
export const checks: ReadonlyMap<string, Check> = new Map(
  [
    noHang,
    cleanShutdown,
    expectations,
    noCrash,
    oneMaster,
    converges,
    replicationProgress,
    recoversWithin,
    serves,
    flushOrder,
    noLostWrites,
    perKeyOrder,
    linearizable,
  ].map((check) => [check.name, check]),
);
