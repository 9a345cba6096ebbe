/** An issue or pull request of one tracker. */
export interface IssueName {
  /** As people say it: "kvrocks", "pika", "redis", "valkey", else the repository's name. */
  project: string;
  number: number;
}

/** Repositories whose name is not what people call the project. */
const CALLED: Record<string, string> = { pikiwidb: "pika" };

/** The issue at an address, on whatever host; null when the address is of another form than …/owner/repository/issues/7. */
export function issueAt(url: string): IssueName | null {
  const match = /^https?:\/\/[^/]+\/[^/]+\/([\w.-]+)\/(?:issues|pull)\/(\d+)(?:[/?#].*)?$/.exec(url);
  if (!match) return null;
  const [, repository = "", number] = match;
  return { project: CALLED[repository.toLowerCase()] ?? repository.toLowerCase(), number: Number(number) };
}

/** "kvrocks#2512" */
export function issueText({ project, number }: IssueName): string {
  return `${project}#${number}`;
}

/** Reads "kvrocks#2512", back from `issueText`; null when it is none. */
export function parseIssueText(text: string): IssueName | null {
  const match = /^([a-z][\w.-]*)#(\d+)$/i.exec(text);
  return match ? { project: (match[1] as string).toLowerCase(), number: Number(match[2]) } : null;
}
