// Package page makes the text that visitors see.
package page

import "os"

// Hello names the release that serves, as Conifer's metadata tell it.
func Hello() string {
	release := os.Getenv("HEROKU_RELEASE_VERSION")
	if release == "" {
		release = "unknown"
	}
	return "Hello from Go, release " + release + "\n"
}
