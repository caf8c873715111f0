package lsptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"
)

// applied is the answer to workspace/applyEdit.
type applied struct {
	Applied       bool   `json:"applied"`
	FailureReason string `json:"failureReason,omitempty"`
	FailedChange  *int   `json:"failedChange,omitempty"`
}

// errHeld says that a request is not answered yet.
var errHeld = errors.New("not answered yet")

// errSkipped says that an edit was left out and nobody will be told.
var errSkipped = errors.New("skipped")

// applyEdit does a workspace/applyEdit as this editor would.
func (e *Editor) applyEdit(raw json.RawMessage) (any, error) {
	var params struct {
		Edit workspaceEdit `json:"edit"`
	}
	b := e.opt.Behaviour
	switch {
	case b.NoApplyEdit:
		e.complain("workspace/applyEdit is used though the editor does not announce it")
		return nil, methodNotFound("workspace/applyEdit")
	case b.SilentApply:
		return nil, errHeld
	case b.LieApplied:
		return applied{Applied: true}, nil
	case b.RefuseEdits:
		return e.refused(0, errors.New("the user declined the edit"))
	}
	if err := json.Unmarshal(raw, &params); err != nil {
		return nil, invalidParams(err)
	}
	return e.applyAll(params.Edit.documents())
}

// applyAll applies the changes one by one; like most editors it does not take back those before one that fails.
func (e *Editor) applyAll(changes []documentChange) (any, error) {
	if e.opt.Behaviour.CheckFirst {
		for i, c := range changes {
			if err := e.checkVersion(i, c); err != nil {
				return e.refused(i, err)
			}
		}
	}
	for i, c := range changes {
		if err := e.applyOne(i, c); err != nil && !errors.Is(err, errSkipped) {
			return e.refused(i, err)
		}
	}
	return applied{Applied: true}, nil
}

// refused is the answer for an edit that failed.
func (e *Editor) refused(i int, err error) (any, error) {
	var rpc *jsonrpc2.Error
	switch b := e.opt.Behaviour; {
	case errors.As(err, &rpc):
		return nil, rpc
	case b.AlwaysApplied:
		return applied{Applied: true}, nil
	case b.NoReason:
		return applied{}, nil
	}
	return applied{FailureReason: err.Error(), FailedChange: &i}, nil
}

func (e *Editor) applyOne(i int, c documentChange) error {
	if c.Kind == "" {
		return e.editDocument(i, c)
	}
	if e.opt.Behaviour.NoResourceOps {
		e.complain("a %s operation is used though the editor announces no resourceOperations", c.Kind)
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: "resource operations are not supported"}
	}
	switch c.Kind {
	case "create":
		return e.createFile(c)
	case "rename":
		return e.renameFile(c)
	case "delete":
		return e.deleteFile(c)
	}
	return fmt.Errorf("the operation %q is unknown", c.Kind)
}

// editDocument applies a TextDocumentEdit: to the buffer, or to a hidden one that is made for it.
func (e *Editor) editDocument(i int, c documentChange) error {
	path, err := filePath(c.TextDocument.URI)
	if err != nil {
		return err
	}
	if _, open := e.Buffer(path); !open && e.opt.Behaviour.MissingFails {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("there is no file %s", path)
		}
	}
	if err := e.checkVersion(i, c); err != nil {
		return err
	}
	if err := e.load(path, true); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.docs[e.Path(path)]
	edits, err := e.convert(d, c)
	if err != nil {
		return err
	}
	e.change(d, edits)
	return nil
}

// checkVersion compares the version that an edit is pinned to with the buffer's.
func (e *Editor) checkVersion(i int, c documentChange) error {
	if c.Kind != "" {
		return nil
	}
	version, ok := c.version()
	path, err := filePath(c.TextDocument.URI)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.docs[e.Path(path)]
	switch {
	case !ok:
		e.complainLocked("an edit of %s has no version: Neovim fails on it, send null", path)
		return errors.New("attempt to compare number with nil")
	case version == nil && d != nil && d.synced && !d.hidden:
		e.complainLocked("an edit of %s, which is open at version %d, is not pinned to a version", path, d.version)
		return nil
	case version == nil || d != nil && *version == d.version:
		return nil
	case d == nil || *version > d.version:
		e.complainLocked("an edit of %s is pinned to version %d, which the editor never announced", path, *version)
		return fmt.Errorf("there is no version %d of the document", *version)
	}
	return e.stale(i, *version)
}

// stale is what this editor does with an edit to an older version.
func (e *Editor) stale(i int, version int32) error {
	switch e.opt.Behaviour.Stale {
	case StaleIgnore, StaleRebase:
		return nil
	case StaleLie:
		if i == 0 && version > 0 {
			return errSkipped
		}
		return nil
	case StaleError:
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: "the document has changed"}
	}
	return errors.New("document has changed")
}

// convert makes byte edits of a change: sorted, in bounds and apart from each other, as every editor wants them.
func (e *Editor) convert(d *document, c documentChange) ([]Edit, error) {
	text, history := d.text, []splice(nil)
	if v, _ := c.version(); v != nil && *v < d.version && e.opt.Behaviour.Stale == StaleRebase {
		text, history = d.at(*v)
	}
	given := c.Edits
	if e.opt.Behaviour.Dedup {
		given = slices.Compact(slices.Clone(given))
	}
	edits := make([]Edit, 0, len(given))
	for _, t := range given {
		edits = append(edits, e.convertEdit(d.path, text, t))
	}
	for i := range edits {
		if edits[i].End < edits[i].Start || i > 0 && edits[i].Start < edits[i-1].End {
			e.complainLocked("the edits of %s overlap or are not sorted", d.path)
			return nil, errors.New("overlapping ranges are not allowed")
		}
	}
	for i, x := range edits {
		edits[i].Start, edits[i].End = carry(x.Start, history), carry(x.End, history)
		if e.opt.Behaviour.NormalizeEOL {
			edits[i].New = withLineEnds(x.New, d.text)
		}
	}
	return edits, nil
}

func (e *Editor) convertEdit(path, text string, t protocol.TextEdit) Edit {
	start, okStart := e.server.encoding.offset(text, t.Range.Start)
	end, okEnd := e.server.encoding.offset(text, t.Range.End)
	if !okStart || !okEnd {
		e.complainLocked("an edit of %s names %d:%d to %d:%d, which are not places between two characters of its text", path,
			t.Range.Start.Line, t.Range.Start.Character, t.Range.End.Line, t.Range.End.Character)
	}
	return Edit{start, end, t.NewText}
}

// withLineEnds turns the line ends of s into those that text uses, judged by its first line.
func withLineEnds(s, text string) string {
	body, next := cutLine(text)
	if next == 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\n", text[len(body):next])
}
