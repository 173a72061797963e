package sse

import (
	"net/url"
	"strings"
)

// pathTemplate is a path template in the grammar of google/api/http.proto, split into segments.
type pathTemplate struct {
	// segments are *, ** or literals as in a URL, which may have percent escapes. A path "/" has
	// none.
	segments []string
	// verb is the text after the ":" at the end; empty if there is none.
	verb string
	// variables are in the order of the path.
	variables []templateVariable
}

// templateVariable is the segments whose text is the value of one field.
type templateVariable struct {
	// start and end are the indexes of its first segment, and after its last one.
	start, end int
	// multi says that its value may have several segments, so that a slash in it is not escaped.
	multi bool
}

// parsePathTemplate parses a template that the plugin has checked.
func parsePathTemplate(text string) pathTemplate {
	var t pathTemplate
	path := strings.TrimPrefix(text, "/")
	if i := strings.LastIndexByte(path, ':'); i >= 0 && !strings.ContainsAny(path[i:], "/}") {
		path, t.verb = path[:i], path[i+1:]
	}
	if path == "" {
		return t
	}
	start := 0
	for i, segment := range strings.Split(path, "/") {
		ends := strings.HasSuffix(segment, "}")
		segment = strings.TrimSuffix(segment, "}")
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			start = i
			if _, segment, ok = strings.Cut(name, "="); !ok {
				segment = "*"
			}
		}
		t.segments = append(t.segments, segment)
		if ends {
			t.variables = append(t.variables, templateVariable{start, i + 1, i > start || segment == "**"})
		}
	}
	return t
}

// decodeLiteral decodes the percent escapes of a literal: /a%20b and /%61%20b are the same path.
func decodeLiteral(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text // literals are well formed, so malformed text matches none
}

// decodeVariable returns the value of a variable from its text in a URL, as google/api/http.proto
// has it: every escape of a single segment is decoded; a %2F of a variable that may span segments
// stays as it is.
func decodeVariable(text string, multi bool) (string, error) {
	if !multi {
		return url.PathUnescape(text)
	}
	var value strings.Builder
	for {
		i := strings.Index(text, "%2F")
		if j := strings.Index(text, "%2f"); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		end := len(text)
		if i >= 0 {
			end = i
		}
		part, err := url.PathUnescape(text[:end])
		if err != nil {
			return "", err
		}
		value.WriteString(part)
		if i < 0 {
			return value.String(), nil
		}
		value.WriteString(text[i : i+3])
		text = text[i+3:]
	}
}

// escape percent-encodes a text for a segment of a path, or for a query (RFC 3986, section 2.3),
// as encodeURIComponent does.
func escape(text string) string {
	const kept = "-_.!~*'()"
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
