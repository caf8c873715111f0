//go:build realeditors

package editorstest

import (
	"fmt"
	"strings"
	"testing"
)

// parts are twelve files, shout thirty edits of them in one step.
func parts() map[string]string {
	files := map[string]string{}
	for i := range 12 {
		files[fmt.Sprintf("src/part%d.md", i)] = "one 1\ntwo 2\nthree 3\n"
	}
	return files
}

func shout() string {
	var steps strings.Builder
	for i := range 30 {
		word := []string{"one", "two", "three"}[i/12]
		fmt.Fprintf(&steps, `call edit {"filePath": "src/part%d.md", "oldString": "%s", "newString": "%s!"}`+"\n", i%12, word, strings.ToUpper(word))
	}
	return steps.String()
}

// Thirty edits in twelve files, most of them not open, in one turn: all in buffers, all on disk when the turn ends.
func TestNeovimManyEdits(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, parts(), shout()+"\nAll done.\n")
		d.env = append(d.env, `OPENCODE_PERMISSION={"edit": "allow"}`)
		n := d.newNvim("src/part0.md")
		n.ex("OpenCode shout")
		d.awaitTranscript("All done.")
		for i := range 12 {
			d.awaitDisk(fmt.Sprintf("src/part%d.md", i), "ONE! 1\nTWO! 2")
		}
		d.awaitDisk("src/part5.md", "THREE! 3")
		n.awaitBuffer("src/part0.md", "THREE! 3")
		n.awaitExpr(`len(filter(getbufinfo(), {_, b -> b.changed}))`, "0")
		n.keep("edited")
	})
}

func TestNeovimNoModel(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.said("no model is set")
		n.awaitExpr(`len(filter(split(execute("messages"), "\n"), {_, l -> l =~ "no model is set"}))`, "1")
	})
}

// A killed server is started again, and the conversation goes on where it was.
func TestNeovimCrash(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "My favourite is blue.\n\nStill blue.\n")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode which colour?")
		d.awaitTranscript("My favourite is blue.")
		d.crash()
		n.shows("started again")
		n.keep("crashed")
		n.keys("Enter")
		n.attached()
		n.ex("OpenCode still?")
		d.awaitTranscript("Still blue.")
		d.told("My favourite is blue.")
	})
}

// Two windows on one workspace have a server each; edits land in the window that asked, the terminal reaches each by its
// process id.
func TestNeovimTwoWindows(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+"First done.\n\n")
		d.env = append(d.env, `OPENCODE_PERMISSION={"edit": "allow"}`)
		first := d.newNvim("calc.sh")
		owner := d.awaitServers(1)
		second := d.newNvim("test.sh")
		d.awaitServers(2)
		first.ex("OpenCode make it right")
		first.awaitBuffer("calc.sh", "+ $2")
		d.awaitTranscript("First done.")
		d.script(`call edit {"filePath": "test.sh", "oldString": "PASS", "newString": "GOOD"}` + "\n\nSecond done.\n")
		d.says("sent to session", "send", "--new", "say it better")
		second.awaitBuffer("test.sh", "GOOD")
		d.awaitTranscript("Second done.")
		d.script("Third done.\n")
		d.says("Third done.", "send", "--server", fmt.Sprint(owner[0]), "--wait", "and you?")
	})
}

// A buffer without a name goes into the prompt as text, and so does one of another machine.
func TestNeovimUntitled(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "It is a poem.\n")
		n := d.newNvim("calc.sh")
		n.ex("new")
		n.text("iroses are red")
		n.keys("Escape")
		n.ex("OpenCode explain")
		n.shows("is no file of a project")
		n.ex("%OpenCode what is this?")
		d.awaitTranscript("It is a poem.")
		if asked := string(d.model.Requests()[0]); !strings.Contains(asked, "roses are red") {
			t.Errorf("the text was not sent:\n%s", asked)
		}
		d.script("It is far away.\n")
		n.ex("set buftype=nofile")
		n.ex("file ssh://far/away.txt")
		n.ex("1OpenCode and this?")
		d.awaitTranscript("It is far away.")
		if asked := string(d.model.Requests()[1]); strings.Contains(asked, "Place: ") || !strings.Contains(asked, "roses are red") {
			t.Errorf("the text of the remote buffer was not sent as text:\n%s", asked)
		}
	})
}

// Windows line endings and a name with spaces and other letters stay what they are.
func TestNeovimLineEndings(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		name := "Grüße an alle.txt"
		d := newDesk(t, m, map[string]string{name: "eins\r\nzwei 😀 ü\r\ndrei\r\n"},
			`call edit {"filePath": "`+name+`", "oldString": "ü\ndrei", "newString": "ä\nvier\nfünf"}`+"\n\nDone.\n")
		n := d.newNvim(name)
		n.ex("OpenCode count on")
		n.allow("1", "edit")
		d.awaitDisk(name, "fünf")
		if now := d.disk(name); now != "eins\r\nzwei 😀 ä\r\nvier\r\nfünf\r\n" {
			t.Errorf("on disk %q", now)
		}
	})
}

func TestNeovimWithoutServer(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		n := d.startNvim("calc.sh", "let g:opencode = {'cmd': ['no-such-opencode-lsp']}")
		n.said("no-such-opencode-lsp is not in your PATH")
		n.ex("checkhealth opencode")
		n.shows("not in your PATH")
	})
}

// Another program of the server's name, such as a much older one, is said to be that; Neovim is not stopped by it for long.
func TestNeovimStranger(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		d.installPlugin()
		d.stranger()
		n := d.openNvim("calc.sh")
		n.said("is not started again: see :checkhealth opencode")
		n.ex("checkhealth opencode")
		n.shows("(?s)does not run: unknown command version.*Is it another program of that name")
		n.ex("edit calc.sh")
		n.edits("calc.sh")
	})
}

// A server from before the plugin is said to be that, once; Neovim edits as ever, and a prompt is refused in one line.
func TestNeovimOlder(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), "")
		d.installPlugin()
		d.older()
		n := d.openNvim("calc.sh")
		n.said("opencode-lsp is too old for this plugin; install the current one")
		n.ex("OpenCode make it right")
		n.keys("Enter")
		n.awaitExpr(`len(filter(split(execute("messages"), "\n"), {_, l -> l =~ "too old for this plugin"}))`, "1")
		n.edits("calc.sh")
	})
}

// A folder that is no repository is a workspace like any other.
func TestNeovimNoGit(t *testing.T) {
	everyNeovim(t, func(t *testing.T, m machine) {
		d := newDesk(t, m, calc(), editCall+testCall+"Done.\n")
		d.remove(project + "/.git")
		n := d.newNvim("calc.sh")
		n.ex("OpenCode make it right")
		n.allow("1", "edit")
		n.allow("2", "bash")
		d.awaitTranscript("PASS")
		d.awaitDisk("calc.sh", "+ $2")
	})
}
