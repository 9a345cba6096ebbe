import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import { version } from "../../base/version.ts";
import { log } from "../print.ts";

/** Not `default`: --help would print it. */
export const NOTIFY = {
  type: "string",
  describe:
    "POST a word to this webhook at the end of a night, and at the first finding of an exploration; slack:URL, and hooks.slack.com, get Slack's format (KVCHAOS_NOTIFY)",
} as const;

/** How long a webhook may take, and the pauses before it is asked again, ms. */
const ANSWER_MS = 15_000;
const PAUSES = [1_000, 5_000];
/** Of one list in a message. */
const MOST = 20;

/** A word for people, with the facts for programs. */
export interface Word {
  kind: "night" | "finding";
  /** A line, or a few. */
  text: string;
  facts: Readonly<Record<string, unknown>>;
}

/** Where words go. Its path, query and user are secrets: they are in no message. */
interface Webhook {
  url: URL;
  slack: boolean;
  headers: Record<string, string>;
}

/** null: nobody is to be told. Throws `usage`, without the address. */
export function readWebhook(wish: string | undefined, env: NodeJS.ProcessEnv): Webhook | null {
  const text = wish ?? env.KVCHAOS_NOTIFY;
  if (text === undefined || text === "") return null;
  const address = text.replace(/^slack:/, "");
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ChaosError("usage", "--notify: expected the address of a webhook", {
      hint: "Like --notify https://example.org/hook, or slack:https://… for what speaks Slack's format.",
    });
  }
  const { username, password } = url;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers: Record<string, string> =
    username === "" && password === "" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  url.username = "";
  url.password = "";
  return { url, headers, slack: text !== address || url.hostname === "hooks.slack.com" };
}

/**
 * Tells a webhook. Never rejects, and resolves within a minute: whoever does not take the word is named by its host on stderr, and
 * nothing else changes.
 */
export async function notify(
  webhook: Webhook | null,
  { kind, text, facts }: Word,
  pauses: readonly number[] = PAUSES,
): Promise<void> {
  if (webhook === null) return;
  const { url, slack, headers } = webhook;
  const body = slack ? { text } : { version: 1, kvchaos: version, kind, text, ...facts };
  let why = "";
  for (const pause of [0, ...pauses]) {
    await sleep(pause);
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
        // Another address is none that the user has named.
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      why = `it answered ${answer.status || "with another address"}`;
      if (answer.status < 500 && answer.status !== 429) break;
    } catch (error) {
      why = reasonOf(error);
    }
  }
  log(`the webhook at ${url.host} was not told: ${why}`);
}

/** At most so many, and how many there are. */
export const shortened = <T>(all: readonly T[]): T[] => all.slice(0, MOST);

/** fetch hides what happened behind "fetch failed", and its own words may hold the address. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer in ${ANSWER_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : cause === undefined ? "it cannot be asked" : messageOf(cause);
}
