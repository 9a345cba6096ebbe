import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../harness/base/clock.ts";
import { sleep, until } from "../harness/base/deadline.ts";
import { seededRandom } from "../harness/base/random.ts";
import { freePorts } from "../harness/docker/free-ports.ts";
import { HistoryWriter } from "../harness/history/writer.ts";
import type { LoadSpec } from "../harness/journal/plan.ts";
import { LoadGenerator } from "../harness/load/load-generator.ts";
import { OperationLog } from "../harness/load/operation-log.ts";
import { command, keys, numbered } from "../harness/load/workloads/keys-and-values.ts";
import { workloadNamed } from "../harness/load/workloads/registry.ts";
import type { Workload } from "../harness/load/workloads/workload.ts";
import { docker, removeContainers } from "./support/docker.ts";
import { type BenchRow, inTurns, median, rowOf } from "./table.ts";

/*
 * Is the load generator as fast as redis-benchmark, on the same path to the same server, and what does recording cost? Both are on the
 * host: ours in this thread, redis-benchmark in a container without a network of its own. The server is behind a published port;
 * `npm run bench -- load host`: without a network of its own, too, as if there was no container. `load published 50x16`: one shape.
 *
 * Both count from the first connection on, and ask for keys, members and values of the same length, all of which exist. Nobody is bound to
 * a processor: at 1 × 1 it is the kernel that decides whether client and server share one, which makes a factor of two for both.
 */

export const title = "The load generator, beside redis-benchmark";

const IMAGE = "redis:7.0.15";
const ROUNDS = 5;
const ROUND_MS = 250;
const SHAPES = [
  { connections: 1, pipeline: 1 },
  { connections: 50, pipeline: 1 },
  { connections: 50, pipeline: 16 },
  { connections: 4, pipeline: 256 },
];
const KEYS = 10_000;
const RATES = [1000, 50_000];
const RATE_ROUNDS = 3;
const RATE_MS = 1500;
/** redis-benchmark writes numbers in twelve digits, ours here have four at most. */
const ZEROS = "00000000";

const get: Workload = {
  name: "get",
  summary: "GET of the keys that SET wrote",
  source: (spec, random) => command("GET", keys({ ...spec, keyPrefix: `set:${ZEROS}` }, random)),
};
const zadd: Workload = {
  name: "zadd",
  summary: "ZADD of numbers as long as those of redis-benchmark",
  source: (spec, random) =>
    command(
      "ZADD",
      keys(spec, random),
      numbered(ZEROS, spec.elements, random),
      numbered(`element:${ZEROS}`, spec.elements, random),
    ),
};
const TESTS = [
  { workload: workloadNamed("set"), test: "set", records: true },
  { workload: get, test: "get", records: false },
  { workload: workloadNamed("get-set"), test: null, records: true },
  { workload: zadd, test: "zadd", records: true },
];

const clock = monotonicClock();

interface Place {
  port: number;
  /** Where redis-benchmark is. */
  client: string;
}

export async function rows([where, only]: readonly string[]): Promise<BenchRow[]> {
  const [port = 0, behind = 0] = await freePorts(2);
  const server = [IMAGE, "redis-server", "--save", "", "--protected-mode", "no"];
  const started: string[] = [];
  const start = async (...args: string[]) => started.push(await docker("run", "-d", "--rm", ...args));
  try {
    // Our client is under no filter of system calls.
    await start(
      "--network",
      "host",
      "--security-opt",
      "seccomp=unconfined",
      ...server,
      "--port",
      `${port}`,
      "--bind",
      "127.0.0.1",
    );
    if (where !== "host") await start("-p", `127.0.0.1:${behind}:6379`, ...server);
    const place = { port: where === "host" ? port : behind, client: started[0] ?? "" };
    await answers(place);
    await warmUp(place);
    const all: BenchRow[] = [];
    const shapes = SHAPES.filter((one) => only === undefined || only === `${one.connections}x${one.pipeline}`);
    for (const shape of shapes) for (const test of TESTS) all.push(...(await compared(place, { ...shape, ...test })));
    if (only === undefined) for (const rate of RATES) all.push(await openLoop(place, rate));
    return all;
  } finally {
    await removeContainers(started);
  }
}

async function answers({ port, client }: Place): Promise<void> {
  await until({ what: "the server", within: 20_000 }, async () => {
    return (await docker("exec", client, "redis-cli", "-p", `${port}`, "ping").catch(() => "")) === "PONG";
  });
}

/** Writes all keys; and our code is compiled while it runs, redis-benchmark was before. */
async function warmUp(place: Place): Promise<void> {
  for (const { workload, records, test } of TESTS) {
    for (const shape of SHAPES.slice(1)) {
      const spec = specOf(workload, shape);
      await ours(place, spec, workload);
      if (records) await recorded(place, spec, workload);
    }
    if (test !== null) await theirs(place, specOf(workload, { connections: 50, pipeline: 16 }), test, 20 * KEYS);
  }
}

async function compared(place: Place, test: (typeof TESTS)[number] & (typeof SHAPES)[number]): Promise<BenchRow[]> {
  const { workload, connections, pipeline } = test;
  const spec = specOf(workload, { connections, pipeline });
  let operations = 20_000;
  const plain = async () => {
    const rate = await ours(place, spec, workload);
    operations = Math.ceil((rate * ROUND_MS) / 1000);
    return rate;
  };
  const contenders = [plain];
  if (test.test !== null) contenders.push(() => theirs(place, spec, test.test, operations));
  if (test.records) contenders.push(() => recorded(place, spec, workload));
  const figures = await inTurns(ROUNDS, contenders);
  const what = `${workload.name}, ${connections} × ${pipeline}`;
  const [unrecorded = [], second = []] = figures;
  const row: BenchRow[] = [];
  if (test.test !== null) {
    const told = [perSecond, (rate: number) => `${perSecond(rate)} redis-benchmark`] as const;
    row.push(rowOf({ what, figures: [unrecorded, second], told, goal: { atLeast: 1 } }));
  }
  if (test.records) {
    const told = [perSecond, (rate: number) => `${perSecond(rate)} without`] as const;
    const kept = [figures.at(-1) ?? [], unrecorded];
    row.push(rowOf({ what: `${what}, recorded`, figures: kept, told, goal: { atLeast: 0.95 } }));
  }
  return row;
}

function specOf(
  { name }: Workload,
  more: Pick<LoadSpec, "connections" | "pipeline">,
  rate: number | null = null,
): LoadSpec {
  return {
    ...{
      name,
      workload: name,
      on: [],
      via: "direct",
      ...more,
      rate,
      keyPrefix: name === "zadd" ? "zadd:" : `${name}:${ZEROS}`,
      value: { min: 100, max: 100 },
    },
    ...{ keys: name === "zadd" ? 1 : KEYS, elements: KEYS, timeout: 5000, record: false, wait: null },
  };
}

/** Operations a second. */
async function ours(
  { port }: Place,
  spec: LoadSpec,
  workload: Workload,
  log?: OperationLog,
  ms = ROUND_MS,
): Promise<number> {
  const targets = [{ node: "bench", host: "127.0.0.1", port }];
  const share = { index: 0, of: 1 };
  const generator = new LoadGenerator({ spec, workload, targets, share, random: seededRandom("bench"), clock, log });
  const from = clock.now();
  generator.start(from);
  await sleep(ms);
  const { ok, fail, info } = generator.sample();
  const rate = (ok * 1000) / (clock.now() - from);
  await generator.stop();
  if (fail + info > 0) throw new Error(`${spec.name}: ${fail} failed, ${info} unknown`);
  return rate;
}

async function recorded(place: Place, plain: LoadSpec, workload: Workload): Promise<number> {
  // What others wrote would be foreign to it, and be told in full.
  const spec = { ...plain, keyPrefix: plain.keyPrefix.toUpperCase() };
  const folder = mkdtempSync(path.join(tmpdir(), "kvchaos-bench-"));
  const writer = HistoryWriter.open(path.join(folder, "load.ops"));
  const share = { index: 0, of: 1 };
  try {
    const log = new OperationLog({ spec, writer, nodes: ["bench"], share, random: seededRandom("bench") });
    const rate = await ours(place, spec, workload, log);
    const { failure } = await writer.close();
    if (failure !== null) throw new Error(`not everything was recorded: ${failure}`);
    return rate;
  } finally {
    await writer.close();
    rmSync(folder, { recursive: true });
  }
}

async function theirs(
  { client, port }: Place,
  spec: LoadSpec,
  test: string | null,
  operations: number,
): Promise<number> {
  const { connections, pipeline, value, elements } = spec;
  const shape = ["-c", `${connections}`, "-P", `${pipeline}`, "-d", `${value.max}`, "-r", `${elements}`];
  const asked = ["-p", `${port}`, "-t", `${test}`, "-n", `${operations}`, ...shape, "--csv"];
  const told = await docker("exec", client, "redis-benchmark", ...asked);
  const rate = Number(/"([\d.]+)"/.exec(told.split("\n").at(-1) ?? "")?.[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark said: ${told}`);
  return rate;
}

async function openLoop(place: Place, rate: number): Promise<BenchRow> {
  const workload = workloadNamed("set");
  const spec = specOf(workload, { connections: 10, pipeline: 16 }, rate);
  const got: number[] = [];
  for (let round = 0; round < RATE_ROUNDS; round++) got.push(await ours(place, spec, workload, undefined, RATE_MS));
  return {
    what: `open loop: 1 − |got ÷ asked − 1|`,
    ours: `${median(got).toFixed(0)}/s`,
    other: `${rate}/s asked`,
    ratio: median(got.map((one) => 1 - Math.abs(one / rate - 1))),
    spread: null,
    goal: { atLeast: 0.99 },
  };
}

const perSecond = (rate: number): string => `${(rate / 1000).toFixed(1)} k/s`;
