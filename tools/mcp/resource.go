package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// resourceKit is what the resource tools of a session share: the servers that have any.
type resourceKit struct {
	servers map[string]*server
	session Session
}

// resourceTools are OpenCode's tools over the resources of servers.
func resourceTools(servers map[string]*server, session Session) []tools.Tool {
	k := &resourceKit{servers, session}
	names := listed(slices.Sorted(maps.Keys(servers)))
	return []tools.Tool{
		tools.Define("list_mcp_resources", "Lists the resources that MCP servers offer (documents, data), with their URIs. Servers with resources: "+names+".", k.list),
		tools.Define("read_mcp_resource", "Reads one resource of an MCP server, by a URI that list_mcp_resources gave. Servers with resources: "+names+".", k.read),
	}
}

type listResources struct {
	Server string `json:"server,omitempty" jsonschema:"The server; all unless told."`
}

type readResource struct {
	Server string `json:"server" jsonschema:"The server that has the resource."`
	URI    string `json:"uri" jsonschema:"The resource's URI."`
}

// access is what reading of a server touches: OpenCode's name for it. The default rules ask about reads of that name.
func access(tool, subject, server, uri string) permission.Access {
	return permission.Access{
		Tool: tool, Subject: subject,
		Items: []permission.Item{{
			Permission: "read", Values: []string{"mcp:" + server + ":" + uri}, Always: "mcp:" + server + ":*",
		}},
	}
}

func (k *resourceKit) list(_ context.Context, a listResources) (tools.Op, error) {
	servers := k.servers
	if a.Server != "" {
		one, err := k.find(a.Server)
		if err != nil {
			return nil, err
		}
		servers = map[string]*server{a.Server: one}
	}
	names := slices.Sorted(maps.Keys(servers))
	what := access("list_mcp_resources", "the resources of the MCP servers "+oneLine(listed(names), 200), "", "")
	what.Items = nil
	for _, name := range names {
		what.Items = append(what.Items, access("", "", name, "*").Items...)
	}
	return tools.NewOp(what, func(ctx context.Context, _ io.Writer) (tools.Result, error) {
		var b strings.Builder
		for _, name := range names {
			text, err := servers[name].listResources(ctx)
			if err != nil {
				text = err.Error() + "\n"
			}
			fmt.Fprintf(&b, "# %s\n%s", oneLine(name, 80), text)
		}
		return k.result(b.String(), listed(names)), nil
	}), nil
}

func (k *resourceKit) find(name string) (*server, error) {
	if s := k.servers[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no server %q has resources; those that do: %s", name, listed(slices.Sorted(maps.Keys(k.servers))))
}

func (k *resourceKit) result(text, title string) tools.Result {
	short, full := k.session.Env.Cut(permission.Visible(text))
	return tools.Result{Text: short, Full: full, Title: oneLine(title, 100)}
}

func (k *resourceKit) read(_ context.Context, a readResource) (tools.Op, error) {
	s, err := k.find(a.Server)
	if err != nil {
		return nil, err
	}
	if a.URI == "" {
		return nil, errors.New("uri is empty; give one that list_mcp_resources names")
	}
	what := access("read_mcp_resource", fmt.Sprintf("%s of the MCP server %s", a.URI, a.Server), a.Server, a.URI)
	return tools.NewOp(what, func(ctx context.Context, w io.Writer) (tools.Result, error) {
		var got struct {
			Contents []contents `json:"contents"`
		}
		if err := s.call(ctx, w, k.session.Asker, "resources/read", map[string]any{"uri": a.URI}, &got); err != nil {
			return tools.Result{}, err
		}
		g := gathering{room: maxFiles}
		for _, c := range got.Contents {
			g.contents(c)
		}
		result := k.result(g.text(), a.URI)
		result.Attachments = g.files
		return result, nil
	}), nil
}

// listResources are a server's resources and templates, one a line.
func (s *server) listResources(ctx context.Context) (string, error) {
	c, o := s.connected()
	if c == nil {
		return "", s.gone()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.config.patience(), &timeoutError{o.config.patience()})
	defer cancel()
	notes := &offer{}
	raw, err := list(ctx, c, "resources/list", "resources", maxResources, notes)
	if err != nil {
		return "", s.explain(context.WithoutCancel(ctx), c, err)
	}
	templates, err := list(ctx, c, "resources/templates/list", "resourceTemplates", maxResources, notes)
	if err != nil {
		templates = nil // many servers have none, and say so by an error
	}
	var b strings.Builder
	for _, r := range append(raw, templates...) {
		b.WriteString(resourceLine(r))
	}
	for _, note := range notes.notes {
		fmt.Fprintf(&b, "(%s)\n", note)
	}
	return b.String(), nil
}

func resourceLine(raw json.RawMessage) string {
	var r struct {
		URI         string `json:"uri"`
		Template    string `json:"uriTemplate"`
		Name        string `json:"name"`
		Description string `json:"description"`
		MIMEType    string `json:"mimeType"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return "(one that cannot be read)\n"
	}
	line := oneLine(cmp.Or(r.URI, r.Template), 500) + "  " + oneLine(r.Name, 100)
	for _, more := range []string{oneLine(r.MIMEType, 80), oneLine(r.Description, 200)} {
		if more != "" {
			line += "  " + more
		}
	}
	return line + "\n"
}
