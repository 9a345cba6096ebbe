import { writeFile } from "node:fs/promises";
import path from "node:path";
import { proportion, proportionText } from "../base/proportion.ts";
import { documentText } from "../experiment/document-text.ts";
import { secretsOf } from "../experiment/secrets.ts";
import type { Plan } from "../journal/plan.ts";
import { textHider } from "../journal/redact.ts";
import type { Attempt } from "../run/campaign/attempts.ts";
import type { Campaign } from "../run/campaign/series.ts";
import { type Document, entriesOf } from "../run/shrink/document.ts";
import type { Counted } from "../run/shrink/sequential-test.ts";
import { keyOf, type Shrunk, shrink, type Tried } from "../run/shrink/shrink.ts";
import type { ServerChoice } from "./choose-server.ts";
import { planOfDocument } from "./earlier-experiment.ts";
import { ShrinkTrail } from "./shrink-trail.ts";

/** What is shrunk, on which server, and into which file. */
export interface ShrinkJob<R extends Attempt> {
  document: Document;
  /** What the document is relative to. */
  file: string;
  /** Its plan, with the passwords that no file gets. */
  plan: Plan;
  server: ServerChoice;
  /** "hang/deadlocked", or what else is to come back, in words. */
  finding: string;
  /** What the experiment that is written expects. */
  expect: Readonly<Record<string, unknown>>;
  shows(run: R): boolean;
  /** Ids of the faults that had come when it began; null: nobody knows. */
  came(run: R): Promise<readonly string[] | null>;
  out: string;
  onTried(tried: Tried): void;
  /** Called before the first run. @param earlier so many are known from the trail */
  onBegin?(earlier: number, trail: string): void;
}

export interface ShrunkInto extends Shrunk {
  /** Of the file that was written; null: nothing was. */
  lines: number | null;
}

/** Shrinks into an experiment file; a trail of all runs lies beside it, from which the same search goes on. */
export async function shrinkInto<R extends Attempt>(
  job: ShrinkJob<R>,
  campaign: Campaign<Plan, R>,
): Promise<ShrunkInto> {
  const { document, file, plan, server, finding, out } = job;
  const { seed } = plan;
  const head = { key: keyOf(document), seed, image: server.image, finding };
  const trail = await ShrinkTrail.open(out.replace(/(\.yaml)?$/, ".trail.jsonl"), head);
  job.onBegin?.(trail.earlier.length, trail.file);
  const shrunk = await shrink(
    document,
    {
      planOf: (one) => planOfDocument(documentText(one), file, seed, server),
      shows: (attempt) => job.shows(attempt),
      came: (attempt) => job.came(attempt),
      earlier: trail.earlier,
      onTried: (tried) => {
        trail.add(tried);
        job.onTried(tried);
      },
    },
    campaign,
  ).finally(() => trail.end());
  const { smallest, counted } = shrunk;
  if (!smallest) return { ...shrunk, lines: null };
  const comment = `Shrunk from ${path.basename(file)}, seed ${seed}, on ${server.image}: ${finding} in ${shareText(counted)} runs.`;
  const text = documentText({ ...relativeTo(path.dirname(out), smallest), expect: job.expect }, [comment]);
  await writeFile(out, textHider(secretsOf(plan, { services: [] }))(text));
  return { ...shrunk, lines: text.trimEnd().split("\n").length };
}

/** "9 of 10 (95 %: 60 % to 98 %)" */
export function shareText({ failed, passed }: Counted): string {
  return proportionText(proportion(failed, failed + passed));
}

const SHOWN = 8;

/** "3 faults (storm, cut, die), 1 load" */
export function sizeText(document: Document): string {
  const ids = entriesOf(document, "faults").map(({ id }) => String(id));
  const shown = ids.length <= SHOWN ? ids : [...ids.slice(0, SHOWN - 1), "…", ids.at(-1)];
  const loads = entriesOf(document, "load").length;
  const faults =
    ids.length === 0 ? "no fault" : `${ids.length} ${ids.length === 1 ? "fault" : "faults"} (${shown.join(", ")})`;
  return loads === 0 ? faults : `${faults}, ${loads} ${loads === 1 ? "load" : "loads"}`;
}

/** Its Compose file as seen from the folder that it is written to. */
function relativeTo(folder: string, document: Document): Document {
  const { cluster } = document;
  return typeof cluster === "string" ? { ...document, cluster: path.relative(folder, cluster) } : document;
}
