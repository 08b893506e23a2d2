// Command web serves the app until it is told to stop, and then finishes what it has begun.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"example.com/go-web/internal/page"
	"github.com/go-chi/chi/v5"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "5000"
	}
	routes := chi.NewRouter()
	routes.Get("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page.Hello()) })
	routes.Get("/go", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, runtime.Version()) })
	server := &http.Server{Addr: ":" + port, Handler: routes, ReadHeaderTimeout: 10 * time.Second}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	go func() {
		<-stop.Done()
		rest, done := context.WithTimeout(context.Background(), 20*time.Second)
		defer done()
		if err := server.Shutdown(rest); err != nil {
			log.Print(err)
		}
	}()
	log.Printf("web listens on %s", port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-stop.Done()
	log.Print("web stops in good order")
}
