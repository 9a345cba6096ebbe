import { ChaosError } from "../../base/chaos-error.ts";
import { mistakesError } from "../../base/mistakes.ts";
import { type AttachFile, readAttachFile } from "../../experiment/attach/attach-file.ts";
import { attachRefusals } from "../../experiment/attach/attach-refusals.ts";
import { registries } from "../../experiment/catalogue.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { readText } from "../../experiment/read/read-text.ts";
import { askAttached, foreignKeys } from "../../live/ask-attached.ts";
import { type LiveServer, nameOf, PASSWORD } from "../../live/discover.ts";

/** The flag without which nothing empties a server that has keys of others. */
export const DELETES = "i-know-this-deletes-data";

/**
 * What an experiment would do to servers that are there: who is who, and what is done to whom. Asks the servers, and writes nothing.
 * @throws ChaosError invalid-experiment: it must not, with each reason where it is written
 */
export async function explainAttached(
  experiment: Experiment,
  { file, attach, deletes }: { file: string; attach: string; deletes: boolean },
  signal: AbortSignal,
): Promise<string[]> {
  const attached = await readAttachFile(attach);
  const shape = await registries.readShape(experiment.cluster);
  const text = await readText(file);
  const refusals = attachRefusals({ experiment, text, file }, attached, shape, registries);
  if (refusals.length > 0) throw mistakesError(refusals);
  const password = process.env[PASSWORD] || undefined;
  const access = { username: undefined, password, sentinelPassword: undefined, tls: undefined };
  const servers = await askAttached(attached, access, signal);
  const flushes = experiment.faults.filter(({ fault, params }) => fault === "flushall" || isFlush(params));
  const lost: string[] = [];
  for (const server of flushes.length > 0 ? servers.values() : []) {
    const foreign = await foreignKeys(server, attached.prefix, access);
    if (foreign !== null) lost.push(foreign);
  }
  if (lost.length > 0 && !deletes) {
    throw new ChaosError(
      "usage",
      `${flushes.map(({ id }) => id).join(", ")} would delete what is not ours: ${lost.join("; ")}`,
      {
        hint: `Attach to servers without data of others, or say --${DELETES}.`,
      },
    );
  }
  return lines(experiment, attached, servers, lost);
}

const isFlush = ({ argv }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(argv) && /^flush(all|db)$/i.test(String(argv[0]));

function lines(
  { faults, load }: Experiment,
  { nodes, prefix }: AttachFile,
  servers: ReadonlyMap<string, LiveServer>,
  lost: readonly string[],
): string[] {
  const who = Object.entries(nodes).map(([name, { at, role, pid, container }]) => {
    const server = servers.get(name);
    const reached = pid !== undefined ? `, process ${pid}` : container !== undefined ? `, container ${container}` : "";
    return `  ${name}: ${nameOf(at)}, ${role}, ${server?.system.name} ${server?.version ?? "of an unknown version"}${reached}`;
  });
  const loads = load.map(({ name }) => name).join(", ");
  return [
    "Servers that are there, as they answered (the dry run: `run` cannot attach to them yet):",
    ...who,
    loads === "" ? "No load." : `Keys of ${loads}: all begin with "${prefix}".`,
    faults.length === 0
      ? "No faults."
      : `Done to them: ${faults.map(({ id, fault }) => `${id} (${fault})`).join(", ")}`,
    ...lost.map((one) => `WOULD BE DELETED: ${one}`),
  ];
}
