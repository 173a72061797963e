import type { QuoteJson } from "../gen/market/v1/market_pb";
import type { QuoteServiceClient } from "../gen/market/v1/quotes_client";
import { Connection } from "./connection";
import { byId, fromTemplate, part, setText } from "./elements";

const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 2, signDisplay: "always" });

interface Options {
  readonly isChosen: (symbol: string) => boolean;
  readonly onClick: (symbol: string) => void;
}

/** All symbols with their quotes. */
export class WatchList {
  readonly connection = new Connection();
  readonly #client: QuoteServiceClient;
  readonly #options: Options;
  readonly #buttons = new Map<string, HTMLElement>();

  constructor(client: QuoteServiceClient, options: Options) {
    this.#client = client;
    this.#options = options;
    byId("quotes-connection").append(this.connection.element);
    void this.#read();
  }

  render(): void {
    this.connection.render();
    for (const [symbol, button] of this.#buttons) {
      button.ariaPressed = String(this.#options.isChosen(symbol));
    }
  }

  async #read(): Promise<void> {
    const stream = this.#client.watchQuotes({}, this.connection.options);
    this.connection.show(stream);
    try {
      for await (const { quotes = [] } of stream) {
        for (const quote of quotes) {
          this.#show(quote);
        }
      }
    } catch (error) {
      this.connection.fail(error);
    }
  }

  #show({ symbol = "", name = "", price, changePercent, watchers = 0 }: QuoteJson): void {
    const button = this.#buttons.get(symbol) ?? this.#add(symbol, name);
    const change = Number(changePercent ?? 0);
    setText(part(button, "price"), Number(price ?? 0).toFixed(2));
    setText(part(button, "change"), percent.format(change / 100));
    part(button, "change").className = change < 0 ? "down" : "up";
    setText(part(button, "watchers"), watchers > 0 ? `${watchers} watching` : "");
  }

  #add(symbol: string, name: string): HTMLElement {
    const item = fromTemplate("symbol-template");
    const button = part(item, "button");
    button.dataset["symbol"] = symbol;
    setText(part(item, "symbol"), symbol);
    setText(part(item, "name"), name);
    button.addEventListener("click", () => this.#options.onClick(symbol));
    byId("symbols").append(item);
    this.#buttons.set(symbol, button);
    return button;
  }
}
