// attack SCHEDULE START: sends each request of a schedule at its moment, whatever became of those before it (open loop).
//
// Vegeta is the sender (MIT, well kept, and its pacer takes any schedule; k6 is AGPL, most others wait for replies). SCHEDULE has a
// JSON object for each request, in the order of "due_us", which counts from START, a Unix time in ms. For each, when it is answered,
// a line on standard output: {"n", "sent_us", "ended_us", "code", "error"}, n counting the lines of the schedule from 0.
//
// Beware: it speaks to this machine's loopback alone, on purpose.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	lineMax = 1 << 20          // of a schedule: a body as large as SQS takes
	timeout = 60 * time.Second // far over what anybody waits for: it ends a run whose server is stuck
)

type arrival struct {
	DueUs  int64             `json:"due_us"`
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header"`
	Body   string            `json:"body"`
}

type result struct {
	N       int    `json:"n"`
	SentUs  int64  `json:"sent_us"`
	EndedUs int64  `json:"ended_us"`
	Code    uint16 `json:"code"`
	Error   string `json:"error"`
}

// schedule is a vegeta.Pacer: what is late goes at once.
type schedule []arrival

func (s schedule) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if hits >= uint64(len(s)) {
		return 0, true
	}
	return time.Duration(s[hits].DueUs)*time.Microsecond - elapsed, false
}

func (s schedule) Rate(time.Duration) float64 { return 0 } // for vegeta's own reports only

func read(file string) (schedule, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var s schedule
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, lineMax)
	for lines.Scan() {
		var a arrival
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, err
		}
		if to, err := url.Parse(a.URL); err != nil || to.Hostname() != "127.0.0.1" {
			return nil, fmt.Errorf("%q is not on this machine", a.URL)
		}
		s = append(s, a)
	}
	return s, lines.Err()
}

// targeter gives the requests in their order. The fragment, which never leaves this process, says in the result which one it was:
// of two workers that start together, either may be the first here.
func (s schedule) targeter() vegeta.Targeter {
	var next int64 = -1
	return func(target *vegeta.Target) error {
		n := atomic.AddInt64(&next, 1)
		if n >= int64(len(s)) {
			return errors.New("the schedule is over")
		}
		a := s[n]
		*target = vegeta.Target{Method: a.Method, URL: fmt.Sprintf("%s#%d", a.URL, n), Body: []byte(a.Body), Header: http.Header{}}
		for name, value := range a.Header {
			target.Header.Set(name, value)
		}
		return nil
	}
}

func run(file, startUnixMs string, out io.Writer) error {
	s, err := read(file)
	if err != nil {
		return err
	}
	ms, err := strconv.ParseInt(startUnixMs, 10, 64)
	if err != nil {
		return err
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(64), vegeta.MaxBody(0), vegeta.Timeout(timeout), vegeta.HTTP2(false))
	start := time.UnixMilli(ms)
	time.Sleep(time.Until(start))
	lines := json.NewEncoder(out)
	for r := range attacker.Attack(s.targeter(), s, 0, "") {
		n, err := strconv.Atoi(r.URL[strings.LastIndexByte(r.URL, '#')+1:])
		if err != nil {
			return err
		}
		sent := r.Timestamp.Sub(start)
		if err := lines.Encode(result{n, sent.Microseconds(), (sent + r.Latency).Microseconds(), r.Code, r.Error}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("attack: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: attack SCHEDULE START")
	}
	out := bufio.NewWriter(os.Stdout)
	err := run(os.Args[1], os.Args[2], out)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		log.Fatal(err)
	}
}
