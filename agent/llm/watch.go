package llm

import (
	"context"
	"fmt"
	"io"
	"time"
)

// silence is the cause of a context that a watch has cancelled: nothing came for that long.
type silence time.Duration

func (s silence) Error() string { return fmt.Sprintf("no answer within %v", time.Duration(s)) }

// watch cancels a request that stays silent. It counts only while the provider is being waited for, so that a consumer may
// take its time. It belongs to one goroutine.
type watch struct {
	timer *time.Timer
	limit time.Duration // of the next wait; not positive: none
	stall time.Duration // the limit once something has come
}

// newWatch returns a context that ends with ctx, by stop, or by silence.
func newWatch(ctx context.Context, first, stall time.Duration) (_ context.Context, w *watch, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w = &watch{limit: first, stall: stall}
	w.timer = time.AfterFunc(time.Hour, func() { cancel(silence(w.limit)) })
	w.timer.Stop()
	return ctx, w, func() {
		w.timer.Stop()
		cancel(context.Canceled)
	}
}

func (w *watch) start() {
	if w.limit > 0 {
		w.timer.Reset(w.limit)
	}
}

func (w *watch) pause() { w.timer.Stop() }

// watched is a response body under a watch.
type watched struct {
	io.ReadCloser
	watch *watch
}

func (b *watched) Read(p []byte) (int, error) {
	b.watch.start()
	n, err := b.ReadCloser.Read(p)
	b.watch.pause()
	if n > 0 {
		b.watch.limit = b.watch.stall
	}
	return n, err
}
