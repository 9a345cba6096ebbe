import { isIP } from "node:net";
import { textTable } from "../base/text-table.ts";
import type { Address } from "../cluster/cluster.ts";

/** One directed path of the cluster and the fault that cuts it now, if any. A link with several ports: one entry per port. */
export interface LinkState {
  name: string;
  /** Id of the fault that holds this link cut ("partition-1"), or null. */
  cutBy: string | null;
  /** "host:port" that the node dials, as the node sees it (inside its network). */
  address: string;
}

/** A TCP socket as the kernel sees it: one line of /proc/<pid>/net/tcp or tcp6. Queues in bytes. */
export interface TcpSocket {
  inode: number;
  local: Address;
  peer: Address;
  state: string;
  /** Written by the process, not acknowledged by the peer. */
  txQueue: number;
  /** Received by the kernel, not read by the process. On a listening socket: connections nobody accepted. */
  rxQueue: number;
}

/** An open TCP socket of the process, with the link its peer belongs to. */
export interface OpenSocket extends TcpSocket {
  fd: number;
  link: { name: string; cutBy: string | null } | null;
}

/** include/net/tcp_states.h, from 1. */
const STATES = (
  "? ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING " +
  "NEW_SYN_RECV"
).split(" ");

/** Both families have the same columns; only the width of the address differs. */
export function parseNetTcp(text: string): TcpSocket[] {
  const sockets: TcpSocket[] = [];
  for (const line of text.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = parseAddress(columns[1]);
    const peer = parseAddress(columns[2]);
    const [tx, rx] = (columns[4] ?? "").split(":");
    const inode = Number(columns[9]);
    if (!local || !peer || tx === undefined || rx === undefined || !Number.isInteger(inode)) continue;
    sockets.push({
      inode,
      local,
      peer,
      state: STATES[Number.parseInt(columns[3] ?? "0", 16)] ?? "?",
      txQueue: Number.parseInt(tx, 16),
      rxQueue: Number.parseInt(rx, 16),
    });
  }
  return sockets;
}

/** "0100007F:1A0A" → 127.0.0.1:6666. Addresses are 32-bit words in the host's order (little-endian on x86-64). */
function parseAddress(text: string | undefined): Address | null {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text ?? "");
  if (!match?.[1] || !match[2]) return null;
  const port = Number.parseInt(match[2], 16);
  const bytes = (match[1].match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return { host: bytes.join("."), port };
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return { host: bytes.slice(12).join("."), port };
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return { host: groups.join(":").replace(/(^|:)0(:0)+(:|$)/, "::"), port };
}

/** "socket:[1234]" (the target of /proc/<pid>/fd/<n>) → 1234. */
export function socketInode(fdTarget: string): number | null {
  const match = /^socket:\[(\d+)\]$/.exec(fdTarget);
  return match ? Number(match[1]) : null;
}

/**
 * The link whose address a socket's peer is. A link known by host name cannot be compared with the kernel's numbers:
 * it matches by port when no other link has that port.
 */
export function linkOfPeer(peer: Address, links: readonly LinkState[]): { name: string; cutBy: string | null } | null {
  const samePort = links
    .map((link) => ({ link, at: link.address.lastIndexOf(":") }))
    .map(({ link, at }) => ({ link, host: link.address.slice(0, at), port: Number(link.address.slice(at + 1)) }))
    .filter(({ port }) => port === peer.port);
  const exact = samePort.find(({ host }) => host.replace(/^\[|\]$/g, "") === peer.host);
  const named = samePort.filter(({ host }) => isIP(host) === 0);
  const only = new Set(named.map(({ link }) => link.name)).size === 1 ? named[0] : undefined;
  const link = (exact ?? only)?.link;
  return link ? { name: link.name, cutBy: link.cutBy } : null;
}

/** Joins the descriptor table with the kernel's socket table. */
export function openSockets(
  fds: ReadonlyMap<number, string>,
  tcp: readonly TcpSocket[],
  links: readonly LinkState[],
): OpenSocket[] {
  const byInode = new Map(tcp.map((socket) => [socket.inode, socket]));
  const open: OpenSocket[] = [];
  for (const [fd, target] of fds) {
    const inode = socketInode(target);
    const socket = inode === null ? undefined : byInode.get(inode);
    if (!socket) continue;
    open.push({ ...socket, fd, link: socket.state === "LISTEN" ? null : linkOfPeer(socket.peer, links) });
  }
  return open;
}

/** sockets.txt: sockets with something in their queues come first: that is where traffic piles up. */
export function socketsText(sockets: readonly OpenSocket[]): string {
  const rows = [...sockets]
    .sort((a, b) => b.rxQueue + b.txQueue - (a.rxQueue + a.txQueue))
    .map((s) => [
      String(s.fd),
      s.state,
      `${s.local.host}:${s.local.port}`,
      s.state === "LISTEN" ? "-" : `${s.peer.host}:${s.peer.port}`,
      String(s.rxQueue),
      String(s.txQueue),
      s.link ? `${s.link.name}${s.link.cutBy === null ? "" : ` (cut by fault ${s.link.cutBy})`}` : "-",
    ]);
  return `${textTable([["fd", "state", "local", "peer", "unread bytes", "unsent bytes", "link"], ...rows]).join("\n")}\n`;
}
