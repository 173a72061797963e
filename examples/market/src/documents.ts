/** The OpenAPI documents of the exchange, and a page that shows them; all of it comes from this server. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const documents = new URL("../../gen/market/v1/", import.meta.url).pathname;
const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

/** Files by path: what they are, and where they lie. */
const files: Record<string, [type: string, file: string]> = {
  "/openapi.yaml": ["application/yaml", join(documents, "MarketService.openapi.yaml")],
  "/openapi-3.1.yaml": ["application/yaml", join(documents, "MarketService.openapi-3.1.yaml")],
  "/docs/swagger-ui.css": ["text/css", join(swagger, "swagger-ui.css")],
  "/docs/swagger-ui.js": ["text/javascript", join(swagger, "swagger-ui-bundle.js")],
};

// Swagger UI shows the events of a stream in a document of 3.1; of 3.2 it does not know `itemSchema` yet.
const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>The exchange</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui.js"></script>
    <script>SwaggerUIBundle({ dom_id: "#docs", url: "/openapi-3.1.yaml" });</script>
  </body>
</html>
`;

/** The page at /docs and what it loads; undefined for any other request. */
export async function serveDocuments(request: Request): Promise<Response | undefined> {
  if (request.method !== "GET") {
    return undefined;
  }
  const { pathname } = new URL(request.url);
  if (pathname === "/docs") {
    return answer("text/html", page);
  }
  const file = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
  return file && answer(file[0], await readFile(file[1]));
}

function answer(type: string, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, { headers: { "Content-Type": `${type}; charset=utf-8` } });
}
