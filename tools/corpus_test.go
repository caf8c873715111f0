//go:build corpus

package tools

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var corpus = flag.String("corpus", "", "a folder of edits from public corpora, one case a line in *.jsonl, and verdicts.json")

// corpusCase is one case of a public corpus: the files, the calls, and the files that its source expects, null where it
// expects a refusal. Ambiguous says that what is searched stands in several places.
type corpusCase struct {
	Corpus, Name string
	Files, Want  map[string]string
	Ambiguous    bool
	Calls        []struct {
		Tool string
		Args map[string]any
	}
}

// tally is what became of a corpus: cases that went as the source says, applied or refused, and those that differ on purpose;
// ambiguous cases are among these.
type tally struct{ cases, applied, refused, differ, ambiguous int }

// TestCorpus plays the cases through the real tools, from Prepare to the files on disk. Where the result is not the source's,
// verdicts.json has to say why, by corpus and name; it may hold nothing that is not so.
func TestCorpus(t *testing.T) {
	verdicts := map[string]string{}
	data, err := os.ReadFile(filepath.Join(*corpus, "verdicts.json"))
	if err == nil {
		err = json.Unmarshal(data, &verdicts)
	}
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(*corpus, "*.jsonl"))
	table := map[string]tally{}
	for _, name := range names {
		for _, c := range readCases[corpusCase](t, name) {
			t.Run(c.Corpus+"/"+c.Name, func(t *testing.T) { table[c.Corpus] = table[c.Corpus].plus(c.judge(t, verdicts)) })
		}
	}
	var all tally
	for _, name := range slices.Sorted(maps.Keys(table)) {
		all = all.plus(table[name])
		t.Logf("%-17s %v", name, table[name])
	}
	t.Logf("%-17s %v", "all", all)
	for name := range verdicts {
		t.Errorf("%s does not differ, or there is no such case", name)
	}
	if all.cases == 0 {
		t.Errorf("no cases in %q", *corpus)
	}
}

func (a tally) plus(b tally) tally {
	return tally{a.cases + b.cases, a.applied + b.applied, a.refused + b.refused, a.differ + b.differ, a.ambiguous + b.ambiguous}
}

func (a tally) String() string {
	return fmt.Sprintf("%3d cases, %3d applied right, %3d refused rightly, %3d differ on purpose; %2d ambiguous", a.cases, a.applied, a.refused, a.differ, a.ambiguous)
}

// judge compares a case's outcome with its source's and takes out the verdict that it needs.
func (c corpusCase) judge(t *testing.T, verdicts map[string]string) tally {
	got, err := c.play(t)
	is := tally{cases: 1}
	if c.Ambiguous {
		is.ambiguous = 1
	}
	_, judged := verdicts[c.Corpus+"/"+c.Name]
	delete(verdicts, c.Corpus+"/"+c.Name)
	switch {
	case c.Ambiguous && err == nil:
		t.Errorf("applied in one of several places: %q", got)
	case c.Want == nil && err != nil:
		is.refused = 1
		return is
	case c.Want != nil && err == nil && maps.Equal(got, c.Want):
		is.applied = 1
		return is
	case !judged:
		t.Errorf("error %v\ngot  %q\nwant %q", err, got, c.Want)
	}
	is.differ = 1
	return is
}

// play makes the calls until one is refused. A refusal and Prepare leave the files as they are.
func (c corpusCase) play(t *testing.T) (map[string]string, error) {
	b := newBench(t)
	for name, text := range c.Files {
		b.save(name, text)
	}
	for _, call := range c.Calls {
		before := b.tree()
		arguments, _ := json.Marshal(call.Args)
		op, err := b.set.Prepare(t.Context(), Call{Name: call.Tool, Arguments: string(arguments)})
		if got := b.tree(); !maps.Equal(got, before) {
			t.Errorf("prepare left %q", got)
		}
		if err != nil {
			return before, err
		}
		r, err := op.Run(t.Context(), io.Discard)
		if err != nil || r.Error {
			t.Fatalf("run after prepare: %v %s", err, r.Text)
		}
		b.matches(r, before, b.tree())
	}
	return b.tree(), nil
}
