// Pause is what the sandbox of a pod runs, and the first process of the machine's namespaces: it
// reaps orphans, and ends on a signal.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		var status syscall.WaitStatus
		for pid := 1; pid > 0; {
			pid, _ = syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		}
	}
}
