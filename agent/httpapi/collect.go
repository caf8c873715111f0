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

// read maps the stored events of a session, whoever has it open.
func (a *API) read(ctx context.Context, session string) (*fold, *collection, error) {
	return a.readOn(ctx, newFold(session, a.around()))
}

// readOn lets a mapping go on to the end of what is stored, and gives the messages of that.
func (a *API) readOn(ctx context.Context, f *fold) (*fold, *collection, error) {
	c := &collection{}
	err := a.load(ctx, f, func(_ agent.Event, events []wireEvent) error {
		c.add(events)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if l := a.follower(f.info.ID); l != nil {
		c.add(l.partial(f.last))
	}
	return f, c, nil
}

// readFrom is read, of a session that is followed without what came before a turn: long ones need not be read whole for
// their newest messages.
func (a *API) readFrom(ctx context.Context, session string, first func(*fold) string) (*fold, *collection, error) {
	f := newFold(session, a.around())
	if l := a.follower(session); l != nil {
		l.mu.Lock()
		if id := first(l.fold); id != "" {
			f.info, f.last = l.fold.infos[id], seqOf(id)-1
		}
		l.mu.Unlock()
	}
	return a.readOn(ctx, f)
}

// load gives a mapping the events of its session that are stored after those that it has. A turn that a killed process left
// in its middle is marked as broken off first: clients would wait for its end.
func (a *API) load(ctx context.Context, f *fold, each func(agent.Event, []wireEvent) error) error {
	session := f.info.ID
	for mended := false; ; mended = true {
		for e, err := range agent.Transcript(ctx, a.opt.Store, session, f.last) {
			if err != nil {
				return err
			}
			events := f.step(e)
			if mended {
				a.hub.publish(session, e.Seq, e.Time, events) // nobody follows it who would
			}
			if err := each(e, events); err != nil {
				return err
			}
		}
		if f.turn == "" || mended || a.follower(session) != nil {
			return nil
		}
		if err := a.opt.Sessions.Mend(ctx, session); err != nil {
			return err
		}
	}
}
