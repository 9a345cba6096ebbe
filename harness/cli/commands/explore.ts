import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { counted, formatTime } from "../../base/units.ts";
import { registries } from "../../experiment/catalogue.ts";
import { documentText } from "../../experiment/document-text.ts";
import { SIGNATURES_FILE } from "../../experiment/known-bugs.ts";
import { Diary, type DiaryLine } from "../../explore/diary.ts";
import { explore, type Tried } from "../../explore/explorer.ts";
import type { Drawn } from "../../explore/grammar/drawn.ts";
import { commandsIn, givenCluster, grammarOf } from "../../explore/grammar/grammar-of.ts";
import { KnownSignatures } from "../../explore/known-signatures.ts";
import { standingOf } from "../../explore/ledger.ts";
import { exploreHtml } from "../../explore/page/explore-html.ts";
import { exploreMarkdown } from "../../explore/page/explore-markdown.ts";
import { sumOf } from "../../explore/page/sum.ts";
import type { Plan } from "../../journal/plan.ts";
import { newSeed } from "../../run/campaign/rounds.ts";
import { knownSystem } from "../choose-server.ts";
import { command, JOBS } from "../command.ts";
import { planOfDocument } from "../earlier-experiment.ts";
import { EXIT } from "../exit-codes.ts";
import { EXPERIMENTS } from "../experiment-files.ts";
import { forget, readExplored } from "../explore/experiment-run.ts";
import { findingWord } from "../explore/finding-word.ts";
import { Progress } from "../explore/progress.ts";
import { WorkUps } from "../explore/work-up.ts";
import { NOTIFY, notify, readWebhook } from "../observe/notify.ts";
import { OBSERVED, observed } from "../observe/observers.ts";
import { foot, log, print } from "../print.ts";
import { readCount, readDuration, readJobs } from "../read-limits.ts";
import { withSession } from "../session.ts";

const SIGNATURES = path.join(EXPERIMENTS, SIGNATURES_FILE);
const names = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

export const exploreCommand = command({
  positionals: {},
  options: {
    system: { type: "string", demandOption: true, describe: "kvrocks, pika or redis" },
    image: { type: "string", describe: "the server's image (default: the first of the system that is here)" },
    for: { type: "string", default: "1h", describe: "no experiment begins later" },
    experiments: { type: "number", describe: "so many at most; default: as many as the time allows" },
    cluster: { type: "string", array: true, describe: "Compose files; default: topologies are drawn" },
    jobs: { ...JOBS, default: "auto" },
    seed: { type: "string", describe: "decides what is drawn; what it goes on from in --out has its own" },
    only: {
      type: "string",
      describe: "kinds of faults and workloads, comma-separated, or `config`, `locks`: nothing else is drawn",
    },
    without: {
      type: "string",
      describe: "what is not drawn, in the same words, or `faults`, `workloads`, `config`, `locks` for all of a kind",
    },
    "shrink-for": { type: "string", default: "10m", describe: "how long each new bug is shrunk at most" },
    ...OBSERVED,
    notify: NOTIFY,
    out: {
      type: "string",
      describe: "the folder of the exploration, which goes on from what is in it (default: explorations/SYSTEM)",
    },
  },
  run: (args) =>
    observed(args, async (observers) => {
      const length = readDuration("--for", args.for);
      const shrinkFor = readDuration("--shrink-for", args["shrink-for"]);
      const most =
        args.experiments === undefined ? Number.POSITIVE_INFINITY : readCount("--experiments", args.experiments);
      const jobs = readJobs(args.jobs, most);
      const webhook = readWebhook(args.notify, process.env);
      const began = performance.now();
      const system = knownSystem(args.system);
      const grammar = grammarOf(system.name, registries, {
        commands: commandsIn(await tours(system.name)),
        only: names(args.only),
        without: names(args.without),
        clusters: await Promise.all(
          (args.cluster ?? []).map(async (file) => {
            const full = path.resolve(file);
            return givenCluster(full, await registries.readShape(full));
          }),
        ),
      });
      const known = new KnownSignatures(await readFile(SIGNATURES, "utf8"), SIGNATURES);
      const out = path.resolve(args.out ?? path.join("explorations", system.name));
      return withSession(
        { reports: path.join(out, "runs"), jobs, unattended: true, quiet: true, part: true, observers },
        async (session) => {
          const server = await session.server({ system: system.name, image: args.image }, [system.name]);
          const earlier = await Diary.headIn(out);
          const diary = await Diary.open(out, {
            system: system.name,
            image: server.image,
            seed: args.seed ?? earlier?.seed ?? newSeed(),
          });
          const { head, before } = diary;
          const { seed } = head;
          const progress = new Progress(diary);
          if (diary.lines.length > 0) log(`going on after ${counted(diary.lines.length, "experiment")} in ${out}`);
          const late = (): boolean => session.signal.aborted || performance.now() - began > length;
          const planOf = (document: Drawn, ofSeed: string): Promise<Plan | null> =>
            planOfDocument(documentText(document), path.join(out, "drawn.yaml"), ofSeed, server);
          const runs = new Map<number, { plan: Plan; directory: string }>();
          const run = (plan: Plan, unneeded?: AbortSignal) =>
            session.runPlan(plan, server, { unneeded, pages: "never" });
          const writePages = async (): Promise<void> => {
            const sum = sumOf(diary, grammar.faults);
            const found = await readdir(path.join(out, "found"), { recursive: true }).catch((): string[] => []);
            const isThere = (bug: string, file: string): boolean => found.includes(path.join(bug, file));
            await writeFile(path.join(out, "explore.html"), exploreHtml(sum, isThere).text);
            await writeFile(path.join(out, "explore.md"), exploreMarkdown(sum));
          };
          const options = { session, server, diary, known, run, planOf, late, shrinkFor };
          const workUps = new WorkUps(options);
          let told: Promise<void> | undefined;
          for (const bug of diary.ledger.bugs) {
            const { number, document } = diary.lines.find((line) => line.number === bug.experiments[0]) as DiaryLine;
            const plan = await planOf(document, `${seed}.${number}`);
            if (plan) workUps.goOn(bug, { document, number, plan });
          }
          await explore({
            grammar,
            seed,
            jobs: session.jobs,
            guided: true,
            corpus: diary.corpus,
            ledger: diary.ledger,
            first: diary.next,
            over: late,
            most,
            valid: async (document) => (await planOf(document, seed)) !== null,
            run: async (document, number) => {
              progress.begin(number, document);
              const plan = (await planOf(document, `${seed}.${number}`)) as Plan;
              const { outcome, directory } = await readExplored(
                await session.runPlan(plan, server, { warm: true, pages: "of a finding" }),
                known,
              );
              runs.set(number, { plan, directory });
              return outcome;
            },
            onTried: async (tried: Tried) => {
              const { number, firsts, document } = tried;
              const own = runs.get(number) as { plan: Plan; directory: string };
              runs.delete(number);
              if (!session.signal.aborted) diary.add(tried, before + performance.now() - began);
              progress.end(tried);
              for (const bug of firsts) {
                told ??= notify(webhook, findingWord(bug, number, head, out));
                log(`${bug.known === null ? "new" : `known, ${bug.known}`}: ${bug.signature} (experiment ${number})`);
                await workUps.begin(bug, { document, number, plan: own.plan }, own.directory);
              }
              await forget(own.directory);
              await writePages();
              progress.draw();
            },
          });
          await workUps.end();
          await told;
          await writePages();
          await diary.end();
          foot([]);
          const took = formatTime(performance.now() - began);
          print(
            `${counted(diary.lines.length, "experiment")} on ${server.image}, ${took}, ${counted(diary.corpus.size, "kind")} of behaviour; seed ${seed}`,
          );
          for (const bug of diary.ledger.bugs) {
            const again = bug.again === null ? "" : `, again in ${bug.again.shown} of ${bug.again.of}`;
            print(
              `  ${standingOf(bug)}: ${bug.signature}${bug.known === null ? "" : ` (known: ${bug.known})`}, in ${counted(bug.experiments.length, "experiment")}${again}`,
            );
            print(`    ${path.relative(process.cwd(), diary.folderOf(bug))}`);
          }
          return diary.ledger.bugs.some((bug) => standingOf(bug) !== "seen once") ? EXIT.finding : EXIT.pass;
        },
      );
    }),
});

/** The texts of a system's tours of admin commands in the catalogue. */
async function tours(system: string): Promise<string[]> {
  const folder = path.join(EXPERIMENTS, system);
  const files = (await readdir(folder)).filter((name) => name.startsWith("foresee-"));
  return Promise.all(files.map((name) => readFile(path.join(folder, name), "utf8")));
}
