/** What decides how an app is started. */
export interface RubyFacts {
  readonly gems: ReadonlyMap<string, string>;
  /** Whether a file of the app is there. */
  readonly has: (file: string) => boolean;
}

export interface RubyProcesses {
  readonly kind: "Rails" | "Rack" | "Ruby";
  /** Undefined where nothing says how the app serves. */
  readonly web?: string;
  readonly console: string;
  /** Where the app has rake. */
  readonly rake?: string;
}

/** The commands of an app without a Procfile: those of Heroku's Ruby buildpack. */
export function rubyProcesses({ gems, has }: RubyFacts): RubyProcesses {
  const rake = gems.has("rake") ? { rake: "bundle exec rake" } : {};
  if (gems.has("railties")) {
    const rails = has("bin/rails") ? "bin/rails" : "bundle exec rails";
    const web = `${rails} server -b 0.0.0.0 -p $PORT -e $RAILS_ENV`;
    return { kind: "Rails", web, console: `${rails} console`, ...rake };
  }
  if (!has("config.ru")) return { kind: "Ruby", console: "bundle exec irb", ...rake };
  const web = rackCommand(gems);
  return { kind: "Rack", ...(web === undefined ? {} : { web }), console: "bundle exec irb", ...rake };
}

/** Rack 3 left its command to a gem of its own; servers have commands too. */
function rackCommand(gems: ReadonlyMap<string, string>): string | undefined {
  const rack = gems.get("rack");
  const hasRackup = gems.has("rackup") || (rack !== undefined && Number.parseInt(rack, 10) < 3);
  if (hasRackup) return "bundle exec rackup config.ru --host 0.0.0.0 --port $PORT";
  if (gems.has("puma")) return "bundle exec puma --bind tcp://0.0.0.0:$PORT config.ru";
  if (gems.has("unicorn")) return "bundle exec unicorn --host 0.0.0.0 --port $PORT config.ru";
  if (gems.has("falcon")) return "bundle exec falcon serve --bind http://0.0.0.0:$PORT --config config.ru";
  if (gems.has("thin")) return "bundle exec thin start --address 0.0.0.0 --port $PORT --rackup config.ru";
  return undefined;
}

/** What to say where nothing tells how the app serves. */
export function missingWeb({ kind }: RubyProcesses): string {
  const example = "web: bundle exec puma --bind tcp://0.0.0.0:$PORT config.ru";
  return kind === "Rack"
    ? `config.ru is there, but Gemfile.lock has no server for it. Add one (bundle add puma), or a Procfile with the line:\n  ${example}`
    : "Nothing says how the app serves: it is not Rails and has no config.ru. Add a Procfile, for example with the line:\n  web: bundle exec ruby server.rb";
}
