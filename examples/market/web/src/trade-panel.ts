import type { MarketServiceClient } from "../gen/market/v1/market_client";
import type { TradeJson } from "../gen/market/v1/market_pb";
import type { EventStream } from "../gen/sse/runtime/client-json";
import { Connection } from "./connection";
import { fromTemplate, part, setText } from "./elements";
import { PriceChart } from "./price-chart";
import { Tape } from "./tape";
import { type Trade, toTrade } from "./trade";

/** Trades of the past that a panel begins with: two minutes of them. */
const HISTORY = 2_400;

/** The trades of one symbol as they happen, and the connection that they arrive on. */
export class TradePanel {
  readonly element: HTMLElement = fromTemplate("panel-template");
  readonly connection = new Connection();
  readonly #client: MarketServiceClient;
  readonly #symbol: string;
  readonly #chart: PriceChart;
  readonly #tape: Tape;
  #stream: EventStream<TradeJson>;
  #trades = 0;
  #lastSequence = 0;
  #lastPrice = 0;
  /** How often a trade did not follow the one before: a trade was lost or repeated. */
  #gaps = 0;

  constructor(client: MarketServiceClient, symbol: string, onClose: () => void) {
    this.#client = client;
    this.#symbol = symbol;
    this.element.dataset["symbol"] = symbol;
    setText(part(this.element, "symbol"), symbol);
    part(this.element, "chart").ariaLabel = `Prices and volumes of ${symbol}`;
    part(this.element, "connection").append(this.connection.element);
    part(this.element, "toggle").addEventListener("click", () => this.#toggle());
    part(this.element, "close").addEventListener("click", onClose);
    this.#chart = new PriceChart(part(this.element, "chart"));
    this.#tape = new Tape(part(this.element, "tape"));
    this.#stream = this.#watch(undefined);
  }

  /** Ends the stream, which closes its connection. */
  close(): void {
    void this.#stream.return();
    this.#chart.remove();
    this.element.remove();
  }

  /** Shows what has changed since the last frame. */
  render(): void {
    this.connection.render();
    this.#tape.render();
    setText(part(this.element, "toggle"), this.#stream.state === "closed" ? "Resume" : "Stop");
    setText(part(this.element, "price"), this.#trades > 0 ? `$${this.#lastPrice.toFixed(2)}` : "");
    setText(part(this.element, "attempts"), String(this.connection.attempts));
    setText(part(this.element, "last-event-id"), this.#stream.lastEventId ?? "none");
    setText(part(this.element, "trades"), this.#trades.toLocaleString());
    setText(part(this.element, "gaps"), String(this.#gaps));
  }

  /** Stops the stream, or continues after the last trade that was shown. */
  #toggle(): void {
    if (this.#stream.state === "closed") {
      this.#stream = this.#watch(this.#stream.lastEventId);
    } else {
      void this.#stream.return();
    }
  }

  #watch(lastEventId: string | undefined): EventStream<TradeJson> {
    const request = { symbol: this.#symbol, history: HISTORY };
    const stream = this.#client.watchTrades(request, { ...this.connection.options, lastEventId });
    this.connection.show(stream);
    void this.#read(stream);
    return stream;
  }

  async #read(stream: EventStream<TradeJson>): Promise<void> {
    try {
      // All trades that arrived together are drawn at once.
      for await (const batch of stream.batches()) {
        this.#add(batch.map(toTrade));
      }
    } catch (error) {
      this.connection.fail(error);
    }
  }

  #add(trades: readonly Trade[]): void {
    this.#chart.add(trades);
    this.#tape.add(trades);
    for (const { sequence, price } of trades) {
      if (this.#trades > 0 && sequence !== this.#lastSequence + 1) {
        this.#gaps++;
      }
      this.#lastSequence = sequence;
      this.#lastPrice = price;
      this.#trades++;
    }
  }
}
