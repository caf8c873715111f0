package mcp

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// fakeMode is the variable that makes this test binary an MCP server on stdio, and says which faults it has.
const fakeMode = "OPENCODE_TEST_MCP_SERVER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		f := &fake{mode: mode, out: bufio.NewWriter(os.Stdout)}
		f.serve(bufio.NewReader(os.Stdin))
		return
	}
	if os.Getenv(conformScenario) != "" {
		os.Exit(conform(os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

// fake is an MCP server written by hand, so that it can be wrong in every way.
type fake struct {
	mode string
	out  *bufio.Writer
	in   *bufio.Reader

	child  int
	folder int // how often the roots changed
}

// fakeMessage is any message that it reads.
type fakeMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name      string         `json:"name"`
		Cursor    string         `json:"cursor"`
		URI       string         `json:"uri"`
		Arguments map[string]any `json:"arguments"`
		Meta      struct {
			ProgressToken any `json:"progressToken"`
		} `json:"_meta"`
		RequestID any `json:"requestId"`
	} `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (f *fake) serve(in *bufio.Reader) {
	f.in = in
	switch f.mode {
	case "silent":
		time.Sleep(time.Hour)
	case "exits":
		fmt.Fprintln(os.Stderr, "cannot find my settings")
		os.Exit(3)
	case "noise":
		for {
			fmt.Println("Server is up and running!")
		}
	case "endless":
		for {
			os.Stdout.WriteString(strings.Repeat("x", 1<<16))
		}
	case "notifications":
		for {
			f.send(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
		}
	case "banner":
		fmt.Println("Welcome!")
	case "child":
		child := exec.Command("sleep", "3600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr // it holds the pipes
		if err := child.Start(); err != nil {
			panic(err)
		}
		f.child = child.Process.Pid
	}
	for {
		m, ok := f.read()
		if !ok {
			if f.mode == "stays" {
				time.Sleep(time.Hour)
			}
			return
		}
		f.handle(m)
	}
}

func (f *fake) read() (fakeMessage, bool) {
	for {
		line, err := f.in.ReadBytes('\n')
		if err != nil {
			return fakeMessage{}, false
		}
		var m fakeMessage
		if json.Unmarshal(line, &m) == nil {
			return m, true
		}
	}
}

func (f *fake) send(text string) {
	f.out.WriteString(strings.ReplaceAll(text, "\n", " ") + "\n")
	f.out.Flush()
}

func (f *fake) reply(m fakeMessage, result string) {
	f.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, result))
}

func (f *fake) handle(m fakeMessage) {
	switch m.Method {
	case "notifications/roots/list_changed":
		f.folder++
	case "initialize":
		version := "2025-11-25"
		if f.mode == "version" {
			version = "1999-01-01"
		}
		if f.mode == "types" {
			f.reply(m, `{"protocolVersion":7,"capabilities":"all","serverInfo":[]}`)
			return
		}
		f.reply(m, fmt.Sprintf(`{"protocolVersion":%q,"capabilities":{"tools":{"listChanged":true},"prompts":{},"resources":{}},
			"serverInfo":{"name":"fake","version":"1"},"instructions":"Use add for sums.\u202e"}`, version))
	case "tools/list":
		f.reply(m, f.tools(m))
	case "prompts/list":
		f.reply(m, `{"prompts":[{"name":"review","description":"Reviews","arguments":[{"name":"path","required":true},{"name":"depth"}]}]}`)
	case "prompts/get":
		f.reply(m, fmt.Sprintf(`{"messages":[{"role":"user","content":{"type":"text","text":"Review %v"}}]}`, m.Params.Arguments["path"]))
	case "resources/list":
		f.reply(m, `{"resources":[{"uri":"doc://a","name":"A","description":"first","mimeType":"text/plain"}]}`)
	case "resources/templates/list":
		f.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"none"}}`, m.ID))
	case "resources/read":
		f.reply(m, fmt.Sprintf(`{"contents":[{"uri":%q,"text":"text of it"},{"uri":"doc://b","blob":"AAAA","mimeType":"image/png"}]}`, m.Params.URI))
	case "tools/call":
		f.call(m)
	}
}

// plainTools are what the fake offers where its mode says nothing else.
var plainTools = []string{
	`{"name":"add","description":"Adds two numbers.","inputSchema":{"type":"object","properties":{"b":{"type":"number"},"a":{"type":"number"}},"required":["a","b"]}}`,
	`{"name":"slow"}`, `{"name":"hang"}`, `{"name":"crash"}`, `{"name":"huge"}`, `{"name":"flood"}`, `{"name":"image"}`, `{"name":"fail"}`, `{"name":"ask"}`,
	`{"name":"sample"}`, `{"name":"roots"}`, `{"name":"environ"}`, `{"name":"change"}`, `{"name":"error"}`, `{"name":"structured"}`, `{"name":"secret"}`,
	`{"name":"wrong"}`, `{"name":"lines"}`, `{"name":"pid"}`, `{"name":"folders"}`,
}

func (f *fake) tools(m fakeMessage) string {
	list := plainTools
	cursor := ""
	switch f.mode {
	case "many":
		list = nil
		for i := range 10_000 {
			list = append(list, fmt.Sprintf(`{"name":"tool%d","description":"d","inputSchema":{"type":"object"}}`, i))
		}
	case "circle":
		list, cursor = plainTools[:1], `,"nextCursor":"again"`
		if m.Params.Cursor != "" {
			list = []string{`{"name":"second"}`}
		}
	case "pages":
		list = nil
		cursor = fmt.Sprintf(`,"nextCursor":"%sx"`, m.Params.Cursor)
	case "lies":
		list = []string{
			`{"name":42}`, `{"name":"ok"}`, `{"name":"a\u0007b\u202ec","description":"hid\u200bden"}`, `{"name":"array","inputSchema":{"type":"array"}}`,
			`{"name":"ok"}`, `"text"`, `{"name":"wide","description":"` + strings.Repeat("long ", 200_000) + `"}`,
			`{"name":"deep","inputSchema":{"type":"object","properties":{"x":{"type":"string","description":"` + strings.Repeat("y", 1<<20) + `"},"z\u202e":{}}}}`,
			`{"name":"fat","inputSchema":{"type":"object","properties":{` + strings.Repeat(`"p":{"description":"`+strings.Repeat("z", 4000)+`"},`, 20) + `"q":{}}}}`,
		}
		for i := range 20 {
			list[8] = strings.Replace(list[8], `"p"`, fmt.Sprintf(`"p%d"`, i), 1)
		}
	case "list":
		return `{"tools":"none"}`
	}
	return `{"tools":[` + strings.Join(list, ",") + `]` + cursor + `}`
}

func (f *fake) text(m fakeMessage, text string) {
	quoted, _ := json.Marshal(text)
	f.reply(m, fmt.Sprintf(`{"content":[{"type":"text","text":%s}]}`, quoted))
}

func (f *fake) call(m fakeMessage) {
	switch m.Params.Name {
	case "add":
		f.text(m, fmt.Sprint(m.Params.Arguments["a"].(float64)+m.Params.Arguments["b"].(float64)))
	case "slow": // longer than a call may take, but it says so
		for i := range 8 {
			time.Sleep(250 * time.Millisecond)
			f.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%q,"progress":%d,"total":8}}`, m.Params.Meta.ProgressToken, i+1))
		}
		f.text(m, "done")
	case "hang":
		// what comes next is the note that nobody waits
		next, _ := f.read()
		fmt.Fprintln(os.Stderr, "then came", next.Method)
	case "crash":
		fmt.Fprintln(os.Stderr, "panic: out of cheese")
		os.Exit(2)
	case "huge":
		f.text(m, strings.Repeat("0123456789", 10<<20))
	case "flood":
		for {
			f.send(`{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"` + strings.Repeat("m", 100_000) + `"}}`)
		}
	case "image":
		f.reply(m, `{"content":[{"type":"image","data":"AAAAAAAA","mimeType":"image/png"},{"type":"hologram"},{"type":"resource","resource":{"uri":"doc://x","text":"inside"}},{"type":"resource_link","uri":"doc://y","name":"Y"},7]}`)
	case "fail":
		f.reply(m, `{"content":[{"type":"text","text":"no such file"}],"isError":true}`)
	case "wrong":
		f.reply(m, `{"content":"a text, not a list"}`)
	case "structured":
		f.reply(m, `{"content":[],"structuredContent":{"sum":5}}`)
	case "error":
		f.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"disk \u001b[31mfull"}}`, m.ID))
	case "lines":
		f.text(m, strings.Repeat("line\n", 5000))
	case "folders":
		f.text(m, fmt.Sprint(f.folder))
	case "pid":
		f.text(m, fmt.Sprint(f.child))
	case "environ":
		f.text(m, strings.Join(os.Environ(), "\n"))
	case "change":
		plainTools = append(plainTools, `{"name":"fresh"}`)
		f.send(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
		f.text(m, "changed")
	case "roots":
		f.ask(m, `"method":"roots/list"`)
	case "ask":
		f.ask(m, `"method":"elicitation/create","params":{"message":"Which branch?","requestedSchema":{"type":"object","properties":{
			"branch":{"type":"string","default":"main"},"force":{"type":"boolean"},"n":{"type":"integer","default":3},
			"kind":{"type":"string","enum":["a","b"],"enumNames":["Alpha","Beta"]}},"required":["force"]}}`)
	case "secret":
		f.ask(m, `"method":"elicitation/create","params":{"message":"Your token?","requestedSchema":{"type":"object","properties":{"github_token":{"type":"string"}}}}`)
	case "sample":
		f.ask(m, `"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Name a color"}}],"systemPrompt":"Be brief","maxTokens":10}`)
	}
}

// ask asks the client and answers the call with what came back.
func (f *fake) ask(m fakeMessage, request string) {
	f.send(`{"jsonrpc":"2.0","id":"q1",` + request + `}`)
	got, _ := f.read()
	answer := string(got.Result)
	if len(got.Error) > 0 {
		answer = "error " + string(got.Error)
	}
	f.text(m, answer)
}
