import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { invocation, type Started } from "./invocation.ts";

const PROGRAM = fileURLToPath(new URL("./kvchaos.mjs", import.meta.url));
const ROOT = path.resolve(path.dirname(PROGRAM), "../..");
const ELSEWHERE = tmpdir();
const NPX = {
  script: "/root/.npm/_npx/0/node_modules/.bin/kvchaos",
  event: "npx",
  lifecycle: "'kvchaos' 'run' 'x.yaml'",
};
const RUN = {
  script: PROGRAM,
  event: "chaos",
  lifecycle: "node harness/cli/kvchaos.mjs run experiments/any/quickstart.yaml",
};

describe("how a user calls kvchaos again where they stand", () => {
  const started = (directory: string, script: string, environment: Started["environment"] = {}): Started => ({
    script,
    directory,
    environment: { PATH: "/usr/bin:/usr/local/bin", ...environment },
  });
  const npm = (kind: typeof NPX, stands: string, directory = stands): Started =>
    started(directory, kind.script, {
      npm_lifecycle_event: kind.event,
      npm_lifecycle_script: kind.lifecycle,
      INIT_CWD: stands,
      PATH: `${path.dirname(kind.script)}:/usr/bin`,
    });

  it("by node and the program's path", () => {
    assert.deepEqual(invocation(started(ROOT, PROGRAM)).words, ["node", "harness/cli/kvchaos.mjs"]);
    assert.deepEqual(invocation(started(`${ROOT}/harness`, PROGRAM)).words, ["node", "cli/kvchaos.mjs"]);
    assert.deepEqual(invocation(started(ELSEWHERE, PROGRAM)).words, ["node", PROGRAM]);
  });

  it("by npx in the clone, also from a folder of it", () => {
    assert.deepEqual(invocation(npm(NPX, ROOT)).words, ["npx", "kvchaos"]);
    assert.deepEqual(invocation(npm(NPX, `${ROOT}/docs`)).words, ["npx", "kvchaos"]);
    assert.deepEqual(invocation(npm(NPX, ELSEWHERE)).words, ["node", PROGRAM]);
  });

  it("by name after npm link, and by node through a link that no shell would find", () => {
    assert.deepEqual(invocation(started(ELSEWHERE, "/usr/local/bin/kvchaos")).words, ["kvchaos"]);
    assert.deepEqual(invocation(started(ELSEWHERE, "/opt/kvchaos")).words, ["node", PROGRAM]);
  });

  it("after npm run from the clone, from a folder of it, and from elsewhere", () => {
    assert.deepEqual(invocation(npm(RUN, ROOT)).words, ["npx", "kvchaos"]);
    const below = invocation(npm(RUN, `${ROOT}/docs`, ROOT));
    assert.deepEqual(below.words, ["npx", "kvchaos"]);
    assert.equal(below.name("docs/x.yaml"), "x.yaml");
    assert.equal(below.name("experiments/x.yaml"), `${ROOT}/experiments/x.yaml`);
    const outside = invocation(npm(RUN, ELSEWHERE, ROOT));
    assert.deepEqual(outside.words, ["node", PROGRAM]);
    assert.equal(outside.name("experiments/x.yaml"), `${ROOT}/experiments/x.yaml`);
  });

  it("takes no notice of an npm that runs something else around it", () => {
    const around = { npm_lifecycle_event: "mocha", npm_lifecycle_script: "c8 npm run -s unit", INIT_CWD: ROOT };
    assert.deepEqual(invocation(started(ELSEWHERE, PROGRAM, around)).words, ["node", PROGRAM]);
    assert.equal(invocation(started(ELSEWHERE, PROGRAM, around)).name("a.yaml"), "a.yaml");
  });
});
