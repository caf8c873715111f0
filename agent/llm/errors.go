package llm

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/opencode-lsp/opencode-lsp/agent"
)

// statusError explains a response that is not 200.
func (m *model) statusError(res *http.Response, w words) *agent.ModelError {
	e := m.judge(res.StatusCode, w)
	e.Status = res.StatusCode
	e.After = retryAfter(res.Header, time.Now())
	switch res.Header.Get("X-Should-Retry") {
	case "true":
		e.Retry = true
	case "false":
		e.Retry = false
	}
	return e
}

// streamError explains an error that came inside a stream, where its status, if any, is among the words.
func (m *model) streamError(w words) *agent.ModelError {
	e := m.judge(w.status, w)
	e.Status = w.status
	return e
}

// judge finds cause and remedy in a status and a provider's words. Words come before the status where providers disagree
// about statuses: a wrong key is a 400 at some, a conversation that is too long a 400, 413 or 500.
func (m *model) judge(status int, w words) *agent.ModelError {
	name := m.info.Name
	switch {
	case w.overflows() && status != http.StatusTooManyRequests || status == http.StatusRequestEntityTooLarge:
		return m.failure(w, &agent.ModelError{Overflow: true,
			Message: fmt.Sprintf("the conversation is longer than %s takes: compact it or start a new session", m.cfg.Model)})
	case status == http.StatusUnauthorized || w.refusesKey():
		return m.failure(w, &agent.ModelError{Message: m.keyRefused()})
	case status == http.StatusForbidden:
		return m.failure(w, &agent.ModelError{Message: fmt.Sprintf(
			"%s forbids %s to this key: choose another model or check %s", name, m.cfg.Model, keyPlace(m.info))})
	case status == http.StatusPaymentRequired || w.outOfCredit():
		return m.failure(w, &agent.ModelError{Message: fmt.Sprintf("the account at %s has no credit: top it up or choose another model", name)})
	case status == http.StatusNotFound && m.cfg.Model == "":
		return m.failure(w, &agent.ModelError{Message: fmt.Sprintf("%s lists no models at %s: check %s", name, m.where(), m.option("baseURL"))})
	case status == http.StatusNotFound || w.unknownModel():
		return m.failure(w, &agent.ModelError{Message: fmt.Sprintf(
			"%s has no model %q at %s: check the model's name and %s", name, m.cfg.Model, m.where(), m.option("baseURL"))})
	case status == http.StatusTooManyRequests || w.limitsRate():
		return m.failure(w, &agent.ModelError{Retry: true, Message: fmt.Sprintf(
			"%s limits the rate of requests: wait, or choose another model", name)})
	case status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		return m.failure(w, &agent.ModelError{Retry: true, Message: fmt.Sprintf(
			"%s is out of order or overloaded: try again later or choose another model", name)})
	case status >= 300 && status < 400:
		return m.failure(w, &agent.ModelError{Message: fmt.Sprintf(
			"%s redirects elsewhere, which is not followed: set %s to its final address", m.where(), m.option("baseURL"))})
	case status == 0:
		return m.failure(w, &agent.ModelError{Retry: !w.permanent(), Message: fmt.Sprintf("%s broke the reply off with an error: try again", name)})
	}
	return m.failure(w, &agent.ModelError{Message: fmt.Sprintf("%s refused the request: check the model and its options", name)})
}

// failure adds the provider's own words.
func (m *model) failure(w words, e *agent.ModelError) *agent.ModelError {
	if text := brief(m.secrets.redact(w.message)); text != "" {
		e.Message += fmt.Sprintf("; it said %q", text)
	}
	e.Message = m.secrets.redact(e.Message)
	return e
}

func (m *model) keyRefused() string {
	if m.cfg.APIKey == "" && len(m.cfg.Headers) == 0 {
		return fmt.Sprintf("%s needs a key: set %s", m.info.Name, keyPlace(m.info))
	}
	return fmt.Sprintf("%s refused the key: check %s", m.info.Name, keyPlace(m.info))
}

func (m *model) option(name string) string {
	return fmt.Sprintf("provider.%s.options.%s", m.cfg.Provider, name)
}

// where is the base URL without anything secret.
func (m *model) where() string {
	u, err := url.Parse(m.cfg.BaseURL)
	if err != nil {
		return m.info.Name
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// netError explains why there is no response, or no more of it.
func (m *model) netError(err error) *agent.ModelError {
	var dns *net.DNSError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	switch {
	case op != nil && op.Op == "proxyconnect":
		return m.unreachable(err, "the proxy is not reached: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY", false)
	case errors.Is(err, syscall.ECONNREFUSED):
		return m.unreachable(err, fmt.Sprintf("nothing listens at %s: %sset %s", m.where(), m.startHint(), m.option("baseURL")), false)
	case errors.As(err, &dns):
		return m.unreachable(err, fmt.Sprintf("the host of %s is not found: check the network and %s",
			m.where(), m.option("baseURL")), dns.IsTemporary || dns.IsTimeout)
	case isTLS(err):
		return m.unreachable(err, fmt.Sprintf("no secure connection to %s: check its certificate, the proxy and %s",
			m.where(), m.option("baseURL")), false)
	case dialing:
		return m.unreachable(err, fmt.Sprintf("%s is not reached: check the network and %s", m.where(), m.option("baseURL")), true)
	}
	return m.broken(err)
}

func (m *model) startHint() string {
	if m.info.Local() {
		return fmt.Sprintf("start it (%s) or ", m.info.Start)
	}
	return "start it or "
}

func isTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError // an alert of the other side has no type of its own
	return errors.As(err, &verify) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &op) && op.Op == "remote error"
}

func (m *model) unreachable(err error, message string, retry bool) *agent.ModelError {
	return &agent.ModelError{Message: m.secrets.redact(message), Retry: retry, Err: m.hide(err)}
}

func (m *model) broken(err error) *agent.ModelError {
	return m.unreachable(err, fmt.Sprintf("the reply of %s broke off: try again", m.info.Name), true)
}

func (m *model) silent(limit time.Duration) *agent.ModelError {
	return m.unreachable(silence(limit), fmt.Sprintf("%s sent nothing for %v: try again, or raise %s",
		m.info.Name, limit, m.option("timeout")), true)
}

func (m *model) notAModel() *agent.ModelError {
	return &agent.ModelError{Status: http.StatusOK, Message: m.secrets.redact(fmt.Sprintf(
		"%s answers with a web page, not as a model: set %s to an OpenAI-compatible address, which mostly ends in /v1",
		m.where(), m.option("baseURL")))}
}

// hidden is an error whose text is without secrets; errors.Is and As still find what it wraps.
type hidden struct {
	text string
	err  error
}

func (h *hidden) Error() string { return h.text }
func (h *hidden) Unwrap() error { return h.err }

// hide leaves out what net/http adds, the URL with its query, and any secret in the rest.
func (m *model) hide(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return &hidden{m.secrets.redact(err.Error()), err}
}

// retryAfter reads how long a provider wants us to wait: milliseconds, seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 {
		return clampWait(ms / 1000)
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		return clampWait(s)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// clampWait turns seconds, which a server may choose freely, into a duration of at most a day.
func clampWait(seconds float64) time.Duration {
	const day = 24 * 60 * 60
	if !(seconds > 0) { // also not a number
		return 0
	}
	return time.Duration(min(seconds, day) * float64(time.Second))
}
