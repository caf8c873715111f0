//go:build realeditors

package editorstest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestHelixNoModel(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		d.awaitTranscript("no model is set")
		if m.hasPrompts() {
			h.shows("no model is set")
		}
		h.hides("[⠀-⣿]") // the spinner
		h.keep("message")
		if heard := h.heard("no model is set"); len(heard) != 1 {
			t.Errorf("Helix was told %d times: %q", len(heard), heard)
		}
	})
}

// Helix does not start a crashed server by itself: :lsp-restart does, and the conversation goes on.
func TestHelixCrash(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, map[string]string{"note.adl": "module x {};\n"}, "My favourite is blue.\n\nStill blue.\n")
		h := d.newHelix(m, "note.adl")
		h.prompt(m, "which colour?")
		d.awaitTranscript("My favourite is blue.")
		d.crash()
		d.until("the end of the server", func() (string, bool) { return "", len(d.servers()) == 0 })
		h.ex("lsp-restart opencode")
		d.awaitServers(1)
		h.prompt(m, "still?")
		d.awaitTranscript("Still blue.")
		d.told("My favourite is blue.")
	})
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

// Without the server, with something else of its name, or with one that is too old to know a command, Helix edits and writes as
// ever, and says so when asked.
func TestHelixWithoutServer(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		d.setUpHelix()
		for _, set := range []func(){func() { d.remove("bin/opencode-lsp") }, d.stranger, d.older} {
			set()
			h := d.openHelix(m, "calc.sh")
			h.text("geA!")
			h.awaitSaved("calc.sh", "end.!")
			h.keep("edited")
			h.text(":lsp-workspace-command opencode.status")
			h.keys("Enter")
			h.shows("(?i)(not|no|unable|unsupported).*")
			h.ex("quit!")
			h.until("the end of Helix", func() (string, bool) { return h.look(), len(d.processes("hx")) == 0 })
		}
		d.remove("bin/opencode-lsp")
		if out, _ := d.shell("hx", "--health", "bash"); !strings.Contains(out, "opencode-lsp") || !strings.Contains(out, "not found in $PATH") {
			t.Errorf("hx --health says\n%s", out)
		}
	})
}

// Two windows on one workspace: a prompt from the terminal goes to the newest or to the one that is named, an answer to the
// one that asks.
func TestHelixTwoWindows(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"First done.\n")
		first := d.newHelix(m, "calc.sh")
		owner := d.awaitServers(1)
		d.openHelix(m, "test.sh")
		d.awaitServers(2)
		d.says("sent to session", "send", "--server", fmt.Sprint(owner[0]), "fix it")
		first.pending()
		d.says("answered: once", "answer", "once")
		first.shows(`\$1 \+ \$2`)
		d.awaitTranscript("First done.")
		d.script("Second done.\n")
		d.says("the newest of 2 here", "send", "--new", "and you?")
		d.awaitTranscript("Second done.")
	})
}

// A buffer without a name, one of another machine's name, and a folder that is no repository.
func TestHelixNoGit(t *testing.T) {
	everyHelix(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"Done.\n\nIt has no name.\n")
		d.remove(project + "/.git")
		h := d.newHelix(m, "calc.sh")
		h.prompt(m, "fix it")
		h.allow(m, "1", "calc.sh")
		h.shows(`\$1 \+ \$2`)
		d.awaitTranscript("Done.")
		h.ex("new")
		h.text("iroses are red")
		h.ex("sh opencode-lsp send and this?")
		d.awaitTranscript("It has no name.")
		d.script("It is far away.\n")
		h.ex("buffer-close!")
		h.ex("open ssh://far/away.sh")
		h.text("ihello")
		h.ex("sh opencode-lsp send and this?")
		d.awaitTranscript("It is far away.")
		h.keep("remote")
		if _, err := os.Stat(d.path("ssh:")); err == nil {
			t.Error("a folder was made of the remote name")
		}
	})
}
