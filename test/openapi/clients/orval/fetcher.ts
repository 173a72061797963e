/** What orval's code calls in place of `fetch`: it knows the server, and hands over the body of a stream as it is. */
export const server = { baseUrl: "" };

export async function fetcher<T>(url: string, options: RequestInit): Promise<T> {
  const { ok, status, headers, body, ...response } = await fetch(server.baseUrl + url, options);
  void response;
  const isStream = headers.get("Content-Type")?.startsWith("application/jsonl");
  const data = isStream ? body : await new Response(body).json();
  if (!ok) {
    throw new Error(data.message);
  }
  return { data, status, headers } as T;
}
