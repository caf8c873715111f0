package agenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// BaseURL reaches the server through [Server.Client], which needs no sockets.
const BaseURL = "http://model.test/v1"

// maxRequest bounds a request's body in bytes.
const maxRequest = 64 << 20

// Server is a scripted model that speaks Chat Completions and Responses. It judges every request as the strictest providers do and
// answers 400 with the reason where one would. Close it when done. It is safe for concurrent use; steps are handed out in
// the order in which requests arrive, those that are kept for a conversation to that one.
type Server struct {
	http http.Server
	done chan struct{} // closed by Close; ends hanging answers
	wg   sync.WaitGroup

	mu       sync.Mutex // guards what follows
	steps    []Step
	settings Step // Title, Summary and Limit
	requests []json.RawMessage
	headers  []http.Header
	times    []Exchange
	problems []string
	url      string
	pipe     *pipeListener
	client   *http.Client
	closed   bool
}

// New returns a server that plays script. It opens nothing until [Server.URL] or [Server.Client] is called.
func New(script ...Step) *Server {
	s := &Server{done: make(chan struct{})}
	s.Add(script...)
	s.http.Handler = s.handler()
	return s
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		s.complete(w, r, (*request).read, func(a *answer, step Step) { a.play(step) })
	})
	mux.HandleFunc("POST /v1/responses", func(w http.ResponseWriter, r *http.Request) {
		s.complete(w, r, (*request).readResponses, func(a *answer, step Step) { (&responsesAnswer{answer: a}).play(step) })
	})
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"object":"list","data":[{"id":"scripted","object":"model"}]}`)
	})
	return mux
}

// URL is the base URL, ending in /v1, of a listener on loopback, which the first call opens. It panics where loopback
// cannot be listened on, as httptest does.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic("agenttest: listen on loopback: " + err.Error())
		}
		s.url = "http://" + l.Addr().String() + "/v1"
		s.wg.Go(func() { s.http.Serve(l) })
	}
	return s.url
}

// Client is an HTTP client whose every connection ends at this server in memory, whatever the host. Together with
// [BaseURL] it works inside a testing/synctest bubble.
func (s *Server) Client() *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		s.pipe = newPipeListener()
		s.client = &http.Client{Transport: &http.Transport{DialContext: s.pipe.dial}}
		s.wg.Go(func() { s.http.Serve(s.pipe) })
	}
	return s.client
}

// Close ends all answers and connections, those of [Server.Client] too, and waits for the accepting goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	client := s.client
	s.mu.Unlock()
	if client != nil {
		client.CloseIdleConnections()
	}
	s.http.Close()
	s.wg.Wait()
}

// Requests are the bodies of all requests so far, refused ones included.
func (s *Server) Requests() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Headers are the header fields of all requests so far.
func (s *Server) Headers() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.headers)
}

// Exchange is when one request arrived (its header), was read to its end, and had its answer written whole; Answered is
// zero until then.
type Exchange struct{ Arrived, Read, Answered time.Time }

// Exchanges are the times of all requests so far, in the order of [Server.Requests].
func (s *Server) Exchanges() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.times)
}

// Problems are the reasons for which requests were refused as invalid. A test that ends well ends with none.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Left is how many steps of the script have not been asked for.
func (s *Server) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.steps)
}

// Add appends steps to the script, and takes over what is set.
func (s *Server) Add(script ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, step := range script {
		if step.setting() {
			s.settings.Title = cmp.Or(step.Title, s.settings.Title)
			s.settings.Summary = cmp.Or(step.Summary, s.settings.Summary)
			s.settings.Limit = cmp.Or(step.Limit, s.settings.Limit)
		} else {
			s.steps = append(s.steps, step)
		}
	}
}

// complete reads a request as one of the two protocols and answers in it.
func (s *Server) complete(w http.ResponseWriter, r *http.Request, read func(*request, []byte) string, play func(*answer, Step)) {
	arrived := time.Now()
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return // the client went away, or sent more than any test should
	}
	times := Exchange{Arrived: arrived, Read: time.Now()}
	var req request
	problem := read(&req, raw)
	step, number := s.take(raw, r.Header, &req, problem, times)
	defer s.answered(number)
	if problem != "" {
		refuse(w, Step{Status: http.StatusBadRequest, Message: problem, Type: "invalid_request_error"})
		return
	}
	if step.Status != 0 && step.Status != http.StatusOK {
		refuse(w, step)
		return
	}
	play(newAnswer(w, r, &req, s.done), step)
}

// answered notes the end of an answer.
func (s *Server) answered(number int) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[number].Answered = now
}

// take records a request and chooses the step that answers it. number is the request's index.
func (s *Server) take(raw []byte, header http.Header, req *request, problem string, times Exchange) (step Step, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number = len(s.requests)
	s.times = append(s.times, times)
	s.requests = append(s.requests, raw)
	s.headers = append(s.headers, header.Clone())
	if problem != "" {
		s.problems = append(s.problems, problem)
		return Step{}, number
	}
	set := s.settings
	switch tokens := req.size / 4; {
	case set.Limit > 0 && tokens > set.Limit:
		return tooLong(set.Limit, tokens), number
	case len(req.Tools) == 0 && req.wants("summary"):
		return Step{Text: cmp.Or(set.Summary, "Scripted summary")}, number
	case len(req.Tools) == 0 && (set.Title != "" || req.wants("title")):
		return Step{Text: cmp.Or(set.Title, "Scripted session")}, number
	}
	next := slices.IndexFunc(s.steps, func(step Step) bool { return strings.Contains(req.prompt(), step.For) })
	if next < 0 {
		return Step{Text: "The script is used up: it has no step for this request."}, number
	}
	step = s.steps[next]
	s.steps = slices.Delete(s.steps, next, next+1)
	return step, number
}

// tooLong refuses a request as OpenAI does.
func tooLong(limit, tokens int) Step {
	return Step{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "context_length_exceeded", Message: fmt.Sprintf(
		"This model's maximum context length is %d tokens. However, your messages resulted in %d tokens.", limit, tokens)}
}
