//go:build realclients

package clienttest

import (
	"reflect"
	"testing"
)

// asking are the rules under which every edit and every command is asked, and nothing else of what the journeys do.
func asking() map[string]string {
	return map[string]string{"bash": "ask", "edit": "ask", "task": "allow"}
}

// journeys is what the real SDK does and sees: the same with OpenCode's server and with ours.
var journeys = []struct {
	name   string // of testdata's script
	model  string
	report func(k kind) (got, want any)
}{
	{"turn", `
!title A title

!for How many lines
!think I should look.
I will read it.
call read {"filePath":"calc.go"}

!for How many lines
There are three lines in it.
`, func(kind) (any, any) {
		return new(turnReport), &turnReport{
			Outline: outline(
				user("How many lines?"),
				calls("reasoning: I should look.", "text: I will read it.", "read completed"),
				says("There are three lines in it."),
			),
			Single:   outline(says("There are three lines in it.")),
			Streamed: true, Parents: true, Sorted: true, Prefixes: true, Paged: true,
			Course: course(lines(`
session.created
message.updated user
message.part.updated text
session.status busy
message.updated assistant
message.part.delta
message.part.updated text
message.part.updated tool pending
message.part.updated tool running
message.part.updated tool completed
message.part.updated step-finish
message.updated assistant completed
message.updated assistant
message.part.delta
message.part.updated text
message.part.updated step-finish
message.updated assistant completed
session.status idle
session.idle`)),
		}
	}},
	{"permission", `
!for Run twice
call bash {"command":"wc -l calc.go","description":"Count lines"}

!for Run twice
call bash {"command":"basename calc.go .go","description":"Name it"}

!for Run twice
Both have run.
`, func(kind) (any, any) {
		return new(permissionReport), &permissionReport{
			Listed: true, Permission: "bash", Command: "wc -l calc.go", Patterns: []string{"wc -l calc.go"}, Always: 1, Call: true, Prefix: true,
			Wrong: 400, Replied: "once", Late: refusal{404, "PermissionNotFoundError"}, Again: "basename calc.go .go", Outputs: []string{"3 calc.go", "calc"},
			Outline: outline(user("Run twice."), calls("bash completed"), calls("bash completed"), says("Both have run.")),
		}
	}},
	{"always", `
!for always
call bash {"command":"wc -c README.md","description":"Count bytes"}

!for always
Seven.

!for always
call bash {"command":"wc -c README.md","description":"Count bytes"}

!for always
Seven still.
`, func(kind) (any, any) {
		return new(alwaysReport), &alwaysReport{Replied: "always", Asked: 1, Outline: outline(
			user("Run it always."),
			calls("bash completed"),
			says("Seven."),
			user("Once more."),
			calls("bash completed"),
			says("Seven still."),
		)}
	}},
	{"reject", `
!for Remove it
call bash {"command":"rm calc.go","description":"Remove"}

!for Remove it
call bash {"command":"rm calc.go","description":"Remove"}

!for Remove it
All right, it stays.
`, func(kind) (any, any) {
		return new(rejectReport), &rejectReport{
			Plain: outline(user("Remove it."), calls("bash error")),
			Told:  outline(user("Remove it, I say."), calls("bash error"), says("All right, it stays.")),
		}
	}},
	{"change", `
!for Mend Add
call read {"filePath":"calc.go"}

!for Mend Add
call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

!for Mend Add
Mended.

!for something else
Something else.
`, func(kind) (any, any) {
		return new(changeReport), &changeReport{
			Permission: "edit", Patterns: []string{"calc.go"}, File: true, Shown: true, Untouched: true, Changed: true, Result: true,
			Diff:     []string{"calc.go modified +1 -1 true"},
			Reverted: true, Back: true, Unreverted: true, Forth: true, Gone: true, Messages: 2,
		}
	}},
	{"abort", `
!for Think about it
I am thinking
!hang

!for Think about it
call bash {"command":"ls","description":"List"}

!for Think about it
Going on.
`, func(kind) (any, any) {
		return new(abortReport), &abortReport{
			Busy: "busy", Aborted: true, Again: true, Error: "MessageAbortedError",
			Outline: outline(
				user("Think about it."),
				reply("MessageAbortedError", "text: I am thinking"),
				user("List them."),
				reply("MessageAbortedError", "bash error"),
				user("Go on."),
				says("Going on."),
			),
			Course: course(lines(`
message.part.delta
session.error
session.status idle
session.idle
permission.asked
message.part.updated tool error
message.updated assistant completed
session.idle`)),
		}
	}},
	{"question", `
!for Ask me
call question {"questions":[{"question":"Which colour?","header":"Colour","options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]}]}

!for Ask me
Blue it is.

!for Ask me
call question {"questions":[{"question":"Sure?","header":"Sure","options":[{"label":"Yes","description":"sure"},{"label":"No","description":"not"}]}]}
`, func(kind) (any, any) {
		return new(questionReport), &questionReport{
			Listed: true, Prefix: true, Question: "Which colour?", Options: []string{"Red", "Blue"}, Replied: [][]string{{"Blue"}}, Told: true,
			Late: refusal{404, "QuestionNotFoundError"},
			Outline: outline(
				user("Ask me."),
				calls("question completed"),
				says("Blue it is."),
				user("Ask me again."),
				calls("question error"),
			),
		}
	}},
}

func TestJourneys(t *testing.T) {
	s := newPlace(t).start(chosen(), asking())
	for _, j := range journeys {
		t.Run(j.name, func(t *testing.T) {
			s.script(j.model)
			got, want := j.report(s.kind)
			s.play(t, j.name+".mjs", nil, got)
			compare(t, reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem())
			if problems := s.model.Problems(); len(problems) > 0 {
				t.Errorf("the model was asked wrongly: %q", problems)
			}
		})
	}
}
