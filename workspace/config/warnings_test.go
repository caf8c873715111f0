package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want []string // after "~/user/opencode.json:"
	}{
		"fine":            {`{"$schema": "x", "model": "a/b", "theme": null}`, nil},
		"later keys":      {`{"plugin": ["x"], "server": {"port": 1}, "experimental": {}, "lsp": false, "provider": {"x": {"npm": "y", "options": {"z": 1}}}}`, nil},
		"unknown":         {"{\n\"modell\": 1}", []string{"2: modell: this setting is unknown and was left out"}},
		"plural":          {"{\n\"permissions\": []}", []string{`2: permissions: this setting is unknown and was left out; "permission" is meant, perhaps`}},
		"deep unknown":    {"{\"edits\": {\n\n\"safe\": 1}}", []string{"3: edits.safe: this setting is unknown and was left out"}},
		"wrong type":      {"{\n\"model\": 5}", []string{"2: model: expected a string, found the number 5, so this setting was left out"}},
		"wrong word":      {`{"edits": {"save": "allways"}}`, []string{`1: edits.save: expected one of ask, write, never, found "allways", so this setting was left out`}},
		"no secret shown": {`{"compaction": {"auto": "sk-0123456789abcdef"}}`, []string{"1: compaction.auto: expected true or false, found a string, so this setting was left out"}},
		"not an object":   {`{"provider": ["x"]}`, []string{"1: provider: expected an object, found a list, so this setting was left out"}},
		"list":            {`{"mcp": {"x": {"command": ["a", 1]}}}`, []string{"1: mcp.x.command: expected a list of strings, found a list, so this setting was left out"}},
		"negative":        {`{"tool_output": {"max_lines": -1}}`, []string{"1: tool_output.max_lines: expected a whole number, found the number -1, so this setting was left out"}},
		"huge":            {`{"tool_output": {"max_lines": 1e99}}`, []string{"1: tool_output.max_lines: expected a whole number, found the number 1e99, so this setting was left out"}},
		"timeout":         {`{"provider": {"x": {"options": {"timeout": true}}}}`, []string{"1: provider.x.options.timeout: expected a whole number of milliseconds, or false, found true, so this setting was left out"}},
		"twice":           {"{\"model\": \"a\",\n\"edits\": {},\n\"model\": \"b\"}", []string{"3: model: this key stands twice; the last one holds"}},
		"twice inside":    {"{\"permission\": {\"bash\": {\n\"x\": \"ask\",\n\"x\": \"deny\"}}}", []string{"3: permission.bash.x: this key stands twice; the last one holds"}},
		"bad action":      {"{\"permission\": {\"bash\": {\n\"rm *\": \"denny\"}}}", []string{`2: permission.bash.rm *: expected one of allow, ask, deny, found "denny", so this asks`}},
		"bad permission":  {`{"permission": 3}`, []string{"1: permission: expected one of allow, ask, deny, found the number 3, so this asks"}},
		"formatter":       {`{"formatter": {"x": {"command": ["x", "$FILE"], "extensions": [".x"]}, "y": {}}}`, nil},
		"bad formatter":   {`{"formatter": "gofmt"}`, []string{`1: formatter: expected true, false or an object, found "gofmt", so this setting was left out`}},
		"bad formatters":  {"{\"formatter\": {\"x\": {\n\"command\": \"x $FILE\"}, \"y\":\ntrue}}", []string{"2: formatter.x.command: expected a list of strings, found a string, so this setting was left out", "2: formatter.y: expected an object, found true, so this setting was left out"}},
		"server":          {`{"lsp": {"x": {"command": ["x"], "extensions": [".x"], "env": {}, "initialization": {"a": [1]}}, "gopls": {"disabled": true}}}`, nil},
		"bad server":      {`{"lsp": {"x": {"command": "x", "env": {"A": 1}}, "y": false}}`, []string{"1: lsp.x.command: expected a list of strings, found \"x\", so this setting was left out", "1: lsp.x.env: expected an object of strings, found an object, so this setting was left out", "1: lsp.y: expected an object, found false, so this setting was left out"}},
		"bare command":    {"{\"command\": {\n\"c\": {\"description\": \"d\"}, \"d\": {\"template\": \"x\"}}}", []string{"2: command.c: this command has no template, so it was left out"}},
		"bad tools":       {`{"tools": {"bash": "no"}}`, []string{`1: tools.bash: expected true or false, found "no", so this asks`}},
		"not JSON":        {"{\n  \"model\": oops\n}", []string{"2:12: this is not JSON (invalid character 'o' looking for beginning of value), so nothing of it holds"}},
		"cut off":         {"{\n  \"model\":", []string{"2:11: this is not JSON (the text ends too early), so nothing of it holds"}},
		"only a word":     {`"hello"`, []string{`1: expected an object, found "hello"`}},
		"comment lines": {"// one\n/* two\n   three */\n{\n  // five\n  \"x\": 1, // six\n  \"model\": \"// no comment\",\n}",
			[]string{"6: x: this setting is unknown and was left out"}},
		"bom and crlf": {"\ufeff{\r\n\"x\": 1\r\n}", []string{"2: x: this setting is unknown and was left out"}},
		"missing file": {"{\n\"model\": \"{file:nope}\"}", []string{"2: {file:nope} cannot be read (no such file or directory), so this setting was left out; mend the path or the file"}},
		"cyclic":       {"{\n\"model\": \"{file:opencode.json}\"}", []string{"2: {file:opencode.json} holds {file:opencode.json} itself, which is not followed: only the settings themselves may take text from files"}},
		"deep":         {strings.Repeat("[", 100) + strings.Repeat("]", 100), []string{"1: this is not JSON (the values are nested too deep), so nothing of it holds"}},
		"many":         {"[" + strings.Repeat("1,", 5000) + "1]", []string{"1: this is not JSON (a list has too many entries), so nothing of it holds"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, map[string]string{"user/config.json": `{"small_model": "kept"}`, "user/opencode.json": tc.text})
			c, got := p.load()
			for i := range tc.want {
				tc.want[i] = "~/user/opencode.json:" + tc.want[i]
			}
			equal(t, "warnings", got, tc.want)
			if c.SmallModel != "kept" {
				t.Error("another source was lost")
			}
		})
	}
}

func TestTheRestHolds(t *testing.T) {
	p := newPlace(t, map[string]string{"user/opencode.json": `{"model": "a", "model": "b", "bogus": 1, "edits": {"save": 1, "unopened": "disk"},
		"instructions": ["{file:nope}", "x.md"], "mcp": {"s": {"type": "local", "command": ["run", "{file:nope}"]}}}`})
	c, warnings := p.load()
	if c.Model != "b" || c.Edits != (Edits{"disk", "ask"}) || len(c.Instructions) != 1 || len(warnings) != 5 {
		t.Errorf("%+v, %q", c, warnings)
	}
	// A command line without one of its words would be another command line.
	equal(t, "server", string(c.MCP["s"]), `{"type":"local"}`)
}

func TestBrokenPromptFiles(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/command/empty.md":  "---\ndescription: x\n---\n\n",
		"user/command/open.md":   "---\ndescription: [x\nagent: plan\n---\nBody",
		"user/command/sh.md":     "Body",
		"user/agent/a.md":        "---\nmode: \"x\npermission:\n  edit: [deny\n---\n",
		"user/agent/nobody.md":   "---\ndescription: has no prompt of its own\n---\n",
		"user/opencode.json":     `{"command": {"sh": {"description": "d"}}}`,
		"user/command/number.md": "---\nsubtask: 3 # no\ndescription: \"d\" # yes\n---\nBody",
	})
	c, got := p.load()
	slices.Sort(got)
	equal(t, "warnings", got, []string{
		`~/user/agent/a.md:2: what " opens is not closed on this line of the front matter; close it, or put the text into quotes`,
		`~/user/agent/a.md:4: agent.a.permission.edit: expected one of allow, ask, deny, found a string, so this asks`,
		`~/user/agent/a.md:4: what [ opens is not closed on this line of the front matter; close it, or put the text into quotes`,
		"~/user/command/empty.md: this command has no text below its front matter, so it was left out",
		"~/user/command/number.md:2: command.number.subtask: expected true or false, found the number 3, so this setting was left out",
		"~/user/command/open.md:2: what [ opens is not closed on this line of the front matter; close it, or put the text into quotes",
	})
	if c.Command["open"].Agent != "plan" || c.Command["open"].Description != "" || c.Command["number"].Description != "d" || c.Command["sh"].Description != "d" {
		t.Errorf("%+v", c.Command)
	}
}

func TestOtherSourcesNameThemselves(t *testing.T) {
	p := newPlace(t, nil)
	p.env["OPENCODE_CONFIG"] = "missing.json"
	p.env["OPENCODE_CONFIG_CONTENT"] = "{\n\"x\": 1}"
	p.env["OPENCODE_PERMISSION"] = "nonsense"
	p.from.Editor, p.from.Flags = json.RawMessage(`{"y": 1}`), json.RawMessage(`{"edits": 1}`)
	_, got := p.load()
	equal(t, "warnings", got, []string{
		"OPENCODE_CONFIG: ~/repo/missing.json does not exist; mend the path or unset the variable",
		"OPENCODE_PERMISSION:1:2: this is not JSON (invalid character 'o' in literal null (expecting 'u')), so nothing of it holds",
		"OPENCODE_CONFIG_CONTENT:2: x: this setting is unknown and was left out",
		"editor settings:1: y: this setting is unknown and was left out",
		"command line:1: edits: expected an object, found the number 1, so this setting was left out",
	})
}

func TestUnreadableFiles(t *testing.T) {
	p := newPlace(t, map[string]string{
		"user/opencode.json":          `{"model": "a"}`,
		"repo/.opencode/command/x.md": "---\ndescription: y\n- list\n---\nbody",
		"repo/.opencode/agent/z.md":   "---\nmode: both",
		"repo/opencode.json":          strings.Repeat(" ", maxFile+1),
	})
	if err := os.Chmod(filepath.Join(p.home, "user/opencode.json"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(p.repo, "opencode.jsonc"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, got := p.load()
	equal(t, "warnings", got, []string{
		"~/user/opencode.json: cannot be read (opencode.json can be written by everybody; make it yours alone (chown, chmod go-w)), so nothing of it holds",
		"~/repo/opencode.json: cannot be read (it is larger than 1048576 bytes), so nothing of it holds",
		"~/repo/opencode.jsonc: cannot be read (it is no regular file), so nothing of it holds",
		"~/repo/.opencode/command/x.md:3: this line of the front matter is not understood and was left out; write it as key: value",
		"~/repo/.opencode/agent/z.md:1: the front matter has no end; close it with a line of three dashes",
	})
	if c.Model != "" || c.Command["x"].Description != "y" {
		t.Errorf("%+v", c)
	}
}
