import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { until } from "../harness/base/deadline.ts";
import { readGraphFile } from "../harness/locks/library/graph-file.ts";
import { Table } from "../harness/locks/library/layout.ts";
import { type LockLibrary, makeLibrary } from "../harness/locks/library/make-library.ts";

/*
 * What does the library that sees locks cost a server? SET and GET at 50 connections × pipeline 8, with and without it, in turns that change
 * their order, in one run. `node --import tsx bench/locks.ts [image …]`; without images, those of SERVERS that this machine has.
 *
 * Two answers. The rate is what a client sees, and on a busy machine it is mostly noise. The processor's time per operation is the server's
 * alone. A RocksDB that is written to waits in one of two ways, which one it learns after its start: two servers of the same kind may differ by
 * half. What SET costs is the median of several runs of this bench. Each is a ratio of two neighbours in time; the median and, in brackets, the middle half of all rounds are shown.
 */

const ROUNDS = Number(process.env.ROUNDS ?? 21);
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

const run = promisify(execFile);
const docker = async (...args: string[]): Promise<string> => (await run("docker", args)).stdout.trim();

/** Pika refuses to start where it may not open as many files as its configuration has clients. */
const FEWER_CLIENTS = "sed -i 's/^maxclients .*/maxclients : 1000/' conf/pika.conf && exec bin/pika -c conf/pika.conf";

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
  await docker("rm", "-f", "-v", server.client, server.name);
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

async function measure(server: Server, command: string, operations: number): Promise<{ rate: number; time: number }> {
  const before = processorTime(server.pid);
  const load = ["-c", "50", "-P", "8", "-n", operations, "-r", KEYS, "-d", "100", "-t", command, "--csv"];
  const said = await docker("exec", server.client, "redis-benchmark", "-p", String(server.port), ...load.map(String));
  const [, rate = "0"] = said.split("\n").at(-1)?.replaceAll('"', "").split(",") ?? [];
  return { rate: Number(rate), time: (processorTime(server.pid) - before) / operations };
}

function told(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
  return `${middle?.toFixed(3)} (${low?.toFixed(3)}–${high?.toFixed(3)})`;
}

async function compare(image: string, library: LockLibrary): Promise<void> {
  const plain = await launch(image, null);
  const loaded = await launch(image, library);
  let tick = 1;
  const ticking = setInterval(() => raiseTick(loaded.folder, library, ++tick), TICK_MS);
  try {
    for (const server of [plain, loaded]) await measure(server, "set", KEYS);
    for (const command of ["set", "get"]) {
      const rates: number[] = [];
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const first = round % 2 === 0 ? plain : loaded;
        const one = await measure(first, command, OPERATIONS);
        const two = await measure(first === plain ? loaded : plain, command, OPERATIONS);
        const [without, with_] = first === plain ? [one, two] : [two, one];
        rates.push(with_.rate / without.rate);
        times.push(with_.time / without.time);
      }
      console.log(`${image} ${command}: rate ${told(rates)}, processor time ${told(times)}`);
    }
    for (const file of readdirSync(loaded.folder).filter((name) => name.endsWith(".graph"))) {
      const graph = await readGraphFile(path.join(loaded.folder, file), library.layout);
      console.log(`  ${graph?.dependencies.length} dependencies, lost: ${graph?.lost.join(", ") || "nothing"}`);
    }
  } finally {
    clearInterval(ticking);
    await Promise.all([end(plain), end(loaded)]);
  }
}

const here = (await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
const library = await makeLibrary();
const asked = process.argv.slice(2);
for (const image of asked.length > 0 ? asked : SERVERS.filter((one) => here.includes(one)))
  await compare(image, library);
