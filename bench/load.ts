import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { monotonicClock } from "../harness/base/clock.ts";
import { until } from "../harness/base/deadline.ts";
import { seededRandom } from "../harness/base/random.ts";
import { HistoryWriter } from "../harness/history/writer.ts";
import type { LoadSpec } from "../harness/journal/plan.ts";
import { LoadGenerator } from "../harness/load/load-generator.ts";
import { OperationLog } from "../harness/load/operation-log.ts";
import { workloads } from "../harness/load/workloads/registry.ts";
import { FakeServer } from "../harness/testing/fake-server.support.ts";

/*
 * How much faster is the load generator than ioredis, on this machine, now, and what does recording cost? All in this
 * thread, in turns, the same commands to the same server. `node --import tsx bench/load.ts [port of a redis on 127.0.0.1]`; without a port the server is
 * our own test server, in this thread too, and the ratio is smaller than against a real one.
 */

const ROUND_MS = 1000;
const ROUNDS = 3;
const SHAPES = [
  { connections: 4, pipeline: 16 },
  { connections: 50, pipeline: 16 },
];

const clock = monotonicClock();
const port = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
const server = port === undefined ? await FakeServer.start() : undefined;
const target = { node: "bench", host: "127.0.0.1", port: port ?? server?.port ?? 0 };

function specOf(shape: (typeof SHAPES)[number]): LoadSpec {
  return {
    name: "set",
    workload: "set",
    on: [],
    ...shape,
    rate: null,
    keys: 10_000,
    keyPrefix: "bench:",
    value: { min: 100, max: 100 },
    elements: 1,
    timeout: 5000,
    record: false,
    wait: null,
  };
}

async function ours(spec: LoadSpec, log?: OperationLog): Promise<number> {
  const workload = workloads.get(spec.workload)!;
  const share = { index: 0, of: 1 };
  const random = seededRandom("bench");
  const generator = new LoadGenerator({ spec, workload, targets: [target], share, random, clock, log });
  const from = clock.now();
  generator.start(from);
  await until({ what: "the round", within: ROUND_MS * 2, every: 10 }, () => clock.now() - from >= ROUND_MS);
  await generator.stop();
  return (generator.sample().ok * 1000) / (clock.now() - from);
}

async function recorded(spec: LoadSpec): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "kvchaos-bench-"));
  const writer = HistoryWriter.open(path.join(folder, "load.ops"));
  const share = { index: 0, of: 1 };
  try {
    const random = seededRandom("bench");
    return await ours(spec, new OperationLog({ spec, writer, nodes: [target.node], share, random }));
  } finally {
    const { failure } = await writer.close();
    if (failure !== null) console.log(`not everything was recorded: ${failure}`);
    rmSync(folder, { recursive: true });
  }
}

async function theirs(spec: LoadSpec): Promise<number> {
  const next = workloads.get(spec.workload)!.source(spec, seededRandom("bench"));
  const from = clock.now();
  const counts = await Promise.all(
    Array.from({ length: spec.connections }, async () => {
      const redis = new Redis({ host: target.host, port: target.port, protocol: 2, enableReadyCheck: false });
      let ok = 0;
      while (clock.now() - from < ROUND_MS) {
        const pipeline = redis.pipeline();
        for (let i = 0; i < spec.pipeline; i++) {
          const [name = "", ...args] = next();
          pipeline.call(name, ...args);
        }
        ok += (await pipeline.exec())?.filter(([error]) => !error).length ?? 0;
      }
      redis.disconnect();
      return ok;
    }),
  );
  return (counts.reduce((a, b) => a + b, 0) * 1000) / (clock.now() - from);
}

for (const shape of SHAPES) {
  const ratios: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const raw = await ours(specOf(shape));
    const kept = await recorded(specOf(shape));
    const ioredis = await theirs(specOf(shape));
    ratios.push(raw / ioredis);
    shares.push(kept / raw);
    const k = (rate: number) => `${Math.round(rate / 1000)} k/s`;
    const rates = `load ${k(raw)}, recorded ${k(kept)}, ioredis ${k(ioredis)}`;
    console.log(`${shape.connections} connections × ${shape.pipeline}: ${rates}, ratio ${(raw / ioredis).toFixed(1)}`);
  }
  const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  const kept = `recording keeps ${Math.round(100 * median(shares))} % of the rate`;
  console.log(
    `${shape.connections} connections × ${shape.pipeline}: median ratio ${median(ratios).toFixed(1)}, ${kept}`,
  );
}
await server?.stop();
