import { ChaosError } from "../../base/chaos-error.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { ensureEngine } from "../../docker/install-engine.ts";
import { ensureImage, imageAvailability } from "../../images/ensure-image.ts";
import type { System } from "../../systems/system.ts";
import { systemIn } from "../../systems/system-of-image.ts";
import { knownSystem } from "../choose-server.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { interruptible } from "../interrupt.ts";
import { type KnownImage, knownImages } from "../machine.ts";
import { log, logError, print, printTable } from "../print.ts";
import { type WrapWish, wrapAndTry } from "../wrap-image.ts";

/** What an engine accepts as NAME or NAME:TAG, a registry's HOST:PORT/ before it. */
const IMAGE_NAME = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?$/;

export const imagesCommand = command({
  positionals: {
    action: {
      choices: ["list", "pull", "wrap"],
      demandOption: true,
      describe: "list them; bring those that are missing; make one of a server binary",
    },
  },
  options: {
    system: {
      type: "string",
      describe: "wrap: whose entrypoint, user, port and volume the image gets; pull: only this one",
    },
    binary: { type: "string", describe: "wrap: path of the server binary" },
    tag: { type: "string", describe: "wrap: name of the image, like apache/kvrocks:mine" },
    add: {
      type: "string",
      array: true,
      default: [] as string[],
      describe: "wrap: a further file, PATH or SOURCE:DESTINATION",
    },
  },
  run: async (args) => {
    // What was asked for is judged before an engine is looked for, or even installed.
    const wrapping = args.action === "wrap" ? readWrap(args) : undefined;
    const only = args.system === undefined ? undefined : knownSystem(args.system);
    return interruptible(async (signal) => {
      // Listing changes nothing on this machine: no engine is installed for it.
      if (args.action !== "list") await ensureEngine({ log, signal });
      const engine = await connectEngine({ signal });
      if (args.action === "pull") return pull(engine, only, signal);
      if (wrapping) await wrapAndTry(engine, wrapping, signal);
      else printTable(await Promise.all(knownImages().map((image) => rowOf(engine, image))));
      return EXIT.pass;
    });
  },
});

async function rowOf(engine: Engine, { name, recipe }: KnownImage): Promise<string[]> {
  const { state, reason } = await imageAvailability(engine, name, recipe);
  return [name, state, reason];
}

async function pull(engine: Engine, only: System | undefined, signal: AbortSignal): Promise<number> {
  let missing = 0;
  for (const { name, recipe } of knownImages(only)) {
    try {
      const { origin } = await ensureImage({ engine, name, recipe, log, signal });
      print(`${name}  ${origin}`);
    } catch (error) {
      // One that cannot be had does not keep the others away.
      signal.throwIfAborted();
      logError(error);
      missing++;
    }
  }
  return missing > 0 ? EXIT.infrastructure : EXIT.pass;
}

type WrapArguments = Partial<Record<"system" | "binary" | "tag", string | undefined>> & { add: string[] };

function readWrap({ system, binary, tag, add }: WrapArguments): WrapWish {
  if (system === undefined || binary === undefined || tag === undefined) {
    throw new ChaosError("usage", "`images wrap` needs --system, --binary and --tag", {
      hint: "kvchaos images wrap --system redis --binary /usr/bin/redis-server --tag redis:mine",
    });
  }
  if (!IMAGE_NAME.test(tag)) {
    throw new ChaosError("usage", `--tag ${tag}: this is no image name`, {
      hint: "Lower-case letters, digits and . _ - /, then :TAG, like apache/kvrocks:mine.",
    });
  }
  return { system: systemIn(tag, knownSystem(system)), binary, tag, add };
}
