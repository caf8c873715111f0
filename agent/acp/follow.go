package acp

import (
	"context"
	"errors"
	"maps"
	"reflect"
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

// follow begins to carry the session's events to the client: those after what was stored before. A client that has loaded the
// session once more hears of its commands again.
func (one *session) follow() {
	one.mu.Lock()
	one.offered = nil
	one.mu.Unlock()
	one.commands()
	one.follower.Do(func() {
		v := newView(one, true)
		one.mu.Lock()
		v.calls = one.known
		one.mu.Unlock()
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
		one.asks.ask(one.root, e)
	case agent.Answered:
		one.asks.settled(e.Answer.ID)
	case agent.TurnStarted:
		one.commands()
		v.notices()
	case agent.TurnEnded:
		v.notices()
		one.asks.clear(one.root)
		one.commands()
		one.ended(e.Turn, ending{*e.End, v.finish})
	}
}

// followChild carries the questions of a task to the client; what else it does is the task call's to tell.
func (one *session) followChild(child *agent.Session) {
	for e := range child.Events(context.Background(), child.Replayed()) {
		switch e.Type {
		case agent.Asked:
			one.asks.ask(child, e)
		case agent.Answered:
			one.asks.settled(e.Answer.ID)
		case agent.TurnEnded:
			one.asks.clear(child)
		}
	}
}

// replay sends the conversation so far, as session/load wants it before its answer: all of it, else there is an error.
func (one *session) replay(ctx context.Context) error {
	gone, err := one.root.Gone(ctx)
	if err != nil {
		return err
	}
	v := newView(one, false)
	last := max(one.root.Replayed(), one.shown())
	defer one.knows(v)
	for e := range one.root.Events(ctx, 0) {
		if e.Seq > 0 && e.Seq <= last && (e.Session != nil || !gone(e.Seq)) {
			v.show(e)
		}
		if e.Seq >= last {
			return nil
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.New("the conversation cannot be read to its end; try again")
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

// await returns the turn that the prompt starts or joins, with a channel that gets its end once all of it was sent.
func (one *session) await(p agent.Prompt) (turn string, end <-chan ending, err error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if turn, err = one.root.Prompt(p); err != nil {
		return "", nil, err
	}
	got := make(chan ending, 1)
	one.waiting[turn] = append(one.waiting[turn], got)
	return turn, got, nil
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

// command is a slash command as the client shows it.
type command struct {
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Input       *commandInput `json:"input,omitempty"`
}

// commandInput is what may be typed behind a command.
type commandInput struct {
	Hint string `json:"hint"`
}

// commands tells which slash commands there are, where anything about them has changed.
func (one *session) commands() {
	list := []command{}
	for _, c := range one.allCommands() {
		entry := command{Name: oneLine(c.Name), Description: oneLine(c.Description)}
		if _, own := builtins[c.Name]; !own {
			entry.Input = &commandInput{Hint: "arguments"}
		}
		list = append(list, entry)
	}
	one.mu.Lock()
	same := one.offered != nil && reflect.DeepEqual(one.offered, list)
	one.offered = list
	one.mu.Unlock()
	if !same {
		one.update(map[string]any{"sessionUpdate": "available_commands_update", "availableCommands": list})
	}
}
