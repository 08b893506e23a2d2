/** A signing key as `presentKey` gives it. */
interface ShownKey {
  readonly id: string;
  readonly current: boolean;
  readonly created_at: string;
  readonly revoked_at: string | null;
}

/** Calls the operator's routes of an instance. */
type CallOperator = (route: string) => Promise<unknown>;

/** How many characters of a key's id are shown; `revoke` takes as many, or all. */
const SHOWN = 12;

/**
 * Does what an operator asks of the signing keys: `list`, `rotate` or `revoke <id>`.
 * @returns what to print; undefined when the words make no sense
 */
export async function runKeyCommand(
  [verb, id, ...rest]: readonly string[],
  call: CallOperator,
): Promise<string | undefined> {
  const route = routeOf(verb, id);
  if (!route || rest.length > 0) return undefined;
  const keys = (await call(route)) as readonly ShownKey[];
  if (keys.length === 0) return "No key yet: the first image that is built makes one.";
  return keys.map(keyLine).join("\n");
}

function routeOf(verb: string | undefined, id: string | undefined): string | undefined {
  if (verb === "revoke")
    return id && /^[0-9a-f]{8,64}$/.test(id) ? `POST /signing-keys/${id}/revoke` : undefined;
  if (id !== undefined) return undefined;
  return verb === "list" ? "GET /signing-keys" : verb === "rotate" ? "POST /signing-keys" : undefined;
}

function keyLine({ id, current, created_at, revoked_at }: ShownKey): string {
  const state = current ? "signs now" : revoked_at ? `revoked ${revoked_at}` : "signs no more, is good";
  return `${id.slice(0, SHOWN)}  made ${created_at}  ${state}`;
}
