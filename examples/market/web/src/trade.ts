import type { TradeJson } from "../gen/market/v1/market_pb";

/** A trade, as the page uses it. */
export interface Trade {
  readonly sequence: number;
  /** In dollars. */
  readonly price: number;
  /** Shares. */
  readonly size: number;
  readonly time: Date;
}

/** Reads ProtoJSON, where unset fields are absent, 64-bit integers are strings, and a double may be `"NaN"`. */
export function toTrade({ sequence = "0", price = 0, size = 0, timeMs = "0" }: TradeJson): Trade {
  return { sequence: Number(sequence), price: Number(price), size, time: new Date(Number(timeMs)) };
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

/** Such as 14:02:51. */
export function formatTime(time: Date): string {
  return clock.format(time);
}
