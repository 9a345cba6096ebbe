import { parseImageName } from "../images/image-name.ts";
import type { ImageRecipe } from "../images/image-recipe.ts";

/** Go's module proxy does not give this module out, and no package has it: who has the sources builds it. */
const CONTROLLER_HINT =
  "Pull it on this machine; or get the sources of that version (github.com/apache/kvrocks-controller), build them with `make`, and make the image with their Dockerfile: kvchaos starts /kvctl/bin/kvctl-server with a configuration of its own, and needs /bin/sh beside it.";

/** The store of controllers: one process, its data in the container. As the official image it has no entrypoint. */
const etcd: ImageRecipe = {
  entrypoint: [],
  command: ["/usr/local/bin/etcd"],
  binaryPath: "/usr/local/bin/etcd",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [2379],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [{ path: "/var/lib/etcd/.keep", mode: 0o644, content: "" }],
  source: { kind: "debian", repository: "quay.io/coreos/etcd", package: "etcd-server", binary: "/usr/bin/etcd" },
};

/** How the image of a helper is made where it can neither be found nor pulled. */
export function helperRecipe(image: string): ImageRecipe {
  const none = { ...etcd, source: { kind: "none", hint: "Pull it on this machine, or check its name." } } as const;
  return rulingRecipe(image) ?? none;
}

/** The same of controllers and their store; undefined: the name tells neither. */
export function rulingRecipe(image: string): ImageRecipe | undefined {
  const { repository } = parseImageName(image);
  if (/\/etcd$/.test(repository)) return etcd;
  return /kvrocks-controller$/.test(repository)
    ? { ...etcd, source: { kind: "none", hint: CONTROLLER_HINT } }
    : undefined;
}
