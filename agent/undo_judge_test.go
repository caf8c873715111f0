//go:build unix

package agent_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// undo takes back the last turn, or all, and tells the model what must have come of it.
func (w *undoWorld) undo(turn string) error {
	w.say("undo %s", turn)
	w.tally.add("undos")
	var turns []*turnRecord // the newest first
	for _, t := range slices.Backward(w.turns) {
		if !t.undone && (turn != "" || len(turns) == 0) {
			turns = append(turns, t)
		}
	}
	apart, disks := w.apart(), w.disks()
	reverse := w.session.Undo
	if len(turns) > 0 && w.rand.IntN(2) == 0 { // what it does to files is the same
		w.tally.add("rewinds")
		reverse, turn = w.session.Rewind, turns[len(turns)-1].id
	}
	r, err := reverse(context.Background(), turn)
	if len(turns) == 0 {
		if !errors.Is(err, agent.ErrNothingToUndo) {
			return fmt.Errorf("undo of nothing: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(r.Files) == 0 && len(r.Kept) > 0 {
		return w.stayed(r, turns, apart)
	}
	record := undoRecord{turns: turns, ops: map[*file]map[*op]bool{}, below: map[*file]map[*op]bool{}, edits: map[*file]int{}}
	for _, f := range w.files {
		var before []string
		if f.buf != nil {
			before = slices.Clone(f.buf.order)
		}
		var groups [][]*op
		for _, t := range turns {
			if len(t.ops[f]) > 0 {
				groups = append(groups, t.ops[f])
			}
		}
		if len(groups) == 0 {
			continue
		}
		record.edits[f] = len(f.edits)
		disk, _, err := w.text(f, true)
		if err != nil {
			return err
		}
		if apart[f] && f.buf != nil && !slices.Equal(disk, disks[f].order) {
			record.below[f] = disks[f].ops()
		}
		if record.ops[f], err = w.takenBack(f, groups, apart[f], w.kept(r, f)); err != nil {
			return err
		}
		if f.buf != nil && apart[f] && slices.Equal(disk, disks[f].order) && !slices.Equal(before, w.shown(f)) {
			f.disk.off = disks[f].off // what is below may wait for the next save
			f.stand()
		}
	}
	for _, t := range turns {
		t.undone = true
	}
	w.undos = append(w.undos, record)
	return nil
}

// stayed checks an undo of which nothing came: it counts for nothing.
func (w *undoWorld) stayed(r agent.Reversal, turns []*turnRecord, apart map[*file]bool) error {
	for _, f := range w.files {
		ops := map[*op]bool{}
		for _, t := range turns {
			for _, o := range t.ops[f] {
				ops[o] = true
			}
		}
		if why := w.kept(r, f); why != "" && !f.touched(ops, 0, apart[f]) {
			return fmt.Errorf("%s was kept (%s) though nobody touched it", f.name, why)
		}
	}
	return nil
}

// shown is what the editor shows.
func (w *undoWorld) shown(f *file) []string {
	lines, _, _ := w.text(f, false)
	return lines
}

// apart are the files of which the editor shows something else than the disk holds.
func (w *undoWorld) apart() map[*file]bool {
	apart := map[*file]bool{}
	for _, f := range w.files {
		apart[f] = f.buf != nil && (!f.disk.exists || !slices.Equal(f.buf.order, f.disk.order))
	}
	return apart
}

// disks is what the model says the disk holds.
func (w *undoWorld) disks() map[*file]*view {
	all := map[*file]*view{}
	for _, f := range w.files {
		all[f] = f.disk.clone()
	}
	return all
}

// kept is why a file was left, "" where it was not.
func (w *undoWorld) kept(r agent.Reversal, f *file) string {
	for _, k := range r.Kept {
		if filepath.Base(k.Path) == f.name {
			w.say("kept %s: %s", f.name, k.Why)
			w.tally.add("kept")
			return k.Why
		}
	}
	return ""
}

// takenBack tells the model which groups of ops went back in a file: all of them, or, where it was kept, so many of the newest
// as fits what is there. A file may be kept only where somebody has touched what was to go.
func (w *undoWorld) takenBack(f *file, groups [][]*op, apart bool, kept string) (map[*op]bool, error) {
	n := len(groups)
	if kept != "" {
		if n = w.went(f, groups, apart, true); n < 0 {
			n = w.went(f, groups, apart, false)
		}
		if n < 0 {
			return nil, fmt.Errorf("%s was kept (%s) though nobody touched it", f.name, kept)
		}
	}
	f.toggle(groups[:n], apart)
	lines, _, err := w.text(f, f.buf == nil)
	f.forgive(f.now(), opsOf(groups[:n]), lines)
	f.stand()
	return opsOf(groups[:n]), err
}

// went is how many of the newest groups went back in a file that was kept, the most that fits, or -1; below says that it must
// fit the disk below the editor, too.
func (w *undoWorld) went(f *file, groups [][]*op, apart, below bool) int {
	n := len(groups) - 1
	for n >= 0 && !(w.fits(f, groups[:n], apart, below) && f.touched(opsOf(groups[:n+1]), 0, apart)) {
		n--
	}
	return n
}

// fits reports whether the file is as it must be when the groups are taken back.
func (w *undoWorld) fits(f *file, groups [][]*op, apart, below bool) bool {
	trial := *f
	trial.disk = f.disk.clone()
	if f.buf != nil {
		trial.buf = f.buf.clone()
	}
	trial.toggle(groups, apart)
	lines, _, err := w.text(f, f.buf == nil)
	if err != nil || trial.check(trial.now(), lines) != nil {
		return false
	}
	if !below || f.buf == nil {
		return true
	}
	lines, _, err = w.text(f, true)
	return err == nil && trial.check(trial.disk, lines) == nil
}

func opsOf(groups [][]*op) map[*op]bool {
	all := map[*op]bool{}
	for _, group := range groups {
		for _, o := range group {
			all[o] = true
		}
	}
	return all
}

// toggle takes groups of ops out of the views: of what the user sees, and of the disk where that is something else and concerned.
func (f *file) toggle(groups [][]*op, apart bool) {
	for _, group := range groups {
		disk, made := false, false
		for _, o := range group {
			f.now().off[o] = true
			disk, made = disk || o.disk, made || o.made
		}
		if !apart || !disk || f.buf == nil {
			continue
		}
		before := f.disk.clone()
		for _, o := range group {
			f.disk.off[o] = true
		}
		if made && len(f.disk.expected()) == 0 && len(f.buf.expected()) > 0 {
			f.disk = before // the user goes on with it
		}
	}
	f.stand()
}

// stand says which places have the file now.
func (f *file) stand() {
	for _, v := range []*view{f.buf, f.disk} {
		if v != nil {
			v.exists = len(v.expected()) > 0
		}
	}
}

// redo takes the last undo back.
func (w *undoWorld) redo() error {
	w.say("redo")
	apart := w.apart()
	r, err := w.session.Redo(context.Background())
	if len(w.undos) == 0 {
		if !errors.Is(err, agent.ErrNothingToRedo) {
			return fmt.Errorf("redo of nothing: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	w.tally.add("redos")
	last := w.undos[len(w.undos)-1]
	for f, ops := range last.ops {
		if why := w.kept(r, f); why != "" {
			if !f.touched(ops, last.edits[f], apart[f]) {
				return fmt.Errorf("%s was kept (%s) though nobody touched it", f.name, why)
			}
			continue
		}
		if err := w.broughtBack(f, ops, apart[f], last.below[f]); err != nil {
			return err
		}
	}
	if len(r.Files) == 0 && len(r.Kept) > 0 {
		return nil
	}
	for _, t := range last.turns {
		t.undone = false
	}
	w.undos = w.undos[:len(w.undos)-1]
	return nil
}

// broughtBack tells the model that ops are in force again; apart says that the buffer and the disk
// were looked at one by one; below, where they were so at the undo, is what the disk had of then: the rest comes back in the
// buffer alone. What a command had done below a buffer may show in the buffer now, or not.
func (w *undoWorld) broughtBack(f *file, ops map[*op]bool, apart bool, below map[*op]bool) error {
	lines, _, err := w.text(f, f.buf == nil)
	if err != nil {
		return err
	}
	for o := range ops {
		o.redone = true
		delete(f.now().off, o)
		if apart && o.disk || below[o] {
			delete(f.disk.off, o)
		}
	}
	apart = apart || below != nil
	f.recall(f.now(), ops, lines)
	if apart {
		disk, _, err := w.text(f, true)
		if err != nil {
			return err
		}
		commands := maps.Clone(ops)
		maps.DeleteFunc(commands, func(o *op, _ bool) bool { return !o.disk })
		f.recall(f.disk, commands, disk)
	}
	for o := range ops {
		if f.buf != nil && apart && o.disk && f.check(f.buf, lines) != nil {
			f.buf.off[o] = true
		}
	}
	f.stand()
	return nil
}
