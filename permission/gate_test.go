package permission

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// asker answers by a function.
type asker func(ctx context.Context, q Question) (Answer, error)

func (f asker) Ask(ctx context.Context, q Question) (Answer, error) { return f(ctx, q) }

func replies(a Answer) asker {
	return func(context.Context, Question) (Answer, error) { return a, nil }
}

func access(values ...string) Access {
	a := Access{Tool: "bash"}
	for _, v := range values {
		a.Items = append(a.Items, Item{Permission: "bash", Values: []string{v}, Always: v + " *"})
	}
	return a
}

func policyOf(t *testing.T, rules ...string) func() Policy {
	p := Policy{Layers: []Layer{{Name: "user", Rules: ruleList(t, rules...)}}}
	return func() Policy { return p }
}

func TestGateOutcomes(t *testing.T) {
	policy := policyOf(t, "bash ls *=allow", "bash rm *=deny")
	for _, c := range []struct {
		name   string
		access Access
		asker  Asker
		want   string // allowed, denied, rejected, error
	}{
		{"by rule", access("ls"), nil, "allowed"},
		{"denied, nobody is asked", access("ls", "rm x"), nil, "denied"},
		{"once", access("go"), replies(Answer{Reply: Once}), "allowed"},
		{"always", access("go"), replies(Answer{Reply: Always}), "allowed"},
		{"reject", access("go"), replies(Answer{Reply: Reject, Message: "no"}), "rejected"},
		{"nobody there", access("go"), nil, "rejected"},
		{"no items", Access{}, replies(Answer{Reply: Reject}), "rejected"},
		{"no answer", access("go"), replies(Answer{}), "error"},
		{"another word", access("go"), replies(Answer{Reply: "yes"}), "error"},
		{"an error", access("go"), asker(func(context.Context, Question) (Answer, error) { return Answer{Reply: Once}, errors.New("gone") }), "error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &Gate{Policy: policy, Grants: NewGrants(nil), Workspace: "/ws", Session: "s", Asker: c.asker}
			if got := outcome(g.Check(t.Context(), c.access)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func outcome(err error) string {
	var denied *DeniedError
	var rejected *RejectedError
	switch {
	case err == nil:
		return "allowed"
	case errors.As(err, &denied):
		return "denied"
	case errors.As(err, &rejected):
		return "rejected"
	default:
		return "error"
	}
}

func TestGateZeroAsks(t *testing.T) {
	asked := 0
	g := &Gate{Asker: asker(func(context.Context, Question) (Answer, error) { asked++; return Answer{Reply: Once}, nil })}
	if err := g.Check(t.Context(), access("ls")); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestGrantsDecide(t *testing.T) {
	grants := NewGrants(nil)
	g := &Gate{Policy: policyOf(t, "bash *=ask", "bash git push *=deny"), Grants: grants, Workspace: "/ws", Session: "s", Asker: replies(Answer{Reply: Reject})}
	for _, gr := range []Grant{{Workspace: "/ws", Permission: "bash", Pattern: "git *"}, {Workspace: "/ws", Session: "s", Permission: "bash", Pattern: "ls *"},
		{Workspace: "/ws", Session: "other", Permission: "bash", Pattern: "cat *"}, {Workspace: "/elsewhere", Permission: "bash", Pattern: "tar *"}} {
		if _, err := grants.Add(t.Context(), gr); err != nil {
			t.Fatal(err)
		}
	}
	narrow := func() Policy {
		return Policy{Layers: []Layer{{Name: "user", Rules: ruleList(t, "bash *=allow")}, {Name: "repo", NarrowOnly: true, Rules: ruleList(t, "bash git *=ask")}}}
	}
	hidden := access("git log")
	hidden.Items[0].Strictness = ByBareRule
	for _, c := range []struct {
		name   string
		policy func() Policy
		access Access
		want   string
	}{
		{"granted", nil, access("git log"), "allowed"},
		{"for this session", nil, access("ls x"), "allowed"},
		{"for another session", nil, access("cat x"), "rejected"},
		{"for another workspace", nil, access("tar x"), "rejected"},
		{"never over a deny", nil, access("git push x"), "denied"},
		{"all asks must be covered", nil, access("git log", "make"), "rejected"},
		{"only where any rule may allow", nil, hidden, "rejected"},
		{"never over a narrowing ask", narrow, access("git log"), "rejected"},
	} {
		gate := *g
		if c.policy != nil {
			gate.Policy = c.policy
		}
		if got := outcome(gate.Check(t.Context(), c.access)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOffer(t *testing.T) {
	none, two, same := access("a"), access("a", "b"), access("a", "a")
	none.Items[0].Always = ""
	weak := access("a")
	weak.Items[0].Strictness = AlwaysAsk
	file := Access{Session: true, Items: []Item{{Permission: "edit", Values: []string{"/x/y"}, Always: "/x/*"}, {Permission: "external_directory", Values: []string{"/x/*"}, Always: "/x/*"}}}
	wrong := access("a")
	wrong.Items[0].Always = "b *"
	for name, c := range map[string]struct {
		access Access
		want   int
	}{"one": {access("a"), 1}, "no pattern": {none, 0}, "two of one kind": {two, 0}, "twice the same": {same, 1}, "not by rule": {weak, 0}, "edit outside": {file, 2}, "pattern that does not cover": {wrong, 0}} {
		t.Run(name, func(t *testing.T) {
			var q Question
			grants := NewGrants(nil)
			g := &Gate{Grants: grants, Workspace: "/ws", Session: "s", Asker: asker(func(_ context.Context, got Question) (Answer, error) {
				q = got
				return Answer{Reply: Always}, nil
			})}
			if err := g.Check(t.Context(), c.access); err != nil {
				t.Fatal(err)
			}
			list, _ := grants.List(t.Context(), "/ws")
			if len(q.Always) != c.want || len(list) != c.want {
				t.Fatalf("offered %v, remembered %v, want %d", q.Always, list, c.want)
			}
			for _, gr := range list {
				if gr.ID == "" || gr.Created.IsZero() || (gr.Session == "s") != c.access.Session {
					t.Errorf("remembered %+v", gr)
				}
			}
		})
	}
}

// Two questions are open; "always" to the first settles the second, and no other.
func TestCovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grants := NewGrants(nil)
		open := func(ctx context.Context, q Question) (Answer, error) {
			<-ctx.Done()
			return Answer{}, context.Cause(ctx)
		}
		results := map[string]chan error{"go test": make(chan error, 1), "go vet": make(chan error, 1)}
		ctx, cancel := context.WithCancelCause(t.Context())
		for command, done := range results {
			g := &Gate{Grants: grants, Workspace: "/ws", Session: "s", Asker: asker(open)}
			go func() { done <- g.Check(ctx, access(command)) }()
		}
		synctest.Wait()
		first := &Gate{Grants: grants, Workspace: "/ws", Session: "t", Asker: replies(Answer{Reply: Always})}
		if err := first.Check(t.Context(), access("go test")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case err := <-results["go test"]:
			if err != nil {
				t.Errorf("the covered question came to %v", err)
			}
		default:
			t.Error("the covered question is still open")
		}
		stop := errors.New("the user cancelled")
		cancel(stop)
		if err := <-results["go vet"]; !errors.Is(err, stop) {
			t.Errorf("the cancelled question came to %v", err)
		}
	})
}

// An answer that was on its way when a grant came counts as what it is.
func TestRejectBeatsCover(t *testing.T) {
	grants := NewGrants(nil)
	g := &Gate{Grants: grants, Workspace: "/ws", Asker: asker(func(ctx context.Context, _ Question) (Answer, error) {
		if _, err := grants.Add(ctx, Grant{Workspace: "/ws", Permission: "bash", Pattern: "*"}); err != nil {
			return Answer{}, err
		}
		<-ctx.Done()
		return Answer{Reply: Reject}, nil
	})}
	if got := outcome(g.Check(t.Context(), access("ls"))); got != "rejected" {
		t.Errorf("got %s", got)
	}
}
