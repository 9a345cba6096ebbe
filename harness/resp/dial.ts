import { readFileSync } from "node:fs";
import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ChaosError, messageOf } from "../base/chaos-error.ts";

/** How a server is reached that wants TLS: PEM texts. Plain data, which may cross a thread border. */
export interface TlsSettings {
  ca?: string;
  cert?: string;
  key?: string;
  /** false: whoever answers is believed. */
  verify: boolean;
}

interface Dialled {
  host: string;
  port: number;
  tls?: TlsSettings | undefined;
  /** Where what arrives is put; of TLS it comes as `data`. */
  onread?: OnReadOpts | undefined;
}

/** Dials a server, TCP_NODELAY; `onOpen` is called once it can be talked to. */
export function dial({ host, port, tls, onread }: Dialled, onOpen: (socket: Socket) => void): Socket {
  if (!tls) {
    const plain: Socket = connect({ host, port, noDelay: true, ...(onread ? { onread } : {}) });
    plain.once("connect", () => onOpen(plain));
    return plain;
  }
  const socket = connectTls({ host, port, ...tlsOptions(host, tls) });
  socket.setNoDelay(true);
  socket.once("secureConnect", () => onOpen(socket));
  return socket;
}

/** As Node's tls wants it. */
export function tlsOptions(host: string, { verify, ...pem }: TlsSettings) {
  // By a name only: an address is no server name (RFC 6066).
  const named = isIP(host) === 0 ? { servername: host } : {};
  return { ...pem, ...named, rejectUnauthorized: verify };
}

/** @throws ChaosError usage: a file cannot be read */
export function readTls(
  files: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined },
  verify = true,
): TlsSettings {
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new ChaosError("usage", `cannot read ${file}: ${messageOf(error)}`);
    }
  };
  const { ca, cert, key } = files;
  return {
    verify,
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(cert === undefined ? {} : { cert: read(cert) }),
    ...(key === undefined ? {} : { key: read(key) }),
  };
}
