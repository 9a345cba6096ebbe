import { DISMISS, READY } from "./words.ts";

/*
 * The reaper's process: see reaper.ts. Argument: the run's id. Exit code 1 when something may be left.
 * Nearly every run ends without it: what it needs to clean up is loaded only then.
 */

const CONNECT_MS = 60_000;
const CLEAN_MS = 120_000;
/**
 * Looks without a find, 250 ms apart: what the harness asked for just before it died may still appear, on a busy machine
 * many seconds later.
 */
const LOOKS = 40;

const runId = process.argv[2] ?? "";
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM", "SIGPIPE"] as const) process.on(signal, () => {});
process.stdout.on("error", () => {});

let heard = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  heard += text;
  if (heard.startsWith(`${DISMISS}\n`)) process.exit(0);
});
process.stdin.on("error", clean);
process.stdin.on("end", clean);
process.stdout.write(`${READY}\n`);

let cleaning = false;
function clean(): void {
  if (cleaning) return;
  cleaning = true;
  removeEverything().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

async function removeEverything(): Promise<void> {
  const { until } = await import("../../base/deadline.ts");
  const { connectEngine } = await import("../engine.ts");
  const { removeRun } = await import("../leftovers.ts");
  const engine = await until({ what: "an answer of the Docker daemon", within: CONNECT_MS, every: 1000 }, (signal) =>
    connectEngine({ signal }),
  );
  await removeRun(engine, runId, { within: CLEAN_MS, looks: LOOKS });
}
