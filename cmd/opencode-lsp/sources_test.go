package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sources are the module's own packages with their types; what they import is known by its exported types alone.
type sources struct {
	files *token.FileSet
	info  *types.Info
	own   map[string]*types.Package // by import path
	code  map[string][]*ast.File
	order []string
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Path string }
}

// loadSources reads every package of the program as it is built here.
func loadSources() (*sources, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", module+"/...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	s := &sources{files: token.NewFileSet(), own: map[string]*types.Package{}, code: map[string][]*ast.File{}}
	s.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}}
	exports := map[string]string{}
	imports := &chain{own: s.own, gc: importer.ForCompiler(s.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return s, nil
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Path == module { // the list has what is imported first
			if err := s.check(p, imports); err != nil {
				return nil, err
			}
		}
	}
}

func (s *sources) check(p listed, imports types.Importer) error {
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(s.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s.code[p.ImportPath] = append(s.code[p.ImportPath], f)
	}
	conf := types.Config{Importer: imports}
	pkg, err := conf.Check(p.ImportPath, s.files, s.code[p.ImportPath], s.info)
	if err != nil {
		return err
	}
	s.own[p.ImportPath] = pkg
	s.order = append(s.order, p.ImportPath)
	return nil
}

// chain gives our own packages as they were checked and all others by their export data.
type chain struct {
	own map[string]*types.Package
	gc  types.Importer
}

func (c *chain) Import(path string) (*types.Package, error) {
	if p := c.own[path]; p != nil {
		return p, nil
	}
	return c.gc.Import(path)
}

// place is where something stands, from the module's folder.
func (s *sources) place(pos token.Pos) string {
	p := s.files.Position(pos)
	return fmt.Sprintf("%s/%s:%d", filepath.Base(filepath.Dir(p.Filename)), filepath.Base(p.Filename), p.Line)
}

// object finds a name of one of our packages; "T.M" is a method.
func (s *sources) object(pkg, name string) types.Object {
	typ, method, ok := strings.Cut(name, ".")
	obj := s.own[module+"/"+pkg].Scope().Lookup(typ)
	if !ok || obj == nil {
		return obj
	}
	found, _, _ := types.LookupFieldOrMethod(obj.Type(), true, obj.Pkg(), method)
	return found
}

// body is one piece of code: a function, or the part of a call that runs behind the gate.
type body struct {
	name string
	pkg  string
	pos  token.Pos
	uses []use
}

// use is a function that a body mentions, called or not.
type use struct {
	fn   *types.Func
	pos  token.Pos
	call *ast.CallExpr // nil where it is handed on
	// field is a field or variable of function type that is called: what it does is not known here.
	field *types.Var
}

// bodies takes the code apart: what stands in a function belongs to it, its literals too, but for those that behind says
// run later.
func (s *sources) bodies(behind func(*ast.CallExpr) []ast.Expr) map[any]*body {
	out := map[any]*body{}
	for _, path := range s.order {
		for _, f := range s.code[path] {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Body != nil {
						fn := s.info.Defs[d.Name].(*types.Func)
						s.collect(out, fn, &body{name: fn.FullName(), pkg: path, pos: d.Pos()}, d.Body, behind)
					}
				case *ast.GenDecl: // what variables are made of runs at start
					s.collect(out, d, &body{name: path + " (variables)", pkg: path, pos: d.Pos()}, d, behind)
				}
			}
		}
	}
	return out
}

func (s *sources) collect(out map[any]*body, key any, b *body, code ast.Node, behind func(*ast.CallExpr) []ast.Expr) {
	out[key] = b
	later := map[ast.Node]bool{}
	calls := map[*ast.Ident]*ast.CallExpr{}
	ast.Inspect(code, func(n ast.Node) bool {
		if later[n] {
			s.collect(out, n, &body{name: b.name + " (run)", pkg: b.pkg, pos: n.Pos()}, n, func(*ast.CallExpr) []ast.Expr { return nil })
			return false
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			if id := callee(n); id != nil {
				calls[id] = n
			}
			for _, arg := range behind(n) {
				later[arg] = true
			}
		case *ast.Ident:
			s.use(b, n, calls[n])
		}
		return true
	})
}

func (s *sources) use(b *body, id *ast.Ident, call *ast.CallExpr) {
	switch obj := s.info.Uses[id].(type) {
	case *types.Func:
		b.uses = append(b.uses, use{fn: obj.Origin(), pos: id.Pos(), call: call})
	case *types.Var:
		if _, isFunc := obj.Type().Underlying().(*types.Signature); isFunc && call != nil && obj.IsField() {
			b.uses = append(b.uses, use{field: obj, pos: id.Pos(), call: call})
		}
	}
}

// callee is the name that a call calls, nil where it has none.
func callee(call *ast.CallExpr) *ast.Ident {
	fun := ast.Unparen(call.Fun)
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	switch f := fun.(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	}
	return nil
}

// implementations are our methods that a call of an interface's method may reach; fn itself where it is none's.
func (s *sources) implementations(fn *types.Func) []*types.Func {
	recv := fn.Signature().Recv()
	if recv == nil || !types.IsInterface(recv.Type()) {
		return []*types.Func{fn}
	}
	iface := recv.Type().Underlying().(*types.Interface)
	var out []*types.Func
	for _, path := range s.order {
		scope := s.own[path].Scope()
		for _, name := range scope.Names() {
			named, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || types.IsInterface(named.Type()) {
				continue
			}
			t := named.Type()
			if generic, ok := t.(*types.Named); ok && generic.TypeParams().Len() > 0 || types.Implements(t, iface) || types.Implements(types.NewPointer(t), iface) {
				if m, _, _ := types.LookupFieldOrMethod(t, true, named.Pkg(), fn.Name()); m != nil {
					if method, ok := m.(*types.Func); ok {
						out = append(out, method.Origin())
					}
				}
			}
		}
	}
	return out
}
