package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// template makes parts of a text in which <> is the place of the arguments.
func template(text string, arguments ...string) []Part {
	var parts []Part
	for i, t := range strings.Split(text, "<>") {
		if i > 0 {
			parts = append(parts, Part{Place: true, Arguments: arguments})
		}
		parts = append(parts, Part{Text: t})
	}
	return parts
}

func TestFill(t *testing.T) {
	evil := `a'b"c$(id)` + "`id`" + `;id #&|>x\`
	quoted := `'a'\''b"c$(id)` + "`id`" + `;id #&|>x\'`
	escaped := `a'b\"c\$(id)` + "\\`id\\`" + `;id #&|>x\\`
	for name, tc := range map[string]struct {
		parts []Part
		want  string // "" for an error
	}{
		"nothing to fill":       {template("git log"), "git log"},
		"plain":                 {template("git log <>", "main"), "git log main"},
		"several words":         {template("git log <>", "main", "a b"), "git log main 'a b'"},
		"none":                  {template("git log <>"), "git log "},
		"an empty one":          {template("git log <>", ""), "git log ''"},
		"evil":                  {template("echo <>", evil), "echo " + quoted},
		"within a word":         {template("git log --author=<> x", evil), "git log --author=" + quoted + " x"},
		"between double quotes": {template(`echo "x <> y"`, evil), `echo "x ` + escaped + ` y"`},
		"between single quotes": {template(`echo 'x <> y'`, "it's", "me"), `echo 'x it'\''s me y'`},
		"in a substitution":     {template(`echo "$(cat <>)"`, evil), `echo "$(cat ` + quoted + `)"`},
		"after a redirect":      {template("cat < <>", "a b"), "cat < 'a b'"},
		"in a here-string":      {template("cat <<< <>", "a b"), "cat <<< 'a b'"},
		"as a value":            {template("X=<> env", "a b"), "X='a b' env"},
		"as the command":        {template("<> x", "do"), "'do' x"},
		"a tilde":               {template("ls <>", "~root"), "ls '~root'"},
		"a glob":                {template("ls <>", "*"), "ls '*'"},
		"a newline":             {template("ls <>", "a\nid"), "ls 'a\nid'"},
		"the mark":              {template("ls OPENCODEARGUMENTN0N <>", "a"), "ls OPENCODEARGUMENTN0N a"},
		"in arithmetic":         {template("echo $((1 + <>))", "2"), ""},
		"as a parameter":        {template("echo $<>", "2"), ""},
		"in a parameter":        {template("echo ${x:-<>}", "2"), ""},
		"in a here-document":    {template("cat <<E\n<>\nE", "2"), ""},
		"as its end":            {template("cat << <>\nx\nE", "E"), ""},
		"in a comment":          {template("ls # <>", "2"), ""},
		"in $'…'":               {template("ls $'<>'", "2"), ""},
		"as a name":             {template("<>=1 ls", "X"), ""},
		"as an index":           {template("a[<>]=1 ls", "X"), ""},
		"as a list's index":     {template("a=([<>]=1)", "X"), ""},
		"in a test":             {template("[[ <> -eq 1 ]]", "X"), ""},
		"as a function":         {template("<>() { ls; }", "X"), ""},
		"broken":                {template("ls '<>", "X"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Fill(tc.parts)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// FuzzFill puts any argument into some places and lets bash say what it read.
func FuzzFill(f *testing.F) {
	for _, seed := range []string{"", "a b", "$(id)", "'", `"`, "`", `\`, "\n", "if", "*", "-n", "~", "{a,b}", "!x", "a=b", "#", "$'x'"} {
		f.Add(seed)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		if Valid(argument+"x") != nil || strings.Contains(argument, "\r") {
			return
		}
		for _, text := range []string{"printf '[%s]' <>", `printf '[%s]' "<>"`, "printf '[%s]' '<>'", `printf '[%s]' "$(printf '%s.' <>)"`} {
			filled, err := Fill(template(text, argument))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			out, err := exec.Command(bash, "--noprofile", "--norc", "-c", filled).Output()
			want := "[" + argument + "]"
			if strings.Contains(text, "$(") {
				want = "[" + argument + ".]"
			}
			if err != nil || string(out) != want {
				t.Fatalf("%q with %q printed %q, %v", filled, argument, out, err)
			}
		}
	})
}
