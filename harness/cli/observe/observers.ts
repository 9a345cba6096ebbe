import type { JournalEvent } from "../../journal/events.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { log } from "../print.ts";
import { readListenAddress } from "./metrics-server.ts";
import type { Observer } from "./observer.ts";

/** Options of commands that run experiments. */
export const OBSERVED = {
  metrics: {
    type: "string",
    describe: 'serve Prometheus metrics at this address of this machine, like "127.0.0.1:9464", under /metrics',
  },
  otlp: {
    type: "string",
    describe: 'send runs, phases and faults as spans to this OTLP/HTTP receiver, like "http://127.0.0.1:4318"',
  },
} as const;

export interface ObserveWishes {
  metrics?: string | undefined;
  otlp?: string | undefined;
}

/** Of one run. */
export interface RunObserver {
  onEvent(event: JournalEvent): void;
  end(): void;
}

/** All who watch the runs of a command. */
export class Observers {
  readonly #all: readonly Observer[];

  constructor(all: readonly Observer[]) {
    this.#all = all;
  }

  /** For one more run; null: nobody watches. */
  run(): RunObserver | null {
    if (this.#all.length === 0) return null;
    let runId = "";
    return {
      onEvent: (event) => {
        if (event.type === "run") runId = event.runId;
        for (const one of this.#all) one.onEvent(event, runId);
      },
      end: () => {
        for (const one of this.#all) one.onEnd(runId);
      },
    };
  }

  night(entries: readonly Pick<NightEntry, "outcome">[]): void {
    for (const one of this.#all) one.onNight(entries);
  }
}

/** Those of the command that goes on: a night explores by the command of that name, and it is watched as a part of the night. */
let current: Observers | null = null;

/** Has runs watched as it is wished for; nothing of it is loaded where nobody asks for it. */
export async function observed<T>(wishes: ObserveWishes, body: (observers: Observers) => Promise<T>): Promise<T> {
  if (current) return body(current);
  const all: Observer[] = [];
  try {
    if (wishes.metrics !== undefined) all.push(await metricsObserver(wishes.metrics));
    if (wishes.otlp !== undefined) all.push(await (await import("./spans-observer.ts")).spansObserver(wishes.otlp));
    current = new Observers(all);
    return await body(current);
  } finally {
    current = null;
    for (const one of all) await one.close();
  }
}

async function metricsObserver(wish: string): Promise<Observer> {
  const address = readListenAddress(wish);
  const { RunMetrics } = await import("../../report/metrics/run-metrics.ts");
  const { serveMetrics } = await import("./metrics-server.ts");
  const metrics = new RunMetrics();
  const server = await serveMetrics(address, metrics);
  log(`metrics: http://${server.where}/metrics`);
  return {
    onEvent: (event, runId) => metrics.onEvent(event, runId),
    onEnd: (runId) => metrics.forget(runId),
    onNight: (entries) => metrics.night(entries.map(({ outcome }) => outcome)),
    close: server.close,
  };
}
