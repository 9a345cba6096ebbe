import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { runCommand } from "../base/run-command.ts";
import { cacheDirectory } from "./cache-directory.ts";

const BUILD_DEADLINE = 600_000;

export interface GoModule {
  /** Import path of the main package. */
  module: string;
  /** Without the leading v. */
  version: string;
  ldflags: string;
}

/** Is there a Go toolchain on PATH? Returns its version line, or undefined. */
export async function goVersion(signal?: AbortSignal): Promise<string | undefined> {
  return runCommand(["go", "version"], { within: 10_000, signal }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** Where a module's program is, once built: one folder per module and version. */
async function builtPath({ module, version }: GoModule): Promise<string> {
  const name = `${module.replace(/[^\w.-]+/g, "_")}@v${version}`;
  return join(await cacheDirectory(), name);
}

export async function isBuilt(module: GoModule): Promise<boolean> {
  return existsSync(await builtPath(module));
}

/**
 * Builds a static program from its Go module with `go install`, or finds the one built earlier.
 * @returns its path
 */
export async function buildGoProgram(
  source: GoModule,
  steps: { log: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<string> {
  const { log, signal } = steps;
  const path = await builtPath(source);
  if (await isBuilt(source)) return path;
  const wanted = `${source.module}@v${source.version}`;
  if (!(await goVersion(signal))) {
    throw new ChaosError("infrastructure", `${wanted} cannot be built: there is no Go toolchain on PATH`, {
      hint: "Install Go (on Debian: apt-get install golang-go) and try again.",
    });
  }
  log(`go install ${wanted} (once; about a minute)`);
  // In the cache's own file system, so that the finished program can be moved into place at one stroke.
  const folder = await mkdtemp(join(await cacheDirectory(), "build-"));
  try {
    await runCommand(["go", "install", "-trimpath", "-ldflags", source.ldflags, wanted], {
      within: BUILD_DEADLINE,
      signal,
      cwd: folder,
      // GOOS and GOARCH of somebody's cross build would make go refuse GOBIN.
      env: { GOBIN: folder, CGO_ENABLED: "0", GOOS: undefined, GOARCH: undefined, GO111MODULE: "on" },
      hint: "Go fetches modules through GOPROXY: see what this says:\n  go env GOPROXY\n  go version",
    });
    await rename(join(folder, basename(source.module)), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
