import type { EventOf } from "../journal/events.ts";

export type ProbeKind = EventOf<"probe">["kind"];

/** Prefix of our connections' names in a server's CLIENT LIST; also what a reader of captured evidence knows them by. */
export const PROBE_NAME = "kvchaos-probe-";

/** What clients come for; INFO and CONFIG may be answered by a server that serves nobody. */
export function onDataPath(kind: ProbeKind): boolean {
  return kind !== "admin" && kind !== "config";
}

/** One probe connection as it is at the moment of a report. */
export interface ConnectionView {
  /** Stable for the whole run: a reopened connection keeps its number. */
  number: number;
  kind: ProbeKind;
  /** Our side of the TCP connection, which the server knows it by; null while there is none. */
  localPort: number | null;
  link: "closed" | "connecting" | "open";
  /** When the unanswered question was asked (for a new connection: when connecting began); null: nothing is outstanding. */
  askedAt: number | null;
  /** When the last answer came; null: never. */
  answeredAt: number | null;
}

/** One answer. An error reply is an answer. */
export interface AnswerRecord {
  number: number;
  kind: ProbeKind;
  askedAt: number;
  answeredAt: number;
  /** First word of an error reply ("LOADING"), or null. */
  error: string | null;
}

/** One connection that was refused, reset, closed, or spoke something other than RESP. */
export interface LossRecord {
  number: number;
  kind: ProbeKind;
  at: number;
  reason: string;
  /** How long its question had been without answer, ms; null: none was asked. */
  waited: number | null;
}

/** What happened on one node since the report before. */
export interface NodeReport {
  node: string;
  connections: ConnectionView[];
  answers: AnswerRecord[];
  losses: LossRecord[];
  /** So many questions are without answer that no further ones are asked for now, but for one of each kind. */
  held: boolean;
  /** The kinds of the questions sent. */
  sent: ProbeKind[];
  /** Answers to the admin command: the INFO text, in order. */
  infos: { at: number; text: string }[];
}

/** From the probe thread to the main thread, about all nodes. */
export interface ProbeReport {
  t: number;
  /** Worst event-loop delay of the probe thread since the report before, ms. */
  loopDelay: number;
  nodes: NodeReport[];
}

/** Questions are spread over their interval in steps of this: those of one step cost us and the server one turn. ms */
export const ASK_STEP = 125;

/** Between two reports while all nodes are healthy, ms; less when there is more to tell. */
export const REPORT_EVERY = 500;
