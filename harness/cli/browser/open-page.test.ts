import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { until } from "../../base/deadline.ts";
import { browsers, openPage } from "./open-page.ts";

describe("showing a page", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-open-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is for what BROWSER names, else for the system's own program", () => {
    assert.deepEqual(browsers("/x.html", {}, "linux"), [["xdg-open", "/x.html"]]);
    assert.deepEqual(browsers("/x.html", { BROWSER: "" }, "darwin"), [["open", "/x.html"]]);
    assert.deepEqual(browsers("/x.html", { BROWSER: "firefox --new-tab:lynx -x %s:" }, "linux"), [
      ["firefox", "--new-tab", "/x.html"],
      ["lynx", "-x", "/x.html"],
    ]);
  });

  it("goes from a program that is not there, or refuses, to the next", async () => {
    const shows = path.join(folder, "shows");
    await writeFile(
      shows,
      `#!/bin/sh\nprintf %s "$1" > ${folder}/shown.draft && mv ${folder}/shown.draft ${folder}/shown\n`,
      { mode: 0o755 },
    );
    await openPage("/a page.html", [[`${folder}/none`], ["false"], [shows, "/a page.html"], ["false"]]);
    const shown = () => readFile(path.join(folder, "shown"), "utf8");
    await until({ what: "the page", within: 60_000 }, async () => isDeepStrictEqual(await shown(), "/a page.html"));
  });

  it("says what each program said where none can", async () => {
    await assert.rejects(openPage("/x.html", [[`${folder}/none`], ["false"]]), {
      code: "infrastructure",
      message:
        /^there is no browser that shows \/x\.html \(.*\/none: spawn .*ENOENT; false: it ended with exit code 1\)$/,
      hint: /^Set BROWSER/,
    });
  });
});
