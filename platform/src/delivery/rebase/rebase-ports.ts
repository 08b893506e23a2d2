import type { Db } from "../../kernel/index.ts";
import type { EncodedDocument, ImageInfo, NewBase, OciDescriptor } from "../image/index.ts";
import type { AppSight } from "./judge-health.ts";
import type { RunImageBuild } from "./rebasing.ts";

/** The run images that are at hand. */
export interface RunImages {
  /** The newest build of each that new builds would stand on; names that only stand for builders' images may be among them. */
  list(): Promise<readonly RunImageBuild[]>;
  /**
   * Sees to it that a build that an operator names is at hand, with all of its layers, and returns it; `as` gives the name
   * where the build tells none. Throws invalid_params that says what can be named. The same twice changes nothing.
   */
  bring(reference: string, as: string | undefined): Promise<RunImageBuild>;
}

/** An app's image on another run image. */
export interface RebasedImage {
  readonly config: EncodedDocument;
  readonly manifest: EncodedDocument;
  /** The run image's layers. The app's own are where its image was. */
  readonly runLayers: readonly OciDescriptor[];
}

/** Where rebased images are kept: beside those that they were made of. */
export interface RebasedImages {
  /**
   * Keeps an image in the app's repository: durable on return. It reads and sends no layer. Throws an Error when a layer is
   * not there, and what the store throws. The same twice is the same as once.
   */
  keep(appId: string, image: RebasedImage): Promise<void>;
  /** Keeps the index of images that were kept in the app's repository, in the same way. Throws an Error when one is not there. */
  keepIndex(appId: string, index: EncodedDocument): Promise<void>;
}

/** What an app's dynos do, told by whoever runs them. */
export interface AppHealth {
  /** Of the app's current release; undefined while the engine is not seen. */
  look(appId: string): Promise<AppSight | undefined>;
}

/** An image that was put on another run image. */
export interface RebasedSubject {
  /** The image that it was made of. */
  readonly fromDigest: string;
  readonly subject: OciDescriptor;
  readonly run: Pick<NewBase, "name" | "digest">;
}

/** What is to be said of a rebased image. */
export interface ImageToSay extends RebasedSubject {
  readonly appId: string;
  readonly passId: string;
  readonly image: ImageInfo;
  readonly startedAt: Date;
  /** Of an index: its images. */
  readonly platforms?: readonly RebasedSubject[];
}

/** Says of a rebased image what it is, beside it, before it is on record; returns what records that. */
export type AttestRebase = (of: ImageToSay) => Promise<(trx: Db) => Promise<void>>;
