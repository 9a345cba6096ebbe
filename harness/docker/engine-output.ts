import type { Readable } from "node:stream";
import { ChaosError } from "../base/chaos-error.ts";
import { call, callUnless, type Daemon, engineError, GONE, wentAway } from "./engine-call.ts";
import { shortId } from "./engine-containers.ts";
import { FrameSplitter, jsonLines, LogSplitter, openStream } from "./engine-streams.ts";
import type { CallOptions, ContainerEvent, Labels, LogLine, Subscription } from "./engine-types.ts";

const EXEC_OUTPUT_LIMIT = 16 * 1024 * 1024;
const ACTIONS = ["start", "die", "oom", "pause", "unpause", "kill"] as const;

interface RawEvent {
  Action: string;
  timeNano: number;
  Actor: { ID: string; Attributes: Record<string, string> };
}

/** Everything that comes from the daemon as a stream: logs, the output of exec, events. */
export function outputCalls(daemon: Daemon, local: boolean) {
  const { docker } = daemon;

  /**
   * Opens a stream within the call's deadline; from then on only the caller's signal ends it. (The signal of
   * `withDeadline` is of no use afterwards.)
   */
  async function open(
    what: string,
    options: CallOptions,
    connect: (signal: AbortSignal) => Promise<Readable>,
  ): Promise<{ stream: Readable; stop: AbortSignal }> {
    const controller = new AbortController();
    const stop = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
    try {
      const stream = await call(daemon, what, options, () => connect(stop));
      openStream(stream, stop);
      return { stream, stop };
    } catch (error) {
      controller.abort(error);
      throw error;
    }
  }

  function subscription(what: string, stop: AbortSignal, work: Promise<void>): Subscription {
    const done = work.catch((error: unknown) => {
      if (!stop.aborted) throw engineError(daemon, what, error);
    });
    done.catch(() => {});
    return { done };
  }

  /** What is in the log now; nothing when the container is gone. */
  async function readLog(
    what: string,
    id: string,
    options: CallOptions,
    part: { since?: number; tail?: number },
  ): Promise<LogLine[]> {
    const query = { follow: false, stdout: true, stderr: true, timestamps: true, ...part } as const;
    const bytes = await callUnless(daemon, GONE, what, options, (abortSignal) =>
      docker.getContainer(id).logs({ ...query, abortSignal }),
    );
    if (!bytes) return [];
    const lines = new LogSplitter();
    return [...lines.push(Buffer.from(bytes)), ...lines.end()];
  }

  return {
    /**
     * Hands over each line of stdout and stderr, from `since`/`after` (else from the container's creation) on, until the
     * container stops or the signal fires. After a restart, follow again with `after`.
     * @param options.since Unix seconds
     * @param options.after only lines later than this `LogLine.at`
     */
    async followLogs(
      id: string,
      options: CallOptions & { since?: number | undefined; after?: string | undefined },
      onLine: (line: LogLine) => void,
    ): Promise<Subscription> {
      const what = `follow the log of container ${shortId(id)}`;
      let last = options.after ?? "";
      const since = last ? secondsOf(last) : (options.since ?? 0);
      const query = { follow: true, stdout: true, stderr: true, timestamps: true, since } as const;
      const { stream, stop } = await open(what, options, async (abortSignal) => {
        return (await docker.getContainer(id).logs({ ...query, abortSignal })) as unknown as Readable;
      });
      const read = async () => {
        // Docker writes UTC with nine digits, so text order is time order.
        const begin = last;
        const hand = (line: LogLine, after: string) => {
          if ((after !== "" && line.at <= after) || stop.aborted) return;
          if (line.at > last) last = line.at;
          onLine(line);
        };
        const lines = new LogSplitter();
        for await (const chunk of stream) for (const line of lines.push(chunk as Buffer)) hand(line, begin);
        for (const line of lines.end()) hand(line, begin);
        if (stop.aborted) return;
        // Engine 20.10 may end the stream before a dying server's very last lines; they are in the log all the same.
        const missed = await readLog(what, id, { signal: stop }, { since: last ? secondsOf(last) : since });
        const end = last;
        for (const line of missed) hand(line, end);
      };
      return subscription(what, stop, read());
    },

    /** The last lines of stdout and stderr, oldest first; works on stopped and paused containers. */
    async logTail(id: string, lines: number, options: CallOptions = {}): Promise<LogLine[]> {
      return readLog(`read the log of container ${shortId(id)}`, id, options, { tail: lines });
    },

    /**
     * Runs a command inside a running container. Its own exit code is data, not an error; a paused container refuses.
     * At the deadline the call fails, but the command may go on inside. Default: 30 s.
     */
    async exec(id: string, argv: readonly string[], options: CallOptions & { user?: string } = {}) {
      const what = `run ${argv[0]} in container ${shortId(id)}`;
      return call(daemon, what, options, async (abortSignal) => {
        const exec = await docker.getContainer(id).exec({
          Cmd: [...argv],
          AttachStdout: true,
          AttachStderr: true,
          ...(options.user ? { User: options.user } : {}),
          abortSignal,
        });
        const stream = (await exec.start({ hijack: false, stdin: false, abortSignal })) as Readable;
        openStream(stream, abortSignal);
        const frames = new FrameSplitter();
        const output: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
        let size = 0;
        for await (const chunk of stream) {
          size += (chunk as Buffer).length;
          if (size > EXEC_OUTPUT_LIMIT)
            throw new ChaosError("infrastructure", `Docker: ${what}: more than 16 MiB of output`);
          for (const { stream: source, payload } of frames.push(chunk as Buffer)) output[source].push(payload);
        }
        const { ExitCode } = await exec.inspect({ abortSignal });
        if (ExitCode === null) throw new ChaosError("infrastructure", `Docker: ${what}: it has no exit code`);
        const text = (source: "stdout" | "stderr") => Buffer.concat(output[source]).toString("utf8");
        return { code: ExitCode, stdout: text("stdout"), stderr: text("stderr") };
      });
    },

    /**
     * Hands over what happens to containers that carry all `labels` ("kvchaos.run=x"), from before this call returns until
     * the signal fires.
     */
    async events(
      options: CallOptions & { labels: readonly string[] },
      onEvent: (event: ContainerEvent) => void,
    ): Promise<Subscription> {
      const what = "follow the engine's events";
      // The daemon answers before it subscribes; asking for what happened since now closes the gap.
      const now = local ? Date.now() : Date.parse((await call(daemon, what, options, () => docker.info())).SystemTime);
      const filters = { type: ["container" as const], event: [...ACTIONS], label: [...options.labels] };
      const { stream, stop } = await open(what, options, async (abortSignal) => {
        return (await docker.getEvents({ since: now / 1000, filters, abortSignal })) as Readable;
      });
      const read = async () => {
        for await (const raw of jsonLines<RawEvent>(stream)) {
          const event = describe(raw);
          if (event && !stop.aborted) onEvent(event);
        }
        if (!stop.aborted) throw wentAway(daemon, what, "the stream of events ended");
      };
      return subscription(what, stop, read());
    },
  };
}

function secondsOf(at: string): number {
  return Math.floor(Date.parse(at) / 1000);
}

function describe(raw: RawEvent): ContainerEvent | undefined {
  const action = ACTIONS.find((known) => known === raw.Action);
  if (!action) return undefined;
  const { name = "", exitCode, signal, image: _image, execDuration: _, ...rest } = raw.Actor.Attributes;
  const labels: Labels = rest;
  return {
    at: raw.timeNano / 1e6,
    id: raw.Actor.ID,
    name,
    action,
    exitCode: action === "die" && exitCode !== undefined ? Number(exitCode) : null,
    signal: action === "kill" && signal !== undefined ? signal : null,
    labels,
  };
}
