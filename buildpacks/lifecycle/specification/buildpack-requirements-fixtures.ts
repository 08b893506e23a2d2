import { requirements } from "./requirement-fixtures.ts";

const EXTENSIONS = "image extensions are not supported";
const AUTHORS = "a duty of those who write buildpacks";

/** What the Buildpack specification asks of a lifecycle. */
export const BUILDPACK_REQUIREMENTS = [
  ...requirements("buildpack", "Buildpack API Compatibility", [
    ["buildpack-api/known", "MUST", "each version that is claimed is spoken"],
    ["buildpack-api/unknown", "MUST", "another version is an error"],
  ]),
  ...requirements("buildpack", "Detection and Build (Buildpack Interface)", [
    ["interface/detect", "MUST", "bin/detect has its folder, its variables and an absolute path of its own"],
    ["interface/build", "MUST", "bin/build has its folder, its variables and an absolute path of its own"],
    ["interface/arguments", "MUST", "older buildpacks get the same as arguments"],
    ["interface/exec-d", "MUST", "exec.d programs have a third descriptor and the application's folder"],
  ]),
  ...requirements("buildpack", "Layer Types", [
    ["layers/types", "MUST", "the types of a layer tell who gets it"],
    ["layers/no-types", "MUST", "a layer without types is for nobody"],
    ["layers/table", "MUST", "what comes back is what the table of types says"],
  ]),
  ...requirements("buildpack", "Launch Layers", [
    ["launch-layers/included", "MUST", "they are in the image, and their metadata with them"],
    ["launch-layers/metadata-back", "MUST", "metadata comes back without types"],
    ["launch-layers/sbom-back", "MUST", "their bills of materials come back"],
    ["launch-layers/content-stays", "MUST", "their content does not come back"],
    [
      "launch-layers/reuse",
      "MUST",
      "without a folder the previous image's layer is used again, with new metadata",
    ],
    ["launch-layers/reuse-sbom", "MUST", "with a new bill of materials"],
    ["launch-layers/replace", "MUST", "with a folder it is replaced, metadata and bill of materials too"],
    ["launch-layers/drop", "MUST", "a layer that is no longer named is no longer in the image"],
  ]),
  ...requirements("buildpack", "Build, Cached and Ignored Layers", [
    ["build-layers/later", "MUST", "build layers are there for later buildpacks"],
    ["build-layers/gone", "MUST", "without cache nothing of them comes back"],
    ["cached-layers/stored", "SHOULD", "they are kept with metadata and bills of materials"],
    ["cached-layers/both", "MUST", "metadata and content come back together or not at all"],
    ["ignored-layers/renamed", "MUST", "they are renamed once their buildpack has run"],
  ]),
  ...requirements("buildpack", "Phase #1: Detection, Process", [
    ["detection/required-fails", "MUST", "a required buildpack that fails ends its group"],
    ["detection/optional-fails", "MUST", "an optional one that fails does not"],
    ["detection/none-passes", "MUST", "a group of which none passes is passed over"],
    [
      "detection/selected",
      "MUST",
      "the first group that passes is taken, without those that failed, in its order",
    ],
    ["detection/environment", "MUST", "bin/detect has the environment of a build"],
    ["detection/extensions", "MUST", "image extensions are optional", { not: EXTENSIONS }],
    ["plan/trials", "MUST", "alternatives are tried from left to right, depth first"],
    ["plan/not-required", "MUST", "what a required buildpack provides has to be required by it or behind it"],
    ["plan/not-provided", "MUST", "what a required buildpack requires has to be provided by it or before it"],
    ["plan/optional-provides", "MUST", "an optional one that provides what nobody requires is left out"],
    ["plan/optional-requires", "MUST", "an optional one that requires what nobody provides is left out"],
    ["detection/target", "MUST", "a required buildpack for another target ends its group"],
    [
      "detection/common",
      "MUST",
      "bin/detect runs in one environment",
      { not: "the platform's: one sandbox a build" },
    ],
  ]),
  ...requirements("buildpack", "Order Resolution", [
    ["order/inside", "MUST", "a composite within a group gives a group for each of its own"],
    ["order/side-by-side", "MUST", "two composites give all pairs, the left one's first"],
    ["order/optional", "MUST", "a group is tried again without an optional entry"],
    ["order/extensions", "MUST", "orders of image extensions are put in front", { not: EXTENSIONS }],
  ]),
  ...requirements("buildpack", "Phase #2: Analysis", [
    ["analysis/skip", "MUST", "without a previous image the build goes on"],
    ["analysis/metadata", "MUST", "metadata and bills of materials of layers come back"],
    ["analysis/store", "MUST", "store.toml comes back"],
  ]),
  ...requirements("buildpack", "Phases #3 and #4", [
    ["extension/all", "MUST", "images are extended by Dockerfiles", { not: EXTENSIONS }],
  ]),
  ...requirements("buildpack", "Phase #5: Build, Process", [
    ["build/fails", "MUST", "a buildpack that fails ends the build"],
    ["build/next", "MUST", "otherwise the next one runs"],
    ["build/plan", "MUST", "a buildpack is given what is required of what it provides"],
    ["build/unmet", "MUST", "what it has not met goes to the next that provides it"],
    ["build/met", "MUST", "what it has met goes to nobody else"],
    ["build/sbom", "MUST", "bills of materials are those at the end of each bin/build"],
    ["build/no-types-back", "SHALL", "what comes back has no types"],
    ["build/ignored", "SHALL", "a layer that came back and gets no types is ignored"],
    ["build/slices", "MUST", "each slice with content is a layer"],
    ["build/layer-names", "MUST", "no layer is called build, launch or store", { not: AUTHORS }],
  ]),
  ...requirements("buildpack", "Phase #6: Export", [
    ["export/layer", "MUST", "a launch layer's folder becomes a layer under its absolute path"],
    ["export/missing", "MUST", "a layer that is neither here nor in the previous image is an error"],
    ["export/metadata", "MUST", "its metadata is kept with the image, by buildpack"],
    ["export/store", "MUST", "store.toml is kept with the image"],
    ["export/app", "MUST", "the application is divided by slices, those of earlier buildpacks first"],
    ["export/composed", "MUST", "the image has all these layers, the run image's and the launcher"],
    ["export/processes", "MUST", "processes of later buildpacks replace those of earlier ones"],
  ]),
  ...requirements("buildpack", "Environment: Provided by the Lifecycle", [
    ["targets/variables", "MUST", "variables tell the target"],
    ["paths/build", "MUST", "path variables have all build layers of earlier buildpacks"],
    ["paths/launch", "MUST", "path variables have all launch layers"],
    ["paths/order", "MUST", "later buildpacks stand first, layers of one in the order of their names"],
  ]),
  ...requirements("buildpack", "Environment: Provided by the Platform", [
    ["platform-variables/kept", "MUST", "BP_, BPL_ and HOME are not overridden"],
    [
      "platform-variables/clear",
      "MUST",
      "a clear environment has none of the user's variables, but the operator's",
    ],
    ["platform-variables/set", "MUST", "otherwise they are set: paths in front, others instead"],
    ["platform-variables/operator", "MUST", "the operator's variables are set"],
    ["platform-variables/reserved", "MUST", "the prefix CNB_ is not for others", { not: AUTHORS }],
  ]),
  ...requirements("buildpack", "Environment Variable Modification Rules", [
    ["rules/build", "MUST", "env and env.build change variables of later buildpacks"],
    ["rules/launch", "MUST", "env and env.launch change variables of processes"],
    ["rules/name", "MUST", "the name ends at the first period"],
    ["rules/literal", "MUST", "contents are not evaluated"],
    ["rules/append", "MUST", "append: earlier buildpacks, layers and folders stand first"],
    ["rules/default", "MUST", "default: earlier buildpacks, layers and folders win"],
    ["rules/delimiter", "MUST", "delim: stands between values of its layer"],
    ["rules/override", "MUST", "override and no suffix: later buildpacks, layers and folders win"],
    ["rules/prepend", "MUST", "prepend: later buildpacks, layers and folders stand first"],
  ]),
  ...requirements("buildpack", "Security Considerations", [
    ["security/credentials", "MUST", "buildpacks see no credentials of registries"],
    [
      ...["security/platform", "MUST", "builds see nothing of the platform"],
      { provedBy: "platform/src/drivers/embedded/builds/sandboxed-builder.slow.test.ts" },
    ],
  ]),
  ...requirements("buildpack", "launch.toml", [
    ["launch-toml/labels", "MUST", "labels are on the image, of two the later one"],
    ["launch-toml/default", "MUST", "the last default is the default"],
    ["launch-toml/lost-default", "MUST", "a process that replaces the default without being one leaves none"],
    ["launch-toml/slices-once", "MUST", "a file is in the first slice that names it"],
    ["launch-toml/slices-empty", "MUST", "a slice without files is no error"],
    ["launch-toml/rest", "MUST", "files of no slice are in a layer of their own"],
    ["launch-toml/fields", "MUST", "types, commands and globs are well formed", { not: AUTHORS }],
  ]),
  ...requirements("buildpack", "buildpack.toml", [
    ["targets/any", "MUST", "a field that is not given matches anything"],
    ["targets/match", "MUST", "system, machine, variant and one distribution have to match"],
    ["targets/inferred", "MUST", "without targets a buildpack is for Linux"],
    ["descriptor/exec-env", "MUST", "an entry of a group may be for some execution environments only"],
    ["descriptor/authors", "MUST", "ids, versions and licenses are well formed", { not: AUTHORS }],
    [
      ...["descriptor/stacks", "MUST", "the bionic stack stands for a target"],
      { not: "deprecated: a buildpack with stacks only is taken as one for Linux" },
    ],
  ]),
  ...requirements("buildpack", "Exec.d Output", [
    ["exec-d/keys", "MUST", "names are bare keys and names of variables"],
    ["exec-d/values", "MUST", "values are basic strings"],
  ]),
];
