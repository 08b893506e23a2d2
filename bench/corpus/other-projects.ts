import { cpSync } from "node:fs";
import { join } from "node:path";
import { makeContainer, missingContainerTools } from "../../conformance/src/container-layout.ts";
import { CLONE } from "../../conformance/src/running-platform.ts";
import { type CorpusProject, greets } from "./corpus-project.ts";

const PAGE = "<!doctype html>\n<title>Hello from a site</title>\n";
const NODE = `require("node:http").createServer((request, response) => response.end("Hello from Node.js")).listen(process.env.PORT);\n`;
const PYTHON = `import http.server, os

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello from Python")

http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Answer).serve_forever()
`;
const GO = `package main

import (
	"net/http"
	"os"
)

func main() {
	http.ListenAndServe(":"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("Hello from Go"))
	}))
}
`;

/** An example of the repository, which is pushed as it is. */
const example = (name: string) => (folder: string) =>
  cpSync(join(CLONE, "examples", name), folder, { recursive: true });

const php: readonly CorpusProject[] = [
  {
    ...{ name: "php-plain", language: "PHP" },
    files: { "index.php": '<?php echo "Hello from PHP";\n' },
    ...greets("index.php"),
  },
  {
    ...{ name: "php-front-controller-nginx", language: "PHP" },
    files: {
      "public/index.php": '<?php echo "Hello from " . $_SERVER["REQUEST_URI"];\n',
      Procfile: "web: heroku-php-nginx public/\n",
    },
    ...greets("public/index.php"),
    ...{ page: "/some/route", says: "Hello from /some/route" },
  },
  {
    ...{ name: "php-composer", language: "PHP", make: example("php-site") },
    ...greets("packages/greeting/src/Greeting.php"),
  },
  {
    ...{ name: "php-slim", language: "PHP", ...greets("public/index.php") },
    missing: () => "packagist.org is none of the registries that are reached here",
  },
];

const RACK = 'run ->(env) { [200, { "content-type" => "text/plain" }, ["Hello from Rack"]] }\n';

const ruby: readonly CorpusProject[] = [
  {
    ...{ name: "ruby-rack", language: "Ruby", make: example("ruby-rack") },
    ...greets("app.rb"),
  },
  {
    ...{ name: "ruby-rack-lambda", language: "Ruby", make: example("ruby-rack") },
    edits: [],
    finish: [["sh", "-c", `printf '%s' "$1" >config.ru`, "write", RACK]],
    ...greets("config.ru"),
  },
  {
    ...{ name: "ruby-sinatra", language: "Ruby", ...greets("app.rb") },
    missing: () => "rubygems.org is none of the registries that are reached here",
  },
  {
    ...{ name: "ruby-rails", language: "Ruby", ...greets("app/views/home.html.erb") },
    missing: () => "rubygems.org is none of the registries that are reached here",
  },
];

const sites: readonly CorpusProject[] = [
  {
    ...{ name: "site-plain", language: "static" },
    files: { "index.html": PAGE, "style.css": "body { color: black }\n" },
    ...greets("index.html"),
  },
  {
    ...{ name: "site-public-clean-urls", language: "static", page: "/about" },
    files: { "public/index.html": PAGE, "public/about.html": PAGE.replace("a site", "About") },
    ...greets("public/about.html"),
  },
  {
    ...{ name: "site-spa-static-json", language: "static", page: "/some/route" },
    files: {
      "dist/index.html": PAGE,
      "static.json": '{ "root": "dist/", "routes": { "/**": "index.html" } }\n',
    },
    ...greets("dist/index.html"),
  },
  {
    ...{ name: "site-spa-redirects", language: "static", page: "/some/route" },
    files: { "public/index.html": PAGE, "public/_redirects": "/* /index.html 200\n" },
    ...greets("public/index.html"),
  },
  {
    ...{ name: "site-built-by-command", language: "static" },
    files: {
      "project.toml":
        '[com.heroku.static-web-server]\nroot = "out"\n\n[com.heroku.static-web-server.build]\ncommand = "sh"\nargs = ["-c", "./make-site"]\n',
      "make-site": "#!/bin/sh\nmkdir -p out && cat head.html >out/index.html\n",
      "head.html": PAGE,
    },
    ...greets("head.html"),
  },
];

const INLINE = `[_]
schema-version = "0.2"

[[io.buildpacks.group]]
uri = "./buildpack"

[[io.buildpacks.group]]
id = "me/inline"

[io.buildpacks.group.script]
api = "0.10"
inline = 'echo "inline was here"'
`;

/** What comes without a language, several of them, or a part of a repository. */
const shapes: readonly CorpusProject[] = [
  {
    ...{ name: "procfile-only", language: "Procfile" },
    files: { Procfile: "web: exec python3 serve.py\n", "serve.py": PYTHON },
    ...greets("serve.py"),
  },
  {
    ...{ name: "aptfile-and-procfile", language: "Procfile" },
    files: {
      Aptfile: "busybox-static\n",
      Procfile: "web: busybox httpd -f -p $PORT -h www\n",
      "www/index.html": PAGE,
    },
    ...greets("www/index.html"),
  },
  {
    ...{ name: "monorepo-node", language: "monorepo", config: { PROJECT_PATH: "apps/web" } },
    files: {
      "README.md": "Several apps.\n",
      "apps/web/package.json": '{ "private": true }\n',
      "apps/web/server.js": NODE,
      "apps/other/app.py": "",
    },
    ...greets("apps/web/server.js"),
  },
  {
    ...{ name: "monorepo-go", language: "monorepo", config: { PROJECT_PATH: "services/api" } },
    files: {
      "package.json": '{ "private": true }\n',
      "services/api/go.mod": "module example.com/api\n\ngo 1.25\n",
      "services/api/main.go": GO,
    },
    ...greets("services/api/main.go"),
  },
  {
    ...{ name: "several-languages", language: "project.toml" },
    files: {
      "project.toml":
        '[_]\nschema-version = "0.2"\n\n[[io.buildpacks.group]]\nid = "heroku/nodejs"\n\n[[io.buildpacks.group]]\nid = "heroku/python"\n\n[[io.buildpacks.group]]\nid = "heroku/procfile"\n',
      "package.json": `${JSON.stringify({ private: true, scripts: { build: "node build.js" } })}\n`,
      "build.js": 'require("node:fs").writeFileSync("words.txt", "Hello from both");\n',
      "requirements.txt": "bottle==0.13.4\n",
      "app.py":
        'import os\nfrom bottle import route, run\n\n\n@route("/")\ndef home():\n    return open("words.txt").read()\n\n\nrun(host="0.0.0.0", port=int(os.environ["PORT"]))\n',
      Procfile: "web: python app.py\n",
    },
    ...greets("build.js"),
  },
  {
    ...{ name: "classic-buildpack", language: "project.toml" },
    files: {
      "project.toml": INLINE,
      "buildpack/bin/detect": "#!/bin/sh\necho Words\n",
      "buildpack/bin/compile": '#!/bin/sh\ncp "$1/words.html" "$1/index.html"\n',
      "buildpack/bin/release":
        "#!/bin/sh\necho 'default_process_types: { web: python3 -m http.server $PORT }'\n",
      "words.html": PAGE,
    },
    ...greets("words.html"),
  },
  {
    ...{ name: "dockerfile-multi-stage", language: "Dockerfile", stack: "container" },
    files: {
      "heroku.yml":
        'build:\n  docker:\n    web: { dockerfile: Dockerfile, target: web }\n  config: { BASE: "oci:/build/workspace/base:latest" }\nrun:\n  web: exec httpd -f -p $PORT -h /srv/www\n',
      Dockerfile:
        "ARG BASE\nFROM $BASE AS made\nCOPY words.html /srv/index.html\nFROM $BASE AS web\nENV PATH=/bin\nRUN mkdir -p /srv/www\nCOPY --from=made /srv/index.html /srv/www/\n",
      ".dockerignore": "base\nbase.root\n",
      "words.html": PAGE,
    },
    make: (folder) => void makeContainer(join(folder, "base"), { Cmd: ["/bin/sh"], Env: ["PATH=/bin"] }),
    missing: missingContainerTools,
    ...greets("words.html"),
  },
];

/** PHP, Ruby, sites, and what comes without a language. */
export const otherProjects: readonly CorpusProject[] = [...php, ...ruby, ...sites, ...shapes];
