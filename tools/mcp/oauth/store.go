package oauth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Entry is what is kept for one server.
type Entry struct {
	// Server is its URL; nothing is ever sent to another.
	Server string `json:"server"`
	Client Client `json:"client,omitzero"`
	// TokenEndpoint and Resource are where and for what tokens are renewed.
	TokenEndpoint string `json:"token_endpoint,omitempty"`
	Resource      string `json:"resource,omitempty"`
	Token         Token  `json:"token,omitzero"`
	// Challenge is the server's last refusal that signing in has not answered yet.
	Challenge Challenge `json:"challenge,omitzero"`
}

// Client is who we are to an authorization server.
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"`
	// Method is how it authenticates at the token endpoint.
	Method string `json:"method,omitempty"`
}

// Token is an access token, and how to get the next.
type Token struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Scope   string    `json:"scope,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// early is how long before its end a token is renewed.
const early = 30 * time.Second

func (t Token) valid() bool {
	return t.Access != "" && (t.Expires.IsZero() || time.Until(t.Expires) > early)
}

// Store keeps entries, one file each, so that two processes never write the same one for different servers.
type Store struct {
	// Dir is the folder, made when needed.
	Dir string
}

func (s Store) path(server string) string {
	sum := sha256.Sum256([]byte(server))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:12])+".json")
}

// Load reads the entry of a server, an empty one where there is none.
func (s Store) Load(server string) (Entry, error) {
	empty := Entry{Server: server}
	data, err := os.ReadFile(s.path(server))
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, fmt.Errorf("read the sign-in: %w", err)
	}
	var e Entry
	if err := json.Unmarshal(data, &e); err != nil || e.Server != server {
		return empty, nil // a damaged one is as good as none: the user signs in again
	}
	return e, nil
}

// Save writes an entry, whole or not at all, readable by the user only.
func (s Store) Save(e Entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	f, err := os.CreateTemp(s.Dir, "new-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), s.path(e.Server))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	return nil
}

// Forget removes the entry of a server.
func (s Store) Forget(server string) error {
	if err := os.Remove(s.path(server)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the sign-in: %w", err)
	}
	return nil
}

// Stamp changes when the entry of a server does; zero where there is none.
func (s Store) Stamp(server string) time.Time {
	info, err := os.Stat(s.path(server))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
