import { didYouMean, type YamlPath } from "../base/mistakes.ts";
import type { ComposeChecker, YamlMap } from "./compose-checker.ts";
import { labelPath } from "./compose-service.ts";
import type { ComposeService, WrittenMode } from "./compose-types.ts";

/** Do the services make a cluster? Checks what no service can tell alone. `raw`: the file's `services`, for positions. */
export function checkRoles(
  check: ComposeChecker,
  services: readonly ComposeService[],
  raw: YamlMap,
  mode: WrittenMode | null,
): void {
  const at = (service: string, label: string) => labelPath(service, (raw[service] as YamlMap).labels, label);
  const of = (role: string) => services.filter((service) => service.role === role);
  // One with an unknown role is told of that.
  for (const service of services.filter(({ labels }) => labels["kvchaos.role"] === undefined)) {
    const message = `service ${service.name} has no label kvchaos.role: nobody would start it`;
    check.wrongKey(["services", service.name], message, `add to it ${roleLines(service, of("master")[0]?.name)}`);
  }
  const servers = services.filter(({ role }) => role === "master" || role === "replica");
  for (const role of ["toxiproxy", "control"]) {
    for (const { name } of of(role).slice(1)) {
      check.wrong(at(name, "kvchaos.role"), `a second service with role "${role}"; expected one`);
    }
  }
  if (of("master").length === 0) {
    check.wrongKey(["services"], 'no service has the label kvchaos.role: "master"');
  } else if (of("toxiproxy").length === 0) {
    check.wrongKey(["services"], 'no service has the label kvchaos.role: "toxiproxy": replication goes through it');
  }
  checkSentinels(check, of, at, mode);
  const names = servers.map(({ name }) => name);
  for (const { name, role, master } of services) {
    if (role === "replica" && master === null) {
      check.wrongKey(
        ["services", name],
        `replica ${name}: the label kvchaos.master is missing: whom does it follow at first?`,
        `add to its labels \`kvchaos.master: ${of("master")[0]?.name ?? "…"}\``,
      );
    } else if (role !== "replica" && master !== null) {
      check.wrong(at(name, "kvchaos.master"), `kvchaos.master: only a replica follows a master, ${name} is none`);
    } else if (master === name) {
      check.wrong(at(name, "kvchaos.master"), `replica ${name} cannot follow itself`);
    } else if (master !== null && !names.includes(master)) {
      const others = names.filter((other) => other !== name);
      check.wrong(at(name, "kvchaos.master"), `kvchaos.master: unknown master "${master}"`, didYouMean(master, others));
    } else if (master !== null && followsItself(name, services)) {
      check.wrong(at(name, "kvchaos.master"), `replica ${name} follows itself in a circle: ${circle(name, services)}`);
    }
  }
}

/** The lines that a service lacks, as they can be pasted below it. @param master whom a replica would follow */
export function roleLines({ image }: Pick<ComposeService, "image">, master = "<its master>"): string {
  if (/toxiproxy/.test(image)) return "`labels: {kvchaos.role: toxiproxy}`";
  return `\`labels: {kvchaos.role: master}\`, or \`labels: {kvchaos.role: replica, kvchaos.master: ${master}}\``;
}

/** Sentinels watch one master, and nothing else makes them useful. */
function checkSentinels(
  check: ComposeChecker,
  of: (role: string) => readonly ComposeService[],
  at: (service: string, label: string) => YamlPath,
  mode: WrittenMode | null,
): void {
  const sentinels = of("sentinel");
  if (mode === "sentinel") {
    if (sentinels.length === 0) check.wrong(["x-kvchaos", "mode"], 'no service has the label kvchaos.role: "sentinel"');
    for (const { name } of of("master").slice(1)) {
      check.wrong(at(name, "kvchaos.role"), "a second master; sentinels watch one master and its replicas here");
    }
    return;
  }
  for (const { name } of sentinels) {
    check.wrong(at(name, "kvchaos.role"), 'role "sentinel" goes with `x-kvchaos: {mode: sentinel}`');
  }
}

function followsItself(name: string, services: readonly ComposeService[]): boolean {
  return chain(name, services).at(-1) === name;
}

function circle(name: string, services: readonly ComposeService[]): string {
  return [name, ...chain(name, services)].join(" -> ");
}

/** Whom `name` follows, whom that one follows, … until a master, or until one comes again. */
function chain(name: string, services: readonly ComposeService[]): string[] {
  const found: string[] = [];
  let next = services.find((service) => service.name === name)?.master ?? null;
  while (next !== null && !found.includes(next)) {
    found.push(next);
    if (next === name) break;
    const here: string = next;
    next = services.find((service) => service.name === here)?.master ?? null;
  }
  return found;
}

/** Two services cannot have one port of this machine. */
export function checkHostPorts(check: ComposeChecker, services: readonly ComposeService[]): void {
  const owners = new Map<number, string>();
  for (const { name, ports } of services) {
    for (const [i, { host }] of ports.entries()) {
      if (host === null) continue;
      const owner = owners.get(host);
      if (owner === undefined) owners.set(host, name);
      else check.wrong(["services", name, "ports", i], `host port ${host} is also asked for by service ${owner}`);
    }
  }
}
