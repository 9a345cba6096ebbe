import type { Readable } from "node:stream";
import { ChaosError } from "../base/chaos-error.ts";
import { call, callUnless, type Daemon, engineError, GONE, withSignal } from "./engine-call.ts";
import { jsonLines, openStream } from "./engine-streams.ts";
import type { CallOptions, ImageInfo } from "./engine-types.ts";

/** One line of the progress that the daemon reports while it pulls or imports. */
interface ProgressLine {
  id?: string;
  status?: string;
  error?: string;
  progressDetail?: { current?: number; total?: number };
}

function pullProgress(line: ProgressLine) {
  return {
    /** "": a line about the whole image. */
    layer: line.id ?? "",
    status: line.status ?? "",
    /** Bytes; null where the daemon does not tell. */
    current: line.progressDetail?.current ?? null,
    total: line.progressDetail?.total ?? null,
  };
}

export function imageCalls(daemon: Daemon) {
  const { docker } = daemon;
  return {
    /** null: not on this machine. */
    async inspectImage(name: string, options: CallOptions = {}): Promise<ImageInfo | null> {
      const found = await callUnless(daemon, GONE, `inspect image ${name}`, options, (abortSignal) =>
        docker.getImage(name).inspect(withSignal({ manifests: false }, abortSignal)),
      );
      if (!found) return null;
      return {
        id: found.Id,
        digest: found.RepoDigests?.[0] ?? found.Id,
        size: found.Size,
        tags: found.RepoTags ?? [],
        labels: found.Config?.Labels ?? {},
        environment: Object.fromEntries((found.Config?.Env ?? []).map(nameAndValue)),
      };
    },

    /** Pulls from the registry that the name says; without a tag, `latest`. No credentials are sent. Default deadline: 10 minutes. */
    async pullImage(
      name: string,
      options: CallOptions & { onProgress?: (progress: ReturnType<typeof pullProgress>) => void } = {},
    ): Promise<void> {
      const what = `pull image ${name}`;
      await call(daemon, what, { default: 600_000, ...options }, async (abortSignal) => {
        const stream = (await docker.pull(name, { abortSignal })) as Readable;
        await readProgress(what, stream, abortSignal, (line) => options.onProgress?.(pullProgress(line)));
      });
    },

    /**
     * Makes an image of one layer from a tar of its root folder.
     * @param tag "name:tag"
     * @param changes Dockerfile lines: ENTRYPOINT, CMD, USER, EXPOSE, VOLUME, WORKDIR, ENV, LABEL
     * @returns the image's id
     */
    async importImage(
      tar: Readable,
      tag: string,
      changes: readonly string[],
      options: CallOptions = {},
    ): Promise<string> {
      const what = `import image ${tag}`;
      return call(daemon, what, { default: 300_000, ...options }, async (abortSignal) => {
        const [, repo, version = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(tag) ?? [];
        const query = { repo, tag: version, changes: [...changes], abortSignal };
        const stream = (await docker.importImage(tar, query)) as Readable;
        let id = "";
        await readProgress(what, stream, abortSignal, (line) => {
          if (line.status?.startsWith("sha256:")) id = line.status;
        });
        if (!id) throw new ChaosError("infrastructure", `Docker could not ${what}: the daemon named no image id`);
        return id;
      });
    },

    /** Does nothing when there is none. */
    async removeImage(name: string, options: CallOptions & { force?: boolean } = {}): Promise<void> {
      await callUnless(daemon, GONE, `remove image ${name}`, options, (abortSignal) =>
        docker.getImage(name).remove({ force: options.force ?? false, abortSignal }),
      );
    },

    async listImages(options: CallOptions = {}): Promise<ImageInfo[]> {
      const images = await call(daemon, "list images", options, (abortSignal) => docker.listImages({ abortSignal }));
      return images.map((image) => ({
        id: image.Id,
        digest: image.RepoDigests?.[0] ?? image.Id,
        size: image.Size,
        tags: (image.RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
        labels: image.Labels ?? {},
      }));
    },
  };

  /** Failures come as a line in a stream that began with status 200. */
  async function readProgress(
    what: string,
    stream: Readable,
    signal: AbortSignal,
    onLine: (line: ProgressLine) => void,
  ): Promise<void> {
    openStream(stream, signal);
    for await (const line of jsonLines<ProgressLine>(stream)) {
      if (line.error) throw engineError(daemon, what, line.error);
      onLine(line);
    }
  }
}

function nameAndValue(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}
