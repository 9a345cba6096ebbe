import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { durationMs } from "../../base/units.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect } from "../fault.ts";
import { nodeParameter, parameters, plainParameter } from "../parameters.ts";
import { interposeRefusal, interposerOf } from "../resources/interposed.ts";
import { selectNode } from "../selector.ts";
import { startAgain } from "./restart.ts";
import { hasUring, holdFolder, type Lost, loseUnsynced } from "./unsynced.ts";

const EXIT_MS = 30_000;

/**
 * A node loses its power: its server is killed, and every file of its data is cut back to what had been synced of it (the worst that a disk
 * may do: LazyFS's idea). A library that is loaded into the servers notes what is synced (interpose/). Names are kept: files that were
 * made, renamed or deleted stay so, as on a journaling file system. Heal: started, ready, in its role. Effect: the bytes that are gone; a server
 * that had synced all has lost none, and had its power cut all the same.
 */
export const powerLoss = defineFault({
  kind: "power-loss",
  summary: "kill a server and take away what it had not synced, start it again later",
  lasting: true,
  interposes: true,
  refusal: async () => {
    if (process.getuid?.() !== 0) return "only root can shorten a container's files, and kvchaos does not run as root";
    return interposeRefusal();
  },
  parameters: parameters({
    node: nodeParameter("whose power is cut"),
    "restart-after": plainParameter(
      durationMs,
      "start it again after this long; without it: at the heal phase",
      z.number().min(0),
    ).optional(),
  }),
  ownDuration: ({ restartAfter }) => restartAfter,
  inject: async (context, { node: selector }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const interposer = interposerOf(node);
    const pid = await canLose(node);
    const folder = await holdFolder(pid, node.server.system.dataDirectory);
    try {
      context.claim(node.name, "down");
      context.onHeal(`start ${node.name}`, async () => void (await startAgain(context, node)));
      await node.kill("SIGKILL");
      await until(
        { what: `${node.name} to end`, within: EXIT_MS, signal },
        async () => !(await node.inspect()).running,
      );
      const synced = interposer.synced();
      if (synced.full) throw new ChaosError("infrastructure", `${node.name} has more files than can be followed`);
      const lost = await loseUnsynced(folder.path, synced);
      const text = lostText(node.name, lost, synced.overwrites);
      return { targets: [node.name], effect: async (): Promise<Effect> => ({ measured: true, summary: text }) };
    } finally {
      await folder.close();
    }
  },
});

/** Returns its process. @throws ChaosError infrastructure: what it writes is not all seen */
async function canLose(node: ClusterNode): Promise<number> {
  const pid = node.pid();
  if (pid === null) throw new ChaosError("infrastructure", `${node.name} is down already, or on another machine`);
  if (!(await hasUring(pid))) return pid;
  throw new ChaosError("infrastructure", `${node.name} uses io_uring, so it is not known what it had synced`, {
    hint: "Switch it off in the server's configuration.",
  });
}

function lostText(name: string, { files, emptied, bytes, mapped }: Lost, overwrites: number): string {
  const what =
    files === 0 ? "nothing that was not synced" : `${bytes} bytes of ${files} files, of which ${emptied} are empty now`;
  const kept = [
    ...(mapped > 0 ? [`${mapped} files that it had mapped for writing are whole`] : []),
    ...(overwrites > 0 ? [`${overwrites} writes over what was synced are kept`] : []),
  ];
  return [`${name} was killed and lost ${what}`, ...kept].join("; ");
}
