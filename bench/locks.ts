import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { until } from "../harness/base/deadline.ts";
import { readGraphFile } from "../harness/locks/library/graph-file.ts";
import { Table } from "../harness/locks/library/layout.ts";
import { type LockLibrary, makeLibrary } from "../harness/locks/library/make-library.ts";
import { docker, removeContainers } from "./support/docker.ts";
import { type BenchRow, rowOf } from "./table.ts";

/*
 * What does the library that sees locks cost a server? SET and GET at 50 connections × pipeline 8, with and without it, in turns that change
 * their order. `npm run bench -- locks [image …]`; without images, the first of SERVERS that this machine has.
 *
 * Two answers: the rate, which is what a client sees, and the processor's time per operation, which is the server's alone. A RocksDB that is
 * written to learns after its start how its writers wait for each other: two servers of the same kind may differ by half. So two without the
 * library are compared as well: what a ratio is worth. SETS=3 takes three fresh sets of servers.
 */

export const title = "The library that sees locks";

const SETS = Number(process.env.SETS ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const OPERATIONS = 40_000;
const KEYS = 100_000;
const CLIENT = "redis:7.0.15";
const SERVERS = [
  "apache/kvrocks:2.9.0",
  "apache/kvrocks:2.11.0",
  "pikadb/pika:3.5.5",
  "pikadb/pika:4.0.1",
  "redis:7.0.15",
];
const TICK_MS = 100;
const COMMANDS = ["set", "get"];

/** Pika refuses to start where it may not open as many files as its configuration has clients. */
const FEWER_CLIENTS = "sed -i 's/^maxclients .*/maxclients : 1000/' conf/pika.conf && exec bin/pika -c conf/pika.conf";

interface Measured {
  /** Operations a second. */
  rate: number;
  /** Of the processor, s an operation. */
  time: number;
}

/** By round. */
type Figures = Record<"plain" | "equal" | "loaded", Measured[]>;

interface Server {
  name: string;
  client: string;
  port: number;
  pid: number;
  folder: string;
}

function portOf(image: string): number {
  if (image.includes("kvrocks")) return 6666;
  return image.includes("pika") ? 9221 : 6379;
}

function writeControl(folder: string, library: LockLibrary): void {
  const table = new Table(library.layout, "control");
  const control = Buffer.alloc(table.size);
  for (const [field, value] of Object.entries({ layout: library.layout.version, tick: 1, long_wait_ms: 1000 }))
    table.set(control, 0, field, value);
  writeFileSync(path.join(folder, "control"), control);
}

function raiseTick(folder: string, library: LockLibrary, tick: number): void {
  const control = openSync(path.join(folder, "control"), "r+");
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(tick);
  writeSync(control, bytes, 0, bytes.length, new Table(library.layout, "control").offset("tick"));
  closeSync(control);
}

async function launch(image: string, library: LockLibrary | null): Promise<Server> {
  const folder = mkdtempSync("/dev/shm/kvchaos-bench-");
  const loaded = library !== null;
  if (loaded) writeControl(folder, library);
  const mounts = loaded ? ["-v", `${folder}:/kvchaos-locks`, "-v", `${library.path}:/kvchaos-locks.so:ro`] : [];
  const environment = loaded ? ["-e", "LD_PRELOAD=/kvchaos-locks.so", "-e", "KVCHAOS_LOCKS=/kvchaos-locks"] : [];
  const command = image.includes("pika") ? ["--entrypoint", "sh", image, "-c", FEWER_CLIENTS] : [image];
  const name = await docker("run", "-d", ...mounts, ...environment, ...command);
  const client = await docker("run", "-d", "--network", `container:${name}`, "--entrypoint", "sleep", CLIENT, "3600");
  const pid = Number(await docker("inspect", "-f", "{{.State.Pid}}", name));
  const server = { name, client, port: portOf(image), pid, folder };
  try {
    await until({ what: `${image} to answer`, within: 30_000, every: 100 }, async () => {
      const answer = await docker("exec", client, "redis-cli", "-p", String(server.port), "ping").catch(() => "");
      return answer === "PONG";
    });
  } catch (error) {
    await end(server);
    throw error;
  }
  return server;
}

async function end(server: Server): Promise<void> {
  await removeContainers([server.client, server.name]);
  rmSync(server.folder, { recursive: true });
}

/** Of all its threads, seconds. */
function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => {
    const [running = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(running);
  });
  return times.reduce((a, b) => a + b, 0) / 1e9;
}

async function measure(server: Server, command: string, operations: number): Promise<Measured> {
  const before = processorTime(server.pid);
  const load = ["-c", "50", "-P", "8", "-n", operations, "-r", KEYS, "-d", "100", "-t", command, "--csv"];
  const said = await docker("exec", server.client, "redis-benchmark", "-p", String(server.port), ...load.map(String));
  const [, rate = "0"] = said.split("\n").at(-1)?.replaceAll('"', "").split(",") ?? [];
  return { rate: Number(rate), time: (processorTime(server.pid) - before) / operations };
}

/** Three fresh servers: one with the library, one without, and another without, which tells what a ratio of equals is worth here. */
async function compare(image: string, library: LockLibrary): Promise<Map<string, Figures>> {
  const servers: Server[] = [];
  let tick = 1;
  let ticking: NodeJS.Timeout | undefined;
  try {
    for (const loaded of [null, null, library]) servers.push(await launch(image, loaded));
    const folder = servers.at(-1)?.folder ?? "";
    ticking = setInterval(() => raiseTick(folder, library, ++tick), TICK_MS);
    for (const server of servers) await measure(server, "set", KEYS);
    const all = new Map<string, Figures>();
    for (const command of COMMANDS) {
      const figures: Figures = { plain: [], equal: [], loaded: [] };
      for (let round = 0; round < ROUNDS; round++) {
        const measured = new Map<Server, Measured>();
        const order = servers.map((_, i) => servers[(i + round) % servers.length]);
        for (const server of order) if (server) measured.set(server, await measure(server, command, OPERATIONS));
        const [plain, equal, loaded] = servers.flatMap((server) => measured.get(server) ?? []);
        if (!plain || !equal || !loaded) continue;
        figures.plain.push(plain);
        figures.equal.push(equal);
        figures.loaded.push(loaded);
      }
      all.set(command, figures);
    }
    await tellLost(folder, library);
    return all;
  } finally {
    clearInterval(ticking);
    await Promise.all(servers.map(end));
  }
}

/** What was lost cost less than what was written down. */
async function tellLost(folder: string, library: LockLibrary): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".graph"))) {
    const graph = await readGraphFile(path.join(folder, file), library.layout);
    console.error(`  ${graph?.dependencies.length} dependencies, lost: ${graph?.lost.join(", ") || "nothing"}`);
  }
}

function rowsOf(image: string, command: string, { plain, equal, loaded }: Figures): BenchRow[] {
  const rate = ({ rate }: Measured): number => rate;
  const time = ({ time }: Measured): number => time * 1e6;
  const k = (figure: number): string => `${Math.round(figure / 1000)} k/s`;
  const us = (figure: number): string => `${figure.toFixed(2)} µs`;
  const row = (what: string, of: typeof rate, tell: typeof k, [left, right]: Measured[][]): BenchRow =>
    rowOf({
      what: `${image} ${command.toUpperCase()}: ${what}`,
      figures: [left?.map(of) ?? [], right?.map(of) ?? []],
      told: [tell, (figure) => `${tell(figure)} without it`],
      goal: null,
    });
  return [
    row("rate", rate, k, [loaded, plain]),
    row("rate of two without it", rate, k, [equal, plain]),
    row("processor time an operation", time, us, [loaded, plain]),
  ];
}

export async function rows(asked: readonly string[]): Promise<BenchRow[]> {
  const here = (await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
  const library = await makeLibrary();
  const images = asked.length > 0 ? asked : SERVERS.filter((one) => here.includes(one)).slice(0, 1);
  const all: BenchRow[] = [];
  for (const image of images) {
    const sets: Map<string, Figures>[] = [];
    for (let set = 0; set < SETS; set++) sets.push(await compare(image, library));
    for (const command of COMMANDS) {
      const of = (who: keyof Figures): Measured[] => sets.flatMap((figures) => figures.get(command)?.[who] ?? []);
      all.push(...rowsOf(image, command, { plain: of("plain"), equal: of("equal"), loaded: of("loaded") }));
    }
  }
  return all;
}
