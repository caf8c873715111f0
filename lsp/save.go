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
	flight map[string]int // edits that the editor has not confirmed yet; until then the buffer may still look saved
}

// note is called before an edit goes to the editor; settled, when it is known what became of it. A file of which no edit
// arrived is not the agent's: what is unsaved there is the user's alone.
func (l *editLog) note(ws *workspace.Workspace, path string) (settled func(arrived bool)) {
	disk, err := ws.OnDisk(path)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.base == nil {
		l.base, l.flight = map[string]string{}, map[string]int{}
	}
	_, known := l.base[path]
	if !known && err == nil {
		l.base[path] = disk.Text
	}
	l.flight[path]++
	return func(arrived bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.flight[path]--; l.flight[path] == 0 {
			delete(l.flight, path)
		}
		if !known && !arrived {
			delete(l.base, path)
		}
	}
}

// unsaved are the edited files whose buffers still differ from the disk, sorted; those that do not are forgotten.
func (l *editLog) unsaved(ws *workspace.Workspace) []string {
	l.mu.Lock()
	paths := slices.Sorted(maps.Keys(l.base))
	l.mu.Unlock()
	return slices.DeleteFunc(paths, func(path string) bool {
		saved := !ws.Unsaved(path)
		if saved {
			l.forget(path)
		}
		return saved
	})
}

// forget drops a file that is saved, unless an edit of it is under way.
func (l *editLog) forget(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flight[path] == 0 {
		delete(l.base, path)
	}
}

// move carries what is known of a file over to the name that it was moved to.
func (l *editLog) move(from, to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if base, known := l.base[from]; known {
		l.base[to] = base
		delete(l.base, from)
	}
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
		uris = append(uris, uriOf(s.ws.OpenName(path)))
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

// bom begins some files on disk; many editors keep it out of the buffer and put it back when they save.
const bom = "\ufeff"

// writeBuffer writes one buffer's text, or fails with ErrStale.
func (s *Server) writeBuffer(ctx context.Context, path string) error {
	buffer, err := s.ws.Read(ctx, path)
	if err != nil {
		return err
	}
	disk, err := s.ws.OnDisk(path)
	if err != nil {
		return err
	}
	text := buffer.Text
	if strings.HasPrefix(disk.Text, bom) && !strings.HasPrefix(text, bom) {
		text = bom + text
	}
	switch disk.Text {
	case text: // the user has saved it meanwhile
		return nil
	case s.edits.before(path):
		return s.disk().Apply(ctx, workspace.NewChange(disk, text))
	}
	return workspace.ErrStale
}
