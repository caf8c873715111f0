//go:build realclients

package clienttest

import (
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"
)

// TestResume cuts the connection of the SDK's event stream again and again. Only ours: OpenCode's events have no ids on the
// wire, so a client of its server cannot ask for what it missed.
func TestResume(t *testing.T) {
	s := newPlace(t).start(ours, asking())
	s.script(`
!for your time
!slow 40ms
I begin with a text that takes its time to come, and then read.
call read {"filePath":"calc.go"}

!for your time
!slow 40ms
Now for a command, which has to be allowed.
call bash {"command":"wc -l calc.go","description":"Count lines"}

!for your time
!slow 40ms
That was all that there is to say about it, piece by piece.
`)
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0)})
	defer proxy.Close()
	cutting, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-cutting:
				return
			case <-time.After(150 * time.Millisecond):
				proxy.CloseClientConnections()
			}
		}
	}()
	var got struct {
		Connections, Stored int
		Missed              []string
		Order, Answered     bool
	}
	s.play(t, "resume.mjs", map[string]string{"proxy": proxy.URL}, &got)
	close(cutting)
	<-done
	if got.Connections < 4 || got.Stored < 10 || len(got.Missed) > 0 || !got.Order || !got.Answered {
		t.Errorf("%+v", got)
	}
}
