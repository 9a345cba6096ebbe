import { ChaosError } from "../base/chaos-error.ts";
import { EXIT } from "./exit-codes.ts";
import { log } from "./print.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * While `work` goes on the first Ctrl-C (or SIGTERM, SIGHUP) aborts its signal: heal, report, clean up. A second one exits at
 * once; the reaper then removes what is left.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  doing = "healing, writing the report, cleaning up",
): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      log(`${name} again: leaving now; what is left is removed in the background.`);
      process.exit(EXIT.interrupted);
    }
    log(`${name}: ${doing}. Once more to leave at once.`);
    controller.abort(new ChaosError("interrupted", `interrupted by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
