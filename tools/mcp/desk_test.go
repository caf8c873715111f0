package mcp

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// desk is one workspace's servers with everything that was said to its user.
type desk struct {
	*testing.T
	*Servers
	dir string

	mu   sync.Mutex
	said []string
}

// roots are called by the servers' goroutines.
func (d *desk) roots() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []string{d.dir}
}

func (d *desk) words() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.said, "\n")
}

// serve runs servers by name: a mode of the fake, or a configuration.
func serve(t *testing.T, configs map[string]string) *desk {
	t.Helper()
	d := &desk{T: t, dir: t.TempDir()}
	d.Servers = New(Options{
		Version: "test", Roots: d.roots, Asks: true, Tokens: filepath.Join(d.dir, "tokens"),
		Environ: func() []string { return []string{"PATH=" + os.Getenv("PATH"), "PASSED=1"} },
		Notify: func(text string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.said = append(d.said, text)
		},
	})
	t.Cleanup(d.Close)
	d.configure(configs)
	return d
}

func (d *desk) configure(configs map[string]string) {
	d.Helper()
	raw := map[string]json.RawMessage{}
	for name, config := range configs {
		if !strings.HasPrefix(config, "{") {
			config = fakeConfig(d.T, config, "")
		}
		raw[name] = json.RawMessage(config)
	}
	d.Configure(raw)
	ctx, cancel := context.WithTimeout(d.Context(), 20*time.Second)
	defer cancel()
	d.Ready(ctx, 20*time.Second)
}

// fakeConfig runs this binary as a server with that fault.
func fakeConfig(t *testing.T, mode, more string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command, _ := json.Marshal([]string{self})
	return `{"type":"local","command":` + string(command) + `,"environment":{"` + fakeMode + `":"` + mode + `"}` + more + `}`
}

func (d *desk) env() *tools.Env { return &tools.Env{Spill: filepath.Join(d.dir, "spill")} }

func (d *desk) tool(name string, asker Asker) tools.Tool {
	d.Helper()
	list := d.Tools(Session{Env: d.env(), Asker: asker})
	i := slices.IndexFunc(list, func(t tools.Tool) bool { return t.Name() == name })
	if i < 0 {
		d.Fatalf("no tool %s; status %+v", name, d.Status())
	}
	return list[i]
}

func (d *desk) call(name, args string) (tools.Result, error) {
	d.Helper()
	return d.callWith(d.Context(), Asker{}, name, args, io.Discard)
}

func (d *desk) callWith(ctx context.Context, asker Asker, name, args string, w io.Writer) (tools.Result, error) {
	d.Helper()
	op, err := d.tool(name, asker).Prepare(ctx, json.RawMessage(args))
	if err != nil {
		d.Fatal(err)
	}
	return op.Run(ctx, w)
}

func (d *desk) text(name, args string) string {
	d.Helper()
	r, err := d.call(name, args)
	if err != nil {
		d.Fatal(err)
	}
	return r.Text
}

// until waits for what another process brings about.
func (d *desk) until(what string, is func() bool) {
	d.Helper()
	for deadline := time.Now().Add(15 * time.Second); !is(); {
		if time.Now().After(deadline) {
			d.Fatalf("waited in vain for %s; said %s", what, d.words())
		}
		time.Sleep(5 * time.Millisecond)
	}
}
