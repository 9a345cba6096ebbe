/** Where it connects is the harness's business: always through a client link. */
const CONNECTION = ["-h", "-p", "-s", "-a", "--user", "-u", "--cluster", "--tls"];
/** How it tells what it does is read by the harness, which also starts it again. */
const OUTPUT = ["-q", "--csv", "-l", "-x", "-I", "--precision", "--help", "--version"];
/** Options that stand alone (redis-benchmark.c, parseOptions); all others take the next word. */
const ALONE = ["-e", "-3", "--enable-tracking", "--insecure", ...OUTPUT.filter((option) => option !== "--precision")];
const CONNECTIONS = 50;

/** Arguments that are not for an experiment to choose: place in the list and why. A command at the end may be anything. */
export function refusedArguments(args: readonly string[]): { index: number; why: string }[] {
  const whyNot = (option: string): string | null => {
    if (CONNECTION.includes(option)) return "redis-benchmark goes where `on` says, through the client links";
    return OUTPUT.includes(option) ? "kvchaos reads the output, and starts redis-benchmark again when it ends" : null;
  };
  return options(args).flatMap(({ option, index }) => {
    const why = whyNot(option);
    return why === null ? [] : [{ index, why: `${option} is not for an experiment: ${why}` }];
  });
}

/** How many connections it opens. */
export function connectionsOf(args: readonly string[]): number {
  const given = options(args).findLast(({ option }) => option === "-c");
  const count = Number(given === undefined ? undefined : args[given.index + 1]);
  return Number.isInteger(count) && count > 0 ? count : CONNECTIONS;
}

/** The options in front of the command, if there is one. */
function options(args: readonly string[]): { option: string; index: number }[] {
  const found: { option: string; index: number }[] = [];
  for (let index = 0; index < args.length; index++) {
    const option = args[index] as string;
    if (!option.startsWith("-")) break;
    found.push({ option, index });
    if (!ALONE.includes(option)) index++;
  }
  return found;
}
