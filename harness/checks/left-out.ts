/** For a reader of a pass. @param who nodes that the experiment left down */
export function leftOut(who: readonly string[]): string[] {
  if (who.length === 0) return [];
  const [were, them] = who.length === 1 ? ["was", "it"] : ["were", "them"];
  return [`${who.join(", ")} ${were} left out: the experiment took ${them} down for good`];
}
