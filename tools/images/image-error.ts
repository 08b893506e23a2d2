/** A failure whose message says what to do next; anything else that is thrown is a mistake of ours. */
export class ImageError extends Error {
  readonly failure: "failed" | "usage" | "missing";

  constructor(failure: ImageError["failure"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ImageError";
    this.failure = failure;
  }
}

/** 1: it failed. 2: the arguments make no sense. 3: something is missing on this machine. */
export const EXIT_STATUS: Readonly<Record<ImageError["failure"], number>> = {
  failed: 1,
  usage: 2,
  missing: 3,
};
