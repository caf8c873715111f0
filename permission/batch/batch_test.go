package batch

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// expectation is what a line of the corpus says about its own answer.
type expectation struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Expect string `json:"expect"`
	Match  string `json:"match"`
	Class  string `json:"class"`
	Why    string `json:"why"`
	Input  string `json:"input"`
}

func strictness(action string) int {
	return map[string]int{"allow": 1, "ask": 2, "deny": 3, "error": 4}[action]
}

func (e expectation) met(action string) bool {
	if e.Match == "min" {
		return strictness(action) >= strictness(e.Expect)
	}
	return action == e.Expect
}

func corpus(tb testing.TB) [][]byte {
	tb.Helper()
	data, err := os.ReadFile("../testdata/cases.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

func TestCorpus(t *testing.T) {
	held, all := map[string]int{}, map[string]int{}
	for _, line := range corpus(t) {
		var e expectation
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		got := Check(line)
		if got.ID != e.ID {
			t.Errorf("%s: answered as %q", e.ID, got.ID)
		}
		if e.Kind != "bash" && e.Kind != "path" && e.Kind != "web" {
			if got.Action != "error" || got.Reason != "kind" {
				t.Errorf("%s: kind %s gave %s (%s), want error (kind)", e.ID, e.Kind, got.Action, got.Reason)
			}
			continue
		}
		key := e.Kind + " " + e.Class
		all[key]++
		if !e.met(got.Action) {
			t.Errorf("%s %s: got %s (%s), want %s %s: %s\n\t%.300q", e.ID, e.Class, got.Action, got.Reason, e.Match, e.Expect, e.Why, e.Input)
			continue
		}
		held[key]++
	}
	for key, n := range all {
		t.Logf("%s: %d of %d", key, held[key], n)
	}
	if all["bash bypass"] != 163 || all["bash benign"] != 29 || all["bash control"] != 4 {
		t.Errorf("the corpus holds other counts than it is known for: %v", all)
	}
}

// group is one line of the tables of our own: many inputs of one kind that all come to the same.
type group struct {
	Kind   string          `json:"kind"`
	Expect string          `json:"expect"`
	Match  string          `json:"match"`
	Class  string          `json:"class"`
	Rules  json.RawMessage `json:"rules"`
	Ctx    json.RawMessage `json:"ctx"`
	Inputs []string        `json:"inputs"`
}

func TestTables(t *testing.T) {
	for _, file := range []string{"../testdata/commands.jsonl", "../testdata/targets.jsonl", "../testdata/redteam.jsonl"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.SplitSeq(bytes.TrimSpace(data), []byte("\n")) {
			g := group{Kind: "bash"}
			if err := json.Unmarshal(line, &g); err != nil {
				t.Fatal(err)
			}
			for _, input := range g.Inputs {
				g.check(t, input)
			}
		}
	}
}

// check holds an input to its group's outcome: exactly, except that what is expected to ask or be denied may be refused
// outright where the group does not say "exact".
func (g group) check(t *testing.T, input string) {
	t.Helper()
	line, err := json.Marshal(map[string]any{"id": "x", "kind": g.Kind, "rules": g.Rules, "ctx": g.Ctx, "input": input})
	if err != nil {
		t.Fatal(err)
	}
	got := Check(line)
	held := got.Action == g.Expect
	if g.Match != "exact" {
		held = held || g.Expect != "allow" && strictness(got.Action) > strictness(g.Expect)
	}
	if !held {
		t.Errorf("%.200q: got %s (%s), want %s; rules %.200s", input, got.Action, got.Reason, g.Expect, g.Rules)
	}
}

func TestRedirectShapes(t *testing.T) {
	const head = `{"id":"a","kind":"web","rules":[{"permission":"webfetch","pattern":"*","action":"allow"}],"input":"https://a.example/x","ctx":`
	for ctx, want := range map[string]string{
		`{"redirects":["/y","http://127.0.0.1/"]}`:                                     "ask",
		`{"redirects":"http://127.0.0.1/"}`:                                            "ask",
		`{"redirects":[{"status":302,"location":"http://127.0.0.1/"}]}`:                "ask",
		`{"redirects":{"to":"http://127.0.0.1/"}}`:                                     "ask",
		`{"redirects":{"https://a.example/x":{"to":"http://127.0.0.1/"}}}`:             "ask",
		`{"redirects":{"https://a.example/x":"/y","https://a.example/y":"file:///x"}}`: "error",
		`{"redirects":{"https://a.example/x":"/y","https://a.example/y":"/x"}}`:        "allow",
		`{"redirects":["/y"]}`:                                                         "allow",
		`{"dns":{"a.example":"10.0.0.1"}}`:                                             "ask",
		`{"dns":{"a.example":["93.184.216.34","169.254.169.254"]}}`:                    "deny",
		`{"dns":{"a.example":"93.184.216.34"}}`:                                        "allow",
		`{"redirects":[{}]}`:                                                           "error",
	} {
		if got := Check([]byte(head + ctx + "}")); got.Action != want {
			t.Errorf("%s: got %s (%s), want %s", ctx, got.Action, got.Reason, want)
		}
	}
}

// TestSizes holds long and deep commands to an answer in time, and to no allowance where they are too much.
func TestSizes(t *testing.T) {
	const rules = `[{"permission":"bash","pattern":"rm *","action":"deny"},{"permission":"bash","pattern":"*","action":"allow"},{"permission":"bash","pattern":"rm *","action":"deny"}]`
	for _, c := range []struct{ input, want string }{
		{strings.Repeat("true; ", 5000) + "rm x", "deny"},
		{strings.Repeat("true && ", 5000) + "rm x", "deny"},
		{"npx " + strings.Repeat("a ", 30000), "ask"},
		{"npx " + strings.Repeat("-a ", 200) + "rm x", "deny"},
		{`env -S "` + strings.Repeat("a ", 30000) + `"`, "ask"},
		{`ssh h "` + strings.Repeat("a;", 100) + ` rm x"`, "deny"},
		{strings.Repeat("(", 60000), "ask"},
		{strings.Repeat("$(", 30000), "ask"},
		{strings.Repeat("case x in ", 5000), "ask"},
		{"echo " + strings.Repeat("'", 60001), "ask"},
		{"cat " + strings.Repeat("x", 1<<20), "error"},
		{strings.Repeat("sudo ", 300) + "x", "ask"},
		{strings.Repeat("find . -exec ", 60) + `rm x \;`, "deny"},
		{"sudo " + strings.Repeat("find -exec fd -x ", 30) + `rm x \;`, "deny"},
		{"find . " + strings.Repeat(`-exec a \; `, 5000) + `-exec rm x \;`, "deny"},
	} {
		line, err := json.Marshal(map[string]any{"kind": "bash", "rules": json.RawMessage(rules), "input": c.input})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if got := Check(line); strictness(got.Action) < strictness(c.want) {
			t.Errorf("%.40q: got %s (%.80s), want %s", c.input, got.Action, got.Reason, c.want)
		}
		if took := time.Since(start); took > 10*time.Second { // a square of the length would take minutes
			t.Errorf("%.40q: took %v", c.input, took)
		}
	}
}

func TestUnreadableLines(t *testing.T) {
	for _, line := range []string{
		``, `{`, `[]`, `{"id":1}`,
		`{"id":"a","kind":"bash","input_b64":"%%"}`,
		`{"id":"a","kind":"bash","input":"ls","rules":[{"permission":"bash","pattern":"*","action":"yes"}]}`,
		`{"id":"a","kind":"bash","input":"ls","ctx":{"workspace_rules":[{"permission":"bash","pattern":"*","action":""}]}}`,
		`{"id":"a","kind":"web","input":"https://x.y/","ctx":{"dns":{"x.y":["nowhere"]}}}`,
		`{"id":"a","kind":"web","input":"https://x.y/","ctx":{"redirects":5}}`,
		`{"id":"a","kind":"web","input":"https://x.y/","ctx":{"redirects":["http://[::1"]}}`,
		`{"id":"a","kind":"bash","input":"ls \u0000"}`,
	} {
		if got := Check([]byte(line)); got.Action != "error" || got.Reason == "" {
			t.Errorf("%s: got %+v, want an error with its reason", line, got)
		}
	}
}

func TestSessionAnswers(t *testing.T) {
	const head = `{"id":"a","kind":"bash","rules":[{"permission":"bash","pattern":"*","action":"ask"},{"permission":"bash","pattern":"git push *","action":"deny"}],`
	for input, want := range map[string]string{"git status": "allow", "git push": "deny", "git log $x": "ask", "git status; ls": "ask"} {
		line := head + `"ctx":{"session_approved":[{"permission":"bash","pattern":"git *"}]},"input":"` + input + `"}`
		if got := Check([]byte(line)); got.Action != want {
			t.Errorf("%s: got %s (%s), want %s", input, got.Action, got.Reason, want)
		}
	}
	for action, want := range map[string]string{"allow": "ask", "deny": "deny", "ask": "ask"} {
		line := head + `"ctx":{"trusted":true,"workspace_rules":[{"permission":"bash","pattern":"*","action":"` + action + `"}]},"input":"git status"}`
		if got := Check([]byte(line)); got.Action != want {
			t.Errorf("workspace %s: got %s (%s), want %s", action, got.Action, got.Reason, want)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	lines := [][]byte{
		[]byte(`{"id":"1","kind":"bash","rules":[{"permission":"bash","pattern":"*","action":"ask"},{"permission":"bash","pattern":"go test *","action":"allow"}],"input":"cd sub && go test -run 'TestA|TestB' ./... 2>&1 | tail -20"}`),
		[]byte(`{"id":"2","kind":"bash","rules":[{"permission":"*","pattern":"*","action":"ask"},{"permission":"bash","pattern":"git *","action":"allow"}],"input":"git -C sub log --oneline --format='%h %s' -5 -- src/main.go"}`),
		[]byte(`{"id":"3","kind":"path","rules":[{"permission":"edit","pattern":"*","action":"allow"}],"input":"src/main.go","ctx":{"tool":"edit"}}`),
		[]byte(`{"id":"4","kind":"web","rules":[{"permission":"webfetch","pattern":"https://*.example.com/*","action":"allow"}],"input":"https://docs.example.com/a/b?c=d"}`),
	}
	for b.Loop() {
		for _, line := range lines {
			if Check(line).Action == "error" {
				b.Fatal("a line was refused")
			}
		}
	}
	b.ReportMetric(float64(b.N*len(lines))/b.Elapsed().Seconds(), "checks/s")
}
