import type { Argv } from "yargs";
import { connectEngine } from "../../docker/engine.ts";
import { findLeftovers, removeRun } from "../../docker/left-runs.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { log, out } from "../print.ts";

interface Args {
  all: boolean;
}

export const cleanCommand: Command<Args> = {
  usage: "clean",
  summary: "remove whatever earlier runs, --keep and `up` left: containers, networks, volumes",
  arguments: (parser) =>
    parser.option("all", {
      type: "boolean",
      default: false,
      describe: "also what belongs to runs that are still going on",
    }) as unknown as Argv<Args>,
  run: async ({ all }) => {
    const engine = await connectEngine();
    let removed = 0;
    for (const { runId, owner, containers, networks, volumes } of await findLeftovers(engine)) {
      const what = `${runId}: ${containers.length} containers, ${networks.length} networks, ${volumes.length} volumes`;
      if (owner !== "gone" && !all) {
        const why = owner === "alive" ? "its run is going on" : "its owner is on another machine";
        log(`${what}: ${why} (--all removes it too)`);
        continue;
      }
      await removeRun(engine, runId);
      out(`${what}: removed`);
      removed++;
    }
    if (removed === 0) out("nothing to remove");
    return EXIT.pass;
  },
};
