// Package workspace gives the user's files as the user sees them: open buffers first, disk second, nothing outside the
// roots without being asked for by name. Everything here counts in bytes; editors' positions are lsp's business.
//
// [Workspace.Read] gives a [File], one immutable snapshot. [NewChange] computes a [Change] from it, which an [Applier]
// carries to where the file lives; [Land] does so while the user is typing. [Workspace.Walk], [Workspace.Glob] and
// [Workspace.Grep] look around with git's ignore rules, [Workspace.Watch] tells when a file changes on disk.
package workspace

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
)

// Workspace is the user's folders and the buffers that an editor has open. It is safe for concurrent use.
type Workspace struct {
	mu      sync.Mutex
	roots   []string
	names   map[string]*document   // by the name under which the editor opened it
	open    map[string][]*document // by canonical path; the one that the user touched last stands last
	waiters map[string][]*waiter   // by canonical path
	// recordings are told what is saved while a command runs.
	recordings map[*Recording]bool

	diagnostics Diagnostics
	look        func(ctx context.Context, path string) error // see Consult
}

// New returns a workspace of the given root folders (absolute, at least one, the first is where relative paths start).
func New(roots ...string) *Workspace {
	w := &Workspace{
		names:   make(map[string]*document),
		open:    make(map[string][]*document),
		waiters: make(map[string][]*waiter),

		recordings: make(map[*Recording]bool),
	}
	w.SetRoots(roots...)
	return w
}

// Roots are the canonical root folders, in the order given.
func (w *Workspace) Roots() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.roots // replaced as a whole by SetRoots, never changed
}

// SetRoots replaces the root folders (workspace/didChangeWorkspaceFolders). Without any it panics: the caller has to
// choose where relative paths start.
func (w *Workspace) SetRoots(roots ...string) {
	if len(roots) == 0 {
		panic("workspace: no root folder")
	}
	real := make([]string, 0, len(roots))
	for _, root := range roots {
		abs, err := canonical(root)
		if err != nil {
			abs = filepath.Clean(root) // unreadable now; files in it will say why
		}
		real = append(real, abs)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.roots = slices.Clip(real)
}
