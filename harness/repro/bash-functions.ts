import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Bash functions in bash/<about>/<name>.sh, in the order in which a script has them, with what each needs beside core. */
const FUNCTIONS = {
  core: [],
  "links-direct": [],
  "links-toxiproxy": [],
  "current-master": [],
  topology: [],
  "link-name": ["topology", "current-master"],
  "links-of": [],
  toxics: [],
  tell: ["topology"],
  "cluster-mode": ["topology"],
  "mark-masters": ["topology"],
  "mark-nobody": [],
  promote: ["topology", "current-master"],
  repoint: ["topology"],
  "repoint-through-no-one": ["topology"],
  "other-master": ["topology"],
  "replica-number": [],
  place: [],
  "state-redis": [],
  "state-kvrocks": [],
  "state-pika": [],
  "chaos-over": [],
  at: ["chaos-over"],
  hold: [],
  "hold-to-end": [],
  "end-of-chaos": [],
  matches: [],
  "wait-state": ["chaos-over", "matches"],
  "wait-no-state": ["chaos-over", "matches"],
  "wait-log": ["chaos-over"],
  "wait-since-start": ["chaos-over"],
  "wait-bytes": ["chaos-over", "matches"],
  "wait-fault": ["chaos-over"],
  send: [],
  "send-copies": [],
  "slow-client": ["chaos-over"],
  disk: [],
  "fill-disk": ["disk"],
  "throttle-disk": ["disk"],
  "limit-cpu": [],
  "limit-memory": [],
  "connect-many": [],
  "start-again": [],
  "shut-down": [],
  load: [],
  benchmark: [],
  "stop-load": [],
  silence: [],
  ours: [],
  recovery: ["topology"],
  "tell-all": ["recovery"],
  compare: ["recovery"],
  "observe-hang": ["recovery", "silence"],
  "observe-crash": ["recovery"],
  "observe-roles": ["recovery"],
  "observe-replication": ["recovery"],
  "observe-recovery": ["recovery"],
} as const satisfies Record<string, readonly string[]>;

export type BashFunction = keyof typeof FUNCTIONS;

/** The bash functions that a script needs, each once, those that are needed first. */
export function functionsText(wanted: Iterable<BashFunction>): string[] {
  const all = new Set<BashFunction>(["core"]);
  const add = (name: BashFunction): void => {
    if (all.has(name)) return;
    all.add(name);
    for (const other of FUNCTIONS[name]) add(other);
  };
  for (const name of wanted) add(name);
  return (Object.keys(FUNCTIONS) as BashFunction[]).filter((name) => all.has(name)).map(read);
}

const FOLDER = path.join(import.meta.dirname, "bash");
const files = new Map(
  readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).map((file) => [path.basename(file, ".sh"), file]),
);

function read(name: BashFunction): string {
  return readFileSync(path.join(FOLDER, files.get(name) ?? `${name}.sh`), "utf8").trimEnd();
}
