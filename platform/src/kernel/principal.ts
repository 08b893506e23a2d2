/** What a token allows (facts: platform API §4 "OAuth"). *protected* covers config vars, releases and collaborators. */
export type Scope = "global" | "identity" | "read" | "write" | "read-protected" | "write-protected";

/** Who makes a call. */
export interface Principal {
  readonly accountId: string;
  readonly email: string;
  readonly scope: readonly Scope[];
  /** The authorization whose token was used; absent when the account's password was. */
  readonly authorizationId?: string;
}

/** What somebody may do with an app: each includes those before it. */
export type AppRole = "none" | "collaborator" | "owner";
