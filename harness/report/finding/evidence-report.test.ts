import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalEvent } from "../../journal/events.ts";
import type { WaitGraph } from "../../journal/evidence-data.ts";
import { recordOf } from "../../journal/record.ts";
import { NO_WAITS } from "../../testing/evidence.support.ts";
import { HOSTILE, sampleRun } from "../../testing/samples/run.support.ts";
import { htmlReporter } from "../page/html-reporter.ts";
import { waitPicture } from "./wait-boxes.ts";
import { waitGraphSvg } from "./wait-graph-svg.ts";

describe("the evidence in report.html", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-evidence-"));
    await mkdir(join(directory, "evidence/r1-1"), { recursive: true });
    await mkdir(join(directory, "evidence/logs"), { recursive: true });
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function page(): Promise<string> {
    await htmlReporter.onEnd?.(sampleRun(), directory);
    return readFile(join(directory, "report.html"), "utf8");
  }
  const stamp = (t: number) => new Date(Date.parse("2025-01-01T12:00:00.000Z") + t).toISOString();

  it("draws the cycle with its threads, and those behind it as one box", async () => {
    const html = await page();
    const svg = /<svg class="waits".*?<\/svg>/s.exec(html)?.[0] ?? "";
    assert.equal(svg.match(/class="wb wbc"/g)?.length, 2, "two boxes in the cycle");
    assert.equal(svg.match(/class="wa wac"/g)?.length, 2, "two arrows in the cycle");
    for (const text of [">worker 31648<", ">master-repl 31902<", "waits for its end (join)", "648 in its container"])
      assert.ok(svg.includes(text), text);
    assert.ok(svg.includes(">6 × worker<") && svg.includes(">worker 31649<"), "31649 is waited for: a box of its own");
    assert.ok(!/NaN|undefined|<img/.test(svg));
  });

  it("puts the proof and the threads of the cycle first, with their stacks open", async () => {
    const html = await page();
    assert.match(html, /<p class="proof"><strong>Proof\.<\/strong> Thread 31648/);
    assert.match(html, /<tr class="in-cycle">.*?<details open><summary>2 frames: pthread_join/s);
    assert.ok(html.indexOf('<tr class="in-cycle">') < html.indexOf("worker ×7"));
    assert.ok(html.includes("#1 kvrocks::Server::&lt;img"), "names from the process stay text");
  });

  it("shows the log around the finding with the harness's doings between its lines, and marks what matters", async () => {
    const lines = [
      `${stamp(-40_000)} too early`,
      `${stamp(31_000)} plain ${HOSTILE.replaceAll("\n", " ")}`,
      `${stamp(32_010)} Waiting workers for finishing executing commands...`,
      "no time stamp",
    ];
    await writeFile(join(directory, "evidence/logs/r1.log"), `${lines.join("\n")}\n`);
    const html = await page();
    const log = /<h4>Log of r1.*?<\/pre>/s.exec(html)?.[0] ?? "";
    assert.ok(!log.includes("too early") && !log.includes("no time stamp"));
    assert.match(log, /31\.0 s {2}plain &lt;img src=x/);
    assert.match(log, /<mark>Waiting workers for finishing executing commands\.\.\.<\/mark>/);
    const order = ["plain", "finding begins: hang, deadlocked", "<mark>Waiting", "the last line that the server wrote"];
    const places = order.map((text) => log.indexOf(text));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.match(log, /── fault storm#\d+: switch-master on m1, r1 begins ──/);
  });

  it("folds captured files, cut to size with the hash of the whole, and stays below 2 MB", async () => {
    const big = `${"<b>&".repeat(500_000)}\n`;
    await writeFile(join(directory, "evidence/r1-1/stacks-gdb.txt"), big);
    await writeFile(join(directory, "evidence/r1-1/sockets.txt"), "fd  state\n9   ESTABLISHED\n");
    const log = Array.from({ length: 50_000 }, (_, i) => `${stamp(31_000 + i / 50)} ${"<".repeat(5000 / 50)}`).join(
      "\n",
    );
    await writeFile(join(directory, "evidence/logs/r1.log"), log);
    const html = await page();
    assert.ok(html.length < 2e6, `${html.length} bytes`);
    assert.ok(html.includes(`truncated: 120000 of ${big.length} bytes`));
    assert.ok(html.includes(createHash("sha256").update(big).digest("hex")));
    assert.ok(html.includes("9   ESTABLISHED"));
    assert.match(html, /truncated: 300 of 50000 lines/);
  });

  it("reads nothing outside the run's folder, not even through a link", async () => {
    const secret = join(directory, "..", `kvchaos-secret-${process.pid}`);
    await writeFile(secret, "outside-secret");
    try {
      await symlink(secret, join(directory, "evidence/r1-1/stacks-gdb.txt"));
      await symlink(secret, join(directory, "evidence/logs/r1.log"));
      assert.ok(!(await page()).includes("outside-secret"));
    } finally {
      await rm(secret);
    }
  });

  it("tells how INFO was before the hang, and that there was no answer after it", async () => {
    assert.match(await page(), /INFO of r1 before and after.*?Before: at 3[12]\.\d s.*?After: no answer from 32\.0 s/s);
  });

  const edge = { timed: false, call: "futex" };

  it("ends a chain in the thread that everybody waits for, and says in which function gdb saw it", async () => {
    const chain: WaitGraph = {
      ...NO_WAITS,
      class: "waits-on-thread",
      edges: [
        { ...edge, from: 1, kind: "rwlock-read", address: "0x1", to: { kind: "thread", tid: 2 } },
        { ...edge, from: 2, kind: "join", address: "0x2", to: { kind: "thread", tid: 3 } },
      ],
      threadWaits: [{ tid: 3, call: "clock_nanosleep", asleep: true, chain: [1, 2, 3] }],
    };
    const titles = waitPicture(chain, []).boxes.map(({ title }) => title);
    assert.deepEqual(titles.sort(), ["thread 1", "thread 2", "thread 3"]);
    assert.match(waitGraphSvg(chain, [], "x")?.text ?? "", /thread 3.*in clock_nanosleep/s);
    const frames = [
      "clock_nanosleep",
      "Repl<std::vector<int, std::allocator<int> > >::Retry(int, char const*)",
      "Call<&Repl::Read, void (Repl::*)(bufferevent*)>::Func(bufferevent*)",
      "Less::operator()(int) const",
      "(anonymous namespace)::Posix::Sync(char*)",
    ];
    const common = { count: 1, comms: ["repl"], tids: [3], state: "S", waitsFor: "nothing known", asleep: true };
    const events = sampleRun().events.map((event): JournalEvent => {
      if (event.type === "evidence" && event.data?.threads) {
        const data = { ...event.data, found: "worker 1 waits", graph: chain, groups: [{ ...common, frames }] };
        return { ...event, proof: null, summary: "worker 1 waits. missing: INFO because it hung", data };
      }
      if (event.type !== "check" || event.name !== "no-hang") return event;
      return { ...event, findings: event.findings.map((finding) => ({ ...finding, proof: null })) };
    });
    await htmlReporter.onEnd?.(recordOf(events), directory);
    assert.match(
      await readFile(join(directory, "report.html"), "utf8"),
      /<dt>Who holds what<\/dt><dd>worker 1 waits\. repl 3 was in clock_nanosleep ← Repl&lt;…&gt;::Retry ← Call&lt;…&gt;::Func ← Less::operator\(\) ← {anonymous}::Posix::Sync\. <a/,
    );
  });

  it("ends a chain in the link that a fault cut", () => {
    const graph: WaitGraph = {
      ...NO_WAITS,
      class: "waits-on-link",
      edges: [
        { ...edge, from: 1, kind: "join", address: "0x1", to: { kind: "thread", tid: 2 } },
        {
          ...edge,
          from: 2,
          kind: "socket",
          address: "fd 9 (socket 77)",
          call: "recvfrom",
          to: { kind: "link", name: "r1 -> m1", cutBy: "cut-1", peer: "10.0.0.9:7001" },
        },
      ],
      linkWaits: [{ tid: 2, link: "r1 -> m1", cutBy: "cut-1", chain: [1, 2] }],
    };
    const svg = waitGraphSvg(graph, [{ tid: 1, nsTid: 1, comm: "worker" }], "x")?.text ?? "";
    for (const text of ["link r1 -&gt; m1", "cut by fault cut-1", "wbx", "thread 2", "recvfrom, fd 9"])
      assert.ok(svg.includes(text), text);
    assert.deepEqual(
      waitPicture(graph, [])
        .boxes.map(({ key, depth }) => [key, depth])
        .sort(),
      [
        ["lr1 -> m1", 0],
        ["t2", 1],
        ["gthread join 0x1 t2", 2],
      ].sort(),
    );
  });

  it("leads with where the wait ends when there is no proof, and shows the same evidence once", async () => {
    const events = sampleRun().events.map((event): JournalEvent => {
      if (event.type === "evidence" && event.data?.threads)
        return {
          ...event,
          proof: null,
          summary: "worker 1 waits in recvfrom on link r1 -> m1, cut by fault cut. missing: INFO because it hung",
          data: {
            ...event.data,
            found: "worker 1 waits in recvfrom on link r1 -> m1, cut by fault cut",
            graph: { ...NO_WAITS, class: "waits-on-link" },
          },
        };
      if (event.type !== "check" || event.name !== "no-hang") return event;
      const [hang] = event.findings;
      assert.ok(hang);
      return {
        ...event,
        findings: [
          { ...hang, proof: null },
          { ...hang, class: "blocked-command", from: hang.from - 50 },
        ],
      };
    });
    await htmlReporter.onEnd?.(recordOf(events), directory);
    const html = await readFile(join(directory, "report.html"), "utf8");
    assert.match(
      html,
      /<dt>Who holds what<\/dt><dd>worker 1 waits in recvfrom on link r1 -&gt; m1, cut by fault cut <a/,
    );
    assert.equal(html.match(/<table class="threads">/g)?.length, 1);
    assert.match(html, /id="finding-2".*?see <a href="#finding-1">finding 1<\/a>/s);
    const dots = [
      ...(/<div class="wide">.*?<\/svg>/s.exec(html)?.[0] ?? "").matchAll(/class="finding-dot" cx="([\d.]+)"/g),
    ].map(([, x]) => Number(x));
    assert.ok(
      dots.every((x, i) => dots.every((other, j) => i === j || Math.abs(x - other) >= 16)),
      String(dots),
    );
  });

  it("draws a lock that readers hold with the threads that may be among them, as a suspicion", () => {
    const graph: WaitGraph = {
      ...NO_WAITS,
      class: "held-by-readers",
      edges: [
        { ...edge, from: 1, kind: "rwlock-write", address: "0xa", to: { kind: "readers", count: 2 } },
        { ...edge, from: 3, kind: "mutex", address: "0xb", to: { kind: "thread", tid: 1 } },
      ],
      queue: [3],
      readerLocks: [{ address: "0xa", readers: 2, waiting: [1], mayHold: [3] }],
    };
    const { arrows } = waitPicture(graph, []);
    assert.equal(arrows.filter((arrow) => arrow.maybe).length, 1);
    assert.match(
      waitGraphSvg(graph, [], "x")?.text ?? "",
      /held by 2 reader\(s\).*may be a reader|may be a reader.*held by 2 reader/s,
    );
  });

  it("draws a thread that waits for itself, a long circle, and no more boxes than fit", () => {
    const self: WaitGraph = {
      ...NO_WAITS,
      class: "proven",
      edges: [{ ...edge, from: 5, kind: "mutex", address: "0xc", to: { kind: "thread", tid: 5 } }],
      cycles: [[5]],
    };
    assert.match(waitGraphSvg(self, [], "x")?.text ?? "", /wants mutex 0xc/);
    const tids = Array.from({ length: 80 }, (_, i) => i + 1);
    const circle: WaitGraph = {
      ...NO_WAITS,
      class: "proven",
      edges: tids.map((tid) => ({
        ...edge,
        from: tid,
        kind: "mutex",
        address: `0x${tid}`,
        to: { kind: "thread", tid: (tid % 80) + 1 },
      })),
      cycles: [tids],
    };
    const svg = waitGraphSvg(circle, [], "x")?.text ?? "";
    assert.match(svg, /truncated: 36 of 80 boxes/);
    assert.ok(!/NaN|undefined/.test(svg));
    assert.equal(waitGraphSvg(NO_WAITS, [], "x"), null);
  });
});
