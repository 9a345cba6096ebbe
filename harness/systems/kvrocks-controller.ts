import { z } from "zod";
import type { ControllerMode, HttpCall } from "./controller-mode.ts";
import type { LogRule } from "./system.ts";

/** What the cluster is called in the store. */
const NAME = "kvchaos";
const PREFIX = "controller-";
const PORT = 9379;
const FILE = "/var/lib/kvctl/kvchaos.yaml";
/** The official file's own are 3 s and 5: failovers must fit into an experiment. */
const SETTINGS: Readonly<Record<string, string>> = { ping_interval_seconds: "1", max_ping_count: "5" };
/** For a connection, and for an answer on it. ms (store/cluster_node.go) */
const DIAL_MS = 3_200;
const READ_MS = 3_000;

const namespaces = "/api/v1/namespaces";
const clusters = `${namespaces}/${NAME}/clusters`;

const slotRange = z
  .string()
  .regex(/^\d+(-\d+)?$/)
  .transform((text): [number, number] => {
    const [first = 0, last = first] = text.split("-").map(Number);
    return [first, last];
  });

const answer = z.object({
  data: z.object({
    cluster: z.object({
      version: z.number(),
      shards: z.array(
        z.object({
          nodes: z.array(z.object({ id: z.string(), addr: z.string(), role: z.enum(["master", "slave"]) })),
          slot_ranges: z.array(slotRange).nullable(),
          migrating_slot: z.number(),
          target_shard_index: z.number(),
        }),
      ),
    }),
  }),
});

/**
 * apache/kvrocks-controller 1.1.0 with etcd as its store: one process of several leads, asks every server CLUSTER INFO on a schedule, and
 * replaces a master that failed to answer so many times in a row (controller/cluster.go). The servers are told by CLUSTERX SETNODES.
 */
export const kvrocksController: ControllerMode = {
  image: "apache/kvrocks-controller:1.1.0",
  store: {
    image: "quay.io/coreos/etcd:v3.4.23",
    port: 2379,
    command: (host) => [
      "/usr/local/bin/etcd",
      ...["--data-dir", "/var/lib/etcd"],
      ...["--listen-client-urls", "http://0.0.0.0:2379", "--advertise-client-urls", `http://${host}:2379`],
    ],
  },
  processName: "kvctl-server",
  port: PORT,
  prefix: PREFIX,
  logRules: controllerLogRules(),
  launch: (config, store) => {
    const lines = [
      `addr: "0.0.0.0:${PORT}"`,
      "storage_type: etcd",
      "etcd:",
      "  addrs:",
      `    - "${store.host}:${store.port}"`,
      "controller:",
      "  failover:",
      ...Object.entries(settingsOf(config)).map(([key, value]) => `    ${key}: ${value}`),
    ];
    const start = `printf '%s\\n' "$@" >${FILE} && exec /kvctl/bin/kvctl-server -c ${FILE}`;
    // The image's own entrypoint names a file that it brings along.
    return { entrypoint: ["/bin/sh", "-c"], command: [start, "controller", ...lines], environment: {} };
  },
  limits: (config) => {
    const { ping_interval_seconds: interval, max_ping_count: failures } = settingsOf(config);
    return { interval: Number(interval) * 1_000, failures: Number(failures), answer: DIAL_MS + READ_MS };
  },
  calls: {
    namespace: () => post(namespaces, { namespace: NAME }),
    // `replicas` counts the servers of a shard, its master too.
    cluster: (masters, password) => post(clusters, { name: NAME, nodes: masters, replicas: 1, password }),
    replica: (shard, addr, password) =>
      post(`${clusters}/${NAME}/shards/${shard}/nodes`, { addr, role: "slave", password }),
    view: () => ({ method: "GET", path: `${clusters}/${NAME}` }),
    failover: (shard, preferred) =>
      post(`${clusters}/${NAME}/shards/${shard}/failover`, preferred === null ? {} : { preferred_node_id: preferred }),
    migrate: (slot, target) => post(`${clusters}/${NAME}/migrate`, { slot, target, slot_only: false }),
  },
  view: (body) => {
    const { version, shards } = answer.parse(body).data.cluster;
    return {
      version,
      shards: shards.map(({ nodes, slot_ranges, migrating_slot }) => ({
        slots: slot_ranges ?? [],
        migrating: migrating_slot < 0 ? null : migrating_slot,
        nodes: nodes.map(({ id, addr, role }) => ({
          id,
          host: addr.replace(/:\d+$/, ""),
          isMaster: role === "master",
        })),
      })),
    };
  },
};

function settingsOf(config: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(config).map(([key, value]) => [key.slice(PREFIX.length), value]);
  return { ...SETTINGS, ...Object.fromEntries(given) };
}

function post(path: string, body: unknown): HttpCall {
  return { method: "POST", path, body };
}

/** One JSON object a line, its message and then what it is about. The first match wins. */
function controllerLogRules(): LogRule[] {
  const server = '"id":"(?<id>\\w+)",.*"addr":"(?<addr>[^"]+)"';
  return [
    rule(
      "controller-probe-failed",
      `"(?<said>Failed to probe the node)",${server},"error":"(?<error>[^"]*)",.*"failure_count":(?<count>\\d+)`,
    ),
    rule("controller-promoted", `"(?<said>Promote the new master)",${server},"new_master_id":"(?<heir>\\w+)"`),
    rule("controller-not-promoted", `"(?<said>Failed to promote the new master)",${server},"error":"(?<error>[^"]*)"`),
    rule("controller-leads", '"(?<said>Became the leader, resume the controller)"'),
    rule("controller-follows", '"(?<said>Lost the leader, suspend the controller)"'),
    rule("controller-no-store", '"(?<said>Failed to get the clusterName? info[^"]*)".*"error":"(?<error>[^"]*)"'),
    rule("controller-not-synced", '"(?<said>Failed to sync the clusterName[^"]*)".*"error":"(?<error>[^"]*)"'),
    rule(
      "controller-session",
      '"(?<said>Leader session is done|Failed to (?:create session|acquire the leader campaign))"',
    ),
  ];
}

function rule(name: string, words: string): LogRule {
  return { name, pattern: new RegExp(`"msg":${words}`), meaning: "election" };
}
