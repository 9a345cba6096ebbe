import { countEach } from "../../base/count-each.ts";
import { formatDuration } from "../../base/units.ts";
import { kindOf } from "../../journal/finding.ts";
import { median, timeToFinding } from "../../report/time-to-finding.ts";
import type { RunResult } from "../../run/run-options.ts";

/** What became of all runs on one image. */
export interface Row {
  image: string;
  /** Theirs, where the image is that of the masters. */
  replicas?: string;
  results: Pick<RunResult, "verdict" | "findings" | "record">[];
}

/** What one line of the table is run on. */
export type Tried = Omit<Row, "results"> & { nodes?: { masters: string; replicas: string } };

/** Masters and replicas on each, in all ways. */
export function pairings(images: readonly string[]): Tried[] {
  return images.flatMap((masters) =>
    images.map((replicas) => ({ image: masters, replicas, nodes: { masters, replicas } })),
  );
}

/** One line per image, or per pairing of two, under headings. */
export function matrixTable(rows: readonly Row[]): string[][] {
  const isMixed = rows.some(({ replicas }) => replicas !== undefined);
  return [[...(isMixed ? ["MASTERS", "REPLICAS"] : ["IMAGE"]), ...HEADINGS], ...rows.map(cells)];
}

const HEADINGS = ["RUNS", "PASS", "FAIL", "INCONCLUSIVE", "OTHER", "FIRST FINDING (MEDIAN)", "FINDINGS"];

function cells({ image, replicas, results }: Row): string[] {
  const count = (...verdicts: string[]): number => results.filter((one) => verdicts.includes(one.verdict)).length;
  const kinds = countEach(results.flatMap(({ findings }) => [...new Set(findings.map(kindOf))]));
  const known = count("pass") + count("fail") + count("inconclusive");
  const middle = median(results.flatMap(firstFinding));
  return [
    image,
    ...(replicas === undefined ? [] : [replicas]),
    String(results.length),
    String(count("pass")),
    String(count("fail")),
    String(count("inconclusive")),
    String(results.length - known),
    middle === null ? "-" : formatDuration(Math.round(middle / 100) * 100),
    [...kinds].map(([kind, times]) => `${kind} ×${times}`).join(", ") || "-",
  ];
}

function firstFinding({ record, findings }: Row["results"][number]): number[] {
  const time = timeToFinding(record.view.phase("chaos")?.from, findings);
  return time === null ? [] : [time];
}
