package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// httpError is a failure of HTTP itself.
func httpError(status int, format string, args ...any) *Error {
	e := Errorf(codeOfStatus(status), format, args...)
	switch status {
	case http.StatusMethodNotAllowed:
		e.Code = Unimplemented
	case http.StatusRequestEntityTooLarge:
		e.Code = ResourceExhausted
	case http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
		e.Code = InvalidArgument
	}
	e.Status = status
	return e
}

func (e *Error) withHeader(name, value string) *Error {
	if e.Header == nil {
		e.Header = http.Header{}
	}
	e.Header.Set(name, value)
	return e
}

// mediaRange is a part of an Accept header.
type mediaRange struct {
	media   string
	quality float64
}

var qualityText = regexp.MustCompile(`^(0(\.\d*)?|1(\.0*)?)$`)

// negotiate returns the media type to answer with: of the offers, the preferred one first, the one
// that the Accept header rates highest (RFC 9110, section 12.5.1); empty if it excludes all.
func negotiate(accept string, offers []string) string {
	if strings.TrimSpace(accept) == "" {
		return offers[0]
	}
	var ranges []mediaRange
	for _, text := range strings.Split(accept, ",") {
		ranges = append(ranges, parseRange(text, offers))
	}
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if quality := qualityOf(offer, ranges); quality > bestQuality {
			best, bestQuality = offer, quality
		}
	}
	return best
}

func parseRange(text string, offers []string) mediaRange {
	parts := strings.Split(text, ";")
	for i := range parts {
		parts[i] = strings.ToLower(strings.TrimSpace(parts[i]))
	}
	media, quality := parts[0], 1.0
	seen := false
	for _, parameter := range parts[1:] {
		// A parameter counts where an offer has it: charset=utf-8 excludes nothing.
		if named := parts[0] + "; " + strings.ReplaceAll(parameter, `"`, ""); slices.Contains(offers, named) {
			media = named
		}
		if text, ok := strings.CutPrefix(parameter, "q="); ok && !seen {
			seen = true
			quality = 0
			if qualityText.MatchString(text) {
				quality, _ = strconv.ParseFloat(text, 64)
			}
		}
	}
	return mediaRange{media, quality}
}

// qualityOf returns the quality of the most specific range that takes a type: text/*;q=0 beside a
// range for everything excludes text. A type with a parameter is only for clients that ask for it.
func qualityOf(media string, ranges []mediaRange) float64 {
	candidates := []string{media}
	if !strings.Contains(media, ";") {
		kind, _, _ := strings.Cut(media, "/")
		candidates = append(candidates, kind+"/*", "*/*")
	}
	for _, candidate := range candidates {
		for _, each := range ranges {
			if each.media == candidate {
				return each.quality
			}
		}
	}
	return 0
}

var (
	identityCoding = regexp.MustCompile(`(?i)^[\s,]*(identity[\s,]*)*$`)
	jsonMedia      = regexp.MustCompile(`(?i)^application/([\w.-]+\+)?json\s*(;|$)`)
)

// readContent returns the body of a request. It fails with 415 for one that is compressed, or not
// JSON unless any type is allowed, with 413 for one over the limit, and with 400 for one that breaks
// off.
func readContent(ctx context.Context, r *http.Request, anyType bool, maxBytes int64) ([]byte, error) {
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); !identityCoding.MatchString(coding) {
		// RFC 9110, section 12.5.3.
		return nil, httpError(415, "content encoding %q is not supported: send the body uncompressed", coding).
			withHeader("Accept-Encoding", "identity")
	}
	tooLarge := httpError(413, "the request body is larger than %d bytes", maxBytes)
	if r.ContentLength > maxBytes {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBytes+1))
	switch {
	case int64(len(body)) > maxBytes:
		return nil, tooLarge
	case errors.As(err, new(*http.MaxBytesError)): // of a middleware
		return nil, httpError(413, "the request body is too large")
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && r.Context().Err() != nil:
		return nil, ErrClientGone
	case err != nil:
		return nil, Errorf(InvalidArgument, "the request body broke off")
	}
	// Also without a content type: a page of another origin may send such a body without a preflight
	// (Fetch, section 3.3).
	media := r.Header.Get("Content-Type")
	if !anyType && len(body) > 0 && !jsonMedia.MatchString(media) {
		if media == "" {
			return nil, httpError(415, "content type is missing: send application/json")
		}
		return nil, httpError(415, "content type %q: send application/json", media)
	}
	return body, nil
}

var headerTypes = map[string]*regexp.Regexp{
	"integer": regexp.MustCompile(`^-?\d+$`),
	"number":  regexp.MustCompile(`^-?\d+(\.\d+)?([eE][-+]?\d+)?$`),
	"boolean": regexp.MustCompile(`^(true|false)$`),

	// JSON Schema, Validation, section 7.3, as far as an expression decides them in linear time.
	"uuid":      regexp.MustCompile(`(?i)^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$`),
	"date":      regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`),
	"time":      regexp.MustCompile(`(?i)^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$`),
	"date-time": regexp.MustCompile(`(?i)^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$`),
	"email":     regexp.MustCompile(`^[^\s@]+@[^\s@]+$`),
}

// checkHeaders reports each header that is required and absent, or is not of its type.
func checkHeaders(header http.Header, rules []HeaderRule) error {
	errs := &bindError{}
	for _, rule := range rules {
		values := header.Values(rule.Name)
		name := strings.ToLower(rule.Name)
		if len(values) == 0 {
			if rule.Required {
				errs.add(name, "header is required")
			}
			continue
		}
		for _, kind := range []string{rule.Type, rule.Format} {
			if pattern := headerTypes[kind]; pattern != nil && !pattern.MatchString(strings.Join(values, ", ")) {
				errs.add(name, "header is not of type %s", kind)
				break
			}
		}
	}
	if len(errs.violations) > 0 {
		return errs
	}
	return nil
}

// lastEventIDParameter replaces Last-Event-ID, as EventSource sets no header the first time.
const lastEventIDParameter = "last_event_id"

// readLastEventID returns the cursor of a client that resumes. It fails for one that is no value of
// the field with the ids.
func readLastEventID(r *http.Request, idField protoreflect.FieldDescriptor) (string, error) {
	id, source := r.Header.Get("Last-Event-ID"), "Last-Event-ID"
	if !utf8.ValidString(id) { // clients send UTF-8 (WHATWG HTML 9.2.4); other bytes are ISO 8859-1, as in older headers
		var text strings.Builder
		for _, char := range []byte(id) {
			text.WriteRune(rune(char))
		}
		id = text.String()
	}
	if id == "" && strings.Contains(r.URL.RawQuery, lastEventIDParameter) {
		id, source = r.URL.Query().Get(lastEventIDParameter), lastEventIDParameter
	}
	if id != "" && idField != nil {
		if _, ok := parseValue(idField, id); !ok {
			errs := &bindError{}
			errs.add(source, "%s", notAValue(idField, id))
			return "", errs
		}
	}
	return id, nil
}

// requestPath returns the path of a request, percent escapes as they came, dot segments resolved as
// URL parsers do.
func requestPath(r *http.Request) string {
	path := r.URL.RawPath
	if decoded, err := url.PathUnescape(path); path == "" || err != nil || decoded != r.URL.Path {
		path = r.URL.EscapedPath()
	}
	if !strings.Contains(path, ".") && !strings.Contains(strings.ToLower(path), "%2e") {
		return path
	}
	segments := strings.Split(path, "/")
	resolved := segments[:0:0]
	for i, segment := range segments {
		isLast := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case "..":
			if len(resolved) > 1 {
				resolved = resolved[:len(resolved)-1]
			}
			fallthrough
		case ".":
			if isLast {
				resolved = append(resolved, "")
			}
		default:
			resolved = append(resolved, segment)
		}
	}
	return strings.Join(resolved, "/")
}
