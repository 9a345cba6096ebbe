import { parse } from "yaml";
import { ChaosError } from "../../base/chaos-error.ts";
import { nearest } from "../../base/mistakes.ts";
import type { ExperimentShape, Registries } from "../../experiment/registries.ts";
import type { GivenCluster, Grammar } from "./draw.ts";
import { DRAWN_FAULTS } from "./faults.ts";

/** Words that --only and --without take beside the names of faults and workloads. */
const PARTS = ["faults", "workloads", "config", "locks"] as const;

/** What no administrator's command of an exploration does: it would say who is master, stop the server, delete data behind a load's back, or listen for ever. */
const NOT_FOR_ANYBODY =
  /^(?:FLUSH|SHUTDOWN|SLAVEOF|REPLICAOF|CLUSTER|SENTINEL|FAILOVER|DEBUG|MONITOR|SUBSCRIBE|PSUBSCRIBE|SSUBSCRIBE|SYNC|PSYNC|RESTORE|RENAME|SWAPDB|MOVE|DEL|UNLINK|AUTH|QUIT|RESET|WAIT|MULTI|EXEC|CLIENT KILL|CLIENT PAUSE|CONFIG REWRITE|SLOTS|DELBACKUP|NAMESPACE|CONFIG SET (?:REPLICA|SLAVE)-READ-ONLY)/;

interface Wish {
  only: readonly string[];
  without: readonly string[];
}

/** The grammar of a system, less what the user does not want. @throws ChaosError `usage`: a name that nothing has */
export function grammarOf(
  system: string,
  { workloads, systems }: Pick<Registries, "workloads" | "systems">,
  {
    commands,
    clusters = [],
    only,
    without,
  }: Wish & { commands: readonly (readonly string[])[]; clusters?: readonly GivenCluster[] },
): Grammar {
  const faults = Object.keys(DRAWN_FAULTS);
  const loads = [...workloads.keys()];
  for (const word of [...only, ...without]) {
    const known = [...PARTS, ...faults, ...loads];
    if (known.includes(word)) continue;
    const near = nearest(word, known);
    throw new ChaosError("usage", `nothing that is drawn is called "${word}"`, {
      hint: near ? `Did you mean "${near}"?` : `One of: ${known.join(", ")}.`,
    });
  }
  const chosen = (part: (typeof PARTS)[number], all: readonly string[]): string[] => {
    const named = all.filter((one) => only.includes(one));
    const left =
      named.length > 0
        ? named
        : only.length === 0 || only.includes(part) || only.every((one) => !isOf(one, part, faults, loads))
          ? [...all]
          : [];
    return without.includes(part) ? [] : left.filter((one) => !without.includes(one));
  };
  const { gossip, cluster, sentinel } = systems.get(system) ?? {};
  const chosenLoads = chosen("workloads", loads);
  return {
    system,
    faults: chosen("faults", faults),
    workloads: chosenLoads,
    talking: chosenLoads.filter((name) => workloads.get(name)?.talk !== undefined),
    recordable: chosenLoads.filter((name) => workloads.get(name)?.recorded !== undefined),
    commands,
    modes: [
      // Where nobody but the operator rules, most can be done to the servers, and soonest.
      ...Array<"replication">(4).fill("replication"),
      ...(gossip || cluster ? (["cluster"] as const) : []),
      ...(sentinel ? (["sentinel"] as const) : []),
    ],
    settings: !without.includes("config"),
    locks: !without.includes("locks"),
    ...(clusters.length > 0 && { clusters }),
  };
}

/** A word of --only about this part leaves the other parts alone. */
function isOf(
  word: string,
  part: (typeof PARTS)[number],
  faults: readonly string[],
  loads: readonly string[],
): boolean {
  return part === "faults"
    ? faults.includes(word) || word === part
    : part === "workloads"
      ? loads.includes(word) || word === part
      : word === part;
}

/** What administrators ask, by the tours of the catalogue (`foresee-*.yaml`): each tour is a list of the commands that its system knows. */
export function commandsIn(tours: readonly string[]): string[][] {
  const argvs = tours.flatMap((text): string[][] => {
    const { faults } = parse(text) as { faults?: { fault: string; argv?: unknown[]; "wait-for-reply"?: boolean }[] };
    return (faults ?? []).flatMap(({ fault, argv, "wait-for-reply": waits = true }) =>
      fault === "command" && argv && waits ? [argv.map(String)] : [],
    );
  });
  const some = new Map(
    argvs
      .filter((argv) => !NOT_FOR_ANYBODY.test(argv.join(" ").toUpperCase()) && !argv.join(" ").includes("{"))
      .map((argv) => [JSON.stringify(argv), argv]),
  );
  return [...some.values()];
}

/** A Compose file as experiments are drawn for it. @param file absolute */
export function givenCluster(file: string, { masters, replicas, sharded, sentinels }: ExperimentShape): GivenCluster {
  const mode = (sentinels ?? []).length > 0 ? "sentinel" : sharded ? "cluster" : "replication";
  return { file, masters, replicas, mode };
}
