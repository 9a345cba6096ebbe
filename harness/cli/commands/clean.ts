import { connectEngine } from "../../docker/engine.ts";
import { findLeftovers, removeRun } from "../../docker/leftovers.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { log, print } from "../print.ts";

export const cleanCommand = command({
  positionals: {},
  options: {
    all: { type: "boolean", default: false, describe: "also what belongs to runs that are still going on" },
  },
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
      print(`${what}: removed`);
      removed++;
    }
    if (removed === 0) print("nothing to remove");
    return EXIT.pass;
  },
});
