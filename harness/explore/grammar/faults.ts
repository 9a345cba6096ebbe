import type { Random } from "../../base/random.ts";
import { bytes, maybe, time, weighted } from "./chance.ts";

/** What faults are drawn for. */
export interface Ground {
  random: Random;
  system: string;
  mode: "replication" | "cluster" | "sentinel";
  masters: readonly string[];
  replicas: readonly string[];
  /** Commands of an administrator, which this system knows. */
  commands: readonly (readonly string[])[];
}

/** Parameters as a file says them; null: nothing of this kind can be drawn here. */
type Draw = (ground: Ground) => Record<string, unknown> | null;

/** A kind of fault as explorations draw it. What it may hit and how hard is what servers must bear: nothing here may end in a finding by itself. */
export interface DrawnFault {
  weight: number;
  draw: Draw;
}

const anyNode = ({ random, masters, replicas }: Ground): string => random.pick([...masters, ...replicas, "master"]);
/** A path between two servers, or of the clients to one. */
function someLinks({ random, masters, replicas }: Ground): string[] {
  const master = random.pick([...masters, "master"]);
  if (replicas.length === 0 || maybe(random, 0.2)) return [`client -> ${master}`];
  return [`${random.pick(replicas)} -> ${maybe(random, 0.7) ? "master" : master}`];
}
const lasting = ({ random }: Ground): { for: string } => ({ for: time(random, 200, 8_000) });

/** Every kind of fault that is drawn. */
export const DRAWN_FAULTS: Readonly<Record<string, DrawnFault>> = {
  "switch-master": {
    weight: 4,
    draw: (ground) => {
      const { random, system, mode, masters, replicas } = ground;
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
    draw: (ground) => ({ node: anyNode(ground), loss: `${ground.random.int(1, 30)}%`, ...lasting(ground) }),
  },
  partition: {
    weight: 3,
    draw: (ground) => {
      const { random } = ground;
      const mode = random.pick(["blackhole", "drop", "reset"]);
      if (maybe(random, 0.3)) return { isolate: anyNode(ground), mode, ...lasting(ground) };
      const direction = maybe(random, 0.3) ? { direction: random.pick(["to-master", "to-replica"]) } : {};
      return { links: someLinks(ground), mode, ...direction, ...lasting(ground) };
    },
  },
  latency: {
    weight: 2,
    draw: (ground) => ({ links: someLinks(ground), latency: time(ground.random, 5, 800), ...lasting(ground) }),
  },
  bandwidth: {
    weight: 2,
    draw: (ground) => ({ links: someLinks(ground), rate: bytes(ground.random, 10e3, 5e6), ...lasting(ground) }),
  },
  "slow-reader": {
    weight: 1,
    draw: (ground) => ({ links: someLinks(ground), rate: bytes(ground.random, 5e3, 1e6), ...lasting(ground) }),
  },
  flushall: { weight: 2, draw: ({ random }) => ({ node: "master", command: random.pick(["flushall", "flushdb"]) }) },
  command: {
    weight: 6,
    draw: (ground) => {
      const argv = commandOf(ground);
      return argv && { node: anyNode(ground), argv, "may-be-refused": true };
    },
  },
  "duplicate-command": {
    weight: 2,
    draw: (ground) => {
      const argv = commandOf(ground);
      return (
        argv && {
          node: anyNode(ground),
          argv,
          copies: weighted(ground.random, [
            [2, 3],
            [4, 1],
          ]),
        }
      );
    },
  },
  pause: { weight: 2, draw: (ground) => ({ node: anyNode(ground), ...lasting(ground) }) },
  kill: {
    weight: 2,
    draw: (ground) => ({ node: anyNode(ground), signal: "SIGKILL", "restart-after": time(ground.random, 100, 4_000) }),
  },
  restart: { weight: 1, draw: (ground) => ({ node: anyNode(ground) }) },
  shutdown: {
    weight: 2,
    draw: (ground) => ({ node: anyNode(ground), via: ground.random.pick(["sigterm", "shutdown"]) }),
  },
  "connection-storm": {
    weight: 1,
    draw: (ground) => ({
      node: anyNode(ground),
      connections: ground.random.int(50, 600),
      over: time(ground.random, 10, 2_000),
      ...lasting(ground),
    }),
  },
  "half-written-command": {
    weight: 1,
    draw: (ground) => ({ node: anyNode(ground), connections: ground.random.int(5, 60), ...lasting(ground) }),
  },
  "blocked-clients": {
    weight: 2,
    draw: (ground) => ({
      node: "master",
      connections: ground.random.int(5, 100),
      command: ground.random.pick(["blpop", "brpop"]),
      ...lasting(ground),
    }),
  },
  "cpu-limit": {
    weight: 1,
    draw: (ground) => ({ node: anyNode(ground), cpu: `${ground.random.int(20, 90)}%`, ...lasting(ground) }),
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
  "pause-thread": "needs a place in the program: predictions name them (`foresee`)",
  "raw-bytes": "restarts the server to shrink what it found, and so needs a run of its own",
};

function commandOf({ random, commands }: Ground): readonly string[] | null {
  return commands.length === 0 ? null : random.pick(commands);
}
