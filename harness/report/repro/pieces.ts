import { readFileSync } from "node:fs";

/** Bash functions in pieces/<name>.sh, in the order in which a script has them, with what each needs beside core. */
const PIECES = {
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

export type Piece = keyof typeof PIECES;

/** The bash functions that a script needs, each once, those that are needed first. */
export function piecesText(wanted: Iterable<Piece>): string[] {
  const all = new Set<Piece>(["core"]);
  const add = (name: Piece): void => {
    if (all.has(name)) return;
    all.add(name);
    for (const other of PIECES[name]) add(other);
  };
  for (const name of wanted) add(name);
  return (Object.keys(PIECES) as Piece[]).filter((name) => all.has(name)).map(read);
}

function read(name: Piece): string {
  return readFileSync(new URL(`pieces/${name}.sh`, import.meta.url), "utf8").trimEnd();
}
