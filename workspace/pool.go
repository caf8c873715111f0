package workspace

import (
	"runtime"
	"sync"
)

// pool runs tasks that beget tasks, the youngest first, which keeps the list short: a tree's depth and not its width.
type pool struct {
	mu      sync.Mutex
	more    sync.Cond
	tasks   []task
	running int
}

// task is one piece of work. worker tells apart what runs at the same time, from 0 on.
type task func(worker int)

// newPool returns a pool with its first tasks.
func newPool(first ...task) *pool {
	p := &pool{tasks: first}
	p.more.L = &p.mu
	return p
}

// workers is how many tasks run at the same time; waiting for a disk pays beyond the processors, but not for long.
func workers() int { return min(max(runtime.GOMAXPROCS(0), 2), 8) }

// add appends tasks; only a running task may.
func (p *pool) add(tasks ...task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = append(p.tasks, tasks...)
	p.more.Broadcast()
}

// run returns when every task has run. Tasks look for themselves whether they are still wanted.
func (p *pool) run() {
	var wg sync.WaitGroup
	for worker := range workers() {
		wg.Go(func() {
			for t := p.next(); t != nil; t = p.next() {
				t(worker)
				p.finish()
			}
		})
	}
	wg.Wait()
}

// next waits for a task; nil says that there will be no more.
func (p *pool) next() task {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.tasks) == 0 {
		if p.running == 0 {
			return nil
		}
		p.more.Wait()
	}
	n := len(p.tasks) - 1
	t := p.tasks[n]
	p.tasks = p.tasks[:n]
	p.running++
	return t
}

// finish notes that a task has run.
func (p *pool) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running--; p.running == 0 && len(p.tasks) == 0 {
		p.more.Broadcast()
	}
}
