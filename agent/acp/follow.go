package acp

import (
	"context"
	"maps"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// ending is how a turn ended, with the provider's word for why its last reply did.
type ending struct {
	agent.TurnEnd
	finish string
}

// shownTerminal is a terminal that runs a call's command.
type shownTerminal struct{ call, terminal string }

// follow begins to carry the session's events to the client: those after what was stored before.
func (one *session) follow() {
	one.follower.Do(func() {
		v := newView(one, true)
		one.mu.Lock()
		v.calls = one.known
		one.mu.Unlock()
		one.commands(v)
		if one.server.client.Session.Notices != nil {
			v.notices()
		}
		one.server.work.Go(func() {
			defer close(one.done)
			one.carry(v)
		})
	})
}

// carry hands events from a pump to the view until the session is closed, so that its last ones are seen.
func (one *session) carry(v *view) {
	events := make(chan agent.Event)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	one.server.work.Go(func() {
		defer close(events)
		for e := range one.root.Events(ctx, one.root.Replayed()) {
			events <- e
		}
	})
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			v.show(e)
			one.saw(e.Seq)
			one.react(v, e)
		case t := <-one.terminals:
			v.terminal(t)
		}
	}
}

// react does what an event asks for besides being shown.
func (one *session) react(v *view, e agent.Event) {
	switch e.Type {
	case agent.Asked:
		one.asks.ask(one.root, *e.Question)
	case agent.Answered:
		one.asks.settled(e.Answer.ID)
	case agent.TurnStarted:
		one.commands(v)
		v.notices()
	case agent.TurnEnded:
		v.notices()
		one.asks.clear(one.root)
		one.commands(v)
		one.ended(e.Turn, ending{*e.End, v.finish})
	}
}

// followChild carries the questions of a task to the client; what else it does is the task call's to tell.
func (one *session) followChild(child *agent.Session) {
	for e := range child.Events(context.Background(), child.Replayed()) {
		switch e.Type {
		case agent.Asked:
			one.asks.ask(child, *e.Question)
		case agent.Answered:
			one.asks.settled(e.Answer.ID)
		case agent.TurnEnded:
			one.asks.clear(child)
		}
	}
}

// replay sends the conversation so far, as session/load wants it before its answer.
func (one *session) replay(ctx context.Context) {
	v := newView(one, false)
	last := max(one.root.Replayed(), one.shown())
	defer one.knows(v)
	for e := range one.root.Events(ctx, 0) {
		if e.Seq > last {
			return
		}
		if e.Seq > 0 {
			v.show(e)
		}
		if e.Seq == last {
			return
		}
	}
}

// knows keeps the calls that the client knows of a replay for the follower: those that a killed process left are closed by it.
func (one *session) knows(v *view) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.known = v.calls
}

// shown is the last event that the client has seen live, 0 for none; saw notes one.
func (one *session) shown() int64 {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.seen
}

func (one *session) saw(seq int64) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.seen = max(one.seen, seq)
}

// await returns a channel that gets the end of the turn that the prompt starts or joins, once all of it was sent.
func (one *session) await(p agent.Prompt) (<-chan ending, error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	turn, err := one.root.Prompt(p)
	if err != nil {
		return nil, err
	}
	end := make(chan ending, 1)
	one.waiting[turn] = append(one.waiting[turn], end)
	return end, nil
}

func (one *session) ended(turn string, end ending) {
	one.mu.Lock()
	defer one.mu.Unlock()
	for _, w := range one.waiting[turn] {
		w <- end
	}
	delete(one.waiting, turn)
}

// abandon tells who waits for turns that none will end any more.
func (one *session) abandon() {
	one.mu.Lock()
	turns := slices.Collect(maps.Keys(one.waiting))
	one.mu.Unlock()
	for _, turn := range turns {
		one.ended(turn, ending{TurnEnd: agent.TurnEnd{Status: agent.Cancelled}})
	}
}

// commands tells which slash commands there are, where that has changed.
func (one *session) commands(v *view) {
	type input struct {
		Hint string `json:"hint"`
	}
	type command struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Input       *input `json:"input,omitempty"`
	}
	list := []command{}
	for _, c := range one.allCommands() {
		entry := command{Name: c.Name, Description: oneLine(c.Description)}
		if _, own := builtins[c.Name]; !own {
			entry.Input = &input{Hint: "arguments"}
		}
		list = append(list, entry)
	}
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, c.Name)
	}
	if v.commands != nil && slices.Equal(v.commands, names) {
		return
	}
	v.commands = names
	one.update(map[string]any{"sessionUpdate": "available_commands_update", "availableCommands": list})
}
