import { groupBy } from "../../base/group-by.ts";
import { type Proportion, proportion } from "../../base/proportion.ts";
import { imagesText } from "../../journal/run-images.ts";
import { hasVerdict } from "../verified/verified-run.ts";
import type { ListedRun } from "./run-list.ts";

/** All runs of one experiment, by its file, or of one prediction: titled as its latest run was. */
export interface ExperimentRuns {
  /** Unique on the page. */
  id: string;
  /** "any/quickstart" of "experiments/any/quickstart.yaml". */
  name: string;
  title: string;
  file: string;
  /** In the order in which they came. */
  images: readonly ImageRuns[];
  latest: ListedRun;
}

/** Those of them on one image. */
export interface ImageRuns {
  system: string;
  image: string;
  /** Oldest first; never empty. */
  runs: readonly ListedRun[];
  latest: ListedRun;
  /** Of the runs with a verdict. */
  failed: Proportion;
}

/** @param runs oldest first; the experiments come in the order of their files */
export function experimentRuns(runs: readonly ListedRun[]): ExperimentRuns[] {
  const groups = groupBy(runs, ({ experiment: { file, confirms } }) => JSON.stringify([file, confirms]));
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, own], i) => {
    const latest = own.at(-1) as ListedRun;
    const { title, file, confirms } = latest.experiment;
    const short = file.replace(/^.*\bexperiments\//, "").replace(/\.ya?ml$/, "");
    const real = confirms === undefined ? "" : `: to make ${confirms} real`;
    const images = groupBy(own, (run) => JSON.stringify([run.system, textOf(run)]));
    return {
      id: `e${i + 1}`,
      name: `${short}${real}`,
      title: `${title}${real}`,
      file,
      images: [...images.values()].map(imageRuns),
      latest,
    };
  });
}

function imageRuns(runs: readonly ListedRun[]): ImageRuns {
  const latest = runs.at(-1) as ListedRun;
  const judged = runs.filter(hasVerdict);
  const failed = proportion(judged.filter(({ verdict }) => verdict === "fail").length, judged.length);
  return { system: latest.system, image: textOf(latest), runs, latest, failed };
}

const textOf = ({ image, nodeImages: nodes }: ListedRun): string => imagesText({ image, nodes });
