package store

import (
	"strings"
	"testing"
)

// BenchmarkAppend stores one event of a few lines; the budget is 200 µs.
func BenchmarkAppend(b *testing.B) {
	s := open(b, b.TempDir())
	event := prompt("a", 0, strings.Repeat("some words of a prompt\n", 20))
	add(b, s, "a", created("a", "/w", 0))
	event.Seq = 1
	for b.Loop() {
		event.Seq++
		add(b, s, "a", event)
	}
}

// BenchmarkOpen is the price of the first use of a store that exists.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	add(b, open(b, dir), "a", created("a", "/w", 0))
	for b.Loop() {
		s, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := s.Trusted(b.Context(), "/w"); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
