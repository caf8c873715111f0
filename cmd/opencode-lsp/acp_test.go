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

const acpCalc = "package calc\n\n// Add returns the sum.\nfunc Add(a, b int) int {\n\treturn a - b\n}\n"

const acpEdit = `
call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

Fixed.
`

// onDisk is what a file of the workspace holds.
func (c *acpClient) onDisk(name string) string {
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// A whole turn: thoughts, text, a plan, calls with a question and its diff, an edit through the client, an end.
func TestACPTurn(t *testing.T) {
	inACP(t, map[string]string{"calc.go": acpCalc}, `
!think Where is it?
I look first.
call read {"filePath":"calc.go"}
call todowrite {"todos":[{"content":"fix","status":"cancelled","priority":"high"}]}

call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

Fixed.
`, func(t *testing.T, c *acpClient) {
		session := c.start("read", "write")
		c.choose("once")
		end := c.must("session/prompt", acpText(session, "Fix Add"))
		if end["stopReason"] != "end_turn" {
			t.Errorf("end: %v", end)
		}
		want := `
agent_thought Where is it?
agent_message I look first.
tool_call call_2_1 pending read read calc.go
tool_call call_2_2 pending think todowrite
tool_call_update call_2_1 in_progress
tool_call_update call_2_1 completed
tool_call_update call_2_2 in_progress
tool_call_update call_2_2 completed
plan [{"content":"fix","priority":"high","status":"completed"}]
tool_call call_5_1 pending edit edit calc.go
tool_call_update call_5_1 in_progress
tool_call_update call_5_1 completed diff DIR/calc.go
agent_message Fixed.
`
		if got := c.story(); got != want {
			t.Errorf("the client sees:%s\nwant:%s", got, want)
		}
		data, err := json.Marshal(c.requests("session/request_permission"))
		if err != nil {
			t.Fatal(err)
		}
		ask := strings.ReplaceAll(string(data), c.dir, "DIR")
		for _, part := range []string{
			`"toolCallId":"call_5_1"`, `"title":"edit: calc.go (+1 −1)"`, `"kind":"edit"`, `"path":"DIR/calc.go"`, `return a + b`, `return a - b`,
			`"options":[{"kind":"reject_once","name":"Reject","optionId":"reject"},{"kind":"allow_once","name":"Allow once","optionId":"once"},{"kind":"allow_always"`,
		} {
			if !strings.Contains(ask, part) {
				t.Errorf("the question has no %s: %s", part, ask)
			}
		}
		if got := c.onDisk("calc.go"); !strings.Contains(got, "a + b") || len(c.requests("fs/write_text_file")) != 1 {
			t.Errorf("%s, written %d times through the client", got, len(c.requests("fs/write_text_file")))
		}
	})
}

// Nothing but an option that was offered is consent.
func TestACPConsent(t *testing.T) {
	for answer, stop := range map[string]string{
		`{}`: "end_turn", `null`: "end_turn", `[]`: "end_turn", `"yes"`: "end_turn", `{"outcome":{}}`: "end_turn", `{"outcome":"selected"}`: "end_turn",
		`{"outcome":{"outcome":"selected"}}`: "end_turn", `{"outcome":{"outcome":"selected","optionId":"allow"}}`: "end_turn",
		`{"outcome":{"outcome":"selected","optionId":"ONCE"}}`: "end_turn", `{"outcome":{"outcome":"selected","optionId":"allow_once"}}`: "end_turn",
		`{"outcome":{"outcome":"selected","optionId":1}}`: "end_turn", `{"outcome":{"outcome":"approved","optionId":"once"}}`: "end_turn",
		`{"outcome":{"optionId":"once"}}`: "end_turn", `{"optionId":"once"}`: "end_turn", `{"outcome":{"outcome":"selected","optionId":"reject"}}`: "end_turn",
		`{"outcome":{"outcome":"cancelled"}}`: "cancelled", `{"outcome":{"outcome":"cancelled","optionId":"once"}}`: "cancelled", `error`: "end_turn",
	} {
		t.Run(answer, func(t *testing.T) {
			inACP(t, map[string]string{"calc.go": acpCalc}, acpEdit, func(t *testing.T, c *acpClient) {
				session := c.start("read", "write")
				c.answers["session/request_permission"] = func(json.RawMessage) (any, error) {
					if answer == "error" {
						return nil, &acpError{-32603, "no window"}
					}
					return json.RawMessage(answer), nil
				}
				end := c.must("session/prompt", acpText(session, "Fix Add"))
				if end["stopReason"] != stop {
					t.Errorf("the turn ended with %v, want %s", end["stopReason"], stop)
				}
				if c.onDisk("calc.go") != acpCalc || len(c.requests("fs/write_text_file")) > 0 {
					t.Error("the edit was made")
				}
			})
		})
	}
}

// What does not fit into a question's line, or into an answer, stands below it in full.
func TestACPLongQuestion(t *testing.T) {
	address := "https://example.com/" + strings.Repeat("a", 150) + "secret" + strings.Repeat("b", 150)
	folder := "/etc/" + strings.Repeat("a/", 150) + "secret" + strings.Repeat("/b", 150)
	inACP(t, nil, "\ncall webfetch {\"url\":\""+address+"\"}\n\ncall read {\"filePath\":\""+folder+"/c\"}\n", func(t *testing.T, c *acpClient) {
		c.choose("reject", "reject")
		session := c.start()
		c.must("session/prompt", acpText(session, "x"))
		c.must("session/prompt", acpText(session, "y"))
		for i, full := range []string{"```\n" + address + "\n", "\nAlways allow " + folder + "/*\n"} {
			call := c.requests("session/request_permission")[i]["toolCall"].(map[string]any)
			if text, _ := json.Marshal(full); !strings.Contains(stringOf(call["content"]), strings.Trim(string(text), `"`)) {
				t.Errorf("%q is not in the question: %s", full, stringOf(call))
			}
		}
	})
}

// Two questions come one after the other; the second after the first is answered.
func TestACPOneQuestion(t *testing.T) {
	inACP(t, map[string]string{"a": "1\n", "b": "1\n"}, `
call edit {"filePath":"a","oldString":"1","newString":"2"}
call edit {"filePath":"b","oldString":"1","newString":"2"}

Done.
`, func(t *testing.T, c *acpClient) {
		session := c.start("read", "write")
		open := 0
		c.answers["session/request_permission"] = func(json.RawMessage) (any, error) {
			c.mu.Lock()
			open++
			if open > 1 {
				t.Error("two questions are open")
			}
			c.mu.Unlock()
			time.Sleep(time.Minute)
			c.mu.Lock()
			open--
			c.mu.Unlock()
			return map[string]any{"outcome": map[string]string{"outcome": "selected", "optionId": "once"}}, nil
		}
		c.must("session/prompt", acpText(session, "both"))
		if n := len(c.requests("session/request_permission")); n != 2 || c.onDisk("a")+c.onDisk("b") != "2\n2\n" {
			t.Errorf("%d questions, %s%s", n, c.onDisk("a"), c.onDisk("b"))
		}
	})
}

// A cancel right behind its prompt, in an open question, in a stream: the stop reason is cancelled, and nothing happens.
func TestACPCancel(t *testing.T) {
	inACP(t, map[string]string{"calc.go": acpCalc}, `
call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

Half of it.
!hang

Here again.
`, func(t *testing.T, c *acpClient) {
		session := c.start()
		cancel := func() { c.notify("session/cancel", map[string]any{"sessionId": session}) }
		ends := func(answer <-chan acpMessage) {
			t.Helper()
			if m := <-answer; !strings.Contains(string(m.Result), `"stopReason":"cancelled"`) {
				t.Errorf("%s %v", m.Result, m.Error)
			}
		}
		early := c.begin("session/prompt", acpText(session, "never mind"))
		cancel()
		ends(early)

		withdrawn := make(chan struct{})
		c.answers["session/request_permission"] = func(json.RawMessage) (any, error) {
			<-withdrawn // a client that answers too late, and yes
			return map[string]any{"outcome": map[string]string{"outcome": "selected", "optionId": "once"}}, nil
		}
		asked := c.begin("session/prompt", acpText(session, "fix it"))
		synctest.Wait()
		cancel()
		ends(asked)
		close(withdrawn)
		synctest.Wait()
		if c.onDisk("calc.go") != acpCalc {
			t.Error("a late answer was consent")
		}

		stream := c.begin("session/prompt", acpText(session, "talk"))
		synctest.Wait()
		cancel()
		ends(stream)
		if end := c.must("session/prompt", acpText(session, "again")); end["stopReason"] != "end_turn" {
			t.Errorf("afterwards: %v", end)
		}
		if got := c.story(); !strings.Contains(got, "Half of it.") || !strings.Contains(got, "Here again.") {
			t.Errorf("the client sees %s", got)
		}
	})
}

// A turn that fails is an error with one sentence; a prompt while a turn runs joins it, and both are answered.
func TestACPFailureAndQueue(t *testing.T) {
	inACP(t, nil, `
!status 401 no such key

!slow 100ms
A long first answer.

And the second.
`, func(t *testing.T, c *acpClient) {
		session := c.start()
		_, err := c.call("session/prompt", acpText(session, "x"))
		if e, ok := err.(*acpError); !ok || e.Code != -32603 || !strings.Contains(e.Message, "key") {
			t.Errorf("a failed turn: %v", err)
		}
		first := c.begin("session/prompt", acpText(session, "one"))
		synctest.Wait()
		second := c.begin("session/prompt", acpText(session, "two"))
		for _, answer := range []<-chan acpMessage{first, second} {
			if m := <-answer; !strings.Contains(string(m.Result), "end_turn") {
				t.Errorf("%s %v", m.Result, m.Error)
			}
		}
		if got := c.story(); !strings.Contains(got, "A long first answer.And the second.") {
			t.Errorf("the client sees %s", got)
		}
	})
}

// A session is loaded by another process with all that was said, resumed without, listed, forked and deleted.
func TestACPLoad(t *testing.T) {
	inACP(t, map[string]string{"calc.go": acpCalc}, acpEdit+"\nNo more.\n", func(t *testing.T, c *acpClient) {
		session := c.start("read", "write")
		c.choose("once")
		c.must("session/prompt", acpText(session, "Fix Add"))
		c.story()
		c.leave()
		c.connect()
		c.must("initialize", map[string]any{"protocolVersion": 1})
		at := c.where()
		at["sessionId"] = session
		if state := c.must("session/load", at); state["modes"] == nil || state["configOptions"] == nil {
			t.Errorf("loaded: %v", state)
		}
		want := `
user_message Fix Add
tool_call call_2_1 pending edit edit calc.go
tool_call_update call_2_1 in_progress
tool_call_update call_2_1 completed diff DIR/calc.go
agent_message Fixed.
`
		if got := c.story(); got != want {
			t.Errorf("the client sees:%s\nwant:%s", got, want)
		}
		c.must("session/prompt", acpText(session, "more?"))
		c.must("session/load", at) // again, while it is open
		if got := c.story(); strings.Count(got, "user_message Fix Add") != 1 || strings.Count(got, "No more.") != 2 {
			t.Errorf("the client sees:%s", got)
		}
		fork := c.must("session/fork", at)["sessionId"].(string)
		c.must("session/close", map[string]any{"sessionId": session})
		c.must("session/resume", at)
		if got := c.story(); strings.Contains(got, "Fix Add") {
			t.Errorf("resume shows %s", got)
		}
		if l := list(c.must("session/list", map[string]any{"cwd": c.dir})["sessions"]); len(l) != 2 {
			t.Errorf("list: %v", l)
		}
		c.must("session/delete", map[string]any{"sessionId": fork})
		if l := list(c.must("session/list", map[string]any{})["sessions"]); len(l) != 1 {
			t.Errorf("list: %v", l)
		}
		if l := list(c.must("session/list", map[string]any{"cwd": "/nowhere"})["sessions"]); len(l) != 0 {
			t.Errorf("list of another folder: %v", l)
		}
	})
}

// Modes, models and options are taken for the next prompt and kept.
func TestACPModes(t *testing.T) {
	inACP(t, nil, "\ncall bash {\"command\":\"touch x\"}\n\nNo.\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		c.must("session/set_mode", map[string]any{"sessionId": session, "modeId": "plan"})
		set := c.must("session/set_config_option", map[string]any{"sessionId": session, "configId": "model", "value": "scripted/model"})
		for _, o := range list(set["configOptions"]) {
			o := o.(map[string]any)
			if want := map[string]any{"mode": "plan", "model": "scripted/model"}[o["id"].(string)]; o["currentValue"] != want {
				t.Errorf("%v is %v, want %v", o["id"], o["currentValue"], want)
			}
		}
		c.must("session/prompt", acpText(session, "touch it"))
		if got := c.story(); !strings.Contains(got, "current_mode_update") || !strings.Contains(got, "failed") {
			t.Errorf("the client sees %s", got)
		}
		if len(c.requests("session/request_permission")) > 0 || !strings.Contains(c.onDisk("x"), "no such file") {
			t.Error("plan has asked for, or done, what it must not")
		}
	})
}

// Slash commands of this front: undo and redo through the client, and compact.
func TestACPSlash(t *testing.T) {
	inACP(t, map[string]string{"calc.go": acpCalc}, acpEdit, func(t *testing.T, c *acpClient) {
		session := c.start("read", "write")
		c.choose("once")
		c.must("session/prompt", acpText(session, "Fix Add"))
		c.story()
		c.must("session/prompt", acpText(session, "/undo"))
		if got := c.story(); !strings.Contains(got, "Undone: calc.go.") || c.onDisk("calc.go") != acpCalc {
			t.Errorf("undo: %s%s", got, c.onDisk("calc.go"))
		}
		c.must("session/prompt", acpText(session, "/redo"))
		if got := c.story(); !strings.Contains(got, "Redone: calc.go.") || c.onDisk("calc.go") == acpCalc {
			t.Errorf("redo: %s%s", got, c.onDisk("calc.go"))
		}
		if n := len(c.requests("fs/write_text_file")); n != 3 {
			t.Errorf("%d writes through the client, want 3", n)
		}
		c.must("session/prompt", acpText(session, "/undo"))
		c.must("session/prompt", acpText(session, "/undo"))
		if got := c.story(); !strings.Contains(got, "nothing to undo") {
			t.Errorf("undo of nothing: %s", got)
		}
		_, err := c.call("session/prompt", acpText(session, "/nonesuch"))
		if err == nil || !strings.Contains(err.Error(), "there is no command /nonesuch") {
			t.Errorf("an unknown command: %v", err)
		}
	})
}

// How full the context is, what it cost, and what is wrong with the configuration.
func TestACPUsageAndNotices(t *testing.T) {
	for _, can := range []string{"", "notices"} {
		inACP(t, nil, "\nHi.\n", func(t *testing.T, c *acpClient) {
			writeFile(t, filepath.Join(c.home, ".config/opencode/opencode.json"),
				`{"nonesuch":1,"provider":{"scripted":{"models":{"model":{"limit":{"context":64000},"cost":{"input":1000,"output":1000}}}}}}`)
			session := c.start(can)
			end := c.must("session/prompt", acpText(session, "x"))
			usage, _ := end["usage"].(map[string]any)
			got := c.story()
			if usage["inputTokens"].(float64) <= 0 || !strings.Contains(got, "\nusage of 64000, cost true") {
				t.Errorf("%v, the client sees %s", end, got)
			}
			if strings.Contains(got, "\nnotice") != (can == "notices") || !strings.Contains(got, "nonesuch") {
				t.Errorf("of the wrong key the client sees %s", got)
			}
		})
	}
}
