package lsp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// sessionArgs are the arguments of the session commands.
type sessionArgs struct {
	Session string `json:"session"`
	Title   string `json:"title"`
	Agent   string `json:"agent"`
	Model   string `json:"model"`
	Turn    string `json:"turn"`
}

// pick is the named session, else the one last used.
func pick(ctx context.Context, a *Agent, id string) (*agent.Session, error) {
	if id != "" {
		return a.Sessions.Open(ctx, id)
	}
	return a.Sessions.Current(ctx)
}

// pickID is the id of that session, which need not be opened for it.
func pickID(ctx context.Context, a *Agent, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	session, err := a.Sessions.Current(ctx)
	if err != nil {
		return "", err
	}
	return session.ID(), nil
}

func (s *Server) cancelTurn(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	cancelled := false
	for _, session := range a.Sessions.Running() {
		if args.Session == "" || session.ID() == args.Session {
			cancelled = session.Cancel() || cancelled
		}
	}
	return map[string]bool{"cancelled": cancelled}, nil
}

func (s *Server) sessionNew(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	if err := a.mayTake(args.Agent, args.Model); err != nil {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "%s", err)
	}
	session, err := a.Sessions.New(ctx, agent.Start{Title: args.Title, Agent: args.Agent, Model: args.Model})
	if err != nil {
		return nil, err
	}
	s.selected.begin(args.Agent, args.Model)
	return map[string]string{"session": session.ID()}, nil
}

// listed is one entry of opencode.session.list.
type listed struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Status    string `json:"status"`
	Updated   string `json:"updated"`
	Directory string `json:"directory"`
}

func (s *Server) sessionList(ctx context.Context, a *Agent, _ sessionArgs) (any, error) {
	infos, err := a.Sessions.List(ctx)
	if err != nil {
		return nil, err
	}
	status := statuses(a)
	list := []listed{}
	for _, i := range infos {
		list = append(list, row(i, status))
	}
	return list, nil
}

// row is a session as the lists show it, "idle" where status has nothing of it.
func row(i agent.SessionInfo, status map[string]string) listed {
	return listed{i.ID, i.Title, cmp.Or(status[i.ID], "idle"), i.Updated.UTC().Format(time.RFC3339), i.Directory}
}

// statuses are the sessions that do something: "busy", or "waiting" for an answer.
func statuses(a *Agent) map[string]string {
	status := map[string]string{}
	for _, session := range a.Sessions.Running() {
		switch {
		case len(session.Pending()) > 0:
			status[session.ID()] = "waiting"
		case session.Busy() != "":
			status[session.ID()] = "busy"
		}
	}
	return status
}

func (s *Server) sessionOpen(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	session, err := pick(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	path := s.transcriptPath(session.ID())
	shown := s.client.caps.Window.ShowDocument.Support && s.showDocument(path, true)
	if !shown {
		s.showMessage(protocol.MessageTypeInfo, "OpenCode transcript: "+path)
	}
	return map[string]any{"session": session.ID(), "transcript": uriOf(path), "shown": shown}, nil
}

func (s *Server) sessionDelete(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	if args.Session == "" {
		return nil, rpcError(jsonrpc2.CodeInvalidParams, "session is missing: name the session to delete")
	}
	gone, err := a.Sessions.Delete(ctx, args.Session)
	for _, id := range gone {
		s.followers.wait(ctx, id) // it writes the transcript to the end
		if err := os.Remove(s.transcriptPath(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the session is deleted, its transcript is not: %w", err)
		}
	}
	if err != nil {
		return nil, err
	}
	return map[string]bool{"deleted": true}, nil
}

func (s *Server) sessionCompact(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	session, err := pick(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	done, err := session.Compact(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"session": session.ID(), "compacted": done}, nil
}

func (s *Server) sessionFork(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	id, err := pickID(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	fork, err := a.Sessions.Fork(ctx, id, args.Turn)
	if err != nil {
		return nil, err
	}
	if fork, err = a.Sessions.Open(ctx, fork.ID()); err != nil { // the next prompt goes to it
		return nil, err
	}
	return map[string]string{"session": fork.ID()}, nil
}

func (s *Server) sessionRename(ctx context.Context, a *Agent, args sessionArgs) (any, error) {
	id, err := pickID(ctx, a, args.Session)
	if err != nil {
		return nil, err
	}
	if err := a.Sessions.Rename(ctx, id, args.Title); err != nil {
		return nil, err
	}
	return map[string]string{"session": id}, nil
}
