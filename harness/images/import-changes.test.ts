import assert from "node:assert/strict";
import type { ImageRecipe } from "./image-recipe.ts";
import { recipeChanges } from "./import-changes.ts";

const recipe: ImageRecipe = {
  entrypoint: ["start.sh", 'a "quoted" word'],
  command: ["server"],
  binaryPath: "/usr/bin/server",
  user: { name: "kv", uid: 500, runAs: "image" },
  ports: [6666, 6667],
  volumes: ["/data"],
  workingDirectory: "/data",
  environment: {},
  files: [],
  source: { kind: "none", hint: "" },
};

describe("a recipe's import instructions", () => {
  it("say entrypoint, command, user, ports, volumes, folder and labels", () => {
    assert.deepEqual(recipeChanges(recipe, { "kvchaos.image.source": "/x" }), [
      'ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
      'ENTRYPOINT ["start.sh","a \\"quoted\\" word"]',
      'CMD ["server"]',
      "USER kv",
      "EXPOSE 6666/tcp",
      "EXPOSE 6667/tcp",
      'VOLUME ["/data"]',
      "WORKDIR /data",
      'LABEL kvchaos.image.source="/x"',
    ]);
  });

  it("leave the user to the entrypoint when the recipe says so, and have no empty lines", () => {
    const plain = { ...recipe, command: [], volumes: [], user: { ...recipe.user, runAs: "entrypoint" as const } };
    const kinds = recipeChanges(plain, {}).map((line) => line.split(" ")[0]);
    assert.deepEqual(kinds, ["ENV", "ENTRYPOINT", "EXPOSE", "EXPOSE", "WORKDIR"]);
  });

  it("keep dollars, quotes and backslashes of a value as they are", () => {
    const odd = { ...recipe, environment: { A: 'say "$HOME" \\n' } };
    assert.ok(recipeChanges(odd, {}).includes('ENV A="say \\"\\$HOME\\" \\\\n"'));
  });
});
