// forward FILE: SQS events, one a line, to PutRecords by the SDK for Go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

type event struct {
	Records []struct {
		Body string `json:"body"`
	}
}

type search struct {
	SessionID string `json:"session_id"`
}

func usage() (int64, int64) {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano()/1000 + u.Stime.Nano()/1000, u.Maxrss
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func entries(line []byte) []types.PutRecordsRequestEntry {
	var e event
	must(json.Unmarshal(line, &e))
	out := make([]types.PutRecordsRequestEntry, len(e.Records))
	for i, record := range e.Records {
		var s search
		must(json.Unmarshal([]byte(record.Body), &s))
		out[i] = types.PutRecordsRequestEntry{Data: []byte(record.Body), PartitionKey: aws.String(s.SessionID)}
	}
	return out
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	must(err)
	client := kinesis.NewFromConfig(settings)
	file, err := os.Open(os.Args[1])
	must(err)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	setup, _ := usage()
	began := time.Now()
	sent := 0
	for lines.Scan() {
		all := entries(lines.Bytes())
		for at := 0; at < len(all); at += 500 {
			part := all[at:min(at+500, len(all))]
			reply, err := client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("searches"), Records: part})
			must(err)
			sent += len(part) - int(*reply.FailedRecordCount)
		}
	}
	must(lines.Err())
	total, peak := usage()
	fmt.Printf("{\"sent\": %d, \"setup_cpu_us\": %d, \"work_cpu_us\": %d, \"wall_ms\": %d, \"peak_kib\": %d}\n",
		sent, setup, total-setup, time.Since(began).Milliseconds(), peak)
}
