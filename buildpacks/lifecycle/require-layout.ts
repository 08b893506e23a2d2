import type { PhaseContext } from "./phase-context.ts";
import { EXIT, PhaseError } from "./phase-error.ts";
import type { PhaseInputs } from "./phase-inputs.ts";
import { requireTags } from "./reference-parts.ts";

/** The names that a phase was given for its image, tags of one registry. Throws when there is none, or another one. */
export function requireImages(inputs: PhaseInputs): readonly [string, ...string[]] {
  const [first, ...others] = [...inputs.images, ...inputs.list("tag")];
  if (!first) throw new Error("an <image> argument is needed");
  requireTags([first, ...others]);
  return [first, ...others];
}

/** The folder of image layouts. This lifecycle reads and writes images in no other form than layouts on disk. */
export function requireLayout({ inputs, log }: PhaseContext): string {
  if (!inputs.flag("layout") || inputs.text("layout-dir") === "")
    throw new PhaseError(
      EXIT.failed,
      "This lifecycle reads and writes images as OCI layouts only. Pass -layout and -layout-dir <folder>.",
    );
  const mode = inputs.env.CNB_EXPERIMENTAL_MODE;
  if (mode === "warn") log.warn("Images in OCI layout form are an experimental feature of the Platform API.");
  // `silent` is the specification's word, `quiet` what platforms give to lifecycles that were there before it.
  else if (mode !== "silent" && mode !== "quiet")
    throw new PhaseError(
      EXIT.failed,
      "OCI layout form is experimental in the Platform API. Set CNB_EXPERIMENTAL_MODE to warn or silent to use it.",
    );
  return inputs.text("layout-dir");
}
