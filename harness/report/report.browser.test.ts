import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import type { NightSum } from "../run/night/merge.ts";
import {
  findChromium,
  openTab,
  seriousViolations,
  startBrowser,
  type View,
} from "../testing/headless-browser.support.ts";
import { sampleExamination } from "../testing/samples/examination.support.ts";
import { foreseenRun } from "../testing/samples/foreseen.support.ts";
import { HOSTILE_TEXTS, runThatSays } from "../testing/samples/hostile.support.ts";
import { sampleLifeFinding, sampleRunWith } from "../testing/samples/life.support.ts";
import { HOSTILE, sampleRun } from "../testing/samples/run.support.ts";
import { skip } from "../testing/skip.support.ts";
import { renderExamination } from "./examined/examined-folder.ts";
import { writeNight } from "./night/night-files.ts";
import { fileReporters, renderAll } from "./registry.ts";
import { writeRunIndex } from "./runs/run-index.ts";

const SCHEMES = ["light", "dark"] as const;
const SCREENS = [400, 1600].flatMap((width) => [true, false].map((javaScript) => ({ width, javaScript })));
const PLAIN: View = { width: 1600, scheme: "light", javaScript: true };

describe("pages in a real browser", function () {
  this.timeout(600_000);
  let browser: Browser | undefined;
  let reports: string;
  const pages: Record<string, string> = {};
  const tabs = new Map<boolean, Awaited<ReturnType<typeof openTab>>>();
  const open = async (file: string, view: View) => {
    const tab = tabs.get(view.javaScript);
    if (tab === undefined) throw new Error("no browser");
    await tab.show(file, view);
    return tab;
  };

  before(async function () {
    const chromium = findChromium();
    if (chromium === undefined) skip(this, "there is no Chromium on this machine");
    browser = await startBrowser(chromium);
    for (const javaScript of [true, false]) tabs.set(javaScript, await openTab(browser, javaScript));
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-pages-"));
    const run = async (name: string, record = sampleRun()) => {
      const directory = path.join(reports, name);
      await mkdir(path.join(directory, "evidence/logs"), { recursive: true });
      const stamp = (t: number) => new Date(Date.parse("2025-01-01T12:00:00.000Z") + t).toISOString();
      const log = Array.from(
        { length: 60 },
        (_, i) => `${stamp(20_000 + i * 500)} line ${i} ${HOSTILE.replace("\n", " ")}`,
      );
      await writeFile(path.join(directory, "evidence/logs/r1.log"), `${log.join("\n")}\n`);
      assert.deepEqual(await renderAll(record, directory, fileReporters), []);
      return path.join(directory, "report.html");
    };
    pages["a hang"] = await run("1-hang");
    pages["a lost write"] = await run("2-lost", sampleRunWith(sampleLifeFinding()));
    pages["a pass"] = await run("3-pass", sampleRun({ verdict: "pass" }));
    pages["a run with predictions"] = await run("6-foreseen", foreseenRun({ verdict: "pass" }));
    pages["an inconclusive run"] = await run("4-unknown", sampleRun({ verdict: "inconclusive" }));
    pages["a run that was killed"] = await run("5-killed", sampleRun({ verdict: "none" }));
    pages["the history of runs"] = (await writeRunIndex(reports)) ?? "";
    await writeNight(nightIn(path.join(reports, "night")), {});
    const examined = path.join(reports, "examined");
    await mkdir(examined);
    await renderExamination(sampleExamination(), examined);
    pages["an examination"] = path.join(examined, "report.html");
    pages["a night"] = path.join(reports, "night/index.html");
  });
  after(async () => {
    await browser?.close();
    if (reports) await rm(reports, { recursive: true, force: true });
  });

  it("notices a page that does what none of ours may do", async () => {
    const file = path.join(reports, "bad.html");
    const text = `<html><body><img src=https://127.0.0.1:9/x onerror=alert(1)><p style="color:#ccc">pale</p></body></html>`;
    await writeFile(file, text);
    const { page, troubles } = await open(file, PLAIN);
    await page.waitForFunction("document.readyState === 'complete'");
    assert.ok(
      troubles.some((one) => one.startsWith("request: ")) && troubles.some((one) => one.startsWith("dialog: 1")),
    );
    assert.ok((await seriousViolations(page)).some((one) => one.startsWith("color-contrast")));
  });

  for (const { width, javaScript } of SCREENS) {
    it(`are quiet, no wider than the screen and accessible: ${width} px, light and dark, JavaScript ${javaScript ? "on" : "off"}`, async () => {
      for (const [name, file] of Object.entries(pages)) {
        const { page, troubles, paint } = await open(file, { width, scheme: SCHEMES[0], javaScript });
        for (const scheme of SCHEMES) {
          // The scheme is the style sheet's business alone: a page need not be loaded again for it.
          await paint(scheme);
          const [wide = 0, room = 0] = (await page.evaluate(
            "[document.documentElement.scrollWidth, innerWidth]",
          )) as number[];
          assert.ok(wide <= room, `${name}, ${scheme}, is ${wide} px wide`);
          if (name === "a hang") await assertTells(page, javaScript);
          // Colours and widths of all pages come from one style sheet: each page in one view, the fullest one in all.
          const looked = name === "a hang" || (width === 400) === (scheme === "dark");
          if (javaScript && looked) assert.deepEqual(await seriousViolations(page), [], `${name}, ${scheme}`);
        }
        assert.deepEqual(troubles, [], name);
      }
    });
  }

  it("zoom into a finding, tell values, and filter a log, by keyboard too", async () => {
    const { page, troubles } = await open(pages["a hang"] ?? "", PLAIN);
    const button = page.getByRole("button", { name: "finding 1" }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByText("27.00 s to 37.00 s").first().waitFor();
    await page.mouse.move(800, 500);
    await page.locator("details:has(pre.log) > summary").first().click();
    const search = page.locator(".tools:has(input[type=search]):visible").first();
    await search.locator("input").fill("line 17");
    await search.getByText(/^1 of \d+$/).waitFor();
    assert.deepEqual(troubles, []);
  });

  it("filter the matrix of all runs together with its lists", async () => {
    const { page, troubles } = await open(pages["the history of runs"] ?? "", PLAIN);
    const seen = () =>
      Promise.all([page.locator(".matrix tbody tr:visible").count(), page.locator("section:visible").count()]);
    const [rows, lists] = await seen();
    assert.ok(rows > 0 && lists >= rows, `${rows} rows and ${lists} lists`);
    const search = page.locator(".tools input");
    await search.fill("no such words");
    await page.getByText(`0 of ${rows}`).waitFor();
    assert.deepEqual([await seen(), await page.locator(".matrix .scroll:visible").count()], [[0, 0], 0]);
    await search.fill("WORKERS any/sample");
    await page.getByText(`${rows} of ${rows}`).waitFor();
    assert.equal((await seen())[0], rows);
    assert.deepEqual(troubles, []);
  });

  it("print on paper with everything that is shown", async () => {
    const { page, troubles } = await open(pages["a hang"] ?? "", PLAIN);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("svg.timeline:visible").count(), 1);
    assert.equal(await page.locator(".tools:visible").count(), 0);
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 20_000);
    assert.deepEqual(troubles, []);
  });

  it("execute nothing that a server says", async () => {
    // The megabyte is there to be cut, not to be executed: hostile.test.ts has it.
    for (const [name, text] of Object.entries(HOSTILE_TEXTS).filter(([, one]) => one.length < 10_000)) {
      const directory = path.join(reports, "hostile");
      await mkdir(directory, { recursive: true });
      assert.deepEqual(await renderAll(runThatSays(text), directory, fileReporters), []);
      const { page, troubles } = await open(path.join(directory, "report.html"), PLAIN);
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      assert.equal(await page.evaluate("'came' in window"), false, name);
      assert.deepEqual(troubles, [], name);
    }
  });
});

/** The three questions, answered at the top; and a time line whose words can be read. */
async function assertTells(page: Page, javaScript: boolean): Promise<void> {
  const facts = await page.locator("dl.facts").textContent();
  assert.match(facts ?? "", /Since32\.0 s into the run/);
  assert.match(facts ?? "", /Who holds whatThread 31648 \(worker-2\) joins thread 31902/);
  const shown = page.locator("svg.timeline:visible");
  assert.equal(await shown.count(), 1, "one drawing of the two");
  const box = await shown.locator("text.tick").first().boundingBox();
  assert.ok((box?.height ?? 0) >= 10, `words of ${box?.height} px`);
  assert.ok(await page.locator("svg.waits").isVisible());
  assert.equal((await page.locator(".tools:visible").count()) > 0, javaScript);
}

function nightIn(directory: string): NightSum {
  const finding = { type: "hang", class: "deadlocked", summary: `r1 held ${HOSTILE}` };
  const run = { folder: "../1-hang", seed: "7", verdict: "fail", reasons: [HOSTILE], findings: [finding] } as const;
  const common = { experiment: "experiments/any/x.yaml", title: `A ${HOSTILE}`, issue: null, system: "redis" } as const;
  const entry = {
    ...common,
    image: "redis:7.0.15",
    expects: "pass",
    reasons: [HOSTILE],
    ms: 1500,
    again: null,
  } as const;
  const runs = [{ ...run, reasons: [HOSTILE], findings: [finding] }];
  return {
    seeds: ["7"],
    kvchaos: ["0.1.0"],
    startedAt: "2026-11-21T02:00:01.123Z",
    ms: 90_000,
    jobs: 1,
    entries: [
      { ...entry, reasons: [HOSTILE], outcome: "fail", runs },
      { ...entry, reasons: [], outcome: "pass", runs: [] },
    ],
    missing: [],
    directory,
  };
}
