import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { behaviourOf } from "../../explore/behaviour.ts";
import type { Outcome, Seen } from "../../explore/explorer.ts";
import type { KnownSignatures } from "../../explore/known-signatures.ts";
import { signatureOf } from "../../explore/signature.ts";
import type { EndedRun } from "../session.ts";

/** What one run of an exploration came to, and where it lies. */
export interface ExploredRun {
  outcome: Outcome;
  directory: string;
}

/** Reads what a run left behind. What counts for nothing shows nothing. */
export async function readExplored(run: EndedRun, known: KnownSignatures): Promise<ExploredRun> {
  const { directory, verdict } = run;
  const record = await run.record();
  const starved = record.view.starved.length > 0;
  const broke = verdict === "error" || verdict === "interrupted";
  const found = run.findings.filter(({ consequenceOf }) => consequenceOf === undefined);
  // A proof stands whatever the machine did meanwhile.
  const standing = starved ? found.filter(({ proof, type }) => proof !== null || type === "crash") : found;
  const isVoid = broke || (starved && standing.length === 0);
  if (isVoid) return { outcome: { behaviour: new Set(), seen: [], void: true }, directory };
  const seen = standing.map((finding): Seen => {
    const signature = signatureOf(finding, record);
    return { signature, proved: finding.proof !== null, known: known.issueOf(signature) };
  });
  return { outcome: { behaviour: behaviourOf(record, await logsIn(directory)), seen, void: false }, directory };
}

async function logsIn(directory: string): Promise<Map<string, string>> {
  const folder = path.join(directory, "evidence", "logs");
  const names = await readdir(folder).catch(() => []);
  const logs = names.filter((name) => name.endsWith(".log") && name !== "control.log");
  return new Map(
    await Promise.all(
      logs.map(async (name) => [name.slice(0, -4), await readFile(path.join(folder, name), "utf8")] as const),
    ),
  );
}

/** Of a run that found nothing new, what it showed is kept in the diary: a night has hundreds of them. */
export function forget(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}
