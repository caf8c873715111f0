package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

const (
	heartbeat = 10 * time.Second // OpenCode's
	// sendWithin bounds one write to a client that does not read.
	sendWithin = 30 * time.Second
)

// stream is one client of /event or /global/event.
type stream struct {
	api    *API
	w      http.ResponseWriter
	ctl    *http.ResponseController
	sub    *subscriber
	cursor *cursor
	// global says of each event where it comes from, as /global/event does.
	global bool
	sent   map[string]int64 // by session: up to where the past was sent
}

func (a *API) events(c *call, _ none) (any, error)       { return nil, a.stream(c, false) }
func (a *API) globalEvents(c *call, _ none) (any, error) { return nil, a.stream(c, true) }

// stream follows all events until the client leaves. With the id of the last event that it got it misses nothing: what has
// happened since is read from the store.
func (a *API) stream(c *call, global bool) error {
	var from *cursor
	if last := c.Header.Get("Last-Event-ID"); last != "" {
		var err error
		if from, err = parseCursor(last); err != nil {
			return badRequest("Headers", "%s", err)
		}
	}
	sub, now, ok := a.hub.subscribe()
	if !ok {
		return overloaded("too many clients follow the events already; close one and try again")
	}
	defer a.hub.unsubscribe(sub)
	s := &stream{api: a, w: c.w, ctl: http.NewResponseController(c.w), sub: sub, cursor: now, global: global, sent: map[string]int64{}}
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.w.WriteHeader(http.StatusOK)
	if from != nil {
		s.cursor = from
	}
	if err := s.own("server.connected"); err != nil {
		return nil
	}
	if from != nil {
		if s.past(c.Context(), *from) != nil {
			return nil
		}
		s.cursor.since = now.since
	}
	s.follow(c.Context())
	return nil
}

// follow sends what happens.
func (s *stream) follow(ctx context.Context) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		batches, more := s.sub.take()
		for _, b := range batches {
			if s.batch(b) != nil {
				return
			}
		}
		if !more || s.flush() != nil {
			return
		}
		select {
		case <-s.sub.wake:
		case <-beat.C:
			if s.own("server.heartbeat") != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// own sends an event of the server itself. The first one says how far the stream is.
func (s *stream) own(kind string) error {
	data, err := json.Marshal(envelope{s.api.hub.next(), kind, struct{}{}})
	if err != nil {
		return err
	}
	id := ""
	if kind == "server.connected" {
		id = s.cursor.String()
	}
	if s.global {
		data = append(append([]byte(`{"payload":`), data...), '}')
	}
	if err := s.send(id, data); err != nil {
		return err
	}
	return s.flush()
}

// batch sends what one event has made, with the cursor in the last piece: a client that lost a part of it gets all again. Live
// output from before what the past has brought is stale: it would begin a finished message anew.
func (s *stream) batch(b batch) error {
	if b.live && b.after < s.sent[b.session] {
		return nil
	}
	if b.seq > 0 {
		if b.seq <= s.sent[b.session] {
			return nil
		}
		s.cursor.advance(b.session, b.seq, b.at)
	}
	for i, data := range b.events {
		id := ""
		if b.seq > 0 && i == len(b.events)-1 {
			id = s.cursor.String()
		}
		if s.global {
			data = s.api.located(data)
		}
		if err := s.send(id, data); err != nil {
			return err
		}
	}
	return nil
}

// located is an event with the place that it comes from.
func (a *API) located(data []byte) []byte {
	head, err := json.Marshal(struct {
		Directory string `json:"directory"`
		Project   string `json:"project"`
	}{a.directory, a.project.ID})
	if err != nil {
		return data
	}
	return bytes.Join([][]byte{head[:len(head)-1], []byte(`,"payload":`), data, []byte("}")}, nil)
}

func (s *stream) send(id string, data []byte) error {
	s.ctl.SetWriteDeadline(time.Now().Add(sendWithin)) // where the connection knows no deadline the client's end is enough
	var b bytes.Buffer
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("data: ")
	b.Write(data)
	b.WriteString("\n\n")
	_, err := s.w.Write(b.Bytes())
	return err
}

func (s *stream) flush() error { return s.ctl.Flush() }

// past sends what was stored since the cursor, session by session, and what was deleted.
func (s *stream) past(ctx context.Context, from cursor) error {
	from.marks = slices.Clone(from.marks) // s.cursor moves meanwhile
	list, err := s.api.opt.Store.List(ctx, s.api.directory)
	if err != nil {
		logger().Errorf("resume: %s", err)
		return err
	}
	there := map[string]bool{}
	for _, info := range list {
		there[info.ID] = true
		if _, known := from.find(info.ID); !known && millis(info.Updated) < from.since {
			continue
		}
		if err := s.session(ctx, info.ID, from); err != nil {
			return err
		}
	}
	for _, m := range from.marks {
		if !there[m.session] {
			gone := wireEvent{"session.deleted", props{"sessionID": m.session, "info": s.api.around().session(agent.SessionInfo{ID: m.session, Directory: s.api.directory})}}
			if err := s.batch(batch{session: m.session, events: s.api.hub.encode(batch{session: m.session}, []wireEvent{gone})}); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

// session sends a session's stored events after the cursor.
func (s *stream) session(ctx context.Context, id string, from cursor) error {
	seq, known := from.find(id)
	if news, err := s.api.opt.Store.Load(ctx, id, seq); err != nil || len(news) == 0 && s.api.follower(id) != nil {
		return ctx.Err() // deleted just now, or nothing new
	}
	err := s.api.load(ctx, newFold(id, s.api.around()), func(e agent.Event, events []wireEvent) error {
		if e.Seq <= seq || !known && millis(e.Time) < from.since {
			return nil
		}
		b := batch{session: id, seq: e.Seq, at: e.Time}
		b.events = s.api.hub.encode(b, s.api.withDiff(events, e))
		err := s.batch(b)
		s.sent[id] = e.Seq
		return err
	})
	if err != nil {
		return err
	}
	return s.flush()
}
