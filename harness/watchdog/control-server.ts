import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

const PONG = Buffer.from("+PONG\r\n");

/** A server of our own that answers every question at once: when it is late, it was us. */
export async function startControl(): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      // A PING is one question, however much TCP has put together.
      const questions = bytes.toString("latin1").split("*").length - 1;
      for (let i = 0; i < questions; i++) socket.write(PONG);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
