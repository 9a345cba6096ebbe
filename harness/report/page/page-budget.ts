import { join } from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { hashFile } from "../../base/hash-file.ts";

/** A page of more bytes opens slowly, and some mail servers refuse it. */
const AIM = 2_000_000;
/** No page is larger. GitHub takes attachments of 25 MB. */
const LIMIT = 20_000_000;
/** Bytes of server text in all findings together, tried one after the other until the page is below AIM. */
const EVIDENCE = [700_000, 250_000, 60_000];
/** Sections kept, tried one after the other when nothing else brings the page below LIMIT: at least how to see it again. */
const PARTS = [5, 2, 1];

export interface Room {
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
  for (const evidence of EVIDENCE) {
    page = await write({ evidence, parts: Number.POSITIVE_INFINITY, note });
    if (Buffer.byteLength(page) <= AIM) return page;
  }
  if (Buffer.byteLength(page) <= LIMIT) return page;
  for (const parts of PARTS) {
    page = await write({ evidence: 0, parts, note });
    if (Buffer.byteLength(page) <= LIMIT) return page;
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
