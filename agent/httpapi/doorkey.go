package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// MinPassword is how many characters a password has at least. It is what makes guessing hopeless: right passwords are let in
// however many wrong ones came before, so that nobody can lock the owner out.
const MinPassword = 16

// identity is what a client must know, as digests: nothing here can be printed by mistake.
type identity struct {
	user, password [sha256.Size]byte
}

// newIdentity checks a user and password. The errors do not hold the password.
func newIdentity(user, password string) (identity, error) {
	switch {
	case user == "" || strings.Contains(user, ":") || !printable(user):
		return identity{}, fmt.Errorf("the user name must be printable and without a colon")
	case utf8.RuneCountInString(password) < MinPassword:
		return identity{}, fmt.Errorf("the password must have %d characters or more", MinPassword)
	case !printable(password):
		return identity{}, fmt.Errorf("the password holds a control character or is no UTF-8")
	}
	return identity{sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))}, nil
}

// printable reports whether HTTP Basic can carry a text (RFC 7617: no control characters).
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// is compares user and password, both always and in the same time whatever they are.
func (id *identity) is(user, password string) bool {
	u, p := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(u[:], id.user[:])&subtle.ConstantTimeCompare(p[:], id.password[:]) == 1
}

// authenticate lets in who sends the right user and password in one Authorization header, and nobody else: no query, cookie,
// form or user in the address counts (SECURITY.md, server mode, 6). Only a wrong password counts as a failure; who sends none is no guesser.
func (d *door) authenticate(r *http.Request) *refusal {
	user, password, guess := r.BasicAuth()
	known := d.known.Load().is(user, password)
	switch {
	case known && len(r.Header["Authorization"]) == 1:
		return nil
	case guess:
		if wait := d.failures.add(addressOf(r.RemoteAddr), time.Now()); wait > 0 {
			return &refusal{http.StatusTooManyRequests, "TooManyRequests", "too many wrong passwords; wait before the next", wait}
		}
	}
	return &refusal{status: http.StatusUnauthorized, name: "Unauthorized", text: "user and password are needed, by HTTP Basic"}
}
