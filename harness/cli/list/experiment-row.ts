import path from "node:path";
import type { Experiment } from "../../experiment/experiment.ts";
import type { KnownBug } from "../../experiment/known-bugs.ts";
import { SYSTEM_NAMES } from "../../systems/system.ts";
import { shortIssue } from "./select-experiments.ts";

export const EXPERIMENT_HEADINGS = ["EXPERIMENT", "SYSTEMS", "FINDS", "ISSUE", "AFFECTED → FIXED", "TITLE"];

/** One experiment as a row of `kvchaos list`; "-" stands for what it does not say. */
export function experimentRow(experiment: Experiment, bugs: readonly KnownBug[]): string[] {
  const { file, systems, expect, images, title } = experiment;
  return [
    path.relative(process.cwd(), file),
    systems.length === SYSTEM_NAMES.length ? "any" : systems.join(","),
    findsText(expect),
    shortIssue(experiment, bugs),
    imagesText(images),
    title,
  ];
}

/** "hang/deadlocked", "hang, crash (sometimes)" */
function findsText(expect: Experiment["expect"]): string {
  if (!expect) return "-";
  const types = expect.finding.map((type) => (expect.class === null ? type : `${type}/${expect.class}`));
  return `${types.join(", ")}${expect.sometimes ? " (sometimes)" : ""}`;
}

/** { affected: "apache/kvrocks:2.9.0", fixed: "apache/kvrocks:2.11.0" } → "kvrocks:2.9.0 → 2.11.0" */
function imagesText({ affected, fixed }: Experiment["images"]): string {
  if (affected === undefined && fixed === undefined) return "-";
  const same = affected !== undefined && fixed !== undefined && repositoryOf(affected) === repositoryOf(fixed);
  const shownFixed = fixed === undefined ? "" : same ? fixed.slice(repositoryOf(fixed).length + 1) : shortImage(fixed);
  return `${affected === undefined ? "" : shortImage(affected)} → ${shownFixed}`.trim();
}

const repositoryOf = (image: string): string => image.replace(/:[^:/]+$/, "");
/** Without registry and owner. */
const shortImage = (image: string): string => image.slice(image.lastIndexOf("/") + 1);
