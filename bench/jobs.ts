import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../harness/base/chaos-error.ts";
import { runCommand } from "../harness/base/run-command.ts";
import { resultSchema } from "../harness/report/ci/result-schema.ts";
import type { BenchRow } from "./table.ts";

/*
 * The same short experiment with other seeds, beside each other and one after the other: how many an hour, and do they end alike?
 * One after the other takes so long that it is fewer of them.
 *
 * `npm run bench -- jobs [runs beside each other [runs one after the other]]`
 */

export const title = "Side by side: experiments an hour with --jobs auto, and with one job";

const KVCHAOS = fileURLToPath(new URL("../harness/cli/kvchaos.mjs", import.meta.url));
const IMAGE = "redis:7.0.15";
const RUN_MS = 600_000;

/** What most experiments are like, but shorter: an open loop that is recorded, a fault, a wait. */
const EXPERIMENT = `
title: A pause under load
cluster: { masters: 1, replicas: 1 }
systems: [redis]
preload: { keys: 2000, value: 200B }
load:
  - { workload: set, rate: 1000/s, connections: 8, pipeline: 2, keys: 2000, value: 100B, record: true }
warm-up: 1s
duration: 6s
faults:
  - { id: stop, fault: pause, at: 1s, node: m1, for: 1s }
recovery: { within: 20s }
`;

interface Went {
  ms: number;
  /** Of each seed. */
  verdicts: Map<string, string>;
  most: number;
}

export async function rows([many = "5", few = "2"]: readonly string[]): Promise<BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-jobs-"));
  try {
    const file = path.join(folder, "short.yaml");
    await writeFile(file, EXPERIMENT);
    const beside = await go(file, "auto", many);
    const alone = await go(file, "1", few);
    const differ = [...alone.verdicts].filter(([seed, verdict]) => beside.verdicts.get(seed) !== verdict).length;
    const anHour = ({ verdicts, ms }: Went): number => (verdicts.size * 3_600_000) / ms;
    return [
      {
        what: `experiments an hour, up to ${beside.most + 1} at a time; other verdicts: ${differ}`,
        ours: anHour(beside).toFixed(0),
        other: `${anHour(alone).toFixed(0)} with one job`,
        ratio: anHour(beside) / anHour(alone),
        spread: null,
        goal: { atLeast: 1.7 },
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function go(file: string, jobs: string, runs: string): Promise<Went> {
  const reports = path.join(path.dirname(file), `jobs-${jobs}`);
  const options = ["--repeat", runs, "--image", IMAGE, "--seed", "7", "--jobs", jobs, "--reports", reports, "--quiet"];
  const began = performance.now();
  await runCommand([process.execPath, KVCHAOS, "run", file, ...options], { within: RUN_MS, accept: [0, 1, 2] });
  const ms = performance.now() - began;
  const verdicts = new Map<string, string>();
  let most = 0;
  for (const name of (await readdir(reports)).sort()) {
    const text = await readFile(path.join(reports, name, "result.json"), "utf8").catch(() => null);
    if (text === null) continue;
    const { seed, verdict, selfCheck } = resultSchema.parse(JSON.parse(text));
    // Of a run that was done again the last counts.
    verdicts.set(seed, verdict);
    most = Math.max(most, selfCheck.mostOthers ?? 0);
  }
  if (verdicts.size === 0) throw new ChaosError("internal", `no run took place in ${reports}`);
  return { ms, verdicts, most };
}
