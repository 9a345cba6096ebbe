import { formatDuration } from "../../base/units.ts";
import { kill } from "../../faults/processes/kill.ts";
import { pause } from "../../faults/processes/pause.ts";
import { pauseThread, whereText } from "../../faults/processes/pause-thread.ts";
import { powerLoss } from "../../faults/processes/power-loss.ts";
import { restart } from "../../faults/processes/restart.ts";
import { rollingUpgrade } from "../../faults/processes/rolling-upgrade.ts";
import { shutdown } from "../../faults/processes/shutdown.ts";
import { word, words } from "../bash.ts";
import { containerWord, type FaultScript, nodeScript, scriptOf, Untranslatable } from "../fault-script.ts";

/** What is known of a node that a fault stops: it is down by our own doing, until it is started again. */
function downLines(node: string, watched: boolean): { before: string[]; after: string[] } {
  return {
    before: [`: >${containerWord(node, "$WORK/down-")}`, ...(watched ? [`ours ${node}`] : [])],
    after: [`start_again ${node}`, ...(watched ? [`not_ours ${node}`] : [])],
  };
}

const pauseScript = nodeScript(pause, (node, _params, _id, { watched }) => ({
  inject: [...(watched ? [`ours ${node}`] : []), `docker pause ${containerWord(node)} >/dev/null`],
  heal: [`docker unpause ${containerWord(node)} >/dev/null`, ...(watched ? [`not_ours ${node}`] : [])],
}));

const killScript = nodeScript(kill, (node, { signal, restartAfter }, _id, { watched }) => {
  const { before, after } = downLines(node, watched);
  return {
    inject: [...before, `docker kill -s ${word(signal)} ${containerWord(node)} >/dev/null`],
    heal: restartAfter === "never" ? [] : after,
  };
});

const EXCHANGED =
  "The new container may have another address, and has no limits that a fault had set; it is reached by its name.";

const seconds = (ms: number): number => Math.ceil(ms / 1000);

const restartScript = nodeScript(
  restart,
  (node, { stopWithin, image }, _id, { watched, stopWithin: usual }) => {
    const { before, after } = downLines(node, watched);
    const stop = `docker stop -t ${seconds(stopWithin ?? usual)} ${containerWord(node)} >/dev/null`;
    if (image === undefined) return { inject: [...before, stop, ...after] };
    return { inject: [...before, stop, `exchange ${node} ${word(image)}`, ...after], differs: [EXCHANGED] };
  },
  { exchanges: ({ image }) => image },
);

const rollingUpgradeScript = scriptOf(
  rollingUpgrade,
  ({ image, order, failover, within }, _id, { stopWithin }) => ({
    inject: [
      `rolling_upgrade ${word(image)} ${seconds(stopWithin)} ${seconds(within)} ${failover ? "yes" : "no"} ${words(order)}`,
    ],
    differs: [EXCHANGED],
  }),
  { moves: true, exchanges: ({ image }) => image },
);

const HOW = { sigterm: "sigterm", shutdown: "SHUTDOWN", "shutdown-nosave": "SHUTDOWN NOSAVE" } as const;

const shutdownScript = nodeScript(shutdown, (node, { via, within }, _id, { watched }) => {
  const { before, after } = downLines(node, watched);
  return { inject: [...before, `shut_down ${node} ${seconds(within)} ${HOW[via]}`, ...after] };
});

const pauseThreadScript = scriptOf(pauseThread, (params) => {
  const { node, thread, length } = params;
  const whose = thread === null ? "a thread" : `a thread "${thread}"`;
  throw new Untranslatable(
    `${whose} of ${node} is to pause for ${formatDuration(Math.round(length))} ${whereText(params)}. Bash cannot do that: it needs the library that kvchaos loads into servers (kvchaos replay does it), or gdb with a breakpoint there that stops that thread alone (set non-stop on). Without it, to find the same takes luck.`,
  );
});

const powerLossScript = nodeScript(powerLoss, (node) => {
  throw new Untranslatable(
    `${node} is to be killed and to lose what it had not synced, which a library of kvchaos knows that is loaded into the server`,
  );
});

export const processScripts: readonly FaultScript[] = [
  pauseScript,
  pauseThreadScript,
  killScript,
  powerLossScript,
  restartScript,
  rollingUpgradeScript,
  shutdownScript,
];
