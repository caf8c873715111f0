//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/lsp/lsptest"
	"github.com/opencode-lsp/opencode-lsp/permission"
)

// cli runs subcommands in one folder.
type cli struct {
	t    *testing.T
	home *home
	root string
}

func newCLI(t *testing.T, steps string) (cli, *agenttest.Server) {
	t.Helper()
	script, err := agenttest.Parse(steps)
	if err != nil {
		t.Fatal(err)
	}
	model := agenttest.New(script...)
	t.Cleanup(func() {
		if problems := model.Problems(); len(problems) > 0 {
			t.Errorf("requests that a strict provider refuses: %q", problems)
		}
		model.Close()
	})
	h := newHome(t)
	h.model = model.URL()
	c := cli{t, h, t.TempDir()}
	c.write("main.go", "package add // a - b\n")
	return c, model
}

func (c cli) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.root, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c cli) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.root, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// run runs a subcommand without a terminal and wants an exit code; want must stand in what it prints to stdout or stderr.
func (c cli) run(code int, want string, args ...string) string {
	c.t.Helper()
	return c.runIn(c.root, code, want, args...)
}

func (c cli) runIn(dir string, code int, want string, args ...string) string {
	c.t.Helper()
	cmd := c.home.command(dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		c.t.Fatalf("%q: %v", args, exit)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		c.t.Errorf("%q ends with code %d, want %d\n%s%s", args, got, code, stdout.String(), stderr.String())
	}
	if all := stdout.String() + stderr.String(); !strings.Contains(all, want) {
		c.t.Errorf("%q does not say %q but\n%s", args, want, all)
	}
	if lines := strings.Count(stderr.String(), "\n"); code > 1 && lines != 1 {
		c.t.Errorf("%q: the error has %d lines:\n%s", args, lines, stderr.String())
	}
	return stdout.String()
}

// edit connects an editor to a language server of the folder.
func (c cli) edit() *lsptest.Editor {
	c.t.Helper()
	s, err := c.home.start(c.root)
	if err != nil {
		c.t.Fatal(err)
	}
	ed := lsptest.Dial(c.t.Context(), s, lsptest.Options{Root: c.root})
	c.t.Cleanup(ed.Close)
	if err := ed.Initialize(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if _, err := ed.Command(c.t.Context(), "opencode.status"); err != nil {
		c.t.Fatal(err)
	}
	return ed
}

const editCall = `call edit {"filePath": "main.go", "oldString": "a - b", "newString": "a + b"}`

// What is typed in a terminal reaches the server of the folder, and its edit lands in the editor.
func TestSendAndAnswer(t *testing.T) {
	c, _ := newCLI(t, editCall+"\n\nFixed.\n\ncall bash {\"command\": \"touch made\"}\n\ncall bash {\"command\": \"touch made\"}\n\nTalk.\n")
	c.run(3, "no opencode-lsp runs for this folder", "send", "fix it")
	c.run(3, "no opencode-lsp runs for this folder", "answer", "once")
	ed := c.edit()
	if err := ed.Open("main.go"); err != nil {
		t.Fatal(err)
	}
	asked := func(head string) {
		t.Helper()
		if err := ed.Wait(t.Context(), head, func() bool {
			open := ed.OpenQuestions()
			return len(open) == 1 && strings.HasPrefix(open[0].Message, head)
		}); err != nil {
			t.Fatal(err)
		}
	}
	c.run(1, "no question is open", "answer", "once")
	c.run(0, "sent to session ses_", "send", "fix it")
	asked("OpenCode #1 edit: main.go")
	c.run(1, "no open question #7", "answer", "7", "once")
	c.run(2, "not one of once, always, reject", "answer", "yes")
	c.run(0, "answered: once", "answer", "once")
	if err := ed.Wait(t.Context(), "the edit", func() bool {
		text, _ := ed.Buffer("main.go")
		return text == "package add // a + b\n"
	}); err != nil {
		t.Fatal(err)
	}
	c.run(1, "#1", "answer", "1", "reject")
	c.run(0, "", "send", "--file", "main.go", "--line", "1", "make it")
	asked("OpenCode #2 bash: touch made")
	c.run(0, "answered: reject", "answer", "#2", "reject", "--message", "not here")
	asked("OpenCode #3 bash: touch made")
	c.run(0, "answered: reject", "answer", "reject")
	c.run(0, "Talk.", "send", "--new", "--wait", "talk")
	c.run(0, "running as process", "doctor")
	c.run(1, "open in another editor", "sessions", "delete", sessionID(t, c))
	c.run(2, "--line needs --file", "send", "--line", "3", "x")
	c.run(2, "--action needs --file", "send", "--action", "explain")
	c.run(2, "nothing to send", "send")
	if list := ed.Complaints(); len(list) > 0 {
		t.Errorf("the editor complains: %q", list)
	}
}

// A folder that joins the workspace later is reached too, and one that has left it no more.
func TestSendToFolders(t *testing.T) {
	c, _ := newCLI(t, "Hello.\n")
	ed := c.edit()
	other, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder := []any{map[string]any{"uri": "file://" + other, "name": "other"}}
	change := func(added, removed []any, open int) {
		t.Helper()
		ed.Notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{"added": added, "removed": removed}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for sockets := 0; sockets != open; { // nothing tells when the socket is there
			list, err := filepath.Glob(filepath.Join(c.home.runtime, "opencode-lsp", "*.sock"))
			if sockets = len(list); err != nil || ctx.Err() != nil {
				t.Fatalf("%d sockets, want %d: %v", sockets, open, err)
			}
			if _, err := ed.Command(ctx, "opencode.status"); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.runIn(other, 3, "no opencode-lsp runs", "send", "hello")
	change(folder, nil, 2)
	c.runIn(other, 0, "Hello.", "send", "--wait", "hello")
	change(nil, folder, 1)
	c.runIn(other, 3, "no opencode-lsp runs", "send", "hello")
}

// Two editors on one folder have a server each: a prompt goes to the newest or to the one that is named, an answer to the
// one that asks.
func TestSeveralServers(t *testing.T) {
	c, _ := newCLI(t, editCall+"\n\n"+editCall+"\n")
	first := c.edit()
	older := c.newestServer()
	second := c.edit()
	newer := c.newestServer()
	for _, ed := range []*lsptest.Editor{first, second} {
		if err := ed.Open("main.go"); err != nil {
			t.Fatal(err)
		}
	}
	asked := func(ed *lsptest.Editor) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := ed.Wait(ctx, "a question", func() bool { return len(ed.OpenQuestions()) == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	c.run(0, "of server "+newer+", the newest of 2 here", "send", "--new", "fix it")
	asked(second)
	c.run(0, "sent to session", "send", "--new", "--server", older, "fix it")
	asked(first)
	c.run(1, "--server "+older+" asks #1 edit: main.go", "answer", "once")
	c.run(0, "answered: reject", "answer", "--server", newer, "reject")
	c.run(0, "answered: reject", "answer", "reject")
	c.run(1, "no question is open", "answer", "reject")
	c.run(3, "no opencode-lsp runs", "answer", "--server", "1", "reject")
}

// newestServer is the process that listens since last.
func (c cli) newestServer() string {
	c.t.Helper()
	sockets, err := filepath.Glob(filepath.Join(c.home.runtime, "opencode-lsp", "*.sock"))
	if err != nil || len(sockets) == 0 {
		c.t.Fatalf("no sockets: %v", err)
	}
	newest := slices.MaxFunc(sockets, func(a, b string) int {
		infoA, errA := os.Stat(a)
		infoB, errB := os.Stat(b)
		if err := errors.Join(errA, errB); err != nil {
			c.t.Fatal(err)
		}
		return infoA.ModTime().Compare(infoB.ModTime())
	})
	_, pid, _ := strings.Cut(strings.TrimSuffix(filepath.Base(newest), ".sock"), "-")
	return pid
}

// sessionID is the newest session of the folder.
func sessionID(t *testing.T, c cli) string {
	t.Helper()
	var list []struct{ ID string }
	out := c.run(0, "", "sessions", "list", "--format", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
		t.Fatalf("sessions list: %q %v", out, err)
	}
	return list[0].ID
}

// run edits files on disk; without a terminal and without --yes nothing is allowed.
func TestRun(t *testing.T) {
	c, model := newCLI(t, editCall+"\n\n"+editCall+"\n\nFixed.\n\nHello.\n\nOther.\n\nOther still.\n\n!status 401 key=x bad key\n")
	c.run(1, "not of the form", "run", "-m", "nosuch", "x")
	if out := c.run(0, "", "sessions", "list"); out != "" {
		t.Errorf("a model that there is not left a session behind: %s", out)
	}
	c.run(1, "rejected, since nobody is at the terminal", "run", "fix it")
	if got := c.read("main.go"); got != "package add // a - b\n" {
		t.Errorf("after a rejection main.go is %q", got)
	}
	c.run(0, "Fixed.", "run", "--yes", "fix it")
	if got := c.read("main.go"); got != "package add // a + b\n" {
		t.Errorf("after --yes main.go is %q", got)
	}
	out := c.run(0, `"turn.ended"`, "run", "-c", "--format", "json", "again")
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line is no JSON: %s", line)
		}
	}
	for _, args := range [][]string{{"-m", "scripted/other"}, nil} {
		c.run(0, "Other", append(append([]string{"run", "-c"}, args...), "on")...)
		if last := model.Requests(); !strings.Contains(string(last[len(last)-1]), `"model":"other"`) {
			t.Errorf("run -c %q: %s", args, last[len(last)-1])
		}
	}
	c.run(1, "", "run", "fail")
	c.run(2, "nothing to do", "run")
	c.run(2, "not one of text, json", "run", "--format", "xml", "x")
	c.run(2, "exclude each other", "run", "-c", "-s", "x", "y")
	c.run(2, "unknown flag", "run", "--nosuch", "x")
	c.run(1, "no such session", "run", "-s", "ses_nosuch", "x")
	if last := model.Requests(); len(last) == 0 {
		t.Error("the model was not asked")
	}
}

const questionCall = `call question {"questions": [{"question": "Which one?", "header": "Choice", "options": [` +
	`{"label": "The first", "description": "a"}, {"label": "The second", "description": "b"}]}]}`

// A question of the model is answered from a terminal by number, label or own words.
func TestAnswerInWords(t *testing.T) {
	c, model := newCLI(t, questionCall+"\n\n"+strings.Replace(questionCall, "Choice", "Second", 1)+"\n\n"+questionCall+"\n\nFine.\n")
	ed := c.edit()
	c.run(0, "", "send", "ask me")
	for i, args := range [][]string{{"2"}, {"#2", "the", "first"}, {"neither", "of", "them"}} {
		head := fmt.Sprintf("OpenCode #%d question: Which one?", i+1)
		if err := ed.Wait(t.Context(), head, func() bool {
			open := ed.OpenQuestions()
			return len(open) == 1 && strings.HasPrefix(open[0].Message, head)
		}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			c.run(1, "wants one of: 1 The first, 2 The second, your own words", "answer", "once")
		}
		c.run(0, "answered: ", append([]string{"answer"}, args...)...)
	}
	if err := ed.Wait(t.Context(), "the end", func() bool { return len(model.Requests()) == 4 }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Which one?\": The second`, `Which one?\": The first`, `Which one?\": neither of them`} {
		if got := string(model.Requests()[3]); !strings.Contains(got, want) {
			t.Errorf("no %s in the last request: %s", want, got)
		}
	}
}

// Without a person the model is told so, also with --yes, which allows what rules would ask and knows no wishes.
func TestRunWithoutAnybody(t *testing.T) {
	c, model := newCLI(t, questionCall+"\n\nI chose.\n\n"+questionCall+"\n\nI chose.\n")
	c.run(0, "not answered, since nobody is at the terminal: Which one?", "run", "ask me")
	c.run(0, "not answered", "run", "--yes", "ask me")
	for _, n := range []int{1, 3} {
		if got := string(model.Requests()[n]); !strings.Contains(got, "nobody is here to answer. Decide as the task suggests") {
			t.Errorf("request %d: %s", n, got)
		}
	}
}

// TestTerminalReply has what is typed at the terminal and what it answers.
func TestTerminalReply(t *testing.T) {
	asked := agent.OpenQuestion{Kind: agent.KindPermission, Choices: []agent.Choice{{Reply: permission.Once, Title: "Allow once"}, {Reply: permission.Reject, Title: "Reject"}}}
	wish := agent.OpenQuestion{Kind: agent.KindQuestion, Choices: []agent.Choice{{Reply: "choice:1", Title: "A"}}}
	for _, c := range []struct {
		q    agent.OpenQuestion
		line string
		want permission.Reply
	}{
		{asked, "1\n", permission.Once}, {asked, " 2 \n", permission.Reject}, {asked, "3\n", ""}, {asked, "0\n", ""}, {asked, "yes\n", ""}, {asked, "", ""},
		{wish, " 1\n", "1"}, {wish, "own words \n", "own words"}, {wish, "\n", ""},
	} {
		if got := (&runView{}).reply(c.q, c.line); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.q.Kind, c.line, got, c.want)
		}
	}
}

// Without an editor undo and redo work on disk, in the last session of the folder.
func TestSessionsUndo(t *testing.T) {
	c, _ := newCLI(t, "call bash {\"command\": \"echo two >f.txt; rm -f gone.txt; echo new >new.txt\"}\n\nDone.\n")
	c.run(1, "there are no sessions", "sessions", "undo")
	c.write("f.txt", "one\n")
	c.write("gone.txt", "gone\n")
	c.run(0, "Done.", "run", "--yes", "do it")
	state := func(want string) {
		t.Helper()
		var got []string
		for _, name := range []string{"f.txt", "gone.txt", "new.txt"} {
			text, err := os.ReadFile(filepath.Join(c.root, name))
			if err != nil {
				text = []byte("-")
			}
			got = append(got, strings.TrimSpace(string(text)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("files hold %q, want %s", got, want)
		}
	}
	state("two - new")
	c.run(0, "gone.txt", "sessions", "undo")
	state("one gone -")
	c.run(1, "nothing to undo", "sessions", "undo")
	c.run(0, `"kept":[]`, "sessions", "redo", "--format", "json")
	state("two - new")
	c.write("f.txt", "three\n")
	c.run(0, "f.txt stays: your own edits overlap at line 1", "sessions", "undo", "--turn", "all", sessionID(t, c))
	state("three gone -")
	c.run(1, "there is no session ses_nosuch", "sessions", "undo", "ses_nosuch")
}

func TestSessionsAndPermissions(t *testing.T) {
	c, _ := newCLI(t, "Hello.\n")
	if out := c.run(0, "", "sessions", "list"); out != "" {
		t.Errorf("there are no sessions yet, but: %s", out)
	}
	c.run(0, "Hello.", "run", "greet")
	id := sessionID(t, c)
	c.run(0, id, "sessions", "list")
	c.run(0, "Hello.", "sessions", "show", id)
	c.run(0, `"session.created"`, "sessions", "export", "--format", "json", id)
	c.run(0, "## You", "sessions", "export", "--format", "markdown", id)
	fork := strings.TrimSpace(c.run(0, "ses_", "sessions", "fork", id))
	c.run(0, "Hello.", "sessions", "show", fork)
	c.run(0, "", "sessions", "rename", fork, "another", "way")
	c.run(0, "another way", "sessions", "list")
	c.run(1, "has no turn trn_none", "sessions", "fork", id, "--turn", "trn_none")
	c.run(0, "", "sessions", "delete", fork)
	c.run(1, "there is no session ses_nosuch", "sessions", "show", "ses_nosuch")
	c.run(1, "there is no session ses_nosuch", "sessions", "fork", "ses_nosuch")
	c.run(1, "there is no session ses_nosuch", "sessions", "rename", "ses_nosuch", "x")
	c.run(0, "", "sessions", "delete", id)
	c.run(1, "there is no session", "sessions", "show", id)
	c.run(1, "there is no session", "sessions", "delete", id)
	c.run(2, "not one of text, json", "sessions", "list", "--format", "xml")
	c.run(2, "name one of", "sessions")
	c.run(0, "ask: ", "permission", "check", "bash", "rm -rf /")
	c.run(0, "allow: ", "permission", "check", "read", "main.go")
	c.run(0, "", "permission", "list")
	c.run(1, "nothing of that ID", "permission", "forget", "nosuch")
	c.run(0, "", "permission", "forget", "--all")
	c.run(2, "takes one ID, or --all", "permission", "forget")
	c.run(1, "nosuch.json", "permission", "check", "--config", "nosuch.json", "bash", "ls")
	c.run(0, "helix", "editors")
	c.run(0, "languages.toml", "editors", "helix")
	c.run(2, "", "editors", "nosuch")
	c.run(1, `no model of "nosuch" is known`, "models", "nosuch")
	c.run(2, "unknown command", "nosuch")
	c.run(0, "no language server runs", "doctor")
}

// A folder that cannot be made is named, with what to do about it. A file in its place stands for one without permission,
// which would not stop root.
func TestUnusableFolders(t *testing.T) {
	for name, variable := range map[string]string{"data": "XDG_DATA_HOME", "state": "XDG_STATE_HOME", "runtime": "XDG_RUNTIME_DIR"} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCLI(t, "Hello.\n\nHello.\n")
			c.write("taken", "")
			c.home.more = []string{variable + "=" + filepath.Join(c.root, "taken")}
			ed := c.edit()
			_, err := ed.Command(t.Context(), "opencode.prompt", map[string]any{"text": "greet", "wait": true})
			if name != "data" {
				if err != nil {
					t.Error(err)
				}
				c.run(0, "Hello.", "run", "--session", sessionIDOpen(t, ed), "again")
				return
			}
			if err == nil || !strings.Contains(err.Error(), "set XDG_DATA_HOME") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if _, err := ed.Command(t.Context(), "opencode.status"); err != nil {
				t.Errorf("the server is gone: %v", err)
			}
			c.run(1, "set XDG_DATA_HOME", "run", "greet")
			c.run(1, "set XDG_DATA_HOME", "doctor")
			c.run(1, "set XDG_DATA_HOME", "sessions", "list")
		})
	}
}

// sessionIDOpen ends the editor's server in good order and returns its session.
func sessionIDOpen(t *testing.T, ed *lsptest.Editor) string {
	t.Helper()
	raw, err := ed.Command(t.Context(), "opencode.session.list")
	var list []struct{ ID string }
	if err != nil || json.Unmarshal(raw, &list) != nil || len(list) != 1 {
		t.Fatalf("session.list: %s %v", raw, err)
	}
	if err := ed.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	ed.Exit()
	<-ed.Gone()
	return list[0].ID
}

// Files that no model should be sent: none there, binary, huge. Each call has one result, and the server stays small and alive.
func TestUnreadableFiles(t *testing.T) {
	c, model := newCLI(t, "call read {\"filePath\": \"nowhere.txt\"}\n\ncall read {\"filePath\": \"blob\"}\n\ncall read {\"filePath\": \"huge.txt\"}\n\ncall grep {\"pattern\": \"needle\"}\n\nDone.\n")
	c.write("blob", "\x7fELF\x00\x00\x01"+strings.Repeat("\x00", 1000))
	huge, err := os.Create(filepath.Join(c.root, "huge.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := huge.WriteString(strings.Repeat("a line of text, nothing else\n", (1<<20)/29)); err != nil {
			t.Fatal(err)
		}
	}
	huge.Close()
	c.run(0, "Done.", "run", "read them")
	last := model.Requests()[len(model.Requests())-2:]
	if n := max(len(last[0]), len(last[1])); n > 300<<10 {
		t.Errorf("a request of %d bytes holds more than a tool may answer", n)
	}
}
