package tools

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

//go:embed webfetch.md
var webText string

// Bounds of a fetch; OpenCode's, but for the redirects and the headers.
const (
	maxPage      = 5 << 20 // bytes, unpacked
	fetchTimeout = 30 * time.Second
	maxFetchTime = 120 * time.Second
	maxHops      = 10
	maxHeaders   = 64 << 10
)

type webArgs struct {
	URL     string `json:"url" jsonschema:"The address, with http:// or https://."`
	Format  string `json:"format,omitempty" jsonschema:"markdown (unless told), text or html."`
	Timeout int    `json:"timeout,omitempty" jsonschema:"Seconds until it is given up; 30 unless told, 120 at most."`
}

// webfetch prepares to fetch an address.
func (k *kit) webfetch(_ context.Context, a webArgs) (Op, error) {
	f := fetch{address: a.URL, format: cmp.Or(a.Format, "markdown"), timeout: fetchTimeout}
	switch {
	case accepts[f.format] == "":
		return nil, fmt.Errorf("format is %q; give markdown, text or html", f.format)
	case a.Timeout < 0:
		return nil, errors.New("timeout is negative; give seconds")
	}
	if a.Timeout > 0 {
		f.timeout = min(time.Duration(a.Timeout)*time.Second, maxFetchTime)
	}
	return k.fetchOp(f)
}

// fetch is one request that is to be made.
type fetch struct {
	address string
	format  string
	timeout time.Duration
	// hops are the redirects that led here, from the address of the last; way is which addresses may be connected to.
	hops int
	from string
	way  way
}

// fetchOp asks for the address as it stands. What it turns out to lead to is asked for by further Ops.
func (k *kit) fetchOp(f fetch) (Op, error) {
	items, err := permission.URLItems(f.address)
	if err != nil {
		return nil, err
	}
	access := permission.Access{Tool: "webfetch", Subject: f.address, Items: items}
	if f.from != "" {
		access.Notes = []string{"Redirected from " + f.from}
	}
	return k.fetchAs(f, access), nil
}

func (k *kit) fetchAs(f fetch, access permission.Access) Op {
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) { return k.fetch(ctx, f) })
}

// fetch makes the request. A redirect, and an address that needs its own consent, come back as a *MoreError: they pass the
// gate before anything is sent there.
func (k *kit) fetch(ctx context.Context, f fetch) (Result, error) {
	if k.Web == nil {
		return Result{}, errors.New("the network is not to be reached from here")
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	answer, err := f.get(limited, k.Web)
	if err == nil {
		defer answer.Body.Close()
		if to := answer.Header.Get("Location"); to != "" && answer.StatusCode/100 == 3 {
			return Result{}, k.redirected(f, answer.Request.URL, to)
		}
		var p page
		if p, err = f.read(answer); err == nil {
			return k.pageResult(f, p)
		}
	}
	return Result{}, k.fetchError(ctx, limited, f, err)
}

// get sends the request over a connection of its own: one that is kept would be used again for an address that was judged
// otherwise. It follows no redirect. The environment's proxy is not used, since where a proxy connects to cannot be judged.
func (f fetch) get(ctx context.Context, web *Web) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address, nil)
	if err != nil {
		return nil, fmt.Errorf("the address cannot be fetched: %w", err)
	}
	request.Header.Set("User-Agent", "Mozilla/5.0 (compatible; opencode-lsp)")
	request.Header.Set("Accept", accepts[f.format])
	request.Header.Set("Accept-Language", "en;q=0.9, *;q=0.5")
	client := http.Client{
		Transport: &http.Transport{
			DialContext: f.way.dial(web, f.address), DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSClientConfig: web.TLS, MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(request)
}

// accepts says for each format what a server should send, as OpenCode does.
var accepts = map[string]string{
	"markdown": "text/markdown, text/html;q=0.9, text/plain;q=0.8, */*;q=0.1",
	"text":     "text/plain, text/markdown;q=0.9, text/html;q=0.8, */*;q=0.1",
	"html":     "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.1",
}

// redirected is the fetch of the place that a redirect leads to, as an Op of its own.
func (k *kit) redirected(f fetch, base *url.URL, to string) error {
	where, err := base.Parse(to)
	if err != nil {
		return fmt.Errorf("%s redirects to %q, which is no address", f.address, clip(to, 200))
	}
	if f.hops++; f.hops > maxHops {
		return fmt.Errorf("%s redirects once more after %d redirects; give up on it", f.address, maxHops)
	}
	if where.Fragment == "" {
		where.Fragment, where.RawFragment = base.Fragment, base.RawFragment // RFC 9110, 10.2.2
	}
	f.from, f.address, f.way = f.address, where.String(), way{}
	op, err := k.fetchOp(f)
	if err != nil {
		return fmt.Errorf("%s redirects to %s, which is not fetched: %w", f.from, clip(permission.Visible(f.address), 200), err)
	}
	return &MoreError{Op: op}
}

// fetchError says what went wrong; an address that needs consent first is an Op of its own.
func (k *kit) fetchError(ctx, limited context.Context, f fetch, err error) error {
	var held *heldError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &held):
		f.way.allowed = held.addr
		return &MoreError{Op: k.fetchAs(f, permission.Access{Tool: "webfetch", Subject: f.address, Items: []permission.Item{held.item}})}
	case limited.Err() != nil:
		return fmt.Errorf("%s was not fetched within %s; pass a longer timeout (120 at most), or do without it", f.address, f.timeout)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err // the address would be said twice
	}
	return fmt.Errorf("%s could not be fetched: %s", f.address, strings.TrimSpace(err.Error()))
}
