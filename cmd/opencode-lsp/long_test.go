//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
)

var long = flag.Bool("long", false, "run the session of 300 steps that `make long` reports of; takes a minute")

// What the session is, and what must hold of it.
const (
	longTurns, longSteps = 10, 30      // each turn one step more, its answer
	longContext          = 64_000      // tokens, of four bytes each
	longPSS              = 60          // MB at most
	longFile             = 100 << 10   // bytes of the file that is edited
	longAnswer           = "All done." // of each turn
)

// TestLongSession runs a session that outgrows its model several times through the program as it is released: memory stays
// flat, no request is longer than the model takes, and the log holds every event.
func TestLongSession(t *testing.T) {
	if !*long {
		return
	}
	d := sitLong(t)
	peak := watchMemory(t, d.pid)
	start := time.Now()
	for turn := range longTurns {
		for step := range longSteps {
			d.model.Add(longStep(turn*longSteps + step))
		}
		d.model.Add(agenttest.Step{Text: longAnswer})
		prompt := fmt.Sprintf("Turn %d: work through the files. %s", turn, strings.Repeat("Mind the details. ", 50))
		call := d.StartCommand("opencode.prompt", map[string]any{"text": prompt, "wait": true})
		var end struct{ Status, Error, Text string }
		if err := call.Wait(t.Context(), &end); err != nil || end.Status != "done" || end.Text != longAnswer {
			t.Fatalf("turn %d: %v, %+v, %q", turn, err, end, d.model.Problems())
		}
	}
	took := time.Since(start)
	pss := peak()
	largest := checkRequests(t, d.model)
	compactions := checkLog(t, d.export(t))
	fmt.Fprintf(t.Output(), "\nsteps %d, compactions %d, peak PSS %.1f MB, largest request %d of %d tokens, log of %d bytes, %s\n\n",
		longTurns*longSteps, compactions, pss, largest, longContext, d.stored(t), took.Round(time.Millisecond))
	if compactions < 3 || pss > longPSS || largest > longContext || largest < longContext/2 {
		t.Error("one of these is not as it must be")
	}
}

// longDesk is a desk whose home is known.
type longDesk struct {
	*lsptest.Editor
	model *agenttest.Server
	pid   int
	bin   string
	dir   string
	home  string // not in dir, where searches would read the store
}

// sitLong starts the program on a workspace of long files, where everything is allowed.
func sitLong(t *testing.T) *longDesk {
	t.Helper()
	d := &longDesk{model: agenttest.New(agenttest.Step{Title: "Long", Limit: longContext, Summary: "## Goal\n" + strings.Repeat("Work through the files.\n", 200)}),
		dir: t.TempDir(), home: t.TempDir(), bin: buildBinaries(t).ours}
	t.Cleanup(d.model.Close)
	for name, line := range map[string]string{"a.go": "package a // \"a line\" of a long file\n", "notes.txt": "ein Satz mit Umlauten: äöü, und \\ dazu\n"} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte("version 0\n"+strings.Repeat(line, longFile/len(line))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd, ends := startServer(t, d.bin, d.dir, d.environ())
	d.pid = cmd.Process.Pid
	d.Editor = lsptest.Dial(t.Context(), ends, lsptest.Options{Root: d.dir})
	t.Cleanup(func() {
		d.Editor.Close()
		cmd.Wait() // a server that loses its editor exits with 1
	})
	if err := d.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Open("a.go"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *longDesk) environ() []string {
	env := privateEnviron(d.home, "")
	limit := map[string]any{"limit": map[string]any{"context": longContext, "output": 8000}}
	config, err := json.Marshal(map[string]any{
		"model": "scripted/model", "permission": "allow", "edits": map[string]any{"save": "never"}, "transcript": map[string]any{"open": "never"},
		"provider": map[string]any{"scripted": map[string]any{
			"options": map[string]any{"baseURL": d.model.URL(), "apiKey": "none"}, "models": map[string]any{"model": limit}}},
	})
	if err != nil {
		panic(err) // maps of strings and numbers always marshal
	}
	return append(env, "OPENCODE_CONFIG_CONTENT="+string(config))
}

// longStep is what the model calls in a step: reads of long passages, searches, commands, and edits of the long file.
func longStep(n int) agenttest.Step {
	switch n % 6 {
	case 0:
		return call("read", map[string]any{"filePath": "a.go", "offset": n + 1, "limit": 1200}) // as much as a result may hold
	case 3:
		return call("read", map[string]any{"filePath": "a.go", "offset": n + 1, "limit": 300})
	case 1:
		return call("read", map[string]any{"filePath": "notes.txt", "offset": n + 1, "limit": 400})
	case 2:
		return call("grep", map[string]any{"pattern": fmt.Sprintf("line|%d", n)})
	case 4:
		return call("bash", map[string]any{"command": fmt.Sprintf("seq %d %d", n, n+3000)})
	default:
		edit := n / 6
		return call("edit", map[string]any{"filePath": "a.go", "oldString": fmt.Sprintf("version %d\n", edit), "newString": fmt.Sprintf("version %d\n", edit+1)})
	}
}

// watchMemory looks at a process's PSS until peak is called, which returns the highest in MB.
func watchMemory(t *testing.T, pid int) (peak func() float64) {
	stop := make(chan struct{})
	var work sync.WaitGroup
	highest := 0.0
	work.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				highest = max(highest, residentSize(t, pid))
			}
		}
	})
	return func() float64 {
		close(stop)
		work.Wait()
		return highest
	}
}

// checkRequests returns the tokens of the longest request, of those that sum up too; none was refused.
func checkRequests(t *testing.T, model *agenttest.Server) int {
	largest := 0
	for _, r := range model.Requests() {
		largest = max(largest, len(r)/4)
	}
	if problems := model.Problems(); len(problems) > 0 {
		t.Errorf("refused: %q", problems)
	}
	return largest
}

// export is the session's log, by the program's own export.
func (d *longDesk) export(t *testing.T) []agent.Event {
	t.Helper()
	run := func(args ...string) []byte {
		cmd := exec.Command(d.bin, args...)
		cmd.Dir, cmd.Env = d.dir, d.environ()
		var out, words bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &words
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, words.String())
		}
		return out.Bytes()
	}
	var sessions []agent.SessionInfo
	if err := json.Unmarshal(run("sessions", "list", "--format", "json"), &sessions); err != nil || len(sessions) != 1 {
		t.Fatalf("sessions: %v, %+v", err, sessions)
	}
	var events []agent.Event
	if err := json.Unmarshal(run("sessions", "export", "--format", "json", sessions[0].ID), &events); err != nil {
		t.Fatal(err)
	}
	return events
}

// stored is the size of the store in bytes.
func (d *longDesk) stored(t *testing.T) int64 {
	info, err := os.Stat(filepath.Join(d.home, ".home/data/opencode-lsp/store.db"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// checkLog counts the compactions; every step has its message and its one result in the log, whole.
func checkLog(t *testing.T, events []agent.Event) (compactions int) {
	count := map[agent.EventType]int{}
	for i, e := range events {
		count[e.Type]++
		if e.Seq != int64(i)+1 {
			t.Fatalf("event %d has Seq %d", i+1, e.Seq)
		}
		if e.Type == agent.CallDone && (e.Result.Error || len(e.Result.Text) < 10) {
			t.Errorf("result of %s: %.300q", e.Result.Name, e.Result.Text)
		}
		if e.Type == agent.Compacted && (e.Summary.Failure != "" || e.Summary.Text == "") {
			t.Errorf("compacted without a summary: %+v", e.Summary)
		}
	}
	for kind, want := range map[agent.EventType]int{
		agent.TurnStarted: longTurns, agent.TurnEnded: longTurns, agent.MessageDone: longTurns * (longSteps + 1),
		agent.CallStarted: longTurns * longSteps, agent.CallDone: longTurns * longSteps,
	} {
		if count[kind] != want {
			t.Errorf("%d events %s, want %d", count[kind], kind, want)
		}
	}
	return count[agent.Compacted]
}
