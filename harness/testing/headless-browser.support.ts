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

/** A tab whose files are opened one after the other: a new one for each would start more processes than it takes to show them. */
export async function openTab(browser: Browser, javaScript: boolean) {
  const page = await browser.newPage({ javaScriptEnabled: javaScript });
  /** Everything that the page shown now should not do: messages on the console, errors, dialogs, requests, navigations. */
  const troubles: string[] = [];
  let address = "";
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
  const paint = (scheme: View["scheme"]) => page.emulateMedia({ media: "screen", colorScheme: scheme });
  /** Opens a file of this machine, as it is read on the screen. */
  const show = async (file: string, { width, scheme }: View) => {
    await page.setViewportSize({ width, height: 1000 });
    await paint(scheme);
    await page.goto("about:blank");
    troubles.length = 0;
    address = pathToFileURL(file).href;
    await page.goto(address);
  };
  return { page, troubles, show, paint };
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
