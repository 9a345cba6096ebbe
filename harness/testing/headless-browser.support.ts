import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { findProgram } from "../base/programs.ts";

/** Test support: the Chromium of this machine. None is ever downloaded. */

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Path of a Chromium in $PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  return NAMES.map((name) => findProgram(name)).find((path) => path !== undefined);
}

/** A headless one with a new, empty profile. Close it. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS, chromiumSandbox: false });
}

export interface View {
  width: number;
  scheme: "light" | "dark";
  javaScript: boolean;
}

/** Opens a file of this machine. Close the context. */
export async function openPage(browser: Browser, file: string, view: View) {
  const context = await browser.newContext({
    viewport: { width: view.width, height: 1000 },
    colorScheme: view.scheme,
    javaScriptEnabled: view.javaScript,
  });
  const page = await context.newPage();
  /** Everything a page should not do: messages on the console, errors, dialogs, requests, navigations. */
  const troubles: string[] = [];
  const address = pathToFileURL(file).href;
  page.on("console", (message) => troubles.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith("data:")) troubles.push(`request: ${url}`);
  });
  page.on("popup", (popup) => troubles.push(`popup: ${popup.url()}`));
  await page.goto(address);
  return { page, context, troubles };
}

/** What axe finds that is serious or critical: "color-contrast: .tag". */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    return (await here.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact: impact ?? null,
      targets: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary ?? ""}`),
    }));
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, targets }) => `${id}: ${targets.join(" | ")}`);
}
