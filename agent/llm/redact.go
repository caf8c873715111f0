package llm

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// minSecret is the length in bytes from which a header's value counts as a secret; shorter ones are words.
const minSecret = 8

// secrets are what must never stand in an error, longest first.
type secrets []string

// findSecrets collects a configuration's keys in every form in which they travel: a provider may echo any.
func findSecrets(cfg Config, base *url.URL) secrets {
	found := []string{cfg.APIKey}
	for _, value := range cfg.Headers {
		_, credential, _ := strings.Cut(value, " ") // after "Bearer" or "Basic"
		found = append(found, value, credential)
		if raw, err := base64.StdEncoding.DecodeString(credential); err == nil {
			_, password, _ := strings.Cut(string(raw), ":")
			found = append(found, string(raw), password)
		}
	}
	if password, ok := base.User.Password(); ok {
		pair := base.User.Username() + ":" + password
		found = append(found, password, base.User.String(), base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	for _, values := range base.Query() {
		found = append(found, values...)
	}
	var s secrets
	for _, secret := range found {
		if len(secret) >= minSecret {
			s = append(s, secret, url.QueryEscape(secret), url.PathEscape(secret))
		}
	}
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(s)
}

// redact removes the secrets, and whatever else looks like a key, from text.
func (s secrets) redact(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "[key]")
	}
	return regexp.MustCompile(`\b(?:sk|gsk|xai|pk)-[A-Za-z0-9_*-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bgsk_[A-Za-z0-9]{16,}`).
		ReplaceAllString(text, "[key]")
}
