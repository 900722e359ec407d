// The cheapest ext_proc service that is still honest: it reads every message that Envoy sends and drops it.
// What it costs is the least that anybody pays who takes bodies out of Envoy by ext_proc.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
)

type sink struct {
	extproc.UnimplementedExternalProcessorServer
	begun, whole, bytes atomic.Int64
}

// Process reads one exchange. It ends the stream once the response's end was seen: Envoy would keep it open
// for seconds, and soon have no stream left to open.
func (s *sink) Process(stream extproc.ExternalProcessor_ProcessServer) error {
	s.begun.Add(1)
	for {
		message, err := stream.Recv()
		if err != nil {
			return nil // cut: what was not whole is counted by the difference
		}
		ended := false
		switch part := message.Request.(type) {
		case *extproc.ProcessingRequest_RequestBody:
			s.bytes.Add(int64(len(part.RequestBody.Body)))
		case *extproc.ProcessingRequest_ResponseHeaders:
			ended = part.ResponseHeaders.EndOfStream
		case *extproc.ProcessingRequest_ResponseBody:
			s.bytes.Add(int64(len(part.ResponseBody.Body)))
			ended = part.ResponseBody.EndOfStream
		case *extproc.ProcessingRequest_ResponseTrailers:
			ended = true
		}
		if ended {
			s.whole.Add(1)
			return nil
		}
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "host:port")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	s := &sink{}
	server := grpc.NewServer(grpc.InitialWindowSize(4<<20), grpc.InitialConnWindowSize(16<<20))
	extproc.RegisterExternalProcessorServer(server, s)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("begun=%d whole=%d bytes=%d\n", s.begun.Load(), s.whole.Load(), s.bytes.Load())
}
