package httpapi

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// FileDiff is what became of a file.
type FileDiff struct {
	File      string `json:"file"`
	Patch     string `json:"patch"`
	Additions int    `json:"additions"`
	Deletions int    `json:"deletions"`
	// Status is "added", "deleted" or "modified".
	Status string `json:"status"`
}

// turnChanges is what a turn did to files.
type turnChanges struct {
	turn    string
	changes []tools.Applied
}

// changes are those of all turns that are not undone, the oldest first.
func (a *API) changes(ctx context.Context, session string) ([]turnChanges, error) {
	var all []turnChanges
	undone := map[string]bool{}
	for e, err := range agent.Transcript(ctx, a.opt.Store, session, 0) {
		if err != nil {
			return nil, err
		}
		switch e.Type {
		case agent.CallDone:
			if len(e.Result.Changes) == 0 {
				continue
			}
			if n := len(all); n == 0 || all[n-1].turn != e.Turn {
				all = append(all, turnChanges{turn: e.Turn})
			}
			last := &all[len(all)-1]
			last.changes = append(last.changes, e.Result.Changes...)
		case agent.Undone, agent.Redone:
			for _, t := range e.Turns {
				undone[t] = e.Type == agent.Undone
			}
		}
	}
	return slices.DeleteFunc(all, func(t turnChanges) bool { return undone[t.turn] }), nil
}

// net is what changes come to, file by file.
func (a *API) net(changes []tools.Applied) []FileDiff {
	first, last := map[string]tools.Applied{}, map[string]tools.Applied{}
	var paths []string
	for _, c := range changes {
		if _, known := first[c.Path]; !known {
			first[c.Path] = c
			paths = append(paths, c.Path)
		}
		last[c.Path] = c
	}
	list := []FileDiff{}
	for _, p := range paths {
		if d, ok := a.between(first[p], last[p]); ok {
			list = append(list, d)
		}
	}
	return list
}

// between is the difference from before one change of a file to after another; false where there is none.
func (a *API) between(first, last tools.Applied) (FileDiff, bool) {
	d := FileDiff{File: a.relative(first.Path), Status: "modified"}
	before := workspace.File{Path: first.Path, Text: a.text(first.Before, first.BeforeRef), Exists: !first.Created}
	change := workspace.NewChange(before, a.text(last.After, last.AfterRef))
	switch {
	case first.Created && last.Deleted:
		return d, false
	case last.Deleted:
		change, d.Status = workspace.NewRemoval(before), "deleted"
	case first.Created:
		d.Status = "added"
	}
	d.Patch = change.Diff(d.File)
	d.Additions, d.Deletions = count(d.Patch)
	return d, d.Patch != "" || d.Status != "modified"
}

// text is a text of a change, from where it is kept.
func (a *API) text(text, ref string) string {
	if ref == "" || a.opt.Text == nil {
		return text
	}
	kept, err := a.opt.Text(ref)
	if err != nil {
		logger().Infof("diff: %s", err)
	}
	return kept
}

// relative is a path below the workspace with "/", any other as it is.
func (a *API) relative(path string) string {
	if p, err := a.opt.Workspace.Resolve(path); err == nil && p.Inside() {
		return p.Rel
	}
	return path
}

// sessionDiff is what a session's turns have changed and what is not undone; of one turn where a message of it is named.
func (a *API) sessionDiff(c *call, _ none) ([]FileDiff, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	turn := ""
	if id := c.query.Get("messageID"); id != "" {
		f, all, err := a.read(c.Context(), info.ID)
		if err != nil {
			return nil, err
		}
		if turn = f.turnOf(id); turn == "" || all.index[id] == nil {
			return nil, notFound("Message", id)
		}
	}
	return a.diff(c.Context(), info.ID, turn)
}

// diff is the net change of a session, or of one of its turns.
func (a *API) diff(ctx context.Context, session, turn string) ([]FileDiff, error) {
	all, err := a.changes(ctx, session)
	var changes []tools.Applied
	for _, t := range all {
		if turn == "" || t.turn == turn {
			changes = append(changes, t.changes...)
		}
	}
	return a.net(changes), err
}

// turnOf is the turn that a message belongs to, "" for none.
func (f *fold) turnOf(message string) (turn string) {
	begins := ""
	for t, first := range f.first {
		if first <= message && first > begins {
			turn, begins = t, first
		}
	}
	return turn
}

// before is the turn before another one, "" for none.
func (f *fold) before(turn string) (last string) {
	begins := ""
	for t, first := range f.first {
		if first < f.first[turn] && first > begins {
			last, begins = t, first
		}
	}
	return last
}

type revertBody struct {
	MessageID string `json:"messageID"`
}

// revert undoes what the turn of a message and those after it changed in files, keeping what the user did since.
func (a *API) revert(c *call, in revertBody) (Session, error) {
	info, err := a.info(c)
	if err != nil {
		return Session{}, err
	}
	f, known, err := a.read(c.Context(), info.ID)
	if err != nil {
		return Session{}, err
	}
	if known.index[in.MessageID] == nil {
		return Session{}, notFound("Message", in.MessageID)
	}
	begins := f.first[f.turnOf(in.MessageID)]
	all, err := a.changes(c.Context(), info.ID)
	if err != nil {
		return Session{}, err
	}
	i := slices.IndexFunc(all, func(t turnChanges) bool { return f.first[t.turn] >= begins })
	if i < 0 {
		return Session{}, badRequest("Payload", "nothing to undo: from that message on no file was changed that is not undone already")
	}
	s, err := a.open(c)
	if err != nil {
		return Session{}, err
	}
	done, err := s.Undo(c.Context(), all[i].turn)
	if err != nil {
		return Session{}, undoError(err)
	}
	return a.reversed(c, info, done)
}

func (a *API) unrevert(c *call, _ none) (Session, error) {
	info, err := a.info(c)
	if err != nil {
		return Session{}, err
	}
	s, err := a.open(c)
	if err != nil {
		return Session{}, err
	}
	var all agent.Reversal
	for {
		done, err := s.Redo(c.Context())
		if errors.Is(err, agent.ErrNothingToRedo) {
			return a.reversed(c, info, all)
		}
		if err != nil {
			return Session{}, undoError(err)
		}
		all.Files, all.Kept = append(all.Files, done.Files...), append(all.Kept, done.Kept...)
		if len(done.Files) == 0 {
			return a.reversed(c, info, all)
		}
	}
}

func undoError(err error) error {
	if errors.Is(err, agent.ErrNothingToUndo) {
		return badRequest("Payload", "%s", err)
	}
	return err
}

// reversed answers with the session, and tells of the files in which something stood in the way.
func (a *API) reversed(c *call, info agent.SessionInfo, done agent.Reversal) (Session, error) {
	var kept []string
	for _, k := range done.Kept {
		kept = append(kept, a.relative(k.Path)+" ("+k.Why+")")
	}
	if len(kept) > 0 {
		message := "left as it was: " + strings.Join(kept, ", ") + "; the transcript has what is to be done by hand"
		if len(done.Files) == 0 {
			return Session{}, conflict(sentence(message))
		}
		a.hub.publish(info.ID, 0, info.Updated, []wireEvent{{"session.error", props{
			"sessionID": info.ID, "error": MessageError{Name: "UnknownError", Data: ErrorData{sentence(message)}},
		}}})
	}
	return a.sessionGet(c, none{})
}

type forkBody struct {
	MessageID string `json:"messageID,omitempty"`
}

// fork begins a session with what came before a message, or with all turns that have ended.
func (a *API) fork(c *call, in forkBody) (Session, error) {
	info, err := a.info(c)
	if err != nil {
		return Session{}, err
	}
	turn := ""
	if in.MessageID != "" {
		f, all, err := a.read(c.Context(), info.ID)
		if err != nil {
			return Session{}, err
		}
		if all.index[in.MessageID] == nil {
			return Session{}, notFound("Message", in.MessageID)
		}
		if turn = f.before(f.turnOf(in.MessageID)); turn == "" {
			return a.sessionCreate(c, createBody{Title: a.around().session(info).Title + " (fork)", Agent: info.Agent})
		}
	}
	s, err := a.opt.Sessions.Fork(c.Context(), info.ID, turn)
	if err != nil {
		return Session{}, err
	}
	made := a.around().session(s.Info())
	// The fork's log begins as the other's does; to clients it is new.
	a.hub.publish(s.ID(), 0, s.Info().Updated, []wireEvent{{"session.created", props{"sessionID": s.ID(), "info": made}}})
	return made, nil
}

type summarizeBody struct {
	ProviderID string `json:"providerID,omitempty"`
	ModelID    string `json:"modelID,omitempty"`
}

// summarize shortens the conversation. The model is the one that the configuration has for that.
func (a *API) summarize(c *call, _ summarizeBody) (bool, error) {
	s, err := a.open(c)
	if err != nil {
		return false, err
	}
	stay(c)
	_, err = s.Compact(c.Context())
	if err != nil && !errors.Is(err, agent.ErrBusy) && !errors.Is(err, agent.ErrClosed) && c.Context().Err() == nil {
		return false, conflict(sentence(err.Error()))
	}
	return err == nil, err
}

func (a *API) todo(c *call, _ none) ([]Todo, error) {
	info, err := a.info(c)
	if err != nil {
		return nil, err
	}
	f, _, err := a.read(c.Context(), info.ID)
	if err != nil {
		return nil, err
	}
	return wireTodos(f.todos), nil
}
