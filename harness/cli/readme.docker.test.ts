import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { untilNobodyCleans } from "../testing/kvchaos-process.support.ts";
import { kvchaosCommands } from "../testing/readme-commands.support.ts";
import { kvchaosHere } from "../testing/runs/kvchaos-here.support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Commands that start no server, and ask none; the others are run by cli.docker.test.ts, attached.docker.test.ts and by the nightly run. */
const CHEAP = ["list", "explain", "doctor", "clean"];

describe("the cheap commands of the README and of docs/", function () {
  this.timeout(600_000);
  let next: () => Promise<void>;
  before(async () => {
    next = await untilNobodyCleans();
  });
  after(() => next());

  const cheap = kvchaosCommands().filter(
    (words) => (CHEAP.includes(words[0] ?? "") && !words.includes("--attach")) || words.join(" ") === "images list",
  );

  for (const words of [...cheap, ["--help"], ["--version"]]) {
    it(`kvchaos ${words.join(" ")}`, async () => {
      // Paths in the pages are relative to the clone.
      const args = words.map((word) => (/^(experiments|compose)\//.test(word) ? `${ROOT}${word}` : word));
      const { code, stdout, stderr } = await kvchaosHere(args);
      assert.equal(code, 0, stderr);
      assert.ok(stdout.trim().length > 0);
      assert.doesNotMatch(stdout + stderr, /^\s+at .*:\d+:\d+\)?$/m, "a stack trace");
    });
  }

  it("are at least list, doctor, explain, images list and clean", () => {
    assert.deepEqual([...new Set(cheap.map(([name]) => name))].sort(), [
      "clean",
      "doctor",
      "explain",
      "images",
      "list",
    ]);
  });
});
