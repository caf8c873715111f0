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
	return AttachData(filepath.Base(path), []byte(text))
}

// AttachData is Attach for bytes of which only the first ones say what they are.
func AttachData(name string, data []byte) (a Attachment, ok bool, err error) {
	kind := http.DetectContentType(data[:min(len(data), 512)])
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf":
	default:
		return Attachment{}, false, nil
	}
	if len(data) > maxAttachment {
		return Attachment{}, false, fmt.Errorf("%s has %d bytes; files for the model may have %d at most", name, len(data), maxAttachment)
	}
	return Attachment{Name: name, MIME: kind, Data: data}, true, nil
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
