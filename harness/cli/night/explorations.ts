import path from "node:path";
import { counted, formatTime } from "../../base/units.ts";
import type { Diary } from "../../explore/diary.ts";
import { DRAWN_FAULTS } from "../../explore/grammar/faults.ts";
import { standingOf } from "../../explore/ledger.ts";
import { growthText, paceText, sumOf } from "../../explore/page/sum.ts";
import type { NightEntry } from "../../run/night/record.ts";

/** The name of an exploration among the experiments of a night. */
const NAME = "explore";

/**
 * An exploration in a night: one entry for itself, which passes as soon as an experiment of it counts, and one for each bug that counts
 * and showed tonight. A finding that was seen once is told, and counts for nothing.
 * @param before number of the last experiment of the nights before; 0: it began tonight
 * @param directory of the night: folders are relative to it
 */
export async function exploredEntries(diary: Diary, before: number, directory: string): Promise<NightEntry[]> {
  const { head, ledger, lines, folder } = diary;
  const { system, image, seed } = head;
  const tonight = lines.filter(({ number }) => number > before);
  const bugs = ledger.bugs.filter(({ experiments }) => experiments.some((number) => number > before));
  const sum = sumOf(diary, Object.keys(DRAWN_FAULTS));
  const counts = tonight.filter((line) => !line.void).length;
  const common = { system, image, expects: "pass", again: null, explored: true } as const;
  const once = bugs.filter((bug) => standingOf(bug) === "seen once").map(({ signature }) => signature);
  const begun = lines.findLast(({ number }) => number <= before)?.at ?? 0;
  const ms = Math.round((lines.at(-1)?.at ?? 0) - begun);
  const own: NightEntry = {
    ...common,
    experiment: NAME,
    title: `Exploration of ${image}`,
    issue: null,
    outcome: counts > 0 ? "pass" : "inconclusive",
    reasons: [
      `${counted(tonight.length, "experiment")} in ${formatTime(ms)}, of which ${counts} count; of all nights: ${paceText(sum)}`,
      growthText(sum),
      ...once.map((signature) => `seen once, not again: ${signature}`),
    ],
    ms,
    runs: [
      {
        folder: path.relative(directory, folder),
        page: "explore.html",
        seed,
        verdict: counts > 0 ? "pass" : "inconclusive",
        reasons: [],
        findings: [],
      },
    ],
  };
  const found = bugs.filter((bug) => standingOf(bug) !== "seen once");
  return [
    own,
    ...found.map((bug): NightEntry => {
      const { signature, known, again, experiments } = bug;
      const [, type = signature, kind = ""] = /^([^/ ]+)\/([^ :]+)/.exec(signature) ?? [];
      const back = again === null || again.of === 0 ? "" : `, the same plan again: ${again.shown} of ${again.of}`;
      const reason = `${standingOf(bug)}: ${signature}, in ${counted(experiments.length, "experiment")}${back}${known === null ? "" : `; known: ${known}`}`;
      return {
        ...common,
        experiment: `${NAME} ${signature}`,
        title: `Explored: ${signature}`,
        issue: known,
        outcome: known === null ? "fail" : "known-bug",
        reasons: [reason],
        ms: 0,
        runs: [
          {
            folder: path.relative(directory, diary.folderOf(bug)),
            ...(experiments[0] !== undefined && experiments[0] <= before && { page: "experiment.yaml" }),
            seed,
            verdict: "fail",
            reasons: [reason],
            findings: [{ type, class: kind, summary: signature }],
          },
        ],
      };
    }),
  ];
}

/** An exploration that was not. */
export function blankExploration(system: string, image: string): NightEntry {
  return {
    ...{ experiment: NAME, title: `Exploration of ${image}`, issue: null, system, image, expects: "pass" },
    ...{ outcome: "not-run", reasons: [], ms: 0, runs: [], again: null, explored: true },
  };
}
