import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { readTraceUrl, spansObserver } from "./spans-observer.ts";

interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number };
  events: { name: string }[];
}

describe("spans by OTLP", () => {
  it("go where http and https lead, without a password on the command line", () => {
    assert.equal(readTraceUrl("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
    assert.equal(readTraceUrl("https://x.example/otlp"), "https://x.example/otlp");
    for (const text of ["127.0.0.1:4318", "ftp://x", ""])
      assert.throws(() => readTraceUrl(text), { code: "usage", message: /expected the address/ });
    assert.throws(
      () => readTraceUrl("http://me:secret@x"),
      (error: Error) => !error.message.includes("secret"),
    );
  });

  it("are one trace of a run, its phases and its faults, taken by a receiver", async () => {
    const sent: SentSpan[] = [];
    const resources: string[] = [];
    const receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        assert.equal(request.url, "/v1/traces");
        const body = JSON.parse(Buffer.concat(parts).toString()) as {
          resourceSpans: { resource: unknown; scopeSpans: { spans: SentSpan[] }[] }[];
        };
        for (const { resource, scopeSpans } of body.resourceSpans) {
          resources.push(JSON.stringify(resource));
          sent.push(...scopeSpans.flatMap(({ spans }) => spans));
        }
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = receiver.address() as AddressInfo;
      const observer = await spansObserver(`http://127.0.0.1:${port}`);
      const { events } = sampleRun();
      for (const event of events) observer.onEvent(event, "run-1");
      observer.onEnd("run-1");
      await observer.close();
      assert.match(resources[0] ?? "", /"service\.name".*"kvchaos"/);
      const [root, ...more] = sent.filter(({ parentSpanId }) => !parentSpanId);
      assert.ok(root && more.length === 0);
      assert.match(root.name, /^run any\/sample$/);
      assert.equal(root.status.code, 2, "a finding");
      assert.ok(root.events.some(({ name }) => name === "finding"));
      assert.ok(
        sent.every(
          ({ traceId, spanId, parentSpanId }) =>
            traceId === root.traceId && (spanId === root.spanId || parentSpanId === root.spanId),
        ),
      );
      const begun = events.flatMap((event) => (event.type === "phase" && event.step === "begin" ? [event.phase] : []));
      const injected = events.flatMap((event) =>
        event.type === "fault" && event.step === "inject" ? [`fault ${event.fault}`] : [],
      );
      const names = sent.filter((span) => span !== root).map(({ name }) => name);
      assert.deepEqual(names.sort(), [...begun, ...injected].sort());
      assert.ok(
        injected.length > 0 && sent.every((span) => BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)),
      );
    } finally {
      receiver.closeAllConnections();
      receiver.close();
    }
  });
});
