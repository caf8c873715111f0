package workspace

import "strings"

// Consult is for an editor that does not tell of its buffers and is asked for one at the moment of use: look is called with
// the canonical path of a file before it is read, and calls Open and Close as it finds the buffer. It may be called from several
// goroutines, and must not call Read. Call Consult before the workspace is used.
func (w *Workspace) Consult(look func(path string)) { w.look = look }

// consult looks at the buffer of a file.
func (w *Workspace) consult(path string) {
	if w.look != nil {
		w.look(path)
	}
}

// consultOpen looks again at the buffers below a folder, which may have been saved or closed.
func (w *Workspace) consultOpen(dir string) {
	if w.look == nil {
		return
	}
	for _, path := range w.OpenPaths() {
		if strings.HasPrefix(path, dir) {
			w.look(path)
		}
	}
}
