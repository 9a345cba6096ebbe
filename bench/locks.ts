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
 * Two answers: the rate, which is what a client sees, and the processor's time per operation, which is the server's alone. A RocksDB that is
 * written to learns after its start how its writers wait for each other: two servers of the same kind may differ by half. So every set is of
 * fresh servers, and two without the library are compared as well: "of equals" says what a ratio is worth. Shown are the median and, in
 * brackets, the middle half.
 */

const SETS = Number(process.env.SETS ?? 3);
const ROUNDS = Number(process.env.ROUNDS ?? 9);
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

interface Measured {
  /** Operations a second. */
  rate: number;
  /** Of the processor, s an operation. */
  time: number;
}

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

async function measure(server: Server, command: string, operations: number): Promise<Measured> {
  const before = processorTime(server.pid);
  const load = ["-c", "50", "-P", "8", "-n", operations, "-r", KEYS, "-d", "100", "-t", command, "--csv"];
  const said = await docker("exec", server.client, "redis-benchmark", "-p", String(server.port), ...load.map(String));
  const [, rate = "0"] = said.split("\n").at(-1)?.replaceAll('"', "").split(",") ?? [];
  return { rate: Number(rate), time: (processorTime(server.pid) - before) / operations };
}

function quantile(ratios: readonly number[], part: number): number {
  return ratios.toSorted((a, b) => a - b)[Math.floor(part * (ratios.length - 1))] ?? 0;
}

function median(ratios: readonly number[]): number {
  return quantile(ratios, 0.5);
}

/** The median and the middle half. */
function told(ratios: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part).toFixed(3));
  return `${middle} (${low}–${high})`;
}

/** Three fresh servers: one with the library, one without, and another without, which tells what a ratio of equals is worth here. */
async function compare(image: string, library: LockLibrary): Promise<Record<string, number>[]> {
  const servers: Server[] = [];
  let tick = 1;
  let ticking: NodeJS.Timeout | undefined;
  try {
    for (const loaded of [null, null, library]) servers.push(await launch(image, loaded));
    const folder = servers.at(-1)?.folder ?? "";
    ticking = setInterval(() => raiseTick(folder, library, ++tick), TICK_MS);
    for (const server of servers) await measure(server, "set", KEYS);
    const medians: Record<string, number>[] = [];
    for (const command of ["set", "get"]) {
      const ratios: Record<"rate" | "equal" | "time", number[]> = { rate: [], equal: [], time: [] };
      for (let round = 0; round < ROUNDS; round++) {
        const measured = new Map<Server, Measured>();
        const order = servers.map((_, i) => servers[(i + round) % servers.length]);
        for (const server of order) if (server) measured.set(server, await measure(server, command, OPERATIONS));
        const [plain, equal, loaded] = servers.flatMap((server) => measured.get(server) ?? []);
        if (!plain || !equal || !loaded) continue;
        ratios.rate.push(loaded.rate / plain.rate, loaded.rate / equal.rate);
        ratios.equal.push(equal.rate / plain.rate);
        ratios.time.push(loaded.time / plain.time, loaded.time / equal.time);
      }
      const { rate, equal, time } = ratios;
      console.log(`${image} ${command}: rate ${told(rate)}, of equals ${told(equal)}, processor time ${told(time)}`);
      medians.push({ rate: median(rate), equal: median(equal), time: median(time) });
    }
    await tellGraphs(folder, library);
    return medians;
  } finally {
    clearInterval(ticking);
    await Promise.all(servers.map(end));
  }
}

async function tellGraphs(folder: string, library: LockLibrary): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".graph"))) {
    const graph = await readGraphFile(path.join(folder, file), library.layout);
    console.log(`  ${graph?.dependencies.length} dependencies, lost: ${graph?.lost.join(", ") || "nothing"}`);
  }
}

const here = (await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
const library = await makeLibrary();
const asked = process.argv.slice(2);
for (const image of asked.length > 0 ? asked : SERVERS.filter((one) => here.includes(one))) {
  const sets: Record<string, number>[][] = [];
  for (let set = 0; set < SETS; set++) sets.push(await compare(image, library));
  for (const [i, command] of ["set", "get"].entries()) {
    const of = (what: string): string => told(sets.flatMap((medians) => medians[i]?.[what] ?? []));
    console.log(
      `${image} ${command}, ${SETS} sets: rate ${of("rate")}, of equals ${of("equal")}, processor time ${of("time")}`,
    );
  }
}
