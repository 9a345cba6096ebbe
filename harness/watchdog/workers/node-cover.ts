import { messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import { adminCommand } from "../../resp/admin.ts";
import type { ConnectionView } from "../observation.ts";
import type { WatchdogOptions, WatchedNode } from "../watchdog.ts";
import { type Cover, type CoverOptions, coverWorkers, unseenCover } from "./worker-cover.ts";
import type { WorkerMap } from "./worker-silence.ts";
import { readWorkers } from "./worker-threads.ts";

const COVER_WITHIN = 15_000;
const ASK_WITHIN = 2000;
/** Between two attempts of one node: looking costs it a CLIENT LIST. ms */
const RENEW_EVERY = 10_000;

/** Keeps the probes of one node on all of its worker threads, and knows which connection lies where. */
export class NodeCover {
  readonly #node: WatchedNode;
  readonly #options: WatchdogOptions;
  readonly #link: Pick<CoverOptions, "told" | "grow">;
  #views: readonly ConnectionView[] = [];
  #cover: Cover | null = null;
  #work: Promise<void> | null = null;
  #tried = Number.NEGATIVE_INFINITY;

  constructor(node: WatchedNode, options: WatchdogOptions, link: Pick<CoverOptions, "told" | "grow">) {
    this.#node = node;
    this.#options = options;
    this.#link = link;
  }

  /** null: not known, or one thread serves everybody. */
  get map(): WorkerMap | null {
    const { workers = null, placed } = this.#cover ?? {};
    return workers === null || !placed?.size ? null : { workers, placed };
  }

  /** The connections as last reported. */
  see(views: readonly ConnectionView[]): void {
    this.#views = views;
  }

  /** Covers the workers and tells the journal. Does nothing on a server with one thread. Never rejects. */
  establish(): Promise<void> {
    const { workerThreads } = this.#node.system;
    if (!workerThreads || this.#node.role === "control") return Promise.resolve();
    this.#work ??= this.#establish(workerThreads).finally(() => {
      this.#work = null;
    });
    return this.#work;
  }

  /** Covers them again when connections were opened anew since: the kernel put them wherever it liked. */
  renew(now: number): void {
    if (!this.#cover || this.#work || now - this.#tried < RENEW_EVERY) return;
    const { placed } = this.#cover;
    const moved = this.#views.some(({ number, kind, link, localPort }) => {
      const place = placed.get(number);
      return kind === "established" && link === "open" && place !== undefined && place.localPort !== localPort;
    });
    if (moved) void this.establish();
  }

  async #establish(workerThreads: CoverOptions["workerThreads"]): Promise<void> {
    const { clock, emit, login, signal } = this.#options;
    const { host, port, name } = this.#node;
    this.#tried = clock.now();
    const what = `covering the worker threads of ${name}`;
    try {
      this.#cover = await withDeadline({ what, within: COVER_WITHIN, signal }, (inner) =>
        coverWorkers({
          ...this.#link,
          workerThreads,
          look: () => {
            const pid = this.#node.pid();
            return pid === null
              ? { why: "its process is not known on this host" }
              : readWorkers(pid, workerThreads.comm);
          },
          ask: (argv) => adminCommand({ host, port }, argv, { within: ASK_WITHIN, ...login, signal: inner }),
          views: () => this.#views,
          signal: inner,
        }),
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#cover = unseenCover(this.#link.told(), this.#views, messageOf(error));
    }
    const { placed: _, ...told } = this.#cover;
    emit({ type: "cover", node: name, ...told });
  }
}
