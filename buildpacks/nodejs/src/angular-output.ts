/** Folders below the app that Angular's builders write to, by `angular.json`: what it says, else `dist/<project>`. */
export function angularOutputs(text: string): readonly string[] {
  const projects = Object.entries(tableOf(tableOf(parsed(text)).projects));
  const folders = projects.flatMap(([name, project]) => {
    const { architect, targets, projectType } = tableOf(project);
    if (projectType === "library") return [];
    const options = tableOf(tableOf(tableOf(architect ?? targets).build).options);
    const { outputPath } = options;
    const stated = typeof outputPath === "string" ? outputPath : tableOf(outputPath).base;
    return typeof stated === "string" && stated !== "" ? stated : `dist/${name}`;
  });
  return folders.map((folder) => folder.replace(/^\.\//, "").replace(/\/+$/, "")).filter(isBelow);
}

const isBelow = (folder: string) => !folder.startsWith("/") && !folder.split("/").includes("..");

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
