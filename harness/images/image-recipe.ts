/** How a server binary becomes an image that behaves like the official one, and where to get the binary on Debian. */
export interface ImageRecipe {
  entrypoint: readonly string[];
  command: readonly string[];
  /** Absolute path of the binary inside the image. */
  binaryPath: string;
  /** A user created in the image's /etc/passwd; the entrypoint may drop to it. */
  user: { name: string; uid: number; runAs: "image" | "entrypoint" };
  ports: readonly number[];
  volumes: readonly string[];
  workingDirectory: string;
  environment: Readonly<Record<string, string>>;
  /**
   * Text files put into the image (an entrypoint script, a default config file), unless `--add` brings one of that path.
   * `beside`: a file of this name beside the server binary, as a build may leave it there, takes its place.
   */
  files: readonly { path: string; mode: number; content: string; beside?: string }[];
  /** Programs (file names) that lie beside the server binary and go beside it in the image, e.g. redis-cli. */
  extraBinaries?: readonly string[];
  /** A static busybox as /bin/sh with its applets (default), or nothing but the server. */
  shell?: "busybox" | "none";
  /** How kvchaos can make the image by itself when it can neither be found nor pulled. */
  source: // repository: the image name (without tag) that the made image may carry; its tag must fit the version made.
  // backports: where this machine's package sources do not have the package, its Debian's backports may.
    | { kind: "debian"; repository: string; package: string; binary: string; backports?: boolean }
    | { kind: "go"; repository: string; module: string; version: string; ldflags: string }
    | { kind: "none"; hint: string };
}
