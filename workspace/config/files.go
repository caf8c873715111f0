package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds a file that settings are read from.
const maxFile = 1 << 20

// readRegular reads a regular file of bounded size.
func readRegular(path string) ([]byte, error) {
	return readLimited(path, os.Stat, func(path string) (fs.File, error) { return os.Open(path) })
}

func readLimited(path string, stat func(string) (fs.FileInfo, error), open func(string) (fs.File, error)) ([]byte, error) {
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would make us wait
		return nil, errors.New("it is no regular file")
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return data, err
}

// ownFile returns an error where somebody else than the user and the administrator could have written a file: who owns
// it, or who may write it or put another in its place.
func ownFile(path string) error {
	for _, name := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		if err := own(info); err != nil {
			return fmt.Errorf("%s %w; make it yours alone (chown, chmod go-w)", filepath.Base(name), err)
		}
	}
	return nil
}
