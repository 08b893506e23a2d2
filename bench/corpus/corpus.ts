import type { CorpusProject } from "./corpus-project.ts";
import { goProjects } from "./go-projects.ts";
import { javaProjects } from "./java-projects.ts";
import { nodeFrameworks } from "./node-frameworks.ts";
import { nodeServers } from "./node-servers.ts";
import { otherProjects } from "./other-projects.ts";
import { pythonProjects } from "./python-projects.ts";

/** All projects, in the order in which they are tried. */
export const corpus: readonly CorpusProject[] = [
  ...nodeServers,
  ...nodeFrameworks,
  ...pythonProjects,
  ...goProjects,
  ...javaProjects,
  ...otherProjects,
];
