package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
)

// passwordVariable holds the server's password, as OpenCode's does.
const passwordVariable = "OPENCODE_SERVER_PASSWORD"

// takePassword reads the password and takes it out of the environment, so that nothing that this process starts can have it.
func (p *program) takePassword() string {
	password := p.getenv(passwordVariable)
	if password == "" || os.Getenv(passwordVariable) != password { // none, or a test's
		return password
	}
	os.Unsetenv(passwordVariable)
	if len(password) < minSecret {
		return password // it would be found everywhere, and is refused
	}
	if err := scrubEnviron(password); err != nil {
		logger().Noticef("the kernel's copy of the environment keeps the password: %s", err)
	}
	return password
}

// serverSecret is the password with where it is from.
type serverSecret struct {
	password string
	path     string // of the file that was made for it, "" for none
	source   string // of the file that it is read from, "" for none
}

// serverSecret finds the password: made, from a file, or from the environment.
func (p *program) serverSecret(o serveOptions) (*serverSecret, error) {
	switch {
	case o.generate:
		s := &serverSecret{}
		return s, s.make(p.dirs.serverPasswords())
	case o.passwordFile != "":
		s := &serverSecret{source: o.passwordFile}
		return s, s.read()
	}
	switch n := utf8.RuneCountInString(p.password); {
	case n == 0:
		return nil, usageError("no password: set %s (%d characters or more), or let --generate-password make one", passwordVariable, httpapi.MinPassword)
	case n < httpapi.MinPassword:
		return nil, usageError("the password in %s has fewer than %d characters; --generate-password makes a good one", passwordVariable, httpapi.MinPassword)
	}
	return &serverSecret{password: p.password}, nil
}

// make makes a password of 256 bits and keeps it in a new file that only the user can read.
func (s *serverSecret) make(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of the password cannot be made: %w", err)
	}
	f, err := os.CreateTemp(dir, "password-*") // new, 0600, no link is followed
	if err != nil {
		return fmt.Errorf("the password's file cannot be made: %w", err)
	}
	s.path = f.Name()
	if err := errors.Join(f.Close(), s.renew()); err != nil {
		s.forget()
		return err
	}
	return nil
}

// renew puts a new password into the file.
func (s *serverSecret) renew() error {
	key := make([]byte, 32)
	rand.Read(key)
	s.password = base64.RawURLEncoding.EncodeToString(key)
	if err := os.WriteFile(s.path, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("the password's file cannot be written: %w", err)
	}
	return nil
}

// read takes the password from the user's file, which nobody else may be able to read.
func (s *serverSecret) read() error {
	info, err := os.Stat(s.source)
	if err != nil {
		return usageError("--password-file: %s", err)
	}
	if !private(info) {
		return usageError("--password-file: %s can be read by others; chmod 600 it", filepath.Base(s.source))
	}
	text, err := os.ReadFile(s.source)
	if err != nil {
		return usageError("--password-file: %s", err)
	}
	s.password = strings.TrimRight(string(text), "\r\n")
	if utf8.RuneCountInString(s.password) < httpapi.MinPassword {
		return usageError("--password-file: the password has fewer than %d characters", httpapi.MinPassword)
	}
	return nil
}

// follow changes the password when the user says so, where it is in a file, until ctx ends: the one that was made is made anew,
// the user's own is read again. All connections end.
func (s *serverSecret) follow(ctx context.Context, server *httpapi.Server) {
	if s.path == "" && s.source == "" {
		return
	}
	again, stop := rotations()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
			change := s.read
			if s.path != "" {
				change = s.renew
			}
			err := change()
			if err == nil {
				err = server.Rotate(s.password)
			}
			if err != nil {
				logger().Errorf("the password stays as it is: %s", err)
			}
		}
	}
}

// forget removes the file of a password that nobody takes any more.
func (s *serverSecret) forget() {
	if s.path == "" {
		return
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		logger().Warningf("the password's file: %s", err)
	}
}
