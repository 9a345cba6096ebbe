import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import { Corpus } from "./corpus.ts";
import { note, type Tried } from "./explorer.ts";
import { type Bug, Ledger } from "./ledger.ts";

/*
 *   <folder>/experiments.jsonl   one line each: what was drawn, what it showed, what it found   ─► corpus and ledger, when it goes on
 *   <folder>/found/<bug>/bug.json
 */

const VERSION = 1;
export const DIARY_FILE = "experiments.jsonl";

const headSchema = z.object({ version: z.literal(VERSION), system: z.string(), image: z.string(), seed: z.string() });
export type DiaryHead = Omit<z.infer<typeof headSchema>, "version">;

const lineSchema = z.object({
  number: z.number(),
  /** ms since the exploration began, sessions before this one included. */
  at: z.number(),
  document: z.record(z.string(), z.unknown()),
  void: z.boolean(),
  /** How long it took, and how much of that was chaos, ms. */
  spent: z.object({ all: z.number(), chaos: z.number() }).optional(),
  /** Behaviour that nobody had seen; further on it is named by its place in the order of its first appearance. */
  fresh: z.array(z.string()),
  shown: z.array(z.number()),
  seen: z.array(z.object({ signature: z.string(), proved: z.boolean(), known: z.string().nullable() })),
});
export type DiaryLine = z.infer<typeof lineSchema>;

const bugSchema = z.object({
  signature: z.string(),
  name: z.string(),
  experiments: z.array(z.number()),
  again: z.object({ shown: z.number(), of: z.number() }).nullable(),
  proved: z.boolean(),
  kinds: z.array(z.string()).nullable(),
  common: z.array(z.string()).default([]),
  known: z.string().nullable(),
});

/** What an exploration has done, in its folder: it goes on from there whatever ended it. */
export class Diary {
  readonly folder: string;
  readonly head: DiaryHead;
  readonly corpus = new Corpus();
  readonly ledger = new Ledger();
  /** Every experiment, oldest first. */
  readonly lines: DiaryLine[] = [];
  readonly #places = new Map<string, number>();
  readonly #texts: string[] = [];
  #written: Promise<void> = Promise.resolve();

  private constructor(folder: string, head: DiaryHead) {
    this.folder = folder;
    this.head = head;
  }

  /** @throws ChaosError `usage` when the folder holds another exploration */
  static async open(folder: string, head: DiaryHead): Promise<Diary> {
    const diary = new Diary(folder, head);
    const file = path.join(folder, DIARY_FILE);
    await mkdir(path.join(folder, "found"), { recursive: true });
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    const first = `${JSON.stringify({ version: VERSION, ...head })}\n`;
    if (text === null) {
      await writeFile(file, first);
      return diary;
    }
    // The last line may have been cut off by the end of the process.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (!whole.startsWith(first)) {
      throw new ChaosError("usage", `${folder} holds another exploration`, {
        hint: "It goes on with the same --image and --seed only; name another folder with --out.",
      });
    }
    if (whole !== text) await writeFile(file, whole);
    await diary.#restore(whole.split("\n").slice(1, -1));
    return diary;
  }

  /** Of the exploration in a folder; undefined: there is none. */
  static async headIn(folder: string): Promise<DiaryHead | undefined> {
    const text = await readFile(path.join(folder, DIARY_FILE), "utf8").catch(() => "");
    const [first = ""] = text.split("\n", 1);
    if (first === "") return undefined;
    const { system, image, seed } = headSchema.parse(JSON.parse(first));
    return { system, image, seed };
  }

  /** ms that the sessions before this one took. */
  get before(): number {
    return this.lines.at(-1)?.at ?? 0;
  }

  /** Of the time of all experiments, how much was chaos, from 0 to 1; null: none has told. */
  get shareOfChaos(): number | null {
    const spent = this.lines.flatMap((line) => line.spent ?? []);
    const all = spent.reduce((sum, one) => sum + one.all, 0);
    return all === 0 ? null : spent.reduce((sum, one) => sum + one.chaos, 0) / all;
  }

  get next(): number {
    return Math.max(0, ...this.lines.map(({ number }) => number)) + 1;
  }

  async #restore(lines: readonly string[]): Promise<void> {
    for (const text of lines) {
      const line = lineSchema.parse(JSON.parse(text));
      this.lines.push(line);
      this.#learn(line.fresh);
      const behaviour = new Set(line.shown.map((place) => this.#texts[place] as string));
      if (!line.void) note({ ...line, outcome: { behaviour, seen: line.seen, void: false } }, this.corpus, this.ledger);
    }
    for (const { name, signature } of this.ledger.bugs) {
      const bug = await readFile(this.#bugFile(name), "utf8").catch(() => null);
      if (bug === null) continue;
      const { experiments, common } = this.ledger.bugs.find((one) => one.signature === signature) as Bug;
      this.ledger.restore({ ...bugSchema.parse(JSON.parse(bug)), experiments, common });
    }
  }

  #learn(fresh: readonly string[]): void {
    for (const text of fresh) {
      this.#places.set(text, this.#texts.length);
      this.#texts.push(text);
    }
  }

  /** An experiment is over. @param at ms since the exploration began */
  add({ number, document, outcome, fresh }: Tried, at: number): void {
    this.#learn(fresh);
    const shown = outcome.void ? [] : [...outcome.behaviour].flatMap((one) => this.#places.get(one) ?? []);
    const line: DiaryLine = {
      number,
      at,
      document,
      void: outcome.void,
      ...(outcome.spent && { spent: outcome.spent }),
      fresh: [...fresh],
      shown,
      seen: [...outcome.seen],
    };
    this.lines.push(line);
    this.#then(() => appendFile(path.join(this.folder, DIARY_FILE), `${JSON.stringify(line)}\n`));
  }

  /** More is known of a bug. */
  keep(bug: Bug): void {
    const file = this.#bugFile(bug.name);
    this.#then(async () => {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(bug, null, 2)}\n`);
    });
  }

  folderOf(bug: Bug): string {
    return path.dirname(this.#bugFile(bug.name));
  }

  #bugFile(name: string): string {
    return path.join(this.folder, "found", name, "bug.json");
  }

  #then(write: () => Promise<void>): void {
    this.#written = this.#written.then(write);
  }

  /** Everything is in the folder. */
  end(): Promise<void> {
    return this.#written;
  }
}
