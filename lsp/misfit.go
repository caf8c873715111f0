package lsp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// misfit says what is wrong with JSON that does not fit, in the words of whoever wrote it.
func misfit(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	wanted := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Bool: "true or false", reflect.Slice: "a list", reflect.Struct: "an object", reflect.Map: "an object",
	}
	return fmt.Sprintf("%s is a JSON %s; give %s", cmp.Or(wrong.Field, "the argument"), wrong.Value, cmp.Or(wanted[wrong.Type.Kind()], "a whole number"))
}
