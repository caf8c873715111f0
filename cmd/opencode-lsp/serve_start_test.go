//go:build unix

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// 2: no start without a password of 16 characters; one that is made goes to a file, not to the screen.
func servePassword(t *testing.T) {
	for _, password := range []string{"", "abc", "fifteen letters", "ÄÖÜäöüÄÖÜäöüÄÖÜ"} {
		s := newServed(t)
		s.pass = password
		if text := s.fails(2); password != "" && strings.Contains(text, password) {
			t.Errorf("the error holds the password: %s", text)
		}
	}
	s := newServed(t)
	s.pass = ""
	s.start("--generate-password")
	path, ok := s.out.after("password in ")
	if !ok {
		t.Fatalf("no path: %s", s.out.String())
	}
	value, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.pass = strings.TrimSpace(string(value))
	for name, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	s.ask(200, "GET", health, "")
	if said := s.out.String() + s.stderr.String() + s.home.log(); len(s.pass) < 40 || strings.Contains(said, s.pass) {
		t.Errorf("a password of %d characters is said: %s", len(s.pass), said)
	}
	s.stop(15)
	if _, err := os.Stat(path); err == nil {
		t.Error("the file outlives its server")
	}
	open := newServed(t)
	open.pass = ""
	file := filepath.Join(open.root, "pw")
	os.WriteFile(file, []byte(serverPassword), 0o644)
	open.fails(2, "--password-file", file)
	os.Chmod(file, 0o600)
	open.start("--password-file", file).pass = serverPassword
	open.ask(200, "GET", health, "")
	t.Logf("no password, 3 and 15 characters, a file for all to read: refused; one of %d characters made into a file of mode 0600", len(s.pass))
}

// 3: loopback by default; elsewhere only with TLS or the flag that says it in words.
func serveBind(t *testing.T) {
	cert, key := certificate(t)
	mine := ownAddress(t)
	for _, test := range []struct {
		args []string
		want string // hosts that listen, "" for a refusal
	}{
		{nil, "127.0.0.1 ::1"},
		{[]string{"--hostname", "127.0.0.1"}, "127.0.0.1"},
		{[]string{"--hostname", "::1"}, "::1"},
		{[]string{"--hostname", "localhost"}, "127.0.0.1 ::1"},
		{[]string{"--hostname", "0.0.0.0"}, ""},
		{[]string{"--hostname", "::"}, ""},
		{[]string{"--hostname", mine}, ""},
		{[]string{"--hostname", "0.0.0.0", "--tls-cert", cert}, ""},
		{[]string{"--hostname", "0.0.0.0", "--insecure-plaintext"}, "0.0.0.0"},
		{[]string{"--hostname", mine, "--tls-cert", cert, "--tls-key", key}, mine},
		{[]string{"--insecure-plaintext"}, "127.0.0.1 ::1"},
	} {
		s := newServed(t)
		if test.want == "" {
			s.fails(2, test.args...)
			continue
		}
		s.start(test.args...)
		want := strings.Fields(test.want)
		if got := listening(t, s.cmd.Process.Pid); len(got) != len(want) {
			t.Errorf("%q listens on %q, want %q", test.args, got, want)
		}
		for _, host := range want {
			if host == "0.0.0.0" {
				host = mine
			}
			s.addr = net.JoinHostPort(host, s.port())
			if got := s.raw(s.request("GET", health, "")); got.status() != 200 {
				t.Errorf("%q at %s: %s", test.args, s.addr, got)
			}
		}
		s.stop(9)
	}
	busy := newServed(t).start()
	next := newServed(t)
	next.fails(1, "--port", busy.port())
	t.Logf("11 ways to be called: 127.0.0.1 and ::1 by default, others refused without TLS or --insecure-plaintext")
}

// ownAddress is one of this machine's that is not loopback.
func ownAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "0.0.0.0" // a machine without a network: the same rule
}

// 20: TLS 1.3 with the user's files and nothing less.
func serveTLS(t *testing.T) {
	cert, key := certificate(t)
	s := newServed(t).start("--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") {
		t.Errorf("the line says %s", s.url)
	}
	s.ask(200, "GET", health, "")
	if got := s.raw(s.request("GET", health, "", "Origin: http://"+s.addr)); got.status() != 403 {
		t.Errorf("the plain origin: %s", got)
	}
	checkTLSVersions(t, s.addr)
	plain, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	plain.SetDeadline(time.Now().Add(patience))
	io.WriteString(plain, s.request("GET", health, ""))
	if line, _ := bufio.NewReader(plain).ReadString('\n'); strings.Contains(line, " 200 ") {
		t.Errorf("plain text is answered: %s", line)
	}
	bad := newServed(t)
	os.WriteFile(filepath.Join(bad.root, "x"), []byte("no key"), 0o600)
	bad.fails(2, "--tls-cert", cert)
	bad.fails(1, "--tls-cert", cert, "--tls-key", filepath.Join(bad.root, "x"))
	bad.fails(1, "--tls-cert", cert, "--tls-key", filepath.Join(bad.root, "missing"))
	t.Log("TLS 1.3 with the given files; 1.2, 1.1 and plain text refused; half a pair and broken files: no start")
}

// certificate makes one for this machine's names.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// checkTLSVersions wants 1.3 and nothing else.
func checkTLSVersions(t *testing.T, addr string) {
	t.Helper()
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: false, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			c.Close()
		}
	}
}

func passwordFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(path, []byte(serverPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
