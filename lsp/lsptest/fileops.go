package lsptest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// createFile makes an empty file, as editors do at once and on disk.
func (e *Editor) createFile(c documentChange) error {
	path, err := filePath(c.URI)
	if err != nil {
		return err
	}
	_, statErr := os.Stat(path)
	switch {
	case statErr == nil && c.Options.IgnoreIfExists && !c.Options.Overwrite:
		return nil
	case statErr == nil && !c.Options.Overwrite:
		e.complain("CreateFile of %s, which exists, without ignoreIfExists: Neovim and Helix would empty it", path)
		return fmt.Errorf("%s exists", path)
	case e.opt.Behaviour.LazyCreate && c.Options.IgnoreIfExists:
		return e.load(path, true)
	}
	if err := write(path, ""); err != nil {
		return err
	}
	return e.load(path, true)
}

// renameFile renames on disk; an open buffer follows as a closed and an opened one.
func (e *Editor) renameFile(c documentChange) error {
	from, err := filePath(c.OldURI)
	if err != nil {
		return err
	}
	to, err := filePath(c.NewURI)
	if err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil && !c.Options.Overwrite {
		return fmt.Errorf("%s exists", to)
	}
	text, open := e.Buffer(from)
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.Rename(from, to)); err != nil || !open {
		return err
	}
	if err := errors.Join(e.CloseFile(from), e.load(to, true)); err != nil {
		return err
	}
	now, _ := e.Buffer(to)
	if now == text {
		return nil
	}
	return e.Edit(to, 0, len(now), text)
}

// deleteFile removes a file; Neovim and VS Code throw its buffer away too.
func (e *Editor) deleteFile(c documentChange) error {
	path, err := filePath(c.URI)
	if err != nil {
		return err
	}
	if _, open := e.Buffer(path); open {
		if err := e.CloseFile(path); err != nil {
			return err
		}
	}
	return os.Remove(path)
}
