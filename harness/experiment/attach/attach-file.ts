import { z } from "zod";
import { mistakesError, YamlSource } from "../../base/mistakes.ts";
import { readText } from "../read/read-text.ts";
import { Mistakes } from "../read/zod-mistakes.ts";
import { list, name, text } from "../schema-parts.ts";

/*
 *   nodes:
 *     m1: { at: "10.0.0.7:6379", role: master }
 *     r1: { at: "10.0.0.8:6379", role: replica, pid: 4711 }     # or container: NAME; needed by kill and pause
 *   # inside: "172.17.0.3:6379": how the other servers reach a node, where that is not `at`
 *   prefix: "kvchaos:"                                          # what all our keys begin with
 *   allow: [pause, "DEBUG SLEEP"]                               # faults, and commands that are not known to be harmless
 */

const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]@/]+)):(\d{1,5})$/;
const PREFIX = /^[A-Za-z0-9_.-]{2,40}:$/;
/** Faults that are done to servers of other people only where they are allowed by name. */
const ALLOWED_FAULTS = ["kill", "pause", "flushall"];

const address = z
  .string()
  .refine((value) => ADDRESS.test(value), {
    error: "expected host:port; a password belongs in KVCHAOS_PASSWORD, not in an address",
  })
  .transform((value) => {
    const [, six, host = six, port] = ADDRESS.exec(value) ?? [];
    return { host: host ?? "", port: Number(port) };
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, { error: "expected a port from 1 to 65535" });

const attachSchema = {
  nodes: z.record(
    name,
    z
      .strictObject({
        at: address,
        inside: address.optional(),
        role: z.enum(["master", "replica"]),
        pid: z.int().min(2).optional(),
        container: text(200).optional(),
      })
      .refine(({ pid, container }) => pid === undefined || container === undefined, {
        error: '"pid" beside "container": keep one of them',
      }),
  ),
  prefix: z
    .string()
    .refine((value) => PREFIX.test(value), {
      error: 'expected a prefix like "kvchaos:", at least two letters and a ":"',
    })
    .prefault("kvchaos:"),
  allow: list(
    z.string().refine((one) => ALLOWED_FAULTS.includes(one) || /^[A-Z][A-Z.|_-]*( [A-Z-]+)?$/.test(one), {
      error: `expected ${ALLOWED_FAULTS.join(", ")}, or a command in capitals like "DEBUG SLEEP"`,
    }),
  ).prefault([]),
};

/** A cluster that is there. */
export interface AttachFile {
  source: YamlSource;
  nodes: Readonly<Record<string, AttachedServer>>;
  /** What every key of ours begins with. */
  prefix: string;
  allow: readonly string[];
}

interface AttachedServer {
  at: { host: string; port: number };
  /** Where the other servers reach it, if that is another address. */
  inside?: { host: string; port: number } | undefined;
  role: "master" | "replica";
  pid?: number | undefined;
  container?: string | undefined;
}

/** @throws ChaosError `invalid-experiment`, with file:line:column of every mistake */
export async function readAttachFile(file: string): Promise<AttachFile> {
  return readAttachText(await readText(file), file);
}

/** The same of a text at hand. @param file how messages name it */
export function readAttachText(written: string, file: string): AttachFile {
  const source = YamlSource.parse(file, written);
  const mistakes = new Mistakes(source);
  const raw = typeof source.value === "object" && source.value !== null ? source.value : {};
  const of = (key: string): unknown => (raw as Record<string, unknown>)[key];
  for (const key of Object.keys(raw))
    if (!Object.hasOwn(attachSchema, key)) mistakes.unknownKey([], key, Object.keys(attachSchema));
  const nodes = mistakes.parse(attachSchema.nodes, of("nodes") ?? {}, ["nodes"]);
  const prefix = mistakes.parse(attachSchema.prefix, of("prefix"), ["prefix"]);
  const allow = of("allow") === undefined ? [] : mistakes.parse(attachSchema.allow, of("allow"), ["allow"]);
  if (nodes && !Object.values(nodes).some(({ role }) => role === "master"))
    mistakes.add(["nodes"], "no node is a master");
  const seen = new Map<string, string>();
  for (const [node, { at }] of Object.entries(nodes ?? {})) {
    const other = seen.get(`${at.host} ${at.port}`);
    if (other !== undefined) mistakes.add(["nodes", node, "at"], `${other} is at the same address`);
    seen.set(`${at.host} ${at.port}`, node);
  }
  if (mistakes.list.length > 0 || !nodes || prefix === undefined || !allow) throw mistakesError(mistakes.list);
  return { source, nodes, prefix, allow };
}
