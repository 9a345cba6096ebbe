import { join } from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { hashFile } from "../../base/hash-file.ts";

/** A page of more bytes opens slowly, and some mail servers refuse it. */
const AIM = 2_000_000;
/** No page is larger. GitHub takes attachments of 25 MB. */
const LIMIT = 20_000_000;
/**
 * Tried one after the other until the page has at most `most` bytes: less server text in all findings together, then fewer sections,
 * at least how to see it again.
 */
const TRIES: readonly (Omit<Room, "note"> & { most: number })[] = [
  { evidence: 700_000, parts: Number.POSITIVE_INFINITY, most: AIM },
  { evidence: 250_000, parts: Number.POSITIVE_INFINITY, most: AIM },
  { evidence: 60_000, parts: Number.POSITIVE_INFINITY, most: LIMIT },
  { evidence: 0, parts: 5, most: LIMIT },
  { evidence: 0, parts: 2, most: LIMIT },
  { evidence: 0, parts: 1, most: LIMIT },
];

export interface Room {
  /** Bytes of server text in all findings together. */
  evidence: number;
  /** How many sections. */
  parts: number;
  /** For the footer: what the page is an extract of. */
  note: string;
}

/** The page with as much evidence as keeps it small; what is left out is said on it, with the hash of the whole journal. */
export async function fitted(directory: string, write: (room: Room) => Promise<string>): Promise<string> {
  const note = await journalNote(join(directory, "journal.jsonl"));
  let page = "";
  for (const { most, ...room } of TRIES) {
    page = await write({ ...room, note });
    if (Buffer.byteLength(page) <= most) return page;
  }
  throw new ChaosError("internal", `the page has ${Buffer.byteLength(page)} bytes however much is left out`);
}

/** " (1,234 bytes, SHA-256 …)"; "" when it is not there: a record that was made up. */
async function journalNote(file: string): Promise<string> {
  try {
    const { bytes, sha256 } = await hashFile(file);
    return ` (${bytes} bytes, SHA-256 ${sha256})`;
  } catch {
    return "";
  }
}
