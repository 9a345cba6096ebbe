import { z } from "zod";
import { didYouMean } from "../base/mistakes.ts";
import { pairs, readInto, shown, wrong } from "./compose-schema.ts";
import { MODE, PORTS, partOf, SERVICE_ROLES } from "./compose-service.ts";

export const NAME_FORM = /^[a-z0-9][a-z0-9_-]*$/;
/** In a link's name ("client -> m1") it means the load. */
const RESERVED = "client";

const LABELS = pairs(true).default({});

/** As little of each service as the cluster hangs on: what else is wrong in one is told beside what is found here. */
const PARTS = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().catch(""),
      ports: PORTS.catch([]),
      labels: z
        .unknown()
        .optional()
        .transform((written, ctx) => ({ written, said: readInto(ctx, LABELS, written) })),
    }),
  ),
  "x-kvchaos": z.object({ mode: MODE.optional().catch(undefined) }).catch({}),
});

type Service = ReturnType<typeof servicesIn>[number];

/** Do the services make a cluster? Notes what no service can tell alone. */
export const TOGETHER = z.unknown().transform((file, ctx) => {
  const parts = PARTS.safeParse(file);
  // Services that could not be read would only lead to mistakes that are none.
  if (!parts.success) return;
  const services = servicesIn(parts.data);
  checkNames(ctx, services);
  checkLabels(ctx, services);
  if (services.some(({ role }) => role !== null)) checkRoles(ctx, services, parts.data["x-kvchaos"].mode);
  checkHostPorts(ctx, services);
});

function servicesIn(parts: z.output<typeof PARTS>) {
  return Object.entries(parts.services).map(
    ([
      name,
      {
        image,
        ports,
        labels: { written, said },
      },
    ]) => ({
      ...{ name, image, ports, labels: said, ...partOf(said) },
      /** Where a label was written. */
      at: (label: string) => ["services", name, "labels", ...placeOf(written, label)],
    }),
  );
}

/** Where a label stands among those of a service, in either form. */
function placeOf(written: unknown, label: string): PropertyKey[] {
  if (!Array.isArray(written)) return [label];
  const index = written.findIndex((item) => item === label || String(item).startsWith(`${label}=`));
  return index >= 0 ? [index] : [];
}

function checkNames(ctx: z.RefinementCtx, services: readonly Service[]): void {
  for (const { name } of services) {
    const at = { path: ["services", name], key: true };
    if (name === RESERVED) {
      wrong(ctx, `service name "${name}" is taken: it means the load in the names of links`, at);
    } else if (!NAME_FORM.test(name)) {
      wrong(ctx, `service name ${shown(name)}: expected lower-case letters, digits, - and _`, at);
    }
  }
}

function checkLabels(ctx: z.RefinementCtx, services: readonly Service[]): void {
  const known = ["kvchaos.role", "kvchaos.master"];
  for (const { labels, role, at } of services) {
    for (const label of Object.keys(labels)) {
      if (!label.startsWith("kvchaos.") || known.includes(label)) continue;
      wrong(ctx, `unknown label "${label}"`, { path: at(label), key: true, hint: didYouMean(label, known) });
    }
    const said = labels["kvchaos.role"];
    if (said === undefined || role !== null) continue;
    const hint = didYouMean(said, SERVICE_ROLES);
    wrong(ctx, `unknown role "${said}"; expected ${SERVICE_ROLES.join(", ")}`, { path: at("kvchaos.role"), hint });
  }
}

function checkRoles(ctx: z.RefinementCtx, services: readonly Service[], mode: z.output<typeof MODE> | undefined): void {
  const of = (role: string) => services.filter((service) => service.role === role);
  const top = { path: ["services"], key: true };
  // One with an unknown role is told of that.
  for (const service of services.filter(({ labels }) => labels["kvchaos.role"] === undefined)) {
    const message = `service ${service.name} has no label kvchaos.role: nobody would start it`;
    const hint = `add to it ${roleLines(service, of("master")[0]?.name)}`;
    wrong(ctx, message, { path: ["services", service.name], key: true, hint });
  }
  for (const role of ["toxiproxy", "control"]) {
    for (const { at } of of(role).slice(1)) {
      wrong(ctx, `a second service with role "${role}"; expected one`, { path: at("kvchaos.role") });
    }
  }
  if (of("master").length === 0) wrong(ctx, 'no service has the label kvchaos.role: "master"', top);
  else if (of("toxiproxy").length === 0) {
    wrong(ctx, 'no service has the label kvchaos.role: "toxiproxy": replication goes through it', top);
  }
  if (mode === "sentinel") {
    if (of("sentinel").length === 0) {
      wrong(ctx, 'no service has the label kvchaos.role: "sentinel"', { path: ["x-kvchaos", "mode"] });
    }
    for (const { at } of of("master").slice(1)) {
      const message = "a second master; sentinels watch one master and its replicas here";
      wrong(ctx, message, { path: at("kvchaos.role") });
    }
  } else {
    for (const { at } of of("sentinel")) {
      wrong(ctx, 'role "sentinel" goes with `x-kvchaos: {mode: sentinel}`', { path: at("kvchaos.role") });
    }
  }
  checkControllers(ctx, services, mode);
  for (const { name, ports } of of("helper")) {
    if (ports.length < 2) continue;
    const message = `helper ${name}: expected at most one port, which the others dial through links, got ${ports.length}`;
    wrong(ctx, message, { path: ["services", name, "ports", 1] });
  }
  const first = of("master")[0]?.name ?? "…";
  for (const service of services) checkMaster(ctx, service, services, first);
}

/** Controllers need a store, and both a port: one that others dial through links. */
function checkControllers(
  ctx: z.RefinementCtx,
  services: readonly Service[],
  mode: z.output<typeof MODE> | undefined,
): void {
  for (const role of ["controller", "store"]) {
    const found = services.filter((service) => service.role === role);
    if (mode !== "controller") {
      for (const { at } of found) {
        wrong(ctx, `role "${role}" goes with \`x-kvchaos: {mode: controller}\``, { path: at("kvchaos.role") });
      }
      continue;
    }
    if (found.length === 0) {
      wrong(ctx, `no service has the label kvchaos.role: "${role}"`, { path: ["x-kvchaos", "mode"] });
    }
    for (const { at } of role === "store" ? found.slice(1) : []) {
      wrong(ctx, 'a second service with role "store"; expected one', { path: at("kvchaos.role") });
    }
    for (const { name, ports } of found) {
      if (ports.length === 1) continue;
      wrong(ctx, `${role} ${name}: expected one port, got ${ports.length}`, { path: ["services", name], key: true });
    }
  }
}

/** @param first the first master of the file */
function checkMaster(ctx: z.RefinementCtx, service: Service, services: readonly Service[], first: string): void {
  const { name, role, master } = service;
  const path = service.at("kvchaos.master");
  if (role === "replica" && master === null) {
    const message = `replica ${name}: the label kvchaos.master is missing: whom does it follow at first?`;
    const hint = `add to its labels \`kvchaos.master: ${first}\``;
    wrong(ctx, message, { path: ["services", name], key: true, hint });
  }
  if (master === null) return;
  const servers = services.filter((one) => one.role === "master" || one.role === "replica").map((one) => one.name);
  const followed = chain(name, services);
  if (role !== "replica") {
    wrong(ctx, `kvchaos.master: only a replica follows a master, ${name} is none`, { path });
  } else if (master === name) wrong(ctx, `replica ${name} cannot follow itself`, { path });
  else if (!servers.includes(master)) {
    const others = servers.filter((other) => other !== name);
    wrong(ctx, `kvchaos.master: unknown master "${master}"`, { path, hint: didYouMean(master, others) });
  } else if (followed.at(-1) === name) {
    wrong(ctx, `replica ${name} follows itself in a circle: ${[name, ...followed].join(" -> ")}`, { path });
  }
}

/** Whom `name` follows, whom that one follows, … until a master, or until one comes again. */
function chain(name: string, services: readonly Service[]): string[] {
  const found: string[] = [];
  const masterOf = (one: string) => services.find((service) => service.name === one)?.master ?? null;
  for (let next = masterOf(name); next !== null && !found.includes(next); next = masterOf(next)) {
    found.push(next);
    if (next === name) break;
  }
  return found;
}

/** What a file without any role lacks. */
export const ROLES_HINT = `add to each server ${roleLines({ image: "" })}; \`kvchaos explain <experiment> --compose\` prints a file with a Toxiproxy`;

/** The lines that a service lacks, as they can be pasted below it. @param master whom a replica would follow */
function roleLines({ image }: { image: string }, master = "<its master>"): string {
  if (/toxiproxy/.test(image)) return "`labels: {kvchaos.role: toxiproxy}`";
  return `\`labels: {kvchaos.role: master}\`, or \`labels: {kvchaos.role: replica, kvchaos.master: ${master}}\``;
}

/** Two services cannot have one port of this machine. */
function checkHostPorts(ctx: z.RefinementCtx, services: readonly Service[]): void {
  const owners = new Map<number, string>();
  for (const { name, ports } of services) {
    for (const [i, { host }] of ports.entries()) {
      const owner = host === null ? undefined : owners.get(host);
      if (host !== null && owner === undefined) owners.set(host, name);
      if (owner === undefined) continue;
      wrong(ctx, `host port ${host} is also asked for by service ${owner}`, { path: ["services", name, "ports", i] });
    }
  }
}
