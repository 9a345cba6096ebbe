import assert from "node:assert/strict";
import { until, withResolvers } from "../../base/deadline.ts";
import type { NightJob } from "../../run/night/jobs.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { nightSuite } from "./night-suite.ts";

const NAMES = ["a", "b", "c", "d"];

describe("a night as a mocha suite", () => {
  const jobs = NAMES.map((file) => ({ file, image: "redis:7" }) as unknown as NightJob);
  const entry = (outcome: NightEntry["outcome"]) => ({ outcome, reasons: [] }) as unknown as NightEntry;

  /** Shown by the reporter that says least. */
  async function night(atOnce: number, run: (job: NightJob) => Promise<NightEntry>): Promise<void> {
    await nightSuite({ title: "night", jobs, reporter: NoReporter as unknown as string, reporterOptions: {} })(
      atOnce,
      run,
    );
  }
  let shown: string[];
  class NoReporter {
    constructor(runner: { on(event: string, told: (test: { title: string }) => void): void }) {
      for (const event of ["pass", "fail", "pending"]) runner.on(event, ({ title }) => shown.push(`${title} ${event}`));
    }
  }
  beforeEach(() => {
    shown = [];
  });

  it("has as many jobs at a time as it may, and shows them in their order", async () => {
    const ends = new Map(NAMES.map((name) => [name, withResolvers<NightEntry>()]));
    const begun: string[] = [];
    const haveBegun = (names: string) =>
      until({ what: `the beginning of ${names}`, within: 60_000, every: 5 }, () => begun.join(" ") === names);
    const over = night(2, ({ file }) => {
      begun.push(file);
      return ends.get(file)?.promise ?? assert.fail(file);
    });
    await haveBegun("a b");
    for (const [name, then] of [
      ["b", "a b c"],
      ["c", "a b c d"],
      ["d", "a b c d"],
    ] as const) {
      ends.get(name)?.resolve(entry("pass"));
      await haveBegun(then);
    }
    assert.deepEqual(shown, [], "the first is still going on");
    ends.get("a")?.resolve(entry("fail"));
    await over;
    assert.deepEqual(shown, ["a on redis:7 fail", "b on redis:7 pass", "c on redis:7 pass", "d on redis:7 pass"]);
  });

  it("goes on when the record of a job cannot be written, and shows that", async () => {
    await night(2, async ({ file }) => (file === "b" ? Promise.reject(new Error("disk full")) : entry("pass")));
    assert.deepEqual(
      shown.map((line) => line.split(" ").at(-1)),
      ["pass", "fail", "pass", "pass"],
    );
  });
});
