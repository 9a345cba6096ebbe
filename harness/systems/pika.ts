import { ChaosError } from "../base/chaos-error.ts";
import { pikaLogRules } from "./pika-log-rules.ts";
import { pikaRecipe } from "./pika-recipe.ts";
import { pikaState } from "./pika-state.ts";
import { foreignSentinel } from "./redis-sentinel.ts";
import type { Launch, System } from "./system.ts";

const DATA = "/pika/data";

/** Defaults under every configuration. */
const OWN: Readonly<Record<string, string>> = {
  // The default of 20000 needs a limit of open files above it, and where the host's is lower Pika ends at once (pika.cc).
  maxclients: "2000",
  // All on one volume: a full sync renames directories from one of them to the other.
  "db-path": `${DATA}/db/`,
  "log-path": `${DATA}/log/`,
  "dump-path": `${DATA}/dump/`,
  "db-sync-path": `${DATA}/dbsync/`,
};

/**
 * Pika 3.5: replication by SLAVEOF over three ports. Commands and INFO: pika_admin.cc; ports: pika_define.h (kPortShift…); its
 * log goes to files and, as long as it is no daemon, to stderr (pika.cc), where the engine keeps it.
 */
export const pika: System = {
  name: "pika",
  images: ["pikadb/pika:3.5.4"],
  port: 9221,
  // Clients and meta sync, binlog, full sync. 1000 above is open, too, and nobody dials it.
  portOffsets: [0, 2000, 10_001],
  dataDirectory: DATA,
  processName: "pika",
  recipe: pikaRecipe,
  launch,
  commands: {
    flushAll: () => ["FLUSHALL"],
    flushDb: () => ["FLUSHDB"],
    promote: () => ["SLAVEOF", "NO", "ONE"],
    replicateFrom: (host, port, { copyAll } = {}) => ["SLAVEOF", host, String(port), ...(copyAll ? ["force"] : [])],
    // All of INFO waits for the dataset's lock, which a hung flush never gives back; this part does not, and costs little.
    info: () => ["INFO", "REPLICATION"],
    version: () => ["INFO", "SERVER"],
  },
  state: pikaState,
  logRules: pikaLogRules,
  sentinel: foreignSentinel,
  // A replica that comes back copies all data when its place in the master's binlog is gone: 10 files are kept at least.
  forceFullSync: { "binlog-file-size": "1048576", "expire-logs-nums": "10" },
  // Each makes its master begin a new checkpoint, and who copies the one before breaks off (OpenAtomFoundation/pikiwidb#2746).
  attachesOneByOne: true,
  // An answer that comes before the note that one is waited for is written over by it (pika_rm.cc, SendTrySyncRequest).
  deadEnd: /kWaitReply/,
  // A master says so until its replicas have left it for another.
  refusedForNow: ["ERR already master of others"],
  // It waits for its threads, some of which look every few seconds.
  stopWithin: 30_000,
  // thread-pool-size is 12, and INFO needs one of them, too.
  unansweredAtMost: 4,
  // INFO and FLUSHDB take two locks in opposite order (docs/facts.md#pika).
  watchedGently: true,
  // pika_conf.cc: `databases`, of which each replicates by itself.
  databases: { most: 8, config: (count) => ({ databases: String(count) }) },
  // Up to 3.5 in whole seconds, PX and PEXPIREAT cut off, and gone when a later second has begun (base_value_format.h, IsStale).
  deadlinesIn: 1000,
  // Its table of commands has none (pika_command.cc, InitCmdTable).
  lacks: ["WAIT", "EVAL", "XGROUP", "XREADGROUP", "XACK"],
  // pika_command.cc, InitCmdTable
  ownCommands: {
    string: `
      DELVX key value
      PKSETEXAT key unix-time-seconds value
      SETVX key value value
      SCANX string cursor [MATCH pattern] [COUNT count]`,
    hash: `
      HSCANX key field [MATCH pattern] [COUNT count]
      PKHRSCANRANGE key field field [LIMIT limit]
      PKHSCANRANGE key field field [LIMIT limit]`,
  },
  restoringReplies: [],
};

/** The image's entrypoint writes PIKA_<OPTION> into the configuration file. @throws ChaosError `invalid-experiment` for what it cannot write */
function launch(config: Readonly<Record<string, string>>): Launch {
  const environment: Record<string, string> = {};
  for (const [option, value] of Object.entries({ ...OWN, ...config })) {
    if (!/^[a-z0-9-]+$/.test(option) || /\s/.test(value) || value === "") {
      throw new ChaosError(
        "invalid-experiment",
        `config.pika: the image's entrypoint cannot set "${option}: ${value}"`,
        {
          hint: "It takes options of lower-case letters, digits and -, and values that are not empty and without white space.",
        },
      );
    }
    environment[`PIKA_${option.toUpperCase().replaceAll("-", "_")}`] = value;
  }
  return { command: ["/pika/bin/pika", "-c", "/pika/conf/pika.conf"], environment };
}
