package servers

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/opencode-lsp/opencode-lsp/lsp"
)

// maxDocs is how many documents are open at a server; those that were not looked at for longest are closed.
const maxDocs = 100

type textDocument struct {
	URI     string `json:"uri"`
	Version int32  `json:"version,omitempty"`
}

// look brings the server's documents to the texts that the user sees, the open buffers of its kind among them, and asks for
// the problems of those that are to be examined, which come last: what they depend on is known then.
func (c *client) look(ctx context.Context, paths []string, round int) {
	others := slices.Concat(slices.Sorted(maps.Keys(c.docs)), c.opt.Workspace.OpenPaths())
	others = slices.DeleteFunc(others, func(path string) bool { return slices.Contains(paths, path) })
	for i, path := range slices.Concat(others, paths) {
		d, open := c.docs[path]
		examined := i >= len(others)
		switch {
		case ctx.Err() != nil:
			return
		case !c.config.serves(path), !open && !examined && len(c.docs) >= maxDocs:
			continue
		case examined || !open:
			d.used = round
		}
		c.sync(ctx, path, d, open)
	}
	c.closeOld(ctx)
	for _, path := range paths {
		c.pull(ctx, path)
	}
}

// sync brings one document to its present text.
func (c *client) sync(ctx context.Context, path string, d doc, open bool) {
	file, err := c.opt.Workspace.Read(ctx, path)
	if err != nil || !file.Exists || file.Editable() != nil {
		if open {
			c.drop(ctx, path)
		}
		return
	}
	changed := !open || d.Text != file.Text
	if changed {
		d.version++
	}
	d.File = file
	c.mu.Lock()
	c.docs[path] = d
	c.mu.Unlock()
	at := textDocument{lsp.URIOf(path), d.version}
	switch {
	case !open:
		c.notify(ctx, "textDocument/didOpen", map[string]any{"textDocument": map[string]any{
			"uri": at.URI, "version": d.version, "languageId": languageOf(path), "text": d.Text,
		}})
	case changed:
		c.notify(ctx, "textDocument/didChange", map[string]any{"textDocument": at, "contentChanges": []map[string]string{{"text": d.Text}}})
		if c.saves && !c.opt.Workspace.Unsaved(path) {
			c.notify(ctx, "textDocument/didSave", map[string]any{"textDocument": textDocument{URI: at.URI}})
		}
	}
}

func (c *client) notify(ctx context.Context, method string, params any) {
	if err := c.rpc.Notify(ctx, method, params); err != nil {
		logger().Infof("%s: %s: %s", c.config.Name, method, err)
	}
}

// drop closes a document.
func (c *client) drop(ctx context.Context, path string) {
	c.mu.Lock()
	delete(c.docs, path)
	c.mu.Unlock()
	delete(c.results, path)
	c.notify(ctx, "textDocument/didClose", map[string]any{"textDocument": textDocument{URI: lsp.URIOf(path)}})
}

func (c *client) closeOld(ctx context.Context) {
	if len(c.docs) <= maxDocs {
		return
	}
	paths := slices.SortedFunc(maps.Keys(c.docs), func(a, b string) int { return cmp.Compare(c.docs[a].used, c.docs[b].used) })
	for _, path := range paths[:len(paths)-maxDocs] {
		c.drop(ctx, path)
	}
}

// published takes what a server says by itself. What is about an older text than it was given since is passed over: it will
// speak again.
func (c *client) published(params json.RawMessage) {
	var p struct {
		URI         string          `json:"uri"`
		Version     *int32          `json:"version"`
		Diagnostics json.RawMessage `json:"diagnostics"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	path, err := lsp.PathOf(p.URI)
	if err != nil {
		return
	}
	d, open := c.doc(path)
	if !open || p.Version == nil || *p.Version >= d.version {
		c.tell(path, p.Diagnostics, d, open)
	}
}

func (c *client) doc(path string) (doc, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, open := c.docs[path]
	return d, open
}

// tell keeps what the server says of a file of the workspace: of the document that it has, else of what is on disk.
func (c *client) tell(path string, list json.RawMessage, d doc, open bool) {
	where, err := c.opt.Workspace.Resolve(path)
	if err != nil || !where.Inside() {
		return // a library's
	}
	if !open {
		if d.File, err = c.opt.Workspace.OnDisk(path); err != nil {
			return
		}
	}
	positions, _ := c.agreed()
	problems, err := lsp.ReadProblems(list, d.Text, positions)
	if err != nil {
		logger().Infof("%s: %s", c.config.Name, err)
		return
	}
	for i := range problems {
		problems[i].Source = cmp.Or(problems[i].Source, c.config.Name)
	}
	c.opt.Workspace.TellOf(c.feed(), d.File, problems)
}

// pull is the answer to a request for a file's problems.
type pull struct {
	Kind     string          `json:"kind"`
	ResultID string          `json:"resultId"`
	Items    json.RawMessage `json:"items"`
	Related  map[string]pull `json:"relatedDocuments"`
}

// pull asks for a file's problems, where the server wants to be asked.
func (c *client) pull(ctx context.Context, path string) {
	d, open := c.docs[path]
	if _, asked := c.agreed(); !open || !asked {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pullWithin)
	defer cancel()
	params := map[string]any{"textDocument": textDocument{URI: lsp.URIOf(path)}}
	if id := c.results[path].ResultID; id != "" {
		params["previousResultId"] = id
	}
	var answer pull
	if err := c.rpc.Call(ctx, "textDocument/diagnostic", params, &answer); err != nil {
		logger().Infof("%s: problems of %s: %s", c.config.Name, path, err)
		return
	}
	if answer.Kind == "unchanged" {
		answer.Items = c.results[path].Items
	}
	c.results[path] = pull{ResultID: answer.ResultID, Items: answer.Items}
	c.tell(path, orEmpty(answer.Items), d, true)
	for uri, r := range answer.Related {
		if other, err := lsp.PathOf(uri); err == nil && r.Kind != "unchanged" {
			d, open := c.docs[other]
			c.tell(other, orEmpty(r.Items), d, open)
		}
	}
}

func orEmpty(list json.RawMessage) json.RawMessage {
	if len(list) == 0 {
		return json.RawMessage("[]")
	}
	return list
}
