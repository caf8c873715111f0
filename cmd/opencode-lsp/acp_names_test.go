package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The client names a folder by a symlink: it knows its files by no other name.
func TestACPLinkedFolder(t *testing.T) {
	inACP(t, map[string]string{"a.txt": "one\ntwo\n"}, "\ncall edit {\"filePath\":\"a.txt\",\"oldString\":\"two\",\"newString\":\"2\"}\n\nDone.\n", func(t *testing.T, c *acpClient) {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(c.dir, link); err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{"fs/read_text_file", "fs/write_text_file"} {
			c.answers[method] = func(params json.RawMessage) (any, error) {
				var p acpFileParams
				if json.Unmarshal(params, &p); !strings.HasPrefix(p.Path, link) {
					return nil, &acpError{-32602, p.Path + " is in no project"}
				}
				return c.usual(method)(params)
			}
		}
		path := filepath.Join(link, "a.txt")
		c.buffers[path] = "one mine\ntwo\n"
		c.choose("once")
		c.dir = link
		c.must("session/prompt", acpText(c.start("read", "write"), "x"))
		if got := c.buffers[path]; got != "one mine\n2\n" {
			t.Errorf("buffer %q; the model was told %q", got, c.told())
		}
		if ask := stringOf(c.requests("session/request_permission")); strings.Count(ask, path) != 2 {
			t.Errorf("the question names the place and the diff otherwise: %s", ask)
		}
		if got := c.story(); !strings.Contains(got, "completed diff DIR/a.txt") {
			t.Errorf("the result names the file otherwise: %s", got)
		}
	})
}

// A client that takes writes but does not say what it shows of a file: no buffer is written over.
func TestACPUnseenBuffer(t *testing.T) {
	for name, can := range map[string][]string{"writes only": {"write"}, "fails to read": {"read", "write"}} {
		t.Run(name, func(t *testing.T) {
			inACP(t, map[string]string{"a.txt": "old\n"}, `
call edit {"filePath":"a.txt","oldString":"old","newString":"new"}
call write {"filePath":"b.txt","content":"made\n"}

Done.
`, func(t *testing.T, c *acpClient) {
				path := filepath.Join(c.dir, "a.txt")
				c.buffers[path] = "typed\nold\n"
				c.answers["fs/read_text_file"] = func(json.RawMessage) (any, error) { return nil, &acpError{-32603, "internal error"} }
				c.choose("once", "once")
				c.must("session/prompt", acpText(c.start(can...), "x"))
				if c.buffers[path] != "typed\nold\n" || c.onDisk("a.txt") != "new\n" {
					t.Errorf("buffer %q, disk %q", c.buffers[path], c.onDisk("a.txt"))
				}
				if n := len(c.requests("fs/write_text_file")); n != 1 || c.onDisk("b.txt") != "made\n" {
					t.Errorf("%d writes through the client; the new file holds %q", n, c.onDisk("b.txt"))
				}
			})
		})
	}
}

// A client that does not answer for its buffers: a search that is cancelled asks for no more of them.
func TestACPSearchStops(t *testing.T) {
	inACP(t, map[string]string{"a": "1\n", "b": "1\n", "c": "1\n"}, `
call read {"filePath":"a"}
call read {"filePath":"b"}
call read {"filePath":"c"}

call grep {"pattern":"mine"}
`, func(t *testing.T, c *acpClient) {
		c.answers["fs/read_text_file"] = func(json.RawMessage) (any, error) {
			if len(c.requests("fs/read_text_file")) > 3 {
				time.Sleep(time.Minute)
			}
			return map[string]string{"content": "mine\n"}, nil
		}
		session := c.start("read")
		answer := c.begin("session/prompt", acpText(session, "x"))
		synctest.Wait()
		c.notify("session/cancel", map[string]any{"sessionId": session})
		<-answer
		if n := len(c.requests("fs/read_text_file")); n != 4 {
			t.Errorf("the client was asked for %d files", n)
		}
		time.Sleep(time.Hour) // until the last late answer
	})
}
