//go:build realeditors

package editorstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// newHelix sets Helix up as the page says, word by word, opens a file and waits for the server.
func (d *desk) newHelix(m machine, file string) *helix {
	d.t.Helper()
	d.setUpHelix()
	h := d.openHelix(m, file)
	d.awaitServers(1)
	return h
}

func (d *desk) setUpHelix() {
	d.t.Helper()
	page := d.page("helix")
	d.sh(block(d.t, page, "## Set-up", "sh"))
	d.writeOutside("home/.config/helix/config.toml", block(d.t, page, "## Keys", "toml"))
}

func (d *desk) openHelix(m machine, file string) *helix {
	d.t.Helper()
	h := &helix{d.terminal("hx", "-v", file)}
	h.shows(regexp.QuoteMeta(strings.Fields(filepath.Base(file))[0]))
	if m.hasPrompts() {
		h.trust()
	}
	return h
}

// heard are the messages of the server that hold a text, by Helix's own log of what came.
func (h *helix) heard(text string) []string {
	h.t.Helper()
	log, err := os.ReadFile(h.outside("home/.cache/helix/helix.log"))
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(log), "\n"), func(line string) bool {
		return !strings.Contains(line, "opencode <- ") || !strings.Contains(line, `"window/showMessage`) || !strings.Contains(line, text)
	})
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
		h.action(`OpenCode: (Allow once|Write to disk): ` + subject)
		h.keys("Enter")
		return
	}
	h.shows(`(?s)OpenCode #` + id + ` .*Show details.*Reject`)
	h.keep("question")
	h.keys("Tab", "Enter")
}

// action opens the menu of code actions until it has one: what it is made for may still be on its way.
func (h *helix) action(title string) {
	h.t.Helper()
	expr := regexp.MustCompile(title)
	h.until("the action "+title, func() (string, bool) {
		h.normal()
		h.text(" a")
		h.still(300 * time.Millisecond)
		now := h.look()
		return now, expr.MatchString(now)
	})
	h.keep("actions")
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

// linter is a user's languages.toml with a server of their own, which stays beside ours.
const linter = `[language-server.lint]
command = "aide"
args = ["lint"]

[[language]]
name = "bash"
language-servers = ["lint"]
`

// The main job: another server's problem, the Fix action, the question, the edit around unsaved text, the agent's test, the
// answer in the transcript, and u takes the edit back.
func TestHelixJourney(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+testCall+"The sum is right now.\n")
		d.install("aide")
		d.writeOutside("home/.config/helix/languages.toml", linter)
		h := d.newHelix(m, "calc.sh")
		h.shows(`●.*add\(\)`)
		h.text("geo# mine")
		h.normal()
		h.text("3ggf1")
		h.action(`OpenCode: Fix: add subtracts`)
		h.keys("Enter")
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
		if !strings.Contains(string(d.model.Requests()[0]), "add subtracts") {
			t.Errorf("the model was not told of the problem:\n%s", d.model.Requests()[0])
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
		d := newDesk(t, m, calc(), "!slow 100ms\n"+editCall+"Done.\n") // time to begin to type
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
		d.says("answered: once", "answer", "once")
		d.awaitTranscript("Done.")
		h.ex("open calc.sh") // where Enter came late enough to be meant, the details are shown
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
