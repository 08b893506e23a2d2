// Command worker does a piece of work every second.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for piece := 1; ; piece++ {
		log.Printf("worker did piece %d", piece)
		select {
		case <-stop.Done():
			log.Print("worker stops in good order")
			return
		case <-tick.C:
		}
	}
}
