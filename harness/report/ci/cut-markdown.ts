/**
 * As many whole lines of a Markdown text as fit in so many bytes, with a fence that is still open closed by its own length:
 * a fence or an escape that is cut in two would swallow what comes after it, or come alive. `note` is put below.
 */
export function cutMarkdown(text: string, mostBytes: number, note: (kept: number) => string): string {
  const lines = text.split("\n");
  // Room for the longest end: a fence as long as any line here, and the note.
  let room = mostBytes - Buffer.byteLength(note(text.length)) - 4;
  const kept: string[] = [];
  let fence = "";
  for (const line of lines) {
    const opens = fence === "" ? (/^`{3,}/.exec(line)?.[0] ?? "") : fence;
    if (Buffer.byteLength(line) + 1 + opens.length + 1 > room) break;
    room -= Buffer.byteLength(line) + 1;
    kept.push(line);
    fence = fence !== "" && line === fence ? "" : opens;
  }
  if (fence !== "") kept.push(fence);
  const shown = kept.join("\n");
  return `${shown.trimEnd()}\n\n${note(shown.length)}\n`;
}
