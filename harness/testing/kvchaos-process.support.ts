import { type ChildProcess, spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { until } from "../base/deadline.ts";
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

/** Runs all of them, in their order, some at once. What each gives; who never asks for it is not told that it failed. */
export function someAtOnce<T, R>(all: readonly T[], run: (one: T) => Promise<R>): Map<T, Promise<R>> {
  const lanes: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
  return new Map(
    all.map((one, i) => {
      const outcome = (lanes[i % AT_ONCE] as Promise<unknown>).then(() => run(one));
      lanes[i % AT_ONCE] = outcome.catch(() => {});
      return [one, outcome];
    }),
  );
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
