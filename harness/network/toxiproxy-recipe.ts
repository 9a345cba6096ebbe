import type { ImageRecipe } from "../images/image-recipe.ts";

/** The version every link runs on. 2.12.0 no longer restarts a proxy whose listen address is a host name. */
const VERSION = "2.12.0";
const REPOSITORY = "kvchaos/toxiproxy";

/** The image that `toxiproxyRecipe` makes. */
export const TOXIPROXY_IMAGE = `${REPOSITORY}:${VERSION}`;

/** The Toxiproxy server as in its official image: a static binary and nothing else; API on 8474. */
export const toxiproxyRecipe: ImageRecipe = {
  entrypoint: ["/toxiproxy"],
  command: ["-host=0.0.0.0"],
  binaryPath: "/toxiproxy",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [8474],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [],
  shell: "none",
  source: {
    kind: "go",
    repository: REPOSITORY,
    module: "github.com/Shopify/toxiproxy/v2/cmd/server",
    version: VERSION,
    ldflags: `-s -w -X github.com/Shopify/toxiproxy/v2.Version=${VERSION}`,
  },
};
