package llm

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// piecewise reads events into deltas, with the template or without.
func piecewise(slow bool, events ...string) (out []string, hits int) {
	r := &reply{emit: func(d agent.Delta) bool {
		if d.Call != nil {
			out = append(out, fmt.Sprintf("call %d %s %q", d.Call.Index, d.Call.Name, d.Call.Arguments))
		} else {
			out = append(out, fmt.Sprintf("%+v", d))
		}
		return true
	}}
	for _, e := range events {
		if slow {
			r.template.misses = maxMisses
		}
		if err := r.add([]byte(e)); err != nil {
			return append(out, err.Error()), hits
		}
		if r.template.set != nil && r.template.misses == 0 {
			hits++
		}
	}
	return append(out, r.finish, fmt.Sprintf("%+v", r.usage)), hits
}

func TestTemplate(t *testing.T) {
	text := func(s string) string { return `{"id":"1","choices":[{"index":0,"delta":{"content":` + s + `}}]}` }
	args := func(s string) string {
		return `{"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":` + s + `}}]}}]}`
	}
	tests := []struct {
		name   string
		events []string
		hits   int
	}{
		{"text", []string{text(`"a"`), text(`"b"`), text(`""`), text(`"é\n\"\u20ac"`)}, 3},
		{"spaces", []string{`{"choices": [{"delta": {"content": "a"}}]}`, `{"choices": [{"delta": {"content": "b"}}]}`}, 1},
		{"reasoning", []string{`{"choices":[{"delta":{"reasoning_content":"a"}}]}`, `{"choices":[{"delta":{"reasoning_content":"b"}}]}`}, 1},
		{"arguments", []string{args(`"{"`), args(`"\"a\""`), args(`":1}"`)}, 2},
		{"text, then arguments", []string{text(`"a"`), text(`"b"`), args(`"{"`), args(`"}"`)}, 2},
		{"another string varies", []string{`{"id":"1","choices":[{"delta":{"content":"a"}}]}`, `{"id":"2","choices":[{"delta":{"content":"b"}}]}`}, 0},
		{"another choice", []string{`{"choices":[{"index":1,"delta":{"content":"a"}}]}`, `{"choices":[{"index":1,"delta":{"content":"b"}}]}`}, 0},
		{"the end in the middle", []string{text(`"a"`), text(`"b"}}],"usage":{"prompt_tokens":7},"x":[{"y":{"z":"c"`)}, 0},
		{"not a string", []string{text(`"a"`), text(`"\x"`)}, 0},
		{"a key of the same name elsewhere", []string{`{"content":"x","choices":[{"delta":{"content":"a"}}]}`, `{"content":"y","choices":[{"delta":{"content":"a"}}]}`}, 0},
	}
	for _, test := range tests {
		got, hits := piecewise(false, test.events...)
		want, _ := piecewise(true, test.events...)
		if !reflect.DeepEqual(got, want) || hits != test.hits {
			t.Errorf("%s: %d hits, want %d; got  %q\nwant %q", test.name, hits, test.hits, got, want)
		}
	}
}

// FuzzTemplate checks that reading by pattern gives what decoding gives, whatever the second event is.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"choices":[{"delta":{"content":"a"}}]}`, `{"choices":[{"delta":{"content":"\u0000"}}]}`)
	f.Add(`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}`, `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}]}`)
	f.Add(`{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}`, `{"choices":[{"delta":{"content":"a\"","reasoning":"b"}}]}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		got, _ := piecewise(false, first, second, first, second)
		want, _ := piecewise(true, first, second, first, second)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}
