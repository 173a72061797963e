import { server } from "../../../server/jobs";

const handle = (request: Request) => server.fetch(request);

export { handle as GET, handle as POST };
