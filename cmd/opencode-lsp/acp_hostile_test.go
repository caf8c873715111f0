package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// graceOfClients is how long a client may hold up a cancel.
const graceOfClients = time.Second

// cancelled cancels a session's turn, which must end so within the time.
func (c *acpClient) cancelled(session string, answer <-chan acpMessage, within time.Duration) {
	c.t.Helper()
	start := time.Now()
	c.notify("session/cancel", map[string]any{"sessionId": session})
	if m := <-answer; !strings.Contains(string(m.Result), `"stopReason":"cancelled"`) {
		c.t.Errorf("the turn ended with %s %v", m.Result, m.Error)
	}
	if took := time.Since(start); took > within {
		c.t.Errorf("the cancel took %s", took)
	}
}

// A client that hangs on a file does not hold a cancel up, whatever the file is read for.
func TestACPCancelHanging(t *testing.T) {
	for name, test := range map[string]struct {
		call   string
		reads  int // that are answered
		within time.Duration
		onDisk string
	}{
		"read":               {`read {"filePath":"a.txt"}`, 0, 0, "one\n"},
		"search in a file":   {`grep {"pattern":"one","path":"a.txt"}`, 0, 0, "one\n"},
		"edit, to ask":       {`edit {"filePath":"a.txt","oldString":"one","newString":"two"}`, 0, 0, "one\n"},
		"write, to ask":      {`write {"filePath":"a.txt","content":"two\n"}`, 0, 0, "one\n"},
		"edit, to check":     {`edit {"filePath":"a.txt","oldString":"one","newString":"two"}`, 1, 0, "one\n"},
		"edit, to confirm":   {`edit {"filePath":"a.txt","oldString":"one","newString":"two"}`, 3, graceOfClients, "two\n"},
		"attached to prompt": {"", 0, 0, "one\n"},
	} {
		t.Run(name, func(t *testing.T) {
			inACP(t, map[string]string{"a.txt": "one\n"}, "\ncall "+test.call+"\n\nDone.\n", func(t *testing.T, c *acpClient) {
				hang := make(chan struct{})
				c.answers["fs/read_text_file"] = func(params json.RawMessage) (any, error) {
					if len(c.requests("fs/read_text_file")) > test.reads {
						<-hang
					}
					return c.usual("fs/read_text_file")(params)
				}
				c.choose("once")
				session := c.start("read", "write")
				text := "x"
				if test.call == "" {
					text = "see @a.txt"
				}
				answer := c.begin("session/prompt", acpText(session, text))
				synctest.Wait()
				if n := len(c.requests("fs/read_text_file")); n != test.reads+1 {
					t.Errorf("the client was asked for %d files", n)
				}
				c.cancelled(session, answer, test.within)
				if got := c.onDisk("a.txt"); got != test.onDisk {
					t.Errorf("the disk holds %q", got)
				}
				if made := strings.Contains(c.story(), "completed diff DIR/a.txt"); made != (test.onDisk == "two\n") {
					t.Errorf("the transcript says made: %v", made)
				}
				close(hang)
				synctest.Wait()
			})
		})
	}
}

// A prompt that the client takes back when its turn is over, before the client has read so, ends no other turn.
func TestACPCancelRequestLate(t *testing.T) {
	inACP(t, nil, "\nOne.\n\nTwo.\n!hang\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		resume := c.pause()
		first := c.begin("session/prompt", acpText(session, "x"))
		taken := c.last
		synctest.Wait()
		second := c.begin("session/prompt", acpText(session, "y"))
		synctest.Wait()
		c.notify("$/cancel_request", map[string]any{"requestId": taken})
		synctest.Wait()
		resume()
		if m := <-first; !strings.Contains(string(m.Result), "end_turn") {
			t.Errorf("the first turn: %s %v", m.Result, m.Error)
		}
		synctest.Wait()
		select {
		case m := <-second:
			t.Errorf("the second turn ended: %s %v", m.Result, m.Error)
		default:
			c.cancelled(session, second, 0)
		}
	})
}

// hidden are characters that no client may get raw where it shows a line of ours.
const hidden = "\u202e\u200b\x1b\a"

// What the model, or the workspace, names reaches the client with all that hides in it made visible.
func TestACPHiddenCharacters(t *testing.T) {
	const odd = "a\u202eb\u200bc\x1b[31md\a"
	args, _ := json.Marshal(map[string]any{"todos": []any{map[string]any{"content": odd, "status": "pending", "priority": "high"}}})
	world := map[string]string{".opencode/command/x\u202ey.md": "---\ndescription: \"one\u202e\"\n---\nDo it.\n"}
	inACP(t, world, "\n!title "+odd+"\n\ncall todowrite "+string(args)+"\n\ncall no\u202ene {}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		writeFile(t, filepath.Join(c.home, ".config/opencode/opencode.json"), `{"small_model":"scripted/model"}`)
		session := c.start()
		c.must("session/prompt", acpText(session, "first "+odd+"\nand more"))
		synctest.Wait()
		titles := 0
		for _, u := range append(c.updates, c.must("session/list", map[string]any{})) {
			delete(u, "rawInput") // what the model sent, to the letter
			if u["sessionUpdate"] == "session_info_update" {
				titles++
			}
			if text := fmt.Sprint(u); strings.ContainsAny(text, hidden) {
				t.Errorf("the client is told %q", text)
			}
		}
		if titles != 2 {
			t.Errorf("%d titles", titles)
		}
	})
}

// A session that is open and loaded or resumed again has the servers and folders that the client names then, and what else it
// had; the client hears of the commands again.
func TestACPServersAgain(t *testing.T) {
	inACP(t, nil, "\nOne.\n\nTwo.\n\nThree.\n\nFour.\n", func(t *testing.T, c *acpClient) {
		further := t.TempDir()
		writeFile(t, filepath.Join(further, "f.txt"), "x")
		session := c.start()
		c.must("session/set_mode", map[string]any{"sessionId": session, "modeId": "plan"})
		at := c.where()
		at["sessionId"] = session
		tools := func() bool {
			t.Helper()
			c.must("session/prompt", acpText(session, "x"))
			all := c.model.Requests()
			return strings.Contains(string(all[len(all)-1]), `"scripted_`)
		}
		if tools() {
			t.Error("a server that nobody named")
		}
		synctest.Wait()
		c.updates = nil
		at["mcpServers"] = []any{map[string]any{"type": "http", "name": "scripted", "url": "https://mcp.test/mcp", "headers": []any{}}}
		if state := stringOf(c.must("session/load", at)["modes"]); !strings.Contains(state, `"currentModeId":"plan"`) {
			t.Errorf("modes: %s", state)
		}
		synctest.Wait()
		if !strings.Contains(stringOf(c.updates), "available_commands_update") {
			t.Error("the client does not hear of the commands")
		}
		if !tools() {
			t.Error("the server of session/load is ignored")
		}
		c.must("session/resume", at)
		if !tools() {
			t.Error("the same server again is none")
		}
		at["mcpServers"], at["additionalDirectories"] = []any{}, []string{further}
		c.must("session/resume", at)
		if tools() {
			t.Error("a server that is not named any more stays")
		}
	})
}

// What a link is called is no command and names no file.
func TestACPLinkNames(t *testing.T) {
	for _, test := range []struct{ kind, name, uri, part string }{
		{"resource_link", "/init", "https://example.com/x", "/init (https"},
		{"resource_link", "", "/init", "/init (/init)"},
		{"resource_link", "see @a.txt", "https://example.com/@a.txt", "a.txt (https"},
		{"resource_link", "y", "file:///x/y%20@a.txt", "/x/y "},
		{"resource", "", "x:@a.txt @.env", "x:"},
	} {
		block := map[string]any{"type": test.kind, "name": test.name, "uri": test.uri, "resource": map[string]any{"uri": test.uri, "text": "t"}}
		t.Run(test.kind+" "+test.name, func(t *testing.T) {
			inACP(t, map[string]string{"a.txt": "of the file\n", ".env": "SECRET=1\n"}, "\nFine.\n", func(t *testing.T, c *acpClient) {
				c.must("session/prompt", map[string]any{"sessionId": c.start(), "prompt": []any{block}})
				if ask := c.requests("session/request_permission"); len(ask) > 0 {
					t.Fatalf("the user is asked: %s", stringOf(ask))
				}
				all := c.model.Requests()
				var sent struct {
					Messages []struct{ Role, Content string }
				}
				json.Unmarshal(all[len(all)-1], &sent)
				got := stringOf(sent.Messages[1:])
				if len(sent.Messages) != 2 || strings.Contains(got, "of the file") || !strings.Contains(got, test.part) {
					t.Errorf("the model is sent %s", got)
				}
			})
		})
	}
}

// An answer without "jsonrpc" is none: the question is rejected, and does not stay open for ever.
func TestACPAnswerThatIsNone(t *testing.T) {
	inACP(t, nil, "\ncall bash {\"command\":\"touch x\"}\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		c.silent = true
		answer := c.begin("session/prompt", acpText(session, "x"))
		synctest.Wait()
		c.mu.Lock()
		asked := c.asked[len(c.asked)-1]
		c.mu.Unlock()
		c.sendLine(`{"id":` + string(asked.ID) + `,"result":{"outcome":{"outcome":"selected","optionId":"once"}}}`)
		synctest.Wait()
		select {
		case m := <-answer:
			if m.Error != nil || !strings.Contains(c.onDisk("x"), "no such file") {
				t.Errorf("%v, made: %q", m.Error, c.onDisk("x"))
			}
		default:
			t.Error("the question is still open")
			c.cancelled(session, answer, 0)
		}
	})
}

// Threads that work in the same folder with the same servers share them, until the last of them is closed.
func TestACPServersShared(t *testing.T) {
	inACP(t, nil, strings.Repeat("\nOne.\n", 3)+"\ncall scripted_search {\"q\":\"it\"}\n\nDone.\n\nFive.\n\nSix.\n", func(t *testing.T, c *acpClient) {
		c.must("initialize", map[string]any{"protocolVersion": 1})
		open := func(more map[string]any) string {
			at := c.where()
			at["mcpServers"] = []any{map[string]any{"type": "http", "name": "scripted", "url": "https://mcp.test/mcp", "headers": []any{}}}
			maps.Copy(at, more)
			return c.must("session/new", at)["sessionId"].(string)
		}
		starts := func(want int32) {
			t.Helper()
			if got := c.mcp.starts.Load(); got != want {
				t.Errorf("the server was started %d times, want %d", got, want)
			}
		}
		first, second, third := open(nil), open(nil), open(nil)
		for _, session := range []string{first, second, third} {
			c.must("session/prompt", acpText(session, "x"))
		}
		starts(1)
		c.must("session/close", map[string]any{"sessionId": first})
		c.choose("once")
		c.must("session/prompt", acpText(second, "search"))
		if !strings.Contains(c.told(), "found it") {
			t.Errorf("after another thread was closed: %q", c.told())
		}
		c.must("session/prompt", acpText(open(map[string]any{"additionalDirectories": []string{c.home}}), "x"))
		starts(2) // other folders are other servers
		c.must("session/close", map[string]any{"sessionId": second})
		c.must("session/close", map[string]any{"sessionId": third})
		c.must("session/prompt", acpText(open(nil), "x"))
		starts(3)
	})
}

// Two servers of one name: one would be lost.
func TestACPServerTwice(t *testing.T) {
	inACP(t, nil, "", func(t *testing.T, c *acpClient) {
		c.start()
		at := c.where()
		one := map[string]any{"name": "x", "command": "/bin/true", "args": []any{}, "env": []any{}}
		at["mcpServers"] = []any{one, one}
		if _, err := c.call("session/new", at); code(err) != -32602 || !strings.Contains(err.Error(), `mcpServers[1]: there are two servers of the name "x"`) {
			t.Error(err)
		}
	})
}

// A mode that is set right before a prompt holds for it, though nobody waits for the answer.
func TestACPModeInTurn(t *testing.T) {
	for name, set := range map[string]map[string]any{"session/set_mode": {"modeId": "plan"}, "session/set_config_option": {"configId": "mode", "value": "plan"}} {
		t.Run(name, func(t *testing.T) {
			inACP(t, nil, strings.Repeat("\nDone.\n", 40), func(t *testing.T, c *acpClient) {
				c.must("initialize", map[string]any{"protocolVersion": 1})
				for range 20 {
					session := c.must("session/new", c.where())["sessionId"].(string)
					set["sessionId"] = session
					answer := c.begin(name, set)
					c.must("session/prompt", acpText(session, "x"))
					if m := <-answer; m.Error != nil {
						t.Fatal(m.Error)
					}
				}
				if got := c.story(); strings.Count(got, "current_mode_update") != 20 {
					t.Errorf("%d of 20 prompts were for the mode", strings.Count(got, "current_mode_update"))
				}
			})
		})
	}
}

// Own words that are the name of an answer to a permission are words.
func TestACPOwnWords(t *testing.T) {
	for _, words := range []string{"always", "once", "skip"} {
		inACP(t, nil, "\ncall question {\"questions\":[{\"question\":\"How often?\",\"header\":\"H\",\"options\":[{\"label\":\"Daily\",\"description\":\"\"}]}]}\n\nDone.\n", func(t *testing.T, c *acpClient) {
			c.answers["elicitation/create"] = func(json.RawMessage) (any, error) {
				return map[string]any{"action": "accept", "content": map[string]string{"own_words": words}}, nil
			}
			c.must("session/prompt", acpText(c.start("form"), "x"))
			if !strings.Contains(c.told(), `"How often?": `+words) {
				t.Errorf("the model was told %q", c.told())
			}
		})
	}
}

// A cursor beyond everything.
func TestACPFarCursor(t *testing.T) {
	inACP(t, nil, "", func(t *testing.T, c *acpClient) {
		c.start()
		if got, err := c.call("session/list", map[string]any{"cursor": "9223372036854775807"}); err != nil || len(list(got["sessions"])) != 0 {
			t.Errorf("beyond the end: %v, %v", got, err)
		}
	})
}

// Loading that is taken back is not answered as if all had been shown, and the session can be loaded again.
func TestACPLoadTakenBack(t *testing.T) {
	inACP(t, nil, "\nOne.\n", func(t *testing.T, c *acpClient) {
		session := c.start()
		c.must("session/prompt", acpText(session, "x"))
		c.must("session/close", map[string]any{"sessionId": session})
		at := c.where()
		at["sessionId"] = session
		resume := c.pause()
		answer := c.begin("session/load", at)
		synctest.Wait()
		c.notify("$/cancel_request", map[string]any{"requestId": c.last})
		synctest.Wait()
		resume()
		if m := <-answer; m.Error == nil || m.Error.Code != -32800 {
			t.Errorf("loading that was taken back: %s %v", m.Result, m.Error)
		}
		c.must("session/load", at)
		c.must("session/close", map[string]any{"sessionId": session})
	})
}

// A client that shows more of a file than is ever read.
func TestACPHugeBuffer(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "x\n"}, "\ncall read {\"filePath\":\"a.txt\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		c.answers["fs/read_text_file"] = func(json.RawMessage) (any, error) {
			return map[string]string{"content": strings.Repeat("x", 21<<20)}, nil
		}
		c.must("session/prompt", acpText(c.start("read"), "x"))
		if !strings.Contains(c.told(), "at most") {
			t.Errorf("the model was told %.200q", c.told())
		}
	})
}
