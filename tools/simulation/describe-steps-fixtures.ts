/** Lines for people: one with the settings, then one for each step, with when it comes and how it is. */
export function describeSteps(
  settings: object,
  steps: readonly { readonly when: string; readonly how: object }[],
): readonly string[] {
  const lines = steps.map(({ when, how }) => `  ${when}  ${detailsOf(how)}`);
  return [detailsOf(settings), ...lines];
}

/** What is done stands without a name. */
function detailsOf(fields: object): string {
  const told = Object.entries(fields).map(([name, value]) => (name === "do" ? value : `${name} ${value}`));
  return told.join(", ");
}
