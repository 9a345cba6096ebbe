/** Skips the test, or in a hook its whole suite, and says why in the titles, which the reporter shows. */
export function skip(context: Mocha.Context, why: string): never {
  const runnable = context.runnable() as Mocha.Runnable & { type?: string };
  const mark = (one: { title: string }): void => {
    one.title += ` (skipped: ${why})`;
  };
  if (runnable.type === "hook") runnable.parent?.eachTest(mark);
  else mark(runnable);
  return context.skip();
}
