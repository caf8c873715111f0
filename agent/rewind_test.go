package agent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// rewound is a session whose turns are called by their prompts; what the model is asked is told by the user's messages.
type rewound struct {
	*bench
	d     *disk
	s     *agent.Session
	turns map[string]string
	// reopen has another process go on before each step.
	reopen bool
}

// play does steps: "a" is a prompt, "<a" goes back before it, ">" is a redo, "undo" an undo of files, "sum" a compaction, and
// "=a b" expects the user's messages in the last request to be those.
func (r *rewound) play(steps string) {
	r.Helper()
	for step := range strings.FieldsSeq(steps) {
		if r.reopen {
			r.sessions.Close()
			r.bench.open()
			s, err := r.sessions.Open(r.Context(), r.s.ID())
			if err != nil {
				r.Fatal(err)
			}
			r.s = s
		}
		if err := r.step(step); err != nil {
			r.Errorf("%s: %v", step, err)
			return
		}
	}
}

func (r *rewound) step(step string) error {
	kind, of := step[:1], step[1:]
	switch {
	case step == "undo":
		_, err := r.s.Undo(r.Context(), "")
		return err
	case step == "sum":
		_, err := r.s.Compact(r.Context())
		return err
	case kind == ">":
		_, err := r.s.Redo(r.Context())
		return err
	case kind == "<":
		_, err := r.s.Rewind(r.Context(), r.turns[of])
		return err
	case kind == "=":
		if got := r.said(); got != of {
			return fmt.Errorf("the model was told %s", got)
		}
		return nil
	}
	if strings.ToUpper(step) == step {
		r.model.replies = append(r.model.replies, reply{calls: []tools.Call{do("a:" + step)}})
	}
	r.model.replies = append(r.model.replies, reply{text: "ok " + step})
	r.turns[step] = r.bench.prompt(r.s, step)
	r.end(r.s, r.turns[step])
	return nil
}

// said are the user's messages of the last request, notes as "!", summaries as "sum".
func (r *rewound) said() string {
	var all []string
	for _, m := range r.model.asked() {
		if m.Role != agent.User {
			continue
		}
		switch {
		case strings.HasPrefix(m.Text, "[The user has undone"), strings.HasPrefix(m.Text, "[The user has redone"):
			all = append(all, "!")
		case len(m.Text) > 2:
			all = append(all, "sum")
		default:
			all = append(all, m.Text)
		}
	}
	return strings.Join(all, ",")
}

// A capital turn changes a file. After a rewind and a prompt what was gone back before is out of the conversation and the file.
func TestRewind(t *testing.T) {
	for steps, file := range map[string]string{
		"a b c =a,b,c <b d =a,d":             "",
		"A B C <B D =A,D":                    "a:Aa:D",
		"A B <B > C =A,B,!,!,C":              "a:Aa:Ba:C",
		"a b <b > c =a,b,c":                  "",
		"A B C <C <B D =A,D":                 "a:Aa:D",
		"A B C <B <A > D =A,D":               "a:Aa:D",
		"A B C <B <A > > D =A,B,C,!,!,!,!,D": "a:Aa:Ba:Ca:D",
		"A b <A c =c":                        "",
		"A B <B C D =A,C,D <C E =A,E":        "a:Aa:E",
		"A B C undo <B D =A,D":               "a:Aa:D",
		"A B undo <A > > C =A,B,!,!,!,!,C":   "a:Aa:Ba:C",
		"A B <B undo C =A,!,C":               "a:C",
		"a b c d sum <c e =a,b,e":            "",
		"a b c d sum e <e f =sum,d,f":        "",
		"a b c d sum e f <f g <d h =a,b,c,h": "",
		"A B C <B sum > D E":                 "a:Aa:Ba:Ca:Da:E",
		"A <A B <B C <C D =D":                "a:D",
	} {
		for _, reopen := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", steps, reopen), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					d := &disk{files: map[string]string{}}
					r := &rewound{bench: changing(t, d), d: d, turns: map[string]string{}, reopen: reopen}
					r.s = r.session()
					r.play(steps)
					want := strings.TrimPrefix(file, "a:")
					if want != "" {
						want = "a:" + want
					}
					if d.files["a"] != want {
						t.Errorf("the file is %q, want %q", d.files["a"], want)
					}
					if got, want := r.left(), prompts(steps); got != want && !strings.Contains(steps, "sum") {
						t.Errorf("what is left of the conversation is %s, want %s", got, want)
					}
					r.check()
				})
			})
		}
	}
}

// left are the prompts that are in the conversation, by the stored events.
func (r *rewound) left() string {
	gone, err := r.s.Gone(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	var all []string
	for _, e := range r.events(r.s.ID()) {
		if e.Type == agent.TurnStarted && !gone(e.Seq) {
			all = append(all, e.Prompt.Text)
		}
	}
	return strings.Join(all, ",")
}

// prompts are those that the last "=" of steps expects.
func prompts(steps string) string {
	_, want, _ := strings.Cut(steps[max(strings.LastIndex(steps, "="), 0):], "=")
	return strings.ReplaceAll(want, "!,", "")
}

// What cannot be gone back before is said, and nothing is changed by it; nor by a turn whose start cannot be stored.
func TestRewindRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := &disk{files: map[string]string{}}
		r := &rewound{bench: changing(t, d), d: d, turns: map[string]string{}}
		r.s = r.session()
		r.play("A B")
		if _, err := r.s.Rewind(t.Context(), "trn_unknown"); err == nil || !strings.Contains(err.Error(), "trn_unknown") {
			t.Errorf("of an unknown turn: %v", err)
		}
		d.blocked = "a"
		if got, err := r.s.Rewind(t.Context(), r.turns["B"]); err != nil || len(got.Files) > 0 || len(got.Kept) != 1 {
			t.Errorf("with edits in the way: %+v, %v", got, err)
		}
		r.play("c =A,B,c")
		d.blocked = ""
		r.play("<B")
		r.store.set(func(e agent.Event) bool { return e.Type == agent.TurnStarted })
		if end := r.ended(r.s, "lost"); end.Status != agent.Failed {
			t.Errorf("a turn that cannot be stored: %+v", end)
		}
		r.store.set(nil)
		r.play("> d =A,B,c,!,!,d <c e =A,B,e")
		if _, err := r.s.Redo(t.Context()); !errors.Is(err, agent.ErrNothingToRedo) {
			t.Errorf("after another prompt: %v", err)
		}
		if _, err := r.s.Rewind(t.Context(), r.turns["c"]); err == nil {
			t.Error("a turn that is out of the conversation was gone back before")
		}
		r.check()
	})
}

// Whoever answers next is told that a reminder holds no longer: also after a restart, and where the turn that was told so is
// gone back before.
func TestReminderGone(t *testing.T) {
	const gone = "|[The agent is build now; what was said of planner holds no longer.]"
	for name, between := range map[string]func(r *rewound){
		"after a restart": func(r *rewound) {
			r.sessions.Close()
			r.open()
			r.s = r.session()
		},
		"gone back": func(r *rewound) {
			r.s.Rewind(r.Context(), r.named("build", "two"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := &rewound{bench: newBench(t)}
				r.profiles = map[string]agent.Profile{"planner": {Reminder: "Look only."}}
				r.s = r.session()
				r.named("planner", "one")
				between(r)
				r.named("build", "three")
				if got := r.texts(); got != "one|[Look only.]|three"+gone {
					t.Errorf("the model read %q", got)
				}
				r.check()
			})
		})
	}
}

// named is the turn of a prompt for an agent.
func (r *rewound) named(name, text string) string {
	turn, err := r.s.Prompt(agent.Prompt{Text: text, Agent: name})
	if err != nil {
		r.Fatal(err)
	}
	r.end(r.s, turn)
	return turn
}
