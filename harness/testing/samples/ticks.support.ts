import type { JournalEvent } from "../../journal/events.ts";
import { event, nodeState } from "../record-fixture.support.ts";

/** Test support: what comes every second. */
export function sampleTicks(end: number, failing: boolean): JournalEvent[] {
  const events: JournalEvent[] = [];
  const last = end - 4000;
  for (let t = 5000; t <= last; t += 1000) {
    const calm = t < 10_000 || t > 50_000;
    const wave = 1 + Math.sin(t / 3000) / 10;
    const dip = t > 30_000 && t < 34_000 ? 0.1 : 1;
    for (const [load, size] of [
      ["set", 21_000],
      ["zadd", 8000],
    ] as const) {
      const fail = calm ? 0 : Math.round((t % 7000) / 20);
      const counts = {
        ok: Math.round(size * wave * dip),
        fail,
        info: dip < 1 ? 64 : 0,
        errors: { ...(fail > 0 ? { READONLY: fail } : {}), ...(dip < 1 ? { timeout: 64 } : {}) },
      };
      events.push({
        type: "load",
        t,
        load,
        seconds: 1,
        ...counts,
        nodes: { m1: counts },
        latency: { count: 100, p50: 0.4 * wave, p99: (calm ? 2 : 60) * wave, max: calm ? 8 : 900 / dip },
        connected: 16,
        connections: 16,
      });
    }
    for (const [i, node] of ["m1", "r1", "r2"].entries()) {
      const hung = failing && node === "r1" && t >= 32_000;
      const paused = node === "r2" && t > 20_000 && t < 26_000;
      const oldest = hung ? t - 31_900 : paused ? t - 20_000 : 0;
      events.push({
        type: "probe",
        t,
        node,
        kind: "established",
        seconds: 1,
        sent: 80,
        answered: oldest > 0 ? 0 : 80,
        lost: 0,
        latency: oldest > 0 ? null : { count: 80, p50: 0.3, p99: 1 + i, max: 2 + i * 2 + (t % 5000) / 1000 },
        oldest,
        silent: oldest > 1000 ? [0, 1, 2, 3, 4, 5, 6, 7] : [],
        replies: {},
      });
      if (oldest === 0) {
        const behind = node === "r1" && t > 15_000 && t < 24_000 ? (t - 15_000) * 30 : 0;
        const role = node === "m1" ? "master" : "replica";
        const state = nodeState({ role, link: "up", offset: 1000 + t * 40 - 900 * i - behind, clients: 40 });
        events.push({ type: "node-state", t: t + i, node, state });
      }
    }
    const delays = { mainDelay: 2 + (t % 3000) / 500, cpuPressure: 12, ioPressure: 1, controlMax: 1.5 };
    events.push(event("self", t, { ...delays, controlOldest: 0, starved: t === 44_000 }));
  }
  return events;
}
