import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../harness/base/chaos-error.ts";
import { linearizable } from "../harness/checks/data/linearizable.ts";
import { fixture } from "../harness/testing/record-fixture.support.ts";
import { forPorcupine, historyOf } from "./checks/hard-histories.ts";
import type { Clients } from "./checks/run-clients.ts";
import { type BenchRow, inTurns, rowOf } from "./table.ts";

/*
 * Is our linearizability check as fast as Porcupine (github.com/anishathalye/porcupine, built here where there is Go) on the same histories,
 * with the same verdict? How much memory does it take to record many operations, and to check and report them?
 * `npm run bench -- checks [operations, default 10 million] [keys, default 10 000]`
 */

export const title = "Checks";

const ROUNDS = 5;
/** Porcupine is stopped then; ours stops by a budget of its own. */
const TIMEOUT_S = 3;
const MOST_MB = 700;

/** A hundred clients on one key, each operation beside a hundred others, and a fifth of the writes without an answer. */
const HARD = { operations: 2_000, keys: 1, clients: 100, unanswered: 0.2, deletes: 0 };
const FEW = { operations: 400, keys: 1, clients: 4, unanswered: 0.02, deletes: 0.1 };
const RECORDED = { operations: 200_000, keys: 2_000, clients: 100, unanswered: 0.002, deletes: 0.02 };
const HISTORIES: { what: string; clients: Clients; stale: boolean }[] = [
  { what: "200 k operations on 2 000 keys", clients: RECORDED, stale: false },
  { what: "the same with a stale read", clients: RECORDED, stale: true },
  { what: "4 clients on one key", clients: FEW, stale: false },
  { what: "the same with a stale read", clients: FEW, stale: true },
  { what: "100 clients on one key", clients: HARD, stale: false },
  { what: "the same with a stale read", clients: HARD, stale: true },
  { what: "100 clients on one key, deletes", clients: { ...HARD, deletes: 0.1 }, stale: false },
  { what: "the same with a stale read", clients: { ...HARD, deletes: 0.1 }, stale: true },
];

const run = promisify(execFile);

export async function rows([operations = "10000000", keys = "10000"]: readonly string[]): Promise<BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-bench-"));
  try {
    return [...(await besidePorcupine(folder)), ...(await memory(folder, operations, keys))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function besidePorcupine(folder: string): Promise<BenchRow[]> {
  const program = path.join(folder, "porcupine");
  try {
    await run("go", ["build", "-o", program, "."], { cwd: path.join(import.meta.dirname, "checks/porcupine") });
  } catch (error) {
    console.log(`not compared with Porcupine, which needs Go and its module: ${messageOf(error)}`);
    return [];
  }
  const compared: BenchRow[] = [];
  for (const { what, clients, stale } of HISTORIES) {
    const load = await historyOf(clients, stale);
    const file = path.join(folder, "registers");
    await writeFile(file, forPorcupine(load));
    const record = fixture([], { history: [load] });
    const said = new Set<string>();
    const ours = async (): Promise<number> => {
      const begun = performance.now();
      const { valid } = linearizable.check(record);
      const ms = performance.now() - begun;
      said.add(valid === true ? "Ok" : valid === false ? "Illegal" : "Unknown");
      return clients.operations / ms;
    };
    await ours(); // compiled by then
    let late = false;
    const theirs = async (): Promise<number> => {
      const [verdict, microseconds] = await judgeWith(program, file);
      // Out of time is an answer that contradicts none.
      if (verdict === "Unknown") late = true;
      else said.add(verdict);
      return clients.operations / (microseconds / 1000);
    };
    // A search that ends at its timeout ends there the next time, too.
    const figures = await inTurns(clients === RECORDED || clients === FEW ? ROUNDS : 1, [ours, theirs]);
    if (said.size !== 1) throw new Error(`${what}: the verdicts are ${[...said].join(" and ")}`);
    const [verdict] = said;
    compared.push(
      rowOf({
        what: `${what}: ${verdict}`,
        figures,
        told: [rate, (figure) => `${rate(figure)} Porcupine${late ? `, gave up after ${TIMEOUT_S} s` : ""}`],
        goal: { atLeast: 1 },
      }),
    );
  }
  return compared;
}

async function judgeWith(program: string, file: string): Promise<[verdict: string, microseconds: number]> {
  const child = execFile(program, [`${TIMEOUT_S}`]);
  let said = "";
  child.stdout?.on("data", (text) => {
    said += text;
  });
  child.stdin?.end(`${file}\n`);
  await once(child, "close");
  const [verdict = "", microseconds = ""] = said.trim().split(" ");
  return [verdict, Number(microseconds)];
}

/** Operations a millisecond. */
function rate(figure: number): string {
  return `${figure >= 100 ? figure.toFixed(0) : figure.toPrecision(3)} k/s`;
}

async function memory(folder: string, operations: string, keys: string): Promise<BenchRow[]> {
  const recording = await step("record", folder, operations, keys, "100");
  const checking = await step("check", folder);
  const what = `${operations} operations on ${keys} keys`;
  return [memoryRow(`${what} recorded`, recording), memoryRow(`${what} read, checked and reported`, checking)];
}

function memoryRow(what: string, { ms, rss }: Taken): BenchRow {
  const mb = rss / 1e6;
  const ours = `${mb.toFixed(0)} MB, ${(ms / 1000).toFixed(1)} s`;
  return { what, ours, other: `${MOST_MB} MB`, ratio: mb / MOST_MB, spread: null, goal: { atMost: 1 } };
}

interface Taken {
  ms: number;
  /** Bytes of memory at most. */
  rss: number;
}

async function step(...args: readonly string[]): Promise<Taken> {
  const file = path.join(import.meta.dirname, "checks/steps.ts");
  const { stdout } = await run(process.execPath, ["--import", "tsx", file, ...args]);
  return JSON.parse(stdout);
}
