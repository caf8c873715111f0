package config

import (
	"strings"
	"testing"
)

func TestFrontMatter(t *testing.T) {
	for name, tc := range map[string]struct{ src, want, wrong string }{
		"words":          {"a: b\nc: true\nd: 1.5\ne: 'it''s'\nf: \"x\\ty\"", `{"a":"b","c":true,"d":1.5,"e":"it's","f":"x\ty"}`, ""},
		"nested":         {"a:\n  b:\n    c: d\n  e: f\ng: h", `{"a":{"b":{"c":"d"},"e":"f"},"g":"h"}`, ""},
		"a colon inside": {"description: Use when: always, e.g. a: b", `{"description":"Use when: always, e.g. a: b"}`, ""},
		"comments":       {"# all\na: b # why\n", `{"a":"b"}`, ""},
		"folded":         {"a: >\n  one\n  two\n\n  three\nb: c", `{"a":"one two\nthree","b":"c"}`, ""},
		"literal":        {"a: |-\n  one\n  two: x\nb: c", `{"a":"one\ntwo: x","b":"c"}`, ""},
		"goes on":        {"a: one\n  two\n  three: x\nb: c", `{"a":"one two three: x","b":"c"}`, ""},
		"list":           {"a:\n  - x\n  - y z\nb: c", `{"a":["x","y z"],"b":"c"}`, ""},
		"flat list":      {"a:\n- x\n- 2\nb: c", `{"a":["x",2],"b":"c"}`, ""},
		"flow list":      {"a: [x, \"y\", 3]\nb: []", `{"a":["x","y",3],"b":[]}`, ""},
		"open list":      {"a: b\nc: [x\nd: e", `{"a":"b","c":"[x","d":"e"}`, "3: what [ opens is not closed"},
		"open quote":     {"a: \"x\nb: c", `{"a":"\"x","b":"c"}`, "2: what \" opens is not closed"},
		"open braces":    {"a: {x: y", `{"a":"{x: y"}`, "2: what { opens is not closed"},
		"closed, noted":  {"a: [x] # [y\nb: 'c' # d", `{"a":["x"],"b":"c"}`, ""},
		"no key":         {"a: b\nnonsense\nc: d", `{"a":"b","c":"d"}`, "3: this line of the front matter is not understood"},
		"a loose entry":  {"- x\na: b", `{"a":"b"}`, "2: this line of the front matter is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := ""
			settings, body := frontMatter("---\n"+tc.src+"\n---\nbody", func(line int, message string) {
				wrong = Warning{File: "f", Line: line, Message: message}.String()
			})
			if got := settings.compact(); got != tc.want || body != "body" {
				t.Errorf("got %s, %q", got, body)
			}
			if (wrong == "") != (tc.wrong == "") || !strings.HasPrefix(strings.TrimPrefix(wrong, "f:"), tc.wrong) {
				t.Errorf("wrong: %s", wrong)
			}
		})
	}
}
