package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of one exchange with an authorization server.
const (
	maxBody    = 1 << 20
	exchangeIn = 30 * time.Second
)

// errStatus is an answer that is no success.
type errStatus struct {
	code int
	// word and text are OAuth's "error" and "error_description".
	word, text string
}

func (e *errStatus) Error() string {
	switch {
	case e.text != "":
		return fmt.Sprintf("it answers %q: %.200q", e.word, e.text)
	case e.word != "":
		return fmt.Sprintf("it answers %q", e.word)
	}
	return fmt.Sprintf("it answers with HTTP status %d", e.code)
}

// exchange sends a request and reads the JSON object that answers it.
func exchange(ctx context.Context, rt http.RoundTripper, r *http.Request, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, exchangeIn)
	defer cancel()
	r.Header.Set("Accept", "application/json")
	client := http.Client{Transport: rt, CheckRedirect: sameOrigin}
	response, err := client.Do(r.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%s cannot be reached: %w", r.URL.Host, plainError(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return fmt.Errorf("%s breaks off: %w", r.URL.Host, err)
	}
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	said := json.Unmarshal(body, &refusal) == nil && refusal.Error != "" // some refuse with status 200
	if response.StatusCode/100 != 2 || said {
		return &errStatus{response.StatusCode, refusal.Error, refusal.Description}
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("the answer of %s cannot be read: %w", r.URL.Host, err)
	}
	return nil
}

// plainError leaves out the address, whose query may hold secrets.
func plainError(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// sameOrigin is the redirect policy: keys and codes stay where they were meant to go.
func sameOrigin(r *http.Request, via []*http.Request) error {
	if len(via) > 3 || !SameOrigin(r.URL, via[0].URL) {
		return errors.New("it redirects elsewhere")
	}
	return nil
}

// SameOrigin reports whether two addresses have the same scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// safe reads an address that secrets are sent to: https, or http on this machine.
func safe(what, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the %s %q is no address", what, address)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && Loopback(u.Hostname())) {
		return nil, fmt.Errorf("the %s %q is neither https nor on this machine", what, address)
	}
	if u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("the %s %q holds more than an address", what, address)
	}
	return u, nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// get fetches a JSON document.
func get(ctx context.Context, rt http.RoundTripper, address string, answer any) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return exchange(ctx, rt, r, answer)
}
