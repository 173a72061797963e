/** Which pages of other origins can call the server, and what they can read. Off by default. */
export interface CorsOptions {
  /** The origins: all, a list such as `["https://app.example.com"]`, or a function that decides. */
  readonly origins: "*" | readonly string[] | ((origin: string) => boolean);
  /**
   * Whether requests may have cookies. Cannot be combined with `origins: "*"`, since any page could then act as its
   * visitor.
   */
  readonly credentials?: boolean;
  /** Request headers that may be sent. Default: those that the page asks for. */
  readonly allowedHeaders?: readonly string[];
  /** Response headers that the page may read, in addition to `Retry-After` and those that every page may read. */
  readonly exposedHeaders?: readonly string[];
  /** How long a browser may keep the answer to a preflight, in seconds. Default: 600. */
  readonly maxAgeSeconds?: number;
}

/** The CORS protocol of the Fetch standard, section 3.3. */
export interface Cors {
  /** Whether a request is a preflight. Then its method is in `Access-Control-Request-Method`. */
  isPreflight(request: Request): boolean;
  /** The answer to a preflight for a path with these methods. */
  preflight(request: Request, methods: readonly string[]): Response;
  /** The headers that let a page read the response. */
  expose(request: Request): Headers;
}

/** Creates the CORS part of a server. Throws a `TypeError` for options that browsers ignore, or that are unsafe. */
export function createCors(options: CorsOptions): Cors {
  const { origins, credentials = false, allowedHeaders, exposedHeaders = [], maxAgeSeconds = 600 } = options;
  if (origins === "*" && credentials) {
    throw new TypeError('cors with origins "*" and credentials: list the origins that may send cookies');
  }
  for (const origin of Array.isArray(origins) ? origins : []) {
    checkOrigin(origin);
  }
  const exposed = ["Retry-After", ...exposedHeaders].join(", ");

  function isAllowed(origin: string): boolean {
    if (typeof origins !== "function") {
      return origins.includes(origin);
    }
    const allowed: unknown = origins(origin);
    if (typeof allowed !== "boolean") {
      // A promise is truthy and would allow every origin. Its rejection is ignored, since the error below reports the mistake.
      Promise.resolve(allowed).catch(() => {});
      throw new TypeError(`cors.origins returned a value of type ${typeof allowed}: return true or false`);
    }
    return allowed;
  }

  function allow(request: Request, headers: Headers): boolean {
    if (origins === "*") {
      headers.set("Access-Control-Allow-Origin", "*");
      return true;
    }
    // The response depends on the origin, even if it is missing or not allowed, so caches need `Vary`.
    headers.append("Vary", "Origin");
    const origin = request.headers.get("Origin");
    if (origin === null || !isAllowed(origin)) {
      return false;
    }
    headers.set("Access-Control-Allow-Origin", origin);
    if (credentials) {
      headers.set("Access-Control-Allow-Credentials", "true");
    }
    return true;
  }

  return {
    isPreflight: ({ method, headers }) =>
      method === "OPTIONS" && headers.has("Origin") && headers.has("Access-Control-Request-Method"),
    preflight(request, methods) {
      const headers = new Headers();
      if (allow(request, headers)) {
        headers.append("Vary", "Access-Control-Request-Headers");
        headers.set("Access-Control-Allow-Methods", methods.join(", "));
        const requested = allowedHeaders?.join(", ") ?? request.headers.get("Access-Control-Request-Headers");
        if (requested) {
          headers.set("Access-Control-Allow-Headers", requested);
        }
        headers.set("Access-Control-Max-Age", String(maxAgeSeconds));
      }
      return new Response(null, { status: 204, headers });
    },
    expose(request) {
      const headers = new Headers();
      if (allow(request, headers)) {
        headers.set("Access-Control-Expose-Headers", exposed);
      }
      return headers;
    },
  };
}

/** The `Origin` header has to equal an entry of the list, so `https://app.example.com/` would never match. */
function checkOrigin(origin: string): void {
  let normal = "none";
  try {
    normal = new URL(origin).origin;
  } catch {
    // The origin differs from "none", so the check below reports it.
  }
  // Schemes of apps, such as capacitor:, have an opaque origin in the URL standard.
  if (origin !== "null" && normal !== "null" && normal !== origin) {
    throw new TypeError(`cors origin "${origin}": write scheme, host and port alone, as in "https://app.example.com"`);
  }
}
