package acp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A client that reads nothing holds up who sends to it; when it leaves, or has not read for a minute, all is over.
func TestSlowClient(t *testing.T) {
	for _, leaves := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			c := newConn(ours)
			var sent atomic.Int32
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 3 {
					c.notify(t.Context(), "x", nil)
					sent.Add(1)
				}
			}()
			synctest.Wait()
			if n := sent.Load(); n != 1 {
				t.Errorf("%d of 3 were sent to a client that reads none", n)
			}
			start := time.Now()
			if leaves {
				theirs.Close()
			}
			<-done
			c.finish()
			if took := time.Since(start); took > writeWithin || leaves && took > 0 {
				t.Errorf("it took %s", took)
			}
			if _, err := call[any](t.Context(), c, "y", nil); !errors.Is(err, errGone) {
				t.Errorf("a call afterwards: %v", err)
			}
		})
	}
}

// A call to a client that reads nothing ends when it is not wanted any more.
func TestCallUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(ours)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 { // one is being written
			start := time.Now()
			if _, err := call[any](ctx, c, "ask", nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 2*graceWithin {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		}
		theirs.Close()
		c.finish()
	})
}

// A call that is not wanted any more is taken back, and its late answer passed over; what is asked of us goes on meanwhile.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(ours)
		ctx := t.Context()
		go c.read(ctx, func(_ context.Context, method string, _ json.RawMessage, _ bool) (any, error) {
			if method == "panic" {
				panic("a bug")
			}
			return later(func(ctx context.Context) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}), nil
		})
		in := bufio.NewReader(theirs)
		expect := func(want string) {
			t.Helper()
			if line, err := in.ReadString('\n'); err != nil || line != want+"\n" {
				t.Errorf("got %s %v, want %s", line, err, want)
			}
		}
		say := func(line string) { theirs.Write([]byte(line + "\n")) }

		asking, cancel := context.WithCancelCause(ctx)
		failed := make(chan error, 1)
		go func() {
			_, err := call[any](asking, c, "ask", 7)
			failed <- err
		}()
		expect(`{"jsonrpc":"2.0","id":1,"method":"ask","params":7}`)
		say(`{"jsonrpc":"2.0","id":"a","method":"wait"}`)
		why := errors.New("why")
		cancel(why)
		expect(`{"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":1}}`)
		if err := <-failed; !errors.Is(err, why) {
			t.Error(err)
		}
		say(`{"jsonrpc":"2.0","id":1,"result":{}}`)
		say(`{"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":"a"}}`)
		expect(`{"jsonrpc":"2.0","id":"a","error":{"code":-32800,"message":"the request was cancelled"}}`)
		say(`{"jsonrpc":"2.0","id":2,"method":"panic"}`)
		expect(`{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"panic failed; this is a bug of opencode-lsp"}}`)
		theirs.Close()
		c.finish()
	})
}
