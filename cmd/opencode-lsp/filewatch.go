package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// fileWatch notices files that change on disk after the model of a session has read them, whoever changes them, so that
// the model hears of it before it relies on what it remembers. That an edit is never made on a stale file does not depend
// on it: the tools look again when they edit.
type fileWatch struct {
	ws   *workspace.Workspace
	on   bool
	more chan string   // paths to watch
	off  chan struct{} // closed when nobody watches any more

	mu      sync.Mutex
	seen    map[string]*tools.Seen     // by session
	changed map[string]map[string]bool // by session: paths that changed since its last step
}

func newFileWatch(ws *workspace.Workspace, on bool) *fileWatch {
	return &fileWatch{
		ws: ws, on: on, more: make(chan string), off: make(chan struct{}),
		seen: map[string]*tools.Seen{}, changed: map[string]map[string]bool{},
	}
}

// run watches until ctx ends.
func (f *fileWatch) run(ctx context.Context) {
	defer close(f.off)
	if err := f.ws.WatchMore(ctx, nil, f.more, f.tell); err != nil && ctx.Err() == nil {
		logger().Warningf("changes of files are noticed only when they are edited: %s", err)
	}
}

// tell marks a file as changed for all sessions; each finds out for itself whether it is news.
func (f *fileWatch) tell(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, paths := range f.changed {
		paths[path] = true
	}
}

// seenBy is the memory of a session, whose files are watched.
func (f *fileWatch) seenBy(session string) *tools.Seen {
	if !f.on {
		return tools.NewSeen(nil)
	}
	seen := tools.NewSeen(func(path string) {
		select {
		case f.more <- path:
		case <-f.off:
		}
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[session], f.changed[session] = seen, map[string]bool{}
	return seen
}

// forget drops what is kept of a session that has ended. What was watched for it stays watched.
func (f *fileWatch) forget(session string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.seen, session)
	delete(f.changed, session)
}

// note is what the model of a session should hear before its next step, "" for nothing.
func (f *fileWatch) note(ctx context.Context, s *agent.Session) string {
	f.mu.Lock()
	seen, paths := f.seen[s.ID()], f.changed[s.ID()]
	list := slices.Sorted(maps.Keys(paths))
	clear(paths)
	f.mu.Unlock()
	var stale []string
	for _, path := range list {
		if file, err := f.ws.Read(ctx, path); err == nil && seen.News(file) {
			p, err := f.ws.Resolve(path)
			if err == nil {
				stale = append(stale, p.Rel)
			}
		}
	}
	if len(stale) == 0 {
		return ""
	}
	return "Changed on disk since you read or wrote them: " + strings.Join(stale, ", ") + ". Read them again before you rely on them."
}
