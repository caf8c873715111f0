package workspace

import (
	"context"
	"strings"
)

// Consult is for an editor that does not tell of its buffers and is asked for one at the moment of use: look is called with
// the canonical path of a file before it is read, and calls Open and Close as it finds the buffer. Where it cannot find out, or
// ctx, which is Read's, ends, it returns an error, which is Read's too: to read the disk below a buffer that nobody knows would
// lose what the user typed. It may be called from several goroutines, and must not call Read. Call Consult before the workspace
// is used.
func (w *Workspace) Consult(look func(ctx context.Context, path string) error) { w.look = look }

// consult looks at the buffer of a file.
func (w *Workspace) consult(ctx context.Context, path string) error {
	if w.look == nil {
		return nil
	}
	return w.look(ctx, path)
}

// consultOpen looks again at the buffers below a folder, which may have been saved or closed, until ctx ends. One that cannot
// be looked at stays as it was seen last.
func (w *Workspace) consultOpen(ctx context.Context, dir string) {
	if w.look == nil {
		return
	}
	for _, path := range w.OpenPaths() {
		if ctx.Err() == nil && strings.HasPrefix(path, dir) {
			_ = w.look(ctx, path)
		}
	}
}
