import { MessageSchema } from "../gen/chat/v1/chat_pb.js";
import { createChatService } from "../gen/chat/v1/chat_server.js";
import { createServer, createTopic } from "../gen/sse/runtime/server.js";

/** What the app knows of a request: the value of each handler's context. */
export interface Caller {
  readonly user: string;
}

const messages = createTopic(MessageSchema, { replay: 1000 });
let sent = 0n;

const chat = createChatService<Caller>({
  sendMessage({ text }, { value: { user } }) {
    sent++;
    const message = { id: sent, user, text };
    messages.publish(message);
    return message;
  },

  watchMessages(_request, { lastEventId, signal }) {
    return messages.subscribe({ after: lastEventId, signal });
  },
});

export const server = createServer<Caller>({ services: [chat] });
