package page

import "testing"

func TestHelloNamesTheRelease(t *testing.T) {
	t.Setenv("HEROKU_RELEASE_VERSION", "v7")
	if got := Hello(); got != "Hello from Go, release v7\n" {
		t.Fatalf("Hello() = %q", got)
	}
}
