import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../base/run-command.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { findLeftovers } from "../docker/leftovers.ts";
import { kvchaos } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const NAME = `kvchaos-test/redis-${process.pid}`;

/** Answers PING, and INFO with a version; or ends at once with a word. */
const SERVER = `
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
#ifdef BROKEN
  fprintf(stderr, "FATAL: my data is\\\\nof another age\\n");
  return 3;
#endif
  int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(6379) };
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(s, (struct sockaddr *)&here, sizeof here) || listen(s, 9)) return 4;
  for (;;) {
    char said[1000];
    int n, c = accept(s, 0, 0);
    while ((n = read(c, said, sizeof said - 1)) > 0) {
      said[n] = 0;
      const char *info = "$19\\r\\nredis_version:9.9.9\\r\\n", *pong = "+PONG\\r\\n";
      const char *answer = strstr(said, "INFO") ? info : pong;
      write(c, answer, strlen(answer));
    }
    close(c);
  }
}
`;

describe("kvchaos images wrap", function () {
  this.timeout(600_000);
  let engine: Engine;
  let folder: string;
  /** The image that lost its name to the next one. */
  let nameless = "";

  before(async function () {
    const compiler = await runCommand(["gcc", "--version"], { within: 5000 }).catch(() => undefined);
    if (!compiler) return skip(this, "there is no gcc on this machine");
    engine = await connectEngine();
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-wrap-cli-"));
    await writeFile(path.join(folder, "server.c"), SERVER);
    const cc = (...args: string[]) => runCommand(["gcc", "-w", ...args, "server.c"], { within: 30_000, cwd: folder });
    await cc("-o", "good");
    await cc("-DBROKEN", "-o", "broken");
  });
  after(async () => {
    const images = [`${NAME}:9.9.8`, `${NAME}:broken`, ...(nameless ? [nameless] : [])];
    for (const image of images) await engine?.removeImage(image, { force: true });
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const wrap = (binary: string, tag: string) =>
    kvchaos([
      ...["images", "wrap", "--system", "redis", "--binary", path.join(folder, binary), "--tag", `${NAME}:${tag}`],
      ...["--add", `${folder}/server.c:/src/server.c`],
    ]);
  const nothingLeft = async () =>
    assert.deepEqual(
      (await findLeftovers(engine)).map(({ runId }) => runId).filter((id) => id.startsWith("try-")),
      [],
    );

  it("says what it took along, starts the image once, compares versions, and tells when a name is moved", async () => {
    const first = await wrap("good", "9.9.8");
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^sha256:[0-9a-f]{64}\n$/);
    nameless = first.stdout.trim();
    assert.match(first.stderr, /^ {2}server +\/usr\/local\/bin\/redis-server +from .*\/good$/m);
    assert.match(first.stderr, /^ {2}library +\/\S*libc\.so\.6( |$)/m);
    assert.match(first.stderr, /^ {2}added +\/src\/server\.c +from .*\/server\.c$/m);
    assert.match(first.stderr, /^started once: it answers PING after \d+\.\d s and says version 9\.9\.9$/m);
    assert.match(first.stderr, /^warning: the tag says 9\.9\.8, and the server says 9\.9\.9/m);
    assert.doesNotMatch(first.stderr, /moved/);
    const id = first.stdout.slice("sha256:".length, "sha256:".length + 12);
    const second = await wrap("good", "9.9.8");
    assert.ok(
      second.stderr.includes(`${NAME}:9.9.8 was another image (${id}, made from ${folder}/good)`),
      second.stderr,
    );
    await nothingLeft();
  });

  it("shows what a server says that does not start, with the exit code of infrastructure", async () => {
    const { code, stdout, stderr } = await wrap("broken", "broken");
    assert.equal(code, 4, stderr);
    assert.match(stdout, /^sha256:/);
    assert.match(
      stderr,
      /the server in \S+:broken ended with exit code 3 before it answered PING; it said:\n.*FATAL: my data is/,
    );
    await nothingLeft();
  });
});
