import { readFile } from "node:fs/promises";
import type { Topology } from "../../cluster/cluster.ts";
import { type ClusterShape, shapeOf } from "../../cluster/shape.ts";
import { Shards } from "../../cluster/shards.ts";
import { slotOf } from "../../cluster/slots.ts";
import { clusterSpec } from "../../cluster/spec.ts";
import { composeText } from "../../cluster/topology/compose-text.ts";
import { registries } from "../../experiment/catalogue.ts";
import { writePlan } from "../../experiment/plan-file.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { hiddenPlan } from "../../experiment/secrets.ts";
import { waysOf } from "../../experiment/vias.ts";
import { type Plan, viaText } from "../../journal/plan.ts";
import { slotsOfLoad, slotsOfPreload } from "../../load/in-slots.ts";
import { newSeed } from "../../run/campaign/rounds.ts";
import { serverIn, systemOfImage } from "../../systems/system-of-image.ts";
import { attachedLines } from "../attached/explain-attached.ts";
import { ATTACH, DELETES, prepareAttached } from "../attached/prepare-attached.ts";
import { LOGIN, readAccess } from "../attached/read-access.ts";
import { checkNodeImages, knownSystem, ownImage, readWish } from "../choose-server.ts";
import { command, IMAGE } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { interruptible } from "../interrupt.ts";
import { planFor } from "../plan-for.ts";
import { print } from "../print.ts";

export const explainCommand = command({
  positionals: { experiment: { type: "string", demandOption: true, describe: "a file" } },
  options: {
    system: { type: "string", describe: "default: the first that the experiment names" },
    image: IMAGE,
    seed: { type: "string", describe: "draws every random choice; default: a new one" },
    attach: {
      type: "string",
      describe:
        "a file that names servers that are there: may the experiment run against them, and what would it do? Only asks them",
    },
    ...ATTACH,
    ...LOGIN,
    compose: {
      type: "boolean",
      default: false,
      describe: "the Compose file of its cluster instead, which is made where it names none",
    },
  },
  run: async ({ experiment: file, seed, compose: asFile, ...args }) => {
    const wish = readWish(args);
    let experiment = await readExperiment(file, registries);
    const named = wish.image ?? (wish.system === undefined ? ownImage(experiment.images) : undefined);
    const own = experiment.systems.includes("redis") ? "redis" : (experiment.systems[0] ?? "redis");
    const first = knownSystem(wish.system ?? (named && systemOfImage(named)) ?? own);
    const server = named === undefined ? { system: first, image: first.images[0] as string } : serverIn(named, first);
    const { system, image } = server;
    const { nodes = {} } = wish;
    checkNodeImages(nodes, await registries.readShape(experiment.cluster), system);
    if (args.attach !== undefined) {
      const { attach, [DELETES]: deletes } = args;
      const access = await readAccess(args);
      const attachable = await interruptible(
        (signal) => prepareAttached(experiment, { file, attach, deletes, access }, signal),
        "leaving",
      );
      for (const line of attachedLines(attachable)) print(`# ${line}`);
      // Its keys are those that the servers would get.
      experiment = attachable.experiment;
    }
    const { plan, compose } = await planFor(experiment, seed ?? newSeed(), { ...server, nodes });
    if (asFile) {
      const { cluster } = hiddenPlan(plan).experiment;
      const made =
        typeof cluster === "string"
          ? await readFile(cluster, "utf8")
          : composeText(cluster, { image, port: system.port });
      print(made.trimEnd());
      return EXIT.pass;
    }
    const { sharded, topology } = clusterSpec(compose, system);
    for (const line of imageLines(plan, image)) print(`# ${line}`);
    if (sharded) for (const line of shardLines(topology, plan)) print(`# ${line}`);
    for (const line of wayLines(plan, shapeOf(compose))) print(`# ${line}`);
    print(writePlan(plan).trimEnd());
    return EXIT.pass;
  },
});

/** Who runs on another image than the others. */
function imageLines({ experiment: { images } }: Plan, image: string): string[] {
  const own = Object.entries(images.nodes ?? {});
  if (own.length === 0) return [];
  return ["Who runs what:", ...own.map(([node, one]) => `  ${node}: ${one}`), `  all others: ${image}`];
}

/** How the clients of each load reach its nodes, and because of which fault not straight. */
function wayLines({ experiment, faults }: Plan, shape: ClusterShape): string[] {
  const loads = [...experiment.load, ...experiment.benchmarks];
  if (loads.length === 0) return [];
  const lines = loads.map((load) => {
    const held = waysOf(load, faults, shape, registries.faults).filter(({ heldUp }) => heldUp !== undefined);
    const [first] = held;
    const why = first ? ` (${first.heldUp} can touch client -> ${held.map(({ node }) => node).join(", ")})` : "";
    return `  ${load.name}: ${viaText(load)}${why}`;
  });
  return ["Where loads go:", ...lines];
}

/**
 * Which keys belong to which shard of a cluster whose masters share the key space, before anything is started: lines of text, without an end.
 * Each load has its keys on every shard, in so many of its slots.
 */
function shardLines({ masters, replicaOf }: Readonly<Topology>, { experiment: { load, preload } }: Plan): string[] {
  const shards = new Shards(masters);
  const names = load.map(({ name }) => name);
  const ofLoads = load.map((one) => slotsOfLoad(one, masters.length));
  const most = Math.max(1, ...ofLoads, preload ? slotsOfPreload(preload) : 1);
  const rows = masters.map((master) => {
    const replicas = Object.keys(replicaOf).filter((replica) => replicaOf[replica] === master);
    const tags = shards.tags(master, most);
    const nodes = [master, ...replicas].join(", ");
    const named = tags.map((tag) => `${tag} (slot ${slotOf(tag)})`).join(", ");
    return `  ${nodes}: slots ${shards.slots(master)?.join("-")}, ${tags.length === 1 ? "tag" : "tags"} ${named}`;
  });
  const example = `"${shards.tag(masters[0] ?? "")}${names[0]}:17"`;
  const whose = names.length === 0 ? "" : `, and those of its part of ${names.join(", ")} do (${example})`;
  return [`Keys that begin with a tag of a shard are that shard's${whose}:`, ...rows];
}
