import { type PathPattern, parsePathPattern } from "../../shared/path-pattern.js";

/** An HTTP method and a path template, and what answers them. */
export interface Route<T> {
  /** The HTTP method, as it stands on the request line. */
  readonly method: string;
  /** The path template, in the grammar of google/api/http.proto. */
  readonly path: string;
  readonly value: T;
}

/** The result of routing a request. */
export type RouteMatch<T> =
  /** `variables`: the text of each variable of the template, in their order, percent escapes as they came. */
  | { readonly kind: "match"; readonly value: T; readonly variables: readonly string[] }
  /** The path exists, but not with this method: 405 with `Allow`. */
  | { readonly kind: "wrong method"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** Finds the route of a request. */
export interface Router<T> {
  /** `path` is that of the URL, percent escapes as they came. */
  match(method: string, path: string): RouteMatch<T>;
}

/**
 * A router for path templates. Their order does not matter: segment by segment a literal goes before `*`, and `*` before `**`; a template with `:verb` goes before all that have none. A path that
 * fits several is tried in that order until one has the method. `*` takes no empty last segment, so
 * `/v1/quotes/` is not a quote. GET answers HEAD.
 * Throws when two routes take exactly the same requests.
 */
export function createRouter<T>(routes: Iterable<Route<T>>): Router<T> {
  // By the template's `:verb`, decoded; "" for none.
  const roots = new Map<string, TreeNode<T>>();
  for (const route of routes) {
    const template = parsePathPattern(route.path);
    insert(childOf(roots, decodeLiteral(template.verb)), route, template);
  }
  return {
    match(method, path) {
      const found = search(
        roots,
        path,
        (node) => node.leaves.get(method) ?? (method === "HEAD" ? node.leaves.get("GET") : undefined),
      );
      if (found !== undefined) {
        return found;
      }
      const allow = new Set<string>();
      search(roots, path, (node) => {
        for (const name of node.leaves.keys()) {
          allow.add(name);
        }
        return undefined; // goes on to the next node that the path fits
      });
      if (allow.size === 0) {
        return { kind: "none" };
      }
      if (allow.has("GET")) {
        allow.add("HEAD");
      }
      return { kind: "wrong method", allow: [...allow].sort() };
    },
  };
}

interface Leaf<T> {
  readonly route: Route<T>;
  readonly template: PathPattern;
  /** Index of `**`; the number of segments when there is none. */
  readonly rest: number;
}

class TreeNode<T> {
  /** By the decoded text: `/a%20b` and `/%61%20b` are the same path. */
  readonly literals: Map<string, TreeNode<T>> = new Map();
  any: TreeNode<T> | undefined;
  /** What follows `**`, by its number of segments, the longest first: it is decided from the path's end. */
  rest: { readonly length: number; readonly node: TreeNode<T> }[] = [];
  /** The routes that end here, by HTTP method. */
  readonly leaves: Map<string, Leaf<T>> = new Map();
}

function childOf<T>(nodes: Map<string, TreeNode<T>>, key: string): TreeNode<T> {
  const node = nodes.get(key) ?? new TreeNode();
  nodes.set(key, node);
  return node;
}

function insert<T>(root: TreeNode<T>, route: Route<T>, template: PathPattern): void {
  let node = root;
  for (const [index, segment] of template.segments.entries()) {
    if (segment === "**") {
      node = afterRest(node, template.segments.length - index - 1);
    } else if (segment === "*") {
      node.any ??= new TreeNode();
      node = node.any;
    } else {
      node = childOf(node.literals, decodeLiteral(segment));
    }
  }
  const other = node.leaves.get(route.method);
  if (other !== undefined) {
    throw new Error(
      `${route.method} "${other.route.path}" and "${route.path}" take the same requests: leave one of them out`,
    );
  }
  const rest = template.segments.indexOf("**");
  node.leaves.set(route.method, { route, template, rest: rest < 0 ? template.segments.length : rest });
}

function afterRest<T>(node: TreeNode<T>, length: number): TreeNode<T> {
  const known = node.rest.find((branch) => branch.length === length);
  if (known !== undefined) {
    return known.node;
  }
  const branch = { length, node: new TreeNode<T>() };
  node.rest = [...node.rest, branch].sort((a, b) => b.length - a.length);
  return branch.node;
}

/** What `take` says of a node where a path ends; undefined to look on. */
type Take<T> = (node: TreeNode<T>) => Leaf<T> | undefined;

function search<T>(roots: Map<string, TreeNode<T>>, path: string, take: Take<T>): RouteMatch<T> | undefined {
  if (!path.startsWith("/")) {
    return undefined; // `OPTIONS *`
  }
  const segments = path === "/" ? [] : path.slice(1).split("/");
  const last = segments[segments.length - 1] ?? "";
  const colon = last.lastIndexOf(":");
  if (colon >= 0 && colon < last.length - 1) {
    const root = roots.get(decodeLiteral(last.slice(colon + 1)));
    segments[segments.length - 1] = last.slice(0, colon);
    const leaf = root && find(root, segments, 0, take);
    if (leaf !== undefined) {
      return toMatch(leaf, segments);
    }
    segments[segments.length - 1] = last;
  }
  const root = roots.get("");
  const leaf = root && find(root, segments, 0, take);
  return leaf && toMatch(leaf, segments);
}

// Each node is visited at most once, since its depth is the index of its segment.
function find<T>(node: TreeNode<T>, segments: readonly string[], index: number, take: Take<T>): Leaf<T> | undefined {
  const segment = segments[index];
  if (segment === undefined) {
    const leaf = take(node);
    if (leaf !== undefined) {
      return leaf;
    }
  } else {
    const literal = node.literals.get(segment.includes("%") ? decodeLiteral(segment) : segment);
    const leaf = literal && find(literal, segments, index + 1, take);
    if (leaf !== undefined) {
      return leaf;
    }
    if (node.any !== undefined && (segment !== "" || index < segments.length - 1)) {
      const leaf = find(node.any, segments, index + 1, take);
      if (leaf !== undefined) {
        return leaf;
      }
    }
  }
  for (const { length, node: after } of node.rest) {
    const from = segments.length - length;
    const leaf = from >= index ? find(after, segments, from, take) : undefined;
    if (leaf !== undefined) {
      return leaf;
    }
  }
  return undefined;
}

function toMatch<T>({ route, template, rest }: Leaf<T>, segments: readonly string[]): RouteMatch<T> {
  const spread = segments.length - template.segments.length;
  const place = (index: number) => (index > rest ? index + spread : index);
  const variables = template.variables.map(({ start, end }) => segments.slice(place(start), place(end)).join("/"));
  return { kind: "match", value: route.value, variables };
}

function decodeLiteral(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no literal is malformed, so that it matches none
  }
}
