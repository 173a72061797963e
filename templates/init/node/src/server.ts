import { serve } from "srvx";
import { server } from "./service.js";

serve({ fetch: server.fetch, port: 3000 });
