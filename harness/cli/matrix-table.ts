import { formatDuration } from "../base/units.ts";
import { kindOf } from "../journal/finding.ts";
import type { RunResult } from "../run/run-options.ts";

/** What became of all runs on one image. */
export interface Row {
  image: string;
  results: Pick<RunResult, "verdict" | "findings" | "record">[];
}

/** One line per image, under headings. */
export function matrixTable(rows: readonly Row[]): string[][] {
  return [HEADINGS, ...rows.map(cells)];
}

const HEADINGS = ["IMAGE", "RUNS", "PASS", "FAIL", "INCONCLUSIVE", "OTHER", "FIRST FINDING (MEDIAN)", "FINDINGS"];

function cells({ image, results }: Row): string[] {
  const count = (...verdicts: string[]): number => results.filter((one) => verdicts.includes(one.verdict)).length;
  const kinds = new Map<string, number>();
  for (const { findings } of results) {
    for (const kind of new Set(findings.map(kindOf))) {
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  const known = count("pass") + count("fail") + count("inconclusive");
  return [
    image,
    String(results.length),
    String(count("pass")),
    String(count("fail")),
    String(count("inconclusive")),
    String(results.length - known),
    medianOf(results.flatMap(timeToFinding)),
    [...kinds].map(([kind, times]) => `${kind} ×${times}`).join(", ") || "-",
  ];
}

/** From the begin of the chaos phase to the begin of the first finding, ms. */
function timeToFinding({ record, findings }: Row["results"][number]): number[] {
  const chaos = record.of("phase").find(({ phase, step }) => phase === "chaos" && step === "begin");
  const first = Math.min(...findings.map(({ from }) => from));
  return chaos && Number.isFinite(first) ? [Math.max(0, first - chaos.t)] : [];
}

function medianOf(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return middle === undefined ? "-" : formatDuration(Math.round(middle / 100) * 100);
}
