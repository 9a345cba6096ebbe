import { imagesText, ownImages } from "../journal/run-images.ts";
import { comment, word } from "./bash.ts";
import type { ReproInput } from "./repro-input.ts";

const TOXIPROXY = "kvchaos/toxiproxy:2.12.0";
const TOOLS = "redis:7.0.15";

/** What the script is, for whoever finds it in a ticket. */
export function headerLines(input: ReproInput, found: string, links: boolean, missing: readonly string[]): string[] {
  const { run, plan } = input;
  const nodes = ownImages(run);
  return [
    "#!/usr/bin/env bash",
    "#",
    ...comment(run.title),
    "#",
    ...comment(`kvchaos ${run.kvchaos} found on ${imagesText({ image: run.image, nodes })}: ${found}`),
    "#",
    ...comment(
      "This script does what that run did, without kvchaos: the same servers, the same kind of load, the same faults at the same moments. It needs Linux, bash 5, docker and curl; redis-cli comes out of an image. It makes containers and a network of its own, publishes ports on 127.0.0.1 only, ends by itself, and removes everything. Exit code: 0 reproduced, 1 not, 2 it could not run.",
    ),
    ...comment(
      `IMAGE=… tries another server image${nodes ? " where a node has none of its own" : ""}; KEEP=1 leaves the containers running, to look into a hung process (gdb, pstack).`,
    ),
    ...comment("What is random in the load is drawn anew: a finding that depends on it may need several runs."),
    ...(links
      ? []
      : comment(
          "No fault of this run touches a link between servers: Toxiproxy, which carried the links, is left out.",
        )),
    ...confirmsLines(plan.experiment.confirms),
    ...missing.flatMap(comment),
  ];
}

function confirmsLines(confirms: ReproInput["plan"]["experiment"]["confirms"]): string[] {
  if (confirms === null) return [];
  return comment(`That run was to make a deadlock real that run ${confirms.run} had predicted, by ${confirms.pause}.`);
}

/** Everything that may be set from outside, and the names that all functions use. */
export function settingLines(input: ReproInput, links: boolean): string[] {
  const { run, system, nodes } = input;
  return [
    "set -u",
    "export LC_ALL=C",
    `[ "\${BASH_VERSINFO[0]}" -ge 5 ] || { echo "needs bash 5" >&2; exit 2; }`,
    `[ -n "\${IMAGE:-}" ] || IMAGE=${word(run.image)}`,
    `TOOLS_IMAGE=\${TOOLS_IMAGE:-${TOOLS}} # for redis-cli`,
    ...(links
      ? [
          `TOXIPROXY_IMAGE=\${TOXIPROXY_IMAGE:-${TOXIPROXY}} # or Shopify's own; built with a golang image when it is missing`,
          `OFFSETS=(${system.portOffsets.join(" ")}) # what a replica dials on its master, from PORT`,
        ]
      : []),
    ...(hasSecret(input) ? [`PASSWORD=\${PASSWORD:-repro}`] : []),
    "P=repro-$$ # in the names of all that is made",
    `PORT=${system.port}`,
    `NODES=(${nodes.map(({ name }) => word(name)).join(" ")})`,
  ];
}

/** The servers want a password, which the journal hides. */
export function hasSecret({ nodes, plan }: Pick<ReproInput, "nodes" | "plan">): boolean {
  return JSON.stringify([nodes, plan]).includes("•••");
}
