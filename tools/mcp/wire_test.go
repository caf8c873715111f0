package mcp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// cable is a wire with the server's ends of it.
type cable struct {
	*wire
	send *io.PipeWriter // to the wire
	got  *bufio.Reader
}

func newCable(t *testing.T) *cable {
	in, send := io.Pipe()
	got, out := io.Pipe()
	c := &cable{wire: newWire("test", in, out), send: send, got: bufio.NewReader(got)}
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		send.Close()
		got.Close()
		c.Close()
	})
	return c
}

func (c *cable) line(t *testing.T) string {
	t.Helper()
	line, err := c.got.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// No more than a few requests of a server are worked on at a time; the others are refused at once.
func TestWireRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(t)
		answer := make(chan struct{})
		c.SetRequestHandler(func(_ context.Context, r transport.JSONRPCRequest) (*transport.JSONRPCResponse, error) {
			<-answer
			return transport.NewJSONRPCResultResponse(r.ID, json.RawMessage(`{}`)), nil
		})
		const asked = 3 * maxRequests
		go func() {
			for i := range asked {
				fmt.Fprintf(c.send, `{"jsonrpc":"2.0","id":%d,"method":"roots/list"}`+"\n", i)
			}
		}()
		for range asked - maxRequests {
			if line := c.line(t); !strings.Contains(line, "too many requests") {
				t.Errorf("%s", line)
			}
		}
		close(answer)
		for range maxRequests {
			if line := c.line(t); !strings.Contains(line, `"result":{}`) {
				t.Errorf("%s", line)
			}
		}
	})
}

// Answers find their requests, whatever comes between; what is no message harms nobody.
func TestWireAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable(t)
		go func() {
			c.line(t)
			io.WriteString(c.send, "hello\n\n[1]\n{\"id\":8,\"result\":1}\n{\"id\":\"7\",\"result\":1}\n{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n{\"id\":7,\"result\":{\"a\":1}}\n{\"id\":7,\"result\":2}\n")
		}()
		got, err := c.SendRequest(t.Context(), transport.JSONRPCRequest{JSONRPC: "2.0", ID: mcp.NewRequestId(int64(7)), Method: "m"})
		if err != nil || string(got.Result) != `{"a":1}` {
			t.Errorf("%+v %v", got, err)
		}
		go func() {
			c.line(t)
			c.send.Close()
		}()
		if _, err := c.SendRequest(t.Context(), transport.JSONRPCRequest{JSONRPC: "2.0", ID: mcp.NewRequestId(int64(8)), Method: "m"}); !errors.Is(err, errEnded) {
			t.Errorf("%v", err)
		}
	})
}

// Whatever a server sends, reading it ends, within memory, without a panic.
func FuzzWire(f *testing.F) {
	f.Add([]byte("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"))
	f.Add([]byte("{\"id\":null,\"method\":\"m\"}\n{\"id\":[],\"method\":1}\nx"))
	f.Add([]byte("{\"id\":1e999,\"error\":\"text\"}\n{\"method\":\"notifications/progress\",\"params\":7}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWire("test", io.NopCloser(strings.NewReader(string(data))), discard{})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-w.done
		w.Close()
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }
