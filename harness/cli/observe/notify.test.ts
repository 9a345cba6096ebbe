import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { notify, readWebhook, type Word } from "./notify.ts";

const WORD: Word = { kind: "night", text: "night 7: 1 fail", facts: { seed: "7", outcomes: { fail: 1 } } };

/** What a webhook got, and what was said on stderr meanwhile. */
async function told(path: string, statuses: number[], prefix = "", user = "") {
  const got: { url: string; body: unknown; authorization: string | undefined }[] = [];
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      got.push({ url: request.url ?? "", body, authorization: request.headers.authorization });
      const status = statuses[Math.min(got.length, statuses.length) - 1] as number;
      response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/elsewhere" } : {}).end("no");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  const write = process.stderr.write;
  let said = "";
  process.stderr.write = (text) => {
    said += text;
    return true;
  };
  try {
    await notify(readWebhook(`${prefix}http://${user}127.0.0.1:${port}${path}`, {}), WORD, [0, 0]);
  } finally {
    process.stderr.write = write;
    receiver.closeAllConnections();
    receiver.close();
  }
  return { got, said, port };
}

describe("a word to a webhook", () => {
  it("is JSON with the facts, or what Slack takes", async () => {
    const plain = await told("/hook?token=s3cret", [200], "", "me:pass%20word@");
    assert.deepEqual(plain.said, "");
    assert.equal(plain.got[0]?.url, "/hook?token=s3cret");
    assert.equal(plain.got[0]?.authorization, `Basic ${Buffer.from("me:pass word").toString("base64")}`);
    const { kvchaos, ...body } = (plain.got[0] as (typeof plain.got)[number]).body as { kvchaos: string };
    assert.match(kvchaos, /^\d/);
    assert.deepEqual(body, { version: 1, kind: "night", text: WORD.text, seed: "7", outcomes: { fail: 1 } });
    assert.deepEqual((await told("/services/T/B/x", [200], "slack:")).got[0]?.body, { text: WORD.text });
    assert.equal(readWebhook("https://hooks.slack.com/services/x", {})?.slack, true);
  });

  it("comes again after trouble that may pass; what is not taken is told without the secret, and throws nothing", async () => {
    const again = await told("/s3cret", [503, 200]);
    assert.deepEqual([again.got.length, again.said], [2, ""]);
    for (const [status, times, why] of [
      [404, 1, "it answered 404"],
      [302, 1, "it answered 302"],
      [500, 3, "it answered 500"],
    ] as const) {
      const { got, said, port } = await told("/s3cret?k=s3cret", [status], "", "s3cret:s3cret@");
      assert.equal(got.length, times);
      assert.match(said, new RegExp(`the webhook at 127\\.0\\.0\\.1:${port} was not told: ${why}`));
      assert.ok(!said.includes("s3cret"), said);
    }
  });

  it("is refused without the address, and comes from the environment", () => {
    for (const text of ["s3cret", "ftp://x/s3cret", "slack:s3cret"]) {
      assert.throws(
        () => readWebhook(text, {}),
        (error: Error) => !`${error.message}`.includes("s3cret"),
      );
    }
    assert.equal(readWebhook(undefined, {}), null);
    assert.equal(readWebhook(undefined, { KVCHAOS_NOTIFY: "http://127.0.0.1/x" })?.url.pathname, "/x");
  });
});
