package tools

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSetIsStable(t *testing.T) {
	a, b := newBench(t), newBench(t)
	var names []string
	for i, tool := range a.set.Tools() {
		names = append(names, tool.Name())
		if string(tool.Schema()) != string(b.set.Tools()[i].Schema()) {
			t.Errorf("%s: the schema differs between sessions", tool.Name())
		}
		if tool.Description() == "" || strings.TrimSpace(tool.Description()) != tool.Description() {
			t.Errorf("%s: description %q", tool.Name(), tool.Description())
		}
	}
	if got := strings.Join(names, " "); got != "apply_patch bash diagnostics edit glob grep list question read todowrite webfetch write" {
		t.Errorf("tools %s", got)
	}
}

// TestSchemas pins the parameter names, which are OpenCode's, and that every one is described.
func TestSchemas(t *testing.T) {
	want := map[string]string{
		"apply_patch": "patchText",
		"bash":        "command timeout? workdir? description?",
		"diagnostics": "filePath?",
		"edit":        "filePath oldString newString replaceAll?",
		"glob":        "pattern path?",
		"grep":        "pattern path? include?",
		"list":        "path?",
		"question":    "questions",
		"read":        "filePath offset? limit?",
		"todowrite":   "todos",
		"webfetch":    "url format? timeout?",
		"write":       "filePath content",
	}
	type schema struct {
		Type       any                        `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	for _, tool := range newBench(t).set.Tools() {
		var s schema
		if err := json.Unmarshal(tool.Schema(), &s); err != nil {
			t.Fatal(err)
		}
		required := " " + strings.Join(s.Required, " ") + " "
		fields := strings.Fields(want[tool.Name()])
		if s.Type != "object" || len(s.Properties) != len(fields) {
			t.Errorf("%s: %s", tool.Name(), tool.Schema())
		}
		for _, f := range fields {
			name, optional := strings.CutSuffix(f, "?")
			if strings.Contains(required, " "+name+" ") == optional {
				t.Errorf("%s: %s optional: %v", tool.Name(), name, !optional)
			}
			var p struct{ Type, Description string }
			if err := json.Unmarshal(s.Properties[name], &p); err != nil || p.Type == "" || p.Description == "" {
				t.Errorf("%s.%s: %s", tool.Name(), name, s.Properties[name])
			}
		}
	}
}

func TestNewSetPanicsOnTwins(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two tools of one name were taken")
		}
	}()
	tool := newBench(t).set.Tools()[0]
	NewSet(tool, tool)
}

// TestArguments has what models get wrong, for every tool, and what the answer tells them.
func TestArguments(t *testing.T) {
	tests := []struct{ tool, args, want string }{
		{"bash", `{"command": 5}`, "bash: command is the number 5; give a string"},
		{"bash", `{"command": ["ls"]}`, "command is an array; give a string"},
		{"bash", `{"command": "ls", "timeout": "soon"}`, `timeout is the string "soon"; give an integer`},
		{"bash", `{"command": "ls", "timeout": 1e99}`, "timeout is the number 1e99; give an integer"},
		{"bash", `{"command": "ls", "timeout": -1}`, "timeout is negative"},
		{"bash", `{"command": " \n"}`, "the command is empty"},
		{"bash", `{"command": "ls\u0000"}`, "U+0000"},
		{"bash", `{"cmd": "ls"}`, "there is no argument cmd; give command (string), timeout (integer, optional)"},
		{"edit", `{"filePath": "a", "oldString": "b"}`, "newString is missing; give a string"},
		{"edit", `{"filePath": "a", "oldString": "b", "newString": "c", "replaceAll": "perhaps"}`, `replaceAll is the string "perhaps"; give a boolean`},
		{"edit", `{"filePath": "", "oldString": "b", "newString": "c"}`, "filePath is empty"},
		{"glob", `{"pattern": null}`, "pattern is missing"},
		{"glob", `{"pattern": ""}`, "pattern is empty"},
		{"grep", `{"pattern": {}}`, "pattern is an object; give a string"},
		{"grep", `{"pattern": "a(b"}`, "pattern is not a regular expression: missing closing ) at \"a(b\"; put \\ before"},
		{"grep", `{"pattern": "(?=a)"}`, "no lookaround"},
		{"list", `{"path": true}`, "path is true; give a string"},
		{"list", `["."]`, "the arguments are an array; give a JSON object with path (string, optional)"},
		{"list", `{"path": "."} {}`, "go on after the JSON object"},
		{"read", `{"filePath": "a", "offset": 1.5}`, "offset is the number 1.5; give an integer"},
		{"read", `{"filePath": "a", "limit": -3}`, "count lines"},
		{"read", `{"filePath": "a"`, "not valid JSON"},
		{"read", `null`, "the arguments are null"},
		{"read", ``, "filePath is missing"},
		{"read", `{"filePath": "a\u0000b"}`, "NUL"},
		{"todowrite", `{"todos": "none"}`, `todos is the string "none"; give an array`},
		{"todowrite", `{"todos": [{"content": "a", "status": "pending", "priority": 1}]}`, "todos[0].priority is the number 1; give a string"},
		{"todowrite", `{"todos": [{"content": "a", "status": "doing", "priority": "low"}]}`, `todos[0].status is "doing"; give pending`},
		{"todowrite", `{"todos": [{"content": "a", "status": "pending", "priority": "urgent"}]}`, `todos[0].priority is "urgent"`},
		{"todowrite", `{"todos": [{"content": "", "status": "pending", "priority": "low"}]}`, "todos[0].content is empty"},
		{"write", `{"filePath": "a", "content": {"a": 1}}`, "content is an object; give a string"},
		{"write", `{"filePath": "a", "content": "b", "mode": 1}`, "there is no argument mode; give filePath (string), content (string)"},
		{"shell", `{}`, `there is no tool "shell"; the tools are apply_patch, bash, diagnostics, edit,`},
	}
	b := newBench(t)
	for _, tt := range tests {
		t.Run(tt.tool+" "+tt.args, func(t *testing.T) {
			_, err := b.set.Prepare(t.Context(), Call{Name: tt.tool, Arguments: tt.args})
			if err == nil {
				t.Fatal("was taken")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want one with %q", err, tt.want)
			}
		})
	}
}

// TestForgiven has the slips that have one meaning only.
func TestForgiven(t *testing.T) {
	b := newBench(t, "a.txt", "one\ntwo\nthree\n")
	for _, c := range []Call{
		{Name: "Read", Arguments: `{"filePath": "a.txt", "offset": "2", "limit": "1"}`},
		{Name: "READ", Arguments: `{"filePath": "a.txt", "offset": 2.0, "limit": 1}`},
		{Name: "read", Arguments: " {\"filePath\": \"a.txt\", \"offset\": 2, \"limit\": 1}\n"},
	} {
		op, err := b.set.Prepare(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		r, err := op.Run(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(r.Text, "2: two\n\n(") {
			t.Errorf("%s: %q", c.Arguments, r.Text)
		}
	}
	b.call("edit", "filePath", "a.txt", "oldString", "t", "newString", "T", "replaceAll", "true")
	if got := b.text("a.txt"); got != "one\nTwo\nThree\n" {
		t.Errorf("got %q", got)
	}
	if _, err := b.set.Prepare(t.Context(), Call{Name: "read", Arguments: `{"filePath": "a.txt", "offset": null}`}); err != nil {
		t.Error(err)
	}
}
