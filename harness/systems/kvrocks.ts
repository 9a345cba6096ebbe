import type { NodeState } from "../journal/events.ts";
import { parseInfo, stateOf } from "./info.ts";
import { kvrocksController } from "./kvrocks-controller.ts";
import { kvrocksRecipe } from "./kvrocks-recipe.ts";
import { clusterView, slotView } from "./redis-cluster.ts";
import { foreignSentinel } from "./redis-sentinel.ts";
import type { ClusterMember, LogRule, System } from "./system.ts";

/**
 * Apache Kvrocks: replication by SLAVEOF, or cluster mode by CLUSTERX. INFO fields and log texts: Kvrocks 2.9.0 and 2.11.0 source (server.cc,
 * replication.cc, signal_util.h).
 */
export const kvrocks: System = {
  name: "kvrocks",
  images: ["apache/kvrocks:2.11.0"],
  port: 6666,
  portOffsets: [0],
  dataDirectory: "/var/lib/kvrocks",
  processName: "kvrocks",
  recipe: kvrocksRecipe,
  launch: (config) => ({
    // The image's entrypoint is the server itself. Its log goes to files unless told otherwise.
    command: Object.entries({ "log-dir": "stdout", ...config }).flatMap(([key, value]) => [`--${key}`, value]),
    environment: {},
  }),
  commands: {
    flushAll: () => ["FLUSHALL"],
    flushDb: () => ["FLUSHDB"],
    promote: () => ["SLAVEOF", "NO", "ONE"],
    replicateFrom: (host, port) => ["SLAVEOF", host, String(port)],
    info: () => ["INFO"],
  },
  state: kvrocksState,
  logRules: kvrocksLogRules(),
  // With the default an empty replica partial-syncs from sequence 1 while the WAL survives (docs/facts.md#kvrocks).
  forceFullSync: { "use-rsid-psync": "yes" },
  cluster: {
    config: { "cluster-enabled": "yes" },
    setNodeId: (id) => ["CLUSTERX", "SETNODEID", id],
    topologyText,
    setNodes: (members, version) => ["CLUSTERX", "SETNODES", topologyText(members), String(version)],
    // The same format as Redis's (cluster.cc, genNodesDescription).
    view: clusterView,
    slotView,
    migration: {
      migrate: (slot, id) => ["CLUSTERX", "MIGRATE", String(slot), id],
      progress: () => ["CLUSTER", "INFO"],
      state: (reply) => {
        // "migrating_slot(s): 93" since 2.10, "migrating_slot: 93" before.
        const slot = /^migrating_slot(?:\(s\))?: *(\d+)/m.exec(reply)?.[1];
        const state = /^migrating_state: *(\w+)/m.exec(reply)?.[1];
        return slot === undefined || state === undefined ? null : { slot: Number(slot), state };
      },
      version: () => ["CLUSTERX", "VERSION"],
      setSlot: (slot, id, version) => ["CLUSTERX", "SETSLOT", String(slot), "NODE", id, String(version)],
    },
  },
  // config.cc: "namespace.<name> <token>", by which they outlive a restart; data of all of them are replicated, tokens are not.
  namespaces: {
    config: (spaces) =>
      Object.fromEntries(
        spaces.flatMap(({ name, token }) => (token === undefined ? [] : [[`namespace.${name}`, token]])),
      ),
  },
  sentinel: foreignSentinel,
  controller: kvrocksController,
  // worker.cc: every worker has its own SO_REUSEPORT listener, so the kernel's hash chooses a connection's thread.
  workerThreads: { comm: /^worker$/, setting: "workers" },
  // cmd_string.cc, cmd_hash.cc
  ownCommands: {
    string: `
      CAD key value
      CAS key value value [EX seconds | PX milliseconds]`,
    hash: "HRANGEBYLEX key min max [LIMIT offset count]",
  },
  restoringReplies: ["LOADING"],
};

function topologyText(members: readonly ClusterMember[]): string {
  return members.map(nodeLine).join("\n");
}

/** One line of CLUSTERX SETNODES: `<id> <host> <port> master - 0-8191` or `<id> <host> <port> slave <master id>`. */
function nodeLine({ id, host, port, master, slots }: ClusterMember): string {
  const role = master === null ? "master -" : `slave ${master}`;
  const ranges = slots.map(([first, last]) => (first === last ? ` ${first}` : ` ${first}-${last}`));
  return `${id} ${host} ${port} ${role}${ranges.join("")}`;
}

function kvrocksState(info: string): NodeState {
  const fields = parseInfo(info);
  const state = stateOf(fields);
  return {
    // While loading there is no replication section at all.
    ...state,
    version: fields.get("kvrocks_version") ?? fields.get("version") ?? null,
    syncing: state.syncing || state.loading,
  };
}

/** In the order in which they are tried; the first match wins. */
function kvrocksLogRules(): LogRule[] {
  return [
    { name: "signal", pattern: /Ooops! .*got signal: (?<signal>.*)/, meaning: "crash", says: "signal" },
    // glog's own and the C library's, which come before that line.
    { name: "fatal", pattern: /^F\d{4,8} \d\d:\d\d:\d\d\.\d+ +\d+ (?<what>.*)/, meaning: "crash", says: "assertion" },
    { name: "assertion", pattern: /Assertion `(?<what>.*)' failed/, meaning: "crash", says: "assertion" },
    { name: "uncaught", pattern: /terminate called (?<what>.*)/, meaning: "crash" },
    // "switch to fullsync" comes just before, for one attempt only: this line begins every attempt.
    { name: "fullsync", pattern: /\[replication\] Start syncing data with fullsync/, meaning: "full-sync-start" },
    { name: "psync-refused", pattern: /Failed to psync, .*switch to fullsync/, meaning: "other" },
    {
      name: "fetch",
      // A file that an earlier attempt had fetched is skipped, and counts.
      pattern: /\[(?:fetch\] Fetched|skip\]) (?<file>[^ ,]+).* progress: (?<done>\d+)\/(?<total>\d+)/,
      meaning: "full-sync-progress",
    },
    { name: "restoring", pattern: /Succeeded fetching files in parallel, restoring the backup/, meaning: "restoring" },
    { name: "restored", pattern: /Succeeded restoring the backup, fullsync was finish/, meaning: "full-sync-done" },
    { name: "restore-failed", pattern: /Failed to restore backup while/, meaning: "full-sync-failed" },
    { name: "fetch-failed", pattern: /\[fetch\] Fail to fetch file (?<file>[^,]+)/, meaning: "other" },
    { name: "fetches-failed", pattern: /Failed to parallel fetch files/, meaning: "full-sync-failed" },
    { name: "sync-stopped", pattern: /\[replication\] Stopped$/, meaning: "full-sync-ended" },
    { name: "waiting-workers", pattern: /Waiting workers for finishing executing commands/, meaning: "other" },
  ];
}
