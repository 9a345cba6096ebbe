import { formatSize } from "../../base/units.ts";
import type { Topology } from "../../journal/topology.ts";
import { TOXIPROXY_IMAGE } from "../../network/toxiproxy-recipe.ts";
import { kvrocksController } from "../../systems/kvrocks-controller.ts";
import { type Member, membersOf, ownOf } from "./members.ts";
import { settingsOf } from "./settings.ts";

/** What stands in a made file where the environment names no image. */
export interface DefaultServer {
  image: string;
  port: number;
}
const REDIS: DefaultServer = { image: "redis:7.0.15", port: 6379 };
/** Of one system only, whatever the servers of a file are. */
const ruling = kvrocksController;

/** Only what is not as it would be by itself: "{ masters: 3, mode: cluster }". */
export function topologyText(topology: Topology): string {
  const { masters, replicas, chain, mode, sentinels, controllers, nodes } = topology;
  const said = {
    masters,
    replicas,
    ...(chain === 1 ? {} : { chain }),
    ...(mode === "replication" ? {} : { mode }),
    ...(sentinels === 0 ? {} : { sentinels }),
    ...(controllers === undefined ? {} : { controllers }),
    ...(Object.keys(nodes).length === 0 ? {} : { nodes: shownSizes(nodes) }),
  };
  return flow(said);
}

function shownSizes(nodes: Topology["nodes"]) {
  const shown = Object.entries(nodes).map(([name, { memory, ...own }]) => [
    name,
    { ...(memory === undefined ? {} : { memory: formatSize(memory) }), ...own },
  ]);
  return Object.fromEntries(shown);
}

/** YAML on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : `${key}: ${flow(one)}`));
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" && !/^[a-z][\w-]*$|^\d+[A-Z]i?B$/.test(value)
    ? JSON.stringify(value)
    : String(value);
}

/**
 * The Compose file of a topology, as a person would write it: an experiment that names the file saved has the same nodes, links and
 * configuration. The same topology gives the same bytes.
 */
export function composeText(topology: Topology, { image, port }: DefaultServer = REDIS): string {
  const { mode } = topology;
  const members = membersOf(topology);
  const has = (role: Member["role"]) => members.some((member) => member.role === role);
  const server = (name: string, published: string, own = `\${KVCHAOS_IMAGE:-${image}}`) => [
    `x-${name}: &${name}`,
    `  image: ${own}`,
    "  networks:",
    "    - data",
    "    - admin",
    "  ports:",
    `    - 127.0.0.1::${published}`,
    "  stop_grace_period: 10s",
    "",
  ];
  const lines = [
    `# Made by kvchaos of \`cluster: ${topologyText(topology)}\`, which says the same in an experiment as this file's name.`,
    "#",
    ...ways(members),
    "#   probes ──► every node, directly       networks: data (no way out), admin (ports on 127.0.0.1)",
    "#",
    "# What kvchaos reads of a Compose file, and adds to it: harness/docker/compose.ts.",
    `name: ${nameOf(topology)}`,
    "",
    "x-kvchaos:",
    ...(mode === "replication" ? [] : [`  mode: ${mode}`]),
    "  config:",
    ...settingLines(topology),
    "",
    ...server("server", `\${KVCHAOS_PORT:-${port}}`),
    ...(has("sentinel") ? server("sentinel", "26379") : []),
    ...(has("controller") ? server("controller", String(ruling.port), ruling.image) : []),
    ...(has("store") ? server("store", String(ruling.store.port), ruling.store.image) : []),
    "services:",
    ...members.flatMap((member) => [...serviceLines(topology, member), ""]),
    "  control:",
    "    <<: *server",
    "    labels:",
    "      kvchaos.role: control",
    "",
    "  toxiproxy:",
    `    image: \${KVCHAOS_TOXIPROXY_IMAGE:-${TOXIPROXY_IMAGE}}`,
    '    command: ["-host=0.0.0.0"]',
    "    labels:",
    "      kvchaos.role: toxiproxy",
    "    networks:",
    "      - data",
    "      - admin",
    "    ports:",
    "      - 127.0.0.1::8474",
    "",
    "networks:",
    "  # Replication and proxied traffic. Nodes know each other here by service name.",
    "  data:",
    "    internal: true",
    "  # Only to publish ports.",
    "  admin: {}",
  ];
  return `${lines.join("\n")}\n`;
}

/** "#   client ──► toxiproxy ──► m1 ◄── toxiproxy ◄── r1, r2" for each master and for each replica that is followed. */
function ways(members: readonly Member[]): string[] {
  const followersOf = (name: string) => members.filter(({ master }) => master === name).map((one) => one.name);
  const lines = members.flatMap(({ name, role }) => {
    if (role !== "master" && role !== "replica") return [];
    const followers = followersOf(name).join(", ");
    const behind = followers === "" ? "" : ` ◄── toxiproxy ◄── ${followers}`;
    return role === "master" || followers !== "" ? [`#   client ──► toxiproxy ──► ${name}${behind}`] : [];
  });
  const named = (wanted: Member["role"]) => members.filter(({ role }) => role === wanted).map(({ name }) => name);
  const [sentinels, controllers] = [named("sentinel").join(", "), named("controller").join(", ")];
  return [
    ...lines,
    ...(sentinels === "" ? [] : [`#   ${sentinels} ──► toxiproxy ──► all of them, and each other`]),
    ...(controllers === "" ? [] : [`#   ${controllers} ──► toxiproxy ──► all of them, and the store`]),
  ];
}

/** "3x2-cluster", "1x2-chain-2", "2x1-0" */
function nameOf({ masters, replicas, chain, mode }: Topology): string {
  const shape = `${masters}x${[replicas].flat().join("-")}${chain === 1 ? "" : `-chain-${chain}`}`;
  return mode === "replication" ? shape : `${shape}-${mode}`;
}

function settingLines(topology: Topology): string[] {
  return Object.entries(settingsOf(topology)).flatMap(([system, settings]) => [
    `    ${system}:`,
    ...settings.flatMap(({ key, value, why }) => [
      ...(why === undefined ? [] : [`      # ${why}`]),
      `      ${key}: ${value}`,
    ]),
  ]);
}

function serviceLines(topology: Topology, member: Member): string[] {
  const { name, role, master } = member;
  const { memory, cpus, config } = ownOf(topology, member);
  const given = Object.entries(config ?? {}).filter(([, settings]) => Object.keys(settings ?? {}).length > 0);
  return [
    `  ${name}:`,
    `    <<: *${role === "master" || role === "replica" ? "server" : role}`,
    ...(role === "store" ? [`    command: [${ruling.store.command(name).join(", ")}]`] : []),
    ...(memory === undefined ? [] : [`    mem_limit: ${limitText(memory)}`]),
    ...(cpus === undefined ? [] : [`    cpus: ${cpus}`]),
    "    labels:",
    `      kvchaos.role: ${role}`,
    ...(master === null ? [] : [`      kvchaos.master: ${master}`]),
    ...(given.length === 0 ? [] : ["    x-kvchaos:", "      config:"]),
    ...given.flatMap(([system, settings]) => [
      `        ${system}:`,
      ...Object.entries(settings ?? {}).map(([key, value]) => `          ${key}: ${literal(value)}`),
    ]),
  ];
}

/** "48m", as Compose writes sizes. */
const limitText = (bytes: number): string =>
  formatSize(bytes)
    .toLowerCase()
    .replace(/(?<=[kmg])ib$/, "");

/** A text as it is: a dollar would begin a variable. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll("$", "$$$$");
}
