/** The ways out of this network that the environment names, for calls of registries. */
export function proxiesOf(env: Readonly<Record<string, string | undefined>>) {
  const read = (name: string) => env[name] ?? env[name.toLowerCase()] ?? "";
  return { http: read("HTTP_PROXY"), https: read("HTTPS_PROXY"), none: read("NO_PROXY") };
}
