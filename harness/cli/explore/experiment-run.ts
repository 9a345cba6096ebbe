import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { behaviourOf } from "../../explore/behaviour.ts";
import type { Outcome, Seen } from "../../explore/explorer.ts";
import type { KnownSignatures } from "../../explore/known-signatures.ts";
import { signatureOf } from "../../explore/signature.ts";
import type { Finding } from "../../journal/finding.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { EndedRun } from "../session.ts";

/** What one run of an exploration came to, and where it lies. */
export interface ExploredRun {
  outcome: Outcome;
  directory: string;
}

/** Findings that no cut or burdened path explains. */
const OF_THE_SERVER: ReadonlySet<Finding["type"]> = new Set(["hang", "crash"]);

/** Reads what a run left behind. What counts for nothing shows nothing. */
export async function readExplored(run: EndedRun, known: KnownSignatures): Promise<ExploredRun> {
  const { directory, verdict, warm: leavesCluster, took: all } = run;
  const record = await run.record();
  const chaos = record.view.phase("chaos");
  const spent = { all, chaos: chaos ? chaos.to - chaos.from : 0 };
  const starved = record.view.starved.length > 0;
  const tooStarved = record.view.tooStarved({ from: chaos?.from ?? 0, to: record.end }) !== null;
  const broke = verdict === "error" || verdict === "interrupted";
  // A fault of ours that is still in place may be what is seen, but for what it cannot do.
  const held = record.of("fault").some(({ step }) => step === "heal-failed");
  const certain = verdict !== "fail" ? [] : run.findings.filter(({ type }) => !held || OF_THE_SERVER.has(type));
  const found = certain.filter(({ consequenceOf }) => consequenceOf === undefined);
  // A proof stands whatever the machine did meanwhile.
  const standing = starved ? found.filter(({ proof, type }) => proof !== null || type === "crash") : found;
  const isVoid = broke || ((tooStarved || held) && standing.length === 0);
  if (isVoid) return { outcome: { behaviour: new Set(), seen: [], void: true, leavesCluster, spent }, directory };
  const seen = standing.map((finding) => seenIn(finding, record, known));
  const behaviour = behaviourOf(record, await logsIn(directory));
  return { outcome: { behaviour, seen, void: false, leavesCluster, spent }, directory };
}

export function seenIn(finding: Finding, record: RunRecord, known: KnownSignatures): Seen {
  const signature = signatureOf(finding, record);
  return {
    signature,
    proved: finding.proof !== null,
    known: known.issueOf(signature, record.first("run")?.system ?? ""),
  };
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
