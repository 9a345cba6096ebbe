import { ChaosError } from "../harness/base/chaos-error.ts";
import { until } from "../harness/base/deadline.ts";
import { docker, removeContainers } from "./support/docker.ts";
import { type BenchRow, inTurns, rowOf } from "./table.ts";

/*
 *   host: redis-benchmark ─┬─► published port ──► m1        the three ways of a client
 *                          ├─► m1's own address
 *                          └─► published port ──► Toxiproxy ─► m1
 *   r1 ─┬─► m1                                              a replication link, and the same without Toxiproxy
 *       └─► Toxiproxy ─► m1
 *
 * redis-benchmark is the client everywhere: what differs is the way alone.
 */

export const title = "The way to the server";

const REDIS = "redis:7.0.15";
const TOXIPROXY = "kvchaos/toxiproxy:2.12.0";
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SYNCS = Number(process.env.SYNCS ?? 3);
const SHAPES = [
  { test: "set", connections: 50, pipeline: 16, operations: 300_000 },
  { test: "get", connections: 50, pipeline: 16, operations: 300_000 },
  { test: "set", connections: 1, pipeline: 1, operations: 8_000 },
];
/** Of a full sync: 400 MB in values of 1 kB. */
const KEYS = 400_000;
const BIG = 1024 * 1024;
const BIG_READS = 500;
/** Timed where it happens: a `docker exec` takes as long as a tenth of it. */
const TIMED_SYNC = `
read -r from _ </proc/uptime
redis-cli replicaof "$0" "$1" >/dev/null
for i in $(seq 2000); do
  if redis-cli info replication | grep -q link_status:up; then break; fi
done
read -r to _ </proc/uptime
echo "$from $to"
redis-cli info replication | grep -q link_status:up`;
const NAME = `kvchaos-way-${process.pid}`;
const SERVER = [
  ...["redis-server", "--save", "", "--protected-mode", "no", "--enable-debug-command", "yes"],
  ...["--repl-diskless-sync-delay", "0", "--client-output-buffer-limit", "replica 0 0 0"],
];

const cli = (node: string, ...args: string[]): Promise<string> => docker("exec", node, "redis-cli", ...args);

type Address = readonly [host: string, port: string];

export async function rows(): Promise<BenchRow[]> {
  const network = await docker("network", "create", NAME);
  const started: string[] = [];
  const start = async (name: string, ...args: string[]): Promise<string> => {
    started.push(await docker("run", "-d", "--name", `${NAME}-${name}`, ...args));
    return started.at(-1) ?? "";
  };
  const inside = (alias: string) => ["--network", network, "--network-alias", alias];
  try {
    const m1 = await start("m1", ...inside("m1"), "-p", "127.0.0.1::6379", REDIS, ...SERVER);
    const r1 = await start("r1", ...inside("r1"), REDIS, ...SERVER);
    const client = await start("client", "--network", "host", "--entrypoint", "sleep", REDIS, "86400");
    const published = ["-p", "127.0.0.1::8474", "-p", "127.0.0.1::10000"];
    const toxiproxy = await start("toxiproxy", ...inside("toxiproxy"), ...published, TOXIPROXY, "-host=0.0.0.0");
    for (const node of [m1, r1]) await until({ what: "a server", within: 20_000 }, () => cli(node, "ping"));
    const api = await publishedPort(toxiproxy, 8474);
    for (const [name, port] of [
      ["client", 10000],
      ["r1", 10001],
    ])
      await openProxy(api, `${name}`, Number(port));
    const ip = await docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", m1);
    const direct: Address = ["127.0.0.1", await publishedPort(m1, 6379)];
    const link: Address = ["127.0.0.1", await publishedPort(toxiproxy, 10000)];
    const clients = await ofClients(client, { direct, link, own: [ip, "6379"] });
    return [...clients, ...(await ofReplication(m1, r1))];
  } finally {
    await removeContainers(started);
    await docker("network", "rm", network);
  }
}

async function publishedPort(container: string, port: number): Promise<string> {
  return (await docker("port", container, `${port}`)).split("\n")[0]?.split(":").at(-1) ?? "";
}

async function openProxy(api: string, name: string, port: number): Promise<void> {
  const body = JSON.stringify({ name, listen: `0.0.0.0:${port}`, upstream: "m1:6379" });
  await until({ what: `Toxiproxy's link ${name}`, within: 20_000 }, async (signal) => {
    return (await fetch(`http://127.0.0.1:${api}/proxies`, { method: "POST", body, signal })).ok;
  });
}

async function ofClients(
  client: string,
  { direct, link, own }: Record<"direct" | "link" | "own", Address>,
): Promise<BenchRow[]> {
  const all: BenchRow[] = [];
  for (const { test, connections, pipeline, operations } of SHAPES) {
    const shape = ["-t", test, "-c", `${connections}`, "-P", `${pipeline}`, "-n", `${operations}`, "-d", "100"];
    const ways = [direct, own, link].map((way) => () => benchmark(client, way, shape));
    const [published = [], alone = [], proxied = []] = await inTurns(ROUNDS, ways);
    const what = `${test.toUpperCase()}, ${connections} × ${pipeline}`;
    const against = (name: string) => [perSecond, (rate: number) => `${perSecond(rate)} ${name}`] as const;
    all.push(
      rowOf({
        what: `${what}: published port`,
        figures: [published, alone],
        told: against("container's address"),
        goal: null,
      }),
      rowOf({ what: `${what}: Toxiproxy`, figures: [proxied, published], told: against("published port"), goal: null }),
    );
  }
  return all;
}

async function ofReplication(m1: string, r1: string): Promise<BenchRow[]> {
  const [link, direct]: Address[] = [
    ["toxiproxy", "10001"],
    ["m1", "6379"],
  ];
  await cli(m1, "setrange", "big", `${BIG - 1}`, "x");
  const read = ["-c", "4", "-P", "4", "-n", `${BIG_READS}`];
  const ways = [link, direct].map((way) => () => benchmark(r1, way as Address, read, "get", "big"));
  const figures = await inTurns(ROUNDS, ways);
  const megabytes = (rate: number) => `${((rate * BIG) / 1e6).toFixed(0)} MB/s`;
  const told = [megabytes, (rate: number) => `${megabytes(rate)} without`] as const;
  await cli(m1, "debug", "populate", `${KEYS}`, "key", "1000");
  const syncs = await inTurns(
    SYNCS,
    [link, direct].map((way) => () => fullSync(m1, r1, way as Address)),
  );
  const seconds = (s: number) => `${s.toFixed(2)} s`;
  return [
    rowOf({ what: "r1 -> m1: bytes to r1 through Toxiproxy", figures, told, goal: null }),
    {
      ...rowOf({
        what: "the same, of 300 MB/s",
        figures: [figures[0] ?? [], (figures[0] ?? []).map(() => 3e8 / BIG)],
        told: [megabytes, megabytes],
        goal: { atLeast: 1 },
      }),
    },
    rowOf({
      what: `full sync of ${(KEYS * 1000) / 1e6} MB through Toxiproxy`,
      figures: syncs,
      told: [seconds, (s) => `${seconds(s)} without`],
      goal: { atMost: 1.2 },
    }),
  ];
}

/** s from the command until the replica has all. */
async function fullSync(m1: string, r1: string, [host, port]: Address): Promise<number> {
  await cli(r1, "replicaof", "no", "one");
  await cli(r1, "flushall");
  // Nobody has what this master had under its last name: all is copied.
  await cli(m1, "debug", "change-repl-id");
  const took = await docker("exec", r1, "timeout", "60", "sh", "-c", TIMED_SYNC, host, port);
  const [from = Number.NaN, to = Number.NaN] = took.split(" ").map(Number);
  return to - from;
}

/** Operations a second. */
async function benchmark(container: string, [host, port]: Address, ...rest: (string | string[])[]): Promise<number> {
  const told = await docker("exec", container, "redis-benchmark", "-h", host, "-p", port, "--csv", ...rest.flat());
  const rate = Number(/"([\d.]+)"/.exec(told.split("\n").at(-1) ?? "")?.[1]);
  if (!(rate > 0)) throw new ChaosError("infrastructure", `redis-benchmark said: ${told}`);
  return rate;
}

function perSecond(rate: number): string {
  return `${(rate / 1000).toFixed(rate < 100_000 ? 1 : 0)} k/s`;
}
