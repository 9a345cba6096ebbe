import type { Examination, ExaminedSocket } from "../journal/examination.ts";
import type { FamilyLook } from "./family-look.ts";

const MOST_SOCKETS = 1_000;
const MOST_FILES = 1_000;

/** TCP sockets of a family, those with something in their queues first. */
export function socketsOf({ descriptors }: Pick<FamilyLook, "descriptors">): ExaminedSocket[] {
  const all = [...descriptors].flatMap(([pid, { first, last }]) => {
    const before = new Map(first.sockets.map((socket) => [socket.inode, socket]));
    return last.sockets.map(({ fd, inode, state, local, peer, rxQueue, txQueue }) => {
      const unread = unreadOf({ state, rxQueue });
      const then = before.get(inode);
      const unreadThen = then === undefined ? 0 : unreadOf(then);
      return {
        ...{ pid, fd, state, local: `${local.host}:${local.port}`, unread, unsent: txQueue },
        peer: state === "LISTEN" ? null : `${peer.host}:${peer.port}`,
        stuck: state !== "LISTEN" && unreadThen > 0 && unread >= unreadThen,
      };
    });
  });
  return all.sort((a, b) => b.unread + b.unsent - (a.unread + a.unsent)).slice(0, MOST_SOCKETS);
}

/** The kernel counts the end that a peer has sent as one more byte. */
function unreadOf({ state, rxQueue }: { state: string; rxQueue: number }): number {
  return state === "CLOSE_WAIT" ? Math.max(0, rxQueue - 1) : rxQueue;
}

export function filesOf({ descriptors }: Pick<FamilyLook, "descriptors">): Examination["files"] {
  const all = [...descriptors].flatMap(([pid, { last }]) =>
    [...last.fds].map(([fd, path]) => ({ pid, fd, path })).filter(({ path }) => path.startsWith("/")),
  );
  return all.slice(0, MOST_FILES);
}
