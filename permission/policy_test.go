package permission

import (
	"strings"
	"testing"
)

// ruleList writes rules as "permission pattern=action".
func ruleList(t *testing.T, lines ...string) []Rule {
	t.Helper()
	var out []Rule
	for _, line := range lines {
		i := strings.LastIndexByte(line, '=')
		a, err := ParseAction(line[i+1:])
		if err != nil {
			t.Fatal(err)
		}
		name, pattern, _ := strings.Cut(line[:i], " ")
		out = append(out, Rule{Permission: name, Pattern: pattern, Action: a})
	}
	return out
}

func TestJudge(t *testing.T) {
	bash := Item{Permission: "bash", Values: []string{"git push x"}, Aliases: []string{"push x"}}
	strict := func(s Strictness, named ...string) Item {
		it := bash
		it.Strictness, it.Named, it.Why = s, named, "because"
		return it
	}
	for _, c := range []struct {
		name   string
		item   Item
		rules  []string
		agent  []string
		narrow []string
		want   Action
	}{
		{"nothing matches", bash, nil, nil, nil, Ask},
		{"last match wins", bash, []string{"bash *=deny", "bash git *=allow"}, nil, nil, Allow},
		{"last match wins, the other way", bash, []string{"bash git *=allow", "bash *=deny"}, nil, nil, Deny},
		{"keys are wildcards", bash, []string{"* *=allow"}, nil, nil, Allow},
		{"key prefix", Item{Permission: "github_push", Values: []string{"*"}}, []string{"github_* *=allow"}, nil, nil, Allow},
		{"later layer overrides", bash, []string{"bash *=deny"}, []string{"bash git *=allow"}, nil, Allow},
		{"a layer that does not match says nothing", bash, []string{"bash *=deny"}, []string{"bash ls *=allow"}, nil, Deny},
		{"narrowing", bash, []string{"bash *=allow"}, nil, []string{"bash git *=ask"}, Ask},
		{"narrowing to deny", bash, []string{"bash *=allow"}, nil, []string{"bash *=deny"}, Deny},
		{"narrow never widens", bash, []string{"bash *=deny"}, nil, []string{"bash *=allow"}, Deny},
		{"narrow alone allows nothing", bash, nil, nil, []string{"bash *=allow"}, Ask},
		{"narrowing holds against a later layer", bash, nil, []string{"bash *=allow"}, []string{"bash *=deny"}, Deny},
		{"deny sees aliases", bash, []string{"bash *=allow", "bash push *=deny"}, nil, nil, Deny},
		{"ask sees aliases", bash, []string{"bash *=allow", "bash push *=ask"}, nil, nil, Ask},
		{"allow does not", bash, []string{"bash push *=allow"}, nil, nil, Ask},
		{"bare rule", strict(ByBareRule), []string{"bash *=allow"}, nil, nil, Allow},
		{"bare rule, deny in force", strict(ByBareRule), []string{"bash *=allow", "bash rm *=deny"}, nil, nil, Ask},
		{"bare rule, other pattern", strict(ByBareRule), []string{"bash git *=allow"}, nil, nil, Ask},
		{"bare rule, named", strict(ByBareRule, "push"), []string{"bash rm *=deny", "bash git push *=allow"}, nil, nil, Allow},
		{"bare rule, half named", strict(ByBareRule, "push", "-f"), []string{"bash git push *=allow"}, nil, nil, Ask},
		{"named rule", strict(ByNamedRule, "push"), []string{"bash *=allow"}, nil, nil, Ask},
		{"always ask", strict(AlwaysAsk, "push"), []string{"bash git push x=allow"}, nil, nil, Ask},
		{"always ask, denied", strict(AlwaysAsk), []string{"bash *=deny"}, nil, nil, Deny},
		{"deny unless named", strict(DenyUnlessNamed, "push"), []string{"bash *=allow"}, nil, nil, Deny},
		{"deny unless named, named", strict(DenyUnlessNamed, "push"), []string{"bash git push *=allow"}, nil, nil, Allow},
		{"deny unless named, asked", strict(DenyUnlessNamed, "push"), []string{"bash git push *=ask"}, nil, nil, Ask},
		{"beside, nothing said", strict(Beside), nil, nil, nil, Allow},
		{"beside, everything asks", strict(Beside), []string{"* *=ask"}, nil, nil, Allow},
		{"beside, this asks", strict(Beside), []string{"bash git *=ask"}, nil, nil, Ask},
		{"beside, denied", strict(Beside), []string{"* *=deny"}, nil, nil, Deny},
		{"home", Item{Permission: "read", Values: []string{"/home/u/x"}}, []string{"read ~/*=allow"}, nil, nil, Allow},
		{"$HOME", Item{Permission: "read", Values: []string{"/home/u/x"}}, []string{"read $HOME/x=deny"}, nil, nil, Deny},
		{"folded deny", Item{Permission: "read", Values: []string{".ENV"}, Fold: true}, []string{"read *=allow", "read *.env=deny"}, nil, nil, Deny},
		{"nothing folded", Item{Permission: "read", Values: []string{".ENV"}}, []string{"read *=allow", "read *.env=deny"}, nil, nil, Allow},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Policy{Home: "/home/u", Layers: []Layer{
				{Name: "user", Rules: ruleList(t, c.rules...)},
				{Name: "repo", Rules: ruleList(t, c.narrow...), NarrowOnly: true},
				{Name: "agent", Rules: ruleList(t, c.agent...)},
			}}
			if v := p.Judge(c.item); v.Action != c.want || v.Reason == "" {
				t.Errorf("got %s (%s), want %s", v.Action, v.Reason, c.want)
			}
		})
	}
}

func TestJudgeAll(t *testing.T) {
	p := Policy{Layers: []Layer{{Name: "user", Rules: ruleList(t, "bash *=allow", "bash rm *=deny", "bash ls *=ask")}}}
	item := func(v string, s Strictness) Item { return Item{Permission: "bash", Values: []string{v}, Strictness: s} }
	for _, c := range []struct {
		items []Item
		want  Action
		asks  int
	}{
		{nil, Ask, 1},
		{[]Item{item("cd x", Beside)}, Ask, 1},
		{[]Item{item("true", ByRule), item("cd x", Beside)}, Allow, 0},
		{[]Item{item("true", ByRule), item("ls", ByRule), item("ls x", ByRule)}, Ask, 2},
		{[]Item{item("ls", ByRule), item("rm x", ByRule), item("true", ByRule)}, Deny, 1},
	} {
		v, asks := p.JudgeAll(c.items)
		if v.Action != c.want || len(asks) != c.asks {
			t.Errorf("%v: got %s and %d asks, want %s and %d", c.items, v.Action, len(asks), c.want, c.asks)
		}
	}
}

func TestDefaults(t *testing.T) {
	p := Policy{Layers: []Layer{Defaults()}}
	place := Place{Roots: []string{"/ws"}, Home: "/home/u"}
	for target, want := range map[string]Action{
		"read a.go": Allow, "read .env": Ask, "read a/.env.local": Ask, "read .env.example": Allow, "read id_rsa": Ask, "read k.pem": Ask,
		"read /etc/passwd": Ask, "list .": Allow, "glob src": Allow, "grep src": Allow, "grep .env": Ask, "edit a.go": Ask, "edit .git/config": Ask,
	} {
		name, file, _ := strings.Cut(target, " ")
		if v, _ := p.JudgeAll(FileItems(name, file, place)); v.Action != want {
			t.Errorf("%s: got %s (%s), want %s", target, v.Action, v.Reason, want)
		}
	}
	for name, want := range map[string]Action{"bash": Ask, "webfetch": Ask, "task": Ask, "todowrite": Allow, "github_push": Ask, "doom_loop": Ask} {
		if v := p.Judge(Item{Permission: name, Values: []string{"x"}}); v.Action != want {
			t.Errorf("%s: got %s, want %s", name, v.Action, want)
		}
	}
	if notes := Lint(Defaults()); len(notes) > 0 {
		t.Errorf("the defaults are not clean: %q", notes)
	}
}

func TestLint(t *testing.T) {
	for _, c := range []struct {
		rules []string
		want  []string
	}{
		{[]string{"bash *=ask", "bash git status *=allow"}, nil},
		{[]string{"bash git *=allow", "bash *=ask"}, []string{"makes them dead"}},
		{[]string{"bash git *=allow", "* *=ask"}, []string{"makes them dead"}},
		{[]string{"bash python3 *=allow"}, []string{"arbitrary code"}},
		{[]string{"bash go test *=allow"}, []string{"arbitrary code"}},
		{[]string{"bash go vet *=allow", "bash python3 x.py=allow", "edit *=allow"}, nil},
		{[]string{"bash *=allow"}, []string{"arbitrary code"}},
	} {
		got := Lint(Layer{Rules: ruleList(t, c.rules...)})
		if len(got) != len(c.want) {
			t.Errorf("%v: got %q, want %q", c.rules, got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%v: got %q, want %q", c.rules, got[i], c.want[i])
			}
		}
	}
}

// What bounds a policy can only make its verdicts stricter, and an "always" still answers what merely asks.
func TestWithin(t *testing.T) {
	layers := func(rules ...string) []Layer { return []Layer{{Name: "agent", Rules: ruleList(t, rules...)}} }
	for _, c := range []struct{ own, outer, want Action }{
		{Allow, Allow, Allow}, {Allow, Ask, Ask}, {Allow, Deny, Deny},
		{Ask, Allow, Ask}, {Ask, Deny, Deny}, {Deny, Allow, Deny},
	} {
		outer := Policy{Layers: layers("bash *=" + c.outer.String())}
		p := Policy{Layers: layers("bash *=" + c.own.String()), Within: &outer}
		if v := p.Judge(Item{Permission: "bash", Values: []string{"ls"}}); v.Action != c.want || v.Narrowed {
			t.Errorf("%s within %s is %s (narrowed %t), want %s", c.own, c.outer, v.Action, v.Narrowed, c.want)
		}
	}
}
