/** Items by what they have in common; groups and items in the order in which they come. */
export function groupBy<T, K>(items: Iterable<T>, commonOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) addTo(groups, commonOf(item), item);
  return groups;
}

/** One more item of a group. */
export function addTo<T, K>(groups: Map<K, T[]>, common: K, item: T): void {
  const own = groups.get(common);
  if (own) own.push(item);
  else groups.set(common, [item]);
}
