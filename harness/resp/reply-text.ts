import { type Reply, RespError } from "./reply.ts";

/**
 * A reply as text for people and for parsing INFO: bytes as UTF-8, null as "", arrays joined with line feeds.
 * Lossy for binary data, and still data: escape it on output.
 */
export function replyText(reply: Reply): string {
  if (reply === null) return "";
  if (Buffer.isBuffer(reply)) return reply.toString("utf8");
  if (reply instanceof RespError) return reply.message;
  if (Array.isArray(reply)) return reply.map(replyText).join("\n");
  return String(reply);
}
