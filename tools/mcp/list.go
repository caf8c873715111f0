package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// Bounds of what one server may offer. Providers take 128 tools in a request.
const (
	maxTools     = 128
	maxPrompts   = 200
	maxResources = 1000
	maxPages     = 1000 // OpenCode's
)

// offer is what a server lists. It does not change.
type offer struct {
	tools     []toolInfo
	prompts   []Prompt
	resources bool
	notes     []string // what is left out, and why
	config    Config
}

func (o *offer) note(format string, args ...any) {
	o.notes = append(o.notes, fmt.Sprintf(format, args...))
}

// list asks the server for everything that it says it has, within connectTimeout. Only where it has tools and cannot list
// them is that an error.
func (c *connection) list(ctx context.Context, config Config) (*offer, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	o := &offer{config: config}
	if c.capable.Tools != nil {
		raw, err := list(ctx, c, "tools/list", "tools", maxTools, o)
		if err != nil {
			return nil, fmt.Errorf("it cannot list its tools: %w", slow(ctx, err))
		}
		o.tools = o.readTools(raw)
	}
	if c.capable.Prompts != nil {
		raw, err := list(ctx, c, "prompts/list", "prompts", maxPrompts, o)
		if err != nil {
			o.note("it cannot list its prompts: %s", slow(ctx, err))
		}
		o.prompts = o.readPrompts(raw)
	}
	o.resources = c.capable.Resources != nil
	return o, c.alive(ctx)
}

// slow names a time limit that ended ctx.
func slow(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errSlow
	}
	return err
}

// alive is why the connection was lost, nil where it was not.
func (c *connection) alive(ctx context.Context) error {
	select {
	case <-c.lost:
		return c.why()
	default:
		return ctx.Err()
	}
}

// list is all pages of a list, up to most entries. A server that goes round in circles, or has more, is noted.
func list(ctx context.Context, c *connection, method, key string, most int, o *offer) ([]json.RawMessage, error) {
	var all []json.RawMessage
	seen := map[string]bool{}
	for cursor := ""; ; {
		page := map[string]json.RawMessage{}
		params := map[string]any{}
		if cursor != "" {
			params["cursor"] = cursor
		}
		if err := c.request(ctx, method, params, &page); err != nil {
			return nil, err
		}
		var some []json.RawMessage
		if err := json.Unmarshal(page[key], &some); err != nil {
			return nil, fmt.Errorf("its answer to %s holds no list of %s", method, key)
		}
		all = append(all, some...)
		next := ""
		if raw := page["nextCursor"]; len(raw) > 0 && json.Unmarshal(raw, &next) != nil {
			return nil, fmt.Errorf("its answer to %s has a cursor that is no string", method)
		}
		switch {
		case len(all) > most || len(seen) > maxPages:
			o.note("it lists more than %d %s; the others are left out", min(len(all), most), key)
			return all[:min(len(all), most)], nil
		case next == "":
			return all, nil
		case seen[next]:
			o.note("its list of %s goes round in circles; the first %d are used", key, len(all))
			return all, nil
		}
		seen[next] = true
		cursor = next
	}
}

// request makes one request and reads the answer into result.
func (c *connection) request(ctx context.Context, method string, params, result any) error {
	id := mcp.NewRequestId(c.ids.Add(1))
	got, err := c.wire.SendRequest(ctx, transport.JSONRPCRequest{JSONRPC: mcp.JSONRPC_VERSION, ID: id, Method: method, Params: params})
	switch {
	case ctx.Err() != nil:
		c.cancelled(ctx, id)
		return context.Cause(ctx)
	case err != nil:
		return err
	case got.Error != nil:
		return &serverError{code: got.Error.Code, text: got.Error.Message}
	}
	if err := json.Unmarshal(got.Result, result); err != nil {
		return fmt.Errorf("its answer to %s is none: %w", method, err)
	}
	return nil
}

// cancelled tells the server that nobody waits for an answer any more. Over HTTP the end of the request says so.
func (c *connection) cancelled(ctx context.Context, id mcp.RequestId) {
	if _, http := c.wire.(transport.HTTPConnection); http {
		return
	}
	var n mcp.JSONRPCNotification
	n.JSONRPC, n.Method = mcp.JSONRPC_VERSION, string(mcp.MethodNotificationCancelled)
	n.Params.AdditionalFields = map[string]any{"requestId": id, "reason": "nobody waits for it any more"}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if err := c.wire.SendNotification(ctx, n); err != nil {
		logger().Debugf("%s: cancel: %s", c.name, err)
	}
}

// serverError is an error that a server answered.
type serverError struct {
	code int
	text string
}

func (e *serverError) Error() string {
	return fmt.Sprintf("the server answers %q (%d)", bounded(e.text, 500), e.code)
}
