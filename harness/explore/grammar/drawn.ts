/** An experiment, or a part of one, as a file says it. */
export type Drawn = Record<string, unknown>;
