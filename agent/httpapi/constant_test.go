package httpapi

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The comparison of user and password is straight code: both are hashed and compared whatever the first gave, and nothing but
// the end returns. It is called once, before anything is decided.
func TestCompareBoth(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doorkey.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]*ast.BlockStmt{}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			bodies[fn.Name.Name] = fn.Body
		}
	}
	count := map[string]int{}
	ast.Inspect(bodies["is"], func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.SelectStmt, *ast.BranchStmt, *ast.FuncLit, *ast.DeferStmt:
			t.Errorf("the comparison branches: %T", n)
		case *ast.ReturnStmt:
			count["return"]++
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				t.Errorf("the comparison stops at the first difference: %s", n.Op)
			}
		case *ast.SelectorExpr:
			count[n.Sel.Name]++
		}
		return true
	})
	if count["return"] != 1 || count["Sum256"] != 2 || count["ConstantTimeCompare"] != 2 {
		t.Errorf("the comparison is %v, want one return, two sums, two compares", count)
	}
	for i, want := range []string{"BasicAuth", "is"} { // the first two statements, before any branch
		assign, ok := bodies["authenticate"].List[i].(*ast.AssignStmt)
		if !ok {
			t.Fatalf("statement %d of authenticate is a %T", i, bodies["authenticate"].List[i])
		}
		if call := assign.Rhs[0].(*ast.CallExpr).Fun.(*ast.SelectorExpr).Sel.Name; call != want {
			t.Errorf("statement %d of authenticate calls %s, want %s", i, call, want)
		}
	}
}

// timing runs the measurement, which wants a quiet machine; `make serve-test` does.
var timing = flag.Bool("timing", false, "compare the times of wrong passwords")

// Whether a wrong password is right for long, or not at all, does not show in the time of the answer. The t value of two
// samples of the same is below 4.5 (the threshold of the leak test TVLA) but for one time in a hundred thousand; several rounds
// must agree before the test says that there is a difference.
func TestConstantTime(t *testing.T) {
	if !*timing {
		return
	}
	const samples, rounds, limit = 10_000, 5, 4.5
	door := newTestDoor(t)
	near := secret[:len(secret)-1] + "x"
	far := "x" + secret[1:]
	for _, test := range []struct{ name, userA, passwordA, userB, passwordB string }{
		{"where the password differs", "opencode", near, "opencode", far},
		{"whether the user is right", "opencode", near, "opencodf", near},
	} {
		worst := math.Inf(1)
		for range rounds {
			tv := math.Abs(welch(sample(door, samples, [2]string{test.userA, test.passwordA}, [2]string{test.userB, test.passwordB})))
			worst = min(worst, tv)
		}
		t.Logf("%s: t = %.2f over 2 × %d samples (smallest of %d rounds, limit %.1f)", test.name, worst, samples, rounds, limit)
		if worst > limit {
			t.Errorf("%s shows in the time of the answer", test.name)
		}
	}
}

// sample times both kinds in random order.
func sample(door http.Handler, n int, kinds ...[2]string) (a, b []float64) {
	times := [2][]float64{}
	for len(times[0]) < n || len(times[1]) < n {
		k := rand.IntN(2)
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.SetBasicAuth(kinds[k][0], kinds[k][1])
		w := httptest.NewRecorder()
		start := time.Now()
		door.ServeHTTP(w, r)
		if d := float64(time.Since(start)); d < 50_000 { // else something else ran
			times[k] = append(times[k], d)
		}
	}
	return times[0], times[1]
}

// welch is the t value of two samples of unequal variance.
func welch(a, b []float64) float64 {
	meanA, varA := moments(a)
	meanB, varB := moments(b)
	return (meanA - meanB) / math.Sqrt(varA/float64(len(a))+varB/float64(len(b)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(x)-1)
}
