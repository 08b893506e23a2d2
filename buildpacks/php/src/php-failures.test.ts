import { expect, it } from "vitest";
import { phpAdvice } from "./php-failures.ts";

// What Composer writes, and a word of what a person is told.
it.each([
  [
    'Warning: The lock file is not up to date with the latest changes in composer.json. You may be\n- Required package "acme/b" is not present in the lock file.',
    "do not agree. Run: composer update --lock",
  ],
  [
    "- acme/a 1.0 requires ext-gd * -> it is missing from your system. Install or enable PHP's gd",
    "composer require ext-gd:*",
  ],
  [
    "- Root composer.json requires PHP extension ext-soap * but it is missing from your system.",
    "PHP's extension ext-soap",
  ],
  [
    "- acme/a 1.0.0 requires php ^8.4 -> your php version (8.2.36) does not satisfy that requirement.",
    "does not run on this PHP (^8.4)",
  ],
  ["Could not authenticate against repo.example.com", "refused the build (repo.example.com)"],
  ['The "https://x/packages.json" file could not be downloaded (HTTP/2 401 )', "COMPOSER_AUTH"],
  ["Could not find package acme/none.\n", "acme/none is in none"],
  ["Root composer.json requires acme/none, it could not be found in any version", "acme/none is in none"],
  [
    "curl error 6 while downloading https://x: Could not resolve host: repo.packagist.org",
    "could not be reached",
  ],
  ["PHP Fatal error: Allowed memory size of 134217728 bytes exhausted", "ran out of memory"],
  [
    "Script php artisan optimize handling the post-install-cmd event returned with error code 1",
    "script of composer.json fails (php artisan optimize)",
  ],
  ["git was not found in your PATH, skipping source download", "no git or unzip"],
  ["something else", "See its output above."],
])("%j is told with %j", (output, words) => {
  expect(phpAdvice(output).join("\n")).toContain(words);
});
