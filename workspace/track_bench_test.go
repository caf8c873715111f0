package workspace

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkTrack is what looking before and after a command costs in a workspace of 5,000 files, after the first look.
func BenchmarkTrack(b *testing.B) {
	w, files := benchTracked(b)
	t := NewTracker(w, NewContents(filepath.Join(b.TempDir(), "contents")))
	if _, err := t.look(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(files), "files")
	for b.Loop() {
		r, err := t.Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if list, err := r.End(b.Context()); err != nil || len(list) > 0 {
			b.Fatal(list, err)
		}
	}
}

// BenchmarkTrackFirst is the first look, which reads and keeps everything.
func BenchmarkTrackFirst(b *testing.B) {
	w, files := benchTracked(b)
	b.ReportMetric(float64(files), "files")
	for b.Loop() {
		t := NewTracker(w, NewContents(filepath.Join(b.TempDir(), "contents")))
		if _, err := t.look(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func benchTracked(b *testing.B) (w *Workspace, files int) {
	root, err := filepath.EvalSymlinks(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	bench := trackBench{T: nil, w: New(root)}
	for i := range 5000 {
		name := fmt.Sprintf("d%d/e%d/f%d.go", i%10, i%70, i)
		if err := bench.tryWrite(name, strings.Repeat(fmt.Sprintf("line %d\n", i), 800)); err != nil {
			b.Fatal(err)
		}
	}
	return bench.w, 5000
}
