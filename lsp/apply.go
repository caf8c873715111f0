package lsp

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

const (
	// confirmWithin is how long after an editor's "applied" its didChange may take; Neovim debounces by 150 ms.
	confirmWithin = 2 * time.Second
	// openWithin is how long an editor may take to tell us of a hidden buffer that it made for an edit.
	openWithin = time.Second
)

// errUnconfirmed says that the editor answered but its buffer does not show the edit (yet).
var errUnconfirmed = errors.New("the editor answered that it applied the edit, but its buffer did not change")

// errRefused says that the editor answered applied: false.
var errRefused = errors.New("the editor refused the edit")

// applier carries changes into the editor's buffers, one at a time, and believes the document sync that comes back rather
// than the answer: Zed, Eglot, Kakoune and a Neovim with a newer buffer all answer applied: true without applying.
type applier struct {
	server *Server
	slot   chan struct{} // one applyEdit in flight per editor
	mu     sync.Mutex
	blind  map[string]bool // endings of files of whose hidden buffers the editor does not tell us
	// quiet leaves the label out; whoever holds the slot sets it. Neovim prints labels, and with the message of a file that
	// it has written that is more than a line: it waits for Enter.
	quiet bool
}

func newApplier(s *Server) *applier {
	return &applier{server: s, slot: make(chan struct{}, 1), blind: map[string]bool{}}
}

// Apply implements [workspace.Applier].
func (a *applier) Apply(ctx context.Context, c workspace.Change) error {
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return a.apply(ctx, c)
}

// apply is Apply for whoever holds the slot.
func (a *applier) apply(ctx context.Context, c workspace.Change) error {
	s := a.server
	now, err := s.ws.Read(ctx, c.File.Path)
	if err != nil {
		return err
	}
	if !c.File.Exists && now.Open && now.Text == c.After() && gone(now.Path) {
		return a.disk(ctx, c) // the editor kept the buffer of a file that was removed
	}
	if !now.Same(c.File) {
		return workspace.ErrStale
	}
	c.File = now
	switch {
	case c.MoveTo != "":
		return a.move(ctx, c)
	case c.Remove:
		return a.remove(ctx, c)
	case now.Open:
		settled := s.edits.note(s.ws, now.Path)
		err := a.buffer(ctx, c)
		settled(!errors.Is(err, errRefused) && !errors.Is(err, workspace.ErrStale))
		return err
	}
	if !s.editsUnopened() || a.isBlind(now.Path) {
		return a.disk(ctx, c)
	}
	return a.unopened(ctx, c)
}

// editsUnopened reports whether files that are not open are changed through the editor.
func (s *Server) editsUnopened() bool {
	return s.client.caps.Workspace.ApplyEdit && s.settings().EditUnopened != "disk"
}

// disk writes a file that the editor has not open.
func (a *applier) disk(ctx context.Context, c workspace.Change) error {
	return a.server.disk().Apply(ctx, c)
}

func (s *Server) disk() workspace.Disk { return workspace.Disk{Workspace: s.ws} }

// remove removes a file from disk.
func (s *Server) remove(ctx context.Context, f workspace.File) error {
	return s.disk().Apply(ctx, workspace.NewRemoval(f))
}

// buffer edits an open document. An editor that cannot apply edits (Kate) gets them by way of the disk, which it reloads.
func (a *applier) buffer(ctx context.Context, c workspace.Change) error {
	s := a.server
	if !s.client.caps.Workspace.ApplyEdit {
		return a.disk(ctx, c)
	}
	version := c.File.Version
	err := a.send(ctx, c, &version, confirmWithin)
	if err == nil {
		return nil
	}
	now, readErr := s.ws.Read(ctx, c.File.Path)
	switch {
	case readErr != nil:
		return readErr
	case landed(c, now):
		return nil
	case ctx.Err() == nil && !now.Same(c.File):
		return workspace.ErrStale
	}
	return err
}

// landed reports whether the file shows the change, also where the user has typed elsewhere since: then, and only then,
// it could be taken back.
func landed(c workspace.Change, now workspace.File) bool {
	_, err := c.Reverse().Rebase(now)
	return err == nil
}

// unopened edits a file that is not open: the editor makes a hidden buffer, so that the user can look and undo. An editor
// that says it did but never tells us of the buffer cannot be checked; the text is written to disk then, where the editor
// sees it as the same.
func (a *applier) unopened(ctx context.Context, c workspace.Change) error {
	s := a.server
	created := !c.File.Exists
	if created {
		var err error
		if c, err = a.create(ctx, c); err != nil {
			return err
		}
	}
	settled := s.edits.note(s.ws, c.File.Path)
	defer settled(true)
	err := a.send(ctx, c, nil, openWithin)
	if err == nil {
		return nil
	}
	now, readErr := s.ws.Read(ctx, c.File.Path)
	switch {
	case readErr != nil:
		return readErr
	case landed(c, now):
		return nil
	case ctx.Err() != nil && created && !now.Open && now.Same(c.File):
		return errors.Join(err, s.remove(context.WithoutCancel(ctx), now))
	case ctx.Err() != nil:
		return err
	case errors.Is(err, errUnconfirmed) && !now.Open && now.Same(c.File):
		a.setBlind(c.File.Path)
		return a.disk(ctx, c)
	case !now.Same(c.File):
		return workspace.ErrStale
	case created:
		return errors.Join(err, s.remove(ctx, now))
	}
	return err
}

// create makes an empty file, and its folders, for the editor to open: CreateFile truncates existing files in Neovim and
// Helix, makes none in Neovim with ignoreIfExists, and is not known to Eglot and Kate.
func (a *applier) create(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	if err := a.disk(ctx, workspace.NewChange(c.File, "")); err != nil {
		return c, err
	}
	file, err := a.server.ws.Read(ctx, c.File.Path)
	if err != nil {
		return c, err
	}
	return workspace.NewChange(file, c.After()), nil
}

// send asks the editor to apply the change and returns when the mirror shows it, whatever the editor answers; errUnconfirmed
// when the editor said yes and the mirror does not show it in time, and the editor's reason when it said no.
func (a *applier) send(ctx context.Context, c workspace.Change, version *int32, within time.Duration) error {
	s := a.server
	params := s.editParams(c, version)
	if a.quiet {
		params.Label = ""
	}
	want := c.After()
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.work.Go(func() {
		own, cancel := context.WithTimeout(s.ctx, callTimeout)
		defer cancel()
		if err := s.applyEdit(own, params); err != nil {
			stop(err)
			return
		}
		late := time.NewTimer(within)
		defer late.Stop()
		select {
		case <-late.C:
			stop(errUnconfirmed)
		case <-waiting.Done():
		}
	})
	err := s.ws.Wait(waiting, c.File.Path, func(f workspace.File) bool { return f.Open && f.Text == want })
	if waiting.Err() != nil {
		return context.Cause(waiting)
	}
	return err
}

// applyEdit sends the request and makes a refusal an error.
func (s *Server) applyEdit(ctx context.Context, params applyEditParams) error {
	result, err := call[applyEditResult](ctx, s.conn, "workspace/applyEdit", params)
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("the editor did not answer workspace/applyEdit in time")
	case err != nil:
		return fmt.Errorf("the editor could not apply the edit: %w", err)
	case !result.Applied && result.FailureReason != "":
		return fmt.Errorf("%w: %s", errRefused, oneLine(result.FailureReason))
	case !result.Applied:
		return errRefused
	}
	return nil
}

// editParams turns a change into a WorkspaceEdit of one document, pinned to its version; nil for a file that is not open.
func (s *Server) editParams(c workspace.Change, version *int32) applyEditParams {
	buffer := workspace.NewBuffer(c.File.Text)
	edits := make([]textEdit, 0, len(c.Edits))
	for _, e := range c.Edits {
		if version == nil && c.File.Text == "" && s.client.name == "Neovim" {
			e.New = strings.TrimSuffix(e.New, "\n") // its buffer of an empty file is a line that has its end
		}
		edits = append(edits, textEdit{s.client.encoding.span(buffer, e.Start, e.End), e.New})
	}
	var doc textDocumentEdit
	doc.TextDocument.URI = uriOf(s.ws.OpenName(c.File.Path))
	doc.TextDocument.Version = version
	doc.Edits = edits
	return applyEditParams{
		Label: "OpenCode: edit " + strings.TrimSpace(filepath.Base(c.File.Path)),
		Edit:  workspaceEdit{[]any{doc}},
	}
}

func (a *applier) isBlind(path string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.blind[filepath.Ext(path)]
}

func (a *applier) setBlind(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.blind[filepath.Ext(path)] = true
}
