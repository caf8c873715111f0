package acp

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// pageSize is how many sessions one answer to session/list has.
const pageSize = 100

// listed is what session/list says of a session.
type listed struct {
	ID      string `json:"sessionId"`
	Cwd     string `json:"cwd"`
	Title   string `json:"title,omitempty"`
	Updated string `json:"updatedAt"`
}

func (s *Server) listSessions(ctx context.Context, p listParams) (any, error) {
	skip := 0
	if p.Cursor != "" {
		var err error
		if skip, err = strconv.Atoi(p.Cursor); err != nil || skip < 0 {
			return nil, invalid("cursor %s is not one that session/list has given", quoted(p.Cursor))
		}
	}
	directory := ""
	if p.Cwd != "" {
		directory = workspace.New(p.Cwd).Roots()[0]
	}
	all, err := s.opt.Store.List(ctx, directory)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(i agent.SessionInfo) bool { return i.Parent != "" })
	skip = min(skip, len(all))
	page := all[skip:min(skip+pageSize, len(all))]
	sessions := make([]listed, 0, len(page))
	for _, i := range page {
		sessions = append(sessions, listed{i.ID, i.Directory, oneLine(i.Title), i.Updated.UTC().Format(time.RFC3339)})
	}
	result := map[string]any{"sessions": sessions}
	if skip+len(page) < len(all) {
		result["nextCursor"] = strconv.Itoa(skip + len(page))
	}
	return result, nil
}

// deleteSession removes a session for good, with its tasks. One that is open is closed first.
func (s *Server) deleteSession(ctx context.Context, p sessionParams) (any, error) {
	release, err := s.claim(p.SessionID)
	if err != nil {
		return nil, err
	}
	defer release()
	if one, err := s.find(p.SessionID); err == nil {
		s.drop(one)
	}
	stored := agent.NewSessions(agent.Options{Store: s.opt.Store})
	defer stored.Close()
	if _, err := stored.Delete(ctx, p.SessionID); err != nil {
		return nil, missing(p.SessionID, err)
	}
	return nil, nil
}
