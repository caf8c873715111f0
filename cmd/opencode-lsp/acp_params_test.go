package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// Every method with wrong params: the right code and one sentence that names no insides; the session goes on.
func TestACPBadParams(t *testing.T) {
	inACP(t, map[string]string{"file": "x"}, "\nStill here.\n", func(t *testing.T, c *acpClient) {
		if _, err := c.call("session/new", c.where()); code(err) != -32600 || !strings.Contains(err.Error(), "initialize comes first") {
			t.Errorf("before initialize: %v", err)
		}
		for _, params := range []any{nil, map[string]any{}, map[string]any{"protocolVersion": "1"}, []int{1}, "x"} {
			if _, err := c.call("initialize", params); code(err) != -32602 {
				t.Errorf("initialize %v: %v", params, err)
			}
		}
		session := c.start("read", "write")
		text := []any{map[string]any{"type": "text", "text": "x"}}
		block := func(b any) map[string]any { return map[string]any{"sessionId": session, "prompt": []any{b}} }
		at := func(more map[string]any) map[string]any {
			p := map[string]any{"cwd": c.dir, "mcpServers": []any{}, "sessionId": session}
			for k, v := range more {
				p[k] = v
			}
			return p
		}
		tests := []struct {
			method string
			params any
			code   int
			part   string
		}{
			{"initialize", map[string]any{"protocolVersion": 1}, -32600, "answered already"},
			{"nonesuch", nil, -32601, `"nonesuch" is not known`},
			{"session/cancel", map[string]any{"sessionId": session}, -32600, "is a notification"},
			{"authenticate", map[string]any{"methodId": "x"}, -32602, "OPENAI_API_KEY"},
			{"authenticate", nil, -32602, "methodId is missing"},
			{"session/new", nil, -32602, "not an absolute path"},
			{"session/new", "x", -32602, "params is a string"},
			{"session/new", at(map[string]any{"cwd": 1}), -32602, "params.cwd is a number"},
			{"session/new", at(map[string]any{"cwd": "relative"}), -32602, `"relative" is not an absolute path`},
			{"session/new", at(map[string]any{"cwd": c.dir + "/none"}), -32602, "is not a folder"},
			{"session/new", at(map[string]any{"cwd": c.dir + "/file"}), -32602, "is not a folder"},
			{"session/new", at(map[string]any{"cwd": "/a\x00b"}), -32602, "is not a folder"},
			{"session/new", at(map[string]any{"additionalDirectories": []string{"x"}}), -32602, "absolute"},
			{"session/new", at(map[string]any{"mcpServers": map[string]any{}}), -32602, "mcpServers is an object"},
			{"session/new", at(map[string]any{"mcpServers": []any{map[string]any{}}}), -32602, "mcpServers[0]: name is missing"},
			{"session/new", at(map[string]any{"mcpServers": []any{map[string]any{"name": "x"}}}), -32602, "command is missing"},
			{"session/new", at(map[string]any{"mcpServers": []any{map[string]any{"name": "x", "type": "http"}}}), -32602, "url is missing"},
			{"session/new", at(map[string]any{"mcpServers": []any{map[string]any{"name": "x", "type": "ftp"}}}), -32602, "stdio, http, sse"},
			{"session/load", map[string]any{}, -32602, "sessionId is missing"},
			{"session/load", at(map[string]any{"sessionId": "none"}), -32002, `no session "none"`},
			{"session/load", at(map[string]any{"sessionId": "../../../etc/passwd"}), -32002, "no session"},
			{"session/load", at(map[string]any{"cwd": filepath.Dir(c.dir)}), -32002, "in that folder"},
			{"session/resume", at(map[string]any{"sessionId": "none"}), -32002, "no session"},
			{"session/resume", at(map[string]any{"sessionId": 7}), -32602, "params.sessionId is a number"},
			{"session/fork", at(map[string]any{"sessionId": "none"}), -32002, "no session"},
			{"session/list", map[string]any{"cwd": "x"}, -32602, "absolute"},
			{"session/list", map[string]any{"cursor": "later"}, -32602, "cursor"},
			{"session/list", map[string]any{"cursor": "-1"}, -32602, "cursor"},
			{"session/delete", map[string]any{"sessionId": "none"}, -32002, "no session"},
			{"session/delete", nil, -32602, "sessionId is missing"},
			{"session/close", map[string]any{"sessionId": "none"}, -32002, "no session"},
			{"session/prompt", map[string]any{"sessionId": "none", "prompt": text}, -32002, `no session "none" is open`},
			{"session/prompt", map[string]any{"sessionId": session}, -32602, "prompt is empty"},
			{"session/prompt", map[string]any{"sessionId": session, "prompt": "x"}, -32602, "params.prompt is a string"},
			{"session/prompt", map[string]any{"prompt": text}, -32602, "sessionId is missing"},
			{"session/prompt", block(7), -32602, "is a number"},
			{"session/prompt", block(map[string]any{}), -32602, `prompt[0]: type ""`},
			{"session/prompt", block(map[string]any{"type": "audio", "data": "", "mimeType": "audio/wav"}), -32602, "audio"},
			{"session/prompt", block(map[string]any{"type": "image", "data": "%%", "mimeType": "image/png"}), -32602, "not base64"},
			{"session/prompt", block(map[string]any{"type": "image", "data": "AAAA", "mimeType": "image/png"}), -32602, "not image/png"},
			{"session/prompt", block(map[string]any{"type": "image", "data": "AAAA", "mimeType": "text/html"}), -32602, "mimeType"},
			{"session/prompt", block(map[string]any{"type": "resource"}), -32602, "resource is missing"},
			{"session/prompt", block(map[string]any{"type": "resource", "resource": map[string]any{"uri": "x:y"}}), -32602, "neither text nor blob"},
			{"session/prompt", block(map[string]any{"type": "resource_link"}), -32602, "uri is missing"},
			{"session/set_mode", map[string]any{"sessionId": session}, -32602, "modeId is missing"},
			{"session/set_mode", map[string]any{"sessionId": session, "modeId": "nonesuch"}, -32602, "nonesuch"},
			{"session/set_mode", map[string]any{"sessionId": session, "modeId": "explore"}, -32602, "explore"},
			{"session/set_mode", map[string]any{"sessionId": "none", "modeId": "plan"}, -32002, "no session"},
			{"session/set_model", map[string]any{"sessionId": session, "modelId": "x/y"}, -32602, "not one of those"},
			{"session/set_config_option", map[string]any{"sessionId": session, "configId": "x", "value": "y"}, -32602, "not one of mode, model"},
			{"session/set_config_option", map[string]any{"sessionId": session, "configId": "mode", "type": "boolean", "value": true}, -32602, "params.value is a bool"},
		}
		for _, test := range tests {
			_, err := c.call(test.method, test.params)
			if code(err) != test.code || !strings.Contains(err.Error(), test.part) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s %s: %v, want %d …%s…", test.method, stringOf(test.params), err, test.code, test.part)
			}
		}
		for _, n := range []string{"session/cancel", "nonesuch", "$/cancel_request", "session/update"} {
			for _, params := range []any{nil, 1, map[string]any{"sessionId": 1}, map[string]any{"sessionId": "none"}, map[string]any{"requestId": map[string]any{}}} {
				c.notify(n, params)
			}
		}
		if end := c.must("session/prompt", acpText(session, "there?")); end["stopReason"] != "end_turn" {
			t.Errorf("afterwards: %v", end)
		}
		if got := c.story(); got != "\nagent_message Still here.\n" {
			t.Errorf("the client sees %s", got)
		}
	})
}

func code(err error) int {
	if e, ok := err.(*acpError); ok {
		return e.Code
	}
	return 0
}

// Lines that are no messages are answered, or passed over where they are answers, and the connection goes on.
func TestACPBadLines(t *testing.T) {
	inACP(t, nil, "\nFine.\n", func(t *testing.T, c *acpClient) {
		faults := make(chan acpMessage, 1)
		for line, want := range map[string]int{
			"nonsense": -32700, "{": -32700, "\xff": -32700, "[]": -32600, "7": -32600, `[{"jsonrpc":"2.0","id":0,"method":"initialize"}]`: -32600,
			`{"id":0,"method":"initialize"}`: -32600, `{"jsonrpc":"1.0","id":0,"method":"initialize"}`: -32600, `{"jsonrpc":"2.0"}`: -32600,
			`{"jsonrpc":"2.0","id":{},"method":"initialize"}`: -32600, `{"jsonrpc":"2.0","id":0,"method":"initialize","result":1}`: -32600,
			`{"jsonrpc":"2.0","id":0,"method":7}`: -32600, strings.Repeat("[", 20000): -32700,
		} {
			c.mu.Lock()
			c.waiting[0] = faults
			c.mu.Unlock()
			c.sendLine(line)
			if m := <-faults; m.Error == nil || m.Error.Code != want || strings.Contains(m.Error.Message, "\n") {
				t.Errorf("%.60s: %v, want %d", line, m.Error, want)
			}
		}
		for _, line := range []string{"", "  ", `{"jsonrpc":"2.0","id":99,"result":{}}`, `{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"?"}}`, `{"jsonrpc":"1.0","id":1,"result":{}}`} {
			c.sendLine(line)
		}
		session := c.start()
		c.must("session/prompt", acpText(session, "x"))
	})
}

// A request that the client takes back ends its turn.
func TestACPCancelRequest(t *testing.T) {
	inACP(t, nil, "\nHalf.\n!hang\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		answer := c.begin("session/prompt", acpText(session, "x"))
		synctest.Wait()
		c.notify("$/cancel_request", map[string]any{"requestId": c.last})
		if m := <-answer; !strings.Contains(string(m.Result), `"stopReason":"cancelled"`) {
			t.Errorf("%s %v", m.Result, m.Error)
		}
	})
}

// What the client sends with a prompt: links are read through the gate, embedded text stands for nothing.
func TestACPContent(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "linked text\n", ".env": "SECRET=1\n"}, "\nI see.\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
		c.must("session/prompt", map[string]any{"sessionId": session, "prompt": []any{
			map[string]any{"type": "text", "text": "Look at"},
			map[string]any{"type": "resource_link", "uri": "file://" + c.dir + "/a.txt#L1:2", "name": "a.txt"},
			map[string]any{"type": "resource_link", "uri": "https://example.com/x", "name": "a page"},
			map[string]any{"type": "resource", "resource": map[string]any{"uri": "file://" + c.dir + "/b.go", "text": "see @.env and\n/init"}},
			map[string]any{"type": "image", "data": png, "mimeType": "image/png"},
		}})
		got := string(c.model.Requests()[0])
		for _, part := range []string{"Look at @a.txt (lines 1 to 2) a page (https://example.com/x)", "linked text", "see @.env and"} {
			if !strings.Contains(got, part) {
				t.Errorf("the model does not see %q: %s", part, got)
			}
		}
		if strings.Contains(got, "SECRET") || len(c.requests("session/request_permission")) > 0 {
			t.Error("embedded text stood for a file")
		}
	})
}

// The model's questions: a form where the client shows forms, else options; no answer is none.
func TestACPQuestions(t *testing.T) {
	const ask = "\ncall question {\"questions\":[{\"question\":\"Which?\",\"header\":\"H\",\"options\":[{\"label\":\"Red\",\"description\":\"\"},{\"label\":\"Blue\",\"description\":\"\"}]}]}\n\nDone.\n"
	for answer, want := range map[string]string{
		`{"action":"accept","content":{"answer":"choice:2"}}`:                       `"Which?": Blue`,
		`{"action":"accept","content":{"answer":"choice:1","own_words":" Green "}}`: `"Which?": Green`,
		`{"action":"accept","content":{"answer":"choice:9"}}`:                       "nobody is here",
		`{"action":"accept"}`:                 "nobody is here",
		`{"action":"cancel"}`:                 "nobody is here",
		`{"action":"decline"}`:                "",
		`{}`:                                  "nobody is here",
		`[1]`:                                 "nobody is here",
		`{"action":"accept","content":["x"]}`: "nobody is here",
	} {
		t.Run(answer, func(t *testing.T) {
			inACP(t, nil, ask, func(t *testing.T, c *acpClient) {
				c.answers["elicitation/create"] = func(json.RawMessage) (any, error) { return json.RawMessage(answer), nil }
				session := c.start("form")
				c.must("session/prompt", acpText(session, "x"))
				if !strings.Contains(c.told(), want) {
					t.Errorf("the model was told %q", c.told())
				}
			})
		})
	}
	for option, want := range map[string]string{"choice:1": `"Which?": Red`, "reject": "nobody is here", "once": "nobody is here"} {
		t.Run(option, func(t *testing.T) {
			inACP(t, nil, ask, func(t *testing.T, c *acpClient) {
				c.choose(option)
				session := c.start()
				c.must("session/prompt", acpText(session, "x"))
				if option != "reject" && !strings.Contains(c.told(), want) {
					t.Errorf("the model was told %q", c.told())
				}
			})
		})
	}
}

// A task's questions come with the session that the client knows; what the task does is its call's to tell.
func TestACPTask(t *testing.T) {
	inACP(t, nil, `
call task {"description":"make it","prompt":"child work","subagent_type":"general"}

!for child work
call bash {"command":"echo x > made"}

!for child work
Made.

Done.
`, func(t *testing.T, c *acpClient) {
		session := c.start()
		c.choose("once", "once")
		c.must("session/prompt", acpText(session, "x"))
		ask := c.requests("session/request_permission")
		if len(ask) != 2 || ask[1]["sessionId"] != session || !strings.Contains(stringOf(ask[1]), "For the agent general") || c.onDisk("made") != "x\n" {
			t.Errorf("%s; made: %q", stringOf(ask), c.onDisk("made"))
		}
		if got := c.story(); strings.Count(got, "tool_call call") != 1 {
			t.Errorf("the client sees %s", got)
		}
	})
}

// What the folder's own configuration would do is asked about with the first prompt, and stays off without a yes.
func TestACPTrust(t *testing.T) {
	for option, trusted := range map[string]bool{"trust": true, "reject": false, "once": false} {
		t.Run(option, func(t *testing.T) {
			world := map[string]string{"opencode.json": `{"provider":{"scripted":{"options":{"headers":{"X-Repository":"yes"}}}}}`}
			inACP(t, world, "\nOne.\n\nTwo.\n", func(t *testing.T, c *acpClient) {
				c.choose(option)
				session := c.start()
				synctest.Wait()
				if len(c.requests("session/request_permission")) > 0 {
					t.Error("asked before the first prompt")
				}
				c.must("session/prompt", acpText(session, "x"))
				synctest.Wait()
				c.must("session/prompt", acpText(session, "y"))
				if ask := c.requests("session/request_permission"); len(ask) != 1 || !strings.Contains(stringOf(ask), "Trust the configuration") {
					t.Errorf("questions: %s", stringOf(ask))
				}
				headers := c.model.Headers()
				if got := headers[len(headers)-1].Get("X-Repository") == "yes"; got != trusted {
					t.Errorf("in force: %v", got)
				}
			})
		})
	}
}

// Servers that the client passes on are those of this session alone.
func TestACPServers(t *testing.T) {
	inACP(t, nil, "\nOne.\n\nTwo.\n", func(t *testing.T, c *acpClient) {
		c.must("initialize", map[string]any{"protocolVersion": 1})
		at := c.where()
		at["mcpServers"] = []any{map[string]any{"type": "http", "name": "scripted", "url": "https://mcp.test/mcp", "headers": []any{}}}
		with := c.must("session/new", at)["sessionId"].(string)
		without := c.must("session/new", c.where())["sessionId"].(string)
		c.must("session/prompt", acpText(with, "x"))
		c.must("session/prompt", acpText(without, "x"))
		all := c.model.Requests()
		if !strings.Contains(string(all[0]), "scripted_") || strings.Contains(string(all[1]), "scripted_") {
			t.Errorf("tools of the server: %v and %v", strings.Contains(string(all[0]), "scripted_"), strings.Contains(string(all[1]), "scripted_"))
		}
	})
}
