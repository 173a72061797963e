import { createApiClient, type Schemas } from "./api/api.js";
import { fetcher } from "./fetcher.js";

export async function read(baseUrl: string): Promise<Schemas.market_v1_Quote> {
  return await createApiClient(fetcher, baseUrl).get("/v1/quotes/{symbol}", { path: { symbol: "AAPL" } });
}
