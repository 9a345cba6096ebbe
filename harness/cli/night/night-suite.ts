import Mocha from "mocha";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withResolvers } from "../../base/deadline.ts";
import type { NightJob } from "../../run/night/jobs.ts";
import type { NightEntry } from "../../run/night/record.ts";

export interface NightSuiteOptions {
  title: string;
  jobs: readonly NightJob[];
  /** A name or a module that mocha knows. */
  reporter: string;
  reporterOptions: Readonly<Record<string, string>>;
}

/** Runs one job; must not reject. */
type RunJob = (job: NightJob) => Promise<NightEntry>;

/**
 * A night as a mocha suite in this process: one test per experiment and image, so that every mocha reporter can show it.
 * What a test says is only a view: the entries are the result. mocha has one test at a time; jobs begin ahead of theirs, so many
 * at a time, and each test waits for its own.
 * @returns what runs the suite and resolves at its end
 * @throws ChaosError usage: there is no such reporter
 */
export function nightSuite(options: NightSuiteOptions): (atOnce: number, run: RunJob) => Promise<void> {
  const mocha = newMocha(options.reporter, options.reporterOptions);
  const suite = Mocha.Suite.create(mocha.suite, options.title);
  return (atOnce, run) => {
    const ended = options.jobs.map(() => withResolvers<NightEntry>());
    for (const { promise } of ended) promise.catch(() => {}); // its test comes later
    const work = options.jobs.entries();
    const worker = async (): Promise<void> => {
      for (const [i, job] of work) {
        const entry = run(job);
        ended[i]?.resolve(entry);
        await entry.catch(() => {}); // its test tells
      }
    };
    for (let i = 0; i < atOnce; i++) void worker();
    for (const [i, job] of options.jobs.entries()) {
      const test = new Mocha.Test(`${job.file} on ${job.image}`, async function (this: Mocha.Context) {
        const entry = await ended[i]?.promise;
        if (entry) show(this, entry);
      });
      suite.addTest(test);
    }
    return new Promise((resolve) => mocha.run(() => resolve()));
  };
}

function newMocha(reporter: string, reporterOptions: Readonly<Record<string, string>>): Mocha {
  try {
    // A run ends by its own deadlines.
    return new Mocha({ reporter, reporterOptions, timeout: 0 });
  } catch (error) {
    throw new ChaosError("usage", `--reporter ${reporter}: ${messageOf(error)}`, {
      hint: "mocha's own: spec, dot, list, min, json, xunit, tap, markdown, …; or a module that is installed.",
      cause: error,
    });
  }
}

/** Passed, failed, or skipped with the reason in the title, which every reporter shows. */
function show(context: Mocha.Context, { outcome, reasons }: NightEntry): void {
  const test = context.runnable();
  const text = reasons.join("; ");
  switch (outcome) {
    case "pass":
      return;
    case "known-bug":
      test.title += ` (${text})`;
      return;
    case "inconclusive":
    case "skipped":
    case "not-run":
      test.title += ` (${outcome}: ${text})`;
      context.skip();
      return;
    case "fail":
    case "not-reproduced":
    case "error":
      throw new NightFailure(reasons.join("\n") || outcome);
  }
}

/** What a reporter prints of a failed test; where in kvchaos it was thrown tells nobody anything. */
class NightFailure extends Error {
  override readonly name = "NightFailure";

  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}
