//go:build unix

package agent_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

var (
	undoRuns = flag.Int("undo.runs", 150, "how many random histories TestUndoRandom plays")
	undoSeed = flag.Int("undo.seed", 1, "the first of them")
)

// After an undo what is left is exactly the user's edits, merged: random histories of edits, commands, typing, saves, undos and
// redos over several files are played on real files with the real tools, and compared with a model that never merges.
func TestUndoRandom(t *testing.T) {
	tally := &tally{counts: map[string]int{}}
	seeds := make(chan int)
	var players sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		players.Go(func() {
			for seed := range seeds {
				if err := playUndo(uint64(seed), tally); err != nil {
					t.Errorf("-undo.runs 1 -undo.seed %d: %v", seed, err)
				}
			}
		})
	}
	for seed := *undoSeed; seed < *undoSeed+*undoRuns && !t.Failed(); seed++ {
		seeds <- seed
	}
	close(seeds)
	players.Wait()
	t.Logf("%d histories: %v", *undoRuns, tally.counts)
}

// tally counts what happened.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what]++
}

func playUndo(seed uint64, tally *tally) (err error) {
	tmp, err := os.MkdirTemp("", "undo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if tmp, err = filepath.EvalSymlinks(tmp); err != nil {
		return err
	}
	w, err := newUndoWorld(tmp, seed)
	if err != nil {
		return err
	}
	defer w.sessions.Close()
	w.tally = tally
	for n := 4 + w.rand.IntN(8); n > 0 && err == nil; n-- {
		if err = w.act(); err == nil {
			err = w.verify()
		}
	}
	if err != nil {
		return fmt.Errorf("%w\nhidden %v, saves %v\n%s", err, w.hidden, w.saves, strings.Join(w.log, "\n"))
	}
	return nil
}

// act is one thing that happens.
func (w *undoWorld) act() error {
	switch n := w.rand.IntN(10); {
	case n < 3:
		return w.user()
	case n < 6:
		return w.takeTurn()
	case n < 8:
		return w.undo("")
	case n < 9:
		return w.redo()
	}
	return w.undo(agent.AllTurns)
}

// user is one thing that the user does.
func (w *undoWorld) user() error {
	f := w.files[w.rand.IntN(len(w.files))]
	switch n := w.rand.IntN(12); {
	case f.buf != nil && n < 6:
		return w.typeIn(f)
	case f.buf != nil && n < 8:
		return w.save(f)
	case f.buf != nil && n < 9:
		return w.reload(f)
	case f.buf != nil && n < 10:
		w.close(f)
	case f.buf != nil:
	case !f.disk.exists && n < 2:
		w.say("the user makes %s", f.name)
		return w.write(f, nil, w.fresh(1+w.rand.IntN(3)))
	case f.disk.exists && n < 7:
		w.open(f)
	case f.disk.exists && n < 11:
		lines := w.mutated(f.disk.order)
		w.say("the user writes %s: %v", f.name, lines)
		return w.write(f, nil, lines)
	case f.disk.exists:
		w.say("the user removes %s", f.name)
		f.remove(f.disk, nil)
		return os.Remove(w.path(f))
	}
	return nil
}

func (w *undoWorld) typeIn(f *file) error {
	lines := w.mutated(f.buf.order)
	w.say("the user types in %s: %v", f.name, lines)
	f.change(f.buf, nil, lines)
	return w.update(f, lines)
}

func (w *undoWorld) reload(f *file) error {
	if !f.disk.exists {
		return nil
	}
	w.say("reload %s", f.name)
	f.buf = f.replace(f.buf, f.disk)
	return w.update(f, f.buf.order)
}

func (w *undoWorld) close(f *file) {
	w.say("close %s", f.name)
	f.replace(f.buf, f.disk)
	f.buf = nil
	w.ws.Close(w.path(f))
}

// takeTurn is a turn of the agent, with the user at work between its calls.
func (w *undoWorld) takeTurn() error {
	w.say("turn")
	w.tally.add("turns")
	w.turns = append(w.turns, &turnRecord{ops: map[*file][]*op{}})
	w.undos = nil
	w.left = 1 + w.rand.IntN(3)
	turn, err := w.session.Prompt(agent.Prompt{Text: "go"})
	if err != nil {
		return err
	}
	w.turns[len(w.turns)-1].id = turn
	end, err := w.session.Wait(context.Background(), turn)
	if err == nil && end.Status != agent.Done {
		err = fmt.Errorf("the turn ended with %+v", end)
	}
	if last := w.turns[len(w.turns)-1]; len(last.ops) == 0 {
		w.turns = w.turns[:len(w.turns)-1]
	}
	return errors.Join(err, w.bad)
}

// nextCall is the agent's next call; false ends the turn.
func (w *undoWorld) nextCall() (tools.Call, bool) {
	for {
		if len(w.plan) > 0 {
			next := w.plan[0]
			w.plan = w.plan[1:]
			return next, true
		}
		if w.after != nil {
			w.fail(w.after())
			w.fail(w.verify())
			w.after = nil
		}
		if w.left == 0 || w.bad != nil {
			return tools.Call{}, false
		}
		w.left--
		if w.rand.IntN(3) == 0 {
			w.fail(w.user())
		}
		w.think()
	}
}

func (w *undoWorld) fail(err error) {
	if w.bad == nil {
		w.bad = err
	}
}

// did notes what the agent did to a file in this turn.
func (w *undoWorld) did(f *file, o op) *op {
	last := w.turns[len(w.turns)-1]
	last.ops[f] = append(last.ops[f], &o)
	return &o
}

// unused is a name of a file that is not there.
func (w *undoWorld) unused() string {
	w.words++
	return fmt.Sprintf("n%d.txt", w.words)
}

// think plans the agent's next calls.
func (w *undoWorld) think() {
	f := w.files[w.rand.IntN(len(w.files))]
	switch n := w.rand.IntN(12); {
	case n == 0:
		w.planNew()
	case n < 6 && f.now().exists && len(f.now().order) > 0:
		w.planEdit(f)
	case n < 8 && f.disk.exists:
		w.planCommand(f)
	case n == 8 && f.disk.exists:
		w.planRemoval(f)
	case n == 9 && f.disk.exists:
		w.planMove(f)
	case n == 10 && f.now().exists && f.disk.exists:
		w.planDelete(f)
	}
}

func (w *undoWorld) planNew() {
	f, lines := w.file(w.unused()), w.fresh(1+w.rand.IntN(4))
	w.say("agent makes %s: %v", f.name, lines)
	w.tally.add("made")
	w.plan = []tools.Call{call("write", map[string]any{"filePath": f.name, "content": joinLines(lines)})}
	w.after = func() error {
		f.change(f.now(), w.did(f, op{disk: true, made: true}), lines)
		f.edits[len(f.edits)-1].zone["*"] = true
		return nil
	}
}

func (w *undoWorld) planEdit(f *file) {
	old := slices.Clone(f.now().order)
	lines := w.mutated(old)
	w.say("agent edits %s: %v", f.name, lines)
	w.tally.add("edits")
	w.plan = []tools.Call{
		call("read", map[string]any{"filePath": f.name}),
		call("edit", map[string]any{"filePath": f.name, "oldString": joinLines(old), "newString": joinLines(lines)}),
	}
	typed := old
	if f.buf != nil && w.rand.IntN(4) == 0 {
		w.typed = func() {
			w.fail(w.typeIn(f))
			typed = slices.Clone(f.buf.order)
		}
	}
	w.after = func() error {
		w.typed = nil
		got, _, err := w.text(f, f.buf == nil)
		if err != nil || slices.Equal(got, typed) { // it was refused, as the user was typing in the same place
			return err
		}
		want := slices.DeleteFunc(slices.Clone(typed), func(token string) bool { return slices.Contains(old, token) && !slices.Contains(lines, token) })
		for _, token := range lines {
			if !slices.Contains(old, token) {
				want = append(want, token)
			}
		}
		if len(got) != len(want) || slices.ContainsFunc(got, func(token string) bool { return !slices.Contains(want, token) }) {
			return fmt.Errorf("the edit of %s led to %v", f.name, got)
		}
		f.change(f.now(), w.did(f, op{}), got)
		return nil
	}
}

// planCommand is a command that writes a file; a clean buffer is mostly loaded again.
func (w *undoWorld) planCommand(f *file) {
	w.tally.add("commands")
	var lines []string
	w.command(func() string {
		lines = w.mutated(f.disk.order)
		w.say("command writes %s: %v", f.name, lines)
		if len(lines) == 0 {
			return "> " + f.name
		}
		return fmt.Sprintf("printf '%%s\\n' %s >%s", strings.Join(lines, " "), f.name)
	}, func() error {
		clean := f.buf != nil && slices.Equal(f.buf.order, f.disk.order)
		f.change(f.disk, w.did(f, op{disk: true, below: f.buf != nil && !clean}), lines)
		if clean && w.rand.IntN(4) > 0 {
			return w.reload(f)
		}
		return nil
	})
}

// command plans a command. What is not saved may be before it runs.
func (w *undoWorld) command(text func() string, after func() error) {
	w.fail(w.barrier())
	w.plan = []tools.Call{call("bash", map[string]any{"command": text()})}
	w.after = after
}

func (w *undoWorld) planRemoval(f *file) {
	w.tally.add("removed")
	w.command(func() string {
		w.say("command removes %s", f.name)
		return "rm " + f.name
	}, func() error {
		f.remove(f.disk, w.did(f, op{disk: true}))
		return nil
	})
}

func (w *undoWorld) planMove(f *file) {
	w.tally.add("moved")
	to := w.file(w.unused())
	w.command(func() string {
		w.say("command moves %s to %s", f.name, to.name)
		return "mv " + f.name + " " + to.name
	}, func() error {
		lines := slices.Clone(f.disk.order)
		f.remove(f.disk, w.did(f, op{disk: true}))
		to.change(to.disk, w.did(to, op{disk: true, made: true}), lines)
		to.edits[len(to.edits)-1].zone["*"] = true
		return nil
	})
}

func (w *undoWorld) planDelete(f *file) {
	w.tally.add("deleted")
	w.say("agent deletes %s", f.name)
	w.plan = []tools.Call{
		call("read", map[string]any{"filePath": f.name}),
		call("apply_patch", map[string]any{"patchText": "*** Begin Patch\n*** Delete File: " + f.name + "\n*** End Patch"}),
	}
	w.after = func() error {
		if _, exists, err := w.text(f, true); err != nil || exists {
			return errors.Join(err, fmt.Errorf("%s is still there", f.name))
		}
		f.remove(f.disk, w.did(f, op{disk: true}))
		return nil
	}
}
