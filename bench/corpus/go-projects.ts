import { type CorpusProject, greets } from "./corpus-project.ts";

const language = "Go";

/** A server of the standard library alone; `words` is an expression that needs `imports`. */
const server = (words: string, imports: readonly string[] = []) => `package main

import (
	"fmt"
	"net/http"
	"os"
${imports.map((name) => `\t"${name}"\n`).join("")})

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, ${words}) })
	if err := http.ListenAndServe(":"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
`;
const SERVER = server('"Hello from Go"');
const WORKER =
  'package main\n\nimport "time"\n\nfunc main() {\n\tfor {\n\t\ttime.Sleep(time.Second)\n\t}\n}\n';
const GREETING = 'package greeting\n\nfunc Words() string { return "Hello from a package" }\n';
const mod = (more = "", line = "1.25", name = "example.com/app") => `module ${name}\n\ngo ${line}\n${more}`;
const TIDY = [["go", "mod", "tidy"]];

const GIN = `package main

import "github.com/gin-gonic/gin"

func main() {
	router := gin.Default()
	router.GET("/", func(c *gin.Context) { c.String(200, "Hello from Gin") })
	router.Run()
}
`;
const CHI = `package main

import (
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
)

func main() {
	router := chi.NewRouter()
	router.Get("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Hello from chi")) })
	http.ListenAndServe(":"+os.Getenv("PORT"), router)
}
`;
const ECHO = `package main

import (
	"os"

	"github.com/labstack/echo/v4"
)

func main() {
	e := echo.New()
	e.GET("/", func(c echo.Context) error { return c.String(200, "Hello from Echo") })
	e.Logger.Fatal(e.Start(":" + os.Getenv("PORT")))
}
`;
const REQUIRE = {
  gin: "\nrequire github.com/gin-gonic/gin v1.11.0\n",
  chi: "\nrequire github.com/go-chi/chi/v5 v5.2.3\n",
  echo: "\nrequire github.com/labstack/echo/v4 v4.13.4\n",
};

/** A module of one command. */
function single(
  name: string,
  source: string,
  goMod: string,
  finish: CorpusProject["finish"] = [],
): CorpusProject {
  return { name, language, files: { "go.mod": goMod, "main.go": source }, finish, ...greets("main.go") };
}

/** Modules as Go programmers lay them out. */
export const goProjects: readonly CorpusProject[] = [
  single("go-module", SERVER, mod()),
  single("go-older-line", SERVER, mod("", "1.21")),
  single("go-toolchain-line", SERVER, mod("\ntoolchain go1.25.1\n", "1.24.0")),
  single("go-gin", GIN, mod(REQUIRE.gin), TIDY),
  single("go-chi", CHI, mod(REQUIRE.chi), TIDY),
  single("go-vendored-echo", ECHO, mod(REQUIRE.echo), [...TIDY, ["go", "mod", "vendor"]]),
  {
    ...{ name: "go-several-commands", language },
    files: {
      "go.mod": mod(),
      "cmd/web/main.go": server("greeting.Words()", ["example.com/app/internal/greeting"]),
      "cmd/worker/main.go": WORKER,
      "internal/greeting/words.go": GREETING,
    },
    ...greets("internal/greeting/words.go"),
  },
  {
    ...{ name: "go-workspace", language },
    files: {
      "go.work": "go 1.25\n\nuse (\n\t./greeting\n\t./web\n)\n",
      "greeting/go.mod": mod("", "1.25", "example.com/greeting"),
      "greeting/words.go": GREETING,
      "web/go.mod": mod("", "1.25", "example.com/web"),
      "web/main.go": server("greeting.Words()", ["example.com/greeting"]),
    },
    ...greets("greeting/words.go"),
  },
];
