package acp

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// maxEmbedded bounds the text of one embedded resource in bytes; the rest can be read.
const maxEmbedded = 256 << 10

// promptBuilder makes one prompt of content blocks.
type promptBuilder struct {
	root   string // of the workspace
	prompt agent.Prompt
	text   strings.Builder
	below  strings.Builder
}

// promptOf makes a prompt of the client's content blocks. What the user typed is its text, links to files are mentions in
// it, which are attached through the same question as if the model read them; what the client embeds goes below, where
// nothing in it stands for anything. An error is the client's fault.
func promptOf(root string, blocks []block) (agent.Prompt, error) {
	b := promptBuilder{root: root}
	for i, c := range blocks {
		if err := b.add(c); err != nil {
			return agent.Prompt{}, invalid("prompt[%d]: %s", i, err)
		}
	}
	b.prompt.Text, b.prompt.Context = b.text.String(), b.below.String()
	if strings.TrimSpace(b.prompt.Text) == "" {
		if len(b.prompt.Files) == 0 {
			return agent.Prompt{}, invalid("prompt is empty")
		}
		b.prompt.Text = "See what is attached."
	}
	return b.prompt, nil
}

func (b *promptBuilder) add(c block) error {
	switch c.Type {
	case "text":
		b.text.WriteString(c.Text)
		return nil
	case "image":
		return b.file(cmp.Or(path.Base(c.URI), "image"), c.MIME, c.Data)
	case "resource_link":
		if c.URI == "" {
			return need("uri", c.URI)
		}
		b.link(c)
		return nil
	case "resource":
		return b.embed(c.Resource)
	case "audio":
		return fmt.Errorf("audio cannot be read; promptCapabilities says so")
	}
	return fmt.Errorf("type %q is not one of text, image, resource_link, resource", c.Type)
}

// file attaches an image or a PDF.
func (b *promptBuilder) file(name, mime, data string) error {
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return fmt.Errorf("data is not base64")
	}
	ends := map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf"}
	end := ends[mime]
	if end == "" {
		return fmt.Errorf("mimeType %q is not one of image/png, image/jpeg, image/gif, image/webp, application/pdf", mime)
	}
	a, ok, err := tools.Attach(strings.TrimSuffix(name, path.Ext(name))+end, string(raw))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("data is not %s", mime)
	}
	b.prompt.Files = append(b.prompt.Files, a)
	return nil
}

// mentionable is a path that "@" takes whole.
var mentionable = regexp.MustCompile("^[^\\s`,@#?!:;)\\]}>\"']+$")

// link names what a link leads to: a file as a mention, anything else by its address.
func (b *promptBuilder) link(c block) {
	file, lines := fileOf(c.URI)
	if file == "" {
		b.word(lifeless(fmt.Sprintf("%s (%s)", oneLine(cmp.Or(c.Name, c.URI)), oneLine(c.URI))))
		return
	}
	if name := b.relative(file); mentionable.MatchString(name) && !strings.HasSuffix(name, ".") {
		b.word("@" + name)
	} else {
		b.word(lifeless(fmt.Sprintf("%q", file)))
	}
	if lines != "" {
		b.text.WriteString(" (" + lines + ")")
	}
}

// mentioned is where a text would name a file or an agent.
var mentioned = regexp.MustCompile("(^|[^\\w`])@")

// lifeless is a word whose parts are not the user's, such as the title of a page: no "@name" or "/name" in it is read as such.
func lifeless(word string) string {
	if strings.HasPrefix(word, "/") {
		word = `"` + word + `"`
	}
	return mentioned.ReplaceAllString(word, "$1`@`")
}

// embed takes a resource whose contents came along.
func (b *promptBuilder) embed(r *resource) error {
	switch {
	case r == nil:
		return fmt.Errorf("resource is missing")
	case r.URI == "":
		return fmt.Errorf("resource.uri is missing")
	case r.Text == nil && r.Blob == nil:
		return fmt.Errorf("resource has neither text nor blob")
	}
	name, lines := oneLine(r.URI), ""
	if file, at := fileOf(r.URI); file != "" {
		name, lines = b.relative(file), at
	}
	b.word(lifeless(strings.TrimSpace(fmt.Sprintf("%q %s", name, lines))))
	if r.Text == nil {
		return b.file(path.Base(r.URI), r.MIME, *r.Blob)
	}
	text := *r.Text
	if len(text) > maxEmbedded {
		text = strings.ToValidUTF8(text[:maxEmbedded], "") + fmt.Sprintf("\n(%d more bytes; read the file for the rest)", len(text)-maxEmbedded)
	}
	fmt.Fprintf(&b.below, "\n\n<file path=%q>\n%s\n</file>", strings.TrimSpace(name+" "+lines), text)
	return nil
}

// word adds a word to the text, apart from what stands before it.
func (b *promptBuilder) word(word string) {
	if s := b.text.String(); s != "" && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\n") {
		b.text.WriteByte(' ')
	}
	b.text.WriteString(word)
}

func (b *promptBuilder) relative(file string) string {
	if rel, err := filepath.Rel(b.root, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return file
}

// fragment is how Zed names lines in the address of a file, counted from 1.
var fragment = regexp.MustCompile(`^L(\d+)(?:[:-]L?(\d+))?$`)

// fileOf is the path that a file's address names with the lines in words, "" for any other address.
func fileOf(uri string) (file, lines string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" || strings.ContainsRune(u.Path, 0) {
		return "", ""
	}
	if m := fragment.FindStringSubmatch(u.Fragment); m != nil {
		lines = "line " + m[1]
		if m[2] != "" && m[2] != m[1] {
			lines = "lines " + m[1] + " to " + m[2]
		}
	}
	file = u.Path
	if runtime.GOOS == "windows" && len(file) > 2 && file[2] == ':' {
		file = file[1:]
	}
	return filepath.Clean(filepath.FromSlash(file)), lines
}

// oneLine is a text for the middle of a line.
func oneLine(text string) string { return permission.Visible(strings.Join(strings.Fields(text), " ")) }
