import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";

const WORKFLOW = fileURLToPath(new URL("../../.github/workflows/nightly.yml", import.meta.url));

interface Job {
  permissions?: Record<string, string>;
  steps: { name?: string; run?: string; uses?: string; if?: string }[];
}

/** Writes down how it was called and what it was given; `issue list` answers with what the test wants. */
const STAND_IN = `#!/bin/sh
echo "$@" >> "$CALLS"
case "$2" in
  list) printf '%s' "$ISSUE" ;;
  *) while [ $# -gt 0 ]; do [ "$1" = --body-file ] && cat "$2" >> "$CALLS"; shift; done ;;
esac
`;

describe("the example workflow", () => {
  let folder: string;
  let jobs: Record<string, Job>;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-workflow-"));
    ({ jobs } = parse(await readFile(WORKFLOW, "utf8")));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Runs the step that comments, as GitHub does, with a stand-in for its command line. */
  async function comment(issue: string): Promise<string> {
    const step = jobs.report?.steps.find(({ name }) => name === "Comment the summary");
    assert.ok(step?.run);
    await mkdir(path.join(folder, "night/merged"), { recursive: true });
    await writeFile(path.join(folder, "night/merged/comment.md"), "## Night 7: 1 failed\n");
    await writeFile(path.join(folder, "gh"), STAND_IN);
    await chmod(path.join(folder, "gh"), 0o755);
    const calls = path.join(folder, "calls");
    const env = { PATH: `${folder}:${process.env.PATH}`, CALLS: calls, ISSUE: issue, RUN_URL: "https://example/run/1" };
    await promisify(execFile)("bash", ["-e", "-o", "pipefail", "-c", step.run], { cwd: folder, env });
    return readFile(calls, "utf8");
  }

  it("comments a night's summary on the issue of all nights, with a link to the reports", async () => {
    const calls = await comment("12");
    assert.match(calls, /^issue comment 12 --body-file night\/merged\/comment\.md$/m);
    assert.match(calls, /^## Night 7: 1 failed\n\n\[All reports of this night\]\(https:\/\/example\/run\/1\)$/m);
    assert.doesNotMatch(calls, /issue create/);
  });

  it("opens that issue where there is none", async () => {
    const calls = await comment("");
    assert.match(calls, /^issue create --title kvchaos nightly --body-file night\/merged\/comment\.md$/m);
    assert.doesNotMatch(calls, /issue comment/);
  });

  it("uploads and comments also when the night failed, and only that job may write", () => {
    const { steps = [], permissions } = jobs.report ?? {};
    const after = steps.slice(steps.findIndex(({ run }) => run?.includes(" merge ")) + 1);
    assert.ok(after.some(({ uses }) => uses?.startsWith("actions/upload-artifact")));
    for (const step of after) assert.match(step.if ?? "", /^always\(\)/);
    assert.deepEqual(permissions, { contents: "read", issues: "write" });
    for (const [name, job] of Object.entries(jobs))
      if (name !== "report") assert.equal(job.permissions, undefined, name);
  });
});
