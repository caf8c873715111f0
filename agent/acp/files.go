package acp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// files are the session's files as the client shows them. ACP tells nothing of buffers; a file is asked for at the moment of
// use. What the client answers may be a buffer that the user has changed, or one that has not noticed yet that the disk has
// changed (Zed shows that for a moment after a shell command, zed#49162): what a clean buffer would show tells them apart.
type files struct {
	one *session
	ws  *workspace.Workspace

	mu       sync.Mutex
	folders  []string // as the client names them
	linked   []linked
	id       string              // of the session; until it is known nobody is asked
	clean    map[string]string   // what a clean buffer shows, as a sum, by path
	form     map[string]lineForm // how the client shows a file's line ends; none for a file that it did not show
	versions map[string]int32
	edited   map[string]string // files whose edit is not on disk yet: what the disk held, as a sum
}

// lineForm is how the text of the client differs from that of the disk: Zed's buffers have "\n" alone, and no mark.
type lineForm struct{ lf, noMark bool }

const mark = "\ufeff"

// askWithin bounds how long a client may take for a file: it answers without its user. graceWithin bounds it once the user has
// cancelled what the file is for, where the outcome must be known all the same.
const (
	askWithin   = 10 * time.Second
	graceWithin = time.Second
)

// lingering is ctx for what must not be broken off: it ends after askWithin, or graceWithin after ctx does.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(graceWithin, cancel) })
	return own, func() { stop(); cancel() }
}

// linked is a folder of the client's that a symlink leads to: the client knows the files in it by no other name.
type linked struct{ root, given string }

func newFiles(one *session, ws *workspace.Workspace, given []string) *files {
	f := &files{one: one, ws: ws, clean: map[string]string{}, form: map[string]lineForm{}, versions: map[string]int32{}, edited: map[string]string{}}
	f.setFolders(given)
	if one.server.client.FS.Read {
		ws.Consult(f.look)
	}
	return f
}

// setFolders takes the client's folders, and reports whether they are others than before.
func (f *files) setFolders(given []string) bool {
	f.mu.Lock()
	same := slices.Equal(f.folders, given)
	f.mu.Unlock()
	if same {
		return false
	}
	var links []linked
	for _, dir := range given {
		if p, err := f.ws.Resolve(dir); err == nil && p.Abs != filepath.Clean(dir) {
			links = append(links, linked{p.Abs, filepath.Clean(dir)})
		}
	}
	f.ws.SetRoots(given...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.folders, f.linked = given, links
	return true
}

// theirs is the name that the client has for a file.
func (f *files) theirs(path string) string {
	f.mu.Lock()
	links := f.linked
	f.mu.Unlock()
	for _, l := range links {
		if rel, err := filepath.Rel(l.root, path); err == nil && filepath.IsLocal(rel) {
			return filepath.Join(l.given, rel)
		}
	}
	return path
}

// named gives what a call shows the client's names.
func (f *files) named(t toolCall) toolCall {
	for i := range t.Locations {
		t.Locations[i].Path = f.theirs(t.Locations[i].Path)
	}
	for i := range t.Content {
		if t.Content[i].Type == "diff" {
			t.Content[i].Path = f.theirs(t.Content[i].Path)
		}
	}
	return t
}

// begin names the session, from where on files are asked for.
func (f *files) begin(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id = id
}

func (f *files) session() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id
}

// dir is the workspace's first root.
func (f *files) dir() string { return f.ws.Roots()[0] }

// ours reports whether a file is one of the client's project.
func (f *files) ours(path string) bool {
	p, err := f.ws.Resolve(path)
	return err == nil && p.Inside()
}

// sum stands for a text, as [workspace.Contents] names it; absent for a file that there is not.
func sum(file workspace.File) string {
	if !file.Exists {
		return "absent"
	}
	h := sha256.Sum256([]byte(file.Text))
	return hex.EncodeToString(h[:])
}

// look asks the client for a file, until ctx ends, and opens or closes its buffer in the workspace. A client that refuses does
// not have the file; where it does not answer, or says anything else, nobody knows what it shows.
func (f *files) look(ctx context.Context, path string) error {
	id := f.session()
	if id == "" || !f.ours(path) {
		return nil
	}
	disk, err := f.ws.OnDisk(path)
	if err != nil || disk.Editable() != nil {
		return nil // no text that a client could show; Read says what it is
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	defer context.AfterFunc(f.one.ctx, cancel)()
	type contents struct {
		Content *string `json:"content"`
	}
	got, err := call[contents](ctx, f.one.server.conn, "fs/read_text_file", map[string]any{"sessionId": id, "path": f.theirs(path)})
	if err == nil && got.Content == nil {
		err = errors.New("the answer has no content")
	}
	_, refused := errors.AsType[*Error](err)
	switch {
	case err == nil && len(*got.Content) > workspace.MaxFile:
		return &workspace.TooLargeError{Path: path, Size: int64(len(*got.Content))}
	case refused, err == nil && *got.Content == "" && !disk.Exists: // some clients show a file that there is not as an empty one
		f.mu.Lock()
		delete(f.form, path)
		f.mu.Unlock()
		f.ws.Close(path)
	case err != nil:
		return fmt.Errorf("the editor does not say what it shows of %s (%w); try again, or ask the user", f.name(path), err)
	default:
		f.take(disk, *got.Content)
	}
	return nil
}

// shown reports whether the client showed a file when it was last asked.
func (f *files) shown(path string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.form[path]
	return ok
}

// take decides between what the disk holds and what the client shows.
func (f *files) take(disk workspace.File, text string) {
	shown := disk
	shown.Exists = true
	var form lineForm
	shown.Text, form = asOnDisk(text, disk.Text)
	f.mu.Lock()
	f.form[disk.Path] = form
	clean, known := f.clean[disk.Path]
	same := disk.Exists && shown.Text == disk.Text
	if same {
		f.clean[disk.Path] = sum(disk)
	}
	stale := known && sum(shown) == clean && sum(disk) != clean
	if !known && !same {
		f.clean[disk.Path] = sum(disk)
	}
	f.versions[disk.Path]++
	version := f.versions[disk.Path]
	f.mu.Unlock()
	if same || stale {
		f.ws.Close(disk.Path)
		return
	}
	open := false
	f.ws.View(disk.Path, func(b *workspace.Buffer, _ int32) { open = b.String() == shown.Text })
	if !open {
		f.ws.Open(disk.Path, version, shown.Text)
	}
}

// asOnDisk gives the client's text the line ends and the byte order mark that the file has on disk, where the client leaves
// them out of its buffers.
func asOnDisk(text, disk string) (string, lineForm) {
	var form lineForm
	if strings.HasPrefix(disk, mark) && !strings.HasPrefix(text, mark) {
		text, form.noMark = mark+text, true
	}
	if strings.Contains(text, "\r") || !strings.Contains(disk, "\r\n") {
		return text, form
	}
	form.lf = true
	switch ends := strings.Count(disk, "\r\n"); {
	case text == strings.ReplaceAll(disk, "\r\n", "\n"):
		text = disk // also where its line ends differ from each other
	case ends == strings.Count(disk, "\n"):
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text, form
}

// learn takes in what commands did to the disk: a buffer that shows what was there before is not changed but late.
func (f *files) learn(changes []tools.Applied) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		switch {
		case !c.Disk:
		case c.BeforeRef != "":
			f.clean[c.Path] = c.BeforeRef
		default:
			f.clean[c.Path] = sum(workspace.File{Text: c.Before, Exists: !c.Created})
		}
	}
}

// unsaved are the files that the agent edited and that the disk does not show yet.
func (f *files) unsaved(ctx context.Context) []string {
	f.mu.Lock()
	var paths []string
	for path := range f.edited {
		paths = append(paths, path)
	}
	f.mu.Unlock()
	var list []string
	for _, path := range sorted(paths) {
		if f.look(ctx, path) != nil || f.ws.Unsaved(path) {
			list = append(list, path)
			continue
		}
		f.mu.Lock()
		delete(f.edited, path)
		f.mu.Unlock()
	}
	return list
}

// name is a path as the user knows it.
func (f *files) name(path string) string {
	if rel, err := filepath.Rel(f.dir(), path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
