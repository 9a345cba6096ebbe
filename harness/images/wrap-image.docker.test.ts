import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../base/deadline.ts";
import { runCommand } from "../base/run-command.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { skip } from "../testing/skip.support.ts";
import type { ImageRecipe } from "./image-recipe.ts";
import { type WrapOptions, wrapImage } from "./wrap-image.ts";

const RUN = `wrap-test-${process.pid}`;
const PROGRAM = `
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>
int answer(void);
int main(int argc, char **argv) {
  struct passwd *me = getpwuid(getuid());
  FILE *file = fopen("here", "w");
  char folder[100];
  printf("pid %d user %s folder %s writable %d answer %d argument %s\\n", getpid(), me ? me->pw_name : "?",
    getcwd(folder, sizeof folder), file != 0, answer(), argc > 1 ? argv[1] : "");
  return 0;
}
`;
const recipe: ImageRecipe = {
  entrypoint: ["start.sh"],
  command: ["default"],
  binaryPath: "/usr/local/bin/server",
  user: { name: "kv", uid: 501, runAs: "image" },
  ports: [7777],
  volumes: ["/data"],
  workingDirectory: "/data",
  environment: {},
  files: [{ path: "/usr/local/bin/start.sh", mode: 0o755, content: '#!/bin/sh\nexec server "$@"\n' }],
  source: { kind: "none", hint: "" },
};

describe("an image wrapped from a C program", function () {
  this.timeout(600_000);
  let engine: Engine;
  let folder: string;
  let scope: CleanupScope;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), "kvchaos-wrap-"));
    const compiler = await runCommand(["gcc", "--version"], { within: 5000 }).catch(() => undefined);
    if (!compiler) {
      return skip(this, "there is no gcc on this machine");
    }
    engine = await connectEngine();
    const cc = (...args: string[]) => runCommand(["gcc", ...args], { within: 30_000, cwd: folder });
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "answer.c"), "int answer(void) { return 42; }\n");
    await writeFile(join(folder, "server.c"), PROGRAM);
    await cc("-shared", "-fPIC", "-o", "lib/libkvanswer.so", "answer.c");
    await cc("-o", "found", "server.c", "-Llib", "-lkvanswer", "-Wl,-rpath,$ORIGIN/lib");
    await cc("-o", "missing", "server.c", "-Llib", "-lkvanswer");
    await cc("-static", "-o", "static", "server.c", "answer.c");
  });
  beforeEach(() => {
    scope = new CleanupScope();
  });
  afterEach(async () => {
    assert.deepEqual(await scope.close(), []);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function wrap(binary: string, options: Partial<WrapOptions> = {}): Promise<string> {
    const tag = `kvchaos-test/${RUN}:${binary}`;
    scope.defer(`remove ${tag}`, () => engine.removeImage(tag, { force: true }));
    await wrapImage({ engine, recipe, binary: join(folder, binary), tag, log: () => {}, ...options });
    return tag;
  }
  async function output(image: string, command?: string[]): Promise<string> {
    const labels = { "kvchaos.run": RUN };
    const id = await engine.createContainer({ name: `${RUN}-${image.split(":")[1]}`, image, command, labels });
    scope.defer("remove the container", () => engine.remove(id));
    await engine.start(id);
    await until({ what: "its end", within: 120_000 }, async () => (await engine.inspectContainer(id))?.exitCode === 0);
    return (await engine.logTail(id, 5)).map((line) => line.text).join("\n");
  }

  it("starts as process 1 through its entrypoint, as its user, in its volume, with a library from an RPATH", async () => {
    const said = "pid 1 user kv folder /data writable 1 answer 42 argument";
    assert.equal(await output(await wrap("found")), `${said} default`);
  });

  it("takes the command that is given instead of its own", async () => {
    assert.match(await output(await wrap("found"), ["other"]), /argument other$/);
  });

  it("starts a static program without a shell", async () => {
    const bare: ImageRecipe = { ...recipe, shell: "none", entrypoint: [recipe.binaryPath], files: [] };
    assert.match(
      await output(await wrap("static", { recipe: bare })),
      /^pid 1 user kv folder \/data writable 1 answer 42/,
    );
  });

  it("is refused when a library is not on this machine, and names it", async () => {
    await assert.rejects(wrap("missing"), (error: Error & { hint?: string }) => {
      assert.match(error.message, /libkvanswer\.so, which is not found/);
      assert.match(error.hint ?? "", /LD_LIBRARY_PATH/);
      return true;
    });
  });

  it("says where it came from", async () => {
    const info = await engine.inspectImage(await wrap("static"));
    assert.equal(info?.labels["kvchaos.image.source"], join(folder, "static"));
    assert.match(info?.labels["kvchaos.image.binary-sha256"] ?? "", /^[0-9a-f]{64}$/);
  });
});
