package agent

import (
	"strings"
	"testing"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

func TestReadAnswer(t *testing.T) {
	choices := []Choice{{"choice:1", "Postgres"}, {"choice:2", "3"}, {"choice:3", "Reject"}}
	asked := OpenQuestion{ID: "7", Kind: KindQuestion, Choices: choices}
	several, open := asked, asked
	several.Multiple, open.Custom = true, true
	bare := OpenQuestion{ID: "8", Kind: KindQuestion, Custom: true}
	gate := OpenQuestion{ID: "9", Kind: KindPermission, Choices: []Choice{{permission.Once, "Allow once"}}}
	tests := []struct {
		name  string
		q     OpenQuestion
		reply permission.Reply
		want  permission.Reply // "": refused
	}{
		{"the choice itself", asked, "choice:2", "3"},
		{"a label", asked, " postgres ", "Postgres"},
		{"a number", asked, "1", "Postgres"},
		{"a label that is a number", asked, "3", "3"},
		{"a label that is a word of ours", asked, "reject", "Reject"},
		{"no option", asked, "MySQL", ""},
		{"no option", asked, "4", ""},
		{"several where one is wanted", asked, "1,2", ""},
		{"several", several, "1, reject,Postgres", "Postgres, Reject"},
		{"one of several is none", several, "1,MySQL", ""},
		{"own words", open, " MySQL, of course ", "MySQL, of course"},
		{"consent is no answer", open, permission.Once, ""},
		{"consent is no answer", bare, permission.Always, ""},
		{"nothing", bare, "", ""},
		{"blanks", bare, "  ", ""},
		{"a rejection", bare, permission.Reject, permission.Reject},
		{"nobody", asked, Nobody, Nobody},
		{"a permission", gate, permission.Once, permission.Once},
		{"a permission in words", gate, "Allow once", ""},
		{"a permission by number", gate, "1", ""},
		{"nobody permits", gate, Nobody, ""},
	}
	for _, tt := range tests {
		got, err := tt.q.read(permission.Answer{Reply: tt.reply})
		if (err == nil) != (tt.want != "") || err == nil && got.Reply != tt.want {
			t.Errorf("%s: %q gives %q, %v; want %q", tt.name, tt.reply, got.Reply, err, tt.want)
		}
		if err != nil && !strings.Contains(err.Error(), "#"+tt.q.ID) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
