package llm_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/llm"
)

// chunks is the length of the reply that is measured, chunk one event as OpenAI sends it.
const (
	chunks = 20_000
	chunk  = `{"id":"chatcmpl-9x","object":"chat.completion.chunk","created":1790000000,"model":"gpt-x","service_tier":"default",` +
		`"system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"obfuscation":"ab12"}`
)

// streamer sends the reply, one flush a chunk as models do, or as fast as it can be written.
func streamer(flush bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		for range chunks {
			io.WriteString(w, "data: "+chunk+"\n\n")
			if flush {
				out.Flush()
			}
		}
		io.WriteString(w, "data: "+stop+"\n\ndata: [DONE]\n\n")
	}
}

// BenchmarkRead compares a model with a plain net/http client that reads the same bytes line by line, in one run, and
// reports how many times as long the model takes.
func BenchmarkRead(b *testing.B) {
	for name, flush := range map[string]bool{"flushed": true, "burst": false} {
		b.Run(name, func(b *testing.B) {
			url := serve(b, streamer(flush))
			client := &http.Client{}
			defer client.CloseIdleConnections()
			m := newModel(b, llm.Config{Provider: "local", Model: "m", BaseURL: url, HTTPClient: client})
			var plain, model time.Duration
			for b.Loop() {
				plain += clock(func() { readPlain(b, client, url) })
				model += clock(func() {
					n := 0
					for d, err := range m.Stream(context.Background(), request(user("go"))) {
						if err != nil {
							b.Fatal(err)
						}
						n += len(d.Text)
					}
					if n != chunks*len(" word") {
						b.Fatalf("%d bytes of text", n)
					}
				})
			}
			b.ReportMetric(float64(model)/float64(plain), "ratio")
			b.ReportMetric(float64(model.Microseconds())/float64(b.N)/1000, "model-ms")
			b.ReportMetric(float64(plain.Microseconds())/float64(b.N)/1000, "plain-ms")
		})
	}
}

func clock(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func readPlain(b *testing.B, client *http.Client, url string) {
	res, err := client.Post(url+"/chat/completions", "application/json", strings.NewReader("{}"))
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	n := 0
	for lines.Scan() {
		n += len(lines.Bytes())
	}
	if n < chunks*len(chunk) {
		b.Fatalf("%d bytes", n)
	}
}
