import type { Fetcher } from "./api/api.js";

/** typed-openapi leaves the request to its user. The body of a stream is handed over as it is. */
export const fetcher: Fetcher = {
  fetch: ({ method, url, parameters, overrides }) =>
    fetch(url, {
      method,
      ...(parameters?.body === undefined ? {} : { body: JSON.stringify(parameters.body) }),
      ...overrides,
    }),
  parseResponseData: async (response) =>
    response.headers.get("Content-Type") === "application/json" ? response.json() : response.body,
};
