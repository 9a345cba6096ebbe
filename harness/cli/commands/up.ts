import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../../base/chaos-error.ts";
import { mistakesError, YamlSource } from "../../base/mistakes.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { Address } from "../../cluster/cluster.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import { shapeOf } from "../../cluster/shape.ts";
import { upCluster } from "../../cluster/up.ts";
import { guardRun } from "../../docker/guard-run.ts";
import { keptLabels } from "../../docker/leftovers.ts";
import { registries } from "../../experiment/catalogue.ts";
import { nodeImages } from "../../experiment/node-images.ts";
import { readTopology } from "../../experiment/read/read-topology.ts";
import { Mistakes } from "../../experiment/read/zod-mistakes.ts";
import type { Topology } from "../../journal/topology.ts";
import { TOXIPROXY_IMAGE } from "../../network/toxiproxy-recipe.ts";
import { systems } from "../../systems/registry.ts";
import { SYSTEM_NAMES } from "../../systems/system.ts";
import { bringImages, checkNodeImages, chooseServer, readWish, type ServerWish } from "../choose-server.ts";
import { command, IMAGE, SYSTEM } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { bringHelperImages } from "../helper-images.ts";
import { interruptible } from "../interrupt.ts";
import { readyMachine } from "../machine.ts";
import { composeFor } from "../plan-for.ts";
import { log, print, printTable } from "../print.ts";

export const upCommand = command({
  positionals: {
    cluster: {
      type: "string",
      demandOption: true,
      describe: "a Compose file, or what an experiment says as `cluster`, like '{ masters: 1, replicas: 2 }'",
    },
  },
  options: {
    system: SYSTEM,
    image: IMAGE,
  },
  run: async (args) => {
    const wish = readWish(args);
    // Broken files are refused before anything is installed or started; the image does not matter for that.
    const [first] = systems.values();
    const cluster = readArgument(args.cluster, args.system);
    if (first) await composeFor(cluster, { system: first, image: first.images[0] as string });
    return interruptible((signal) => up({ ...wish, cluster }, signal));
  },
});

/** @param system the only one that is meant; undefined: any */
function readArgument(argument: string, system: string | undefined): string | Topology {
  if (!argument.trim().startsWith("{")) return argument;
  const source = YamlSource.parse("cluster", argument);
  const mistakes = new Mistakes(source);
  const systems = system === undefined ? [] : [system];
  const topology = readTopology(source.value, [], { mistakes, registries, systems });
  if (!topology) throw mistakesError(mistakes.list);
  return topology;
}

/** Resolves when the user, or somebody else, has ended the cluster. */
async function up(args: ServerWish & { cluster: string | Topology }, signal: AbortSignal): Promise<number> {
  const resources = new CleanupScope();
  const scope = new CleanupScope();
  try {
    const engine = await readyMachine(signal);
    const server = await chooseServer(engine, args, SYSTEM_NAMES, signal);
    const compose = await composeFor(args.cluster, server);
    const shape = shapeOf(compose);
    const { nodes = {} } = server;
    checkNodeImages(nodes, shape, server.system);
    await bringImages(engine, server, { images: Object.values(nodes), file: "" }, signal);
    await bringHelperImages(engine, compose, server.system, signal);
    const runId = `up-${randomBytes(4).toString("hex")}`;
    await guardRun({ engine, runId, resources, signal, interrupt: signal });
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-up-"));
    scope.defer("remove the log folder", () => rm(logs, { recursive: true, force: true }));
    const gone = new AbortController();
    const cluster = await upCluster({
      ...server,
      images: nodeImages(shape, nodes),
      engine,
      compose,
      toxiproxyImage: TOXIPROXY_IMAGE,
      config: {},
      labels: keptLabels(runId),
      publishPairs: true,
      runId,
      logDirectory: logs,
      emit: (event) => {
        if (event.type === "container") log(`${event.node}: ${event.action}`);
      },
      resources,
      scope,
      signal,
      onEngineLost: (error) => gone.abort(error),
      ours: () => false,
    });
    printCluster(cluster);
    log(`\nCtrl-C, or \`kvchaos clean\` in another terminal, removes ${runId}.`);
    gone.signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => resolve());
      gone.signal.addEventListener("abort", () => reject(gone.signal.reason));
      // `kvchaos clean` in another terminal: nothing is left to keep alive.
      const watch = setInterval(() => {
        const first = cluster.nodes[0]?.container ?? "";
        engine.inspectContainer(first).then((info) => info ?? resolve(), resolve);
      }, 2_000);
      scope.defer("stop watching", () => clearInterval(watch));
    });
    return EXIT.pass;
  } finally {
    for (const { what, error } of [...(await scope.close()), ...(await resources.close())])
      log(`could not ${what}: ${messageOf(error)}`);
  }
}

function printCluster({ topology, nodes, sentinels, control, links, toxiproxyApi }: RunningCluster): void {
  const { masters, replicaOf } = topology;
  const roleOf = ({ name, role }: { name: string; role: string }): string =>
    masters.includes(name) ? "master" : replicaOf[name] ? `replica of ${replicaOf[name]}` : role;
  const address = ({ host, port }: Address): string => `${host}:${port}`;
  const all = [...nodes, ...sentinels, ...(control ? [control] : [])];
  print("NODES");
  const servers = all.map((node) => [node.name, roleOf(node), address(node.direct)]);
  printTable(servers, "  ");
  print("\nLINKS");
  const ways = links.map(({ name, published }) => [name, address(published)]);
  printTable(ways, "  ");
  print(`\nTOXIPROXY\n  http://${toxiproxyApi}`);
}
