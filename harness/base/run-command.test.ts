import assert from "node:assert/strict";
import { ChaosError } from "./chaos-error.ts";
import { runCommand } from "./run-command.ts";

const within = 5000;

describe("running a command", () => {
  it("returns what it wrote, and passes and removes variables", async () => {
    process.env.KVCHAOS_TEST_GONE = "x";
    try {
      const env = { KVCHAOS_TEST: "here", KVCHAOS_TEST_GONE: undefined };
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it
      const result = await runCommand(["sh", "-c", 'echo "$KVCHAOS_TEST ${KVCHAOS_TEST_GONE-unset}"; echo bad >&2'], {
        within,
        env,
      });
      assert.deepEqual(result, { code: 0, stdout: "here unset\n", stderr: "bad\n" });
    } finally {
      delete process.env.KVCHAOS_TEST_GONE;
    }
  });

  it("fails with its last words and the hint", async () => {
    await assert.rejects(runCommand(["sh", "-c", "echo no luck >&2; exit 3"], { within, hint: "Try." }), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.equal(error.code, "infrastructure");
      assert.match(error.message, /exit 3.*no luck/);
      assert.equal(error.hint, "Try.");
      return true;
    });
  });

  it("says which program is not there", async () => {
    await assert.rejects(runCommand(["kvchaos-no-such-program"], { within }), /cannot run kvchaos-no-such-program/);
  });

  it("ends at its deadline, even a command that ignores the polite signal", async () => {
    const stubborn = runCommand(["sh", "-c", "trap '' INT; while :; do sleep 0.05; done"], {
      within: 100,
      patience: 100,
    });
    await assert.rejects(stubborn, { code: "timeout" });
  });

  it("ends with the caller's reason when aborted", async () => {
    const stop = new AbortController();
    const running = runCommand(["sleep", "30"], { within: 60_000, signal: stop.signal });
    stop.abort(new Error("enough"));
    await assert.rejects(running, /enough/);
  });
});
