package tools

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
)

// maxAttachment bounds a file that goes to the model as it is, in bytes; OpenCode's bound.
const maxAttachment = 5 << 20

// Attach makes a file's bytes an attachment where its name and its first bytes say that it is an image or a PDF of the kinds
// that models take; ok is false where it is anything else. One that is too large is an error for the model.
func Attach(path, text string) (a Attachment, ok bool, err error) {
	kinds := map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".pdf": "application/pdf"}
	kind := kinds[strings.ToLower(filepath.Ext(path))]
	if kind == "" || http.DetectContentType([]byte(text[:min(len(text), 512)])) != kind {
		return Attachment{}, false, nil
	}
	if len(text) > maxAttachment {
		return Attachment{}, false, fmt.Errorf("%s has %d bytes; files for the model may have %d at most", filepath.Base(path), len(text), maxAttachment)
	}
	return Attachment{Name: filepath.Base(path), MIME: kind, Data: []byte(text)}, true, nil
}

// attachment is the result of reading an image or a PDF.
func attachment(t target, text string) (Result, bool, error) {
	a, ok, err := Attach(t.Abs, text)
	if !ok || err != nil {
		return Result{}, ok, err
	}
	title := fmt.Sprintf("%s (%s, %d bytes)", t.name, a.MIME, len(a.Data))
	return Result{Text: title + " goes along with this result.", Title: title, Attachments: []Attachment{a}}, true, nil
}
