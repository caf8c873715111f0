package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var figures = flag.Bool("figures", false, "measure what `make bench` reports; takes two minutes and wants an idle machine")

// figure is one line of the table: ours is a median, theirs that of what it is compared with, measured in the same run.
// Aims that are 0 are none; a figure whose yardstick is missing (NaN) meets no aim for the ratio.
type figure struct {
	name   string
	unit   string
	ours   float64
	than   string // what theirs is
	theirs float64
	atMost float64 // the aim for ours
	times  float64 // the aim for ours / theirs
}

func (f figure) ratio() float64 { return f.ours / f.theirs }

func (f figure) met() bool {
	return (f.atMost == 0 || f.ours <= f.atMost) && (f.times == 0 || f.ratio() <= f.times)
}

// aim is the aim in words, verdict whether it is met.
func (f figure) aim() (aim, verdict string) {
	var aims []string
	if f.atMost != 0 {
		aims = append(aims, fmt.Sprintf("<= %g %s", f.atMost, f.unit))
	}
	if f.times != 0 {
		aims = append(aims, fmt.Sprintf("<= %g x", f.times))
	}
	switch {
	case aims == nil:
		return "-", "-"
	case f.met():
		return strings.Join(aims, ", "), "met"
	}
	return strings.Join(aims, ", "), "NOT MET"
}

// table lays the figures out for people.
func table(figures []figure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %s/%s, %s\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tmedian\tcompared with\tits median\tratio\taim\t")
	for _, f := range figures {
		aim, verdict := f.aim()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			f.name, number(f.ours, f.unit), f.than, number(f.theirs, f.unit), number(f.ratio(), "x"), aim, verdict)
	}
	w.Flush()
	return b.String()
}

func number(v float64, unit string) string {
	if math.IsNaN(v) {
		return "n/a"
	}
	return fmt.Sprintf("%.2f %s", v, unit)
}

func TestFigureTable(t *testing.T) {
	got := table([]figure{
		{name: "small", unit: "ms", ours: 3, than: "plain", theirs: 2, atMost: 4, times: 1.5},
		{name: "slow", unit: "ms", ours: 5, than: "plain", theirs: 5, atMost: 4, times: 1.5},
		{name: "slower", unit: "ms", ours: 4, than: "plain", theirs: 2, atMost: 4, times: 1.5},
		{name: "alone", unit: "MB", ours: 4, than: "none", theirs: math.NaN(), times: 2},
		{name: "told", unit: "MB", ours: 4, than: "plain", theirs: 1},
	})
	_, got, _ = strings.Cut(got, "\n\n")
	for i, want := range []string{
		"figure median compared with its median ratio aim",
		"small 3.00 ms plain 2.00 ms 1.50 x <= 4 ms, <= 1.5 x met",
		"slow 5.00 ms plain 5.00 ms 1.00 x <= 4 ms, <= 1.5 x NOT MET",
		"slower 4.00 ms plain 2.00 ms 2.00 x <= 4 ms, <= 1.5 x NOT MET",
		"alone 4.00 MB none n/a n/a <= 2 x NOT MET",
		"told 4.00 MB plain 1.00 MB 4.00 x - -",
	} {
		if line := strings.Join(strings.Fields(strings.Split(got, "\n")[i]), " "); line != want {
			t.Errorf("line %d: %s\nwant %s", i, line, want)
		}
	}
}

// TestFigures measures the program as it is released and prints the table. It fails where something cannot be measured;
// a missed aim stands in the table, since it may be the machine's.
func TestFigures(t *testing.T) {
	if !*figures {
		return
	}
	b := buildBinaries(t)
	var all []figure
	for _, m := range []struct {
		name    string
		measure func(*testing.T, binaries) []figure
	}{
		{"start", measureStart}, {"memory", measureMemory}, {"step", measureSteps}, {"prompt", measurePrompts},
		{"grep", measureGrep}, {"change", measureChanges}, {"stream", measureStreams},
	} {
		t.Run(m.name, func(t *testing.T) { all = append(all, m.measure(t, b)...) })
	}
	fmt.Fprintf(t.Output(), "\n%s\n", table(all))
}

// binaries are the program as it is released, and the yardstick.
type binaries struct{ ours, bare string }

func buildBinaries(t *testing.T) binaries {
	t.Helper()
	dir := t.TempDir()
	b := binaries{ours: filepath.Join(dir, "opencode-lsp"), bare: filepath.Join(dir, "bare")}
	for path, pkg := range map[string]string{b.ours: ".", b.bare: "./testdata/bare"} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
	return b
}

// median of what was measured; NaN where nothing was.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// alternate runs both in turn, so that what else the machine does hits them alike, once for warming up and n times for
// their medians in milliseconds.
func alternate(n int, ours, theirs func()) (float64, float64) {
	var a, b []float64
	for range n + 1 {
		a, b = append(a, milliseconds(ours)), append(b, milliseconds(theirs))
	}
	return median(a[1:]), median(b[1:])
}

func milliseconds(f func()) float64 {
	start := time.Now()
	f()
	return inMilliseconds(time.Since(start))
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
