import path from "node:path";
import { type KnownBug, standsFor } from "../../experiment/known-bugs.ts";
import type { ExperimentHead } from "../../experiment/read-head.ts";
import type { VerifiedRun } from "../../report/verified/verified-run.ts";
import { foundText, groupsOf, shortDigest, type VerifiedGroup } from "../../report/verified/verified-table.ts";
import { SYSTEM_NAMES, type SystemName } from "../../systems/system.ts";

const HEADINGS = ["BUG", "AFFECTED → FIXED", "EXPERIMENT", "VERIFIED", "SYMPTOM"];

export interface CoverageInputs {
  bugs: readonly KnownBug[];
  experiments: readonly ExperimentHead[];
  runs: readonly VerifiedRun[];
  /** The runs of experiments as they are no more. */
  stale: ReadonlySet<VerifiedRun>;
  /** The folder to which the runs tell their experiments. */
  root: string;
}

/**
 * Each known bug with the experiments that stand for it and what runs on real images have shown, and the sum in a sentence.
 * A bug is verified when a run saw what is expected on the affected image; where no experiment names one, when a run of
 * one of them had a verdict. Runs on another system than the bug's say nothing about it, and stale ones neither.
 */
export function coverage(inputs: CoverageInputs): { rows: string[][]; summary: string } {
  const groups = groupsOf(inputs.runs.filter((run) => !inputs.stale.has(run)));
  const old = groupsOf(inputs.runs.filter((run) => inputs.stale.has(run)));
  const of = (all: readonly VerifiedGroup[], { file }: ExperimentHead, bug: KnownBug): VerifiedGroup[] =>
    all.filter((one) => one.experiment === path.relative(inputs.root, file) && isAbout(bug, one.system));
  const rows: string[][] = [];
  let covered = 0;
  let verified = 0;
  for (const bug of inputs.bugs) {
    const own = inputs.experiments.filter((one) => standsFor(one, bug));
    const cells = own.map((one) => ({ one, runs: of(groups, one, bug), stale: of(old, one, bug) }));
    if (own.length > 0) covered++;
    if (isVerified(cells)) verified++;
    const shown = cells.flatMap(({ one, runs, stale }) => linesOf(one, runs, stale));
    const versions = `${bug.affected ?? "?"} → ${bug.fixed ?? "?"}`;
    const lines = shown.length > 0 ? shown : [["-", "-"]];
    rows.push(
      ...lines.map((line, index) => (index === 0 ? [bug.id, versions, ...line, bug.symptom] : ["", "", ...line, ""])),
    );
  }
  const summary = `${covered} of ${inputs.bugs.length} rows have an experiment, ${verified} verified on real images`;
  return { rows: [HEADINGS, ...rows], summary };
}

/** The bugs of one system; a pattern that was seen in another database concerns them all. */
export function bugsOf(bugs: readonly KnownBug[], system: SystemName): KnownBug[] {
  return bugs.filter((bug) => isAbout(bug, system));
}

function isAbout({ id }: KnownBug, system: string): boolean {
  const project = id.split(/[#/]/, 1)[0] as string;
  const own = project === "valkey" ? "redis" : project;
  return own === system || !SYSTEM_NAMES.includes(own as SystemName);
}

function isVerified(cells: readonly { one: ExperimentHead; runs: readonly VerifiedGroup[] }[]): boolean {
  const affected = cells.filter(({ one }) => one.images.affected !== undefined);
  if (affected.length > 0) return affected.some(({ one, runs }) => runs.some((group) => wasSeen(one, group)));
  return cells.some(({ runs }) => runs.some(({ judged }) => judged > 0));
}

/** Did a run on the affected image find what the experiment expects? */
function wasSeen({ images, expect }: ExperimentHead, { image, found }: VerifiedGroup): boolean {
  if (image !== images.affected) return false;
  return [...found.keys()].some((kind) => {
    const [type = "", own] = kind.split("/");
    return !expect || (expect.finding.includes(type) && (expect.class === null || expect.class === own));
  });
}

function linesOf(one: ExperimentHead, runs: readonly VerifiedGroup[], stale: readonly VerifiedGroup[]): string[][] {
  const said = [...runs.map((group) => textOf(one, group)), ...stale.map((group) => `stale: ${textOf(one, group)}`)];
  const name = path.relative(process.cwd(), one.file);
  return said.length === 0 ? [[name, "-"]] : said.map((text, index) => [index === 0 ? name : "", text]);
}

/** "affected apache/kvrocks:2.9.0 (sha256:…): hang/deadlocked 3 of 3; 2026-11-26, kvchaos 0.1.0" */
function textOf({ images }: ExperimentHead, group: VerifiedGroup): string {
  const { image, digest, runs, judged } = group;
  const said = image === images.affected ? "affected " : image === images.fixed ? "fixed " : "";
  const last = runs.at(-1) as VerifiedRun;
  const found = judged === 0 ? `no verdict in ${runs.length}` : foundText(group);
  return `${said}${image} (${shortDigest(digest)}): ${found}; ${last.started.slice(0, 10)}, kvchaos ${last.kvchaos}`;
}
