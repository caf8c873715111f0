package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	text := func(s string) []Piece { return []Piece{{Text: s}} }
	for name, tc := range map[string]struct {
		template, arguments string
		want                []Piece
		err                 string
	}{
		"plain":                 {"Do it.", "", text("Do it."), ""},
		"at the end":            {"Do it.", " now, please ", text("Do it.\n\nnow, please"), ""},
		"all":                   {"Do $ARGUMENTS.", `this "and that"`, text(`Do this "and that".`), ""},
		"all of nothing":        {"Do $ARGUMENTS.", "", text("Do ."), ""},
		"one by one":            {"$2 before $1", "a b", text("b before a"), ""},
		"the last takes all":    {"$1: $2", `a "b c" d`, text("a: b c d"), ""},
		"the only one":          {"Fix $1", "a b c", text("Fix a b c"), ""},
		"too few":               {"$1-$2-$3", "a b", text("a-b-"), ""},
		"not again":             {"$1 $2", "$2 x", text("$2 x"), ""},
		"none":                  {"$1 and $2", "  ", nil, "needs 2 arguments and got none; write them behind its name"},
		"none of one":           {"$1", "", nil, "needs 1 argument and got none; write them behind its name"},
		"no place":              {"$0 $x $ 5$", "", text("$0 $x $ 5$"), ""},
		"shell":                 {"Log: !`git log -1` end", "", []Piece{{Text: "Log: "}, {Text: "git log -1", Shell: true}, {Text: " end"}}, ""},
		"shell with arguments":  {"!`git log $1 -- \"$2\"`", "a;id b$(id) c", []Piece{{}, {Text: `git log 'a;id' -- "b\$(id) c"`, Shell: true}, {}}, ""},
		"shell with all":        {"!`ls $ARGUMENTS`", `a "b c"`, []Piece{{}, {Text: "ls a 'b c'", Shell: true}, {}}, ""},
		"shell in an argument":  {"Do $1", "!`id`", text("Do !`id`"), ""},
		"shell of two":          {"!`$1`$2", "!`id` `", []Piece{{}, {Text: "'!`id`'", Shell: true}, {Text: "`"}}, ""},
		"place that cannot be":  {"!`echo $((1+$1))`", "2", nil, `cannot be used: in "!` + "`echo $((1+$1))`" + `" an argument stands where it cannot be quoted safely`},
		"shell that is no good": {"!`echo '$1`", "2", nil, "the command cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Command{Template: tc.template}.Fill(tc.arguments)
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v", got)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v", err)
			}
		})
	}
}
