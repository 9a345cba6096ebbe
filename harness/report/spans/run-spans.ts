import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { experimentName } from "../metrics/run-state.ts";

/** The part of @opentelemetry/api that is needed; it is no dependency of ours. */
export type SpanApi = Pick<typeof import("@opentelemetry/api"), "trace" | "ROOT_CONTEXT" | "SpanStatusCode">;

interface Going {
  span: Span;
  context: Context;
  /** Wall clock of the run's beginning, ms. */
  origin: number;
  phase: Span | null;
  /** By the ids of their occurrences. */
  faults: Map<string, Span>;
}

/*
 *   a run            ├──────────────────────────────────────────────┤  one trace; its findings are its events
 *   its phases       ├─setup─┤├─preload─┤├─warm-up─┤├──chaos──┤├heal┤…
 *   its faults                                        ├─cut#1─┤        from inject to healed
 */

/** Runs, phases and faults as spans. */
export class RunSpans {
  readonly #api: SpanApi;
  readonly #tracer: Tracer;
  readonly #runs = new Map<string, Going>();

  constructor(api: SpanApi, tracer: Tracer) {
    this.#api = api;
    this.#tracer = tracer;
  }

  onEvent(event: JournalEvent, runId: string): void {
    if (event.type === "run") this.#begin(event, runId);
    const run = this.#runs.get(runId);
    if (!run) return;
    const at = run.origin + event.t;
    if (event.type === "phase") this.#phase(run, event, at);
    if (event.type === "fault") this.#fault(run, event, at);
    if (event.type === "check") {
      for (const { type, class: kind, node, summary } of event.findings)
        run.span.addEvent("finding", { type, class: kind, node: node ?? "", summary }, at);
    }
    if (event.type === "verdict") {
      run.span.setAttribute("kvchaos.verdict", event.verdict);
      const { OK, ERROR } = this.#api.SpanStatusCode;
      if (event.verdict === "pass") run.span.setStatus({ code: OK });
      else if (event.verdict !== "inconclusive")
        run.span.setStatus({ code: ERROR, message: event.reasons[0] ?? event.verdict });
    }
    if (event.type === "phase" && event.phase === "teardown" && event.step === "end") this.#end(runId, run, at);
  }

  /** Of a run that ended without a word, too. */
  forget(runId: string): void {
    const run = this.#runs.get(runId);
    if (run) this.#end(runId, run, Date.now());
  }

  #begin({ startedAt, t, experimentFile, title, seed, system, image, kvchaos }: EventOf<"run">, runId: string): void {
    const origin = Date.parse(startedAt);
    const attributes = {
      "kvchaos.run": runId,
      "kvchaos.version": kvchaos,
      "kvchaos.title": title,
      "kvchaos.seed": seed,
      "kvchaos.system": system,
      "kvchaos.image": image,
    };
    const { trace, ROOT_CONTEXT } = this.#api;
    const name = `run ${experimentName(experimentFile)}`;
    const span = this.#tracer.startSpan(name, { startTime: origin + t, attributes, root: true });
    this.#runs.set(runId, { span, context: trace.setSpan(ROOT_CONTEXT, span), origin, phase: null, faults: new Map() });
  }

  #phase(run: Going, { phase, step }: EventOf<"phase">, at: number): void {
    run.phase?.end(at);
    run.phase = step === "begin" ? this.#child(run, phase, at, {}) : null;
  }

  #fault(run: Going, { id, fault, step, targets, detail }: EventOf<"fault">, at: number): void {
    if (step === "inject") {
      run.faults.set(id, this.#child(run, `fault ${fault}`, at, { "kvchaos.fault": id, "kvchaos.targets": targets }));
      return;
    }
    const span = run.faults.get(id);
    if (!span) return;
    if (step === "injected") span.addEvent("injected", {}, at);
    if (step === "inject-failed" || step === "heal-failed")
      span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: detail ?? step });
    if (step === "inject-failed" || step === "healed") {
      span.end(at);
      run.faults.delete(id);
    }
  }

  #child(run: Going, name: string, at: number, attributes: Attributes): Span {
    return this.#tracer.startSpan(name, { startTime: at, attributes }, run.context);
  }

  #end(runId: string, { span, phase, faults }: Going, at: number): void {
    for (const one of [...faults.values(), ...(phase ? [phase] : []), span]) one.end(at);
    this.#runs.delete(runId);
  }
}
