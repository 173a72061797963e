import createClient from "openapi-fetch";
import type { components, paths } from "./api/api.js";

export async function read(baseUrl: string): Promise<components["schemas"]["market.v1.Quote"]> {
  const client = createClient<paths>({ baseUrl });
  const { data, error } = await client.GET("/v1/quotes/{symbol}", { params: { path: { symbol: "AAPL" } } });
  if (data === undefined) {
    throw new Error(error.message);
  }
  return data;
}
