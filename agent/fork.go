package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Fork makes a session that begins as another one did: with all of its turns that have ended, or those up to the one named.
// The other stays as it is, whoever uses it, and so does the current session.
func (m *Sessions) Fork(ctx context.Context, id, turn string) (*Session, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	at, err := findFork(ctx, m.opt.Store, id, turn)
	if err != nil {
		return nil, err
	}
	fork := newID("ses")
	release, err := m.opt.Store.Acquire(fork)
	if err != nil {
		return nil, err
	}
	err = at.copy(ctx, m.opt.Store, fork)
	release()
	if err != nil {
		if undone := m.opt.Store.Delete(context.WithoutCancel(ctx), fork); undone != nil && !errors.Is(undone, ErrNotFound) {
			logger().Errorf("fork of %s: %s", id, undone)
		}
		return nil, fmt.Errorf("fork session %s: %w", id, err)
	}
	return m.find(ctx, fork)
}

// forkPoint is how far a session is copied.
type forkPoint struct {
	session string
	last    int64
	info    SessionInfo // as it is there
}

// findFork finds the last moment at which no turn runs, or the end of a turn.
func findFork(ctx context.Context, store Store, id, turn string) (forkPoint, error) {
	at := forkPoint{session: id}
	var h history
	for e, err := range Transcript(ctx, store, id, 0) {
		if err != nil {
			return at, err
		}
		switch e.Type {
		case SessionCreated, SessionChanged:
			h.info = *e.Session
		case TurnStarted:
			h.turn = e.Turn
		case TurnEnded:
			h.turn = ""
		}
		if h.turn == "" {
			at.last, at.info = e.Seq, h.info
		}
		if turn != "" && e.Type == TurnEnded && e.Turn == turn {
			return at, nil
		}
	}
	if turn != "" {
		return at, fmt.Errorf("session %s has no turn %s that has ended", id, turn)
	}
	return at, nil
}

// copy stores the events under another id. Their Seq stays, so that what they say of one another stays true. The last one
// says what the copy is called.
func (at forkPoint) copy(ctx context.Context, store Store, fork string) error {
	own := func(info SessionInfo) *SessionInfo {
		info.ID, info.Parent = fork, ""
		return &info
	}
	for after := int64(0); after < at.last; {
		events, err := store.Load(ctx, at.session, after)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return ErrNotFound // deleted meanwhile
		}
		after = events[len(events)-1].Seq
		for i := range events {
			events[i].SessionID = fork
			if events[i].Session != nil {
				events[i].Session = own(*events[i].Session)
			}
		}
		events = events[:len(events)-int(max(after-at.last, 0))]
		if err := store.Append(ctx, fork, events...); err != nil {
			return err
		}
	}
	info := own(at.info)
	info.Title = strings.TrimSpace(clip(info.Title, maxTitle-len(" (fork)")) + " (fork)")
	return store.Append(ctx, fork, Event{
		Seq: at.last + 1, Time: time.Now(), Type: SessionChanged, SessionID: fork, Session: info,
	})
}

// Rename gives a session a title: at once, or while a turn runs at its next step. It is not the current session for that.
func (m *Sessions) Rename(ctx context.Context, id, title string) error {
	if title = FirstLine(title); title == "" {
		return errors.New("the title is empty; say what the session shall be called")
	}
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	open := m.opened(id) != nil
	s, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	if err = s.rename(ctx, title); !open {
		m.retire(id)
	}
	return err
}

func (s *Session) rename(ctx context.Context, title string) error {
	s.mail.mu.Lock()
	s.mail.title = title
	s.mail.mu.Unlock()
	err := s.do(ctx, func(context.Context) error { return s.takeTitle() })
	if !errors.Is(err, ErrBusy) {
		return err
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.poke() // should the turn have taken its last step already
	return nil
}

// takeTitle stores the title that the user wants, if any; one that a model is thinking of is not waited for any more.
func (s *Session) takeTitle() error {
	s.mail.mu.Lock()
	title := s.mail.title
	s.mail.title = ""
	s.mail.mu.Unlock()
	if title == "" {
		return nil
	}
	s.title = nil
	return s.retitle(title)
}
