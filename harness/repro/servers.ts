import { ORIGINAL } from "../faults/processes/other-server.ts";
import { word, words } from "./bash.ts";
import { hasSecret } from "./header.ts";
import type { ReproInput, ReproNode } from "./repro-input.ts";

export interface Start {
  /** Links go through Toxiproxy. */
  links: boolean;
  /** The clients need a network of their own. */
  admin: boolean;
  /** Bytes of the disk of its own that every node needs; 0: none. */
  disk: number;
  /** Images that take over a node's data. */
  exchanges: readonly string[];
}

/** Networks, servers, clients' tools, and Toxiproxy with every link. */
export function startLines(input: ReproInput, { links, admin, disk, exchanges }: Start): string[] {
  const auth = hasSecret(input) ? ' -e REDISCLI_AUTH="$PASSWORD"' : "";
  const network = (name: string) => `docker network create --label "$P" "${name}" >/dev/null || die "no network"`;
  const others = exchanges.filter((image) => image !== ORIGINAL);
  // What another container takes over must not lie inside the first one; not every image has a volume for it.
  const volume = (name: string): string => {
    if (disk > 0) return `-v "$P-${name}:${input.system.dataDirectory}" `;
    return exchanges.length > 0 ? `-v ${input.system.dataDirectory} ` : "";
  };
  return [
    'get_image "$IMAGE"',
    ...[...new Set([...input.nodes.flatMap(({ image }) => image ?? []), ...others])].map(
      (image) => `get_image ${word(image)}`,
    ),
    'get_image "$TOOLS_IMAGE"',
    network("$P"),
    ...(admin ? [`${network("$P-admin")} # the clients' own: a node leaves the other one`] : []),
    `start_container tools --network ${admin ? '"$P-admin"' : '"$P"'}${auth} --entrypoint sleep "$TOOLS_IMAGE" 86400`,
    ...(disk > 0 ? input.nodes.map(({ name }) => `make_disk ${word(name)} ${disk}`) : []),
    ...serverLines(input, admin, volume),
    ...(links
      ? [
          "start_toxiproxy",
          ...(admin ? ['docker network connect --alias toxiproxy "$P-admin" "$P-toxiproxy"'] : []),
          `open_links "\${NODES[@]}"`,
          'say "the links are open"',
        ]
      : []),
  ];
}

/** All with the same words where they are the same. */
function serverLines({ nodes, system }: ReproInput, admin: boolean, volume: (name: string) => string): string[] {
  const [first] = nodes;
  if (!first) return [];
  const startOf = ({ launch, image }: ReproNode): string => JSON.stringify([launch, image]);
  const same = nodes.every((node) => startOf(node) === startOf(first));
  const start = ({ name }: ReproNode, text: string) => [
    `start_container ${word(name)} --network "$P" --network-alias ${word(name)} ${volume(name)}${text}`,
    ...(admin ? [`docker network connect "$P-admin" "$P-${name}" || die "no network for the clients"`] : []),
  ];
  const lines = same
    ? [`SERVER=(${launchWords(first)})`, ...nodes.flatMap((node) => start(node, `"\${SERVER[@]}"`))]
    : nodes.flatMap((node) => start(node, launchWords(node)));
  const ready = nodes.map(({ name }) => `wait_answer ${word(name)} 60 || die "${name} does not answer"`);
  return [...lines, ...ready, `say "the servers answer (port ${system.port})"`];
}

/** Options of docker run, the image, and the command. */
function launchWords({ launch, image }: ReproNode): string {
  const { entrypoint, command, environment, memory, cpus, ulimits, tmpfs, capAdd, init, user } = launch;
  // docker takes one word as the entrypoint; the others go before the command.
  const [program, ...rest] = entrypoint ?? [];
  const options = [
    ...(memory === null ? [] : ["--memory", String(memory), "--memory-swap", String(memory)]),
    ...(cpus === null ? [] : ["--cpus", String(cpus)]),
    ...ulimits.flatMap(({ name, soft, hard }) => ["--ulimit", `${name}=${soft}:${hard}`]),
    ...tmpfs.flatMap((path) => ["--tmpfs", path]),
    ...capAdd.flatMap((name) => ["--cap-add", name]),
    ...(init ? ["--init"] : []),
    ...(user === null ? [] : ["--user", user]),
    ...Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
    ...(program === undefined ? [] : ["--entrypoint", program]),
  ];
  return [words(options), image === null ? '"$IMAGE"' : word(image), words([...rest, ...command])]
    .filter((part) => part !== "")
    .join(" ");
}

const HOST = "repro-host";
const PORT = 4242;

/** Bash functions in the system's own words: make_master NODE, make_replica NODE HOST PORT. */
export function roleFunctions({ system, plan }: ReproInput): string {
  const copyAll = plan.experiment.fullSync === "force";
  const follow = system.commands
    .replicateFrom(HOST, PORT, { copyAll })
    .map((one) => (one === HOST ? '"$2"' : one === String(PORT) ? '"$3"' : word(one)));
  const again = [...system.restoringReplies, ...(system.refusedForNow ?? [])].map((text) => text.replace(/\W/g, "."));
  return `make_master() { cli "$1" ${words(system.commands.promote())}; }
make_replica() { cli "$1" ${follow.join(" ")}; }
AGAIN='${again.length === 0 ? "^$." : `^(${again.join("|")})`}' # answers that pass: asked again`;
}
