import { randomInt } from "node:crypto";
import type { Argv } from "yargs";
import { clusterSpec } from "../../cluster/spec.ts";
import { registries } from "../../experiment/catalogue.ts";
import { writePlan } from "../../experiment/plan-file.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { knownSystem } from "../choose-server.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { shardLines } from "../night/shard-lines.ts";
import { planFor } from "../plan-for.ts";
import { out } from "../print.ts";

interface Args {
  experiment: string;
  system?: string | undefined;
  seed?: string | undefined;
}

export const explainCommand: Command<Args> = {
  usage: "explain <experiment>",
  summary: "print the resolved plan of an experiment without running it",
  arguments: (parser) =>
    parser
      .positional("experiment", { type: "string", demandOption: true })
      .options({ system: { type: "string" }, seed: { type: "string" } }) as unknown as Argv<Args>,
  run: async ({ experiment: file, system: name, seed }) => {
    const experiment = await readExperiment(file, registries);
    const system = knownSystem(
      name ?? (experiment.systems.includes("redis") ? "redis" : (experiment.systems[0] ?? "redis")),
    );
    const image = system.images[0] as string;
    const { plan, compose } = await planFor(experiment, seed ?? String(randomInt(1, 1_000_000)), { system, image });
    const { sharded, topology } = clusterSpec(compose, system);
    const names = experiment.load.map((load) => load.name);
    if (sharded) for (const line of shardLines(topology, names)) out(`# ${line}`);
    out(writePlan(plan).trimEnd());
    return EXIT.pass;
  },
};
