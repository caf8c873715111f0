package workspace

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watching runs Watch until the test ends and returns what it tells.
func watching(t *testing.T, w *Workspace, paths ...string) <-chan string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan string, 100), make(chan error, 1)
	go func() { ended <- w.Watch(ctx, paths, func(path string) { told <- path }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return told
}

// hear waits until path is told.
func hear(t *testing.T, told <-chan string, path string) {
	t.Helper()
	for limit := time.After(20 * time.Second); ; {
		select {
		case got := <-told:
			if got == path {
				return
			}
			t.Fatalf("told of %s, want %s", got, path)
		case <-limit:
			t.Fatalf("nobody told of %s", path)
		}
	}
}

// TestWatch makes each change over again until it is told, because nothing says when the watch stands.
func TestWatch(t *testing.T) {
	for _, tc := range []struct {
		name, path string
		change     func(t *testing.T, dir string)
	}{
		{"written", "a.json", func(t *testing.T, dir string) { put(t, filepath.Join(dir, "a.json"), "{}", false) }},
		{"replaced", "a.json", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "tmp"), "{}", false)
			must(t, os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "a.json")))
		}},
		{"removed", "a.json", func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "a.json"))) }},
		{"created with its folders", "x/y/z.json", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "x/y/z.json"), "{}", false)
		}},
		{"behind a link", "link.json", func(t *testing.T, dir string) { put(t, filepath.Join(dir, "far/b.json"), "{}", false) }},
		{"link turned", "link.json", func(t *testing.T, dir string) {
			must(t, os.Symlink("a.json", filepath.Join(dir, "tmp")))
			must(t, os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "link.json")))
		}},
		{"folder taken away", "far/b.json", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "far"), filepath.Join(dir, "farther")))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"a.json": "", "far/b.json": "", "ready": ""})
			must(t, os.Symlink("far/b.json", filepath.Join(dir, "link.json")))
			told := watching(t, New(dir), tc.path, "ready")
			awaken(t, told, filepath.Join(dir, "ready"))
			tc.change(t, dir)
			hear(t, told, tc.path)
		})
	}
}

// awaken writes a file until the watch tells of it: from then on it stands.
func awaken(t *testing.T, told <-chan string, path string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		put(t, path, string(make([]byte, n)), false)
		select {
		case <-told:
			drain(told)
			return
		case <-tick.C:
		}
	}
}

// drain waits until nothing more is told for longer than Watch gathers.
func drain(told <-chan string) {
	for {
		select {
		case <-told:
		case <-time.After(3 * watchDelay):
			return
		}
	}
}

// TestWatchFollows checks that a folder which is removed and made again is watched again.
func TestWatchFollows(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"sub/a": "", "ready": ""})
	told := watching(t, New(dir), "sub/a", "ready")
	awaken(t, told, filepath.Join(dir, "ready"))
	for range 3 {
		must(t, os.RemoveAll(filepath.Join(dir, "sub")))
		hear(t, told, "sub/a")
		drain(told)
		put(t, filepath.Join(dir, "sub/a"), "x", false)
		hear(t, told, "sub/a")
		drain(told)
	}
}

// TestWatchGathers checks that a burst of writes is told a few times and not once for each.
func TestWatchGathers(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a": "", "ready": ""})
	told := watching(t, New(dir), "a", "ready")
	awaken(t, told, filepath.Join(dir, "ready"))
	start, heard := time.Now(), 0
	for range 200 {
		put(t, filepath.Join(dir, "a"), "x", false)
	}
	hear(t, told, "a")
	for quiet := false; !quiet; {
		heard++
		select {
		case <-told:
		case <-time.After(3 * watchDelay):
			quiet = true
		}
	}
	if limit := int(time.Since(start)/watchDelay) + 1; heard > limit {
		t.Errorf("told %d times in %v", heard, time.Since(start))
	}
}

func TestWatchNothingLikeIt(t *testing.T) {
	dir := folder(t, nil)
	if err := New(dir).Watch(t.Context(), []string{"a\x00b"}, func(string) {}); err == nil {
		t.Error("a name with NUL is watched")
	}
}

// A path that comes later is watched like the others.
func TestWatchMore(t *testing.T) {
	dir := folder(t, map[string]string{"ready": "", "sub/late": ""})
	w := New(dir)
	ctx, stop := context.WithCancel(t.Context())
	told, more, ended := make(chan string, 100), make(chan string), make(chan error, 1)
	go func() { ended <- w.WatchMore(ctx, []string{"ready"}, more, func(path string) { told <- path }) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	awaken(t, told, filepath.Join(dir, "ready"))
	more <- "sub/late"
	more <- "sub/late" // once is enough, and the first has been taken in by now
	put(t, filepath.Join(dir, "sub/late"), "x", false)
	hear(t, told, "sub/late")
}
