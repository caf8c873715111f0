//go:build realeditors

package editorstest

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestNeovimHealth(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "Never asked.\n")
		n := d.newNvim("calc.sh")
		n.ex("checkhealth opencode")
		n.shows("server 1 runs for .*Mein Projekt")
		n.keep("health")
	})
}

// The lines of a visual selection go along; sub-commands complete; a map of the plugin works.
func TestNeovimCommandLine(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "It is a comment.\n\nIt is a function.\n")
		n := d.newNvim("calc.sh", "nmap gX <Plug>(opencode-explain)")
		n.awaitExpr(`join(getcompletion("OpenCode re", "cmdline"))`, "redo refactor review")
		n.awaitExpr(`join(getcompletion("OpenCode answer ", "cmdline"))`, "always once reject")
		n.text("jVj:")
		n.text("OpenCode what is this?")
		n.keys("Enter")
		d.awaitTranscript("It is a comment.")
		n.idle()
		n.text("gX")
		d.awaitTranscript("It is a function.")
		for i, want := range []string{"calc.sh:2-3", "Explain what this code does"} {
			if asked := string(d.model.Requests()[i]); !strings.Contains(asked, want) {
				t.Errorf("request %d has no %s:\n%s", i, want, asked)
			}
		}
	})
}

// serveAddress is what Neovim says once it serves: the address and the file of the password.
var serveAddress = regexp.MustCompile(`the password for (http://127\.0\.0\.1:\d+) is in (\S+)`)

// A prompt that comes by HTTP has its question, and its edit, in Neovim.
func TestNeovimServe(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done from afar.\n")
		n := d.newNvim("calc.sh")
		n.awaitExpr(`join(getcompletion("OpenCode serve ", "cmdline"))`, "stop")
		n.ex("OpenCode serve")
		n.shows("the password for")
		n.keep("serves")
		n.keys("Enter")
		said := d.until("the address", func() (string, bool) {
			now := n.expr(`join(split(execute("messages"), "\n"), "")`)
			return now, serveAddress.MatchString(now)
		})
		at := serveAddress.FindStringSubmatch(said)
		c := &remote{t: t, url: at[1], password: d.inside(at[2])}
		var session struct{ ID string }
		c.post("/session", `{}`, &session)
		c.post("/session/"+session.ID+"/prompt_async", `{"parts": [{"type": "text", "text": "make it right"}]}`, nil)
		n.allow("1", "edit")
		n.awaitBuffer("calc.sh", "+ $2")
		d.awaitTranscript("Done from afar.")
		n.ex("OpenCode serve stop")
		n.shows("HTTP is closed")
	})
}

// inside is a file of the user's machine, by its name there, without the space around it.
func (d *desk) inside(path string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.root, path))
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// remote is a client of the served sessions.
type remote struct {
	t             *testing.T
	url, password string
}

func (c *remote) post(path, body string, result any) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth("opencode", c.password)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		c.t.Fatalf("POST %s: %s %v %s", path, answer.Status, err, text)
	}
	if result != nil {
		if err := json.Unmarshal(text, result); err != nil {
			c.t.Fatal(err)
		}
	}
}

// Reject with words: the model reads them and goes on.
func TestNeovimRejectsWithWords(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"As you like.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.answer("1", 5)
		n.shows("What shall the agent know")
		n.text("keep the minus")
		n.keys("Enter")
		d.awaitTranscript("As you like.")
		d.told("keep the minus")
	})
}

// Show details opens the whole text and leaves the question open; :OpenCode answer shows it again.
func TestNeovimDetails(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.asked("1", "edit")
		n.answer("1", 1)
		n.shows("(?s)@@.*still open")
		n.keep("details")
		n.ex("OpenCode answer")
		n.allow("1", "edit")
		n.awaitBuffer("calc.sh", "+ $2")
	})
}
