/** The items of which it holds, in their order; all are asked at once. */
export async function filterAsync<T>(items: readonly T[], holds: (item: T) => Promise<boolean>): Promise<T[]> {
  const answers = await Promise.all(items.map(holds));
  return items.filter((_, index) => answers[index]);
}
