//go:build realeditors

package editorstest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// patchCall moves an open file and changes it, deletes one and makes one.
const patchCall = `call apply_patch {"patchText": "*** Begin Patch\n*** Update File: calc.sh\n*** Move to: sum.sh\n@@\n-add() { echo $(($1 - $2)); }\n+add() { echo $(($1 + $2)); }\n*** Delete File: old.sh\n*** Add File: doc/new.md\n+# New\n*** End Patch"}` + "\n\n"

// newPatchDesk has a model that is used to apply_patch.
func newPatchDesk(t *testing.T, m machine) *desk {
	files := calc()
	files["old.sh"] = "echo old\n"
	d := newDesk(t, m, files, patchCall+"All moved.\n")
	d.env = append(d.env, "OPENCODE_CONFIG_CONTENT="+strings.Replace(d.config(), "scripted/model", "scripted/gpt-5", 1))
	return d
}

// there reports whether a file is on disk.
func (d *desk) there(name string) bool {
	_, err := os.Stat(d.path(name))
	return err == nil
}

// moved checks the disk once the patch has landed.
func (d *desk) moved() {
	d.t.Helper()
	d.awaitTranscript("All moved.")
	if d.there("calc.sh") || !d.there("sum.sh") || d.there("old.sh") || !d.there("doc/new.md") {
		d.t.Errorf("calc.sh %v, sum.sh %v, old.sh %v, doc/new.md %v", d.there("calc.sh"), d.there("sum.sh"), d.there("old.sh"), d.there("doc/new.md"))
	}
}

func (d *desk) movedBack() {
	d.t.Helper()
	d.until("everything back", func() (string, bool) {
		return fmt.Sprintf("calc.sh %v, sum.sh %v, old.sh %v, doc/new.md %v\n%s", d.there("calc.sh"), d.there("sum.sh"), d.there("old.sh"), d.there("doc/new.md"), d.transcript()), d.there("calc.sh") && !d.there("sum.sh") && d.there("old.sh") && !d.there("doc/new.md")
	})
}

// A patch's move takes the open buffer and its unsaved text along, and undo brings both back.
func TestNeovimPatch(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newPatchDesk(t, m)
		n := d.newNvim("calc.sh")
		n.text("Go# mine")
		n.keys("Escape")
		n.ex("OpenCode move it")
		n.asked("1", "apply_patch")
		n.keep("question")
		n.answer("1", 2)
		d.moved()
		n.awaitBuffer("sum.sh", "+ $2")
		if now := n.buffer("sum.sh"); !strings.Contains(now, "# mine") {
			t.Errorf("the unsaved line is gone:\n%s", now)
		}
		n.idle()
		n.keep("moved")
		n.ex("OpenCode undo")
		d.movedBack()
		n.awaitBuffer("calc.sh", "- $2")
		if now := n.buffer("calc.sh"); !strings.Contains(now, "# mine") {
			t.Errorf("undo took the unsaved line:\n%s", now)
		}
		n.keep("back")
	})
}

func TestHelixPatch(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newPatchDesk(t, m)
		h := d.newHelix(m, "calc.sh")
		h.text("geo# mine")
		h.normal()
		h.prompt(m, "move it")
		h.allow(m, "1", "3 files")
		d.moved()
		h.normal()
		h.ex("open sum.sh")
		h.shows(`(?s)\$1 \+ \$2.*# mine`)
		h.keep("moved")
	})
}
