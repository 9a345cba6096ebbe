/** One line of the table. Ratios are of figures that were taken side by side, in turns, in one run. */
export interface BenchRow {
  /** What was measured: "SET, 50 × 16". */
  what: string;
  /** Our figure, with its unit. */
  ours: string;
  /** The figure beside it, with its unit and whose it is: "812 k/s redis-benchmark", or a limit: "50 ms". */
  other: string;
  /** Ours ÷ other: the median of the rounds. */
  ratio: number;
  /** The middle half of the rounds' ratios; null: there was one round. */
  spread: readonly [low: number, high: number] | null;
  /** What the ratio should be; null: nothing is asked of it. */
  goal: Goal | null;
}

export type Goal = { atLeast: number } | { atMost: number };

/** A file of this folder. */
export interface Topic {
  title: string;
  /** Measures; at most 90 s. @param args what stands behind the topic's name on the command line */
  rows(args: readonly string[]): Promise<BenchRow[]>;
}

export function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN;
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** The ratios' median and middle half. */
export function summed(ratios: readonly number[]): Pick<BenchRow, "ratio" | "spread"> {
  const spread = [quantile(ratios, 0.25), quantile(ratios, 0.75)] as const;
  return { ratio: median(ratios), spread: ratios.length > 1 ? spread : null };
}

/** Measures each contender once a round, in an order that changes with every round. @returns a contender's figures, by its place */
export async function inTurns(rounds: number, contenders: readonly (() => Promise<number>)[]): Promise<number[][]> {
  const figures: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const who = (round + turn) % contenders.length;
      const measure = contenders[who];
      if (measure) figures[who]?.push(await measure());
    }
  }
  return figures;
}

/** A row of two contenders that `inTurns` has measured. */
export function rowOf(
  row: Pick<BenchRow, "what" | "goal"> & { figures: readonly number[][]; told: readonly [Told, Told] },
): BenchRow {
  const [ours = [], other = []] = row.figures;
  const [tellOurs, tellOther] = row.told;
  const ratios = ours.map((figure, round) => figure / (other[round] ?? Number.NaN));
  return {
    what: row.what,
    ours: tellOurs(median(ours)),
    other: tellOther(median(other)),
    ...summed(ratios),
    goal: row.goal,
  };
}

type Told = (figure: number) => string;

export function reached({ ratio, goal }: BenchRow): boolean | null {
  if (goal === null) return null;
  return "atLeast" in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

const HEAD = ["", "ours", "beside it", "ratio", "middle half", "goal"];

/** A section of the table, in Markdown, its columns aligned. */
export function section(title: string, rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.other,
    row.ratio.toFixed(2),
    row.spread?.map((end) => end.toFixed(2)).join("–") ?? "",
    goalText(row),
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(...[HEAD, ...cells].map((line) => line[column]?.length ?? head.length)),
  );
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [`## ${title}`, "", line(HEAD), rule, ...cells.map(line), ""].join("\n");
}

function goalText(row: BenchRow): string {
  const { goal } = row;
  if (goal === null) return "";
  const text = "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return reached(row) ? text : `${text} MISSED`;
}
