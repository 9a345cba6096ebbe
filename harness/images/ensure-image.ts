import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { hasApt } from "../docker/apt.ts";
import type { Engine } from "../docker/engine.ts";
import type { ImageInfo } from "../docker/engine-types.ts";
import { debianVersion } from "./debian-package.ts";
import { goVersion, isBuilt } from "./go-program.ts";
import { parseImageName, tagNamesVersion } from "./image-name.ts";
import type { ImageRecipe } from "./image-recipe.ts";
import { type MakeOptions, makeImage, nameProblem } from "./make-image.ts";

const REGISTRY_SILENCE = 10_000;
/** Names under this prefix are ours alone: whatever a registry serves under them is somebody else's. */
const OWN_PREFIX = "kvchaos/";

export interface EnsureImageOptions extends MakeOptions {
  engine: Pick<Engine, "inspectImage" | "pullImage" | "importImage">;
  /** A registry that sends nothing for this long is no registry, ms (default 10 000). */
  registrySilence?: number | undefined;
}

/**
 * Makes sure that an image is on this machine: local, else pulled, else made here.
 * Rejects with code `infrastructure`, with the reasons why neither worked.
 * @returns `said` is worth telling the user, e.g. that "redis:latest" was made as 7.0.15; null when the name says it all
 */
export async function ensureImage(options: EnsureImageOptions) {
  const { engine, name, recipe, log, signal } = options;
  const local = await engine.inspectImage(name, { signal });
  if (local) return { name, info: local, origin: "local" as const, said: null };

  const refusal = await pull(options);
  if (refusal === undefined) return { name, info: await inspect(options), origin: "pulled" as const, said: null };
  log(`${name} cannot be pulled (${refusal}): making it here`);
  try {
    const made = await makeImage({ engine, recipe, name, log, signal });
    const { tag } = parseImageName(name);
    const said = tag === made.version ? null : `${name} was made here and is version ${made.version}`;
    if (said) log(said);
    return { name, info: await inspect(options), origin: "made" as const, said };
  } catch (error) {
    signal?.throwIfAborted();
    const hint = error instanceof ChaosError ? error.hint : undefined;
    throw new ChaosError("infrastructure", `no image ${name}: not pulled (${refusal}); ${messageOf(error)}`, {
      cause: error,
      hint,
    });
  }
}

async function inspect({ engine, name, signal }: EnsureImageOptions): Promise<ImageInfo> {
  const info = await engine.inspectImage(name, { signal });
  if (info) return info;
  throw new ChaosError("infrastructure", `image ${name} was there and is gone`, {
    hint: "Is something pruning images?",
  });
}

/** Returns why not, or undefined when the image is here now. */
async function pull(options: EnsureImageOptions): Promise<string | undefined> {
  const { engine, name, log, signal, registrySilence = REGISTRY_SILENCE } = options;
  if (name.startsWith(OWN_PREFIX)) return "kvchaos makes this image itself";
  const silence = new AbortController();
  const quiet = new ChaosError("timeout", `no registry answered within ${registrySilence / 1000} s`);
  let timer = setTimeout(() => silence.abort(quiet), registrySilence);
  let told = false;
  try {
    await engine.pullImage(name, {
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
      onProgress: () => {
        if (!told) log(`pulling ${name}`);
        told = true;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(quiet), registrySilence * 6);
      },
    });
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return silence.signal.aborted ? quiet.message : messageOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Where an image would come from, for `kvchaos doctor`: asks this machine only, no registry and no package server. */
export async function imageAvailability(
  engine: Pick<Engine, "inspectImage">,
  name: string,
  recipe: ImageRecipe,
): Promise<{ state: "local" | "pullable?" | "can be made" | "no"; reason: string }> {
  const local = await engine.inspectImage(name);
  if (local) return { state: "local", reason: local.labels["kvchaos.image.source"] ?? local.digest };
  const made = await canBeMade(name, recipe);
  if (made.possible) return { state: "can be made", reason: made.reason };
  if (name.startsWith(OWN_PREFIX)) return { state: "no", reason: made.reason };
  return { state: "pullable?", reason: `only from a registry, which was not asked: ${made.reason}` };
}

async function canBeMade(name: string, { source }: ImageRecipe): Promise<{ possible: boolean; reason: string }> {
  if (source.kind === "none") return { possible: false, reason: source.hint };
  const problem = nameProblem(name, source.repository);
  if (problem !== undefined) return { possible: false, reason: problem };
  const { tag } = parseImageName(name);
  if (source.kind === "go") {
    const from = `Go module ${source.module} v${source.version}`;
    if (!tagNamesVersion(tag, source.version)) return { possible: false, reason: `the ${from} is another version` };
    if (await isBuilt(source)) return { possible: true, reason: `from the ${from}, built earlier` };
    const go = await goVersion();
    if (!go) return { possible: false, reason: `the ${from} needs a Go toolchain on PATH: install Go` };
    return { possible: true, reason: `from the ${from} with ${go}` };
  }
  if (!hasApt()) return { possible: false, reason: `making it needs apt-get for the package ${source.package}` };
  const version = await debianVersion(source.package);
  if (!version) {
    const where = source.backports ? " or Debian's backports have it" : " finds it";
    return { possible: true, reason: `from the package ${source.package}, if apt-get update${where}` };
  }
  if (!tagNamesVersion(tag, version.upstream)) {
    return { possible: false, reason: `the package ${source.package} here is version ${version.upstream}` };
  }
  return { possible: true, reason: `from the package ${source.package} ${version.full}` };
}
