import { copyFile, cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { counted } from "../../base/units.ts";
import { documentText } from "../../experiment/document-text.ts";
import type { Diary } from "../../explore/diary.ts";
import { kindsOf } from "../../explore/explorer.ts";
import type { Drawn } from "../../explore/grammar/drawn.ts";
import type { KnownSignatures } from "../../explore/known-signatures.ts";
import { type Bug, standingOf } from "../../explore/ledger.ts";
import type { Finding } from "../../journal/finding.ts";
import type { Plan } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Campaign, series } from "../../run/campaign/series.ts";
import { cameBefore } from "../../run/shrink/came-before.ts";
import type { ServerChoice } from "../choose-server.ts";
import { log, logError } from "../print.ts";
import type { EndedRun, Session } from "../session.ts";
import { shareText, shrinkInto, sizeText } from "../shrink-into.ts";
import { forget, readExplored, seenIn } from "./experiment-run.ts";

/** Runs of the same plan after a new finding, until one of them shows it. */
const AGAIN = 3;
/** What a ticket is made of. */
const TICKET = ["report.html", "issue.md", "repro.sh", "result.json", "plan.yaml"];

export interface WorkUpOptions {
  session: Session;
  server: ServerChoice;
  diary: Diary;
  known: KnownSignatures;
  /** A run of the exploration, quietly, on a cluster of its own. */
  run(plan: Plan, unneeded?: AbortSignal): Promise<EndedRun>;
  planOf(document: Drawn, seed: string): Promise<Plan | null>;
  /** No run begins later. */
  late(): boolean;
  /** How long one bug is shrunk, ms. */
  shrinkFor: number;
}

/** A run that is to show a bug again. */
interface WorkUpRun extends EndedRun {
  shown: boolean;
  /** Ids of the faults that had come when it began. */
  came: readonly string[] | null;
}

/** The experiment that showed a bug first. */
export interface FirstSeen {
  document: Drawn;
  number: number;
  plan: Plan;
}

/*
 *   a new bug ─► filed: its folder has run, ticket, experiment ─► the same plan again ─► counts? ─► shrunk
 *                                                                  one after the other    one after the other
 *   the exploration goes on meanwhile, and its runs take their turns with these
 */

/** What is done about bugs that were seen for the first time. All of it goes into the bug's folder. */
export class WorkUps {
  readonly #options: WorkUpOptions;
  #again: Promise<void> = Promise.resolve();
  #shrinking: Promise<void> = Promise.resolve();

  constructor(options: WorkUpOptions) {
    this.#options = options;
  }

  /** @param directory of the run that showed it; it is copied before this resolves */
  async begin(bug: Bug, first: FirstSeen, directory: string): Promise<void> {
    const { diary } = this.#options;
    const folder = diary.folderOf(bug);
    await mkdir(folder, { recursive: true });
    await cp(directory, path.join(folder, "run"), { recursive: true });
    for (const name of TICKET) await copyFile(path.join(directory, name), path.join(folder, name)).catch(() => {});
    await writeFile(
      path.join(folder, "drawn.yaml"),
      documentText(first.document, [`Experiment ${first.number} of an exploration, seed ${first.plan.seed}.`]),
    );
    diary.keep(bug);
    this.goOn(bug, first);
  }

  /** Where an earlier session has left it. */
  goOn(bug: Bug, first: FirstSeen): void {
    if (bug.again === null) this.#again = this.#again.then(() => this.#tell(bug, this.#runAgain(bug, first)));
    this.#again = this.#again.then(() => {
      if (bug.kinds !== null) return;
      this.#shrinking = this.#shrinking.then(() => this.#tell(bug, this.#shrink(bug, first)));
    });
  }

  /** Everything that was begun is over. */
  async end(): Promise<void> {
    await this.#again;
    await this.#shrinking;
  }

  async #tell(bug: Bug, work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => logError(error, `${bug.name} could not be worked up:`));
  }

  async #runAgain(bug: Bug, { plan }: FirstSeen): Promise<void> {
    if (this.#options.late()) return;
    const { results } = await series(Array<Plan>(AGAIN).fill(plan), this.#campaign(bug), ({ shown }) => shown);
    const valid = results.filter(({ verdict, shown }) => shown || verdict === "pass" || verdict === "fail");
    // What was interrupted is done again when it goes on.
    if (this.#options.session.signal.aborted && valid.every(({ shown }) => !shown)) return;
    bug.again = { shown: valid.filter(({ shown }) => shown).length, of: valid.length };
    this.#options.diary.keep(bug);
    log(`  ${bug.name}: came back in ${bug.again.shown} of ${counted(bug.again.of, "run")}`);
  }

  #campaign(bug: Bug): Campaign<Plan, WorkUpRun> {
    const { known, run, late, session } = this.#options;
    return {
      run: async (plan, unneeded) => {
        const ended = await run(plan, unneeded);
        const { outcome, directory } = await readExplored(ended, known);
        const shown = outcome.seen.some(({ signature }) => signature === bug.signature);
        const record = shown ? await ended.record() : null;
        const from = record && seenAt(record, bug.signature, known);
        await forget(directory);
        return { ...ended, shown, came: record && from !== null ? cameBefore(record, from) : null };
      },
      late,
      signal: session.signal,
      jobs: Math.max(1, Math.floor(session.jobs / 2)),
    };
  }

  async #shrink(bug: Bug, { document, plan }: FirstSeen): Promise<void> {
    const { diary, server, late, shrinkFor, session } = this.#options;
    if (standingOf(bug) === "seen once" || late()) return;
    const end = performance.now() + shrinkFor;
    const [type, ofClass] = kindOfSignature(bug.signature);
    const folder = diary.folderOf(bug);
    const shrunk = await shrinkInto(
      {
        document,
        plan,
        file: path.join(folder, "drawn.yaml"),
        server,
        finding: bug.signature,
        expect: { finding: type, ...(ofClass && { class: ofClass }) },
        shows: ({ shown }: WorkUpRun) => shown,
        came: async ({ came }) => came,
        out: path.join(folder, "experiment.yaml"),
        onTried: () => {},
      },
      { ...this.#campaign(bug), late: () => late() || performance.now() > end },
    );
    const { smallest, counted: how, lines } = shrunk;
    if (!smallest || session.signal.aborted) return;
    bug.kinds = [...kindsOf(smallest as Drawn)];
    diary.keep(bug);
    log(`  ${bug.name}: shrunk to ${sizeText(smallest)}, ${lines} lines; ${shareText(how)}`);
  }
}

/** When a finding with this signature began, ms of the run; null: there is none. */
function seenAt(record: RunRecord, signature: string, known: KnownSignatures): number | null {
  const found = record.of("check").flatMap(({ findings }) => findings);
  return found.find((finding) => seenIn(finding, record, known).signature === signature)?.from ?? null;
}

function kindOfSignature(signature: string): [Finding["type"], string | undefined] {
  const [, type = "", ofClass] = /^([^/ ]+)\/([^ :]+)/.exec(signature) ?? [];
  return [type as Finding["type"], ofClass];
}
