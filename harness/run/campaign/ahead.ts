interface Begun<R> {
  unneeded: AbortController;
  result: Promise<R>;
}

/** Work that is begun before it is known whether anybody will ask for it. */
export class Ahead<R> {
  readonly #work: (key: string, unneeded: AbortSignal) => Promise<R>;
  readonly #begun = new Map<string, Begun<R>>();

  constructor(work: (key: string, unneeded: AbortSignal) => Promise<R>) {
    this.#work = work;
  }

  /** Its result; it is begun now unless it was before. */
  get(key: string): Promise<R> {
    const begun = this.#begun.get(key);
    if (begun) return begun.result;
    const unneeded = new AbortController();
    const result = this.#work(key, unneeded.signal);
    result.catch(() => {}); // whoever asks for it hears of it
    this.#begun.set(key, { unneeded, result });
    return result;
  }

  /** These are likely to be asked for next, the first one first; all others are given up. Resolves when those have ended. */
  async expect(keys: readonly string[]): Promise<void> {
    const dropped = [...this.#begun].filter(([key]) => !keys.includes(key));
    for (const [key, { unneeded }] of dropped) {
      unneeded.abort();
      this.#begun.delete(key);
    }
    for (const key of keys) this.get(key);
    await Promise.allSettled(dropped.map(([, { result }]) => result));
  }
}

/**
 * What a search asks for next, and what it may ask for after that: the nearest first, each once. The search is begun anew for it.
 * @param answers those that it has got
 * @param guesses what may be the next one
 */
export function upcoming<K, A>(
  search: () => Generator<K, unknown, A>,
  answers: readonly A[],
  guesses: readonly A[],
  count: number,
): K[] {
  const found = new Map<string, K>();
  for (let some = [answers]; some.length > 0 && found.size < count; ) {
    const asked = some.flatMap((given) => {
      const steps = search();
      let step = steps.next();
      for (const answer of given) step = steps.next(answer);
      return step.done ? [] : [{ given, value: step.value }];
    });
    for (const { value } of asked) if (found.size < count) found.set(JSON.stringify(value), value);
    some = asked.flatMap(({ given }) => guesses.map((guess) => [...given, guess]));
  }
  return [...found.values()];
}
