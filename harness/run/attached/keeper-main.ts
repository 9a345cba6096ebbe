import { DISMISS, type KeeperTask, READY } from "./keeper-words.ts";

/* The keeper's process: see keeper.ts. Nearly every run ends without it: what it needs to put servers back is loaded only then. */

for (const signal of ["SIGINT", "SIGHUP", "SIGTERM", "SIGPIPE"] as const) process.on(signal, () => {});
process.stdout.on("error", () => {});

let heard = "";
let ready = false;
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  heard += text;
  const [, rest] = heard.split("\n");
  if (rest === undefined) return;
  if (rest === DISMISS) process.exit(0);
  if (!ready) process.stdout.write(`${READY}\n`);
  ready = true;
  if (heard.endsWith(`${DISMISS}\n`)) process.exit(0);
});
process.stdin.on("error", keep);
process.stdin.on("end", keep);

let keeping = false;
function keep(): void {
  if (keeping) return;
  keeping = true;
  const [task = ""] = heard.split("\n");
  // It ended before it had said what the servers were: it has done nothing to them.
  if (!ready) process.exit(0);
  void import("./keep.ts")
    .then(({ keepServers }) => keepServers(JSON.parse(task) as KeeperTask))
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
}
