// Command receiver_otel is a Fluentd of OpenTelemetry's: it takes Fluent Forward at an address and writes each event as a JSON line.
//
//	receiver_otel -listen 127.0.0.1:24224 -events FILE -refuse-first 2 -refuse-every 5
//
// A batch that it refuses is not written; its sender gets no ack and loses the connection.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/fluentforwardreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

const tag = "fluent.tag"

// event is a line of the file. Body is what came as `message` or `log`.
type event struct {
	Tag    any            `json:"tag"`
	Time   [2]int64       `json:"time"` // seconds, nanoseconds
	Record map[string]any `json:"record"`
	Body   string         `json:"body,omitempty"`
}

type host struct{}

func (host) GetExtensions() map[component.ID]component.Component { return nil }

// keeper writes batches, one at a time, but for those that it refuses.
type keeper struct {
	mutex       sync.Mutex
	file        *os.File
	batches     int
	refuseFirst int
	refuseEvery int
}

func (k *keeper) keep(_ context.Context, logs plog.Logs) error {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.batches++
	if k.batches <= k.refuseFirst || k.refuseEvery > 0 && k.batches%k.refuseEvery == 0 {
		fmt.Printf("refused batch %d of %d events\n", k.batches, logs.LogRecordCount())
		return errors.New("refused, as told")
	}
	out := bufio.NewWriter(k.file)
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				line := event{Record: record.Attributes().AsRaw(), Body: record.Body().AsString()}
				line.Tag = line.Record[tag]
				delete(line.Record, tag)
				at := record.Timestamp().AsTime()
				line.Time = [2]int64{at.Unix(), int64(at.Nanosecond())}
				text, err := json.Marshal(line)
				if err != nil {
					return err
				}
				if _, err := out.Write(append(text, '\n')); err != nil {
					return err
				}
			}
		}
	}
	return out.Flush()
}

func main() {
	listen := flag.String("listen", "127.0.0.1:24224", "address")
	events := flag.String("events", "events", "file that events are added to")
	k := &keeper{}
	flag.IntVar(&k.refuseFirst, "refuse-first", 0, "how many batches are refused at first")
	flag.IntVar(&k.refuseEvery, "refuse-every", 0, "every so many batches one is refused")
	flag.Parse()
	if err := run(*listen, *events, k); err != nil {
		log.Fatal(err)
	}
}

func run(listen, events string, k *keeper) error {
	file, err := os.OpenFile(events, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	k.file = file
	next, err := consumer.NewLogs(k.keep)
	if err != nil {
		return err
	}
	factory := fluentforwardreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*fluentforwardreceiver.Config)
	config.ListenAddress = listen
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	receiver, err := factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), config, next)
	if err != nil {
		return err
	}
	if err := receiver.Start(ctx, host{}); err != nil {
		return err
	}
	fmt.Println("ready")
	<-ctx.Done()
	return receiver.Shutdown(context.Background())
}
