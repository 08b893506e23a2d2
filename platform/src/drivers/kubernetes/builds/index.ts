export { ensureBuildSpace, makeBuildSpace, makeTrust, TRUST } from "./build-space.ts";
export { buildersByStack } from "./builders-by-stack.ts";
export { bundlePodPrograms } from "./bundle-pod-programs.ts";
export { startKubernetesBuilder } from "./kubernetes-builder.ts";
export { pushLayout } from "./push-layout.ts";
