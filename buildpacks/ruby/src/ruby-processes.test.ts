import { describe, expect, it } from "vitest";
import { missingWeb, rubyProcesses } from "./ruby-processes.ts";

const facts = (gems: Readonly<Record<string, string>>, files: readonly string[]) => ({
  gems: new Map(Object.entries(gems)),
  has: (file: string) => files.includes(file),
});

describe("how a Ruby app is started", () => {
  it.each([
    [
      { railties: "7.1.0", rake: "13.0.6" },
      ["bin/rails", "config.ru"],
      "Rails",
      "bin/rails server -b 0.0.0.0 -p $PORT -e $RAILS_ENV",
    ],
    [
      { railties: "4.2.0" },
      ["config.ru"],
      "Rails",
      "bundle exec rails server -b 0.0.0.0 -p $PORT -e $RAILS_ENV",
    ],
    [{ rack: "2.2.8" }, ["config.ru"], "Rack", "bundle exec rackup config.ru --host 0.0.0.0 --port $PORT"],
    [
      { rack: "3.0.8", rackup: "2.1.0", puma: "6.0" },
      ["config.ru"],
      "Rack",
      "bundle exec rackup config.ru --host 0.0.0.0 --port $PORT",
    ],
    [
      { rack: "3.0.8", puma: "6.4.0" },
      ["config.ru"],
      "Rack",
      "bundle exec puma --bind tcp://0.0.0.0:$PORT config.ru",
    ],
    [
      { rack: "3.0.8", unicorn: "6" },
      ["config.ru"],
      "Rack",
      "bundle exec unicorn --host 0.0.0.0 --port $PORT config.ru",
    ],
    [{ rack: "3.0.8" }, ["config.ru"], "Rack", undefined],
    [{ puma: "6.4.0" }, [], "Ruby", undefined],
  ])("%j with %j", (gems, files, kind, web) => {
    const found = rubyProcesses(facts(gems, files));
    expect([found.kind, found.web]).toEqual([kind, web]);
  });

  it("has a console, and rake where it has the gem", () => {
    expect(rubyProcesses(facts({ railties: "7", rake: "13" }, ["bin/rails"]))).toMatchObject({
      ...{ console: "bin/rails console", rake: "bundle exec rake" },
    });
    expect(rubyProcesses(facts({}, []))).toEqual({ kind: "Ruby", console: "bundle exec irb" });
  });

  it("is asked for where nothing says it", () => {
    expect(missingWeb(rubyProcesses(facts({ rack: "3.0" }, ["config.ru"])))).toContain("bundle add puma");
    expect(missingWeb(rubyProcesses(facts({}, [])))).toContain("web: bundle exec ruby server.rb");
  });
});
