/** What went wrong, in terms of who has to act. The CLI maps each to one exit code. */
export type ErrorCode = "usage" | "invalid-experiment" | "infrastructure" | "timeout" | "interrupted" | "internal";

export interface ErrorDetails {
  /** What the reader should do next; one sentence, imperative. */
  hint?: string | undefined;
  cause?: unknown;
}

/** The harness's only error class. The message says what and where; the hint says what to do next. */
export class ChaosError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ChaosError";
    this.code = code;
    this.hint = details.hint;
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim();
}
