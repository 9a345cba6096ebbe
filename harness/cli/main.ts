import yargs from "yargs";
import { ChaosError } from "../base/chaos-error.ts";
import { version } from "../base/version.ts";
import type { Command } from "./command.ts";
import { bisectCommand } from "./commands/bisect.ts";
import { cleanCommand } from "./commands/clean.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { imagesCommand } from "./commands/images.ts";
import { listCommand } from "./commands/list.ts";
import { matrixCommand } from "./commands/matrix.ts";
import { mergeCommand } from "./commands/merge.ts";
import { nightlyCommand } from "./commands/nightly.ts";
import { replayCommand } from "./commands/replay.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { shrinkCommand } from "./commands/shrink.ts";
import { upCommand } from "./commands/up.ts";
import { verifiedCommand } from "./commands/verified.ts";
import { EXIT, exitOfError } from "./exit-codes.ts";
import { printError } from "./print.ts";

// Each command has argument types of its own; the table only dispatches.
// biome-ignore lint/suspicious/noExplicitAny: see above
export const COMMANDS: readonly Command<any>[] = [
  runCommand,
  listCommand,
  explainCommand,
  upCommand,
  replayCommand,
  shrinkCommand,
  matrixCommand,
  bisectCommand,
  nightlyCommand,
  mergeCommand,
  reportCommand,
  verifiedCommand,
  imagesCommand,
  doctorCommand,
  cleanCommand,
];

/** Runs one command line; resolves to the process's exit code and never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.pass;
  const parser = yargs([...argv])
    .scriptName("kvchaos")
    .usage("$0 <command>\n\nChaos tests for Kvrocks, Pika, Redis and Valkey.")
    .version(version)
    .help()
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
  for (const command of COMMANDS) {
    parser.command(command.usage, command.summary, command.arguments, async (args) => {
      checkValues(command, args);
      code = await command.run(args);
    });
  }
  try {
    await parser.parseAsync();
    return code;
  } catch (error) {
    printError(error);
    return exitOfError(error);
  }
}

/** yargs makes a list of an option that is given twice, and takes an option without its value. */
function checkValues(command: Command<unknown>, args: object): void {
  const described = yargs([]);
  command.arguments(described);
  const positionals = [...command.usage.matchAll(/(\w+)\.\./g)].map(([, name]) => name);
  const lists = [
    "_",
    ...positionals,
    ...(described as unknown as { getOptions(): { array: string[] } }).getOptions().array,
  ];
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
  const command = COMMANDS.find(({ usage }) => usage.split(" ")[0] === word);
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
