import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { sleep, until } from "../harness/base/deadline.ts";
import { RawConnection } from "../harness/resp/connection.ts";
import { replyText } from "../harness/resp/reply-text.ts";
import { type BenchRow, inTurns, median, rowOf, summed } from "./table.ts";

/*
 * What does an experiment without load cost? `kvchaos run` of one master, two replicas and a control server; the processor's time of all threads
 * of its processes, of the servers, and of whatever else of the machine works for them. In turns with the same servers while kvchaos is stopped
 * (SIGSTOP): that is what they cost anyway, and what a loaded one gives when nobody probes it.
 */

export const title = "Idle cost";

const LIMIT = 3;
const ROUNDS = 4;
const WATCHED_MS = 3_000;
const STOPPED_MS = 1_500;
const SETTLE_MS = 500;
const LOAD_ROUNDS = 32;
const LOADED_MS = 400;
const SWITCH_MS = 100;
const START_MS = 40_000;
/** What works for all containers of the machine; a bench has it to itself. */
const SHARED = /^(dockerd|containerd|containerd-shim.*|docker-proxy|toxiproxy.*)$/;
const KVCHAOS = path.join(import.meta.dirname, "../harness/cli/kvchaos.mjs");
const EXPERIMENT = {
  title: "Idle",
  cluster: { masters: 1, replicas: 2 },
  "warm-up": "2s",
  duration: "120s",
  faults: [],
  checks: ["no-hang"],
};

interface Groups {
  harness: readonly number[];
  servers: readonly number[];
  shared: readonly number[];
}

export async function rows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-bench-"));
  const file = path.join(folder, "idle.yaml");
  await writeFile(file, JSON.stringify(EXPERIMENT));
  const run = spawn(process.execPath, [KVCHAOS, "run", file, "--reports", folder, "--quiet"], { stdio: "ignore" });
  const ended = once(run, "exit");
  try {
    const events = await chaosBegins(folder);
    return [...(await idle(groupsOf(run.pid ?? 0, events))), ...(await loaded(run.pid ?? 0, events))];
  } finally {
    run.kill("SIGCONT");
    run.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

interface Line {
  type: string;
  runId?: string;
  phase?: string;
  node?: string;
  pid?: number | null;
}

async function chaosBegins(folder: string): Promise<Line[]> {
  return until({ what: "the chaos phase", within: START_MS, every: 200 }, () => {
    const name = readdirSync(folder).find((one) => existsSync(path.join(folder, one, "journal.jsonl")));
    if (name === undefined) return undefined;
    const lines = readFileSync(path.join(folder, name, "journal.jsonl"), "utf8")
      .split("\n")
      .slice(0, -1);
    const events: Line[] = lines.map((line) => JSON.parse(line));
    const begun = events.findIndex(({ type, phase }) => type === "phase" && phase === "chaos");
    return begun >= 0 && events.slice(begun).some(({ type }) => type === "process") && events;
  });
}

function groupsOf(run: number, events: readonly Line[]): Groups {
  const servers = events.flatMap(({ type, pid }) => (type === "process" && pid ? [pid] : []));
  const all = processes();
  const harness = [run];
  for (const parent of harness) for (const one of all) if (one.parent === parent) harness.push(one.pid);
  const shared = all.filter(({ comm }) => SHARED.test(comm)).map(({ pid }) => pid);
  return { harness, servers: [...new Set(servers)], shared };
}

function processes(): { pid: number; parent: number; comm: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const [, comm = "", parent = "0"] = /\((.*)\) \S (\d+)/.exec(readOr(`/proc/${name}/stat`, "")) ?? [];
    return [{ pid: Number(name), parent: Number(parent), comm }];
  });
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return otherwise; // it ended
  }
}

/** Of each thread of some processes, ms. */
function processorTimes(pids: readonly number[]): Map<string, number> {
  const files = pids.flatMap((pid) => {
    const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
    return threads.map((thread) => `/proc/${pid}/task/${thread}/schedstat`);
  });
  return new Map(files.map((file) => [file, Number(readOr(file, "0").split(" ")[0]) / 1e6]));
}

/** Of the threads that are still there, ms. */
function processorTimeSince(before: ReadonlyMap<string, number>, pids: readonly number[]): number {
  const differences = [...processorTimes(pids)].map(([file, time]) => time - (before.get(file) ?? 0));
  return differences.reduce((sum, time) => sum + time, 0);
}

async function idle({ harness, servers, shared }: Groups): Promise<BenchRow[]> {
  const around = [...servers, ...shared];
  /** % of a core: what the harness took, and everything. */
  const shares = async (ms: number): Promise<[own: number, all: number]> => {
    const [own, others, from] = [processorTimes(harness), processorTimes(around), performance.now()];
    await sleep(ms);
    const percent = 100 / (performance.now() - from);
    const ownShare = processorTimeSince(own, harness) * percent;
    return [ownShare, ownShare + processorTimeSince(others, around) * percent];
  };
  const [run = 0] = harness;
  const alone: number[] = [];
  const watched = async (): Promise<number> => {
    const [own, everything] = await shares(WATCHED_MS);
    alone.push(own);
    return everything;
  };
  const unwatched = () => stopped(run, async () => (await shares(STOPPED_MS))[1]);
  const [all = [], without = []] = await inTurns(ROUNDS, [watched, unwatched]);
  const told = (percent: number): string => `${percent.toFixed(2)} % of a core`;
  return [
    {
      what: "an experiment without load, 4 servers: everything",
      ours: told(median(all)),
      other: told(LIMIT),
      ...summed(all.map((percent) => percent / LIMIT)),
      goal: { atMost: 1 },
    },
    rowOf({
      what: "the same beside what servers and engine cost while kvchaos is stopped",
      figures: [all, without],
      told: [told, told],
      goal: null,
    }),
    {
      what: "of that kvchaos and its reaper",
      ours: told(median(alone)),
      other: told(LIMIT),
      ...summed(alone.map((percent) => percent / LIMIT)),
      goal: null,
    },
  ];
}

async function stopped(run: number, work: () => Promise<number>): Promise<number> {
  process.kill(run, "SIGSTOP");
  try {
    return await work();
  } finally {
    process.kill(run, "SIGCONT");
    await sleep(SETTLE_MS);
  }
}

/** One load for the whole time: rates of a moment with and without probes lie beside each other, and what changes slowly changes both. */
async function loaded(run: number, events: readonly Line[]): Promise<BenchRow[]> {
  const docker = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("docker", args, { timeout: START_MS });
    return stdout.trim();
  };
  const filters = [`label=kvchaos.run=${events[0]?.runId}`, "label=kvchaos.node=m1"].flatMap((filter) => [
    "--filter",
    filter,
  ]);
  const container = await docker("ps", "-q", ...filters);
  const port = Number((await docker("port", container, "6379")).split("\n")[0]?.split(":").at(-1));
  const connection = await RawConnection.open({ host: "127.0.0.1", port, within: START_MS });
  const load = ["exec", container, "redis-benchmark", "-c", "50", "-P", "16", "-n", "1000000000", "-t", "get", "-q"];
  const benchmark = spawn("docker", load, { stdio: "ignore" });
  const processed = async (): Promise<number> => {
    const outcome = await connection.send(["INFO", "stats"], { within: START_MS });
    const text = outcome.outcome === "ok" ? replyText(outcome.reply) : "";
    return Number(/total_commands_processed:(\d+)/.exec(text)?.[1]);
  };
  const server = events.flatMap(({ node, pid }) => (node === "m1" && pid ? [pid] : [])).slice(0, 1);
  /** GETs in a ms of the server's processor time, by place as the rates. What else the machine does leaves that alone. */
  const perTime: number[][] = [[], []];
  const rate = async (place: number): Promise<number> => {
    await sleep(SWITCH_MS); // What was due while it was stopped is over.
    const [before, times, from] = [await processed(), processorTimes(server), performance.now()];
    await sleep(LOADED_MS);
    const [took, time] = [performance.now() - from, processorTimeSince(times, server)];
    const count = (await processed()) - before;
    perTime[place]?.push(count / time);
    return count / took;
  };
  const unprobed = async (): Promise<number> => {
    process.kill(run, "SIGSTOP");
    return rate(1).finally(() => process.kill(run, "SIGCONT"));
  };
  try {
    const figures = await inTurns(LOAD_ROUNDS, [() => rate(0), unprobed]);
    const thousands = (each: number): string => `${Math.round(each)} k/s`;
    const compared = (what: string, of: readonly number[][]): BenchRow => {
      const told = [thousands, (each: number) => `${thousands(each)} of one that is not`] as const;
      return rowOf({ what, figures: of, told, goal: { atLeast: 0.99 } });
    };
    return [
      compared("GET, 50 × 16, of a server that is probed", figures),
      compared("the same for a second of the server's processor time", perTime),
    ];
  } finally {
    connection.close();
    benchmark.kill(); // What it started ends with its container.
  }
}
