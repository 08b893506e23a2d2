import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppBuilds, type Files, makeAppBuilds, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";
import { launchVariables, startDyno, whyNoPackages } from "../../shared/debian-fixtures.ts";
import { makeGem } from "./ruby-fixtures.ts";

// A Rack app with gems of its own: one compiled of C, one with the server, and assets that a rake task makes.

const why = await whyNoPackages();
const ENV = { CONIFER_RUNTIME_SOURCES: "official debian" };

const FILES: Files = {
  Gemfile:
    'source "https://rubygems.org"\nruby "~> 3.0"\ngem "answer"\ngem "rake", path: "gems/rake"\ngem "rackup", path: "gems/rackup"\n',
  "Gemfile.lock": `PATH
  remote: gems/rackup
  specs:
    rackup (1.0.0)

PATH
  remote: gems/rake
  specs:
    rake (99.0.0)

GEM
  remote: https://rubygems.org/
  specs:
    answer (1.0.0)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  answer
  rackup!
  rake!

RUBY VERSION
   ruby 3.0.99p0

BUNDLED WITH
   2.2.0
`,
  "gems/rake/rake.gemspec": gemspec("rake", "99.0.0"),
  "gems/rake/exe/rake": `#!/usr/bin/env ruby
if ARGV == ["--prereqs"]
  puts "rake assets:precompile"
else
  Dir.mkdir("public") unless Dir.exist?("public")
  File.write("public/app.css", [ENV["RAILS_ENV"], ENV["SECRET_KEY_BASE_DUMMY"], ENV["GREETING"], ARGV].join(" "))
end
`,
  "gems/rackup/rackup.gemspec": gemspec("rackup", "1.0.0"),
  "gems/rackup/exe/rackup": `#!/usr/bin/env ruby
require "socket"
require "answer"
require "openssl"
server = TCPServer.new("0.0.0.0", Integer(ENV["PORT"]))
trap("TERM") { exit 0 }
$stdout.sync = true
puts "listening"
loop do
  client = server.accept
  client.gets("\\r\\n\\r\\n")
  body = [Answer.of_c, File.read("public/app.css"), ENV["RACK_ENV"], RUBY_VERSION].join(", ")
  client.write("HTTP/1.0 200 OK\\r\\n\\r\\n#{body}")
  client.close
end
`,
  "config.ru": "",
  Rakefile: "",
};

function gemspec(name: string, version: string): string {
  return `Gem::Specification.new do |s|
  s.name, s.version, s.summary, s.authors = "${name}", "${version}", "of a test", ["Conifer"]
  s.bindir, s.executables, s.files = "exe", ["${name}"], ["exe/${name}"]
end
`;
}

const NATIVE: Files = {
  "lib/answer.rb": 'require "answer/native"\n',
  "ext/answer/extconf.rb":
    'require "mkmf"\nabort "no gmp" unless have_header("gmp.h")\ncreate_makefile("answer/native")\n',
  "ext/answer/native.c": `#include <ruby.h>
static VALUE of_c(VALUE self) { return INT2FIX(42); }
void Init_native(void) { rb_define_singleton_method(rb_define_module("Answer"), "of_c", of_c, 0); }
`,
};

describe.skipIf(why)(`a Ruby app${why ? ` (${why})` : ""}`, () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let app: AppBuilds;
  let first: string;
  let digests: readonly string[];
  beforeAll(async () => {
    folder = await makeFolder();
    const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
    const buildpack = buildpacks.find(({ id }) => id === "conifer/ruby")?.dir ?? "";
    app = await makeAppBuilds(path.join(folder.at, "app"), { buildpack, source: FILES });
    const cache = path.join(folder.at, "app/source/vendor/cache");
    await mkdir(cache, { recursive: true });
    const gem = { name: "answer", version: "1.0.0", files: NATIVE, extensions: ["ext/answer/extconf.rb"] };
    await writeFile(path.join(cache, "answer-1.0.0.gem"), await makeGem(gem));
    const { code, output } = await app.build({ ...ENV, GREETING: "hello" });
    expect({ code, output }).toMatchObject({ code: 0 });
    first = output;
    digests = [await app.digest("ruby"), await app.digest("gems")];
  });
  afterAll(() => folder?.remove());

  it("is told which Ruby, and why", () => {
    expect(first).toMatch(/Version asked for: ~> 3\.0 \(Gemfile, locked to 3\.0\.99\)/);
    expect(first).toMatch(/Using Ruby 3\.\d+\.\d+, the package of \w+ \w+/);
    expect(first).toMatch(/Ruby 3\.0\.99 \(Gemfile\.lock\) is not to be had here; using 3\./);
    expect(first).toMatch(/Gemfile\.lock is of 2\.2\.0/);
  });

  it("has the gems of vendor/cache, compiled, and fetched none", () => {
    expect(first).toContain("Installing the gems of vendor/cache (bundle install --local)");
    expect(first).toContain("Installing answer 1.0.0 with native extensions");
  });

  it("serves with its gems and its assets, by the default process", async () => {
    const { processes } = (await app.launch()) as { processes: { type: string; args: string[] }[] };
    expect(processes.map(({ type }) => type)).toEqual(["web", "console", "rake"]);
    const env = await launchVariables(app, ["ruby", "gems", "defaults"]);
    const dyno = await startDyno(app, processes[0]?.args[0] ?? "", env);
    try {
      await expect.poll(dyno.output, { timeout: 20_000, interval: 20 }).toContain("listening");
      const answer = await dyno
        .get("/")
        .catch((thrown: unknown) => ({ body: `${thrown}\n${dyno.output()}` }));
      expect(answer.body).toMatch(/^42, production 1 hello assets:precompile, production, 3\.\d+\.\d+$/);
      expect(await dyno.stop()).toBe(0);
    } finally {
      dyno.kill();
    }
  });

  it("lists the packages of its Ruby", async () => {
    const { components } = JSON.parse(await app.read(".", "ruby.sbom.cdx.json"));
    expect(components.map(({ name }: { name: string }) => name)).toContain("bundler");
  });

  it("is built again with what there is, and of the same bytes", async () => {
    const { output, code } = await app.build({ ...ENV, GREETING: "hello" });
    expect(code).toBe(0);
    expect(output).toMatch(/Using Ruby \S+, as at the last build/);
    expect(output).toContain("Using the gems of the last build");
    expect([await app.digest("ruby"), await app.digest("gems")]).toEqual(digests);
  });

  it("is told what a failing build lacks", async () => {
    await app.change({
      "gems/rake/exe/rake":
        "abort 'sh: 1: yarn: not found' if ARGV != ['--prereqs']\nputs 'rake assets:precompile'\n",
    });
    const { output, code } = await app.build(ENV);
    expect({ code, output }).toMatchObject({ code: 1 });
    expect(output).toContain(" !     rake assets:precompile failed.\n !     The assets need Node.js");
  });
});
