// pulumi-language-yaml runs Pulumi programs written in YAML: Pulumi's own host for them, with the
// one method that `pulumi package add` needs and that the newest release served as a Go module
// lacks. A program in YAML reads a package's schema from its plugin, so there is nothing to link.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi-yaml/pkg/server"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

type host struct {
	pulumirpc.LanguageRuntimeServer
}

func (host) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return &pulumirpc.LinkResponse{
		ImportInstructions: "Its resources can be used in this program now.",
	}, nil
}

func main() {
	if err := serve(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(engine string) error {
	context, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	done := make(chan bool)
	go func() {
		<-context.Done()
		close(done)
	}()
	// An engine that was killed no longer answers.
	if err := rpcutil.Healthcheck(context, engine, 5*time.Minute, stop); err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: done,
		Init: func(served *grpc.Server) error {
			yaml := server.NewLanguageHost(engine, "", false)
			pulumirpc.RegisterLanguageRuntimeServer(served, host{yaml})
			return nil
		},
	})
	if err != nil {
		return err
	}
	// The engine reads the port from the first line.
	fmt.Println(handle.Port)
	return <-handle.Done
}
