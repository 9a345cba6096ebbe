import { ChaosError } from "../base/chaos-error.ts";
import type { NodeVerdict } from "../watchdog/watchdog.ts";

/**
 * A server ended, or hung for longer than anybody waits, before the first fault: the run ends here, and the checks say what it was.
 * It is about the server, so it is no error of the run's.
 */
export class ServerTrouble extends ChaosError {
  /** @param verdict the watchdog's last word; null: the engine told of the end before anything was watched */
  constructor(verdict: NodeVerdict | null, what?: string) {
    const said =
      what ?? (verdict ? `${verdict.node} is ${verdict.condition}: ${verdict.why}` : "a server is in trouble");
    super("infrastructure", `${said}, before the first fault`);
  }
}
