import { readFileSync } from "node:fs";

/*
 * Toxiproxy's metrics cannot tell how far a copy has come: they count a connection's bytes when it ends (link.go, 2.12.0).
 * The kernel counts them as they arrive, per interface; a node has one for replication and one for administration.
 *
 *   /proc/<pid>/net/route   Iface  Destination  …  Mask      eth0  0000A8C0 … 0000FFFF     (hex, least byte first)
 *   /proc/<pid>/net/dev     Inter-face | bytes packets …       eth0: 123456 …
 */

/**
 * Bytes (headers included) that have come in through the interface on the network of `ip`, as the process `pid` sees it,
 * since that interface was made. null: the process or the interface is gone, or not on this machine.
 */
export function receivedBytes(pid: number | null, ip: string): number | null {
  if (pid === null) return null;
  try {
    const name = interfaceTowards(ip, readFileSync(`/proc/${pid}/net/route`, "utf8"));
    return name === null ? null : receivedOn(name, readFileSync(`/proc/${pid}/net/dev`, "utf8"));
  } catch {
    return null; // the process has ended in the meantime
  }
}

/** The interface whose own network holds `ip`, in the text of /proc/net/route; null when there is none. */
export function interfaceTowards(ip: string, routes: string): string | null {
  const address = littleEndian(ip);
  if (address === null) return null;
  for (const line of routes.split("\n").slice(1)) {
    const [name, destination, , , , , , maskText] = line.trim().split(/\s+/);
    const mask = Number.parseInt(maskText ?? "", 16);
    // A default route has the mask 0 and leads anywhere.
    if (!name || !mask) continue;
    if ((address & mask) >>> 0 === Number.parseInt(destination ?? "", 16)) return name;
  }
  return null;
}

/** Received bytes of one interface in the text of /proc/net/dev; null when it is not listed. */
export function receivedOn(name: string, devices: string): number | null {
  for (const line of devices.split("\n")) {
    const [device, counters] = line.trim().split(/:\s*/);
    if (device === name) return Number(counters?.split(/\s+/)[0]);
  }
  return null;
}

function littleEndian(ip: string): number | null {
  const parts = ip.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return null;
  return parts.reduceRight((value, part) => ((value << 8) | part) >>> 0, 0);
}
