//go:build realclients

package clienttest

import (
	"reflect"
	"strings"
	"testing"
)

// What the journeys report; their scripts say what each field is.
type (
	turnReport struct {
		Course                                     course
		Outline, Single                            []string
		Streamed, Parents, Sorted, Prefixes, Paged bool
	}
	permissionReport struct {
		Listed, Call, Prefix                bool
		Permission, Command, Replied, Again string
		Patterns, Outputs, Outline          []string
		Always, Wrong, Left                 int
		Late                                refusal
	}
	refusal struct {
		Status int
		Name   string
	}
	alwaysReport struct {
		Replied string
		Asked   int
		Outline []string
	}
	rejectReport struct {
		Plain, Told []string
		Left        int
	}
	changeReport struct {
		Permission                                                                       string
		Patterns, Diff                                                                   []string
		File, Shown, Untouched, Changed, Result, Reverted, Back, Unreverted, Forth, Gone bool
		Messages                                                                         int
	}
	abortReport struct {
		Aborted, Again    bool
		Busy, Idle, Error string
		Outline           []string
		Course            course
	}
	questionReport struct {
		Listed, Prefix, Told bool
		Question             string
		Options, Outline     []string
		Replied              [][]string
		Late                 refusal
	}
)

// course is the order of events. Another one has it when all of it is there in this order, whatever else there is.
type course []string

func (c course) in(all course) (missing string, ok bool) {
	for _, line := range all {
		if len(c) > 0 && line == c[0] {
			c = c[1:]
		}
	}
	if len(c) == 0 {
		return "", true
	}
	return c[0], false
}

func lines(text string) []string { return strings.Split(strings.TrimPrefix(text, "\n"), "\n") }

// outline is a conversation as the scripts tell it, of what user, calls, says and reply make.
func outline(messages ...string) []string { return lines(strings.Join(messages, "\n")) }

func user(text string) string { return "user\n  text: " + text }

// calls is a reply that ends with calls of tools.
func calls(parts ...string) string { return reply("tool-calls", append(parts, "step-finish")...) }

// says is the reply that ends a turn.
func says(text string) string { return reply("stop", "text: "+text, "step-finish") }

// reply is one of the model that ends with a reason, or an error, after its parts.
func reply(end string, parts ...string) string {
	return "assistant " + end + "\n  step-start\n  " + strings.Join(parts, "\n  ")
}

// compare names each field of a report that is not as it should be.
func compare(t *testing.T, got, want reflect.Value) {
	t.Helper()
	for i := range want.NumField() {
		name, g, w := want.Type().Field(i).Name, got.Field(i).Interface(), want.Field(i).Interface()
		if c, ok := w.(course); ok {
			if missing, ok := c.in(g.(course)); !ok {
				t.Errorf("%s: %s does not come when it should in\n%s", name, missing, strings.Join(g.(course), "\n"))
			}
		} else if !reflect.DeepEqual(g, w) {
			t.Errorf("%s is\n%v\nwant\n%v", name, pretty(g), pretty(w))
		}
	}
}

func pretty(v any) any {
	if list, ok := v.([]string); ok {
		return strings.Join(list, "\n")
	}
	return v
}
