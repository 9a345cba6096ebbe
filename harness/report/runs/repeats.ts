import { groupBy } from "../../base/group-by.ts";
import { type Proportion, proportion } from "../../base/proportion.ts";
import { planIn } from "../../journal/plan.ts";
import type { RunSummary } from "../run-summary.ts";
import { hasVerdict } from "../verified/verified-run.ts";
import type { ListedRun } from "./run-list.ts";

/** All runs of one experiment on one image. */
export interface ImageRuns {
  image: string;
  digest: string | null;
  /** What the experiment says of it. */
  said: "affected" | "fixed" | null;
  /** It is the image of the run that is reported. */
  own: boolean;
  /** Runs with a verdict that found it, of all that have one. */
  found: Proportion;
  /** Inconclusive, broken or interrupted: nobody knows. */
  unknown: number;
}

export interface Repeats {
  /** What was counted: "hang/deadlocked", or any finding for a run that has none. */
  what: string;
  images: readonly ImageRuns[];
}

/**
 * How often runs of the same experiment in the same folder of reports found what this one found, image by image.
 * null: it was run once.
 */
export function repeatsOf({ run, findings }: RunSummary, file: string, runs: readonly ListedRun[]): Repeats | null {
  const same = runs.filter((one) => one.experiment.file === file && one.system === run.system);
  const known = same.filter(hasVerdict);
  if (known.length < 2) return null;
  const [first] = findings;
  const finds = (one: ListedRun): boolean =>
    first ? one.findings.some(({ type }) => type === first.type) : one.verdict === "fail";
  const said = planIn(run)?.experiment.images ?? {};
  // A tag may have been moved to another image between two runs.
  const groups = groupBy(same, ({ image, digest }) => `${image} ${digest ?? ""}`);
  const images = [...groups.values()].map((own): ImageRuns => {
    const [{ image, digest }] = own as [ListedRun];
    const judged = own.filter(hasVerdict);
    return {
      image,
      digest,
      said: image === said.fixed ? "fixed" : image === said.affected ? "affected" : null,
      own: image === run.image && digest === run.digest,
      found: proportion(judged.filter(finds).length, judged.length),
      unknown: own.length - judged.length,
    };
  });
  if (said.fixed !== undefined && !images.some(({ image }) => image === said.fixed))
    images.push({ image: said.fixed, digest: null, said: "fixed", own: false, found: proportion(0, 0), unknown: 0 });
  const rank = ({ own, said: what }: ImageRuns): number => (own ? 0 : what === "fixed" ? 1 : 2);
  return { what: first ? first.type : "any finding", images: images.sort((a, b) => rank(a) - rank(b)) };
}
