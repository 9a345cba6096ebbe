import yargs, { type Argv } from "yargs";
import { ChaosError } from "../base/chaos-error.ts";
import { version } from "../base/version.ts";
import { type Command, nameOf } from "./command.ts";
import { bisectCommand } from "./commands/bisect.ts";
import { cleanCommand } from "./commands/clean.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { foreseeCommand } from "./commands/foresee.ts";
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
import { logError } from "./print.ts";

export const COMMANDS: readonly Command[] = [
  runCommand,
  listCommand,
  explainCommand,
  upCommand,
  replayCommand,
  shrinkCommand,
  foreseeCommand,
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
    const describe = (own: Argv): Argv => {
      for (const [name, positional] of Object.entries(command.positionals)) own.positional(name, positional);
      return own.options(command.options);
    };
    parser.command(command.usage, command.summary, describe, async (args) => {
      checkValues(command, args);
      code = await command.run(args);
    });
  }
  try {
    await parser.parseAsync();
    return code;
  } catch (error) {
    logError(error);
    return exitOfError(error);
  }
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
