import { parseImageName } from "../images/image-name.ts";
import type { ImageRecipe } from "../images/image-recipe.ts";

const CONTROLLER_VERSION = "1.1.0";

/** As the official image (its Dockerfile): `kvctl-server` with a configuration that has to be brought along. */
const kvrocksController: ImageRecipe = {
  entrypoint: ["/kvctl/bin/kvctl-server"],
  command: ["-c", "/var/lib/kvctl/config.yaml"],
  binaryPath: "/kvctl/bin/kvctl-server",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [9379],
  volumes: [],
  workingDirectory: "/kvctl",
  environment: {},
  files: [{ path: "/var/lib/kvctl/.keep", mode: 0o644, content: "" }],
  source: {
    kind: "go",
    repository: "apache/kvrocks-controller",
    module: "github.com/apache/kvrocks-controller/cmd/server",
    version: CONTROLLER_VERSION,
    ldflags: `-s -w -X github.com/apache/kvrocks-controller/version.Version=${CONTROLLER_VERSION}`,
  },
};

/** The store of controllers: one process, its data in the container. */
const etcd: ImageRecipe = {
  entrypoint: ["/usr/bin/etcd"],
  command: [],
  binaryPath: "/usr/bin/etcd",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [2379],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [{ path: "/var/lib/etcd/.keep", mode: 0o644, content: "" }],
  source: { kind: "debian", repository: "kvchaos/etcd", package: "etcd-server", binary: "/usr/bin/etcd" },
};

const RECIPES: readonly [RegExp, ImageRecipe][] = [
  [/kvrocks-controller$/, kvrocksController],
  [/^kvchaos\/etcd$/, etcd],
];

/** How the image of a helper is made where it can neither be found nor pulled. */
export function helperRecipe(image: string): ImageRecipe {
  const { repository } = parseImageName(image);
  const known = RECIPES.find(([name]) => name.test(repository))?.[1];
  return known ?? { ...etcd, source: { kind: "none", hint: "Pull it on this machine, or check its name." } };
}
