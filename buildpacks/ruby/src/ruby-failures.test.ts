import { expect, it } from "vitest";
import { rubyAdvice } from "./ruby-failures.ts";

// What Bundler, compilers, rake and Rails write, and a word of what a person is told.
it.each([
  ["Your Ruby version is 3.1.2, but your Gemfile specified 3.3.0", "insists on Ruby 3.3.0"],
  [
    'Your bundle only supports platforms ["arm64-darwin-22"] but your local platform is x86_64-linux. Add',
    "bundle lock --add-platform x86_64-linux",
  ],
  [
    "You are trying to install in deployment mode after changing\nyour Gemfile. Run `bundle install` elsewhere",
    "do not agree. Run: bundle install",
  ],
  [
    "The dependencies in your gemfile changed, but the lockfile can't be updated because frozen mode is set",
    "do not agree",
  ],
  [
    "Authentication is required for gems.example.com.\nPlease supply credentials",
    "refused the build (gems.example.com)",
  ],
  ["Bad username or password for https://gems.example.com/.\n", "BUNDLE_GEMS__EXAMPLE__COM"],
  ["Could not find gem 'nosuch' in rubygems repository", "nosuch is in none of the sources"],
  ["Could not find rack-9.9.9 in any of the sources", "rack-9.9.9 is in none"],
  ["Could not reach host rubygems.org. Check your network", "could not be reached (rubygems.org"],
  ["Could not fetch specs from https://rubygems.org/ due to underlying error", "BUNDLE_MIRROR__ALL"],
  ["pg_connection.c:1:10: fatal error: libpq-fe.h: No such file or directory", "has not got: libpq-fe.h"],
  ["/usr/bin/ld: cannot find -lvips: No such file or directory", "has not got: vips"],
  ["Package 'MagickWand' was not found in the pkg-config search path", "has not got: MagickWand"],
  ["Gem::Ext::BuildError: ERROR: Failed to build gem native extension.", "could not be compiled"],
  ["[BUG] failed to allocate memory (NoMemoryError)", "ran out of memory"],
  ["sh: 1: yarn: not found", "need Node.js"],
  ["ExecJS::RuntimeUnavailable: Could not find a JavaScript runtime.", "conifer/nodejs"],
  ["ArgumentError: Missing `secret_key_base` for 'production' environment", "SECRET_KEY_BASE"],
  ["ActiveSupport::MessageEncryptor: Missing encryption key to decrypt file with", "RAILS_MASTER_KEY"],
  ['PG::ConnectionBad: connection to server at "127.0.0.1" failed', "connects to its database"],
  ["rake aborted!\nDon't know how to build task 'assets:precompile'", "no rake task assets:precompile"],
  ["LoadError: cannot load such file -- byebug", "outside of those groups"],
  ["something else", "See its output above."],
])("%j is told with %j", (output, words) => {
  expect(rubyAdvice(output).join("\n")).toContain(words);
});
