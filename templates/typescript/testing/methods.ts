import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { MarketService } from "../../../test/gen/market/v1/market_pb.js";
import type { EsKinds } from "../client/es/method.js";
import { type ClientMethod, defineMethod, type MethodHttp } from "../client.js";

/** A method of messages that a test chooses, in a service that has them not. */
export function createMethod<I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  http: MethodHttp,
): ClientMethod<MessageInitShape<I>, MessageShape<O>, EsKinds> {
  const desc: DescMethod & { readonly input: I; readonly output: O } = {
    ...MarketService.method.getQuote,
    input,
    output,
  };
  return defineMethod({ ...MarketService, method: { getQuote: desc } }, "getQuote", http);
}
