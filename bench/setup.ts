import { connectEngine, type Engine } from "../harness/docker/engine.ts";
import type { ContainerSpec } from "../harness/docker/engine-types.ts";
import { ownerLabels, removeRun } from "../harness/docker/leftovers.ts";
import { withCluster } from "./support/plain-cluster.ts";
import { type BenchRow, inTurns, median, rowOf, summed } from "./table.ts";

/*
 * How long until a cluster is up, with its links open, all servers answering and all replicas attached? Beside it, only to create and start
 * in parallel, through the same API of the engine: the same containers on networks that are there already, and plain ones with one published
 * port on the engine's own network. `npm run bench -- setup [servers that replicate, default 3]`
 */

export const title = "Set-up and teardown";

const ROUNDS = 5;
const DOWN_MS = 1000;

export async function rows([servers = "3"]: readonly string[]): Promise<BenchRow[]> {
  return measure(await connectEngine(), Number(servers));
}

async function measure(engine: Engine, servers: number): Promise<BenchRow[]> {
  const nodes = servers + 1;
  const down: number[] = [];
  let specs: ContainerSpec[] = [];
  const ours = async (): Promise<number> => {
    specs = [];
    const taken = await withCluster(recording(engine, specs), servers - 1);
    down.push(taken.down);
    return taken.up;
  };
  await ours(); // what is done once on a machine
  down.length = 0;
  const bare = () => startBare(engine, specs);
  const plain = () => startBare(engine, specs.map(plainSpec));
  const rounds = servers > 10 ? 1 : ROUNDS;
  const [up = [], same = [], simple = []] = await inTurns(rounds, [ours, bare, plain]);
  const what = `${nodes} servers and Toxiproxy up`;
  return [
    rowOf({
      what: `${what}, replicas attached`,
      figures: [up, same],
      told: [seconds, (ms) => `${seconds(ms)} the same containers`],
      goal: { atMost: 1.3 },
    }),
    rowOf({ what, figures: [up, simple], told: [seconds, (ms) => `${seconds(ms)} plain containers`], goal: null }),
    {
      what: `${nodes} servers and Toxiproxy down`,
      ours: seconds(median(down)),
      other: seconds(DOWN_MS),
      ...summed(down.map((ms) => ms / DOWN_MS)),
      goal: { atMost: 1 },
    },
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** The same engine, which notes the containers that are made. */
function recording(engine: Engine, specs: ContainerSpec[]): Engine {
  return {
    ...engine,
    createContainer: (spec, options) => {
      specs.push(spec);
      return engine.createContainer(spec, options);
    },
  };
}

/** The same image and command, on the engine's own network. */
function plainSpec({ name, image, command, labels, ports = [] }: ContainerSpec): ContainerSpec {
  return { name, image, command, labels, networks: [{ name: "bridge" }], ports };
}

/** ms to create and start containers in parallel, on networks that are there. */
async function startBare(engine: Engine, specs: readonly ContainerSpec[]): Promise<number> {
  const runId = `bench-bare-${process.pid}`;
  const labels = await ownerLabels(runId);
  const renamed = (name: string): string => (name === "bridge" ? name : `bare-${name}`);
  const networkNames = new Set(specs.flatMap(({ networks = [] }) => networks.map((one) => one.name)));
  networkNames.delete("bridge");
  try {
    for (const name of networkNames) {
      await engine.createNetwork({ name: renamed(name), labels, internal: name.endsWith("-data") });
    }
    const begun = performance.now();
    await Promise.all(
      specs.map(async (spec) => {
        const networks = spec.networks?.map(({ name, aliases }) => ({ name: renamed(name), aliases }));
        const volumes = spec.volumes?.map(({ name, path }) => ({ name: renamed(name), path }));
        const id = await engine.createContainer({ ...spec, name: renamed(spec.name), labels, networks, volumes });
        await engine.start(id);
      }),
    );
    return performance.now() - begun;
  } finally {
    await removeRun(engine, runId);
  }
}
