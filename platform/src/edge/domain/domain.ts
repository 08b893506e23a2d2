/** The name every app answers at: `<app>.<CONIFER_DOMAIN>`. */
export function defaultDomain(appName: string, domain: string): string {
  return `${appName}.${domain}`.toLowerCase();
}

/**
 * True for names that belong to the platform: the apps' domain itself and whatever is below it, wildcards included.
 * They cannot be claimed as custom domains, or one app could take the address of another, present or future.
 */
export function isReservedDomain(hostname: string, domain: string): boolean {
  const name = hostname.toLowerCase().replace(/^\*\./, "").replace(/\.$/, "");
  const ours = domain.toLowerCase();
  return name === ours || name.endsWith(`.${ours}`);
}
