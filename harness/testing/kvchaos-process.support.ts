import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../base/deadline.ts";
import { exitOfVerdict, worstExit } from "../cli/exit-codes.ts";
import type { Engine } from "../docker/engine.ts";
import { roomToBegin } from "./room-to-begin.support.ts";

/** Test support: the real command line in a process of its own. */
const BIN = fileURLToPath(new URL("../cli/kvchaos.mjs", import.meta.url));

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class KvchaosProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  #output = "";

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [BIN, ...args], {
      env: { ...process.env, ...environment, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    this.child.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      stderr += chunk;
      this.#output += chunk;
    });
    this.finished = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }

  /** What stderr said that matches; rejects with all of it when the process ends without having said it. */
  async said(pattern: RegExp, within: number): Promise<RegExpExecArray> {
    const said = await until({ what: `"${pattern.source}" on stderr`, within }, () => {
      return pattern.exec(this.#output) ?? (this.child.exitCode !== null && "ended");
    });
    if (said === "ended") throw new Error(`ended with exit code ${this.child.exitCode}: ${this.#output}`);
    return said;
  }
}

export function kvchaos(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return new KvchaosProcess(args, environment).finished;
}

/** Names of the run folders in a folder of reports, oldest first; its index.html is none. */
export async function runFolders(reports: string): Promise<string[]> {
  const entries = await readdir(reports, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Runs until there is a verdict, three times at most. Tests share two cores: a run that was starved says inconclusive, which is
 * right and no answer. It is asked again, not passed over: then no other begins beside it, as kvchaos itself does with --jobs.
 * @param before called before each try, to make room for it
 */
export async function conclusive(
  args: readonly string[],
  before: () => Promise<void> = async () => {},
): Promise<Finished & { pid: number | undefined }> {
  for (let tries = 1; ; tries++) {
    await before();
    const nextMayBegin = await turn("begin");
    await roomToBegin();
    // Who was not starved lets the next one begin at once.
    if (tries === 1) await nextMayBegin();
    const running = new KvchaosProcess(args);
    const finished = await running.finished;
    if (tries > 1) await nextMayBegin();
    if (finished.code !== 2 || tries === 3) return { ...finished, pid: running.child.pid };
    console.log(`no verdict, asked again: kvchaos ${args.join(" ")}`);
  }
}

/** A run waits most of its time; more at once, beside other tests, starve each other on two cores. */
const AT_ONCE = 2;

/** How a run ended. */
export interface Ran {
  /** What kvchaos exits with where it does this run alone. */
  code: number;
  /** Of all that its process did. */
  stderr: string;
  /** The run's folder. */
  directory: string;
}

/**
 * Runs all experiments, some at once. One process does several, one after the other: to load and compile kvchaos for each takes as long
 * as a short run. Who never asks for an outcome is not told that it failed.
 * @param files experiments, each with a name of its own @param before ends before the first one begins
 */
export function someAtOnce(
  files: readonly string[],
  more: readonly string[],
  reports: string,
  before: Promise<unknown> = Promise.resolve(),
): Map<string, Promise<Ran>> {
  const lanes = Array.from({ length: AT_ONCE }, (_, lane) => files.filter((__, i) => i % AT_ONCE === lane));
  const outcomes = lanes.flatMap((lane, i) => {
    const ran = before.then(() => conclusiveEach(lane, more, `${reports}-${i}`));
    return lane.map((file): [string, Promise<Ran>] => {
      const own = ran.then((all) => all.get(file) as Ran);
      own.catch(() => {});
      return [file, own];
    });
  });
  return new Map(outcomes);
}

/**
 * Several experiments, by one process that does one after the other; those without a verdict are asked again by themselves.
 * @param files each with a name of its own
 */
export async function conclusiveEach(
  files: readonly string[],
  more: readonly string[],
  reports: string,
): Promise<Map<string, Ran>> {
  const ended = new Map<string, Ran>();
  if (files.length === 0) return ended;
  const args = (some: readonly string[], to: string): string[] => ["run", ...some, ...more, "--reports", to];
  const nextMayBegin = await turn("begin");
  await roomToBegin();
  await nextMayBegin();
  const { code, stderr } = await kvchaos(args(files, reports));
  const folders = await runFolders(reports);
  for (const file of files) {
    const name = folders.find((one) => /^\d+-\d+-(.*)-\d+$/.exec(one)?.[1] === path.basename(file, ".yaml"));
    if (name === undefined) throw new Error(`${file} was not run: ${stderr}`);
    const directory = path.join(reports, name);
    const { verdict } = JSON.parse(await readFile(path.join(directory, "result.json"), "utf8"));
    ended.set(file, { code: exitOfVerdict(verdict), stderr, directory });
  }
  const worst = worstExit([...ended.values()].map((one) => one.code));
  if (code !== worst) throw new Error(`exit code ${code}, the runs' worst is ${worst}: ${stderr}`);
  for (const [file, { code }] of ended) {
    if (code !== 2) continue;
    console.log(`no verdict, asked again: ${file}`);
    const alone = path.join(reports, path.basename(file, ".yaml"));
    const again = await conclusive(args([file], alone));
    const directory = path.join(alone, (await runFolders(alone)).at(-1) ?? "no run");
    ended.set(file, { code: again.code ?? -1, stderr: again.stderr, directory });
  }
  return ended;
}

/** Names of everything that a kvchaos process made for its runs and that is still there. */
export async function leftOf(engine: Engine, pid: number | undefined): Promise<string[]> {
  const { containers, networks, volumes } = await engine.listByLabel("kvchaos.run");
  return [...containers, ...networks, ...volumes]
    .filter(({ labels }) => labels["kvchaos.owner"]?.startsWith(`${pid}:`))
    .map(({ name }) => name)
    .sort();
}

/**
 * Waits until no other test job removes, or needs, what nobody owns: `kvchaos clean` removes all of it, other tests' too.
 * @returns lets the next one in; the kernel does so when this process dies
 */
export function untilNobodyCleans(): Promise<() => Promise<void>> {
  return turn("clean");
}

/** One test job at a time has its turn at something; another may keep it for as long as three starved runs take. @returns ends it */
async function turn(what: string): Promise<() => Promise<void>> {
  const door = await until({ what: `the end of another test's turn to ${what}`, within: 240_000 }, () => {
    return new Promise<Server | false>((resolve) => {
      const mine = createServer().once("error", () => resolve(false));
      mine.listen(`\0kvchaos-test-${what}`, () => resolve(mine));
    });
  });
  return () => new Promise((resolve) => door.close(() => resolve()));
}
