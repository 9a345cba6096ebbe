import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { connectEngine } from "../../docker/engine.ts";
import { CONFIG_VARIABLE } from "../../load/workloads/config-variable.ts";
import { WarmCluster } from "../../run/warm/warm-cluster.ts";
import { EXIT } from "../exit-codes.ts";
import { invocation } from "../invocation.ts";
import { runHere } from "../run-here.ts";
import { type FromRun, runEnd, type ToRun } from "./messages.ts";

/* The process of one run, or of several, one after the other: see run-process.ts. */

let interrupt = new AbortController();
let others = 0;
const warm = new WarmCluster();
const engine = connectEngine();
const config = process.env[CONFIG_VARIABLE];
const ready = config
  ? import("../config/load-config.ts").then(({ loadConfig }) => loadConfig(config))
  : Promise.resolve();

process.on("message", (message: ToRun) => {
  if (message.type === "others") others = message.count;
  else if (message.type === "interrupt") interrupt.abort(new ChaosError("interrupted", "interrupted"));
  else if (message.type === "leave") void warm.close().then(() => process.exit());
  else void run(message);
});
// Who asked for it has gone: so has this process, and the reaper removes what is left.
process.on("disconnect", () => process.exit(EXIT.interrupted));

async function run({ request, script, terminal }: Extract<ToRun, { type: "run" }>): Promise<void> {
  interrupt = new AbortController();
  try {
    await ready;
    const result = await runHere(request, {
      engine: await engine,
      invocation: invocation({ script, directory: process.cwd(), environment: process.env }),
      interrupt: interrupt.signal,
      terminal: { ...terminal, write: (text) => process.stderr.write(text) },
      quiet: true,
      onEvent: (event) => tell({ type: "event", event }),
      others: () => others,
      warm: request.warm ? warm : undefined,
    });
    await tell({ type: "ended", run: runEnd(result), warm: warm.keeps });
  } catch (error) {
    const { code, hint } = error instanceof ChaosError ? error : new ChaosError("internal", "");
    await tell({ type: "failed", code, message: messageOf(error), hint });
  }
}

/** Resolves when it has been handed over. */
function tell(message: FromRun): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve());
  });
}
