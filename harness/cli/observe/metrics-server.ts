import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { RunMetrics } from "../../report/metrics/run-metrics.ts";

export interface ListenAddress {
  host: string;
  port: number;
}

/** "127.0.0.1:9464", "localhost:9464", "[::1]:9464" or "9464". Throws `usage` for what others than this machine could reach. */
export function readListenAddress(text: string): ListenAddress {
  const [, host = "127.0.0.1", digits = ""] = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535)
    throw new ChaosError("usage", `--metrics ${text}: expected HOST:PORT`, { hint: "Like --metrics 127.0.0.1:9464." });
  if (!/^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(host)) {
    throw new ChaosError("usage", `--metrics ${text}: only this machine may ask`, {
      hint: `Use 127.0.0.1:${port}; a reverse proxy or \`ssh -L\` brings it elsewhere.`,
    });
  }
  return { host: host.replace(/^\[|\]$/g, ""), port };
}

/** Serves /metrics at `where` until it is closed; port 0: any that is free. Throws `infrastructure` where the port cannot be had. */
export async function serveMetrics(address: ListenAddress, metrics: RunMetrics) {
  const server = createServer((request, response) => {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404, { "content-type": "text/plain" }).end("see /metrics\n");
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text),
      (error: unknown) => response.writeHead(500, { "content-type": "text/plain" }).end(`${messageOf(error)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === "EADDRINUSE";
      const { host, port } = address;
      const why = taken ? "another program listens there" : messageOf(error);
      const hint = taken ? "Choose another port, or end what listens there (`ss -ltnp` tells)." : undefined;
      reject(new ChaosError("infrastructure", `metrics cannot be served on ${host}:${port}: ${why}`, { hint }));
    };
    server.once("error", refuse);
    server.listen(address.port, address.host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { where: `${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`, close };
}
