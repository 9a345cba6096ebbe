import type { EventOf } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";

/** The clock of what became of a server is that of whoever noticed it. ms */
const SLACK_MS = 1_000;

type Told = EventOf<"raw-bytes">;

/** Bytes after which a server ended or went silent, and what was found of them when it was started anew. */
export interface SentBytes {
  suspected: Told;
  /** null: nobody came to it. */
  shrunk: Told | null;
  /** One or two sentences. */
  text: string;
  files: readonly string[];
}

/** Those that were sent to a node shortly before something happened to it; null: none. */
export function bytesBefore(record: RunRecord, node: string, at: number, fate: Told["fate"]): SentBytes | null {
  const told = record.ofNode("raw-bytes", node).filter((one) => one.fate === fate);
  const suspected = told.findLast((one) => {
    return one.step === "suspected" && one.at - SLACK_MS <= at && at <= one.t + SLACK_MS;
  });
  if (!suspected) return null;
  const shrunk = told.find(({ id, step, t }) => id === suspected.id && step === "shrunk" && t >= suspected.t) ?? null;
  const files = [...suspected.files, ...(shrunk?.files ?? [])];
  return { suspected, shrunk, text: `${sentText(suspected)} ${shrunkText(shrunk, fate)}`, files };
}

function sentText({ id, name, sent, link }: Told): string {
  const what = `"${sent}"${name === null ? "" : ` (${name})`}`;
  return `The fault ${id} had just sent it ${what}${link === null ? "" : ` through ${link}`}.`;
}

function shrunkText(shrunk: Told | null, fate: Told["fate"]): string {
  if (shrunk === null) return "It was not started anew to try that again.";
  const { shortest, length = 0, exact, tries = 0 } = shrunk;
  const times = tries === 1 ? "once" : `${tries} times`;
  if (shortest === null || shortest === undefined) {
    return tries === 0
      ? "There was no time to start it anew and try that again."
      : `Started anew, ${times}, it did not do so again after that or the texts before it.`;
  }
  const again = fate === "ended" ? "ended" : "left others without an answer";
  const bytes = length === 1 ? "1 byte" : `${length} bytes`;
  const rest = exact ? "no shorter prefix does it" : "there was no time to look for a shorter prefix";
  return `Started anew, it ${again} again after "${shortest}" (${bytes}; ${rest}; ${tries === 1 ? "1 try" : `${tries} tries`}).`;
}
