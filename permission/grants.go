package permission

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Grant is one remembered "always".
type Grant struct {
	ID         string    `json:"id"`
	Workspace  string    `json:"workspace"`
	Session    string    `json:"session,omitempty"` // set: the grant ends with that session
	Permission string    `json:"permission"`
	Pattern    string    `json:"pattern"`
	Created    time.Time `json:"created"`
}

// covers reports whether the grant permits the item: only real names count, and only what any allow rule may permit.
func (g Grant) covers(it Item) bool {
	return it.Strictness == ByRule && g.Permission == it.Permission && matcher{Item: it}.allows(g.Pattern)
}

// Settle returns the verdicts that still ask when the grant has been heard.
func (g Grant) Settle(asks []Verdict) []Verdict {
	var open []Verdict
	for _, v := range asks {
		if v.Narrowed || !g.covers(v.Item) {
			open = append(open, v)
		}
	}
	return open
}

// same reports whether two grants say the same thing.
func (g Grant) same(o Grant) bool {
	return g.Workspace == o.Workspace && g.Session == o.Session && g.Permission == o.Permission && g.Pattern == o.Pattern
}

// Keeper keeps grants beyond the process; agent/store implements it. Grants of a session never reach it.
type Keeper interface {
	LoadGrants(ctx context.Context, workspace string) ([]Grant, error)
	SaveGrant(ctx context.Context, g Grant) error
	DeleteGrant(ctx context.Context, id string) error
}

// Grants are the remembered answers of all workspaces. It is safe for concurrent use; what the Keeper holds for a
// workspace is read when the workspace is first asked about.
type Grants struct {
	keeper Keeper // nil: memory only

	mu      sync.Mutex // guards what follows; never held over the keeper's work
	list    []Grant
	loads   map[string]chan struct{} // by workspace: closed when its load has ended
	gone    map[string]bool          // forgotten ids, so that a load under way does not bring them back
	changed chan struct{}
}

// NewGrants returns the grants that k keeps; without a Keeper they live in memory.
func NewGrants(k Keeper) *Grants {
	return &Grants{keeper: k, loads: map[string]chan struct{}{}, gone: map[string]bool{}, changed: make(chan struct{})}
}

// List returns the workspace's grants, those of its sessions included, oldest first. With an error it still returns
// those in memory.
func (g *Grants) List(ctx context.Context, workspace string) ([]Grant, error) {
	err := g.load(ctx, workspace)
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Grant
	for _, gr := range g.list {
		if gr.Workspace == workspace {
			out = append(out, gr)
		}
	}
	return out, err
}

// Add remembers a grant and returns it with its ID and time. One that is there already is returned as it is. The grant
// holds in this process even where the Keeper fails.
func (g *Grants) Add(ctx context.Context, gr Grant) (Grant, error) {
	loadErr := g.load(ctx, gr.Workspace)
	if old, ok := g.insert(&gr); !ok {
		return old, loadErr
	}
	if gr.Session != "" || g.keeper == nil {
		return gr, nil
	}
	if err := g.keeper.SaveGrant(ctx, gr); err != nil {
		return gr, fmt.Errorf("save grant %s %q: %w", gr.Permission, gr.Pattern, err)
	}
	return gr, nil
}

// insert puts the grant into the list unless the same one is there, which it then returns.
func (g *Grants) insert(gr *Grant) (Grant, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.IndexFunc(g.list, gr.same); i >= 0 {
		return g.list[i], false
	}
	if gr.ID == "" {
		gr.ID = strings.ToLower(rand.Text()[:8])
	}
	if gr.Created.IsZero() {
		gr.Created = time.Now()
	}
	g.list = append(g.list, *gr)
	g.notify()
	return *gr, true
}

// Forget drops one grant, here and in the Keeper.
func (g *Grants) Forget(ctx context.Context, id string) error {
	g.drop(id)
	if g.keeper == nil {
		return nil
	}
	if err := g.keeper.DeleteGrant(ctx, id); err != nil {
		return fmt.Errorf("forget grant %s: %w", id, err)
	}
	return nil
}

func (g *Grants) drop(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone[id] = true
	n := len(g.list)
	if g.list = slices.DeleteFunc(g.list, func(gr Grant) bool { return gr.ID == id }); len(g.list) != n {
		g.notify()
	}
}

// ForgetAll drops every grant of a workspace.
func (g *Grants) ForgetAll(ctx context.Context, workspace string) error {
	list, err := g.List(ctx, workspace)
	errs := []error{err}
	for _, gr := range list {
		errs = append(errs, g.Forget(ctx, gr.ID))
	}
	return errors.Join(errs...)
}

// Changed is closed at the next change of any grant.
func (g *Grants) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// notify wakes those who wait on Changed; g.mu is held.
func (g *Grants) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// load reads a workspace's grants once. Those who come meanwhile wait for the first; after a failure the next tries anew.
func (g *Grants) load(ctx context.Context, workspace string) error {
	if g.keeper == nil {
		return nil
	}
	g.mu.Lock()
	done, running := g.loads[workspace]
	if !running {
		done = make(chan struct{})
		g.loads[workspace] = done
	}
	g.mu.Unlock()
	if running {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	list, err := g.keeper.LoadGrants(ctx, workspace)
	g.loaded(workspace, list, err)
	close(done)
	if err != nil {
		return fmt.Errorf("load grants: %w", err)
	}
	return nil
}

// loaded takes in what the Keeper had, or clears the way for another try.
func (g *Grants) loaded(workspace string, list []Grant, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		delete(g.loads, workspace)
		return
	}
	for _, gr := range list {
		if !g.gone[gr.ID] && !slices.ContainsFunc(g.list, gr.same) {
			g.list = append(g.list, gr)
		}
	}
	slices.SortStableFunc(g.list, func(a, b Grant) int { return a.Created.Compare(b.Created) })
	if len(list) > 0 {
		g.notify()
	}
}
