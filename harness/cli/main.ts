import yargs, { type Argv } from "yargs";
import { ChaosError } from "../base/chaos-error.ts";
import { version } from "../base/version.ts";
import { CONFIG_VARIABLE } from "../load/workloads/config-variable.ts";
import { type Command, type CommandEntry, nameOf } from "./command.ts";
import { findConfig } from "./config/find-config.ts";
import { EXIT, exitOfError } from "./exit-codes.ts";
import { logError } from "./print.ts";

/** Each is loaded when it is asked for: what the others need takes longer than `list` may. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: "run <experiment..>",
    summary: "run experiments on real servers and report what they find",
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  {
    usage: "list [folder]",
    summary: "list the experiments, faults, checks and workloads there are",
    load: async () => (await import("./commands/list.ts")).listCommand,
  },
  {
    usage: "explain <experiment>",
    summary: "print the resolved plan of an experiment without running it",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  {
    usage: "watch [server..]",
    summary:
      "watch servers of yours, without writing to them: what hangs, is gone, or falls behind; Ctrl-C ends it with a report",
    load: async () => (await import("./commands/watch.ts")).watchCommand,
  },
  {
    usage: "up <cluster>",
    summary: "start a cluster behind Toxiproxy to poke by hand; Ctrl-C or `kvchaos clean` removes it",
    load: async () => (await import("./commands/up.ts")).upCommand,
  },
  {
    usage: "replay <run>",
    summary: "the same faults again: run the plan of an earlier run",
    load: async () => (await import("./commands/replay.ts")).replayCommand,
  },
  {
    usage: "shrink <run>",
    summary:
      "the smallest experiment that still fails in the same way as a run: fewer faults, nodes and loads, less data",
    load: async () => (await import("./commands/shrink.ts")).shrinkCommand,
  },
  {
    usage: "explore",
    summary:
      "find what nobody told it: drawn experiments, one after the other, and a small one of each bug that they find",
    load: async () => (await import("./commands/explore.ts")).exploreCommand,
  },
  {
    usage: "foresee <target>",
    summary: "deadlocks that a run did not hit and that its servers can reach; with --confirm they are made real",
    load: async () => (await import("./commands/foresee.ts")).foreseeCommand,
  },
  {
    usage: "examine <target..>",
    summary:
      "what hangs in a process of yours: threads, who waits for whom, proofs and hints, a ticket; nothing is stopped for it",
    load: async () => (await import("./commands/examine.ts")).examineCommand,
  },
  {
    usage: "matrix <experiment>",
    summary: "one experiment over several images, with the same seeds, side by side",
    load: async () => (await import("./commands/matrix.ts")).matrixCommand,
  },
  {
    usage: "bisect <experiment>",
    summary: "the first image, in the order given, on which an experiment begins to fail or to pass",
    load: async () => (await import("./commands/bisect.ts")).bisectCommand,
  },
  {
    usage: "nightly [experiment..]",
    summary:
      "every experiment on every image it names, as a mocha suite; asks failures again and tells how often they come back",
    load: async () => (await import("./commands/nightly.ts")).nightlyCommand,
  },
  {
    usage: "merge <reports..>",
    summary: "the reports of many runners as one: junit.xml, summary.md, index.html, and one exit code",
    load: async () => (await import("./commands/merge.ts")).mergeCommand,
  },
  {
    usage: "report <run>",
    summary: "render a run's reports again from its journal alone; of a folder of runs, its index.html",
    load: async () => (await import("./commands/report.ts")).reportCommand,
  },
  {
    usage: "signatures <runs..>",
    summary: "learn from runs on affected images by what explorations know bugs of the catalogue again",
    load: async () => (await import("./commands/signatures.ts")).signaturesCommand,
  },
  {
    usage: "verified [runs..]",
    summary: "add runs of the catalogue's experiments to experiments/VERIFIED.md",
    load: async () => (await import("./commands/verified.ts")).verifiedCommand,
  },
  {
    usage: "images <action>",
    summary: "list, pull (or make) the images needed, or wrap a server binary of yours as one",
    load: async () => (await import("./commands/images.ts")).imagesCommand,
  },
  {
    usage: "doctor",
    summary: "is this machine fit, and what to do where it is not",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    usage: "clean",
    summary: "remove whatever earlier runs, --keep and `up` left: containers, networks, volumes",
    load: async () => (await import("./commands/clean.ts")).cleanCommand,
  },
];

/** Runs one command line; resolves to the process's exit code and never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  let run = async (): Promise<number> => EXIT.pass;
  const parser = yargs([...argv])
    .scriptName("kvchaos")
    .usage("$0 <command>\n\nChaos tests for Kvrocks, Pika, Redis and Valkey.")
    .version(version)
    .help()
    .option("config", {
      type: "string",
      describe: "own faults, checks, workloads and reporters (kvchaos.config.mjs or .ts here)",
    })
    .strict()
    .demandCommand(1, "Which command?")
    .recommendCommands()
    .wrap(Math.min(110, process.stderr.columns ?? 100))
    .exitProcess(false)
    .fail((message, error, instance) => {
      if (error) throw error;
      if (argv.length === 0) instance.showHelp("error");
      throw usageError(message, argv[0]);
    });
  try {
    await takeInOwn(argv);
    for (const entry of COMMANDS) {
      const { usage, summary } = entry;
      if (!argv.includes(nameOf(entry))) {
        parser.command(usage, summary);
        continue;
      }
      const command = await entry.load();
      const describe = (own: Argv): Argv => {
        for (const [name, positional] of Object.entries(command.positionals)) own.positional(name, positional);
        return own.options(command.options);
      };
      // Not run in here: for a command that takes its time yargs prepares what it would say if it failed.
      parser.command(usage, summary, describe, (args) => {
        run = async () => {
          checkValues(command, args);
          return command.run(args);
        };
      });
    }
    await parser.parseAsync();
    return await run();
  } catch (error) {
    logError(error);
    return exitOfError(error);
  }
}

/** What the user's config names is there before anything is read. */
async function takeInOwn(argv: readonly string[]): Promise<void> {
  const file = findConfig(argv, process.env, process.cwd());
  if (file === undefined) return;
  const { loadConfig } = await import("./config/load-config.ts");
  await loadConfig(file);
  process.env[CONFIG_VARIABLE] = file;
}

/** yargs makes a list of an option that is given twice, and takes an option without its value. */
function checkValues({ positionals, options }: Command, args: object): void {
  const described = Object.entries({ ...positionals, ...options });
  const lists = ["_", ...described.filter(([, { array }]) => array).map(([name]) => name)];
  for (const [given, value] of Object.entries(args)) {
    // yargs adds --reporter-option a second time, as reporterOption.
    const name = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (Array.isArray(value) && !lists.includes(name)) throw new ChaosError("usage", `--${name} is given twice`);
    if (value === "") throw new ChaosError("usage", `--${name} needs a value`);
    if (Number.isNaN(value)) throw new ChaosError("usage", `--${name} needs a number`);
  }
}

/** What yargs says, in one line, with the usage of the command that was meant. */
function usageError(message: string, word: string | undefined): ChaosError {
  const text = message.replace(/\s*\n\s*/g, " ");
  const command = COMMANDS.find((one) => nameOf(one) === word);
  if (command) {
    const hint = `Usage: kvchaos ${command.usage} [options]; kvchaos ${word} --help lists the options.`;
    return new ChaosError("usage", `${word}: ${text}`, { hint });
  }
  const hint = "kvchaos --help lists the commands.";
  if (word === undefined || word.startsWith("-")) return new ChaosError("usage", text, { hint });
  const suggestion = /^Did you mean .*$/.exec(text)?.[0];
  return new ChaosError("usage", `there is no command "${word}"`, {
    hint: suggestion ? `${suggestion} ${hint}` : hint,
  });
}
