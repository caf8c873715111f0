package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
)

// at returns a time n seconds after a fixed one, as JSON brings it back.
func at(n int) time.Time { return time.Date(2026, 3, 1, 12, 0, n, 0, time.UTC) }

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func created(session, directory string, n int) agent.Event {
	return agent.Event{Seq: 1, Time: at(n), Type: agent.SessionCreated, SessionID: session, Session: &agent.SessionInfo{
		ID: session, Title: "New session", Directory: directory, Model: "openai/gpt", Agent: "build", Created: at(n), Updated: at(n),
	}}
}

func prompt(session string, seq int64, text string) agent.Event {
	return agent.Event{
		Seq: seq, Time: at(int(seq)), Type: agent.TurnStarted, SessionID: session, Turn: "t1", Prompt: &agent.Prompt{Text: text},
	}
}

func add(t testing.TB, s *Store, session string, events ...agent.Event) {
	t.Helper()
	if err := s.Append(t.Context(), session, events...); err != nil {
		t.Fatal(err)
	}
}

func ids(infos []agent.SessionInfo) []string {
	var all []string
	for _, info := range infos {
		all = append(all, info.ID)
	}
	return all
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	s := open(t, t.TempDir())
	want := []agent.Event{
		created("ses_1", "/w", 0),
		prompt("ses_1", 2, "fix it\x00\u202e \"now\""),
		{Seq: 3, Time: at(3), Type: agent.CallDone, SessionID: "ses_1", Turn: "t1", Result: &agent.CallResult{
			Call: "c1", Name: "edit",
			Result: tools.Result{Text: "ok", Changes: []tools.Applied{{Path: "/w/a", Before: "1", After: "2"}}},
		}},
	}
	add(t, s, "ses_1", want[:1]...)
	add(t, s, "ses_1", want[1:]...)
	got, err := s.Load(t.Context(), "ses_1", 0)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAppendKeepsTheOrder(t *testing.T) {
	for name, tc := range map[string][]agent.Event{
		"gap":           {prompt("ses_1", 3, "x")},
		"again":         {prompt("ses_1", 1, "x")},
		"live event":    {prompt("ses_1", 0, "x")},
		"second of two": {prompt("ses_1", 2, "x"), prompt("ses_1", 2, "y")},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			add(t, s, "ses_1", created("ses_1", "/w", 0))
			if err := s.Append(t.Context(), "ses_1", tc...); err == nil {
				t.Error("accepted")
			}
			if got, err := s.Load(t.Context(), "ses_1", 0); len(got) != 1 || err != nil {
				t.Errorf("%d events stored, %v; want the first alone", len(got), err)
			}
		})
	}
}

func TestList(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, "a", created("a", "/w", 1))
	add(t, s, "b", created("b", "/w", 20))
	add(t, s, "c", created("c", "/other", 30))
	add(t, s, "a", agent.Event{
		Seq: 2, Time: at(40), Type: agent.SessionChanged, SessionID: "a", Session: &agent.SessionInfo{ID: "a", Title: "Fix Add"},
	})
	for directory, want := range map[string][]string{"/w": {"a", "b"}, "": {"a", "c", "b"}, "/none": nil} {
		got, err := s.List(t.Context(), directory)
		if err != nil || !slices.Equal(ids(got), want) {
			t.Errorf("List(%q) = %v, %v; want %v", directory, ids(got), err, want)
		}
	}
	all, _ := s.List(t.Context(), "/w")
	a := all[0]
	if a.Title != "Fix Add" || a.Model != "openai/gpt" || a.Directory != "/w" || !a.Created.Equal(at(1)) || !a.Updated.Equal(at(40)) {
		t.Errorf("changed session = %+v", a)
	}
}

func TestDelete(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, "a", created("a", "/w", 1), prompt("a", 2, "x"))
	add(t, s, "b", created("b", "/w", 1))
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Load(t.Context(), "a", 0)
	for what, err := range map[string]error{"load": err, "delete again": s.Delete(t.Context(), "a")} {
		if !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
	if got, err := s.List(t.Context(), ""); err != nil || !slices.Equal(ids(got), []string{"b"}) {
		t.Errorf("List = %v, %v", ids(got), err)
	}
	if err := s.Append(t.Context(), "a", prompt("a", 3, "x")); err == nil {
		t.Error("a writer of the deleted session goes on")
	}
}

func TestFilesArePrivateAndMadeOnFirstUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space & 100%?#", "data")
	s := open(t, dir)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open made the folder: %v", err)
	}
	add(t, s, "a", created("a", "/w", 1))
	for name, want := range map[string]fs.FileMode{"": 0o700, fileName: 0o600, fileName + "-wal": 0o600, lockDir: 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestFolderOpenToOthersIsClosed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	add(t, open(t, dir), "a", created("a", "/w", 1))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTwoStoresSeeEachOther(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	add(t, one, "a", created("a", "/w", 1))
	add(t, two, "b", created("b", "/w", 2))
	add(t, two, "a", prompt("a", 2, "from the other"))
	got, err := one.Load(t.Context(), "a", 0)
	if err != nil || len(got) != 2 || got[1].Prompt.Text != "from the other" {
		t.Errorf("one sees %v, %v", got, err)
	}
}

// TestFirstUseByMany opens a new file from many stores at once, which SQLite alone answers with SQLITE_BUSY.
func TestFirstUseByMany(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		s := open(t, dir)
		wg.Go(func() {
			id := fmt.Sprint("s", i)
			if err := s.Append(t.Context(), id, created(id, "/w", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := open(t, dir).List(t.Context(), ""); len(got) != 8 || err != nil {
		t.Errorf("%d sessions, %v", len(got), err)
	}
}

func TestManyWritersOfOneStore(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := fmt.Sprint("s", i)
			for seq := range int64(20) {
				if err := s.Append(t.Context(), id, prompt(id, seq+1, "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range 8 {
		if got, err := s.Load(t.Context(), fmt.Sprint("s", i), 0); len(got) != 20 || err != nil {
			t.Errorf("s%d has %d events, %v", i, len(got), err)
		}
	}
}

func TestCloseAndAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, "a", created("a", "/w", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, fileName+"-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the WAL is not folded into the file: %v", err)
	}
	_, lockErr := s.Acquire("a")
	for what, err := range map[string]error{
		"append": s.Append(t.Context(), "a", prompt("a", 2, "x")), "acquire": lockErr, "trust": s.Trust(t.Context(), "/w", "h"),
	} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if got, err := open(t, dir).Load(t.Context(), "a", 0); len(got) != 1 || err != nil {
		t.Errorf("reopened: %v, %v", got, err)
	}
}

func TestGrants(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	first := permission.Grant{ID: "g1", Workspace: "/w", Permission: "bash", Pattern: "go test *", Created: at(1)}
	second := permission.Grant{ID: "g2", Workspace: "/w", Permission: "webfetch", Pattern: "https://go.dev/*", Created: at(2)}
	elsewhere := permission.Grant{ID: "g3", Workspace: "/x", Permission: "bash", Pattern: "*", Created: at(3)}
	for _, g := range []permission.Grant{second, first, elsewhere, first} {
		if err := s.SaveGrant(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	got, err := open(t, dir).LoadGrants(t.Context(), "/w")
	if err != nil || !reflect.DeepEqual(got, []permission.Grant{first, second}) {
		t.Errorf("LoadGrants = %+v, %v", got, err)
	}
	for range 2 { // the second has nothing to do and says nothing
		if err := s.DeleteGrant(t.Context(), "g1"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.LoadGrants(t.Context(), "/w"); err != nil || len(got) != 1 || got[0].ID != "g2" {
		t.Errorf("after DeleteGrant: %+v, %v", got, err)
	}
}

func TestTrust(t *testing.T) {
	s := open(t, t.TempDir())
	check := func(workspace, hash string, ok bool) {
		t.Helper()
		if h, o, err := s.Trusted(t.Context(), workspace); h != hash || o != ok || err != nil {
			t.Errorf("Trusted(%s) = %q, %v, %v; want %q, %v", workspace, h, o, err, hash, ok)
		}
	}
	check("/w", "", false)
	for _, hash := range []string{"h1", "h2"} {
		if err := s.Trust(t.Context(), "/w", hash); err != nil {
			t.Fatal(err)
		}
		check("/w", hash, true)
	}
	check("/x", "", false)
}
