import { COMMON_SPACE, isComponent, isDigestForm, isTag } from "./registry-rules.ts";

/** A call of a client that names repositories as Heroku does: `<app>/<process type>`. */
export interface AppCall {
  /** The app's name or id. */
  readonly app: string;
  /** Missing when the repository was named by the app's id, as the registry itself names it. */
  readonly type?: string;
  /** What stands behind the name: `manifests/latest`, `blobs/uploads/` … */
  readonly rest: string;
}

const IN_REPOSITORY = /^\/v2\/([^/]+)\/([^/]+)\/(.+)$/;
const APP_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** As a process type is named, in the small letters that clients allow in names of repositories. */
const TYPE = /^[a-z0-9](?:[a-z0-9_-]{0,62})$/;

/** Reads a path of the distribution API (1.1, "Endpoints") as it stands in the request; undefined for one that names no app. */
export function readAppCall(path: string): AppCall | undefined {
  const [, app = "", type = "", rest = ""] = IN_REPOSITORY.exec(path) ?? [];
  if (app === COMMON_SPACE && APP_ID.test(type)) return { app: type, rest };
  return isComponent(app) && TYPE.test(type) ? { app, type, rest } : undefined;
}

/** The tag of an image in its app's one repository, where the tags of all process types are. */
export function tagOfType(type: string, tag = "latest"): string {
  return `${type}.${tag}`;
}

/** The path of the same thing in the app's repository. */
export function ownPath({ type, rest }: AppCall, appId: string): string {
  const at = `/v2/${COMMON_SPACE}/${appId}`;
  const reference = /^manifests\/([^/]+)$/.exec(rest)?.[1];
  if (type === undefined || reference === undefined || isDigestForm(reference) || !isTag(reference))
    return `${at}/${rest}`;
  return `${at}/manifests/${tagOfType(type, reference)}`;
}

/**
 * The query without what names other repositories: all process types of an app share one, so that a layer of another type is
 * found there without being mounted.
 */
export function ownQuery(search: string): string {
  const query = new URLSearchParams(search);
  query.delete("mount");
  query.delete("from");
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
