package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// partInput is a part of a prompt: "text", "file", "agent" or "subtask".
type partInput struct {
	Type        string `json:"type"`
	Text        string `json:"text,omitempty"`
	Synthetic   bool   `json:"synthetic,omitempty"`
	Ignored     bool   `json:"ignored,omitempty"`
	Mime        string `json:"mime,omitempty"`
	Filename    string `json:"filename,omitempty"`
	URL         string `json:"url,omitempty"`
	Name        string `json:"name,omitempty"`
	Prompt      string `json:"prompt,omitempty"`
	Description string `json:"description,omitempty"`
	Agent       string `json:"agent,omitempty"`
}

// attach puts parts into a prompt.
func (a *API) attach(p *agent.Prompt, parts []partInput) error {
	var texts []string
	for i, in := range parts {
		var err error
		switch in.Type {
		case "text":
			switch {
			case in.Ignored:
			case in.Synthetic:
				p.Context += "\n" + in.Text
			default:
				texts = append(texts, in.Text)
			}
		case "file":
			err = a.attachFile(p, in)
		case "agent":
			p.Attached = append(p.Attached, agent.Piece{Text: fmt.Sprintf("\n\nCall the task tool with the agent %s for this.", in.Name)})
		case "subtask":
			err = attachCall(p, "\n\nThe report of a task:\n", "task", map[string]any{"description": in.Description, "prompt": in.Prompt, "subagent_type": in.Agent})
		default:
			err = badRequest("Payload", "parts[%d].type is %q; give text, file, agent or subtask", i, shown(in.Type))
		}
		if err != nil {
			return err
		}
	}
	if len(texts) > 0 {
		p.Text = strings.Join(texts, "\n")
	}
	if strings.TrimSpace(p.Text) == "" && len(p.Attached) == 0 && len(p.Files) == 0 {
		return badRequest("Payload", "the prompt is empty; say what to do")
	}
	return nil
}

// attachCall attaches the result of a tool call, which passes the gate when the turn runs.
func attachCall(p *agent.Prompt, head, tool string, arguments map[string]any) error {
	data, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	p.Attached = append(p.Attached, agent.Piece{Text: head, Call: &tools.Call{Name: tool, Arguments: string(data)}})
	return nil
}

// attachFile attaches a file: one of the workspace by a call of the tool read, pictures and PDFs as they come, other text as
// text.
func (a *API) attachFile(p *agent.Prompt, in partInput) error {
	u, err := url.Parse(in.URL)
	switch {
	case err == nil && u.Scheme == "file":
		return a.attachPath(p, u)
	case strings.HasPrefix(in.URL, "data:"):
		return attachData(p, in)
	}
	return badRequest("Payload", "a file's url is neither a file: nor a data: URL; send its content")
}

func (a *API) attachPath(p *agent.Prompt, u *url.URL) error {
	path := filepath.FromSlash(u.Path)
	if len(path) > 1 && filepath.VolumeName(path[1:]) != "" { // file:///C:/x
		path = path[1:]
	}
	if u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return badRequest("Payload", "a file's url names no local file; give file:///path")
	}
	arguments := map[string]any{"filePath": path}
	start, _ := strconv.Atoi(u.Query().Get("start"))
	end, _ := strconv.Atoi(u.Query().Get("end"))
	if start > 0 {
		arguments["offset"] = start
		if end >= start {
			arguments["limit"] = end - start + 1
		}
	}
	if err := attachCall(p, fmt.Sprintf("\n\n<file path=%q>\n", path), "read", arguments); err != nil {
		return err
	}
	p.Attached = append(p.Attached, agent.Piece{Text: "\n</file>"})
	return nil
}

// attachData attaches the content of a data URL.
func attachData(p *agent.Prompt, in partInput) error {
	head, body, ok := strings.Cut(strings.TrimPrefix(in.URL, "data:"), ",")
	if !ok {
		return badRequest("Payload", "a file's data: URL has no content")
	}
	mime, encoded := strings.CutSuffix(head, ";base64")
	data := []byte(body)
	var err error
	if encoded {
		data, err = base64.StdEncoding.DecodeString(body)
	} else if plain, e := url.PathUnescape(body); e == nil {
		data = []byte(plain)
	}
	if err != nil {
		return badRequest("Payload", "a file's data: URL is not base64; encode it anew")
	}
	mime, _, _ = strings.Cut(mime, ";")
	switch {
	case strings.HasPrefix(mime, "image/"), mime == "application/pdf":
		p.Files = append(p.Files, tools.Attachment{Name: in.Filename, MIME: mime, Data: data})
	case strings.HasPrefix(mime, "text/"), mime == "application/json", mime == "":
		text := strings.ToValidUTF8(string(data), "\uFFFD")
		p.Attached = append(p.Attached, agent.Piece{Text: fmt.Sprintf("\n\n<file path=%q>\n%s\n</file>", in.Filename, text)})
	default:
		return badRequest("Payload", "a file of type %q cannot be attached; send text, a picture or a PDF", shown(mime))
	}
	return nil
}
