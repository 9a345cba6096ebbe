/** Argument with which a command says how long it may wait, and its unit in ms. Negative: counted from the end. */
const TIMEOUT_ARGUMENT: Readonly<Record<string, { at: number; unit: number }>> = {
  BLPOP: { at: -1, unit: 1000 },
  BRPOP: { at: -1, unit: 1000 },
  BLMOVE: { at: -1, unit: 1000 },
  BRPOPLPUSH: { at: -1, unit: 1000 },
  BZPOPMIN: { at: -1, unit: 1000 },
  BZPOPMAX: { at: -1, unit: 1000 },
  BLMPOP: { at: 1, unit: 1000 },
  BZMPOP: { at: 1, unit: 1000 },
  WAIT: { at: 2, unit: 1 },
  WAITAOF: { at: 3, unit: 1 },
};

/** Answered by pushes, by bytes that are no reply, by the end of the connection, or not at all. */
const NEVER_DUE = new Set([
  ...["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "REPLCONF", "QUIT"],
  // A server takes its time to save and to let its replicas catch up; whether it ends in time is for the fault `shutdown`.
  "SHUTDOWN",
  // How long a script runs is its author's, and a function's text is not in the command.
  ...["EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"],
]);

/** A script without any of these words ends by itself. */
const MAY_LOOP = /\b(while|repeat|for|goto|function)\b/;

/**
 * How long a server may leave a command without answer by the command's own words: its timeout in ms, 0 for one that is
 * answered when it is done. null: it never has to be answered (a timeout of 0, which is for ever, or a command that is
 * answered by something else than a reply).
 * From the servers' command references; `CLUSTERX MIGRATE … sync` is Kvrocks'.
 */
export function answerTime(argv: readonly string[]): number | null {
  const [name = "", ...rest] = argv.map((word) => word.toUpperCase());
  const own = TIMEOUT_ARGUMENT[name];
  if (own) return forEver(argv.at(own.at), own.unit);
  switch (name) {
    case "XREAD":
    case "XREADGROUP": {
      const streams = rest.indexOf("STREAMS");
      const block = rest.indexOf("BLOCK");
      return block < 0 || (streams >= 0 && block > streams) ? 0 : forEver(rest[block + 1], 1);
    }
    case "MIGRATE":
      return number(argv[5]) ?? 0;
    case "DEBUG":
      return holdsFor(argv); // SLEEP
    case "CLIENT":
      return rest[0] === "REPLY" ? null : 0;
    case "CLUSTERX":
      // CLUSTERX MIGRATE slot node sync [seconds]
      return rest[0] === "MIGRATE" && rest[3] === "SYNC" ? forEver(argv[5] ?? "0", 1000) : 0;
    case "EVAL":
    case "EVAL_RO":
      return MAY_LOOP.test(argv[1] ?? "") ? null : 0;
    default:
      return NEVER_DUE.has(name) ? null : 0;
  }
}

/**
 * How long a command holds its server still on purpose, ms: what others ask meanwhile is answered afterwards.
 * DEBUG SLEEP from when it is received, CLIENT PAUSE from its answer on.
 */
export function holdsFor(argv: readonly string[]): number {
  const words = argv.slice(0, 2).join(" ").toUpperCase();
  if (words === "DEBUG SLEEP") return (number(argv[2]) ?? 0) * 1000;
  return words === "CLIENT PAUSE" ? (number(argv[2]) ?? 0) : 0;
}

/** A timeout as it is written; what is none is refused by the server, at once. */
function forEver(written: string | undefined, unit: number): number | null {
  const value = number(written);
  if (value === undefined) return 0;
  return value === 0 ? null : value * unit;
}

function number(written: string | undefined): number | undefined {
  const value = Number(written);
  return written === undefined || written === "" || !Number.isFinite(value) || value < 0 ? undefined : value;
}
