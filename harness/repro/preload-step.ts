import { slotShares, tagsWithin } from "../cluster/slots.ts";
import { keySpacesOf } from "../journal/loads/key-space.ts";
import type { PreloadSpec } from "../journal/plan.ts";
import { slotsOfPreload } from "../load/in-slots.ts";
import { preloadKey } from "../load/preload.ts";
import { awkValues } from "./awk-values.ts";
import { word } from "./bash.ts";
import { fileInTools } from "./load-step.ts";
import type { ReproInput } from "./repro-input.ts";

const ELEMENTS = 8;

/** As load/preload.ts writes them: what key number n gets. */
const STATEMENTS: Record<PreloadSpec["types"][number], string> = {
  string: 'print "SET " key " " value()',
  list: 'line = "RPUSH " key; for (i = 0; i < 8; i++) line = line " " part(); print line',
  set: 'line = "SADD " key; for (i = 0; i < 8; i++) line = line " " i ":" part(); print line',
  zset: 'line = "ZADD " key; for (i = 0; i < 8; i++) line = line " " any(1000000) " " i ":" part(); print line',
  hash: 'line = "HMSET " key; for (i = 0; i < 8; i++) line = line " field:" i " " part(); print line',
};

/** Bash lines that write the dataset to every master, and look whether the last key is there. */
export function preloadLines({ plan, nodes, sharded }: ReproInput): string[] {
  const { preload } = plan.experiment;
  if (preload === null) return [];
  const { types, keys, value, ttl } = preload;
  const isDivided = keySpacesOf(plan.experiment).length > 1;
  const masters = nodes.filter(({ role }) => role === "master").map(({ name }) => name);
  const tags = sharded ? slotShares(masters.length).map((own) => tagsWithin(own, slotsOfPreload(preload))) : [];
  const share = {
    min: Math.max(1, Math.round(value.min / ELEMENTS)),
    max: Math.max(1, Math.round(value.max / ELEMENTS)),
  };
  const last = keys - 1;
  const branches = types.map(
    (type, i) => `    if (n % ${types.length} == ${i}) { key = tag "preload:${type}:" n; ${STATEMENTS[type]} }`,
  );
  // The last one stays: it is asked for below.
  const expires = ttl
    ? `\n    if (n < ${last} && rand() < ${ttl.share}) print "PEXPIRE " key " " ${ttl.of.min} + any(${ttl.of.max - ttl.of.min + 1})`
    : "";
  const program = `${awkValues(value)}
function part() { return substr(text, 1 + any(16384), ${share.min} + any(${share.max - share.min + 1})) }
BEGIN {
  prepare()
  many = split(all, tags, " ")
  for (n = lane; n < ${keys}; n += 4) {
    tag = many ? tags[1 + int(n / ${types.length}) % many] : ""
${branches.join("\n")}${expires}
  }
}`;
  return [
    ...fileInTools("/tmp/preload.awk", program),
    ...(isDivided ? [`for SPACE in "\${SPACES[@]}"; do`] : []),
    ...masters.flatMap((master, i) => {
      const own = tags[i] ?? [""];
      const key = preloadKey({ types }, own, last);
      return [
        `docker exec "$P-tools" sh -c 'for lane in 0 1 2 3; do awk -v lane=$lane -v seed=$((10 * $3 + lane)) -v all="$4" -f /tmp/preload.awk | timeout 120 redis-cli $5 -h "$1" -p "$2" >/dev/null & done; wait' -- "$P-${master}" "$PORT" ${i + 1} ${word(own.join(" "))} "\${SPACE:-}"`,
        `[ "$(cli ${word(master)} \${SPACE:-} EXISTS ${word(key)})" = 1 ] || die "the dataset could not be written to ${master}"`,
      ];
    }),
    ...(isDivided ? ["done"] : []),
    `say "${keys} keys written to ${masters.map((name) => word(name)).join(", ")}"`,
  ];
}
