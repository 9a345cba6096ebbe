import Mocha from "mocha";

/*
 * mocha's own spec reporter, then: the slowest tests, why tests were skipped, and one last line for people and scripts:
 *
 *   800 passed, 0 failed, 2 skipped
 */

const SLOWEST = 8;
const { EVENT_RUN_END, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

export default class TestSummary extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const passed = [];
    const skipped = [];
    runner.on(EVENT_TEST_PASS, (test) => passed.push(test));
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test));
    runner.once(EVENT_RUN_END, () => {
      const slowest = passed.sort((a, b) => b.duration - a.duration).slice(0, SLOWEST);
      console.log("Slowest:");
      for (const test of slowest)
        console.log(`  ${(test.duration / 1000).toFixed(1).padStart(5)} s  ${test.fullTitle()}`);
      for (const test of skipped) console.log(`skipped: ${test.fullTitle()}`);
      console.log(`\n${passed.length} passed, ${runner.failures} failed, ${skipped.length} skipped`);
    });
  }
}
