//go:build realeditors

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"time"
)

// probe is the id of the relay's own request, which follows each change. The server reads in order, so that its answer,
// an error since there is no such method, says that the change has been handled.
const probe = `"aide-probe"`

// relay runs a server and passes everything on. For each didChange it writes a line to the file: the time when it had been
// handled, in microseconds since 1970, and how many microseconds after it had been passed on; and each opencode/diagnostics
// as it is.
func relay(file string, command []string) int {
	out, err := os.Create(file)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		log.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		log.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	sent := make(chan time.Time, 1000)
	go func() {
		ask(bufio.NewReader(os.Stdin), in, out, sent)
		in.Close()
	}()
	answer(bufio.NewReader(answers), out, sent)
	if cmd.Wait() != nil {
		return 1
	}
	return 0
}

// ask passes the editor's messages on.
func ask(from *bufio.Reader, to, file io.Writer, sent chan<- time.Time) {
	for {
		body, err := readFrame(from)
		if err != nil {
			return
		}
		message := frame(body)
		if bytes.Contains(body, []byte(`/didChange"`)) { // older Neovims write \/
			message = append(message, frame([]byte(`{"jsonrpc":"2.0","id":`+probe+`,"method":"aide/probe"}`))...)
			sent <- time.Now()
		}
		if bytes.Contains(body, []byte(`/diagnostics"`)) {
			fmt.Fprintf(file, "%s\n", body)
		}
		if _, err := to.Write(message); err != nil {
			return
		}
	}
}

// answer passes the server's messages on, but those to the relay itself.
func answer(from *bufio.Reader, file io.Writer, sent <-chan time.Time) {
	for {
		body, err := readFrame(from)
		if err != nil {
			return
		}
		if bytes.Contains(body, []byte(probe)) {
			now := time.Now()
			fmt.Fprintln(file, now.UnixMicro(), now.Sub(<-sent).Microseconds())
			continue
		}
		if _, err := os.Stdout.Write(frame(body)); err != nil {
			return
		}
	}
}
