import { ChaosError } from "../../base/chaos-error.ts";
import { RespError } from "../../resp/reply.ts";

/** Words of servers that cannot do it at this moment: another one does not answer, or something else must end first. */
const FOR_NOW =
  /^(IOERR|TRYAGAIN|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|READONLY|MISCONF|BUSY)\b|There is already a migrating (job|slot)/;

/** A server that carries slots over itself says that it has failed. */
export class MigrationFailed extends ChaosError {
  constructor(message: string) {
    super("infrastructure", message);
  }
}

/** Does a server say of its own accord that it will not do it? Not where it does not answer, or cannot for now. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof MigrationFailed) return true;
  const cause = error instanceof ChaosError ? error.cause : undefined;
  return cause instanceof RespError && !FOR_NOW.test(cause.message);
}
