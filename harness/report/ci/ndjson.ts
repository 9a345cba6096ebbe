import type { Reporter } from "../reporter.ts";

/** C1 controls, line separators and bidi marks are legal in JSON, and a terminal would obey them. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Every event of the journal as one line of JSON, as it happens. A reader that goes away ends the output, not the run. */
export function ndjsonReporter(stream: NodeJS.WritableStream): Reporter {
  let open = true;
  stream.on("error", () => {
    open = false;
  });
  return {
    name: "ndjson",
    onEvent(event) {
      if (!open) return;
      const line = JSON.stringify(event).replace(
        UNSAFE,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      stream.write(`${line}\n`);
    },
  };
}
