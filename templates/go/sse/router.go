package sse

import (
	"fmt"
	"slices"
	"strings"
)

// route is an HTTP method and a path template, and what answers them.
type route struct {
	method   string
	path     string
	endpoint *endpoint
}

// leaf is where a route ends.
type leaf struct {
	route    route
	template pathTemplate
	// rest is the index of **; the number of segments if there is none.
	rest int
}

// routeNode is a segment of the tree of routes.
type routeNode struct {
	// literals are by their decoded text.
	literals map[string]*routeNode
	any      *routeNode
	// rest is what follows **, the longest first: it is decided from the end of the path.
	rest []routeRest
	// leaves are the routes that end here, by HTTP method.
	leaves map[string]*leaf
}

type routeRest struct {
	length int
	node   *routeNode
}

// router finds the route of a request. The order of the routes does not matter: in each segment a
// literal wins over *, and * over **; a template with :verb wins over one without. If several
// templates match, the first of them in this order that has the method is used. * does not match an
// empty last segment, so /v1/quotes/ is not a quote. Routes of GET also answer HEAD.
type router struct {
	// roots are by the verb of the template, decoded.
	roots map[string]*routeNode
}

// add adds a route. It fails if another one takes exactly the same requests.
func (r *router) add(route route) error {
	template := parsePathTemplate(route.path)
	if r.roots == nil {
		r.roots = map[string]*routeNode{}
	}
	node := childNode(&r.roots, decodeLiteral(template.verb))
	rest := len(template.segments)
	for i, segment := range template.segments {
		switch segment {
		case "**":
			rest = i
			node = node.after(len(template.segments) - i - 1)
		case "*":
			if node.any == nil {
				node.any = &routeNode{}
			}
			node = node.any
		default:
			node = childNode(&node.literals, decodeLiteral(segment))
		}
	}
	if other := node.leaves[route.method]; other != nil {
		return fmt.Errorf("%s %q and %q take the same requests: leave one of them out", route.method, other.route.path, route.path)
	}
	if node.leaves == nil {
		node.leaves = map[string]*leaf{}
	}
	node.leaves[route.method] = &leaf{route, template, rest}
	return nil
}

func childNode(nodes *map[string]*routeNode, key string) *routeNode {
	if *nodes == nil {
		*nodes = map[string]*routeNode{}
	}
	if (*nodes)[key] == nil {
		(*nodes)[key] = &routeNode{}
	}
	return (*nodes)[key]
}

func (n *routeNode) after(length int) *routeNode {
	for _, rest := range n.rest {
		if rest.length == length {
			return rest.node
		}
	}
	node := &routeNode{}
	n.rest = append(n.rest, routeRest{length, node})
	slices.SortFunc(n.rest, func(a, b routeRest) int { return b.length - a.length })
	return node
}

// match returns the endpoint of a request, and the text of each variable, percent escapes as they
// came. If the path exists with other methods, it returns those.
func (r *router) match(method, path string) (found *endpoint, variables []string, allow []string) {
	if !strings.HasPrefix(path, "/") {
		return nil, nil, nil // OPTIONS *
	}
	var segments []string
	if path != "/" {
		segments = strings.Split(path[1:], "/")
	}
	accept := func(leaves map[string]*leaf) *leaf {
		if l := leaves[method]; l != nil || method != "HEAD" {
			return l
		}
		return leaves["GET"]
	}
	if l, segments := r.search(segments, accept); l != nil {
		return l.route.endpoint, l.variables(segments), nil
	}
	r.search(segments, func(leaves map[string]*leaf) *leaf {
		for name := range leaves {
			allow = append(allow, name)
		}
		return nil
	})
	if slices.Contains(allow, "GET") {
		allow = append(allow, "HEAD")
	}
	slices.Sort(allow)
	return nil, nil, slices.Compact(allow)
}

// search returns the first leaf that is accepted, and the segments of the path without its verb.
func (r *router) search(segments []string, accept func(map[string]*leaf) *leaf) (*leaf, []string) {
	if last := len(segments) - 1; last >= 0 {
		text := segments[last]
		if i := strings.LastIndexByte(text, ':'); i >= 0 && i < len(text)-1 {
			if root := r.roots[decodeLiteral(text[i+1:])]; root != nil {
				without := slices.Clone(segments)
				without[last] = text[:i]
				if l := root.find(without, 0, accept); l != nil {
					return l, without
				}
			}
		}
	}
	if root := r.roots[""]; root != nil {
		return root.find(segments, 0, accept), segments
	}
	return nil, nil
}

// find visits each node at most once, since its depth is the index of its segment.
func (n *routeNode) find(segments []string, i int, accept func(map[string]*leaf) *leaf) *leaf {
	if i == len(segments) {
		if l := accept(n.leaves); l != nil {
			return l
		}
	} else {
		if node := n.literals[decodeLiteral(segments[i])]; node != nil {
			if l := node.find(segments, i+1, accept); l != nil {
				return l
			}
		}
		if n.any != nil && (segments[i] != "" || i < len(segments)-1) {
			if l := n.any.find(segments, i+1, accept); l != nil {
				return l
			}
		}
	}
	for _, rest := range n.rest {
		if from := len(segments) - rest.length; from >= i {
			if l := rest.node.find(segments, from, accept); l != nil {
				return l
			}
		}
	}
	return nil
}

func (l *leaf) variables(segments []string) []string {
	spread := len(segments) - len(l.template.segments)
	texts := make([]string, len(l.template.variables))
	for i, variable := range l.template.variables {
		start, end := variable.start, variable.end
		if start > l.rest {
			start += spread
		}
		if end > l.rest {
			end += spread
		}
		texts[i] = strings.Join(segments[start:end], "/")
	}
	return texts
}
