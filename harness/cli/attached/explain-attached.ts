import type { Experiment } from "../../experiment/experiment.ts";
import { nameOf } from "../../live/discover.ts";
import { nameOfServer } from "../../run/attached/attached-servers.ts";
import type { Attachable } from "./prepare-attached.ts";

/** What an experiment does to servers that are there: who is who, and what is done to whom. */
export function attachedLines({ experiment, attached, file, lost }: Attachable): string[] {
  const { servers, topology } = attached;
  const who = [...servers].map(([name, server]) => {
    const { at, role, pid, container } = server;
    const reached = pid !== undefined ? `, process ${pid}` : container !== undefined ? `, container ${container}` : "";
    const of = role === "replica" ? ` of ${topology.replicaOf[name]}` : "";
    return `  ${name}: ${nameOf(at)}, ${role}${of}, ${nameOfServer(server)}${reached}`;
  });
  return [
    "Servers that are there, as they answered:",
    ...who,
    ...deeds(experiment, file.prefix),
    ...lost.map((one) => `WOULD BE DELETED: ${one}`),
    `At the end each is what it was before, and what begins with "${file.prefix}" is deleted.`,
  ];
}

function deeds({ faults, load, preload }: Experiment, prefix: string): string[] {
  const loads = [...(preload ? ["preload"] : []), ...load.map(({ name }) => name)].join(", ");
  return [
    loads === "" ? "No load; a probe writes one key of ours." : `Keys of ${loads}: all begin with "${prefix}".`,
    faults.length === 0
      ? "No faults."
      : `Done to them: ${faults.map(({ id, fault }) => `${id} (${fault})`).join(", ")}`,
  ];
}
