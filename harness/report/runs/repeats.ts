import { groupBy } from "../../base/group-by.ts";
import { type Proportion, proportion, proportionText } from "../../base/proportion.ts";
import { planIn } from "../../journal/plan.ts";
import { imagesText } from "../../journal/run-images.ts";
import { type Html, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";
import { hasVerdict } from "../verified/verified-run.ts";
import type { ListedRun } from "./run-list.ts";

/** All runs of one experiment on one image. */
interface ImageRuns {
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

/**
 * How often runs of the same experiment in the same folder of reports found what this one found, image by image.
 * null: it was run once.
 */
export function repeatsOf({ run, images, findings, foreseen }: RunSummary, file: string, runs: readonly ListedRun[]) {
  // Runs that are to make a prediction real do another thing, and find it sooner.
  const confirms = foreseen?.confirms ?? undefined;
  const same = runs.filter(
    ({ experiment, system }) => experiment.file === file && experiment.confirms === confirms && system === run.system,
  );
  const known = same.filter(hasVerdict);
  if (known.length < 2) return null;
  const [first] = findings;
  const finds = (one: ListedRun): boolean =>
    first ? one.findings.some(({ type }) => type === first.type) : one.verdict === "fail";
  const said = planIn(run)?.experiment.images ?? {};
  // A tag may have been moved to another image between two runs.
  const groups = groupBy(same, (one) => `${textOf(one)} ${one.digest ?? ""}`);
  const all = [...groups.values()].map((own): ImageRuns => {
    const [first] = own as [ListedRun];
    const { image, digest } = first;
    const text = textOf(first);
    const judged = own.filter(hasVerdict);
    return {
      image: text,
      digest,
      said: image === said.fixed ? "fixed" : image === said.affected ? "affected" : null,
      own: text === images && digest === run.digest,
      found: proportion(judged.filter(finds).length, judged.length),
      unknown: own.length - judged.length,
    };
  });
  if (said.fixed !== undefined && !all.some(({ said: what }) => what === "fixed"))
    all.push({ image: said.fixed, digest: null, said: "fixed", own: false, found: proportion(0, 0), unknown: 0 });
  const rank = ({ own, said: what }: ImageRuns): number => (own ? 0 : what === "fixed" ? 1 : 2);
  // What was counted: "hang", or any finding for a run that has none.
  return { what: first ? first.type : "any finding", images: all.sort((a, b) => rank(a) - rank(b)) };
}

const textOf = ({ image, nodeImages: nodes }: ListedRun): string => imagesText({ image, nodes });

/** k of n with its interval, image by image: the one of this run first, the fixed one beside it. */
export function repeatsHtml({ what, images }: NonNullable<ReturnType<typeof repeatsOf>>): Html {
  const [own] = images;
  const rows = images.map((one) => [html`${one.image}${tags(one)}`, countText(one), one.unknown || null]);
  const head =
    own &&
    html`<p><strong>${what}: ${countText(own)}</strong> of this experiment's runs on this image, in the folder that this report lies in.</p>`;
  const columns = ["Image", "Found (k of n runs, 95 % interval by Wilson)", numbers("Runs without an answer")];
  return html`${head}${scrolling("How often", table(columns, rows))}`;
}

function countText({ found }: ImageRuns): string {
  return found.n === 0 ? "not run here" : proportionText(found);
}

function tags({ said, own }: ImageRuns): Html[] {
  const words = [
    ...(own ? ["this run"] : []),
    ...(said === null ? [] : [said === "fixed" ? "said to be fixed" : "said to be affected"]),
  ];
  return words.map((word) => html` <span class="tag">${word}</span>`);
}
