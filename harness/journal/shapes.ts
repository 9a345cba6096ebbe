import { z } from "zod";

/** One of several shapes. A name that only other shapes have reads as undefined, so nobody needs to ask first which one it is. */
export type OneOf<Shape, Name extends PropertyKey = Shape extends unknown ? keyof Shape : never> = Shape extends unknown
  ? Shape & { [Other in Exclude<Name, keyof Shape>]?: undefined }
  : never;

/** Checks a value and leaves it as it was written, names in their order: what a report copies from a journal keeps its bytes. */
export function asWritten<T>(schema: z.ZodType<T>) {
  return z.custom<T>((value) => schema.safeParse(value).success);
}

/** The schema of one type of event: when it was (`t`, run ms), its `type`, and what is its own. */
export function event<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.object({ t: z.number(), type: z.literal(type) }).extend(shape);
}
