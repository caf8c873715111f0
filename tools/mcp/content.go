package mcp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// block is one piece of content of any kind.
type block struct {
	Type     string   `json:"type"`
	Text     string   `json:"text"`
	Data     string   `json:"data"`
	MIMEType string   `json:"mimeType"`
	URI      string   `json:"uri"`
	Name     string   `json:"name"`
	Resource contents `json:"resource"`
}

// contents are those of one resource, as text or as base64.
type contents struct {
	URI      string `json:"uri"`
	MIMEType string `json:"mimeType"`
	Text     string `json:"text"`
	Blob     string `json:"blob"`
}

// maxFiles bounds the images and PDFs that go along with one answer, in bytes.
const maxFiles = 10 << 20

// gathering puts the pieces of an answer together: its text, and the images and PDFs that go along with it, up to room bytes.
// What else is no text is named, with its size.
type gathering struct {
	parts []string
	files []tools.Attachment
	room  int
}

func (g *gathering) text() string { return strings.Join(g.parts, "\n") }

func (g *gathering) add(format string, values ...any) {
	g.parts = append(g.parts, fmt.Sprintf(format, values...))
}

func (g *gathering) blocks(raw []json.RawMessage) {
	for _, r := range raw {
		var b block
		if err := json.Unmarshal(r, &b); err != nil {
			g.add("(a piece of the answer cannot be read)")
			continue
		}
		g.block(b)
	}
}

func (g *gathering) block(b block) {
	switch b.Type {
	case "text":
		g.parts = append(g.parts, b.Text)
	case "image", "audio":
		g.data(b.Type, b.MIMEType, b.Data)
	case "resource":
		g.contents(b.Resource)
	case "resource_link":
		g.add("(resource %s: %s)", oneLine(b.Name, 200), oneLine(b.URI, 500))
	default:
		g.add("(content of the unknown type %q)", oneLine(b.Type, 40))
	}
}

func (g *gathering) contents(c contents) {
	if c.Blob == "" {
		g.parts = append(g.parts, c.Text)
		return
	}
	g.data(c.URI, c.MIMEType, c.Blob)
}

// data takes in what is no text. Its bytes say whether a model can be shown it, whatever the server calls it.
func (g *gathering) data(what, mime, text string) {
	shown := "not shown"
	if data, err := base64.StdEncoding.DecodeString(text); err == nil && len(data) <= g.room {
		a, ok, err := tools.AttachData(fmt.Sprintf("%d-%s", len(g.files)+1, oneLine(path.Base(what), 80)), data)
		if ok && err == nil {
			g.files, g.room = append(g.files, a), g.room-len(data)
			shown = "goes along with this result"
		}
	}
	g.add("(%s, %s, %d bytes: %s)", oneLine(what, 500), oneLine(cmp.Or(mime, "of no known type"), 80), decoded(text), shown)
}

// decoded is how many bytes a base64 text stands for.
func decoded(base64 string) int { return len(strings.TrimRight(base64, "=")) * 3 / 4 }
