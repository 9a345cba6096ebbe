import { randomBytes } from "node:crypto";
import { messageOf } from "../base/chaos-error.ts";
import type { Engine } from "../docker/engine.ts";
import type { ContainerSpec } from "../docker/engine-types.ts";
import { removeSharedFolders } from "../docker/shared-folder.ts";
import type { System } from "../systems/system.ts";
import { tryImage } from "./try-image.ts";

/** As long as the kernel keeps a program's name. */
const NAME_MAX = 15;
/** By image and library. */
const known = new Map<string, string | null>();

/** A library to be tried. */
export interface Preloaded {
  /** Of what it was made of. */
  hash: string;
  /** Its folder in a run of its own. */
  make(runId: string): Promise<{
    launch(preloaded: string | undefined): Pick<ContainerSpec, "binds" | "environment">;
    loaded(): string[];
    close(): void;
  }>;
}

/**
 * Starts the image's server once with the library. Returns why it cannot be loaded into it, in one sentence; null: it can.
 * Rejects with the signal's reason.
 */
export async function preloadRefusal(
  engine: Engine,
  system: System,
  image: string,
  { library, signal }: { library: Preloaded; signal: AbortSignal },
): Promise<string | null> {
  if (!engine.info.local) return "the Docker engine is on another machine";
  const info = await engine.inspectImage(image, { signal });
  const key = `${info?.id} ${library.hash}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const runId = `preload-${randomBytes(4).toString("hex")}`;
  const folder = await library.make(runId);
  try {
    const failure = await tryImage(engine, system, image, {
      signal,
      ...folder.launch(info?.environment?.LD_PRELOAD),
    }).then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    signal.throwIfAborted();
    const refusal = judgePreload(folder.loaded(), system.processName, failure);
    known.set(key, refusal);
    return refusal;
  } finally {
    folder.close();
    await removeSharedFolders(runId);
  }
}

/** @param loaded names of the programs that have loaded it @param failure why the server has not answered; null: it has */
export function judgePreload(loaded: readonly string[], server: string, failure: string | null): string | null {
  if (failure === null && loaded.includes(server.slice(0, NAME_MAX))) return null;
  if (loaded.length > 0 && failure === null)
    return `${server} does not load a preloaded library: it is static, or gets rights by itself (setuid)`;
  if (failure === null)
    return "no program of the image loads a preloaded library: they are static, or made for another architecture";
  return `with a preloaded library its server does not start, as with another C library than glibc or on another architecture: ${failure.replaceAll(/\s+/g, " ")}`;
}
