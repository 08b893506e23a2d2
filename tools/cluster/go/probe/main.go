// Command probe is what tests put into pods, as the only file of an image:
//
//	probe serve <port> [text]       answers every request with the text, its own name and the caller's address
//	probe get <url> [seconds]       prints the answer; status 1 when there is none within the seconds (5)
//	probe lookup <name>             prints the addresses of a name
//	probe echo                      copies its input to its output
//	probe eat <MiB>                 takes that much memory and keeps it
//	probe exit <status>             ends with that status
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "", "", "")
	if err := run(arguments[0], arguments[1], arguments[2]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(verb, first, second string) error {
	switch verb {
	case "serve":
		return serve(first, second)
	case "get":
		return get(first, second)
	case "lookup":
		addresses, err := net.DefaultResolver.LookupHost(context.Background(), first)
		for _, address := range addresses {
			fmt.Println(address)
		}
		return err
	case "echo":
		_, err := io.Copy(os.Stdout, os.Stdin)
		return err
	case "eat":
		return eat(first)
	case "exit":
		status, err := strconv.Atoi(first)
		if err == nil {
			os.Exit(status)
		}
		return err
	}
	return fmt.Errorf("%q is not something I do: serve, get, lookup, echo, eat, exit", verb)
}

func serve(port, text string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	server := &http.Server{Addr: ":" + port, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, text, name, r.RemoteAddr)
	})}
	go func() {
		<-stop.Done()
		server.Close()
	}()
	fmt.Println("serving on", port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func get(url, seconds string) error {
	limit, err := strconv.Atoi(seconds)
	if err != nil {
		limit = 5
	}
	answer, err := (&http.Client{Timeout: time.Duration(limit) * time.Second}).Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func eat(amount string) error {
	mebibytes, err := strconv.Atoi(amount)
	if err != nil {
		return err
	}
	memory := make([]byte, mebibytes<<20)
	for at := 0; at < len(memory); at += 4096 {
		memory[at] = 1
	}
	fmt.Println("ate", mebibytes)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	return nil
}
