package workspace

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Contents keeps what files held, each under the hash of its bytes, in a folder that the user alone can read. What nobody has
// saved for keepContents is removed by sweep.
type Contents struct{ dir string }

// keepContents is how long a text is kept after it was last saved.
const keepContents = 7 * 24 * time.Hour

// refresh is how old a kept text must be before saving it again makes it young.
const refresh = 24 * time.Hour

// NewContents returns the texts kept in dir, which is made when the first is saved.
func NewContents(dir string) *Contents { return &Contents{dir: dir} }

// Save keeps text and returns the name by which Load finds it.
func (c *Contents) Save(text []byte) (ref string, err error) {
	sum := sha256.Sum256(text)
	ref = hex.EncodeToString(sum[:])
	path := c.path(ref)
	if info, err := os.Lstat(path); err == nil && info.Size() == int64(len(text)) {
		if now := time.Now(); now.Sub(info.ModTime()) > refresh {
			return ref, os.Chtimes(path, now, now)
		}
		return ref, nil
	}
	if err := c.write(path, text); err != nil {
		return "", fmt.Errorf("keep a copy: %w", err)
	}
	return ref, nil
}

// write makes the file whole or not at all. It is not forced to the medium: a copy that a crash of the machine loses is found
// out by its hash.
func (c *Contents) write(path string, text []byte) error {
	temp := filepath.Join(c.dir, "new-"+rand.Text())
	err := os.WriteFile(temp, text, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return err
		}
		err = os.WriteFile(temp, text, 0o600)
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(filepath.Dir(path), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			err = os.Rename(temp, path)
		}
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// Load returns a text. An error says that it is not there, or not whole, any more.
func (c *Contents) Load(ref string) (string, error) {
	gone := fmt.Errorf("what it held is not kept any more (copies last %d days)", keepContents/(24*time.Hour))
	if sum, err := hex.DecodeString(ref); err != nil || len(sum) != sha256.Size {
		return "", gone
	}
	text, err := os.ReadFile(c.path(ref))
	if err != nil {
		return "", gone
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != ref {
		return "", gone
	}
	return string(text), nil
}

// sweep removes what has not been saved for keepContents.
func (c *Contents) sweep() error {
	limit := time.Now().Add(-keepContents)
	return filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			return nil
		}
		if info, err := d.Info(); err == nil && info.ModTime().Before(limit) {
			return os.Remove(path)
		}
		return nil
	})
}

// path spreads the texts over folders by their first byte.
func (c *Contents) path(ref string) string { return filepath.Join(c.dir, ref[:2], ref[2:]) }
