import { run } from "./main.js";

export default {
  async fetch({ url }) {
    return Response.json(await run(new URL(url).searchParams.get("server"), "workerd"));
  },
};
