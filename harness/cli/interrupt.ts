import { ChaosError } from "../base/chaos-error.ts";
import { EXIT } from "./exit-codes.ts";
import { log } from "./print.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first Ctrl-C (or SIGTERM, SIGHUP) aborts the returned signal: heal, report, clean up. A second one exits at once;
 * the reaper then removes what is left. `dispose` takes the handlers off again.
 */
export function interruptSignal(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      log(`${name} again: leaving now; what is left is removed in the background.`);
      process.exit(EXIT.interrupted);
    }
    log(`${name}: healing, writing the report, cleaning up. Once more to leave at once.`);
    controller.abort(new ChaosError("interrupted", `interrupted by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
