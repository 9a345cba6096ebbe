import { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import { threadGroupSchema, waitGraphSchema } from "./evidence-data.ts";

/** Something that could not be seen. */
const missingSchema = z.object({
  what: z.string(),
  why: z.string(),
  /** What to do for it; null: nothing can be done. */
  how: z.string().nullable(),
});
export type Missing = z.infer<typeof missingSchema>;

const processSchema = z.object({
  pid: z.number(),
  parent: z.number(),
  /** What it calls itself: "postgres: checkpointer", "redis-server". */
  title: z.string(),
  exe: z.string().nullable(),
  /** Values of what looks like a password are hidden. */
  cmdline: z.array(z.string()),
  /** Letter of proc(5). */
  state: z.string(),
  /** ms that it had been there. */
  age: z.number().nullable(),
  threads: z.number(),
  memory: z.record(z.string(), z.string()),
  limits: z.record(z.string(), z.string()),
  /** Read and written on behalf of it, bytes: to disk, and between the first look and the last. null: not readable. */
  io: z.object({ readBytes: z.number(), writtenBytes: z.number(), read: z.number(), written: z.number() }).nullable(),
  /** Signals that wait to be taken. */
  pending: z.array(z.string()),
  /** The process that debugs it, 0 for none. */
  tracer: z.number(),
  /** Its cgroup was frozen, before the first look and after the last. */
  frozen: z.boolean(),
  /** Its first thread was in the same state in all looks, and had no processor between them. */
  still: z.boolean(),
});
export type ExaminedProcess = z.infer<typeof processSchema>;

const threadSchema = z.object({
  tid: z.number(),
  /** Its id in its own PID namespace. */
  nsTid: z.number(),
  pid: z.number(),
  comm: z.string(),
  state: z.string(),
  /** Kernel function in which it sleeps, where the kernel tells. */
  wchan: z.string().nullable(),
  /** "futex", or null: not readable. */
  call: z.string().nullable(),
  /** Percent of one processor between the first look and the last. */
  cpu: z.number(),
  /** ms of processor since it began. */
  cpuMs: z.number(),
  /** It did not get a processor between the first look and the last. */
  asleep: z.boolean(),
  /** ms that it has not had one, up to the last look: at least so long. null: it ran, and the kernel does not tell when. */
  restedFor: z.number().nullable(),
  /** Kernel stack, null where the kernel does not tell. */
  stack: z.array(z.string()).nullable(),
});
export type ExaminedThread = z.infer<typeof threadSchema>;

const socketSchema = z.object({
  pid: z.number(),
  fd: z.number(),
  state: z.string(),
  local: z.string(),
  peer: z.string().nullable(),
  /** Bytes; of a listening socket: connections that nobody has accepted. */
  unread: z.number(),
  unsent: z.number(),
  /** Nobody took anything out of its queues from the first look to the last. */
  stuck: z.boolean(),
});
export type ExaminedSocket = z.infer<typeof socketSchema>;

/** A question that was put to the server itself. */
const answerSchema = z.object({
  to: z.string(),
  asked: z.string(),
  /** null: there was none. */
  text: z.string().nullable(),
  /** Why there was none. */
  why: z.string().nullable(),
  /** It took the connection and said nothing. */
  silent: z.boolean(),
  ms: z.number(),
});
export type Answer = z.infer<typeof answerSchema>;

const verdictSchema = z.object({
  class: z.enum([
    "deadlock", // a cycle of waits in which every holder is known
    "stopped", // by a signal, a debugger or a frozen cgroup
    "dead", // a zombie
    "suspicious", // nothing is proved, and something is not as it is in a process that is well
    "nothing", // nothing was seen that hangs
    "unknown", // too little could be seen to say that
  ]),
  /** Nothing but what was seen is needed to know it. */
  proved: z.boolean(),
  /** The whole examination in a sentence. */
  sentence: z.string(),
  /** Sentences of which each is a proof; the first is the verdict's. */
  proofs: z.array(z.string()),
  /** What points somewhere and proves nothing. */
  hints: z.array(z.string()),
});
export type ExaminationVerdict = z.infer<typeof verdictSchema>;

/** A thread group with what an operator asks first. */
const groupSchema = threadGroupSchema.extend({
  /** Percent of a processor, all threads together. */
  cpu: z.number(),
  /** The same in ms: of the one that ran last, and of the one that has rested longest. */
  restedFor: z.object({ least: z.number(), most: z.number() }).nullable(),
});
export type ExaminedGroup = z.infer<typeof groupSchema>;

/** What `examine` saw of a process, its family, or a core: everything that its reports are made of. */
const examinationSchema = z.object({
  /** The version of this shape. */
  examination: z.literal(1),
  kvchaos: z.string(),
  /** When, ISO 8601. */
  at: z.string(),
  /** As it was asked for. */
  asked: z.string(),
  /** "redis-server 4711", "core.4711". */
  name: z.string(),
  /** What is running in there, as far as its program's name tells: "kvrocks", "postgres", "redis". */
  program: z.string().nullable(),
  kind: z.enum(["process", "core"]),
  container: z.object({ id: z.string(), by: z.string() }).nullable(),
  host: z.object({ kernel: z.string(), cores: z.number() }),
  verdict: verdictSchema,
  /** ms between the first look and the last; 0 for a core, which is one moment. */
  window: z.number(),
  graph: waitGraphSchema.nullable(),
  groups: z.array(groupSchema),
  processes: z.array(processSchema),
  threads: z.array(threadSchema),
  /** Those that were left out of `processes` because there are so many. */
  moreProcesses: z.number(),
  sockets: z.array(socketSchema),
  files: z.array(z.object({ pid: z.number(), fd: z.number(), path: z.string() })),
  log: z.object({ from: z.string(), lines: z.array(z.string()) }).nullable(),
  answers: z.array(answerSchema),
  /** What else is known of programs of its kind. */
  facts: z.array(z.string()),
  missing: z.array(missingSchema),
  /** Stacks with function names; `stoppedMs`: for how long the process stood still for them. */
  gdb: z.object({ stoppedMs: z.number(), why: z.string().nullable(), text: z.string() }).nullable(),
  /** ms, without gdb. */
  took: z.number(),
});
export type Examination = z.infer<typeof examinationSchema>;

/** @param file for the message. @throws ChaosError usage: it is no examination, or one of a later version */
export function parseExamination(text: string, file: string): Examination {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ChaosError("usage", `${file} is not JSON`, { cause });
  }
  const parsed = examinationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ChaosError(
    "usage",
    `${file} is no examination that this kvchaos can read: ${issue?.path.join(".")}: ${issue?.message}`,
    {
      hint: "Render it with the version of kvchaos that wrote it.",
    },
  );
}
