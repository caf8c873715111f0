package httpapi

import (
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
