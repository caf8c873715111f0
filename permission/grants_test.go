package permission

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// keeper is a Keeper in memory that can fail and that counts.
type keeper struct {
	mu    sync.Mutex
	kept  map[string]Grant
	loads int
	fail  error
	gate  chan struct{} // not nil: loads wait for it
}

func (k *keeper) LoadGrants(_ context.Context, workspace string) ([]Grant, error) {
	k.mu.Lock()
	var out []Grant
	for _, g := range k.kept {
		if g.Workspace == workspace {
			out = append(out, g)
		}
	}
	k.loads++
	err := k.fail
	k.mu.Unlock()
	if k.gate != nil {
		<-k.gate
	}
	return out, err
}

func (k *keeper) SaveGrant(_ context.Context, g Grant) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail == nil {
		k.kept[g.ID] = g
	}
	return k.fail
}

func (k *keeper) DeleteGrant(_ context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, id)
	return k.fail
}

func TestGrantsAreKept(t *testing.T) {
	k := &keeper{kept: map[string]Grant{"old": {ID: "old", Workspace: "/ws", Permission: "bash", Pattern: "ls *"}}}
	g := NewGrants(k)
	ctx := t.Context()
	added, err := g.Add(ctx, Grant{Workspace: "/ws", Permission: "bash", Pattern: "go *"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := g.Add(ctx, Grant{Workspace: "/ws", Permission: "bash", Pattern: "go *"})
	if err != nil || again.ID != added.ID {
		t.Errorf("the same grant twice: %+v, %v", again, err)
	}
	if _, err := g.Add(ctx, Grant{Workspace: "/ws", Session: "s", Permission: "edit", Pattern: "*"}); err != nil {
		t.Fatal(err)
	}
	list, err := g.List(ctx, "/ws")
	if err != nil || len(list) != 3 || k.loads != 1 {
		t.Errorf("%d loads gave %v, %v", k.loads, list, err)
	}
	if len(k.kept) != 2 {
		t.Errorf("kept %v: a session's grant does not belong there", k.kept)
	}
	if err := g.Forget(ctx, "old"); err != nil {
		t.Fatal(err)
	}
	if list, _ := g.List(ctx, "/ws"); len(list) != 2 || list[0].ID != added.ID {
		t.Errorf("left: %v", list)
	}
	if err := g.ForgetAll(ctx, "/ws"); err != nil || len(k.kept) != 0 {
		t.Errorf("kept %v, %v", k.kept, err)
	}
}

func TestGrantsOutliveFailures(t *testing.T) {
	k := &keeper{kept: map[string]Grant{}, fail: errors.New("disk full")}
	g := NewGrants(k)
	added, err := g.Add(t.Context(), Grant{Workspace: "/ws", Permission: "bash", Pattern: "go *"})
	if !errors.Is(err, k.fail) {
		t.Errorf("the failure was lost: %v", err)
	}
	list, err := g.List(t.Context(), "/ws")
	if !errors.Is(err, k.fail) || !slices.Equal(list, []Grant{added}) {
		t.Errorf("got %v, %v", list, err)
	}
	k.fail = nil
	if _, err := g.List(t.Context(), "/ws"); err != nil {
		t.Errorf("the next try failed, too: %v", err)
	}
}

// What is forgotten while a load is under way stays forgotten, and those who wait for the load can give up.
func TestForgetDuringLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{kept: map[string]Grant{"old": {ID: "old", Workspace: "/ws", Permission: "bash", Pattern: "ls *"}}, gate: make(chan struct{})}
		g := NewGrants(k)
		done := make(chan []Grant, 1)
		go func() {
			list, _ := g.List(t.Context(), "/ws")
			done <- list
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.List(ctx, "/ws"); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting came to %v", err)
		}
		if err := g.Forget(t.Context(), "old"); err != nil {
			t.Fatal(err)
		}
		close(k.gate)
		if list := <-done; len(list) != 0 {
			t.Errorf("came back: %v", list)
		}
	})
}

func TestChanged(t *testing.T) {
	g := NewGrants(nil)
	before := g.Changed()
	if _, err := g.Add(t.Context(), Grant{Workspace: "/ws", Permission: "bash", Pattern: "x"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-before:
	default:
		t.Error("nobody was told of the new grant")
	}
	select {
	case <-g.Changed():
		t.Error("a change is told before it happens")
	default:
	}
}
