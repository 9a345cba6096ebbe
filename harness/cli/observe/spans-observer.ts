import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import { version } from "../../base/version.ts";
import { RunSpans } from "../../report/spans/run-spans.ts";
import { log } from "../print.ts";
import type { Observer } from "./observer.ts";

/** ms for the spans that were not sent when the command ends. */
const FLUSH_MS = 10_000;

/** Where spans go: "http://127.0.0.1:4318" and its path, /v1/traces where it has none. Throws `usage`. */
export function readTraceUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ChaosError("usage", "--otlp: expected the address of an OTLP/HTTP receiver", {
      hint: "Like --otlp http://127.0.0.1:4318.",
    });
  if (url.username !== "" || url.password !== "")
    throw new ChaosError("usage", "--otlp: a password does not belong on the command line", {
      hint: "Put it in OTEL_EXPORTER_OTLP_HEADERS.",
    });
  if (url.pathname === "/") url.pathname = "/v1/traces";
  return url.href;
}

/** Sends spans there. Throws `usage` where OpenTelemetry's packages are not installed. What is not taken is told once, and changes nothing else. */
export async function spansObserver(wish: string): Promise<Observer> {
  const url = readTraceUrl(wish);
  const { api, sdk, exporter, resources } = await packages();
  let told = false;
  const tell = (text: string): void => {
    if (!told) log(`spans are not taken by ${new URL(url).host}: ${text}`);
    told = true;
  };
  api.diag.setLogger(
    { error: (text) => tell(reasonIn(text)), warn() {}, info() {}, debug() {}, verbose() {} },
    { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ "service.name": "kvchaos", "service.version": version }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter({ url }) })],
  });
  const spans = new RunSpans(api, provider.getTracer("kvchaos", version));
  return {
    onEvent: (event, runId) => spans.onEvent(event, runId),
    onEnd: (runId) => spans.forget(runId),
    onNight() {},
    close: async () => {
      const closing = withDeadline({ what: "sending the last spans", within: FLUSH_MS }, () => provider.shutdown());
      await closing.catch((error: unknown) => tell(messageOf(error)));
    },
  };
}

/** Optional peers: who wants spans installs them beside kvchaos. */
async function packages() {
  try {
    const [api, sdk, exporter, resources] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
    return { api, sdk, exporter, resources };
  } catch (error) {
    throw new ChaosError("usage", `--otlp needs OpenTelemetry's packages: ${messageOf(error)}`, {
      hint: "npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/exporter-trace-otlp-http @opentelemetry/resources",
      cause: error,
    });
  }
}

/** The SDK tells errors as JSON. */
function reasonIn(text: string): string {
  const [, message] = /"message":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  return (message ?? text).slice(0, 300);
}
