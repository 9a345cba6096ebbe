import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../../base/chaos-error.ts";
import { formatTime } from "../../base/units.ts";
import { carryIn, carryOut } from "../../explore/carry.ts";
import { Diary } from "../../explore/diary.ts";
import type { NightEntry } from "../../run/night/record.ts";
import type { ServerChoice } from "../choose-server.ts";
import { exploreCommand } from "../commands/explore.ts";
import { EXIT } from "../exit-codes.ts";
import { log, logError } from "../print.ts";
import { blankExploration, exploredEntries } from "./explorations.ts";

/** Of everything that is carried from night to night, bytes. */
const MOST_CARRIED = 5_000_000;

export interface ExploringNight {
  /** Of the night. */
  directory: string;
  /** What is carried from night to night; absent: every exploration begins anew. */
  corpus?: string | undefined;
  /** Draws, where nothing was carried. */
  seed: string;
  jobs: string;
  /** A webhook. */
  notify: string | undefined;
  /** Of all images together, ms. */
  length: number;
}

/** Explores images one after the other, each for its share of the time. `interrupted`: by the user, and no further one begins. */
export async function exploreImages(servers: readonly ServerChoice[], night: ExploringNight) {
  const entries: NightEntry[] = [];
  for (const server of servers) {
    const { code, found } = await exploreImage(server, night.length / servers.length, night);
    entries.push(...found);
    if (code === EXIT.interrupted) return { entries, interrupted: true };
  }
  if (night.corpus !== undefined) await keepSmall(night.corpus, servers);
  return { entries, interrupted: false };
}

async function exploreImage(
  { system, image }: ServerChoice,
  length: number,
  { directory, corpus, seed, jobs, notify }: ExploringNight,
): Promise<{ code: number; found: NightEntry[] }> {
  const out = path.join(directory, `explore-${folderName(image)}`);
  const carried = corpus === undefined ? null : path.join(path.resolve(corpus), folderName(image));
  try {
    if (carried !== null) await carryIn(carried, out);
    const head = (await Diary.headIn(out)) ?? { system: system.name, image, seed };
    const before = (await Diary.open(out, head)).next - 1;
    log(`exploring ${image} for ${formatTime(length)}${before > 0 ? `, after ${before} experiments` : ""}`);
    const code = await exploreCommand.run({
      ...{ system: system.name, image, seed: head.seed, jobs, out },
      for: `${Math.max(1, Math.round(length / 1000))}s`,
      "shrink-for": "10m",
      ...{
        experiments: undefined,
        cluster: undefined,
        only: undefined,
        without: undefined,
        metrics: undefined,
        otlp: undefined,
        notify,
      },
    });
    if (carried !== null && !(await carryOut(out, carried, MOST_CARRIED)))
      log(`what was explored of ${image} no longer fits in ${MOST_CARRIED} bytes: the next night begins anew`);
    return { code, found: await exploredEntries(await Diary.open(out, head), before, directory) };
  } catch (error) {
    logError(error, `the exploration of ${image} broke:`);
    return { code: EXIT.infrastructure, found: [brokenEntry(system.name, image, messageOf(error))] };
  }
}

/** All folders of it together: those of tonight's images are trimmed again to an equal share. */
async function keepSmall(corpus: string, servers: readonly ServerChoice[]): Promise<void> {
  if ((await bytesIn(corpus)) <= MOST_CARRIED) return;
  const own = new Set(servers.map(({ image }) => folderName(image)));
  const folders = (await readdir(corpus, { withFileTypes: true })).filter((one) => one.isDirectory());
  for (const { name } of folders) {
    const folder = path.join(corpus, name);
    // What is explored no longer goes first.
    if (own.has(name)) await carryOut(folder, folder, Math.floor(MOST_CARRIED / 2 / own.size));
    else await carryOut(folder, folder, 0);
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const info = await stat(path.join(folder, name));
      return info.isFile() ? info.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function brokenEntry(system: string, image: string, reason: string): NightEntry {
  return { ...blankExploration(system, image), outcome: "error", reasons: [reason] };
}

const folderName = (image: string): string => image.replace(/[^\w.]+/g, "-");
