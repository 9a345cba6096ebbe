import type { Check } from "./check.ts";
import { cleanShutdown } from "./crash/clean-shutdown.ts";
import { noCrash } from "./crash/no-crash.ts";
import { converges } from "./data/converges.ts";
import { flushOrder } from "./data/flush-order.ts";
import { linearizable } from "./data/linearizable.ts";
import { allOrNothing } from "./data/models/all-or-nothing.ts";
import { counts } from "./data/models/counts.ts";
import { delivers } from "./data/models/delivers.ts";
import { noLostWrites } from "./data/no-lost-writes.ts";
import { perKeyOrder } from "./data/per-key-order.ts";
import { expectations } from "./expectations/expectations.ts";
import { noHang } from "./hang/no-hang.ts";
import { fullSyncs } from "./limits/full-syncs.ts";
import { limits } from "./limits/limits.ts";
import { memory } from "./limits/memory.ts";
import { lockOrder } from "./locks/lock-order.ts";
import { replicationProgress } from "./replication-progress.ts";
import { oneMaster } from "./roles/one-master.ts";
import { failovers } from "./rulers/failovers.ts";
import { protocol } from "./service/protocol.ts";
import { recoversWithin } from "./service/recovers-within.ts";
import { serves } from "./service/serves.ts";
import { slots } from "./slots/slots.ts";
import { watched } from "./watched.ts";

const all = new Map(
  [
    noHang,
    cleanShutdown,
    expectations,
    noCrash,
    oneMaster,
    failovers,
    converges,
    replicationProgress,
    fullSyncs,
    memory,
    limits,
    recoversWithin,
    serves,
    protocol,
    flushOrder,
    noLostWrites,
    perKeyOrder,
    linearizable,
    counts,
    allOrNothing,
    delivers,
    lockOrder,
    slots,
    watched,
  ].map((check: Check): [string, Check] => [check.name, check]),
);

/** Every check by the name that experiments use. */
export const checks: ReadonlyMap<string, Check> = all;

/** One more, of the user's own. */
export const addCheck = (check: Check): void => void all.set(check.name, check);
