import type { Random } from "../../base/random.ts";
import { bytes, maybe, time, weighted } from "./chance.ts";

/** What faults are drawn for. */
export interface Field {
  random: Random;
  system: string;
  mode: "replication" | "cluster" | "sentinel";
  masters: readonly string[];
  replicas: readonly string[];
  /** Commands of an administrator, which this system knows. */
  commands: readonly (readonly string[])[];
  /** Regular expressions for lines that servers logged in some experiments and not in others. */
  lines: readonly string[];
  /** A replica that gets another master copies all data, and that takes seconds. */
  syncs: boolean;
  /** How often a kind of fault has come so far. */
  tried?(kind: string): number;
}

/** Parameters as a file says them; null: nothing of this kind can be drawn here. */
type Draw = (field: Field) => Record<string, unknown> | null;

/** A kind of fault as explorations draw it. What it may hit and how hard is what servers must bear: nothing here may end in a finding by itself. */
export interface DrawnFault {
  weight: number;
  draw: Draw;
}

const anyNode = ({ random, masters, replicas }: Field): string => random.pick([...masters, ...replicas, "master"]);
/** A path between two servers, or of the clients to one. */
function someLinks({ random, masters, replicas }: Field): string[] {
  const master = random.pick([...masters, "master"]);
  if (replicas.length === 0 || maybe(random, 0.2)) return [`client -> ${master}`];
  return [`${random.pick(replicas)} -> ${maybe(random, 0.7) ? "master" : master}`];
}
const lasting = ({ random }: Field): { for: string } => ({ for: time(random, 200, 8_000) });

/** Every kind of fault that is drawn. */
export const DRAWN_FAULTS: Readonly<Record<string, DrawnFault>> = {
  "switch-master": {
    weight: 4,
    draw: (field) => {
      const { random, system, mode, masters, replicas } = field;
      if (replicas.length === 0) return null;
      if (mode === "sentinel") return {};
      if (mode === "cluster") {
        return system === "redis"
          ? { to: random.pick(replicas), via: random.pick(["cluster-failover", "cluster-failover-force"]) }
          : { to: random.pick(replicas) };
      }
      const via = maybe(random, 0.4) ? { via: "slaveof-no-one" } : {};
      if (masters.length > 1) return { node: random.pick(replicas), to: "other-master", ...via };
      return { to: random.pick(["any-replica", ...replicas]), ...via };
    },
  },
  "migrate-slots": {
    weight: 4,
    draw: ({ random, mode, masters }) => {
      if (mode !== "cluster") return null;
      const from = random.pick(masters);
      const to = random.pick(masters.filter((name) => name !== from));
      return { from, to, slots: random.int(1, 16), close: random.pick(["finish", "roll-back"]) };
    },
  },
  packets: {
    weight: 1,
    draw: (field) => ({ node: anyNode(field), loss: `${field.random.int(1, 30)}%`, ...lasting(field) }),
  },
  partition: {
    weight: 3,
    draw: (field) => {
      const { random } = field;
      const mode = random.pick(["blackhole", "drop", "reset"]);
      if (maybe(random, 0.3)) return { isolate: anyNode(field), mode, ...lasting(field) };
      const direction = maybe(random, 0.3) ? { direction: random.pick(["to-master", "to-replica"]) } : {};
      return { links: someLinks(field), mode, ...direction, ...lasting(field) };
    },
  },
  latency: {
    weight: 2,
    draw: (field) => ({ links: someLinks(field), latency: time(field.random, 5, 800), ...lasting(field) }),
  },
  bandwidth: {
    weight: 2,
    draw: (field) => ({ links: someLinks(field), rate: bytes(field.random, 10e3, 5e6), ...lasting(field) }),
  },
  "slow-reader": {
    weight: 1,
    draw: (field) => ({ links: someLinks(field), rate: bytes(field.random, 5e3, 1e6), ...lasting(field) }),
  },
  flushall: { weight: 3, draw: ({ random }) => ({ node: "master", command: random.pick(["flushall", "flushdb"]) }) },
  command: {
    weight: 4,
    draw: (field) => {
      const argv = commandOf(field);
      return argv && { node: anyNode(field), argv, "may-be-refused": true };
    },
  },
  "duplicate-command": {
    weight: 2,
    draw: (field) => {
      const argv = commandOf(field);
      return (
        argv && {
          node: anyNode(field),
          argv,
          copies: weighted(field.random, [
            [2, 3],
            [4, 1],
          ]),
        }
      );
    },
  },
  pause: { weight: 2, draw: (field) => ({ node: anyNode(field), ...lasting(field) }) },
  kill: {
    weight: 2,
    draw: (field) => ({ node: anyNode(field), signal: "SIGKILL", "restart-after": time(field.random, 100, 4_000) }),
  },
  restart: { weight: 1, draw: (field) => ({ node: anyNode(field) }) },
  shutdown: {
    weight: 2,
    draw: (field) => ({ node: anyNode(field), via: field.random.pick(["sigterm", "shutdown"]) }),
  },
  "connection-storm": {
    weight: 1,
    draw: (field) => ({
      node: anyNode(field),
      connections: field.random.int(50, 600),
      over: time(field.random, 10, 2_000),
      ...lasting(field),
    }),
  },
  "half-written-command": {
    weight: 1,
    draw: (field) => ({ node: anyNode(field), connections: field.random.int(5, 60), ...lasting(field) }),
  },
  "blocked-clients": {
    weight: 2,
    draw: (field) => ({
      node: "master",
      connections: field.random.int(5, 100),
      command: field.random.pick(["blpop", "brpop"]),
      ...lasting(field),
    }),
  },
  "cpu-limit": {
    weight: 1,
    draw: (field) => ({ node: anyNode(field), cpu: `${field.random.int(3, 25)}%`, ...lasting(field) }),
  },
};

/** Kinds that no exploration draws, and why. */
export const NOT_DRAWN: Readonly<Record<string, string>> = {
  "memory-limit": "the kernel ends a server that needs more: that is no finding about the server",
  "disk-full": "needs a disk of its own for every node, which makes every run longer",
  "slow-disk": "a slow disk looks like a server that hangs",
  "clock-skew": "loads and checks take the time for the servers' own",
  "disk-error": "a server that cannot write may rightly end",
  "power-loss": "what a server had not synced is gone, as its settings may say",
  "rolling-upgrade": "needs another image beside the one that is explored",
  "pause-thread": "needs a place in the program: predictions of kvchaos foresee name them",
  "raw-bytes": "restarts the server to shrink what it found, and so needs a run of its own",
};

function commandOf({ random, commands }: Field): readonly string[] | null {
  return commands.length === 0 ? null : random.pick(commands);
}
