import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Engine } from "../docker/engine.ts";
import type { Emit, NodeState } from "../journal/events.ts";
import type { LogRule } from "../systems/system.ts";
import { SyncProgress, type SyncStep } from "./sync-progress.ts";

type Listener = (node: string, line: string) => void;

interface LogOptions {
  engine: Engine;
  rulesOf(node: string): readonly LogRule[];
  directory: string;
  emit: Emit;
  /** Hides the secrets in a line before anybody sees it. */
  hide?: ((line: string) => string) | undefined;
}

/** What is known of servers' logs. */
export type ClusterLogs = Pick<LogCollector, "file" | "fullSync" | "onFullSync" | "onLine"> & {
  /** What a server says of itself, where nobody can read its log. */
  see?(node: string, state: NodeState): void;
};

/** Follows the servers' logs over restarts: into files, through the system's log rules, to whoever listens. */
export class LogCollector {
  readonly #options: LogOptions;
  readonly #listeners = new Set<Listener>();
  readonly #syncListeners = new Set<(step: SyncStep) => void>();
  readonly #sync = new SyncProgress();
  readonly #files = new Map<string, WriteStream>();
  readonly #last = new Map<string, string>();
  /** Node → the container whose log is followed. */
  readonly #following = new Map<string, string>();
  readonly #stop = new AbortController();

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Path of a node's log, below the run's folder when `directory` is. */
  file(node: string): string {
    return path.join(this.#options.directory, `${node}.log`);
  }

  onLine(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The step of a node's full sync, or null when none is under way. */
  fullSync(node: string): SyncStep | null {
    return this.#sync.of(node);
  }

  onFullSync(listener: (step: SyncStep) => void): () => void {
    this.#syncListeners.add(listener);
    return () => this.#syncListeners.delete(listener);
  }

  /**
   * Follows a started container until it ends; call it again after every start.
   * @param since only lines after that: RFC 3339, UTC; absent: from its beginning
   */
  async follow(node: string, container: string, since?: string): Promise<void> {
    if (this.#following.get(node) === container || this.#stop.signal.aborted) return;
    this.#following.set(node, container);
    const over = (): void => {
      if (this.#following.get(node) === container) this.#following.delete(node);
    };
    this.#step(this.#sync.restarted(node));
    try {
      const { engine, directory, hide } = this.#options;
      await mkdir(directory, { recursive: true });
      if (!this.#files.has(node)) this.#files.set(node, createWriteStream(this.file(node), { flags: "a" }));
      const options = { after: this.#last.get(node) ?? since, signal: this.#stop.signal };
      const { done } = await engine.followLogs(container, options, ({ text, at }) => {
        this.#last.set(node, at);
        this.#line(node, hide?.(text) ?? text, at);
      });
      done.catch(() => {}).finally(over);
    } catch (error) {
      over();
      throw error;
    }
  }

  #line(node: string, text: string, at: string): void {
    this.#files.get(node)?.write(`${at} ${text}\n`);
    for (const rule of this.#options.rulesOf(node)) {
      const match = rule.pattern.exec(text);
      if (!match) continue;
      const fields = Object.fromEntries(Object.entries(match.groups ?? {}).filter(([, value]) => value !== undefined));
      this.#options.emit({ type: "log", node, rule: rule.name, line: text.slice(0, 2_000), fields });
      this.#step(this.#sync.line(node, rule.meaning, fields));
      break;
    }
    for (const listener of [...this.#listeners]) listener(node, text);
  }

  #step(step: SyncStep | null): void {
    if (!step) return;
    this.#options.emit({ type: "full-sync", ...step });
    for (const listener of [...this.#syncListeners]) listener(step);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#files.values()].map((file) => new Promise<void>((done) => file.end(() => done()))));
  }
}
