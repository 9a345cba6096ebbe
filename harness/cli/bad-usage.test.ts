import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { kvchaosHere } from "../testing/runs/kvchaos-here.support.ts";
import { EXIT } from "./exit-codes.ts";

describe("bad usage", () => {
  const quickstart = path.join(import.meta.dirname, "../../experiments/any/quickstart.yaml");
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-usage-"));
    await mkdir(path.join(folder, "empty"));
    await writeFile(path.join(folder, "text.txt"), "hello\n");
    await writeFile(path.join(folder, "broken.yaml"), "title: [\n");
    await writeFile(path.join(folder, "journal.jsonl"), "garbage{\n");
    await writeFile(path.join(folder, "plan.yaml"), "version: 1\nseed: x\nexperiment: {}\nfaults: []\n");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const cases: [what: string, argv: string[], message: RegExp, hint?: RegExp][] = [
    ["no command", [], /Which command\?/, /--help/],
    ["an unknown command", ["frobnicate"], /there is no command "frobnicate"/, /kvchaos --help/],
    ["a mistyped command", ["rnu"], /there is no command "rnu"/, /Did you mean run\?/],
    ["an unknown option", ["list", "--foo"], /list: Unknown argument: foo/, /kvchaos list \[folder\]/],
    [
      "a tag that none has",
      ["list", "--tag", "flsh"],
      /no experiment has the tag flsh/,
      /Did you mean "flush"\? Known: /,
    ],
    ["an issue that none is about", ["list", "--issue", "99"], /is about the issue 99/, /Known: .*kvrocks#2512/],
    ["an issue that is none", ["list", "--issue", "x"], /--issue x: expected a number, "kvrocks#2512", or/],
    ["a list for an unknown system", ["list", "--system", "mysql"], /no system "mysql"/, /redis/],
    ["no experiment", ["run"], /run: /, /run <experiment\.\.>/],
    ["an unknown choice", ["run", "x", "--expect", "pass"], /expect.*"pass".*"fail"/, /run --help/],
    ["an option given twice", ["run", "x", "--image", "a", "--image", "b"], /--image is given twice/],
    [
      "an image for a node, given twice",
      ["run", "x", "--image", "r1=a", "--image", "r1=b"],
      /--image is given twice for r1: a and b/,
    ],
    ["no image for a node", ["run", "x", "--image", "r1="], /--image r1=: expected an image/, /m1=redis/],
    [
      "an image for a node that is not there",
      ["explain", "QUICKSTART", "--image", "redis:1", "--image", "r7=redis:1"],
      /--image r7=redis:1: unknown node "r7"/,
      /did you mean "r1"/,
    ],
    [
      "a server that cannot replicate with the others",
      ["explain", "QUICKSTART", "--image", "redis:1", "--image", "replicas=pika:1"],
      /--image replicas=pika:1: pika:1 is pika, which cannot replicate with redis/,
    ],
    ["an option without value", ["run", "x", "--seed"], /--seed needs a value/],
    ["a number that is none", ["run", "x", "--repeat", "abc"], /--repeat needs a number/],
    ["no repetition", ["run", "QUICKSTART", "--repeat", "0"], /--repeat 0: expected/],
    ["half a repetition", ["run", "QUICKSTART", "--repeat", "1.5"], /--repeat 1\.5: expected/],
    [
      "metrics for everybody",
      ["run", "QUICKSTART", "--metrics", "0.0.0.0:9464"],
      /--metrics 0\.0\.0\.0:9464: only this machine may ask/,
    ],
    ["a shard beyond", ["run", "QUICKSTART", "--shard", "5/2"], /--shard 5\/2: expected i\/n/],
    ["a duration without unit", ["run", "QUICKSTART", "--duration", "5"], /--duration 5: expected.*30m/],
    [
      "no run at a time",
      ["run", "QUICKSTART", "--jobs", "0"],
      /--jobs 0: expected a whole number from 1 on, or "auto"/,
    ],
    ["jobs that are no number", ["run", "QUICKSTART", "--jobs", "x"], /--jobs x: expected/],
    ["half a job", ["shrink", "FOLDER", "--jobs", "1.5"], /--jobs 1\.5: expected/],
    ["a night of no jobs", ["nightly", "QUICKSTART", "--jobs", "0"], /--jobs 0: expected/],
    [
      "a bisection of no jobs",
      ["bisect", "QUICKSTART", "--image", "a:1", "b:1", "--jobs", "-1"],
      /--jobs -1: expected/,
    ],
    ["a missing experiment", ["run", "FOLDER/nope.yaml"], /nope\.yaml does not exist/, /kvchaos list/],
    ["an experiment that is text", ["run", "FOLDER/text.txt"], /text\.txt:1:1: expected a map/, /nothing was started/],
    ["broken YAML", ["explain", "FOLDER/broken.yaml"], /broken\.yaml:2:1: broken YAML/],
    ["a folder for a file", ["explain", "FOLDER"], /is a directory/],
    ["a missing Compose file", ["up", "FOLDER/nope.yaml"], /cannot be read/, /--compose/],
    ["a cluster of too many", ["up", "{ masters: 99 }"], /cluster:1:12: expected at most 8, got 99/],
    ["a cluster that no system makes", ["up", "{ mode: clustr }"], /cluster:1:9: .*did you mean "cluster"\?/],
    ["an unknown system", ["explain", "QUICKSTART", "--system", "mysql"], /no system "mysql"/, /redis/],
    ["a folder without run", ["replay", "FOLDER/none"], /cannot read/, /reports\//],
    ["a damaged plan", ["replay", "FOLDER"], /plan\.yaml:3:13: missing key/],
    ["a shrinking of nothing", ["shrink", "FOLDER/none"], /cannot read/, /reports\//],
    ["a shrinking without time", ["shrink", "FOLDER", "--budget", "5"], /--budget 5: expected.*30m/],
    ["a bisection without images", ["bisect", "QUICKSTART"], /bisect: Missing required argument: image/],
    ["a mix of one image", ["matrix", "QUICKSTART", "--mixed", "--image", "redis:1"], /--mixed: expected two images/],
    [
      "a mix of servers that cannot replicate with each other",
      ["matrix", "QUICKSTART", "--mixed", "--image", "redis:1", "pika:1"],
      /--image replicas=pika:1: pika:1 is pika, which cannot replicate with redis/,
    ],
    ["a bisection of one image", ["bisect", "QUICKSTART", "--image", "redis:1"], /--image: expected two images/],
    ["a damaged journal", ["report", "FOLDER"], /journal\.jsonl:1: not a journal event/],
    ["a report of nothing", ["report", "FOLDER/none"], /cannot read the journal/, /reports\//],
    ["a wrap of nothing", ["images", "wrap"], /needs --system, --binary and --tag/, /images wrap --system redis/],
    [
      "a name that no image can have",
      ["images", "wrap", "--system", "redis", "--binary", "x", "--tag", "a//b"],
      /--tag a\/\/b: this is no image name/,
    ],
    ["a night without end", ["nightly", "QUICKSTART", "--budget", "60"], /--budget 60: expected.*"30m"/],
    ["a share beyond", ["nightly", "QUICKSTART", "--shard", "5/4"], /--shard 5\/4: expected i\/n/],
    [
      "an unknown mocha reporter",
      ["nightly", "QUICKSTART", "--reporter", "nosuch"],
      /--reporter nosuch: /,
      /spec, dot/,
    ],
    ["half an option of a reporter", ["nightly", "QUICKSTART", "--reporter-option", "x"], /expected name=value/],
    ["a merge of no folder", ["merge", "FOLDER/none"], /none is no folder/],
    [
      "a merge of nothing",
      ["merge", "FOLDER/empty"],
      /no nightly\.json, no exploration and no run in/,
      /kvchaos nightly/,
    ],
    ["images of an unknown system", ["images", "pull", "--system", "mysql"], /no system "mysql"/, /Known/],
    ["an unknown format", ["report", "FOLDER", "--format", "pdf"], /no report format "pdf"/, /html/],
  ];
  for (const [what, argv, message, hint] of cases) {
    it(`${what}: one message, exit 3`, async () => {
      const words = argv.map((word) => word.replace("FOLDER", folder).replace("QUICKSTART", quickstart));
      const { code, stderr: text } = await kvchaosHere(words);
      assert.equal(code, EXIT.usage, text);
      assert.match(text, message);
      if (hint) assert.match(text, hint);
      assert.doesNotMatch(text, /^\s+at |unexpected error/m);
      if (argv.length > 0) assert.equal(text.match(/^kvchaos: /gm)?.length, 1, text);
    });
  }

  it("several values of an option that takes several are no mistake", async () => {
    const { stderr: text } = await kvchaosHere([
      "report",
      path.join(folder, "none"),
      "--format",
      "html",
      "--format",
      "json",
    ]);
    assert.doesNotMatch(text, /twice/);
  });
});
