package httpapi

import (
	"cmp"
	"context"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// collection is the messages that a client has that saw the events it was given.
type collection struct {
	list  []*Message
	index map[string]*Message
}

// add takes over events.
func (c *collection) add(events []wireEvent) {
	for _, e := range events {
		switch p := e.Properties.(type) {
		case messageUpdated:
			c.message(p.Info)
		case messageRemoved:
			delete(c.index, p.MessageID)
			c.list = slices.DeleteFunc(c.list, func(m *Message) bool { return m.Info.messageID() == p.MessageID })
		case partUpdated:
			if m := c.index[p.Part.head().MessageID]; m != nil {
				m.put(p.Part)
			}
		case partRemoved:
			if m := c.index[p.MessageID]; m != nil {
				m.Parts = slices.DeleteFunc(m.Parts, func(q Part) bool { return q.head().ID == p.PartID })
			}
		}
	}
}

func (c *collection) message(info Info) {
	if c.index == nil {
		c.index = map[string]*Message{}
	}
	id := info.messageID()
	if m := c.index[id]; m != nil {
		m.Info = info
		return
	}
	m := &Message{Info: info, Parts: []Part{}}
	c.index[id] = m
	c.list = append(c.list, m)
}

func (m *Message) put(p Part) {
	id := p.head().ID
	i, found := slices.BinarySearchFunc(m.Parts, id, func(q Part, id string) int { return cmp.Compare(q.head().ID, id) })
	if found {
		m.Parts[i] = p
		return
	}
	m.Parts = slices.Insert(m.Parts, i, p)
}

// messages are those of a session. One that a killed process left in the middle of a turn is opened, which marks the turn as
// broken off: clients would wait for its end.
func (a *API) messages(ctx context.Context, session string) (*collection, error) {
	f, all, err := a.read(ctx, session)
	if err != nil || f.turn == "" || a.follower(session) != nil {
		return all, err
	}
	if _, err := a.opt.Sessions.Open(ctx, session); err != nil {
		return all, nil // another process is at work on it
	}
	_, all, err = a.read(ctx, session)
	return all, err
}

// read maps the stored events of a session, whoever has it open.
func (a *API) read(ctx context.Context, session string) (*fold, *collection, error) {
	f, c := newFold(session, a.around()), &collection{}
	for e, err := range agent.Transcript(ctx, a.opt.Store, session, 0) {
		if err != nil {
			return nil, nil, err
		}
		c.add(f.step(e))
	}
	if l := a.follower(session); l != nil {
		c.add(l.partial(f.last))
	}
	return f, c, nil
}
