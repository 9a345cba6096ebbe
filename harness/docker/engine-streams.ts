import { addAbortSignal, type Readable } from "node:stream";
import type { LogLine } from "./engine-types.ts";

const LINE_LIMIT = 64 * 1024;
const CUT = " …[line cut at 64 KiB]";

/** Ends the stream with an error when the signal fires. An error that nobody reads is not a crash of the harness. */
export function openStream(stream: Readable, signal: AbortSignal): void {
  stream.on("error", () => {});
  addAbortSignal(signal, stream);
}

/** One JSON value per line. A line that is not JSON is an error: the daemon's protocol is broken then. */
export async function* jsonLines<T>(stream: Readable): AsyncGenerator<T> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
  }
  if (rest.trim()) yield JSON.parse(rest) as T;
}

interface Frame {
  stream: "stdout" | "stderr";
  payload: Buffer;
}

/**
 * Splits what logs and exec send without a TTY. Each frame is 8 bytes of header (stream, three zeros, length big-endian) and a
 * payload; the daemon writes one log message per frame. (`modem.demuxStream` never ends its outputs and loses
 * the frames' borders: docs/facts.md#docker.)
 */
export class FrameSplitter {
  #buffered: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): Frame[] {
    this.#buffered.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      if (this.#size < 8) return frames;
      const all = this.#merge();
      const length = all.readUInt32BE(4);
      if (this.#size < 8 + length) return frames;
      frames.push({ stream: all[0] === 2 ? "stderr" : "stdout", payload: all.subarray(8, 8 + length) });
      this.#buffered = [all.subarray(8 + length)];
      this.#size -= 8 + length;
    }
  }

  #merge(): Buffer {
    const first = this.#buffered[0];
    if (this.#buffered.length === 1 && first) return first;
    const merged = Buffer.concat(this.#buffered);
    this.#buffered = [merged];
    return merged;
  }
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;

type StampedLine = Omit<LogLine, "stream">;

/**
 * Joins the frames of one log stream to lines. Docker cuts a message at 16 KiB, and with timestamps on, each
 * piece begins with its own.
 */
class LineJoiner {
  #pieces: Buffer[] = [];
  #size = 0;
  #at = "";

  push(payload: Buffer): StampedLine[] {
    // A timestamp has 20 to 35 ASCII characters.
    const stamp = STAMP.exec(payload.subarray(0, 40).toString("latin1"));
    const at = stamp?.[1] ?? this.#at;
    let rest = payload.subarray(stamp ? stamp[0].length : 0);
    const lines: StampedLine[] = [];
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#add(rest.subarray(0, end), at);
      lines.push(this.#take());
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#add(rest, at);
    return lines;
  }

  /** The last line, when it has no newline. */
  end(): StampedLine[] {
    return this.#size > 0 ? [this.#take()] : [];
  }

  #add(piece: Buffer, at: string): void {
    if (this.#size === 0 || this.#at === "") this.#at = at;
    const room = LINE_LIMIT - this.#size;
    if (room > 0) this.#pieces.push(Buffer.from(piece.subarray(0, room)));
    this.#size += piece.length;
  }

  #take(): StampedLine {
    const text = Buffer.concat(this.#pieces).toString("utf8").replace(/\r$/, "");
    const line = { text: this.#size > LINE_LIMIT ? text + CUT : text, at: this.#at };
    this.#pieces = [];
    this.#size = 0;
    this.#at = "";
    return line;
  }
}

/** The bytes of a container's log (with timestamps) as lines. */
export class LogSplitter {
  readonly #frames = new FrameSplitter();
  readonly #joiners = { stdout: new LineJoiner(), stderr: new LineJoiner() };

  push(chunk: Buffer): LogLine[] {
    return this.#frames
      .push(chunk)
      .flatMap(({ stream, payload }) => this.#joiners[stream].push(payload).map((line) => ({ ...line, stream })));
  }

  /** The last lines, when they have no newline. */
  end(): LogLine[] {
    return (["stdout", "stderr"] as const).flatMap((stream) =>
      this.#joiners[stream].end().map((line) => ({ ...line, stream })),
    );
  }
}
