import assert from "node:assert/strict";
import { fakeRegistries } from "../testing/fake-registries.support.ts";
import { committedSchema, experimentJsonSchema } from "./json-schema.ts";

describe("the JSON Schema for editors", () => {
  it("is committed as it should be (else: node --import tsx harness/experiment/json-schema.ts --write)", async () => {
    const { wanted, found } = await committedSchema();
    assert.deepEqual(found, wanted);
  });

  it("has one shape per fault, with the common keys and its own, and no others", () => {
    const { properties = {} } = experimentJsonSchema(fakeRegistries);
    const { items } = properties.faults as {
      items: { oneOf: { title: string; properties: object; required: string[] }[] };
    };
    assert.deepEqual(
      items.oneOf.map(({ title, required }) => [title, required]),
      [
        ["freeze", ["fault", "node"]],
        ["cut", ["fault", "links"]],
        ["flush", ["fault"]],
      ],
    );
    for (const one of items.oneOf) {
      assert.equal((one as { additionalProperties?: boolean }).additionalProperties, false);
      for (const key of ["id", "at", "every", "count", "after", "when", "for"]) assert.ok(key in one.properties, key);
    }
    assert.ok("depth" in (items.oneOf[0]?.properties ?? {}));
  });

  it("knows the names of checks and workloads", () => {
    const text = JSON.stringify(experimentJsonSchema(fakeRegistries));
    assert.match(text, /"enum":\["set","zadd"\]/);
    assert.match(text, /"enum":\["no-hang","no-crash",/);
  });
});
