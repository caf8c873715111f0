package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told is what the model is told of its last call.
func (c *acpClient) told() string {
	all := c.model.Requests()
	var last struct {
		Messages []struct{ Role, Content string }
	}
	json.Unmarshal(all[len(all)-1], &last)
	for i := len(last.Messages) - 1; i >= 0; i-- {
		if last.Messages[i].Role == "tool" {
			return last.Messages[i].Content
		}
	}
	return ""
}

// What the client has not saved is read, and edited where it is.
func TestACPDirtyBuffer(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "one\ntwo\n"}, `
call read {"filePath":"a.txt"}

call grep {"pattern":"mine"}

call edit {"filePath":"a.txt","oldString":"two","newString":"2"}

Done.
`, func(t *testing.T, c *acpClient) {
		path := filepath.Join(c.dir, "a.txt")
		c.buffers[path] = "one mine\ntwo\n"
		session := c.start("read", "write")
		c.choose("once")
		c.must("session/prompt", acpText(session, "x"))
		if c.buffers[path] != "one mine\n2\n" || c.onDisk("a.txt") != "one mine\n2\n" {
			t.Errorf("buffer %q, disk %q", c.buffers[path], c.onDisk("a.txt"))
		}
		if got := string(c.model.Requests()[2]); !strings.Contains(got, "not saved yet") || !strings.Contains(got, "a.txt") || !strings.Contains(got, "one mine") {
			t.Errorf("the model read %s", got)
		}
	})
}

// A buffer that has not noticed what a command did to the disk is no truth (zed#49162); one that the user has changed is.
func TestACPStaleBuffer(t *testing.T) {
	inACP(t, map[string]string{"clean.txt": "old\n", "dirty.txt": "old\n"}, `
call bash {"command":"echo new > clean.txt; echo new > dirty.txt"}
call read {"filePath":"clean.txt"}
call read {"filePath":"dirty.txt"}

call edit {"filePath":"clean.txt","oldString":"new","newString":"newer"}

Done.
`, func(t *testing.T, c *acpClient) {
		clean, dirty := filepath.Join(c.dir, "clean.txt"), filepath.Join(c.dir, "dirty.txt")
		c.buffers[clean], c.buffers[dirty] = "old\n", "user\n"
		session := c.start("read", "write")
		c.choose("once", "once")
		c.must("session/prompt", acpText(session, "x"))
		got := string(c.model.Requests()[1])
		if !strings.Contains(got, `1: new\n`) || !strings.Contains(got, `1: user\n`) {
			t.Errorf("the model read %s", got)
		}
		if c.onDisk("clean.txt") != "newer\n" {
			t.Errorf("disk: %q", c.onDisk("clean.txt"))
		}
	})
}

// A client whose buffers have no CR gets its text back so, and its file keeps its line ends.
func TestACPLineEnds(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "\ufeffone\r\ntwo\r\n"}, `
call edit {"filePath":"a.txt","oldString":"two","newString":"2"}

Done.
`, func(t *testing.T, c *acpClient) {
		path := filepath.Join(c.dir, "a.txt")
		c.answers["fs/read_text_file"] = func(json.RawMessage) (any, error) {
			text := strings.TrimPrefix(strings.ReplaceAll(c.onDisk("a.txt"), "\r\n", "\n"), "\ufeff")
			return map[string]string{"content": text}, nil
		}
		c.answers["fs/write_text_file"] = func(params json.RawMessage) (any, error) {
			var p acpFileParams
			json.Unmarshal(params, &p)
			if p.Content != "one\n2\n" {
				t.Errorf("the client was to write %q", p.Content)
			}
			return nil, os.WriteFile(path, []byte("\ufeff"+strings.ReplaceAll(p.Content, "\n", "\r\n")), 0o644)
		}
		session := c.start("read", "write")
		c.choose("once")
		c.must("session/prompt", acpText(session, "x"))
		if got := c.onDisk("a.txt"); got != "\ufeffone\r\n2\r\n" || !strings.Contains(c.told(), "Done") {
			t.Errorf("disk %q, the model was told %q", got, c.told())
		}
		if ask := c.requests("session/request_permission"); !strings.Contains(stringOf(ask), `one\r\ntwo`) {
			t.Errorf("the question shows %s", stringOf(ask))
		}
	})
}

func stringOf(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// A client that writes to its buffer only: before a command reads the disk the user is asked.
func TestACPSave(t *testing.T) {
	for answer, want := range map[string]string{"once": "new\n", "skip": "old\n", "reject": ""} {
		t.Run(answer, func(t *testing.T) {
			inACP(t, map[string]string{"a.txt": "old\n"}, `
call edit {"filePath":"a.txt","oldString":"old","newString":"new"}

call bash {"command":"cat a.txt > seen.txt"}

Done.
`, func(t *testing.T, c *acpClient) {
				c.saves = false
				session := c.start("read", "write")
				c.choose("once", "once", answer)
				c.must("session/prompt", acpText(session, "x"))
				if got := c.onDisk("seen.txt"); got != want && (want != "" || !strings.Contains(got, "no such file")) {
					t.Errorf("the command saw %q, want %q", got, want)
				}
				ask := stringOf(c.requests("session/request_permission")[2])
				for _, part := range []string{"edited but not saved: a.txt", `"optionId":"skip"`, "Write to disk", "Run anyway"} {
					if !strings.Contains(ask, part) {
						t.Errorf("the question has no %s: %s", part, ask)
					}
				}
			})
		})
	}
}

// The user saves between two edits of the buffer: the second is saved on top of that.
func TestACPSavedBetween(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "one\n"}, `
call edit {"filePath":"a.txt","oldString":"one","newString":"two"}

Done.

call edit {"filePath":"a.txt","oldString":"two","newString":"three"}

call bash {"command":"cat a.txt > seen.txt"}

Done.
`, func(t *testing.T, c *acpClient) {
		c.saves = false
		c.choose("once", "once", "once", "once")
		session, path := c.start("read", "write"), filepath.Join(c.dir, "a.txt")
		c.must("session/prompt", acpText(session, "x"))
		writeFile(t, path, c.buffers[path])
		c.must("session/prompt", acpText(session, "y"))
		if got := c.onDisk("seen.txt"); got != "three\n" {
			t.Errorf("the command saw %q; the model was told %q", got, c.told())
		}
	})
}

// Clients that lie or fail about a file: the model is told, and nothing is lost.
func TestACPFileFaults(t *testing.T) {
	tests := map[string]struct {
		can    string
		read   func(c *acpClient) (any, error)
		write  func(c *acpClient) (any, error)
		told   string
		onDisk string
	}{
		"claims to have written": {can: "read write", write: func(*acpClient) (any, error) { return map[string]any{}, nil }, told: "as it was", onDisk: "old\n"},
		"refuses to write":       {can: "read write", write: func(*acpClient) (any, error) { return nil, &acpError{-32603, "read-only view"} }, told: "read-only view", onDisk: "old\n"},
		"does not know the file": {can: "read write", read: func(*acpClient) (any, error) { return nil, &acpError{-32002, "?"} }, told: "Done", onDisk: "new\n"},
		"answers nonsense":       {can: "read write", read: func(*acpClient) (any, error) { return []int{1}, nil }, told: "does not say what it shows", onDisk: "old\n"},
		"answers without a text": {can: "read", read: func(*acpClient) (any, error) { return map[string]any{}, nil }, told: "does not say what it shows", onDisk: "old\n"},
		"does not answer":        {can: "read write", read: func(*acpClient) (any, error) { time.Sleep(time.Minute); return nil, nil }, told: "does not say what it shows", onDisk: "old\n"},
		"reads but cannot write": {can: "read", read: func(*acpClient) (any, error) { return map[string]string{"content": "old user\n"}, nil }, told: "save the file first", onDisk: "old\n"},
		"has no files":           {can: "", told: "Done", onDisk: "new\n"},
		"writes only":            {can: "write", told: "Done", onDisk: "new\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inACP(t, map[string]string{"a.txt": "old\n"}, "\ncall edit {\"filePath\":\"a.txt\",\"oldString\":\"old\",\"newString\":\"new\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
				if test.read != nil {
					c.answers["fs/read_text_file"] = func(json.RawMessage) (any, error) { return test.read(c) }
				}
				if test.write != nil {
					c.answers["fs/write_text_file"] = func(json.RawMessage) (any, error) { return test.write(c) }
				}
				session := c.start(strings.Fields(test.can)...)
				c.choose("once")
				c.must("session/prompt", acpText(session, "x"))
				if !strings.Contains(c.told(), test.told) || c.onDisk("a.txt") != test.onDisk {
					t.Errorf("the model was told %q, the disk holds %q", c.told(), c.onDisk("a.txt"))
				}
				time.Sleep(time.Hour) // until the last late answer
			})
		})
	}
}

// The user types while the question is open: the edit is made of what stands there by then.
func TestACPTyping(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "one\ntwo\nthree\nfour\n"}, "\ncall edit {\"filePath\":\"a.txt\",\"oldString\":\"four\",\"newString\":\"4\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		path := filepath.Join(c.dir, "a.txt")
		session := c.start("read", "write")
		c.answers["session/request_permission"] = func(json.RawMessage) (any, error) {
			c.mu.Lock()
			c.buffers[path] = "typed\none\ntwo\nthree\nfour\n"
			c.mu.Unlock()
			return map[string]any{"outcome": map[string]string{"outcome": "selected", "optionId": "once"}}, nil
		}
		c.must("session/prompt", acpText(session, "x"))
		if got := c.buffers[path]; got != "typed\none\ntwo\nthree\n4\n" {
			t.Errorf("buffer %q", got)
		}
	})
}

// terminals are what the client has for commands.
func (c *acpClient) terminals(output string, ended <-chan struct{}) {
	c.answers["terminal/create"] = func(json.RawMessage) (any, error) { return map[string]string{"terminalId": "t1"}, nil }
	c.answers["terminal/wait_for_exit"] = func(json.RawMessage) (any, error) {
		<-ended
		return map[string]any{"exitCode": 3, "signal": nil}, nil
	}
	c.answers["terminal/output"] = func(json.RawMessage) (any, error) {
		return map[string]any{"output": output, "truncated": false}, nil
	}
	for _, method := range []string{"terminal/kill", "terminal/release"} {
		c.answers[method] = func(json.RawMessage) (any, error) { return map[string]any{}, nil }
	}
}

func (c *acpClient) methods() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.asked {
		all = append(all, m.Method)
	}
	return all
}

// scripts are the files that terminals run.
func (c *acpClient) scripts() ([]string, error) {
	return filepath.Glob(filepath.Join(c.home, ".local/share/opencode-lsp/commands/*/*"))
}

// A command runs in the client's terminal: shown with its call, waited for, released. What runs is what was asked about.
func TestACPTerminal(t *testing.T) {
	inACP(t, nil, "\ncall bash {\"command\":\"echo 'a b' | cat\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		ended := make(chan struct{})
		close(ended)
		c.terminals("from the terminal", ended)
		c.choose("once")
		var script string
		c.answers["terminal/create"] = func(params json.RawMessage) (any, error) {
			var p struct {
				Args []string
				Cwd  string
			}
			json.Unmarshal(params, &p)
			data, err := os.ReadFile(p.Args[len(p.Args)-1])
			script = string(data)
			for _, word := range p.Args {
				if strings.ContainsAny(word, " '\"$`;&|<>()\\*?~") {
					t.Errorf("a shell would read %q otherwise", word)
				}
			}
			if p.Cwd != c.dir {
				t.Errorf("cwd %q", p.Cwd)
			}
			return map[string]string{"terminalId": "t1"}, err
		}
		session := c.start("terminal")
		c.must("session/prompt", acpText(session, "x"))
		if want := strings.Join([]string{"session/request_permission", "terminal/create", "terminal/wait_for_exit", "terminal/output", "terminal/release"}, " "); strings.Join(c.methods(), " ") != want {
			t.Errorf("the agent asked for %v", c.methods())
		}
		if !strings.Contains(script, `'echo '\''a b'\'' | cat'`) || !strings.Contains(script, "unset -v BASH_ENV\n") {
			t.Errorf("the script is %s", script)
		}
		if got := c.story(); !strings.Contains(got, "terminal t1") || !strings.Contains(c.told(), "from the terminal") || !strings.Contains(c.told(), "exit code 3") {
			t.Errorf("%s\nthe model was told %q", got, c.told())
		}
		if left, err := c.scripts(); err != nil || len(left) > 0 {
			t.Errorf("%v is left of the command, %v", left, err)
		}
	})
}

// A cancel and a timeout kill the command in its terminal; what it had printed is kept.
func TestACPTerminalStops(t *testing.T) {
	for name, call := range map[string]string{"cancel": `{"command":"sleep 1"}`, "timeout": `{"command":"sleep 1","timeout":5000}`} {
		t.Run(name, func(t *testing.T) {
			inACP(t, nil, "\ncall bash "+call+"\n\nDone.\n", func(t *testing.T, c *acpClient) {
				ended := make(chan struct{})
				defer close(ended)
				c.terminals("so far", ended)
				c.choose("once")
				session := c.start("terminal")
				answer := c.begin("session/prompt", acpText(session, "x"))
				synctest.Wait()
				if name == "cancel" {
					c.notify("session/cancel", map[string]any{"sessionId": session})
				}
				if m := <-answer; strings.Contains(string(m.Result), "cancelled") != (name == "cancel") {
					t.Errorf("%s %v", m.Result, m.Error)
				}
				got := strings.Join(c.methods(), " ")
				if !strings.HasSuffix(got, "terminal/wait_for_exit terminal/kill terminal/output terminal/release") {
					t.Errorf("the agent asked for %s", got)
				}
				if name == "timeout" && (!strings.Contains(c.told(), "so far") || !strings.Contains(c.told(), "stopped after 5s")) {
					t.Errorf("the model was told %q", c.told())
				}
			})
		})
	}
}

// The user cancels before the client has answered with its terminal: that is ended, too, and a client that takes its time does
// not hold the user up.
func TestACPTerminalLate(t *testing.T) {
	for late, last := range map[time.Duration]string{
		graceOfClients / 2:  "terminal/kill terminal/output terminal/release",
		30 * graceOfClients: "terminal/create terminal/kill terminal/release",
	} {
		inACP(t, nil, "\ncall bash {\"command\":\"sleep 1\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
			ended := make(chan struct{})
			defer close(ended)
			c.terminals("", ended)
			c.answers["terminal/create"] = func(json.RawMessage) (any, error) {
				time.Sleep(late)
				return map[string]string{"terminalId": "t1"}, nil
			}
			c.choose("once")
			session := c.start("terminal")
			answer := c.begin("session/prompt", acpText(session, "x"))
			synctest.Wait()
			c.cancelled(session, answer, 2*graceOfClients)
			time.Sleep(time.Hour) // until the last late answer
			if got := strings.Join(c.methods(), " "); !strings.HasSuffix(got, last) {
				t.Errorf("%s late: the agent asked for %s", late, got)
			}
		})
	}
}

// A client that does not say how the command ended: that is no success.
func TestACPTerminalNoStatus(t *testing.T) {
	inACP(t, nil, "\ncall bash {\"command\":\"false\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		c.terminals("so far", nil)
		c.answers["terminal/wait_for_exit"] = func(json.RawMessage) (any, error) { return map[string]any{"exitCode": nil}, nil }
		c.choose("once")
		c.must("session/prompt", acpText(c.start("terminal"), "x"))
		if got := c.told(); !strings.Contains(got, "so far") || !strings.Contains(got, "does not say how it ended") {
			t.Errorf("the model was told %q", got)
		}
	})
}

// A client that refuses a terminal: the command runs as our own child. One whose answer cannot be read: it is not run twice.
func TestACPTerminalRefused(t *testing.T) {
	for name, test := range map[string]struct {
		answer func() (any, error)
		ran    bool
	}{
		"refused":  {func() (any, error) { return nil, &acpError{-32603, "no"} }, true},
		"nonsense": {func() (any, error) { return map[string]any{"terminalId": 7}, nil }, false},
		"no id":    {func() (any, error) { return map[string]any{}, nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			inACP(t, nil, "\ncall bash {\"command\":\"echo x > made\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
				c.answers["terminal/create"] = func(json.RawMessage) (any, error) { return test.answer() }
				c.choose("once")
				session := c.start("terminal")
				c.must("session/prompt", acpText(session, "x"))
				if ran := c.onDisk("made") == "x\n"; ran != test.ran {
					t.Errorf("ran: %v; the model was told %q", ran, c.told())
				}
			})
		})
	}
}
