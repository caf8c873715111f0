package httpapi

import (
	"context"
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

// patch is what changes come to as one text.
func (a *API) patch(changes []tools.Applied) string {
	var b strings.Builder
	for _, d := range a.net(changes) {
		b.WriteString(d.Patch)
	}
	return b.String()
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
