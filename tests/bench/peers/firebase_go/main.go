// sender N: N pushes by firebase-admin.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"
)

const callMax = 500 // of SendEach

func cpuUs() int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return (used.Utime.Sec+used.Stime.Sec)*1e6 + used.Utime.Usec + used.Stime.Usec
}

// peakKiB is of this process alone: getrusage(2) counts the memory of whoever started it.
func peakKiB() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	var kib int64
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "VmHWM: %d", &kib)
	}
	return kib
}

func messages(first, n int) []*messaging.Message {
	made := make([]*messaging.Message, n)
	for i := range made {
		made[i] = &messaging.Message{
			Token: fmt.Sprintf("registration-%06d", first+i),
			Data:  map[string]string{"post": "981", "thread": "42"},
			Notification: &messaging.Notification{
				Title: "Mina replied to you",
				Body:  "See you there at eight, in front of the station!",
			},
		}
	}
	return made
}

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "good"})
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: "demo"}, option.WithTokenSource(token))
	if err != nil {
		log.Fatal(err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		log.Fatal(err)
	}
	setup := cpuUs()
	begin := time.Now()
	sent := 0
	for at := 0; at < n; at += callMax {
		answer, err := client.SendEach(ctx, messages(at, min(callMax, n-at)))
		if err != nil {
			log.Fatal(err)
		}
		sent += answer.SuccessCount
	}
	fmt.Printf(`{"sent": %d, "setup_cpu_us": %d, "work_cpu_us": %d, "wall_ms": %d, "peak_kib": %d}`+"\n",
		sent, setup, cpuUs()-setup, time.Since(begin).Milliseconds(), peakKiB())
}
