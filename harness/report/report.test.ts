import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordOf } from "../journal/record.ts";
import { HOSTILE, type SampleOptions, sampleRun } from "../testing/samples/run.support.ts";
import { renderAll, reporters } from "./registry.ts";

describe("reports", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-report-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function render(options: SampleOptions = {}) {
    assert.deepEqual(await renderAll(sampleRun(options), directory), []);
    const read = (name: string) => readFile(join(directory, name), "utf8");
    return {
      html: await read("report.html"),
      json: JSON.parse(await read("result.json")),
      junit: await read("junit.xml"),
      issue: await read("issue.md"),
    };
  }

  for (const verdict of ["pass", "fail", "inconclusive", "error", "none"] as const) {
    it(`renders a run whose verdict is ${verdict} in every format`, async () => {
      const { html, json, junit, issue } = await render({ verdict });
      const shown = verdict === "none" ? "interrupted" : verdict;
      assert.equal(json.verdict, shown);
      assert.match(html, new RegExp(`<span class="verdict v-${shown}">${shown.toUpperCase()}</span>`));
      const element = { pass: null, fail: "failure", error: "error", inconclusive: "skipped", none: "skipped" }[
        verdict
      ];
      for (const one of ["failure", "error", "skipped"]) assert.equal(junit.includes(`<${one} `), one === element, one);
      assert.match(issue, /^\*\*To reproduce\*\*$/m);
    });
  }

  it("says first what broke, then where, then how to see it, then the rest in a fixed order", async () => {
    const { html } = await render();
    const order = [
      "<h1>r1 did not answer",
      "redis@sha256:0123",
      "See it yourself",
      "Time line",
      "Findings (2)",
      ">Checks<",
      ">Plan<",
      "own health",
      "What was not checked",
    ];
    const places = order.map((text) => html.indexOf(text));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.ok(!places.includes(-1), String(places));
  });

  it("answers at the top since when, who holds what, what was done before, and that it was not the harness", async () => {
    const { html } = await render();
    const facts = /<dl class="facts">(.*?)<\/dl>/s.exec(html)?.[1] ?? "";
    const rows = Object.fromEntries([...facts.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, a, b]) => [a, b]));
    assert.match(
      rows.Since ?? "",
      /^32\.0 s into the run \(12:00:32 UTC\), still so 40\.6 s later, when the run stopped/,
    );
    assert.match(
      rows["Who holds what"] ?? "",
      /^Thread 31648 \(worker-2\) joins thread 31902 .*: a cycle\. <a href="#finding-1">/,
    );
    assert.match(rows["Done before it"] ?? "", /^storm#\d+ \(switch-master on m1, r1\), over \d\.\d s before/);
    assert.match(rows["Was it the harness?"] ?? "", /^It was starved for 1 of \d+ s in that time; the control server/);
    assert.ok(html.indexOf("facts") < html.indexOf("See it yourself"));
    assert.match(html, /<ul class="others"><li><a href="#finding-2">divergence \(missing-keys\) of r2<\/a>, since /);
    const passed = (await render({ verdict: "pass" })).html;
    assert.ok(!passed.includes('class="facts"'));
  });

  it("is one page without handlers, outside links or inline styles, and by its policy runs no script but its own", async () => {
    const { html } = await render();
    const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text ?? "");
    assert.equal(scripts.length, 1);
    const hash = createHash("sha256")
      .update(scripts[0] ?? "")
      .digest("base64");
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src '[^']+'; img-src data:;/);
    assert.ok(policy.includes(`script-src 'sha256-${hash}';`), policy);
    for (const [, name = "", attributes = ""] of html
      .replace(/<script>.*?<\/script>/s, "")
      .matchAll(/<([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g)) {
      assert.ok(!["script", "img", "iframe", "object", "b", "base"].includes(name.toLowerCase()), name);
      assert.ok(!/\s(on\w+|style|src|srcset|xlink:href)\s*=/i.test(attributes), attributes);
      const href = /\shref="([^"]*)"/.exec(attributes)?.[1];
      if (href !== undefined) assert.match(href, /^(#finding-\d+|\.\/[^:]*|data:,)$/);
    }
  });

  it("says why the experiment should fail, and after how long it typically does and did", async () => {
    const { html } = await render();
    assert.ok(html.includes("Two threads wait for each other, &lt;always&gt;"));
    assert.match(html, /typically 1s\.\.4\.5s of chaos; here \d+\.\d s/);
  });

  it("shows hostile server text as text, with its control characters visible", async () => {
    const { html } = await render();
    assert.ok(html.includes("&lt;img src=x onerror=alert(1)&gt;]]&gt;&quot;&#39;&amp;\\x1b[31m\\x07"));
    for (const forbidden of ["\u001b", "\u0007", "\u202e"]) assert.ok(!html.includes(forbidden));
    assert.ok(!html.includes('href="../') && !html.includes("%2Fetc"), "no link leaves the run's folder");
  });

  it("shows no path of the machine that ran it, and a command for the root of the repository", async () => {
    const events = sampleRun().events.map((event) =>
      event.type === "run"
        ? {
            ...event,
            experimentFile: "/home/me/kvchaos/experiments/any/x.yaml",
            command: ["kvchaos", "run", "/home/me/kvchaos/experiments/any/x.yaml", "--seed", "7"],
            plan: {
              experiment: {
                file: "/home/me/kvchaos/experiments/any/x.yaml",
                cluster: "/home/me/kvchaos/compose/a.yaml",
              },
            },
          }
        : event,
    );
    assert.deepEqual(await renderAll(recordOf(events), directory), []);
    for (const name of ["report.html", "junit.xml", "issue.md"]) {
      const text = await readFile(join(directory, name), "utf8");
      assert.ok(!text.includes("/home/me"), name);
      assert.ok(text.includes("node harness/cli/kvchaos.mjs run experiments/any/x.yaml --seed 7"), name);
    }
  });

  it("draws every finding, fault and node on the time axis", async () => {
    const { html } = await render();
    for (const text of [
      ">deadlocked<",
      ">storm<",
      ">kill-r2<",
      "1 × never fired",
      ">recovery<",
      'href="#finding-2"',
      "0 bytes passed r1 -&gt; m1",
    ]) {
      assert.ok(html.includes(text), text);
    }
    assert.ok(!/NaN|Infinity|undefined/.test(html.replace(/<style>.*<\/style>/s, "")));
  });

  it("stays below 2 MB for an hour of samples and thousands of faults, and says what it left out", async () => {
    const { html } = await render({ seconds: 3600, storm: 5000 });
    assert.ok(html.length < 2e6, `${html.length} bytes`);
    assert.match(html, /truncated: \d+ of 500\d/);
  }).timeout(300_000);

  it("renders what there is of a journal that ends right after its beginning", async () => {
    const [first] = sampleRun().events;
    assert.ok(first);
    assert.deepEqual(await renderAll(recordOf([first]), directory), []);
    const html = await readFile(join(directory, "report.html"), "utf8");
    assert.match(html, /INTERRUPTED/);
    assert.ok(!/NaN|Infinity/.test(html));
  });

  it("writes well-formed XML without control characters, whatever the servers said", async () => {
    for (const verdict of ["fail", "error", "inconclusive"] as const) {
      const { junit } = await render({ verdict });
      assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/.test(junit));
      assertWellFormed(junit);
    }
    const { junit } = await render();
    assert.match(junit, /<failure message="[^"<]*" type="hang\/deadlocked">/);
    assert.match(junit, /&lt;img src=x/);
    assert.match(junit, /<testcase classname="kvchaos\.redis\.redis:7_0_15" name="[^"]+" time="75\.000">/);
  });

  it("keeps server text inside fences in Markdown, and prose free of markup", async () => {
    const { issue } = await render();
    let fence = "";
    for (const line of issue.split("\n")) {
      const ticks = /^(`{3,})/.exec(line)?.[1];
      if (fence === "" && ticks) fence = ticks;
      else if (fence !== "" && line === fence) fence = "";
      else if (fence === "") {
        assert.ok(!/(?<!\\)<|(?<!\\)!\[|@\w|https?:\/\/|(?<!\\)`/.test(line), line);
        assert.ok(!/^# /.test(line), line);
      }
    }
    assert.equal(fence, "", "every fence is closed");
    assert.ok(issue.length < 64_000);
  });

  it("gives programs the same findings and totals", async () => {
    const { json } = await render();
    assert.equal(json.version, 1);
    assert.deepEqual(
      json.findings.map((one: { type: string }) => one.type),
      ["hang", "divergence"],
    );
    const late = json.faults.find((one: { id: string }) => one.id === "late");
    assert.deepEqual([late.outcome, late.from], ["not-fired", null]);
    const cut = json.faults.find((one: { id: string }) => one.id === "cut");
    assert.deepEqual([cut.from, cut.to, cut.outcome, cut.effect.measured], [15_000, 24_000, "done", true]);
    const flush = json.faults.find((one: { id: string }) => one.id === "flush");
    assert.deepEqual([flush.from, flush.to], [36_000, 36_040], "an instant fault is over when it is injected");
    assert.deepEqual(json.selfCheck.starvedSeconds, 1);
    assert.ok(json.findings[1].proof.includes(HOSTILE), "data stays data in JSON");
  });

  it("remembers a reporter that throws and lets the others finish", async () => {
    const broken = { name: "broken", onEnd: () => Promise.reject(new Error("no")) };
    const failures = await renderAll(sampleRun(), directory, [broken, ...reporters]);
    assert.deepEqual(
      failures.map(({ name, error }) => [name, String(error)]),
      [["broken", "Error: no"]],
    );
    await readFile(join(directory, "result.json"));
  });
});

/** Tags nest and close, attributes are quoted, and no bare < or & is left: enough for what we write. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml
    .replace(/^<\?xml[^?]*\?>/, "")
    .replace(/<(\/?)([\w-]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>/g, (_, close, name, _attributes, empty) => {
      if (close) assert.equal(open.pop(), name);
      else if (!empty) open.push(name);
      return "";
    });
  assert.deepEqual(open, []);
  assert.ok(!rest.includes("<"), rest);
  assert.ok(!/&(?!(amp|lt|gt|quot|#\d+);)/.test(xml));
}
