package workspace

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Glob lists the files below dir that match a doublestar pattern, newest first; more says that max (0 for no limit) cut
// the list. A pattern without a slash is about the base name at any depth, as it is for ripgrep and OpenCode; one that
// starts with "./" or with dir's own name is taken as relative to dir.
func (w *Workspace) Glob(ctx context.Context, dir, pattern string, max int) (files []string, more bool, err error) {
	p, err := w.Resolve(dir)
	if err != nil {
		return nil, false, err
	}
	match, err := globber(p.Abs, pattern)
	if err != nil {
		return nil, false, err
	}
	var mu sync.Mutex
	var found []dated
	err = w.walk(ctx, p, func(_ *pool, _ *handle, list []Entry) {
		var hits []dated
		for _, e := range list {
			if !e.IsDir && match(e.Rel) {
				hits = append(hits, dated{e.Path, modified(e.Path)})
			}
		}
		mu.Lock()
		defer mu.Unlock()
		found = append(found, hits...)
	})
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(found, newest)
	if more = max > 0 && len(found) > max; more {
		found = found[:max]
	}
	for _, f := range found {
		files = append(files, f.path)
	}
	return files, more, nil
}

// dated is a file and when it was written last.
type dated struct {
	path string
	mod  time.Time
}

// newest sorts the latest first, what is equally late by name.
func newest(a, b dated) int { return cmp.Or(b.mod.Compare(a.mod), cmp.Compare(a.path, b.path)) }

// modified is when a file was written last; a buffer that is not on disk is as new as can be.
func modified(path string) time.Time {
	if info, err := os.Stat(path); err == nil {
		return info.ModTime()
	}
	return time.Now()
}

// globber compiles a pattern for paths relative to dir; "!" before it turns it round.
func globber(dir, glob string) (func(rel string) bool, error) {
	pattern, negate := strings.CutPrefix(glob, "!")
	if rel, ok := strings.CutPrefix(pattern, filepath.ToSlash(dir)+"/"); ok {
		pattern = "/" + rel
	}
	anchored := strings.Contains(pattern, "/")
	if anchored {
		pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, "./"), "/")
	}
	if pattern == "" || !doublestar.ValidatePattern(pattern) {
		return nil, fmt.Errorf("%q is not a file pattern; write it like *.go or src/**/*.{ts,tsx}", glob)
	}
	return func(rel string) bool {
		if !anchored {
			rel = path.Base(rel)
		}
		return doublestar.MatchUnvalidated(pattern, rel) != negate
	}, nil
}
