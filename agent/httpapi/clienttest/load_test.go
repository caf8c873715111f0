//go:build realclients

package clienttest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

var sessions = flag.Int("sessions", 8, "how many sessions TestLoad runs at once; `make serve-bench` takes 50")

// The aims of server mode, for 50 sessions; fewer pay more for each.
const (
	lessCPU    = 50
	lessMemory = 15
)

// load is what a server used for turns that ran at the same time.
type load struct {
	cpu  time.Duration // a turn
	took time.Duration // all turns
	idle usage         // memory before
	peak usage         // memory
}

// TestLoad runs a turn of a read and an edit in many sessions at once, in OpenCode's server and in ours, and compares what
// they use. Small runs must be far apart, too; whether the aims for 50 sessions are met stands in the table.
func TestLoad(t *testing.T) {
	a, b := loaded(t, ours), loaded(t, theirs)
	cpu, pss := float64(b.cpu)/float64(a.cpu), b.peak.pss/a.peak.pss
	t.Logf("%d sessions at once, a turn of a read and an edit each, instant replies\n%s", *sessions, compareLoads(a, b))
	if *sessions >= 50 {
		t.Logf("aim: %d times less CPU: %s; %d times less memory: %s", lessCPU, met(cpu >= lessCPU), lessMemory, met(pss >= lessMemory))
	}
	if cpu < lessCPU/4 || pss < lessMemory/3 {
		t.Errorf("OpenCode's server uses only %.1f times the CPU and %.1f times the memory", cpu, pss)
	}
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "NOT MET"
}

func compareLoads(a, b load) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tours\tOpenCode\ttimes\t")
	row := func(name, unit string, ours, theirs float64) {
		fmt.Fprintf(w, "%s\t%.1f %s\t%.1f %s\t%.1f\t\n", name, ours, unit, theirs, unit, theirs/ours)
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	row("CPU time a turn", "ms", ms(a.cpu), ms(b.cpu))
	row("all turns done", "ms", ms(a.took), ms(b.took))
	row("idle memory (PSS)", "MB", a.idle.pss, b.idle.pss)
	row("peak memory (PSS)", "MB", a.peak.pss, b.peak.pss)
	row("peak memory (RSS)", "MB", a.peak.rss, b.peak.rss)
	w.Flush()
	return text.String()
}

// settling is how long a server may go on working after its answers, which counts as theirs.
const settling = 2 * time.Second

// loaded measures one kind of server, which has had a turn before, so that its start does not count.
func loaded(t *testing.T, k kind) load {
	t.Helper()
	s := newPlace(t).start(k, map[string]string{"edit": "allow", "read": "allow"})
	defer s.stop()
	s.turns(t, "warm", 1)
	<-time.After(settling)
	before := measure(s.cmd.Process.Pid)
	stop, start := watch(t, s.cmd.Process.Pid), time.Now()
	s.turns(t, "load", *sessions)
	took := time.Since(start)
	<-time.After(settling)
	peak := stop()
	after := measure(s.cmd.Process.Pid)
	return load{cpu: (after.cpu - before.cpu) / time.Duration(*sessions), took: took, idle: before, peak: peak}
}

// turns runs a turn in each of n new sessions, all at once, and checks what they did.
func (s *server) turns(t *testing.T, name string, n int) {
	t.Helper()
	ids := make([]string, n)
	for i := range n {
		file := fmt.Sprintf("%s-%03d.go", name, i)
		s.write(file, calc)
		s.script(fmt.Sprintf("!for Mend %[1]s\ncall read {\"filePath\":%[1]q}\n\n!for Mend %[1]s\ncall edit {\"filePath\":%[1]q,\"oldString\":\"a - b\",\"newString\":\"a + b\"}\n\n!for Mend %[1]s\nDone.\n", file))
		var session struct{ ID string }
		s.must("POST", "/session", fmt.Sprintf(`{"title":%q}`, file), &session)
		ids[i] = session.ID
	}
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { s.mend(t, id, fmt.Sprintf("%s-%03d.go", name, i)) })
	}
	wg.Wait()
}

// mend runs one turn to its end.
func (s *server) mend(t *testing.T, session, file string) {
	status, raw, err := s.try(10*(*patience), "POST", "/session/"+session+"/message", prompt("Mend "+file))
	if err != nil || status != 200 || !strings.Contains(string(raw), `"Done."`) {
		t.Errorf("%s: %d %v\n%.500s", file, status, err, raw)
	}
	if text, err := os.ReadFile(filepath.Join(s.dir, file)); err != nil || !strings.Contains(string(text), "a + b") {
		t.Errorf("%s: %v\n%s", file, err, text)
	}
}
