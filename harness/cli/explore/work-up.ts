import { copyFile, cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { counted } from "../../base/units.ts";
import { documentText } from "../../experiment/document-text.ts";
import type { Diary } from "../../explore/diary.ts";
import { kindsOf, type Tried } from "../../explore/explorer.ts";
import type { Drawn } from "../../explore/grammar/draw.ts";
import type { KnownSignatures } from "../../explore/known-signatures.ts";
import { type Bug, standingOf } from "../../explore/ledger.ts";
import type { Finding } from "../../journal/finding.ts";
import type { Plan } from "../../journal/plan.ts";
import { series } from "../../run/campaign/series.ts";
import type { ServerChoice } from "../choose-server.ts";
import { log } from "../print.ts";
import type { EndedRun, Session } from "../session.ts";
import { shareText, shrinkInto, sizeText } from "../shrink-into.ts";
import { type ExploredRun, forget, readExplored } from "./experiment-run.ts";

/** Runs of the same plan after a new finding: it counts once one of them shows it. */
const AGAIN = 3;
/** What a ticket is made of. */
const TICKET = ["report.html", "issue.md", "repro.sh", "result.json", "plan.yaml"];

export interface WorkUp {
  session: Session;
  server: ServerChoice;
  diary: Diary;
  known: KnownSignatures;
  /** A run of the exploration: of its image, quietly. */
  run(plan: Plan, unneeded?: AbortSignal): Promise<EndedRun>;
  planOf(document: Drawn, seed: string): Promise<Plan | null>;
  /** No run begins later. */
  late(): boolean;
  /** How long one bug is shrunk, ms. */
  shrinkFor: number;
}

/**
 * What is done about a bug that was seen for the first time: the same plan again, k of n; then, if it counts, as small an experiment as it
 * takes. All of it goes into the bug's folder.
 * @param directory of the run that showed it
 */
export async function workUp(
  bug: Bug,
  { document, number }: Tried,
  { plan, directory }: { plan: Plan; directory: string },
  work: WorkUp,
): Promise<void> {
  const { diary, session } = work;
  const folder = diary.folderOf(bug);
  await mkdir(folder, { recursive: true });
  await cp(directory, path.join(folder, "run"), { recursive: true });
  for (const name of TICKET) await copyFile(path.join(directory, name), path.join(folder, name)).catch(() => {});
  await writeFile(
    path.join(folder, "drawn.yaml"),
    documentText(document, [`Experiment ${number} of an exploration, seed ${plan.seed}.`]),
  );
  diary.keep(bug);
  const shows = ({ outcome }: ExploredRun): boolean =>
    outcome.seen.some(({ signature }) => signature === bug.signature);
  const trial = async (some: Plan, unneeded: AbortSignal): Promise<EndedRun & { shown: boolean }> => {
    const ended = await work.run(some, unneeded);
    const explored = await readExplored(ended, work.known);
    await forget(explored.directory);
    return { ...ended, shown: shows(explored) };
  };
  const campaign = { run: trial, late: work.late, signal: session.signal };
  const { results } = await series(Array<Plan>(AGAIN).fill(plan), campaign);
  const valid = results.filter(({ verdict, shown }) => shown || verdict === "pass" || verdict === "fail");
  bug.again = { shown: valid.filter(({ shown }) => shown).length, of: valid.length };
  diary.keep(bug);
  log(`  ${bug.name}: came back in ${bug.again.shown} of ${counted(bug.again.of, "run")}`);
  if (standingOf(bug) === "seen once" || work.late()) return;
  const end = performance.now() + work.shrinkFor;
  const [type, ofClass] = kindOfSignature(bug.signature);
  const {
    smallest,
    counted: how,
    lines,
  } = await shrinkInto(
    {
      document: { ...document, "stop-on": "first-finding" },
      file: path.join(folder, "drawn.yaml"),
      plan,
      server: work.server,
      finding: bug.signature,
      expect: { finding: type, ...(ofClass && { class: ofClass }) },
      shows: ({ shown }: EndedRun & { shown: boolean }) => shown,
      out: path.join(folder, "experiment.yaml"),
      onTried: () => {},
    },
    { ...campaign, late: () => work.late() || performance.now() > end },
  );
  if (!smallest) return;
  bug.kinds = [...kindsOf(smallest as Drawn)];
  diary.keep(bug);
  log(`  ${bug.name}: shrunk to ${sizeText(smallest)}, ${lines} lines; ${shareText(how)}`);
}

function kindOfSignature(signature: string): [Finding["type"], string | undefined] {
  const [, type = "", ofClass] = /^([^/ ]+)\/([^ :]+)/.exec(signature) ?? [];
  return [type as Finding["type"], ofClass];
}
