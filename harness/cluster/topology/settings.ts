import type { Topology } from "../../journal/topology.ts";
import { replicasOf } from "./members.ts";

/** A line of a server's configuration as YAML has it, and why it is there. */
interface Setting {
  key: string;
  value: string;
  why?: string;
}

const DATA: Setting[] = [
  { key: "save", value: '""', why: "A replica must get its data from its master, not from an old file." },
  { key: "appendonly", value: '"no"' },
];
const REPLICATION: Setting[] = [
  { key: "repl-diskless-sync-delay", value: "0", why: "Full syncs start at once: experiments wait for them." },
  {
    key: "repl-timeout",
    value: "60",
    why: "Long: a cut link must be noticed by what the experiment checks, not healed by a timeout in the middle of it.",
  },
  { key: "repl-backlog-size", value: "1mb", why: "A small backlog lets a short partition end in a full sync too." },
];
const GOSSIP: Setting[] = [
  {
    key: "cluster-node-timeout",
    value: "3000",
    why: "How long a server may be silent before the others call it failed: failovers must fit into an experiment, and a busy machine must not look like a failure.",
  },
  { key: "cluster-require-full-coverage", value: '"no"', why: "A shard that is gone takes no other with it." },
  { key: "cluster-allow-replica-migration", value: '"no"', why: "Replicas stay with their shard." },
];
const DEBUG: Setting = {
  key: "enable-debug-command",
  value: '"yes"',
  why: "DEBUG SLEEP and DEBUG SEGFAULT are the controls of the watchdog and of the crash check.",
};

const CONTROLLER: Setting[] = [
  {
    key: "controller-ping_interval_seconds",
    value: "1",
    why: "Keys with `controller-` in front are the controllers': `controller.failover` in their files (default: 3 s, 5 times). Failovers must fit into an experiment.",
  },
  { key: "controller-max_ping_count", value: "5" },
];

/** The configuration of all servers of a topology, by system: what an experiment on a small machine needs, each with its reason. */
export function settingsOf(topology: Topology): Record<string, Setting[]> {
  const { mode, masters, sentinels } = topology;
  const replicas = replicasOf(topology).reduce((all, one) => all + one, 0);
  // The control server is one more.
  const crowded = masters + replicas + 1 > 5;
  const electors = sentinels > 0 ? sentinelSettings(sentinels) : [];
  const rulers = topology.controllers !== undefined ? CONTROLLER : [];
  return {
    redis: [...DATA, ...REPLICATION, ...(mode === "cluster" ? GOSSIP : []), DEBUG, ...electors],
    kvrocks: [
      {
        key: "use-rsid-psync",
        value: '"yes"',
        why: "Without it an empty replica takes over the WAL instead of doing a full sync, and mixes two masters' data.",
      },
      {
        key: "rocksdb.block_cache_size",
        value: crowded ? "32" : "64",
        why: "Several servers on a small machine: the defaults (4 GiB of block cache, 64 MiB per write buffer) are for one.",
      },
      { key: "rocksdb.write_buffer_size", value: "16" },
      ...electors,
      ...rulers,
    ],
    pika: [
      {
        key: "cache-model",
        value: "0",
        why: "Its cache answers some reads wrongly (3.5.2: the second read of a small zset): compare what is stored.",
      },
      { key: "write-buffer-size", value: "16M" },
      ...electors,
    ],
  };
}

function sentinelSettings(sentinels: number): Setting[] {
  return [
    {
      key: "sentinel-quorum",
      value: String(Math.floor(sentinels / 2) + 1),
      why: "Keys with `sentinel-` in front are the sentinels': `sentinel <key> kvchaos <value>` in their files, and the quorum.",
    },
    { key: "sentinel-down-after-milliseconds", value: "2000" },
    { key: "sentinel-failover-timeout", value: "10000" },
    { key: "sentinel-parallel-syncs", value: "1" },
  ];
}
