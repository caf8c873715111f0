//go:build realeditors

// Command aide is what the tests put beside the real editors, where nothing but a static program can run: a relay that
// measures how long the server takes for each change, and a language server that finds one kind of problem.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/textproto"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "relay" {
		os.Exit(relay(os.Args[2], os.Args[3:]))
	}
	if len(os.Args) == 2 && os.Args[1] == "lint" {
		lint(bufio.NewReader(os.Stdin), os.Stdout)
		return
	}
	log.Fatal("usage: aide relay FILE PROGRAM… | aide lint")
}

// readFrame reads one message of LSP's base protocol.
func readFrame(r *bufio.Reader) ([]byte, error) {
	header, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return nil, err
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r, body)
	return body, err
}

// frame is a message as it is sent.
func frame(body []byte) []byte {
	return fmt.Appendf(nil, "Content-Length: %d\r\n\r\n%s", len(body), body)
}
