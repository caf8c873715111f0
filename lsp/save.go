package lsp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// editLog remembers which files the agent edited in the editor and what the disk held before, until they are saved.
type editLog struct {
	mu     sync.Mutex
	base   map[string]string
	flying string // the file whose edit is on its way: until it lands the file looks saved
}

// note is called before an edit goes to the editor, landed when its fate is known. There is one at a time.
func (l *editLog) note(ws *workspace.Workspace, path string) {
	disk, err := ws.OnDisk(path)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying = path
	if _, known := l.base[path]; known || err != nil {
		return
	}
	if l.base == nil {
		l.base = map[string]string{}
	}
	l.base[path] = disk.Text
}

func (l *editLog) landed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying = ""
}

// unsaved are the edited files whose buffers still differ from the disk, sorted; those that do not are forgotten.
func (l *editLog) unsaved(ws *workspace.Workspace) []string {
	l.mu.Lock()
	paths := slices.Collect(maps.Keys(l.base))
	flying := l.flying
	l.mu.Unlock()
	saved := func(path string) bool { return !ws.Unsaved(path) }
	for _, path := range paths {
		if path != flying && saved(path) {
			l.forget(path)
		}
	}
	paths = slices.DeleteFunc(paths, saved)
	slices.Sort(paths)
	return paths
}

func (l *editLog) forget(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.base, path)
}

func (l *editLog) before(path string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base[path]
}

// barrier makes the disk show what the buffers show before something reads the disk, since LSP cannot save: the plugin
// saves where it can, else edits.save says what to do. Nil means that the operation may go on.
func (s *Server) barrier(ctx context.Context, session *agent.Session) error {
	files := s.saveByPlugin(ctx)
	if len(files) == 0 {
		return nil
	}
	switch s.settings().Save {
	case "never":
		return nil
	case "write":
		return s.writeBuffers(ctx, files)
	}
	answer, err := s.askSave(ctx, session, files)
	switch {
	case errors.Is(err, errSaved):
		return nil
	case err != nil:
		return err
	case answer.Reply == permission.Once:
		return s.writeBuffers(ctx, files)
	case answer.Reply == agent.Skip:
		return nil
	}
	return &permission.RejectedError{Message: answer.Message}
}

// errSaved settles the save question when the user saved the files in the editor.
var errSaved = agent.Withdrawn("save")

// askSave asks what to do about the unsaved files; saving them in the editor meanwhile answers it too.
func (s *Server) askSave(ctx context.Context, session *agent.Session, files []string) (permission.Answer, error) {
	asking, settle := context.WithCancelCause(ctx)
	defer settle(nil)
	s.work.Go(func() {
		for _, path := range files {
			if s.ws.Wait(asking, path, func(workspace.File) bool { return !s.ws.Unsaved(path) }) != nil {
				return
			}
		}
		settle(errSaved)
	})
	var names []string
	for _, path := range files {
		names = append(names, s.relative(path))
	}
	subject := fmt.Sprintf("%d edited files are not saved: %s", len(files), strings.Join(names, ", "))
	if len(files) == 1 {
		subject = "edited but not saved: " + names[0]
	}
	notes := []string{"The command reads the disk, which does not show these edits yet.", "Saving in the editor answers this too."}
	return session.AskSave(asking, subject, notes, files)
}

// settle runs when a turn ends: it saves without asking, where that is set up.
func (s *Server) settle(ctx context.Context, _ *agent.Session) {
	ctx = context.WithoutCancel(ctx)
	files := s.saveByPlugin(ctx)
	if len(files) > 0 && s.settings().Save == "write" {
		if err := s.writeBuffers(ctx, files); err != nil {
			logger().Warningf("%s", err)
		}
	}
}

// saveByPlugin asks a plugin that can to save the agent's edits and returns what is still unsaved.
func (s *Server) saveByPlugin(ctx context.Context) []string {
	files := s.edits.unsaved(s.ws)
	if len(files) == 0 || !s.client.extensions.Save {
		return files
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var uris []string
	for _, path := range files {
		uris = append(uris, uriOf(path))
	}
	type saved struct {
		Saved any `json:"saved"`
	}
	if _, err := call[saved](ctx, s.conn, "opencode/saveDocuments", map[string][]string{"uris": uris}); err != nil {
		logger().Warningf("%s", err)
	}
	return s.edits.unsaved(s.ws) // the disk says whether it is true
}

// writeBuffers writes the buffers' text to disk, only where the disk still holds what it held before the agent's edits: a
// file that something else wrote meanwhile is left alone and named.
func (s *Server) writeBuffers(ctx context.Context, files []string) error {
	var kept []string
	for _, path := range files {
		err := s.writeBuffer(ctx, path)
		switch {
		case errors.Is(err, workspace.ErrStale):
			kept = append(kept, s.relative(path))
		case err != nil:
			return err
		default:
			s.edits.forget(path)
		}
	}
	if len(kept) > 0 {
		return fmt.Errorf("not written, since the disk holds other changes: %s; ask the user to save or merge by hand", strings.Join(kept, ", "))
	}
	return nil
}

// writeBuffer writes one buffer's text, or fails with ErrStale.
func (s *Server) writeBuffer(ctx context.Context, path string) error {
	buffer, err := s.ws.Read(path)
	if err != nil {
		return err
	}
	disk, err := s.ws.OnDisk(path)
	if err != nil {
		return err
	}
	if disk.Text != s.edits.before(path) {
		return workspace.ErrStale
	}
	return s.disk().Apply(ctx, workspace.NewChange(disk, buffer.Text))
}
