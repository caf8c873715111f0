package httpapi

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

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

// newest is the first message of the newest n turns, "" where there are no more than that.
func (f *fold) newest(n int) string {
	all := slices.Sorted(maps.Values(f.first))
	if n >= len(all) {
		return ""
	}
	return all[len(all)-n]
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

// revert goes back to before the turn of a message: that and those after it are undone in files, keeping what the user did
// since, and leave the conversation when the next turn starts. As in OpenCode the message may also be a later one than that of
// the last revert.
func (a *API) revert(c *call, in revertBody) (Session, error) {
	s, err := a.open(c)
	if err != nil {
		return Session{}, err
	}
	f, known, err := a.read(c.Context(), s.ID())
	if err != nil {
		return Session{}, err
	}
	if known.index[in.MessageID] == nil {
		return Session{}, notFound("Message", in.MessageID)
	}
	turn := f.turnOf(in.MessageID)
	if now := f.revert(); now != nil && f.first[turn] >= now.MessageID {
		if f.first[turn] == now.MessageID {
			return a.sessionGet(c, none{})
		}
		if done, whole, err := redo(c.Context(), s, f.redos()); err != nil || !whole {
			return a.reversed(c, s, done, err)
		}
	}
	done, err := s.Rewind(c.Context(), turn)
	return a.reversed(c, s, done, err)
}

func (a *API) unrevert(c *call, _ none) (Session, error) {
	s, err := a.open(c)
	if err != nil {
		return Session{}, err
	}
	f, _, err := a.read(c.Context(), s.ID())
	if err != nil {
		return Session{}, err
	}
	done, _, err := redo(c.Context(), s, f.redos())
	return a.reversed(c, s, done, err)
}

// redo takes the last n undos back; not the whole of them where one cannot be.
func redo(ctx context.Context, s *agent.Session, n int) (all agent.Reversal, whole bool, err error) {
	for range n {
		done, err := s.Redo(ctx)
		if errors.Is(err, agent.ErrNothingToRedo) { // a turn has started meanwhile
			return all, true, nil
		}
		if err != nil {
			return all, false, err
		}
		all.Files, all.Kept = append(all.Files, done.Files...), append(all.Kept, done.Kept...)
		if stuck(done) {
			return all, false, nil
		}
	}
	return all, true, nil
}

// stuck says that an undo or redo came to nothing, since something stands in its way.
func stuck(done agent.Reversal) bool { return len(done.Files) == 0 && len(done.Kept) > 0 }

// reversed answers with the session, and tells of the files in which something stood in the way.
func (a *API) reversed(c *call, of *agent.Session, done agent.Reversal, err error) (Session, error) {
	if err != nil {
		return Session{}, err
	}
	var kept []string
	for _, k := range done.Kept {
		kept = append(kept, a.relative(k.Path)+" ("+k.Why+")")
	}
	if len(kept) > 0 {
		message := "left as it was: " + strings.Join(kept, ", ") + "; the transcript has what is to be done by hand"
		if stuck(done) {
			return Session{}, conflict(sentence(message))
		}
		a.hub.publish(of.ID(), 0, of.Info().Updated, []wireEvent{{"session.error", props{
			"sessionID": of.ID(), "error": MessageError{Name: "UnknownError", Data: ErrorData{sentence(message)}},
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
