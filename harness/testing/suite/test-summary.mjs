import path from "node:path";
import Mocha from "mocha";

/*
 * mocha's own spec reporter, then: the slowest files and tests, why tests were skipped, what failed, and one last line for people and scripts:
 *
 *   800 passed, 0 failed, 2 skipped
 */

const SLOWEST = 8;
const LINES_OF_A_FAILURE = 25;
const { EVENT_HOOK_END, EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } =
  Mocha.Runner.constants;

export default class TestSummary extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const passed = [];
    const skipped = [];
    const failed = [];
    /** File → ms of its tests and of what is made and removed for them. */
    const files = new Map();
    const count = ({ file, duration }) => {
      if (file && duration) files.set(file, (files.get(file) ?? 0) + duration);
    };
    runner.on(EVENT_HOOK_END, count);
    runner.on(EVENT_TEST_END, count);
    runner.on(EVENT_TEST_PASS, (test) => passed.push(test));
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test));
    runner.on(EVENT_TEST_FAIL, (test, error) => failed.push([test, error]));
    runner.once(EVENT_RUN_END, () => {
      tell("Slowest files", files, (file) => path.relative("", file));
      tell(
        "Slowest tests",
        passed.map((test) => [test, test.duration]),
        (test) => test.fullTitle(),
      );
      for (const test of skipped) console.log(`skipped: ${test.fullTitle()}`);
      for (const [test, error] of failed) {
        const lines = String(error.stack ?? error.message ?? error).split("\n");
        console.log(`failed: ${test.fullTitle()}\n  ${lines.slice(0, LINES_OF_A_FAILURE).join("\n  ")}`);
      }
      console.log(`\n${passed.length} passed, ${runner.failures} failed, ${skipped.length} skipped`);
    });
  }
}

/** @param timed pairs of something and its ms */
function tell(what, timed, name) {
  console.log(`${what}:`);
  const slowest = [...timed].sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
  for (const [one, ms] of slowest) console.log(`  ${(ms / 1000).toFixed(1).padStart(5)} s  ${name(one)}`);
}
