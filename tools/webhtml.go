package tools

import (
	"slices"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
)

// Bounds of what is converted: the converter cannot be stopped, and its time grows with size times depth, since what stands in
// lists and quotes is indented once a level. Pages for people are far below.
const (
	maxWeight = 192 << 20
	maxLists  = 24 // in each other
)

// weight is what a page costs to convert: for each node its text and a constant, times its depth. It stops counting above
// maxWeight, where too many lists in each other are.
func weight(n *html.Node, depth, lists int) int {
	switch n.Data {
	case "ul", "ol", "blockquote":
		if lists++; lists > maxLists {
			return maxWeight + 1
		}
	}
	sum := (64 + len(n.Data)) * (depth + 1 + 8*lists)
	for c := n.FirstChild; c != nil && sum <= maxWeight; c = c.NextSibling {
		sum += weight(c, depth+1, lists)
	}
	return sum
}

// htmlMarkdown is a page as Markdown, its links made absolute by its address. What the parser refuses (more than 512
// elements in each other) or would take too long is given as text.
func htmlMarkdown(address, page string) string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return htmlText(page)
	}
	simplify(doc)
	if weight(doc, 0, 0) > maxWeight {
		return htmlText(page)
	}
	conv := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()))
	conv.Register.TagType("svg", converter.TagTypeRemove, converter.PriorityStandard)
	conv.Register.TagType("template", converter.TagTypeRemove, converter.PriorityStandard)
	markdown, err := conv.ConvertNode(doc, converter.WithDomain(address))
	if err != nil {
		return htmlText(page)
	}
	return string(markdown)
}

// simplify takes out of a page what its Markdown must not carry or follow: pictures that stand in the page itself, a hundred
// kilobytes of base64 each, and cells that span a million others.
func simplify(doc *html.Node) {
	for n := range doc.Descendants() {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "rowspan" || a.Key == "colspan" })
		for i, a := range n.Attr {
			if (a.Key == "src" || a.Key == "href") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "data:") {
				n.Attr[i].Val = "data:"
			}
		}
	}
}

// htmlText is the text of a page, without its markup: blocks on lines of their own.
func htmlText(page string) string {
	t := html.NewTokenizer(strings.NewReader(page))
	var b strings.Builder
	skip := ""
	for {
		switch kind := t.Next(); kind {
		case html.ErrorToken:
			return tidy(b.String())
		case html.TextToken:
			if skip == "" {
				b.Write(t.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := t.TagName()
			tag := string(name)
			switch {
			case skip == "" && kind == html.StartTagToken && unseen(tag):
				skip = tag
			case skip == tag && kind == html.EndTagToken:
				skip = ""
			case !inline(tag):
				b.WriteByte('\n')
			}
		}
	}
}

// unseen are the elements whose text no reader of the page sees.
func unseen(tag string) bool {
	switch tag {
	case "script", "style", "noscript", "template", "iframe", "object", "svg", "title":
		return true
	}
	return false
}

// inline are the elements that do not break a line.
func inline(tag string) bool {
	switch tag {
	case "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "q", "s",
		"samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr":
		return true
	}
	return false
}

// tidy joins blanks, and lines without text.
func tidy(text string) string {
	var b strings.Builder
	gap := 0
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			gap++
			continue
		}
		if b.Len() > 0 && gap > 1 {
			b.WriteByte('\n')
		}
		gap = 0
		b.WriteString(line + "\n")
	}
	return b.String()
}
