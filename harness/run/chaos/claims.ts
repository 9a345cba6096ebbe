interface Claim {
  fault: string;
  node: string;
  as: "paused" | "down";
  forEver: boolean;
}

/** Which nodes our own faults hold stopped right now: such a node is no finding. */
export class Claims {
  readonly #claims = new Set<Claim>();

  /** Returns the release of this one claim. */
  add(fault: string, node: string, as: "paused" | "down", forEver = false): () => void {
    const claim = { fault, node, as, forEver };
    this.#claims.add(claim);
    return () => {
      this.#claims.delete(claim);
    };
  }

  /** Ends the claims of a healed fault, but for nodes that it never starts again. */
  release(fault: string): void {
    for (const claim of this.#claims) if (claim.fault === fault && !claim.forEver) this.#claims.delete(claim);
  }

  /** "down" wins over "paused". */
  of(node: string): "paused" | "down" | null {
    const mine = [...this.#claims].filter((claim) => claim.node === node);
    return mine.some((claim) => claim.as === "down") ? "down" : mine.length > 0 ? "paused" : null;
  }

  /** Nodes that stay down to the end of the run by the experiment's own wish. */
  abandoned(): string[] {
    return [...this.#claims].filter((claim) => claim.forEver).map((claim) => claim.node);
  }
}
