//go:build realclients

package clienttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const attachModel = `
!for An earlier turn
The earlier answer.

!for An earlier turn
Let me count them.
call bash {"command":"wc -l calc.go","description":"Count lines"}

!for An earlier turn
Three lines.

!for An earlier turn
call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

!for An earlier turn
call question {"questions":[{"question":"Which colour?","header":"Colour","options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]}]}

!for An earlier turn
You chose well.

!for An earlier turn
I hang on
!hang

!for An earlier turn
Going on.
`

// TestAttach uses the real terminal program as a person does.
func TestAttach(t *testing.T) {
	s := newPlace(t).start(chosen(), asking())
	s.script(attachModel)
	var session struct{ ID string }
	s.must("POST", "/session", `{"title":"Earlier"}`, &session)
	s.must("POST", "/session/"+session.ID+"/message", prompt("An earlier turn."), nil)

	c := s.attach(t, "--session", session.ID)
	c.shows(`The earlier answer`)
	c.shows(`Scripted`)
	c.keep("session")

	c.text("How many lines?")
	c.keys("Enter")
	c.shows(`Permission required[\s\S]*\$ wc -l calc\.go[\s\S]*Allow once`)
	c.keep("command")
	c.keys("Enter")
	c.shows(`Three lines\.`)

	c.text("Mend it.")
	c.keys("Enter")
	c.shows(`Permission required[\s\S]*calc\.go[\s\S]*a - b[\s\S]*a \+ b[\s\S]*Allow once`)
	c.keep("edit")
	c.keys("Enter")
	c.shows(`Which colour\?[\s\S]*Red[\s\S]*Blue`)
	c.file(s, "a + b")
	c.keep("question")
	c.keys("Down", "Enter")
	c.shows(`You chose well`)
	c.undo(s)
	c.shell(s)

	c.text("Now wait.")
	c.keys("Enter")
	c.shows(`I hang on`)
	c.keys("Escape")
	c.shows(`again to interrupt`)
	c.keys("Escape")
	c.shows(`interrupted`)
	if last := s.model.Requests(); !strings.Contains(string(last[len(last)-1]), "Blue") {
		t.Error("the answer to the question did not reach the model")
	}
	c.goBack(s)
}

// goBack takes the last turn back, which changed no file; the next prompt goes on without it.
func (c *screen) goBack(s *server) {
	c.t.Helper()
	c.text("/undo")
	c.shows(`/undo +Undo`)
	c.keys("Enter")
	c.shows(`message reverted`)
	c.keys("C-u")
	c.text("Go on, then.")
	c.keys("Enter")
	c.shows(`Going on\.`)
	if requests := s.model.Requests(); strings.Contains(string(requests[len(requests)-1]), "Now wait") {
		c.t.Error("the model was told what was taken back")
	}
	if screen := c.look(); strings.Contains(screen, "I hang on") {
		c.t.Errorf("what was taken back is on the screen:\n%s", screen)
	}
}

// undo takes the last turn's edit back, and brings it again.
func (c *screen) undo(s *server) {
	c.t.Helper()
	c.text("/undo")
	c.shows(`/undo +Undo`)
	c.keys("Enter")
	c.shows(`message reverted[\s\S]*calc\.go +\+1 +-1`)
	c.file(s, "a - b")
	c.keep("undone")
	c.keys("C-u") // the prompt is there to be changed
	c.text("/redo")
	c.shows(`/redo +Redo`)
	c.keys("Enter")
	c.shows(`You chose well`)
	c.file(s, "a + b")
}

// shell runs a command of the user's own, which only ours asks about.
func (c *screen) shell(s *server) {
	c.t.Helper()
	c.keys("!")
	c.shows(`Shell`)
	c.text("echo $((6*7))")
	c.keys("Enter")
	if s.kind == ours {
		c.shows(`Permission required[\s\S]*\$ echo \$\(\(6\*7\)\)[\s\S]*Allow once`)
		c.keys("Enter")
	}
	c.shows(`(?m)^ +┃ +42 *$`)
}

// file waits until the project's source holds a text.
func (c *screen) file(s *server, text string) {
	c.t.Helper()
	s.await("calc.go with "+text, func() bool {
		now, err := os.ReadFile(filepath.Join(s.dir, "calc.go"))
		return err == nil && strings.Contains(string(now), text)
	})
}
