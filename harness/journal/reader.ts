import { createReadStream } from "node:fs";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { eventSchema, type JournalEvent } from "./events.ts";
import { withOlderWords } from "./older-words.ts";
import { type RunRecord, recordOf } from "./record.ts";
import { EventStore } from "./thin.ts";

/**
 * The whole journal in memory, indexed; of a very long one the samples are thinned (thin.ts), so that it fits. A torn last line (no
 * newline, not an event: the harness was killed while writing) ends the reading and is in `tornLine`; any other broken line throws.
 * @throws ChaosError usage: no such file, or "journal.jsonl:12: …"
 */
export async function readRecord(file: string): Promise<RunRecord> {
  const store = new EventStore();
  let tornLine: number | null = null;
  let number = 0;
  // In the portions in which the disk gives them: waiting once for each line would take longer than reading it.
  for await (const { texts, ended } of lines(file)) {
    for (const text of texts) {
      number++;
      const result = parseLine(text);
      if ("event" in result) store.add(result.event);
      else if (!ended) tornLine = number;
      else {
        throw new ChaosError("usage", `${file}:${number}: not a journal event: ${result.why}`, {
          hint: "The journal was changed or written by another version of kvchaos.",
        });
      }
    }
  }
  return recordOf(store.events(), { tornLine });
}

function parseLine(text: string): { event: JournalEvent } | { why: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { why: messageOf(error) };
  }
  const parsed = eventSchema.safeParse(value);
  if (parsed.success) return { event: withOlderWords(parsed.data) };
  const issue = parsed.error.issues[0];
  return { why: issue ? `${issue.path.join(".") || "event"}: ${issue.message}` : "unknown event" };
}

/** Splits on newline bytes only: node:readline would also split on U+2028, which JSON leaves unescaped. */
async function* lines(file: string): AsyncIterable<{ texts: string[]; ended: boolean }> {
  let pending: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 64 * 1024 })) {
      const bytes = chunk as Buffer;
      const end = bytes.lastIndexOf(10);
      if (end === -1) pending.push(bytes);
      else {
        const whole = Buffer.concat([...pending, bytes.subarray(0, end)]).toString("utf8");
        pending = end + 1 < bytes.length ? [bytes.subarray(end + 1)] : [];
        yield { texts: whole.split("\n"), ended: true };
      }
    }
  } catch (error) {
    if (error instanceof ChaosError) throw error;
    throw new ChaosError("usage", `cannot read the journal ${file}: ${messageOf(error)}`, {
      hint: "Name a run's folder below reports/: it holds journal.jsonl.",
      cause: error,
    });
  }
  if (pending.length > 0) yield { texts: [Buffer.concat(pending).toString("utf8")], ended: false };
}
