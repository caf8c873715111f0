package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// desk is the real program between a scripted editor and a scripted model.
type desk struct {
	*lsptest.Editor
	model *agenttest.Server
	clock *stopwatch
}

// stopwatch notes when the editor sent or received each message, from its trace.
type stopwatch struct {
	mu    sync.Mutex
	marks []mark
}

type mark struct {
	at   time.Time
	line string
}

func (s *stopwatch) Write(line []byte) (int, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks = append(s.marks, mark{now, string(line[:min(len(line), 60)])})
	return len(line), nil
}

// after returns when the first message that begins so was seen at or after a time.
func (s *stopwatch) after(t *testing.T, from time.Time, prefix string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks {
		if !m.at.Before(from) && strings.HasPrefix(m.line, prefix) {
			return m.at
		}
	}
	t.Fatalf("no message %q", prefix)
	return time.Time{}
}

// sit opens a workspace of one file.
func sit(t *testing.T, b binaries, text string) *desk {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &desk{model: agenttest.New(agenttest.Step{Title: "Figures"}), clock: &stopwatch{}}
	t.Cleanup(d.model.Close)
	cmd, ends := startServer(t, b.ours, dir, privateEnviron(dir, d.model.URL()))
	d.Editor = lsptest.Dial(t.Context(), ends, lsptest.Options{Root: dir, Trace: d.clock})
	t.Cleanup(func() {
		d.Editor.Close()
		cmd.Wait() // a server that loses its editor exits with 1
	})
	if err := d.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// prompt runs a turn to its end in a new session.
func (d *desk) prompt(text string) *lsptest.Call {
	return d.StartCommand("opencode.prompt", map[string]any{"text": text, "new": true, "wait": true})
}

func (d *desk) finish(t *testing.T, call *lsptest.Call) {
	t.Helper()
	var end struct{ Status, Error string }
	if err := call.Wait(t.Context(), &end); err != nil || end.Status != "done" {
		t.Fatalf("the turn: %v, %+v, %q", err, end, d.model.Problems())
	}
}

func call(name string, arguments map[string]any) agenttest.Step {
	raw, err := json.Marshal(arguments)
	if err != nil {
		panic(err) // maps of strings and numbers always marshal
	}
	return agenttest.Step{Calls: []tools.Call{{Name: name, Arguments: string(raw)}}}
}

// Steps that are measured, in a turn of lastStep; each with its neighbours on both sides.
const (
	earlyStep, lateStep, lastStep = 10, 200, 210
	neighbours                    = 5
)

// measureSteps is what the program itself needs between a reply and the next request, with a read that the rules allow.
func measureSteps(t *testing.T, b binaries) []figure {
	// The scripted model reads ever longer requests; what it throws away must not be cleared up while the program works.
	defer debug.SetGCPercent(debug.SetGCPercent(1000))
	const turns = 7
	d := sit(t, b, strings.Repeat("package a // a line of a small file\n", 300))
	own, sizes := map[int][]float64{}, map[int]float64{}
	bodies := map[int][]byte{}
	for turn := range turns {
		for i := range lastStep {
			d.model.Add(call("read", map[string]any{"filePath": "a.go", "offset": i + 1, "limit": 3}))
		}
		d.model.Add(agenttest.Step{Text: "done"})
		d.finish(t, d.prompt("read"))
		exchanges := d.model.Exchanges()[turn*(lastStep+1):]
		for _, step := range []int{earlyStep, lateStep} {
			for i := step - neighbours; i <= step+neighbours; i++ {
				own[step] = append(own[step], inMilliseconds(exchanges[i].Arrived.Sub(exchanges[i-1].Answered)))
			}
			bodies[step] = d.model.Requests()[turn*(lastStep+1)+step]
			sizes[step] = float64(len(bodies[step])) / 1024
		}
	}
	early, late := postTimes(t, bodies[earlyStep], bodies[lateStep])
	none := math.NaN()
	return []figure{
		{name: "3 own time of step 10", unit: "ms", ours: median(own[earlyStep]), than: fmt.Sprintf("POST of %.0f KiB", sizes[earlyStep]), theirs: early, atMost: 3},
		{name: "3 own time of step 200", unit: "ms", ours: median(own[lateStep]), than: "step 10", theirs: median(own[earlyStep]), atMost: 3, times: 1.5},
		{name: "3 what the bytes of step 200 cost", unit: "ms", ours: late - early, than: fmt.Sprintf("POST of %.0f KiB", sizes[lateStep]), theirs: none},
	}
}

// postTimes is how long a plain client needs to send each of two bodies.
func postTimes(t *testing.T, first, second []byte) (float64, float64) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	post := func(body []byte) func() {
		return func() {
			res, err := server.Client().Post(server.URL, "application/json", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
	}
	return alternate(51, post(first), post(second))
}

// measurePrompts follows an edit from the model's reply to the question, and from the answer to the edit.
func measurePrompts(t *testing.T, b binaries) []figure {
	d := sit(t, b, "package a\n\nconst version = 0\n")
	if err := d.Open("a.go"); err != nil {
		t.Fatal(err)
	}
	var asked, edited []float64
	for i := range 21 {
		d.model.Add(call("edit", map[string]any{"filePath": "a.go",
			"oldString": fmt.Sprintf("version = %d", i), "newString": fmt.Sprintf("version = %d", i+1)}), agenttest.Step{Text: "done"})
		turn := d.prompt("count")
		if err := d.Wait(t.Context(), "the question", func() bool { return len(d.OpenQuestions()) > 0 }); err != nil {
			t.Fatal(err)
		}
		answered := time.Now()
		if err := d.Answer(d.OpenQuestions()[0].Number, "Allow once"); err != nil {
			t.Fatal(err)
		}
		d.finish(t, turn)
		replied := d.model.Exchanges()[2*i].Answered
		asked = append(asked, inMilliseconds(d.clock.after(t, replied, "<-- window/showMessageRequest").Sub(replied)))
		edited = append(edited, inMilliseconds(d.clock.after(t, answered, "<-- workspace/applyEdit").Sub(answered)))
	}
	const than = "round trip to bare server"
	bare := roundTrip(t, b)
	return []figure{
		{name: "4 reply to question", unit: "ms", ours: median(asked[1:]), than: than, theirs: bare, atMost: 5},
		{name: "4 answer to edit", unit: "ms", ours: median(edited[1:]), than: than, theirs: bare, atMost: 5},
	}
}

// roundTrip is how long any language server takes to answer nothing.
func roundTrip(t *testing.T, b binaries) float64 {
	p := launch(t, b.bare, t.TempDir())
	defer p.end()
	p.initialize()
	took, _ := alternate(20, func() { p.request("figures/done", struct{}{}) }, func() {})
	return took
}
