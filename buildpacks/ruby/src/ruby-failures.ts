import { adviceFor, type KnownFailure } from "../../shared/logged-tool.ts";

/** Before the general ones: the first that matches is told. */
const CAUSES: readonly KnownFailure[] = [
  {
    pattern: /Your Ruby version is \S+, but your Gemfile specified (.+)/,
    advice: [
      'The Gemfile insists on Ruby $1, which is not to be had here. Ask for one that is, such as: ruby "~> 3.1"',
    ],
  },
  {
    pattern: /Your bundle only supports platforms .*?but your local platform is ([\w-]+)/s,
    advice: ["Gemfile.lock was not resolved for this machine. Run: bundle lock --add-platform $1"],
  },
  {
    pattern:
      /The gemspecs? for path gems changed|You are trying to install in deployment mode after changing|frozen mode|cannot be updated because frozen|lockfile.{0,40}(?:frozen|can't be updated)/i,
    advice: ["Gemfile and Gemfile.lock do not agree. Run: bundle install && git add Gemfile.lock"],
  },
  {
    pattern:
      /Authentication is required for (\S+?)\.?\s|Bad username or password for (\S+?)\.?\s|BadAuthenticationError|(?:HTTP|response) ?(?:401|403)\b|401 Unauthorized|403 Forbidden/,
    advice: [
      "A server of gems refused the build ($1). Put its credential into a config var that has the server's name, dots as __:",
      "  heroku config:set BUNDLE_GEMS__EXAMPLE__COM=<user>:<password>",
    ],
  },
  {
    pattern:
      /Could not find gem '([^' ]+)|Could not find (\S+) in (?:any of the sources|locally installed gems|cached gems)/,
    advice: [
      "$1 is in none of the sources that the Gemfile names. Check its name, version and source; a gem of the repository needs",
      "path: or a file in vendor/cache.",
    ],
  },
  {
    pattern:
      /Could not (?:fetch specs from|reach host|download gem from) (\S+)|Network error while fetching|Gem::RemoteFetcher|SocketError|getaddrinfo|Connection refused/,
    advice: [
      "A server of gems could not be reached ($1). Push again later. The operator can name a mirror in BUNDLE_MIRROR__ALL.",
    ],
  },
  {
    pattern:
      /(?:fatal error: |cannot find -l|Package )['"]?([\w./+-]+)['"]?(?:: No such file| was not found|: cannot find|\s*$)/m,
    advice: [
      "A gem needs a library that the base has not got: $1. Add the package that has it to a file named Aptfile, a name a line,",
      "for example libpq-dev, libvips-dev, libmagickwand-dev or libsqlite3-dev.",
    ],
  },
  {
    pattern: /Failed to build gem native extension|mkmf\.rb can't find header files|extconf\.rb failed/,
    advice: [
      "A gem with native code could not be compiled; the reason is above. A library it needs can be added as a package in a",
      "file named Aptfile.",
    ],
  },
  {
    pattern:
      /NoMemoryError|failed to allocate memory|Killed\b|JavaScript heap out of memory|Cannot allocate memory/,
    advice: [
      "The build ran out of memory. Compile fewer assets at once, or build them before the push and commit public/assets.",
    ],
  },
  {
    pattern:
      /ExecJS::RuntimeUnavailable|Could not find a JavaScript runtime|(?:yarn|npm|node|bun): (?:command )?not found|No such file or directory - (?:yarn|npm|node|bun)/,
    advice: [
      "The assets need Node.js, which this build has not got. Name both buildpacks in project.toml: conifer/nodejs, then",
      "conifer/ruby; or build the assets before the push and commit public/assets.",
    ],
  },
  {
    pattern:
      /Missing (?:`|')?secret_key_base|secret_key_base.*(?:must|missing)|Missing encryption key to decrypt/i,
    advice: [
      "The app needs a secret to start. Set it: heroku config:set RAILS_MASTER_KEY=$(cat config/master.key), or",
      "heroku config:set SECRET_KEY_BASE=$(openssl rand -hex 64)",
    ],
  },
  {
    pattern:
      /ActiveRecord::(?:ConnectionNotEstablished|NoDatabaseError|AdapterNotSpecified)|PG::ConnectionBad|could not connect to server|Mysql2::Error::ConnectionError/,
    advice: [
      "The app connects to its database while it only has to compile assets. Builds have none: move that out of initializers,",
      "or run it only when a database is there.",
    ],
  },
  {
    pattern: /Don't know how to build task '([^']+)'/,
    advice: ["There is no rake task $1."],
  },
  {
    pattern: /(?:NameError|LoadError|NoMethodError|SyntaxError)\b.*$|cannot load such file -- (\S+)/m,
    advice: [
      "The app's code fails when it is loaded in production without the groups development and test; see the error above. A gem",
      "that is needed there belongs outside of those groups.",
    ],
  },
];

/** What to do about a failure of Bundler, rake or Rails, by what it has written. */
export function rubyAdvice(output: string): readonly string[] {
  return adviceFor(CAUSES, output);
}
