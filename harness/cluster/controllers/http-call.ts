import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { type WaitLimits, withDeadline } from "../../base/deadline.ts";
import type { HttpCall } from "../../systems/controller-mode.ts";
import type { Address } from "../container-node.ts";

const CALL_MS = 5_000;

export interface HttpAnswer {
  status: number;
  /** Parsed; undefined: none, or no JSON. */
  body: unknown;
}

/** One call, redirections not followed: they are an answer. Rejects with code `timeout`, or `infrastructure` where there is no answer. */
export async function httpCall(
  { host, port }: Address,
  { method, path, body }: HttpCall,
  { within = CALL_MS, signal }: WaitLimits = {},
): Promise<HttpAnswer> {
  const what = `an answer to ${method} ${path}`;
  return withDeadline({ what, within, signal }, async (inner) => {
    try {
      const answer = await fetch(`http://${host}:${port}${path}`, {
        method,
        redirect: "manual",
        signal: inner,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      const text = await answer.text();
      return { status: answer.status, body: parsed(text) };
    } catch (error) {
      inner.throwIfAborted();
      // "fetch failed" alone says nothing.
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new ChaosError("infrastructure", `no answer to ${method} ${path}: ${messageOf(cause)}`, { cause: error });
    }
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
