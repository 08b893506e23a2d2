interface SecretFacts {
  readonly gems: { has(name: string): boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the app has a file. */
  readonly has: (file: string) => boolean;
}

/** With one of these Rails reads its secret from the app's encrypted credentials (Rails guide on security, "Custom Credentials"). */
const MASTER_KEYS = ["config/master.key", "config/credentials/production.key"];

/**
 * The config vars in which an app needs a secret that nobody has given it, and what to say of that. Rails needs `SECRET_KEY_BASE`
 * in its dynos, which Heroku makes up too.
 */
export function neededSecrets({ gems, env, has }: SecretFacts): {
  readonly names: readonly string[];
  readonly told: readonly string[];
} {
  const given = env.SECRET_KEY_BASE ?? env.RAILS_MASTER_KEY ?? MASTER_KEYS.find(has);
  if (!gems.has("railties") || given !== undefined) return { names: [], told: [] };
  return {
    names: ["SECRET_KEY_BASE"],
    told: [
      "A secret is made for SECRET_KEY_BASE, and kept in the config vars",
      ...(has("config/credentials.yml.enc")
        ? ["For config/credentials.yml.enc: heroku config:set RAILS_MASTER_KEY=$(cat config/master.key)"]
        : []),
    ],
  };
}
