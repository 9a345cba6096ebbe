import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Files of bash functions, bash/<about>/<name>.sh, in the order in which a script has them. */
const ORDER = `
  core links-direct links-toxiproxy current-master topology link-name links-of toxics
  tell cluster-mode mark-masters mark-nobody promote repoint repoint-through-no-one other-master replica-number place
  state-redis state-kvrocks state-pika
  chaos-over at hold hold-to-end end-of-chaos matches
  wait-state wait-no-state wait-log wait-since-start wait-bytes wait-fault wait-slots
  send send-copies slow-client disk fill-disk throttle-disk lose-packets limit-cpu limit-memory connect-many send-text start-again
  exchange shut-down rolling-upgrade migrate-slots
  load benchmark stop-load silence ours
  recovery tell-all compare observe-hang observe-crash observe-roles observe-replication observe-recovery
  observe-full-syncs observe-memory observe-slots
`;

const FOLDER = path.join(import.meta.dirname, "bash");
const paths = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
const files = ORDER.trim()
  .split(/\s+/)
  .map((name) => {
    const file = paths.find((one) => path.basename(one) === `${name}.sh`) ?? `${name}.sh`;
    const text = readFileSync(path.join(FOLDER, file), "utf8").trimEnd();
    return { name, text, defines: [...text.matchAll(/^(\w+)\(\)/gm)].map(([, defined]) => defined) };
  });

const COMMENT = /^\s*#.*$/gm;
/** A word where a command may stand: where a line begins, after an operator, a keyword or a variable for that command. */
const CALL = /(?<=(?:^|[;&|({!]|\b(?:then|do|else|if|elif|until|while)\b|\w=\S+ ) *)\w+\b(?!=)/gm;

/**
 * The files whose functions some lines of bash call, and those that these need.
 * @param chosen where several files have a function of the same name: which ones are taken
 */
export function functionsText(lines: readonly string[], chosen: readonly string[]): string[] {
  const used = new Set<(typeof files)[number]>();
  const use = (text: string): void => {
    for (const [called] of text.replace(COMMENT, "").matchAll(CALL)) {
      const makers = files.filter(({ defines }) => defines.includes(called));
      const file = makers.find(({ name }) => chosen.includes(name)) ?? makers[0];
      if (!file || used.has(file)) continue;
      used.add(file);
      // Core needs nothing: it only cleans up after others that are there.
      if (file.name !== "core") use(file.text);
    }
  };
  use(lines.join("\n"));
  return files.filter((file) => used.has(file)).map(({ text }) => text);
}
