import assert from "node:assert/strict";
import { recordOf } from "../../journal/record.ts";
import { event } from "../../testing/record-fixture.support.ts";
import { summarize } from "../run-summary.ts";
import { identityHtml } from "./identity-html.ts";

describe("the machine of a run, in a report", () => {
  const pageWith = (engine: { userlandProxy?: boolean | null }): string =>
    identityHtml(summarize(recordOf([event("run", 0, { host: { engine } })]))).text;

  it("tells what docker-proxy costs, and the line that turns it off, where the engine has it", () => {
    assert.match(pageWith({ userlandProxy: true }), /docker-proxy copies every byte.*\/etc\/docker\/daemon\.json/);
    for (const engine of [{ userlandProxy: false }, { userlandProxy: null }, {}])
      assert.doesNotMatch(pageWith(engine), /docker-proxy/);
  });
});
