package sse

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// naiveRoute is a template as a list of segments, which the oracle matches one by one.
type naiveRoute struct {
	method   string
	segments []string
	verb     string
	// variables are the first segment of each, and the one after its last.
	variables [][2]int
}

// routesOf makes templates of bytes. Each byte is a segment, or begins or ends something, so that
// most inputs of the fuzzer are templates.
func routesOf(data []byte) []naiveRoute {
	methods := []string{"GET", "POST", "HEAD"}
	texts := []string{"a", "b", "%61", "a%2Fb", "%C3%BC", "v%3A1", "~"}
	routes := []naiveRoute{{method: "GET"}}
	variable := -1
	for _, b := range data {
		last := &routes[len(routes)-1]
		argument := int(b >> 3)
		switch kind := b & 7; {
		case kind == 7 || last.verb != "":
			if variable >= 0 && variable < len(last.segments) {
				last.variables = append(last.variables, [2]int{variable, len(last.segments)})
			}
			variable = -1
			routes = append(routes, naiveRoute{method: methods[argument%len(methods)]})
		case kind == 6:
			last.verb = texts[argument%4]
		case kind == 5 && variable < 0:
			variable = len(last.segments)
		case kind == 5:
			if variable < len(last.segments) {
				last.variables = append(last.variables, [2]int{variable, len(last.segments)})
			}
			variable = -1
		case kind == 4 && !slices.Contains(last.segments, "**"):
			last.segments = append(last.segments, "**")
		case kind >= 3:
			last.segments = append(last.segments, "*")
		default:
			last.segments = append(last.segments, texts[argument%len(texts)])
		}
	}
	if last := &routes[len(routes)-1]; variable >= 0 && variable < len(last.segments) {
		last.variables = append(last.variables, [2]int{variable, len(last.segments)})
	}
	return routes
}

// text returns the template of a route.
func (r naiveRoute) text() string {
	segments := slices.Clone(r.segments)
	for i, variable := range r.variables {
		segments[variable[0]] = fmt.Sprintf("{v%d=%s", i, segments[variable[0]])
		segments[variable[1]-1] += "}"
	}
	text := "/" + strings.Join(segments, "/")
	if r.verb != "" {
		text += ":" + r.verb
	}
	return text
}

func unescaped(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

// match returns the rank of a route for a path, and the text of its variables; nil if it does not
// match. Of two routes the one with the lower rank is used.
func (r naiveRoute) match(path string) (rank []int, variables []string) {
	var segments []string
	if path != "/" {
		segments = strings.Split(path[1:], "/")
	}
	rank = []int{1}
	if r.verb != "" {
		i := strings.LastIndex(path, ":")
		if i <= strings.LastIndex(path, "/") || i == len(path)-1 || unescaped(path[i+1:]) != unescaped(r.verb) {
			return nil, nil
		}
		rank = []int{0}
		last := len(segments) - 1
		segments[last] = segments[last][:len(segments[last])-len(path[i:])]
	}
	// starts are the indexes in the path at which the segments of the template begin.
	starts := []int{0}
	for i, segment := range r.segments {
		start := starts[i]
		switch {
		case segment == "**":
			after := len(r.segments) - i - 1
			if len(segments)-after < start {
				return nil, nil
			}
			rank = append(rank, 4, -after)
			starts = append(starts, len(segments)-after)
			continue
		case start == len(segments):
			return nil, nil
		case segment == "*":
			if segments[start] == "" && start == len(segments)-1 {
				return nil, nil
			}
			rank = append(rank, 3)
		default:
			if unescaped(segments[start]) != unescaped(segment) {
				return nil, nil
			}
			rank = append(rank, 2)
		}
		starts = append(starts, start+1)
	}
	if starts[len(r.segments)] != len(segments) {
		return nil, nil
	}
	for _, variable := range r.variables {
		variables = append(variables, strings.Join(segments[starts[variable[0]]:starts[variable[1]]], "/"))
	}
	return rank, variables
}

// same says whether two routes take the same requests.
func (r naiveRoute) same(other naiveRoute) bool {
	decoded := func(r naiveRoute) string {
		texts := []string{r.method, unescaped(r.verb)}
		for _, segment := range r.segments {
			texts = append(texts, unescaped(segment))
		}
		return fmt.Sprintf("%q", texts)
	}
	return decoded(r) == decoded(other)
}

// checkRouter compares the router with the oracle.
func checkRouter(t *testing.T, routes []naiveRoute, method, path string) {
	t.Helper()
	router := &router{}
	var added []naiveRoute
	names := map[*endpoint]string{}
	for _, each := range routes {
		template := parsePathTemplate(each.text())
		if !slices.Equal(template.segments, each.segments) || template.verb != each.verb || len(template.variables) != len(each.variables) {
			t.Fatalf("%q is parsed as %+v", each.text(), template)
		}
		endpoint := &endpoint{}
		names[endpoint] = each.method + " " + each.text()
		err := router.add(route{each.method, each.text(), endpoint})
		if isTwice := slices.ContainsFunc(added, each.same); isTwice != (err != nil) {
			t.Fatalf("%q beside %v: %v", each.text(), added, err)
		}
		if err == nil {
			added = append(added, each)
		}
	}
	var best *naiveRoute
	var bestRank []int
	var variables, allow []string
	for i, each := range added {
		rank, texts := each.match(path)
		if rank == nil {
			continue
		}
		allow = append(allow, each.method)
		if each.method == "GET" {
			allow = append(allow, "HEAD")
		}
		if each.method != method && (each.method != "GET" || method != "HEAD") {
			continue
		}
		if order := slices.Compare(rank, bestRank); best == nil || order < 0 || order == 0 && each.method == method {
			best, bestRank, variables = &added[i], rank, texts
		}
	}
	slices.Sort(allow)
	allow = slices.Compact(allow)
	found, texts, otherMethods := router.match(method, path)
	switch {
	case best == nil:
		if found != nil || !slices.Equal(otherMethods, allow) {
			t.Fatalf("%s %q: found %q, allowed %q, want %q", method, path, names[found], otherMethods, allow)
		}
	case names[found] != best.method+" "+best.text() || !slices.Equal(texts, variables):
		t.Fatalf("%s %q: found %q with %q, want %s %q with %q", method, path, names[found], texts, best.method, best.text(), variables)
	}
}

// The bytes of a template for routesOf.
const (
	segmentA  = 0
	segmentB  = 1 << 3
	star      = 3
	rest      = 4
	brace     = 5
	verbA     = 6
	nextRoute = 7
)

func FuzzRouter(f *testing.F) {
	f.Add([]byte{}, "GET", "/")
	f.Add([]byte{segmentA, brace, star, brace, verbA}, "GET", "/a/x%2Fy:a")
	f.Add([]byte{segmentA, star, nextRoute, segmentA, rest, nextRoute, segmentA, segmentB}, "GET", "/a/b")
	f.Add([]byte{brace, segmentA, rest, segmentB, brace, star}, "HEAD", "/a/x/y/b/z")
	f.Add([]byte{segmentA, brace, rest, brace, segmentB}, "GET", "/a/x/y/b")
	f.Add([]byte{segmentA, rest, nextRoute | 8, segmentA, star}, "GET", "/a/b")
	f.Add([]byte{star, nextRoute, rest}, "DELETE", "/a/")
	f.Fuzz(func(t *testing.T, data []byte, method, path string) {
		if len(data) > 64 || len(path) > 256 {
			t.Skip("more of the same")
		}
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		checkRouter(t, routesOf(data), method, path)
	})
}

func FuzzRequestPath(f *testing.F) {
	for _, path := range []string{"/", "/a/b", "/a%2Fb", "/a/../b", "/a/%2e%2E/b", "/..", "/a/.", "//a", "/%zz", "/a;b", "*"} {
		f.Add(path)
	}
	base := &url.URL{Scheme: "http", Host: "localhost", Path: "/"}
	f.Fuzz(func(t *testing.T, target string) {
		parsed, err := url.ParseRequestURI(target)
		if err != nil {
			t.Skip("net/http refuses it")
		}
		request := httptest.NewRequest("GET", "/", nil)
		request.URL = parsed
		path := requestPath(request)
		for _, segment := range strings.Split(path, "/") {
			if text := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); text == "." || text == ".." {
				t.Fatalf("%q has the path %q", target, path)
			}
		}
		if !strings.Contains(path, "%") && strings.HasPrefix(target, "/") {
			// After dots, net/url keeps one slash at the start. RFC 3986, section 5.2.4, and WHATWG URL keep all.
			want := base.ResolveReference(&url.URL{Path: parsed.Path}).Path
			if strings.TrimLeft(path, "/") != strings.TrimLeft(want, "/") {
				t.Fatalf("%q has the path %q, want %q", target, path, want)
			}
		}
		parsed.RawPath, parsed.Path = path, unescaped(path)
		if again := requestPath(request); again != path {
			t.Fatalf("%q has the path %q, which has %q", target, path, again)
		}
	})
}
