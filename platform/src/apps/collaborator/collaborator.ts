/** Somebody who may work on an app. The owner is shown as one too. */
export interface Collaborator {
  readonly id: string;
  readonly appId: string;
  readonly accountId: string;
  readonly email: string;
  readonly role: "owner" | "collaborator";
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
