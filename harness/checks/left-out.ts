/** For a reader of a pass. @param who nodes that the experiment left down */
export function leftOut(who: readonly string[]): string[] {
  const [first, ...more] = who;
  if (first === undefined) return [];
  return [
    more.length === 0
      ? `${first} was left out: the experiment took it down for good`
      : `${who.join(", ")} were left out: the experiment took them down for good`,
  ];
}
