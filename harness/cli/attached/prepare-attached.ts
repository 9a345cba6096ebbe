import { ChaosError } from "../../base/chaos-error.ts";
import { type Mistake, mistakesError } from "../../base/mistakes.ts";
import { type AttachFile, readAttachFile } from "../../experiment/attach/attach-file.ts";
import { attachRefusals } from "../../experiment/attach/attach-refusals.ts";
import { registries } from "../../experiment/catalogue.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { readText } from "../../experiment/read/read-text.ts";
import { askAttached } from "../../live/ask-attached.ts";
import type { Access } from "../../live/discover.ts";
import type { AttachedServers } from "../../run/attached/attached-servers.ts";
import { foreignKeys } from "../../run/attached/keys.ts";

/** The flag without which nothing empties a server that has keys of others. */
export const DELETES = "i-know-this-deletes-data";

export const ATTACH = {
  [DELETES]: {
    type: "boolean",
    default: false,
    describe: "with --attach: a FLUSHALL that the file allows may delete keys that are not ours",
  },
} as const;

export interface AttachAsked {
  /** The experiment's, as it was typed. */
  file: string;
  attach: string;
  deletes: boolean;
  access: Access;
}

export interface Attachable {
  /** All keys of its loads begin with the file's prefix. */
  experiment: Experiment;
  attached: AttachedServers;
  file: AttachFile;
  /** What FLUSHALL of it deletes that is not ours, and the user has said that it may. */
  lost: readonly string[];
}

/**
 * May an experiment be done to servers that are there? Asks them, and writes nothing.
 * @throws ChaosError invalid-experiment: it must not, with each reason where it is written; usage: it would delete what is not ours
 */
export async function prepareAttached(
  experiment: Experiment,
  { file, attach, deletes, access }: AttachAsked,
  signal: AbortSignal,
): Promise<Attachable> {
  const named = await readAttachFile(attach);
  const shape = await registries.readShape(experiment.cluster);
  const text = await readText(file);
  const refusals = attachRefusals({ experiment, text, file }, named, shape, registries);
  if (refusals.length > 0) throw mistakesError(refusals);
  const asked = await askAttached(named, access, signal);
  const [first] = asked.servers.values();
  const system = first?.system.name ?? "";
  if (!experiment.systems.some((one) => one === system)) {
    throw new ChaosError("usage", `${file} is for ${experiment.systems.join(", ")}, and the servers are ${system}`);
  }
  const wrong = followers(named, asked.topology.replicaOf, experiment);
  if (wrong.length > 0) throw mistakesError(wrong);
  const flushes = experiment.faults.filter(({ fault, params }) => fault === "flushall" || isFlush(params));
  const lost: string[] = [];
  for (const [name, server] of flushes.length > 0 ? asked.servers : []) {
    const foreign = await foreignKeys({ ...server, name }, named.prefix, access);
    if (foreign !== null) lost.push(foreign);
  }
  if (lost.length > 0 && !deletes) {
    const ids = flushes.map(({ id }) => id).join(", ");
    throw new ChaosError("usage", `${ids} would delete what is not ours: ${lost.join("; ")}`, {
      hint: `Attach to servers without data of others, or say --${DELETES}.`,
    });
  }
  const load = experiment.load.map((one) => ({ ...one, keyPrefix: `${named.prefix}${one.keyPrefix}` }));
  return { experiment: { ...experiment, load }, attached: { ...asked, deletes }, file: named, lost };
}

/** Replicas that follow another master than their number says: `r1`, `r2`, … are first those of `m1`. */
function followers(
  { source }: AttachFile,
  replicaOf: Readonly<Record<string, string>>,
  { cluster }: Pick<Experiment, "cluster">,
): Mistake[] {
  if (typeof cluster === "string" || cluster.masters === 1) return [];
  const { masters, replicas } = cluster;
  const counts = Array.isArray(replicas) ? replicas : Array.from({ length: masters }, () => replicas as number);
  const meant = counts.flatMap((count, i) => Array.from({ length: count }, () => `m${i + 1}`));
  return meant.flatMap((master, i) => {
    const name = `r${i + 1}`;
    if (replicaOf[name] === master || replicaOf[replicaOf[name] ?? ""] === master) return [];
    return [source.keyMistake(["nodes", name], `${name} follows ${replicaOf[name]}, and ${master} in the experiment`)];
  });
}

const isFlush = ({ argv }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(argv) && /^flush(all|db)$/i.test(String(argv[0]));
