import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";

const PLAIN = path.join(import.meta.dirname, "../../compose/one-master-two-replicas.yaml");

/** Writes a Compose file of one master with so many servers in all, and a control server. */
export async function writeCompose(file: string, servers: number): Promise<void> {
  const compose = parse(await readFile(PLAIN, "utf8"), { merge: true });
  const { m1, r1, r2: _, control, toxiproxy } = compose.services;
  const replicas = Array.from({ length: servers - 1 }, (_, i) => [`r${i + 1}`, r1]);
  compose.services = { m1, ...Object.fromEntries(replicas), control, toxiproxy };
  await writeFile(file, JSON.stringify(compose));
}
