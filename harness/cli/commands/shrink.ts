import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { proportion, proportionText } from "../../base/proportion.ts";
import { documentText } from "../../experiment/document-text.ts";
import { secretsOf } from "../../experiment/secrets.ts";
import { kindOf } from "../../journal/finding.ts";
import { textHider } from "../../journal/redact.ts";
import { shellWord } from "../../report/replay-command.ts";
import { firstKind } from "../../run/campaign/attempts.ts";
import { type Document, entriesOf } from "../../run/shrink/document.ts";
import type { Counted } from "../../run/shrink/sequential-test.ts";
import { keyOf, shrink } from "../../run/shrink/shrink.ts";
import { readWish } from "../choose-server.ts";
import { command, IMAGE, JOBS, REPORTS, SYSTEM } from "../command.ts";
import { earlierExperiment, planOfDocument } from "../earlier-experiment.ts";
import { readPlanFile, recordIn } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { invocation } from "../invocation.ts";
import { log, print } from "../print.ts";
import { readDuration, readJobs } from "../read-limits.ts";
import { imageWords, withSession } from "../session.ts";
import { ShrinkTrail } from "../shrink-trail.ts";

export const shrinkCommand = command({
  positionals: { run: { type: "string", demandOption: true, describe: "a failed run's folder" } },
  options: {
    system: SYSTEM,
    image: { ...IMAGE, describe: `${IMAGE.describe}; default: the images of that run` },
    experiment: { type: "string", describe: "the file that the run was made from (default: where it was then)" },
    budget: {
      type: "string",
      default: "1h",
      describe: "no run begins later; the best experiment so far is written, and the next time it goes on from there",
    },
    out: { type: "string", describe: "where the experiment is written (default: shrunk.yaml in the run's folder)" },
    jobs: JOBS,
    reports: REPORTS,
  },
  run: async (args) => {
    const wish = readWish(args);
    const budget = readDuration("--budget", args.budget);
    const jobs = readJobs(args.jobs);
    const plan = await readPlanFile(path.join(args.run, "plan.yaml"));
    const record = await recordIn(args.run);
    const kind = firstKind(record.of("check").flatMap(({ findings }) => findings));
    if (kind === null) {
      throw new ChaosError("usage", `${args.run}: this run found nothing, so there is nothing to shrink`, {
        hint: "Name the folder of a run whose verdict is `fail`.",
      });
    }
    const out = path.resolve(args.out ?? path.join(args.run, "shrunk.yaml"));
    return withSession({ reports: args.reports, quiet: true, jobs }, async (session) => {
      const server = await session.chooseAgain(wish, plan, record);
      const earlier = await earlierExperiment(args.experiment ?? plan.experiment.file, plan, server);
      const { file, document } = earlier;
      const { seed } = plan;
      const head = { key: keyOf(document), seed, image: server.image, finding: kind };
      const trail = await ShrinkTrail.open(out.replace(/(\.yaml)?$/, ".trail.jsonl"), head);
      if (trail.earlier.length > 0) log(`going on after the ${trail.earlier.length} runs in ${trail.file}`);
      log(`looking for the least of the experiment that still ends in ${kind}: ${sizeText(document)}`);
      const end = performance.now() + budget;
      const { smallest, whole, counted, runs, complete } = await shrink(
        document,
        {
          planOf: (one) => planOfDocument(documentText(one), file, seed, server),
          shows: ({ findings }) => findings.some((one) => kindOf(one) === kind),
          earlier: trail.earlier,
          onTried: (tried) => {
            trail.add(tried);
            log(`  ${tried.what}: ${tried.outcome}`);
          },
        },
        {
          run: (some, unneeded) => session.runPlan(some, server, unneeded),
          late: () => performance.now() > end,
          signal: session.signal,
          jobs: session.jobs,
        },
      ).finally(() => trail.end());
      if (!smallest) {
        print(`${kind} did not come back in ${shareText(whole)} runs of the whole experiment: nothing was shrunk`);
        return EXIT.inconclusive;
      }
      const [type = kind, ofClass] = kind.split("/");
      const found = {
        ...relativeTo(path.dirname(out), smallest),
        expect: { finding: type, ...(ofClass && { class: ofClass }) },
      };
      const text = documentText(found, [
        `Shrunk from ${path.basename(file)}, seed ${seed}, on ${server.image}: ${kind} in ${shareText(counted)} runs.`,
      ]);
      await writeFile(out, textHider(secretsOf(earlier.plan, { services: [] }))(text));
      const lines = text.trimEnd().split("\n").length;
      print(`${kind}: ${sizeText(document)} → ${sizeText(smallest)}, ${lines} lines, in ${runs} runs`);
      print(`It shows in ${shareText(counted)} runs; the whole did in ${shareText(whole)}.`);
      if (!complete)
        print("Less may do: the time was over before everything had been tried. The same command goes on from here.");
      const { words, name } = invocation();
      print([...words, "run", name(out), ...imageWords(server), "--seed", seed].map(shellWord).join(" "));
      if (session.signal.aborted) return EXIT.interrupted;
      return complete ? EXIT.pass : EXIT.inconclusive;
    });
  },
});

function shareText({ failed, passed }: Counted): string {
  return proportionText(proportion(failed, failed + passed));
}

const SHOWN = 8;

/** "3 faults (storm, cut, die), 1 load" */
function sizeText(document: Document): string {
  const ids = entriesOf(document, "faults").map(({ id }) => String(id));
  const shown = ids.length <= SHOWN ? ids : [...ids.slice(0, SHOWN - 1), "…", ids.at(-1)];
  const loads = entriesOf(document, "load").length;
  const faults =
    ids.length === 0 ? "no fault" : `${ids.length} ${ids.length === 1 ? "fault" : "faults"} (${shown.join(", ")})`;
  return loads === 0 ? faults : `${faults}, ${loads} ${loads === 1 ? "load" : "loads"}`;
}

/** Its Compose file as seen from the folder that it is written to. */
function relativeTo(folder: string, document: Document): Document {
  const { cluster } = document;
  return typeof cluster === "string" ? { ...document, cluster: path.relative(folder, cluster) } : document;
}
