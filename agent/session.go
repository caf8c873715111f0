package agent

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// ErrBusy says that a turn is running and must end, or be cancelled, first.
var ErrBusy = errors.New("the session is busy; cancel the running turn first")

// ErrClosed says that the session was closed.
var ErrClosed = errors.New("the session is closed")

// Session is one conversation. One goroutine owns it: it alone runs turns, appends events and grows the history. The
// verbs Prompt, Answer and Cancel only leave something in the mailbox and return at once; what comes of it is read from
// Events.
type Session struct {
	id      string
	opt     *Options
	log     eventLog
	release func()
	ctx     context.Context // ends with the session
	stop    context.CancelCauseFunc
	done    chan struct{}

	used time.Time // last, guarded by the lock of Sessions

	replayed int64
	mail     mailbox

	// Owned by the session's goroutine.
	history    history
	gauge      gauge
	turn       *turn // the running turn
	title      chan string
	background sync.WaitGroup // the title's goroutine
	loop       loopGuard
	reminded   string // the agent whose reminder the model got last
}

// mailbox is where other goroutines reach the session. No lock is held over anything that waits.
type mailbox struct {
	mu      sync.Mutex
	turn    string // running or about to run; "" when idle
	taker   taker  // of the turn; until that is known, whom its first prompt wants
	queue   []Prompt
	title   string                  // that the user wants
	jobs    []func(context.Context) // run while no turn runs
	working bool                    // jobs were taken and run
	cancel  context.CancelCauseFunc // of the running turn
	early   bool                    // Cancel came before the turn began
	began   map[string]int64        // turn: the last Seq before it
	pending map[string]*pending
	settled map[string]string // question id: by which channel it was answered
	closed  bool
	info    SessionInfo
	todos   []tools.Todo
	running string        // the call that began last and has no result yet
	wake    chan struct{} // holds one token when there is something to do
}

// ID is the session's id.
func (s *Session) ID() string { return s.id }

// Info is what a list shows of the session.
func (s *Session) Info() SessionInfo {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.info
}

// Todos is the model's list of tasks as it stood last, in this process or an earlier one. It must not be changed.
func (s *Session) Todos() []tools.Todo {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.todos
}

// Running is the id of the call that began last and has no result yet, "" for none.
func (s *Session) Running() string {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.running
}

// Busy returns the id of the running turn, "" when the session is idle.
func (s *Session) Busy() string {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.turn
}

// Events yields the stored events with Seq above from, then follows: what happens next, live output included, until ctx
// ends or the session is closed. It never holds the session up.
func (s *Session) Events(ctx context.Context, from int64) iter.Seq[Event] {
	return s.log.follow(ctx, from, Event{SessionID: s.id})
}

// Replayed is the Seq of the last event that was stored before this process opened the session.
func (s *Session) Replayed() int64 { return s.replayed }

// Last is the Seq of the last event that was stored.
func (s *Session) Last() int64 { return s.log.last() }

// Prompt starts a turn and returns its id at once. While a turn runs the prompt joins it at its next step, and the id of
// that turn is returned.
func (s *Session) Prompt(p Prompt) (turn string, err error) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	if s.mail.closed {
		return "", ErrClosed
	}
	if s.mail.turn != "" && !s.mail.taker.suits(p.wanted()) {
		return "", &OtherTakerError{s.mail.taker.agent, s.mail.taker.model}
	}
	s.mail.queue = append(s.mail.queue, p)
	if s.mail.turn == "" {
		s.mail.turn, s.mail.taker = newID("trn"), p.begins()
		s.mail.began[s.mail.turn] = s.log.last()
	}
	s.poke()
	return s.mail.turn, nil
}

// Cancel ends the running turn wherever it is: in the stream, a question or a tool. It reports whether there was one.
func (s *Session) Cancel() bool {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.cancel()
}

// CancelTurn is Cancel for one turn alone: nothing happens where it has ended, whatever runs by now.
func (s *Session) CancelTurn(turn string) bool {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	return s.mail.turn == turn && s.cancel()
}

// cancel is called with the mailbox locked.
func (s *Session) cancel() bool {
	if s.mail.turn == "" {
		return false
	}
	if s.mail.cancel != nil {
		s.mail.cancel(errCancelled)
	} else {
		s.mail.early = true
	}
	return true
}

// errCancelled is the cause of a turn that the user cancelled.
var errCancelled = errors.New("cancelled by the user")

// Wait returns how the turn ended, or has ended.
func (s *Session) Wait(ctx context.Context, turn string) (TurnEnd, error) {
	s.mail.mu.Lock()
	from := s.mail.began[turn]
	s.mail.mu.Unlock()
	for e := range s.Events(ctx, from) {
		if e.Type == TurnEnded && e.Turn == turn {
			return *e.End, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return TurnEnd{}, context.Cause(ctx)
	}
	return TurnEnd{}, ErrClosed
}

// poke wakes the owner; called with the mailbox locked.
func (s *Session) poke() {
	select {
	case s.mail.wake <- struct{}{}:
	default:
	}
}

// do runs job on the session's goroutine while no turn runs and waits for it; ErrBusy where one does.
func (s *Session) do(ctx context.Context, job func(context.Context) error) error {
	result := make(chan error, 1)
	s.mail.mu.Lock()
	switch {
	case s.mail.closed:
		s.mail.mu.Unlock()
		return ErrClosed
	case s.mail.turn != "":
		s.mail.mu.Unlock()
		return ErrBusy
	}
	s.mail.jobs = append(s.mail.jobs, func(own context.Context) {
		both, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(own, cancel)()
		result <- job(both)
	})
	s.poke()
	s.mail.mu.Unlock()
	select {
	case err := <-result:
		return err
	case <-s.done:
		return ErrClosed
	}
}

// run is the session's goroutine.
func (s *Session) run() {
	defer close(s.done)
	defer s.opt.closed(s)
	defer s.release()
	defer s.background.Wait()
	defer s.log.close()
	for {
		select {
		case <-s.ctx.Done():
			return
		case title := <-s.title:
			s.warn(s.retitle(title))
		case <-s.mail.wake:
			s.doJobs()
			s.warn(s.takeTitle())
			if p, ok := s.next(); ok {
				s.runTurn(p)
			}
		}
	}
}

func (s *Session) takeJobs() []func(context.Context) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	jobs := s.mail.jobs
	s.mail.jobs, s.mail.working = nil, len(jobs) > 0
	return jobs
}

// doJobs does what waits for no turn to run.
func (s *Session) doJobs() {
	for _, job := range s.takeJobs() {
		job(s.ctx)
	}
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.working = false
}

// next takes the first queued prompt.
func (s *Session) next() (Prompt, bool) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	if len(s.mail.queue) == 0 {
		return Prompt{}, false
	}
	p := s.mail.queue[0]
	s.mail.queue = s.mail.queue[1:]
	return p, true
}

// close ends the session: the running turn is cancelled and written to its end.
func (s *Session) close() {
	s.mail.mu.Lock()
	s.mail.closed = true
	s.mail.mu.Unlock()
	s.stop(ErrClosed)
	<-s.done
}

// append stores events, then shows them to the followers and takes them into the history. It works after a cancel: what
// happened must be written down.
func (s *Session) append(events ...Event) error {
	past, err := s.past(context.WithoutCancel(s.ctx), events...)
	if err != nil {
		return err
	}
	now := time.Now()
	seq := s.log.last()
	for i := range events {
		e := &events[i]
		e.Seq, e.SessionID = seq+int64(i)+1, s.id
		if e.Time.IsZero() {
			e.Time = now
		}
		if e.Turn == "" && s.turn != nil {
			e.Turn = s.turn.id
		}
	}
	if err := s.opt.Store.Append(context.WithoutCancel(s.ctx), s.id, events...); err != nil {
		return err
	}
	s.goBack(past)
	s.take(events...)
	return nil
}

// take shows stored events and grows the history by them.
func (s *Session) take(events ...Event) {
	for _, e := range events {
		s.history.add(e)
	}
	s.mail.mu.Lock()
	s.mail.info, s.mail.todos, s.mail.running = s.history.info, s.history.todos, s.history.running()
	s.mail.mu.Unlock()
	s.log.publish(events...)
}

// replay takes over what is stored.
func (s *Session) replay(ctx context.Context) error {
	for e, err := range Transcript(ctx, s.opt.Store, s.id, 0) {
		if err != nil {
			return err
		}
		past, err := s.past(ctx, e)
		if err != nil {
			return err
		}
		s.goBack(past)
		s.take(e)
	}
	s.recallReminder(s.history.agent)
	s.replayed = s.log.last()
	return nil
}

// retitle stores a new title.
func (s *Session) retitle(title string) error {
	info := s.history.info
	info.Title = title
	return s.append(Event{Type: SessionChanged, Session: &info})
}

// warn notes what goes wrong beside the turns.
func (s *Session) warn(err error) {
	if err != nil {
		logger().Warningf("session %s: %s", s.id, err)
	}
}
