import { ChaosError } from "../base/chaos-error.ts";
import { programIn, withDebianPackage, withDebianVersion } from "./debian-package.ts";
import { buildGoProgram } from "./go-program.ts";
import { parseImageName, sameRepository, tagNamesVersion } from "./image-name.ts";
import { type WrapOptions, wrapImage } from "./wrap-image.ts";

export interface MakeOptions extends Pick<WrapOptions, "engine" | "recipe" | "log" | "signal"> {
  /** "name:tag" that was asked for. */
  name: string;
}

/**
 * Makes an image from what the recipe's source names: a Debian package or a Go module. It never makes another version
 * than the name says: rejects with code `infrastructure` when the tag does not fit the version that can be had.
 * @returns its tags are the name asked for and, when that is less exact, the name with the true version
 */
export async function makeImage(options: MakeOptions) {
  const { engine, recipe, name, log, signal } = options;
  const { source } = recipe;
  if (source.kind === "none") {
    throw new ChaosError("infrastructure", `image ${name} cannot be made here`, { hint: source.hint });
  }
  requireName(name, source.repository);
  if (source.kind === "go") {
    const tags = requireVersion(name, source.version, `the Go module ${source.module}`);
    const binary = await buildGoProgram(source, { log, signal });
    const label = `go ${source.module}@v${source.version}`;
    const wrapped = await wrapImage({ engine, recipe, binary, tag: tags, log, signal, source: label });
    return { tags, version: source.version, id: wrapped.id };
  }
  const { package: packageName, backports } = source;
  return withDebianVersion({ name: packageName, backports }, { log, signal }, (version, steps) => {
    const tags = requireVersion(name, version.upstream, `Debian's package ${packageName}`);
    return withDebianPackage(packageName, version, steps, async ({ root, libraryFolders }) => {
      const binary = await programIn(root, source.binary);
      const label = `debian ${packageName} ${version.full}`;
      const libraries = { root, searchPath: libraryFolders };
      const wrapped = await wrapImage({ engine, recipe, binary, tag: tags, log, signal, source: label, libraries });
      return { tags, version: version.upstream, id: wrapped.id };
    });
  });
}

/** Why an image of this name may not be made from a source that gives `repository`; undefined when it may. */
export function nameProblem(name: string, repository: string): string | undefined {
  const asked = parseImageName(name);
  if (asked.digest !== null) return "a name with a digest can only be pulled";
  if (!sameRepository(asked.repository, repository)) return `only ${repository} can be made, not ${asked.repository}`;
  return undefined;
}

function requireName(name: string, repository: string): void {
  const problem = nameProblem(name, repository);
  if (problem === undefined) return;
  throw new ChaosError("infrastructure", `image ${name} cannot be made here: ${problem}`, {
    hint: "Check the name, pull the image on this machine, or wrap a binary of yours with: kvchaos images wrap",
  });
}

function requireVersion(name: string, version: string, origin: string): string[] {
  const { repository, tag } = parseImageName(name);
  if (!tagNamesVersion(tag, version)) {
    throw new ChaosError("infrastructure", `image ${name} cannot be made here: ${origin} is version ${version}`, {
      hint: `Use ${repository}:${version}, pull ${name} on this machine, or wrap a binary of that version with: kvchaos images wrap`,
    });
  }
  return tag === version ? [name] : [`${repository}:${tag}`, `${repository}:${version}`];
}
