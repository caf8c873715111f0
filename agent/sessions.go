package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Sessions are the sessions of one workspace that are open in this process. It is safe for concurrent use.
type Sessions struct {
	opt Options
	// slot is held while a session is made, opened or deleted: the store is the one who knows, and two of our own requests
	// must not look like two editors to it.
	slot chan struct{}

	mu      sync.Mutex
	open    map[string]*Session
	current string
	closed  bool
}

// NewSessions returns the sessions of a workspace; nothing is read from the store yet.
func NewSessions(opt Options) *Sessions {
	opt.questions = new(atomic.Int64)
	return &Sessions{opt: opt, slot: make(chan struct{}, 1), open: map[string]*Session{}}
}

// Start is what a new session begins with; all of it may be left out. Without a title it is named after its first prompt.
type Start struct {
	Title, Agent, Model string
	// Parent is the session whose agent starts this one.
	Parent string
	// Limits are rules for this session alone.
	Limits []Limit
	// Aside leaves the current session what it is.
	Aside bool
}

// New makes a session and its first event, and makes it the current one. Its title is the first line of the one that is
// given.
func (m *Sessions) New(ctx context.Context, start Start) (*Session, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	start.Title = FirstLine(start.Title)
	s, err := m.create(start)
	if err == nil && !start.Aside {
		m.use(s)
	}
	return s, err
}

// enter waits for the slot.
func (m *Sessions) enter(ctx context.Context) (leave func(), err error) {
	select {
	case m.slot <- struct{}{}:
		return func() { <-m.slot }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// create makes a session, with the slot held.
func (m *Sessions) create(start Start) (*Session, error) {
	now := time.Now()
	info := SessionInfo{
		ID: newID("ses"), Title: start.Title, Directory: m.opt.Directory, Agent: start.Agent, Model: start.Model, Parent: start.Parent, Limits: start.Limits,
		Created: now, Updated: now,
	}
	release, err := m.opt.Store.Acquire(info.ID)
	if err != nil {
		return nil, err
	}
	s := m.build(info.ID, release)
	if err := s.append(Event{Type: SessionCreated, Session: &info}); err != nil {
		s.stop(err)
		release()
		return nil, err
	}
	return s, m.start(s)
}

// Open returns a session, from the store where it is not open yet, and makes it the current one. A turn that a killed process
// left is closed first: its calls get results that say so.
func (m *Sessions) Open(ctx context.Context, id string) (*Session, error) {
	s, err := m.Visit(ctx, id)
	if err == nil {
		m.use(s)
	}
	return s, err
}

// Visit is Open for a front whose users do not sit at this editor: the current session stays what it is.
func (m *Sessions) Visit(ctx context.Context, id string) (*Session, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.find(ctx, id)
}

// find is Visit with the slot held.
func (m *Sessions) find(ctx context.Context, id string) (*Session, error) {
	m.mu.Lock()
	s := m.open[id]
	if s != nil {
		s.used = time.Now()
	}
	m.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := m.restore(ctx, id)
	if err != nil {
		return nil, err
	}
	return s, m.start(s)
}

// restore makes a stored session that does not run yet. It holds the right to write.
func (m *Sessions) restore(ctx context.Context, id string) (*Session, error) {
	release, err := m.opt.Store.Acquire(id)
	if err != nil {
		return nil, err
	}
	s := m.build(id, release)
	if err = s.replay(ctx); err == nil {
		if fix := s.history.repair(killed); len(fix) > 0 {
			err = s.append(fix...)
		}
	}
	if err != nil {
		s.stop(err)
		release()
		return nil, err
	}
	return s, nil
}

// Mend closes the turn that a killed process left in a stored session, as Open does, and leaves the session to the store. One
// that is open, here or elsewhere, is left alone.
func (m *Sessions) Mend(ctx context.Context, id string) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if m.opened(id) != nil {
		return nil
	}
	s, err := m.restore(ctx, id)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	s.stop(ErrClosed)
	s.release()
	return nil
}

// build makes a session that does not run yet.
func (m *Sessions) build(id string, release func()) *Session {
	ctx, stop := context.WithCancelCause(context.Background())
	s := &Session{id: id, opt: &m.opt, release: release, ctx: ctx, stop: stop, done: make(chan struct{})}
	s.log.load = func(ctx context.Context, after int64) ([]Event, error) { return m.opt.Store.Load(ctx, id, after) }
	s.mail.pending = map[string]*pending{}
	s.mail.settled = map[string]string{}
	s.mail.began = map[string]int64{}
	s.mail.wake = make(chan struct{}, 1)
	return s
}

// start runs a built session, with the slot held, and lets others go that have rested for long.
func (m *Sessions) start(s *Session) error {
	m.mu.Lock()
	if m.closed || m.open[s.id] != nil {
		m.mu.Unlock()
		s.stop(ErrClosed)
		s.release()
		return ErrClosed
	}
	m.open[s.id], s.used = s, time.Now()
	m.mu.Unlock()
	for _, id := range m.resting(s) {
		m.retire(id)
	}
	if m.opt.Opened != nil {
		m.opt.Opened(s)
	}
	go s.run()
	return nil
}

// use makes a session that a person began the current one.
func (m *Sessions) use(s *Session) {
	if s.Info().Parent != "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = s.id
}

// Current is the session last used in this workspace, by this process or an earlier one; a new one where there is none or
// another editor is using it.
func (m *Sessions) Current(ctx context.Context) (*Session, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	id, err := m.latest(ctx)
	if err != nil {
		return nil, err
	}
	if id != "" {
		s, err := m.find(ctx, id)
		if err == nil {
			m.use(s)
		}
		if err == nil || !errors.Is(err, ErrInUse) && !errors.Is(err, ErrNotFound) {
			return s, err
		}
	}
	s, err := m.create(Start{})
	if err == nil {
		m.use(s)
	}
	return s, err
}

// latest is the id of the session last used, "" for none.
func (m *Sessions) latest(ctx context.Context) (string, error) {
	m.mu.Lock()
	id := m.current
	m.mu.Unlock()
	if id != "" {
		return id, nil
	}
	list, err := m.List(ctx)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// Last is the session that was used last in this process, nil where there is none.
func (m *Sessions) Last() *Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[m.current]
}

// opened is an open session, nil for one that is not.
func (m *Sessions) opened(id string) *Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[id]
}

// Running are the open sessions, in no particular order.
func (m *Sessions) Running() []*Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*Session
	for _, s := range m.open {
		all = append(all, s)
	}
	return all
}

// List are the stored sessions of the workspace that a person began, newest first.
func (m *Sessions) List(ctx context.Context) ([]SessionInfo, error) {
	return m.Children(ctx, "")
}

// Delete ends a session and its children, removes them from the store, and returns their ids. It refuses a session that
// another process is using.
func (m *Sessions) Delete(ctx context.Context, id string) (gone []string, err error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = m.remove(ctx, id, &gone)
	return gone, err
}

// remove is Delete with the slot held. The parent ends first, so that it starts no more children.
func (m *Sessions) remove(ctx context.Context, id string, gone *[]string) error {
	m.retire(id)
	release, err := m.opt.Store.Acquire(id)
	if err != nil {
		return err
	}
	defer release()
	children, err := m.Children(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := m.remove(ctx, c.ID, gone); err != nil {
			return err
		}
	}
	if err := m.opt.Store.Delete(ctx, id); err != nil {
		return err
	}
	*gone = append(*gone, id)
	return nil
}

// Question is an open question with the session that asks it.
type Question struct {
	OpenQuestion
	Session string
}

// Pending are the open questions of all sessions, oldest first.
func (m *Sessions) Pending() []Question {
	all := []Question{}
	for _, s := range m.Running() {
		for _, q := range s.Pending() {
			all = append(all, Question{q, s.id})
		}
	}
	slices.SortFunc(all, func(a, b Question) int { return number(a.ID) - number(b.ID) })
	return all
}

// Answer settles a question of any session; see [Session.Answer].
func (m *Sessions) Answer(id string, a permission.Answer, by string) error {
	late := &LateError{ID: id}
	for _, s := range m.Running() {
		err := s.Answer(id, a, by)
		if l, ok := errors.AsType[*LateError](err); !ok {
			return err
		} else if l.By != "" {
			late = l
		}
	}
	return late
}

// Close cancels what runs and waits until every session has written its end.
func (m *Sessions) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.slot <- struct{}{} // one that is being opened is seen to its end
	defer func() { <-m.slot }()
	var wg sync.WaitGroup
	for _, s := range m.Running() {
		wg.Go(s.close)
	}
	wg.Wait()
}
