//go:build realeditors

package editorstest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	withPrompts    = machine{"Helix with prompts", "sid"}
	withoutPrompts = machine{"Helix without prompts", "trixie"}
)

// helix is a Helix set up as its page says.
type helix struct{ *screen }

// hasPrompts says whether this Helix knows window/showMessageRequest.
func (m machine) hasPrompts() bool { return m == withPrompts }

func everyHelix(t *testing.T, scenario func(t *testing.T, m machine)) {
	everyMachine(t, []machine{withPrompts, withoutPrompts}, scenario)
}

// newHelix writes languages.toml as the page says, the keys of the page, and opens a file.
func (d *desk) newHelix(m machine, file string) *helix {
	d.t.Helper()
	config := d.dir + "/home/.config/helix"
	if out, err := d.shell("opencode-lsp", "editors", "helix", "--into", config+"/languages.toml"); err != nil {
		d.t.Fatalf("write languages.toml: %v\n%s", err, out)
	}
	out, err := d.shell("opencode-lsp", "editors", "helix")
	if err != nil {
		d.t.Fatal(err)
	}
	keys := regexp.MustCompile("(?s)```toml\n(\\[editor.lsp\\].*?)```").FindStringSubmatch(out)
	if keys == nil {
		d.t.Fatalf("the page has no keys:\n%s", out)
	}
	if err := os.WriteFile(filepath.Join(d.root, config, "config.toml"), []byte(keys[1]), 0o600); err != nil {
		d.t.Fatal(err)
	}
	h := &helix{d.terminal("hx", file)}
	h.shows(regexp.QuoteMeta(strings.Fields(filepath.Base(file))[0]))
	if m.hasPrompts() {
		h.trust()
	}
	d.until("a server", func() (string, bool) { return h.look(), len(d.servers()) == 1 })
	return h
}

// trust lets this workspace start language servers, which newer versions ask for.
func (h *helix) trust() {
	h.t.Helper()
	h.ex("workspace-trust")
}

// ex types a command line.
func (h *helix) ex(line string) {
	h.t.Helper()
	h.normal()
	h.text(":" + line)
	h.keys("Enter")
}

// normal leaves insert mode and popups. What follows an Escape at once would be read as typed with Alt.
func (h *helix) normal() {
	h.t.Helper()
	h.until("normal mode", func() (string, bool) {
		h.keys("Escape")
		h.still(150 * time.Millisecond)
		now := h.look()
		return now, strings.Contains(now, " NOR ")
	})
}

// prompt asks the agent for something. The version without prompts takes no arguments for commands either.
func (h *helix) prompt(m machine, text string) {
	h.t.Helper()
	if m.hasPrompts() {
		h.ex(`lsp-workspace-command opencode.prompt "` + text + `"`)
	} else {
		h.ex(`sh opencode-lsp send ` + text)
	}
}

// allow answers the open question: in the box, or by the code actions where Helix has no box.
func (h *helix) allow(m machine, id, subject string) {
	h.t.Helper()
	if !m.hasPrompts() {
		h.pending()
		h.normal()
		h.text(" a")
		h.shows(`OpenCode: (Allow once|Write to disk): ` + subject)
		h.keep("actions")
		h.keys("Enter")
		return
	}
	h.shows(`(?s)OpenCode #` + id + ` .*Show details.*Reject`)
	h.keep("question")
	h.keys("Tab", "Enter")
}

// pending waits until the server has a question.
func (h *helix) pending() {
	h.t.Helper()
	h.until("a question", func() (string, bool) {
		text := h.transcript()
		return text + h.look(), strings.Count(text, "**Question #") > strings.Count(text, "Answer #")
	})
}

// awaitSaved saves until the file on disk holds a text.
func (h *helix) awaitSaved(name, text string) {
	h.t.Helper()
	h.until(name+" saved with "+text, func() (string, bool) {
		h.normal()
		h.text(":write!")
		h.keys("Enter")
		now, _ := os.ReadFile(h.path(name)) // it is not there for a moment, while Helix writes it
		return string(now) + "\n" + h.look(), strings.Contains(string(now), text)
	})
}

func TestHelixJourney(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+testCall+"The sum is right now.\n")
		h := d.newHelix(m, "calc.sh")
		h.text("geo# mine")
		h.prompt(m, "add subtracts: fix it")
		h.allow(m, "1", "calc.sh")
		h.shows(`\$1 \+ \$2`)
		h.allow(m, "2", "sh test.sh")
		h.allow(m, "3", "edited but not saved")
		d.awaitTranscript("The sum is right now.")
		if !strings.Contains(d.transcript(), "PASS") {
			t.Errorf("the test did not pass:\n%s", d.transcript())
		}
		if now := d.disk("calc.sh"); !strings.Contains(now, "+ $2") || !strings.Contains(now, "# mine") {
			t.Errorf("on disk:\n%s", now)
		}
		h.keep("done")
		h.normal()
		h.text("u")
		h.shows(`(?s)\$1 - \$2.*# mine`)
		h.ex("lsp-workspace-command opencode.session.open")
		h.shows("OpenCode (session|transcript)")
		h.keep("transcript")
	})
}

func TestHelixRejects(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"I leave it.\n")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		if m.hasPrompts() {
			h.shows(`(?s)OpenCode #1 .*Reject`)
			h.keys("Tab", "Tab", "Tab", "Enter")
		} else {
			h.pending()
			h.ex("sh opencode-lsp answer reject")
		}
		d.awaitTranscript("rejected")
		h.shows(`\$1 - \$2`)
	})
}

func TestHelixCancelsStream(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "!hang\nI begin to think\n")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "think")
		d.awaitRequests(1)
		h.ex("lsp-workspace-command opencode.cancel")
		d.awaitTranscript("cancelled")
	})
}

// Esc answers nothing, nor does Enter typed into the text as the box opens; the terminal does, later.
func TestHelixTypedEnterAllowsNothing(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		h.text("geo")
		h.keys("Enter")
		h.pending()
		if m.hasPrompts() {
			h.shows("OpenCode #1")
			h.keys("Enter")
			h.keep("after-enter")
			h.shows("OpenCode #1")
			h.keys("Escape")
		}
		if strings.Contains(d.transcript(), "Answer #") {
			t.Errorf("a key answered:\n%s", d.transcript())
		}
		if out, err := d.shell("opencode-lsp", "answer", "once"); err != nil {
			t.Fatalf("answer: %v\n%s", err, out)
		}
		d.awaitTranscript("Done.")
		h.awaitSaved("calc.sh", "+ $2")
	})
}

func TestHelixTwoQuestions(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), strings.TrimSuffix(editCall, "\n")+
			`call edit {"filePath": "calc.sh", "oldString": "The end.", "newString": "Fin."}`+"\n\nDone.\n")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		h.allow(m, "1", "calc.sh")
		h.shows(`\$1 \+ \$2`)
		h.allow(m, "2", "calc.sh")
		h.shows("Fin")
		d.awaitTranscript("Done.")
	})
}

func TestHelixNoModel(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		if m.hasPrompts() {
			h.shows("no model is set")
		}
		h.keep("message")
		d.awaitTranscript("no model is set")
		h.hides("[⠀-⣿]") // the spinner
	})
}

// Helix does not start a crashed server by itself: :lsp-restart does, and the conversation goes on.
func TestHelixCrash(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, map[string]string{"note.adl": "module x {};\n"}, "My favourite is blue.\n\nStill blue.\n")
		h := d.newHelix(m, "note.adl")
		h.prompt(m, "which colour?")
		d.awaitTranscript("My favourite is blue.")
		for _, pid := range d.servers() {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		d.until("the end of the server", func() (string, bool) { return "", len(d.servers()) == 0 })
		h.ex("lsp-restart opencode")
		d.until("a new server", func() (string, bool) { return h.look(), len(d.servers()) == 1 })
		h.prompt(m, "still?")
		d.awaitTranscript("Still blue.")
		requests := d.model.Requests()
		if last := string(requests[len(requests)-1]); !strings.Contains(last, "My favourite is blue.") {
			t.Errorf("the session did not go on:\n%s", last)
		}
	})
}

// The key of the page sends the line that the cursor is on, without holding Helix still.
func TestHelixSend(t *testing.T) {
	d := newDesk(t, withPrompts, calc(), "It subtracts.\n")
	h := d.newHelix(withPrompts, "calc.sh")
	h.text("3gg")
	h.text(" oe")
	d.awaitTranscript("It subtracts.")
	if asked := string(d.model.Requests()[0]); !strings.Contains(asked, "calc.sh:3") {
		t.Errorf("asked %s", asked)
	}
	h.keep("sent")
}

func TestHelixLineEndings(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		name := "Grüße an alle.md"
		d := newDesk(t, m, map[string]string{name: "eins\r\nzwei 😀 ü\r\ndrei\r\n"},
			`call edit {"filePath": "`+name+`", "oldString": "ü\ndrei", "newString": "ä\nvier\nfünf"}`+"\n\nDone.\n")
		h := d.newHelix(m, name)
		h.prompt(m, "count on")
		h.allow(m, "1", "Gr")
		h.shows("fünf")
		d.awaitTranscript("Done.")
		h.awaitSaved(name, "fünf")
		if now := d.disk(name); now != "eins\r\nzwei 😀 ä\r\nvier\r\nfünf\r\n" {
			t.Errorf("on disk %q", now)
		}
	})
}

// Thirty edits in twelve files, most of them not open, in one turn; what Helix holds unsaved is written at the end.
func TestHelixManyEdits(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, parts(), shout()+"\nAll done.\n")
		d.env = append(d.env, `OPENCODE_PERMISSION={"edit": "allow"}`)
		d.write("opencode.json", `{"edits": {"save": "write"}}`)
		h := d.newHelix(m, "src/part0.md")
		h.prompt(m, "shout")
		d.awaitTranscript("All done.")
		for i := range 12 {
			d.awaitDisk(fmt.Sprintf("src/part%d.md", i), "ONE! 1\nTWO! 2")
		}
		d.awaitDisk("src/part5.md", "THREE! 3")
		h.normal()
		h.shows("THREE! 3")
		h.keep("edited")
	})
}
